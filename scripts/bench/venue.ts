/**
 * Usage: bun scripts/bench/venue.ts EXECUTABLE ACCOUNTS LATENCY_MS
 * Imports accounts of a Binance on loopback that enforces its limits by the minute, as the real one does: everything in one run, then runs until
 * all lists are read, then one in which nothing is new. Prints requests, weights and times of each, and the peak memory of the executable.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbeddedJournal } from "../../src/journal/embedded.ts";
import { servePlatform } from "../../src/journal/serve.ts";
import { startBinance } from "../../test/venues/binance/index.ts";
import { dayMs, hourMs, minuteMs } from "../../test/venues/clock.ts";
import type { LoggedRequest } from "../../test/venues/request-log.ts";

const [executable = "", accountsText = "1000", latencyText = "0"] = process.argv.slice(2);
const accountCount = Number(accountsText);
const latencyMs = Number(latencyText);
const key = "a-key-for-the-bench";
const bytesPerMebibyte = 1_048_576;
const runsMax = 8;
const folder = mkdtempSync(join(tmpdir(), "ami-workers-bench-"));
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const endMs = Date.now() - 2 * hourMs;
const startMs = endMs - 80 * dayMs;
const accounts = Array.from({ length: accountCount }, (_, index) => ({
  id: `account-${index + 1}`,
  bnbFees: index % 2 === 0,
  hedge: index % 3 === 0,
  generate: { fills: 12, symbols: 6, funding: index % 10 === 0 },
}));
// Small, so that the search for symbols that nothing names, which takes only what the limits have to spare, ends within the bench.
const world = { spotSymbols: 40, linearSymbols: 8, inverseSymbols: 4, startMs, endMs };
const venue = await startBinance({ seed: "bench", world, accounts });
const journal = openEmbeddedJournal(":memory:", { clock: { nowMs: Date.now } });
const platform = servePlatform({ journal, key, ratePerMinute: 1_000_000_000 });
for (const [index, { id, apiKey, apiSecret, ledger }] of [...venue.accounts.values()].entries()) {
  journal.putUser({ user_id: index + 1, timezone: "UTC", base_currency: "USDT" });
  journal.putAccount({
    account_id: index + 1,
    user_id: index + 1,
    broker: "binance",
    markets: ["spot", "linear", "inverse"],
    base_currency: "USDT",
    label: id,
    credentials: { api_key: apiKey, api_secret: apiSecret },
  } as Parameters<typeof journal.putAccount>[0]);
  if (ledger.fillCount === 0) throw new Error("an account without fills");
}
if (latencyMs > 0) venue.faults.add({ kind: "delay", ms: latencyMs, times: Number.POSITIVE_INFINITY });

interface Measured {
  code: number;
  wallMs: number;
  peakMebibytes: number;
  requests: LoggedRequest[];
  newExecutions: number;
}

async function runOnce(): Promise<Measured> {
  venue.log.clear();
  const start = performance.now();
  const child = Bun.spawn([executable, "import-trades", "--deadline", "0", "--json"], {
    cwd: folder,
    env: { LARAVEL_API_URL: platform.url, LARAVEL_API_KEY: key, VENUE_URL_BINANCE: venue.url, LOG_LEVEL: "ERROR" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const [code, output] = await Promise.all([child.exited, new Response(child.stdout).text()]);
  const { summary } = JSON.parse(output) as { summary: { total_executions: number } };
  return {
    code,
    wallMs: performance.now() - start,
    peakMebibytes: (child.resourceUsage()?.maxRSS ?? 0) / bytesPerMebibyte,
    requests: [...venue.log.entries],
    newExecutions: summary.total_executions,
  };
}

const limits = { spot: 6_000, linear: 2_400, inverse: 2_400, sapi: 12_000 };
type Pool = keyof typeof limits;

/** Each path under /sapi has a limit of its own: the one that is used most. */
function weights(requests: readonly LoggedRequest[]): Record<Pool, number> {
  const sums = { spot: 0, linear: 0, inverse: 0, sapi: 0 };
  const paths = new Map<string, number>();
  for (const { path, weight } of requests) {
    if (path.startsWith("/sapi/")) paths.set(path, (paths.get(path) ?? 0) + weight);
    else sums[path.startsWith("/fapi/") ? "linear" : path.startsWith("/dapi/") ? "inverse" : "spot"] += weight;
  }
  sums.sapi = Math.max(0, ...paths.values());
  return sums;
}

function report(title: string, { code, wallMs, peakMebibytes, requests, newExecutions }: Measured): void {
  const used = weights(requests);
  const needed = (Object.keys(limits) as Pool[]).map((pool): [Pool, number] => [
    pool,
    (used[pool] / limits[pool]) * minuteMs,
  ]);
  const [pool, neededMs] = needed.reduce((most, next) => (next[1] > most[1] ? next : most));
  const refused = requests.filter(({ status }) => status === 429 || status === 418).length;
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  say(
    `${title}: exit code ${code}, ${newExecutions} new executions, ${requests.length} requests, ${refused} of them refused`,
  );
  say(`  weights: ${(Object.keys(limits) as Pool[]).map((name) => `${name} ${used[name]}`).join(", ")}`);
  say(
    `  ${seconds(wallMs)}; the limit of ${pool} allows ${seconds(neededMs)} at best: ${(wallMs / neededMs).toFixed(3)} times`,
  );
  say(`  peak memory ${peakMebibytes.toFixed(1)} MiB`);
}

async function statuses(): Promise<string> {
  const counts = new Map<string, number>();
  for await (const { import_status } of journal.accounts({ includeAuthFailed: true }))
    counts.set(import_status ?? "", (counts.get(import_status ?? "") ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} ${status}`).join(", ");
}

say(`${accountCount} accounts of 12 fills in 6 symbols of three markets, ${latencyMs} ms to the venue`);
report("everything in one run", await runOnce());
say(`  ${await statuses()}`);
for (let run = 2; run <= runsMax; run++) {
  await Bun.sleep(minuteMs); // between runs, and so that a run begins with nothing used
  const isIdle = (await statuses()) === `${accountCount} ok`;
  const measured = await runOnce();
  if (isIdle) {
    report("nothing new", measured);
    const most = Math.max(...requestsPerAccountAndMarket(measured.requests));
    say(`  at most ${most} request an account and market; ${await statuses()}`);
    break;
  }
  report(`run ${run}, lists that may be asked only so often`, measured);
  say(`  ${await statuses()}`);
}
await platform.stop();
await venue.stop();
rmSync(folder, { recursive: true, force: true });

function requestsPerAccountAndMarket(requests: readonly LoggedRequest[]): number[] {
  const counts = new Map<string, number>();
  for (const { accountId, path } of requests) {
    if (accountId === null) continue;
    const name = `${accountId} ${path.startsWith("/fapi/") ? "linear" : path.startsWith("/dapi/") ? "inverse" : "spot"}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts.values()];
}
