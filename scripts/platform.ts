// The development platform: an embedded journal behind HTTP, by the contract, on 127.0.0.1.
//
//   bun run platform --seed fixtures/platform/seed.json --key development
//   bun run platform --fault '{"method":"POST","path":"/accounts/*/trades","answer":"cut","after":true,"times":1}'
//
// Faults at run time:  curl -X POST http://127.0.0.1:8787/__faults -d '{"status":503,"headers":{"Retry-After":"2"},"times":3}'
//                      curl -X DELETE http://127.0.0.1:8787/__faults
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { messageOf } from "../src/errors.ts";
import { openEmbeddedJournal } from "../src/journal/embedded.ts";
import { type Fault, readFault } from "../src/journal/serve/faults.ts";
import { servePlatform } from "../src/journal/serve.ts";

const usage = `bun run platform [options]

  --port PORT        8787 when left out
  --key KEY          the workers' key; "development" when left out
  --abilities LIST   of the key, separated by commas; * (all) when left out
  --seed FILE        users, accounts and files to start with (fixtures/platform/seed.json shows how)
  --database PATH    keep the journal in this file, which is seeded once; in memory when left out
  --rate REQUESTS    allowed a minute; 600 when left out
  --fault JSON       a fault, or @FILE with a list of them; may be given several times

A fault: method, path (* and **), skip, times, forMs: which requests;
  delayMs, status, headers, body, answer (cut, html, empty, truncated), redirect, after (it is processed all the same).
`;

const options = {
  port: { type: "string", default: "8787" },
  key: { type: "string", default: "development" },
  abilities: { type: "string", default: "*" },
  seed: { type: "string" },
  database: { type: "string", default: ":memory:" },
  rate: { type: "string", default: "600" },
  fault: { type: "string", multiple: true, default: [] as string[] },
  help: { type: "boolean", default: false },
} satisfies ParseArgsOptionsConfig;

async function main(): Promise<number> {
  const { values } = parseArgs({ options, strict: true });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const journal = openEmbeddedJournal(values.database, { clock: { nowMs: Date.now } });
  const kept = values.seed !== undefined && journal.counts().users > 0;
  if (values.seed !== undefined && !kept) {
    const folder = dirname(values.seed);
    const seed: unknown = JSON.parse(readFileSync(values.seed, "utf8"));
    await journal.seed(seed, (path) => readFileSync(resolve(folder, path)));
  }
  const platform = servePlatform({
    journal,
    key: values.key,
    abilities: values.abilities.split(","),
    port: wholeNumber("--port", values.port),
    ratePerMinute: wholeNumber("--rate", values.rate),
    faults: values.fault.flatMap(readFaults),
    onRequest: ({ method, path, query, status }) =>
      process.stderr.write(`${method} ${path}${query} ${status ?? "cut"}\n`),
  });
  const { users, accounts, files } = journal.counts();
  process.stdout.write(
    `LARAVEL_API_URL=${platform.url}\nLARAVEL_API_KEY=${values.key}\n` +
      `${users} users, ${accounts} accounts, ${files} files${kept ? " (kept: not seeded again)" : ""}; ctrl-c ends it\n`,
  );
  await new Promise<void>((done) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => done());
  });
  await platform.stop();
  journal.close();
  return 0;
}

function wholeNumber(option: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new RangeError(`${option} is a whole number (was "${text}")`);
}

function readFaults(text: string): Fault[] {
  const json: unknown = JSON.parse(text.startsWith("@") ? readFileSync(text.slice(1), "utf8") : text);
  return (Array.isArray(json) ? json : [json]).map(readFault);
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n\n${usage}`);
  process.exitCode = 64;
}
