import { existsSync, type FSWatcher, readdirSync, watch } from "node:fs";
import { join } from "node:path";
import type { Fault } from "../../src/journal/serve/faults.ts";
import { PlatformWorld } from "../delivery/platform-world.ts";
import { TradedAccount } from "./crash-venue.ts";
import { start } from "./executable.ts";

export interface CrashOptions {
  folder: string;
  kills: number;
  /** Another sequence of moments for each. */
  seed: number;
  onProgress?: (report: CrashReport) => void;
}

export interface CrashReport {
  /** Runs that were killed while they were at work. */
  kills: number;
  /** Runs that had ended before the moment came. */
  missed: number;
  /** Where the kill found batches on disk; unfinished files; a process that had just written or removed one. */
  withPending: number;
  withUnfinished: number;
  atDisk: number;
  /** Times that all was brought to rest and compared with the truth. */
  settled: number;
  executions: number;
}

const accounts = 4;
const batches = { method: "POST", path: "/accounts/*/trades" };
/** After so many kills everything is brought to rest and compared. */
const killsBetween = 25;
const cyclesToRestMax = 6;

/**
 * Kills imports and flushes at random moments, of accounts that are fed by files and of one at a venue, with a platform and a venue that have
 * bad moments of their own, and then looks: every execution is stored once, and every file that is left is explained.
 * @throws {Error} what is not as it should be
 */
export async function crashAgainAndAgain({ folder, kills, seed, onProgress }: CrashOptions): Promise<CrashReport> {
  const random = randomOf(seed);
  const world = new PlatformWorld({ folder, accounts });
  const traded = await TradedAccount.open(world, accounts + 1);
  const report: CrashReport = {
    kills: 0,
    missed: 0,
    withPending: 0,
    withUnfinished: 0,
    atDisk: 0,
    settled: 0,
    executions: 0,
  };
  try {
    for (let id = 1; id <= accounts; id++) world.addFile(id, 30);
    const runsMax = kills * 4;
    let nextRest = killsBetween;
    for (let round = 1; report.kills < kills && round <= runsMax; round++) {
      if (random() < 0.4) world.addFile(1 + Math.floor(random() * accounts), 1 + Math.floor(random() * 60));
      if (random() < 0.5) traded.trade(1 + pick(random, 12));
      world.outage(...faultsOf(random));
      if (random() < 0.2) traded.stumble(random);
      await killOnce(world, traded, random, report);
      if (report.kills >= Math.min(nextRest, kills)) {
        nextRest = report.kills + killsBetween;
        await bringToRest(world, traded, report);
        onProgress?.(report);
      }
    }
    if (report.kills < kills) throw new Error(`only ${report.kills} of ${kills} runs lived until they were killed`);
    return report;
  } finally {
    await traded.stop();
    await world.stop();
  }
}

/** Bad moments that no retry mends, so that batches go to disk, and some that one does. */
function faultsOf(random: () => number): Fault[] {
  const choices: Fault[][] = [
    [],
    [],
    [{ ...batches, skip: pick(random, 3), answer: "cut" }],
    [{ ...batches, skip: pick(random, 3), answer: "cut", after: true }],
    [{ ...batches, skip: pick(random, 3), status: 502 }],
    [{ ...batches, times: 1 + pick(random, 3), answer: "truncated" }],
    [{ ...batches, delayMs: 5 + pick(random, 40) }],
    [{ answer: "cut", skip: 1 + pick(random, 12) }],
  ];
  return choices[pick(random, choices.length)] ?? [];
}

async function killOnce(
  world: PlatformWorld,
  traded: TradedAccount,
  random: () => number,
  report: CrashReport,
): Promise<void> {
  const command = random() < 0.65 ? "import-trades" : "flush-buffer";
  const environment = { ...environmentOf(world, traded), MAX_RETRIES: "1" };
  const { child, ended } = await start([command], { cwd: world.folder, environment });
  // Ends by itself where the platform has no bad moment; so the moment has to come early enough.
  const moment = momentOf(world, traded, random, child.exited);
  const what = await moment;
  child.kill("SIGKILL");
  const { code } = await ended();
  const pending = world.filesIn("pending");
  if (pending.some((name) => name.endsWith(".json"))) report.withPending++;
  if (pending.some((name) => name.endsWith(".tmp"))) report.withUnfinished++;
  if (what === "disk") report.atDisk++;
  if (code === 137) report.kills++;
  else report.missed++;
  if (![137, 0, 3, 4, 69].includes(code)) throw new Error(`${command} ended with ${code}`);
  if (world.filesIn("quarantine").length > 0) throw new Error(`damaged: ${world.filesIn("quarantine").join(", ")}`);
}

const environmentOf = (world: PlatformWorld, traded: TradedAccount) => ({
  ...world.environment(),
  ...traded.environment,
  RETRY_BACKOFF_BASE: "0",
});

/** After some milliseconds, at a request to the platform or to the venue, or at a change in the buffer's folder. */
async function momentOf(
  world: PlatformWorld,
  traded: TradedAccount,
  random: () => number,
  exited: Promise<number>,
): Promise<string> {
  const way = random();
  if (way < 0.3)
    return await first(
      exited,
      Bun.sleep(10 + random() * 200).then(() => "time"),
    );
  const asked = way < 0.5 ? () => world.platform.requests.length : way < 0.65 ? () => traded.requests() : null;
  if (asked !== null)
    return await first(exited, requests(asked, 1 + pick(random, 14), random() < 0.5 ? 0 : random() * 8, exited));
  return await first(exited, changes(join(world.folder, "data", "pending"), 1 + pick(random, 8), exited));
}

const first = async (exited: Promise<number>, moment: Promise<string>): Promise<string> =>
  await Promise.race([exited.then(() => "exit"), moment]);

async function requests(asked: () => number, count: number, thenMs: number, exited: Promise<number>): Promise<string> {
  const until = asked() + count;
  let ended = false;
  exited.then(() => {
    ended = true;
  });
  while (!ended && asked() < until) await Bun.sleep(0);
  if (thenMs > 0) await Bun.sleep(thenMs);
  return "request";
}

/** inotify tells of a file that is made, renamed or removed while the process is still at it. */
async function changes(folder: string, count: number, exited: Promise<number>): Promise<string> {
  let ended = false;
  exited.then(() => {
    ended = true;
  });
  while (!ended && !existsSync(folder)) await Bun.sleep(1);
  if (ended) return "exit";
  return await new Promise((resolve) => {
    let seen = 0;
    let watcher: FSWatcher | null = null;
    const end = (what: string) => {
      watcher?.close();
      resolve(what);
    };
    watcher = watch(folder, () => {
      if (++seen >= count) end("disk");
    });
    exited.then(() => end("exit"));
  });
}

/** With a platform that is well again, a few cycles at most; then nothing may be missing, double, or left. */
async function bringToRest(world: PlatformWorld, traded: TradedAccount, report: CrashReport): Promise<void> {
  world.outage();
  traded.recover();
  const environment = environmentOf(world, traded);
  for (let cycle = 1; ; cycle++) {
    const { ended } = await start(["import-trades"], { cwd: world.folder, environment });
    const { code, error } = await ended();
    const missing = await traded.missing();
    if (code === 0 && missing.length === 0) break;
    traded.minutesLater();
    if (cycle >= cyclesToRestMax) {
      const seen = `${await traded.describe()}\n${error.slice(-2_000)}`;
      throw new Error(`after ${cycle} cycles: ${code}, missing ${missing.join(", ")}\n${seen}`);
    }
  }
  let executions = 0;
  for (const [accountId, ids] of world.truth) {
    const stored = await world.stored(accountId);
    const missing = [...ids].filter((id) => !stored.includes(id));
    const strange = stored.filter((id) => !ids.has(id));
    const double = stored.length - new Set(stored).size;
    if (missing.length + strange.length + double > 0) {
      throw new Error(`account ${accountId}: missing ${missing}, unknown ${strange}, double ${double}`);
    }
    executions += stored.length;
  }
  report.executions = executions + (await traded.verify());
  report.settled++;
  const left = unexplained(join(world.folder, "data"));
  if (left.length > 0) throw new Error(`files that nothing explains: ${left.join(", ")}`);
}

/** Names below the data folder that no run in good order leaves. */
export function unexplained(dataDir: string): string[] {
  const known = [
    /^(pending|failed|quarantine|cache|cache\/markets|cache\/rates)$/,
    /^cache\/markets\/binance-[a-z]+\.json$/,
    /^cache\/rates\/[^/]+\.json$/,
    /^trade_importer\.lock\.sqlite$/,
    /^rate-budget\.sqlite(-journal)?$/,
    /^(trade_importer|buffer_flusher)\.(status|alerts)\.json$/,
  ];
  const names = existsSync(dataDir) ? readdirSync(dataDir, { recursive: true }).map(String) : [];
  return names.filter((name) => !known.some((pattern) => pattern.test(name)));
}

function pick(random: () => number, count: number): number {
  return Math.floor(random() * count);
}

/** Mulberry32: the same moments again for the same seed, as far as two machines can be alike. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
