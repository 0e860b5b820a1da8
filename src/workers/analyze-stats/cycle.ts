import { hostname } from "node:os";
import type { Config } from "../../config.ts";
import type { Context } from "../../context.ts";
import { Failure, messageOf } from "../../errors.ts";
import type { Journal } from "../../journal/journal.ts";
import type { User } from "../../journal/wire.ts";
import { lockWorker } from "../../operation/lock.ts";
import { refuseForeignUser } from "../../operation/ownership.ts";
import { openProgress, type Progress } from "../../operation/progress.ts";
import { type Watch, type WatchOptions, watchRun } from "../../operation/watch.ts";
import { version } from "../../version.ts";
import { openJournal } from "../import-trades/open-journal.ts";
import { analyseUser, type UserTools } from "./analyse-user.ts";
import { makeCollector } from "./collector.ts";
import type { AnalyzeArgs } from "./command.ts";
import { type Cycle, cycleCompletedFields, perUserFields, toCycleReport } from "./cycle-report.ts";
import { isStop, tellWatch, throwOutcome, watchPlatform } from "./outcome.ts";
import { showCycle } from "./output.ts";
import { checkReportPath, openPages, type Pages } from "./pages.ts";
import type { UserResult } from "./result.ts";
import { TradeRoom } from "./trade-room.ts";
import { usersOf } from "./users.ts";

/** While one user's figures are computed the platform prepares the next one's pages; more would only wait for it. */
const usersAtOnceMax = 3;
/** Of all users in hand: about 200 MB. */
const tradesInMemoryMax = 1_500_000;

/** One cycle of `analyze-stats`. @throws {Failure} with the exit code of the cycle, when it is not 0 */
export async function runAnalysis(args: AnalyzeArgs, config: Config, context: Context): Promise<void> {
  const asked = args.user !== undefined || args.full || args.report !== undefined;
  if (!config.statsAnalyzer.enabled && !asked) {
    context.log.info("worker_disabled", { variable: "STATS_ANALYZER_ENABLED" });
    return;
  }
  if (args.user !== undefined && args.full) {
    throw new Failure("usage", "--user and --full contradict each other.", {
      code: "usage",
      hint: "--user ID analyses one user, whether the trades changed or not; --full analyses all.",
    });
  }
  if (args.report !== undefined) checkReportPath(args.report);
  const runId = context.uuid();
  if (args.dryRun) return await runCycle(args, config, context, runId, null);
  refuseForeignUser(config.dataDir, "analyze-stats");
  const options: WatchOptions = {
    worker: "stats_analyzer",
    runId,
    config,
    intervalMinutes: config.statsAnalyzer.intervalMinutes,
    pings: false,
    lock: () => lockWorker("stats_analyzer", args.lockWait, config, context),
  };
  await watchRun(options, context, (watch) => runCycle(args, config, context, runId, watch));
}

async function runCycle(
  args: AnalyzeArgs,
  config: Config,
  context: Context,
  cycleId: string,
  watch: Watch | null,
): Promise<void> {
  const { clock, log } = context;
  const startedAtMs = clock.nowMs();
  const startMs = clock.monotonicMs();
  const workerId = `ami-workers@${hostname()}:${process.pid}`;
  log.info("cycle_started", { cycle_id: cycleId, version, dry_run: args.dryRun });
  const { journal } = await openJournal({ config, workerId, dryRun: args.dryRun }, context);
  const progress = openProgress(context.terminal, clock);
  const results: UserResult[] = [];
  const pages = await openPages(args);
  let users: User[] = [];
  let stopped: unknown = null;
  try {
    progress.update("Asking the platform");
    await checkPlatform(journal, context);
    users = await usersOf(args, journal);
    await analyseAll(users, results, { journal, args, pages, progress, context });
  } catch (error) {
    stopped = error;
  } finally {
    progress.clear();
  }
  const cycle: Cycle = {
    cycleId,
    workerId,
    version,
    startedAtMs,
    finishedAtMs: clock.nowMs(),
    durationMs: clock.monotonicMs() - startMs,
    results: inOrder(results, users),
    waiting: users.length - results.length,
    pages: pages?.all ?? [],
    failed: stopped !== null && !isStop(stopped, context),
  };
  if (watch !== null) tellWatch(watch, cycle);
  try {
    if (!args.dryRun && results.length > 0) await reportCycle(cycle, journal, context);
  } finally {
    journal.close();
  }
  log.info("per_user_results", perUserFields(cycle));
  log.info("cycle_completed", cycleCompletedFields(cycle));
  const isAnythingDone = !cycle.failed || results.length > 0;
  if (isAnythingDone) await showCycle(cycle, args, context);
  if (cycle.failed) throw stopped;
  throwOutcome(cycle);
}

/** Brokers' requests are signed by the clock, statistics are not: a skew is worth a word only. */
const clockSkewMsMax = 30_000;

async function checkPlatform(journal: Journal, { clock, log }: Context): Promise<void> {
  const ping = await journal.ping();
  const skewMs = clock.nowMs() - Date.parse(ping.time);
  if (Math.abs(skewMs) <= clockSkewMsMax) return;
  log.warning("clock_skew", { skew_ms: skewMs, hint: "Set this machine's clock (timedatectl set-ntp true)." });
}

interface AnalysisParts {
  journal: Journal;
  args: AnalyzeArgs;
  pages: Pages | null;
  progress: Progress;
  context: Context;
}

/** Several users at once, each failing alone; what stops the cycle lets those in hand come to their end first. */
async function analyseAll(users: readonly User[], results: UserResult[], parts: AnalysisParts): Promise<void> {
  const { args, pages, progress, context } = parts;
  const whyIll = watchPlatform();
  let trades = 0;
  const collect = makeCollector();
  const tools: UserTools = {
    journal: parts.journal,
    room: new TradeRoom(tradesInMemoryMax),
    stores: !args.dryRun,
    keeps: args.user !== undefined || (users.length === 1 && context.terminal.interactive),
    page: pages === null ? null : (user, shown) => pages.add(user, shown, { isAlone: !args.full }),
    onRead: (more) => {
      trades += more;
      collect(more);
      progress.update(`User ${results.length + 1} of ${users.length}, ${trades.toLocaleString("en")} trades`);
    },
    context,
  };
  const waiting = [...users];
  let stopped: unknown = null;
  const work = async () => {
    for (let user = waiting.shift(); user !== undefined && stopped === null; user = waiting.shift()) {
      if (context.signal.aborted) return;
      try {
        const result = await analyseUser(user, tools);
        results.push(result);
        stopped ??= whyIll(result);
      } catch (error) {
        stopped ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: usersAtOnceMax }, work));
  if (stopped !== null) throw stopped;
}

function inOrder(results: readonly UserResult[], users: readonly User[]): UserResult[] {
  const places = new Map(users.map((user, index) => [user, index]));
  return results.toSorted((a, b) => (places.get(a.user) ?? 0) - (places.get(b.user) ?? 0));
}

/** A cycle never fails because its report could not be sent. */
async function reportCycle(cycle: Cycle, journal: Journal, { log }: Context): Promise<void> {
  try {
    await journal.postCycleReport(toCycleReport(cycle));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    log.warning("cycle_not_reported", { cycle_id: cycle.cycleId, message: messageOf(error) });
  }
}
