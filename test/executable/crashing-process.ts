import type { Fetch } from "../../src/context.ts";
import { runProcess } from "../../src/process.ts";

/**
 * The whole program with a bug in it: after some requests to the venue an error that quotes the request is thrown where nobody catches it
 * (`nobody`), or by the request itself (`request`); or the process is killed as it stands (`abort`).
 */
const [way = "", afterText = "0", ...argv] = process.argv.slice(2);
const venueUrl = process.env.VENUE_URL_BINANCE ?? "";
const original = globalThis.fetch as Fetch;
let count = 0;
globalThis.fetch = Object.assign(
  (input: Parameters<Fetch>[0], init?: RequestInit) => {
    const isSigned = String(input).startsWith(venueUrl) && String(input).includes("signature=");
    if (!isSigned || ++count !== Number(afterText)) return original(input, init);
    const bug = new TypeError(`cannot read ${String(input)} ${JSON.stringify([...new Headers(init?.headers)])}`);
    switch (way) {
      case "nobody":
        setTimeout(() => {
          throw bug;
        }, 0);
        break;
      case "rejection":
        void Promise.reject(bug);
        break;
      case "abort":
        process.kill(process.pid, "SIGABRT");
        break;
      default:
        throw bug;
    }
    return original(input, init);
  },
  { preconnect: () => undefined },
);

process.exitCode = 70;
process.exitCode = await runProcess(argv);
