import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { outcomeOf } from "./executable.ts";
import { filesUnder, openScene, type Scene } from "./venue-scene.ts";

const makeFolder = temporaryFolders();
const requestsBefore = 6;
/** On a machine that has much else to do. */
const hookMsMax = 60_000;
let at: Scene;
beforeEach(async () => {
  at = await openScene({
    folder: makeFolder(),
    accounts: [{ id: "a", generate: { fills: 40, symbols: 3, conversions: false } }],
    world: { spotSymbols: 6, linearSymbols: 4, inverseSymbols: 2 },
  });
}, hookMsMax);
afterEach(() => at.stop(), hookMsMax);

async function crash(way: string) {
  const { cwd, environment = {} } = at.runOf({ LOG_LEVEL: "DEBUG" });
  const script = join(import.meta.dir, "crashing-process.ts");
  // As the units do it: LimitCORE=0.
  const limited = ["sh", "-c", 'ulimit -c 0; exec "$@"', "sh"];
  const command = [...limited, process.execPath, script, way, String(requestsBefore), "import-trades"];
  const child = Bun.spawn(command, {
    cwd,
    env: { PATH: "/usr/bin:/bin", ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const { code, output, error } = await outcomeOf(child);
  return { code, signal: child.signalCode, output, error };
}

test.each([
  ["nobody", "uncaught_exception", 70],
  ["rejection", "unhandled_rejection", 70],
  ["request", "request_repeated", 0],
  ["abort", null, null],
] as const)("a run that ends in a bug (%s) wrote no secret of an account anywhere", async (way, event, expected) => {
  const { apiKey, apiSecret } = at.venue.account("a");
  const { code, signal, output, error } = await crash(way);
  if (expected !== null) expect(code).toBe(expected);
  if (event !== null) expect(error).toContain(event);
  if (way === "abort") expect(signal).toBe("SIGABRT");
  const files = filesUnder(at.folder);
  expect([...files.keys()].some((path) => path.includes("logs/"))).toBe(true);
  expect([...files.keys()].filter((path) => /(^|\/)core(\.|$)/.test(path))).toEqual([]);
  const bodies = at.platform.requests.map(({ path, body }, index) => [`${path} ${index}`, body] as const);
  const written = [...files, ["standard output", output], ["standard error", error], ...bodies] as const;
  const signature = /signature=(?!\[redacted\])/;
  const secrets = [apiKey, apiSecret, encodeURIComponent(apiSecret), btoa(apiSecret), btoa(apiKey)];
  const found = written.filter(([, text]) => signature.test(text) || secrets.some((secret) => text.includes(secret)));
  expect(found.map(([name]) => name)).toEqual([]);
});

test("units leave no image of the memory behind", () => {
  const hardening = readFileSync(join(import.meta.dir, "../../units/hardening.conf"), "utf8");
  expect(hardening.split("\n")).toContain("LimitCORE=0");
});
