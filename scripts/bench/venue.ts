/**
 * Usage: BENCH_CLOCK_SINCE=NOW_MS BENCH_CLOCK_SPEED=N bun scripts/bench/venue.ts EXECUTABLE ACCOUNTS LATENCY_MS
 * Imports accounts of a Binance on loopback that enforces its limits by the minute, as the real one does: everything in one run, then runs until
 * nothing is new. Prints requests, weights and times of each, and the peak memory of the executable. Ends with 1
 * where a request was refused, or a figure is beyond what was promised.
 */
import "./fast-clock.ts";
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
const { BENCH_CLOCK_SINCE = "", BENCH_CLOCK_SPEED = "" } = process.env;
const clock = { BENCH_CLOCK_SINCE, BENCH_CLOCK_SPEED };
const runsMax = 4;
/** What was promised. */
const timesMax = 1.1;
const peakMebibytesMax = 200;
const requestsMax = 1;
const broken: string[] = [];
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
    import_from: new Date(startMs - dayMs).toISOString(),
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
    env: {
      ...clock,
      LARAVEL_API_URL: platform.url,
      LARAVEL_API_KEY: key,
      VENUE_URL_BINANCE: venue.url,
      LOG_LEVEL: "ERROR",
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const [code, output, peakMebibytes] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    watchPeak(child),
  ]);
  const { summary } = JSON.parse(output) as { summary: { total_executions: number } };
  return {
    code,
    wallMs: performance.now() - start,
    peakMebibytes,
    requests: [...venue.log.entries],
    newExecutions: summary.total_executions,
  };
}

/**
 * As the kernel counts it for the program's own memory; what it counts for the process begins with the memory of the one that started it, which holds
 * the venue here.
 */
async function watchPeak(child: Bun.Subprocess): Promise<number> {
  let kibibytes = 0;
  while (child.exitCode === null) {
    const status = await Bun.file(`/proc/${child.pid}/status`)
      .text()
      .catch(() => ""); // it has just ended
    kibibytes = Math.max(kibibytes, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return kibibytes / 1_024;
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

/** The limit that takes longest, and how long. */
function neededOf(requests: readonly LoggedRequest[]): [Pool, number] {
  const used = weights(requests);
  const needed = (Object.keys(limits) as Pool[]).map((pool): [Pool, number] => [
    pool,
    (used[pool] / limits[pool]) * minuteMs,
  ]);
  return needed.reduce((most, next) => (next[1] > most[1] ? next : most));
}

const timesOf = ({ wallMs, requests }: Measured): number => wallMs / neededOf(requests)[1];

function report(title: string, { code, wallMs, peakMebibytes, requests, newExecutions }: Measured): void {
  const used = weights(requests);
  const [pool, neededMs] = neededOf(requests);
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
  if (refused > 0) broken.push(`${title}: ${refused} requests were refused`);
  if (peakMebibytes >= peakMebibytesMax) broken.push(`${title}: ${peakMebibytes.toFixed(1)} MiB`);
}

async function statuses(): Promise<string> {
  const counts = new Map<string, number>();
  for await (const { import_status } of journal.accounts({ includeAuthFailed: true }))
    counts.set(import_status ?? "", (counts.get(import_status ?? "") ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} ${status}`).join(", ");
}

say(`${accountCount} accounts of 12 fills in 6 symbols of three markets, ${latencyMs} ms to the venue`);
const whole = await runOnce();
report("everything in one run", whole);
if (timesOf(whole) > timesMax)
  broken.push(`everything in one run took ${timesOf(whole).toFixed(3)} times what the limits allow`);
say(`  ${await statuses()}`);
await endSearches();
for (let run = 2; run <= runsMax; run++) {
  await new Promise((resolve) => setTimeout(resolve, minuteMs)); // between runs, and so that a run begins with nothing used
  const measured = await runOnce();
  const most = Math.max(...requestsPerAccountAndMarket(measured.requests));
  const isIdle = measured.newExecutions === 0 && most <= requestsMax;
  report(isIdle ? "nothing new" : `run ${run}, what may still have been on its way`, measured);
  say(`  at most ${most} requests an account and market; ${await statuses()}`);
  if (isIdle) break;
  if (run === runsMax) broken.push(`${most} requests an account and market where nothing is new`);
}
await platform.stop();
await venue.stop();
rmSync(folder, { recursive: true, force: true });
for (const what of broken) say(`NOT AS PROMISED: ${what}`);
process.exitCode = broken.length === 0 ? 0 : 1;

/** The search for symbols that nothing names takes many cycles, with what the limits have to spare: here it is taken for done. */
async function endSearches(): Promise<void> {
  for await (const account of journal.accounts()) {
    const { state } = account.checkpoint as { state: string };
    const { cursor, ...rest } = JSON.parse(state) as { cursor: Record<string, object> };
    for (const market of ["spot", "linear", "inverse"]) cursor[market] = { ...cursor[market], s: null };
    await journal.setImportStatus(account.account_id, {
      import_status: account.import_status,
      observed_at: new Date().toISOString(),
      credentials_version: account.credentials_version,
      checkpoint: { v: 1, state: JSON.stringify({ ...rest, cursor }) },
      expected_checkpoint_version: account.checkpoint_version,
    } as Parameters<typeof journal.setImportStatus>[1]);
  }
}

function requestsPerAccountAndMarket(requests: readonly LoggedRequest[]): number[] {
  const counts = new Map<string, number>();
  for (const { accountId, path } of requests) {
    if (accountId === null) continue;
    const name = `${accountId} ${path.startsWith("/fapi/") ? "linear" : path.startsWith("/dapi/") ? "inverse" : "spot"}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts.values()];
}
