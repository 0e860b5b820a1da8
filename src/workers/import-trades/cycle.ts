import { hostname } from "node:os";
import type { Config } from "../../config.ts";
import type { Context } from "../../context.ts";
import { accountKey, Buffer } from "../../delivery/buffer.ts";
import { type FlushTools, flushBuffer, waitingAccounts } from "../../delivery/flush.ts";
import { Failure, messageOf } from "../../errors.ts";
import type { Journal } from "../../journal/journal.ts";
import type { Ping } from "../../journal/wire.ts";
import { lockWorker } from "../../operation/lock.ts";
import { refuseForeignUser } from "../../operation/ownership.ts";
import { openProgress, type Progress } from "../../operation/progress.ts";
import { type Watch, type WatchOptions, watchRun } from "../../operation/watch.ts";
import { version } from "../../version.ts";
import type { AccountJob, AccountTools } from "./account.ts";
import type { ImportArgs } from "./command.ts";
import { DryLedger } from "./dry-ledger.ts";
import { Venues } from "./import-venue.ts";
import { type Jobs, jobsOf, refusedFile } from "./jobs.ts";
import { JournalLedger } from "./journal-ledger.ts";
import { type OpenedJournal, openJournal } from "./open-journal.ts";
import { bufferFull, isStop, tellWatch, throwOutcome, watchPlatform } from "./outcome.ts";
import { showCycle } from "./output.ts";
import { emptyCounts } from "./pairing.ts";
import { type Cycle, cycleCompletedFields, perUserFields, toCycleReport } from "./report.ts";
import type { AccountResult } from "./result.ts";
import { statedPnlOf } from "./stated-pnl.ts";
import { importWithin } from "./time-limit.ts";
import { addWatched, type WatchRun } from "./watch-jobs.ts";

/** The platform stores about fourteen batches a second whatever comes, and files take memory: more accounts at once only wait. */
const fileAccountsAtOnceMax = 3;
/**
 * These wait for answers, each of which takes a venue a tenth of a second or more; who may ask is up to the rate budget. With fewer of them all can wait
 * for one of a venue's limits while the others lie idle.
 */
const venueAccountsAtOnceMax = 24;
/** One account's part of a cycle at its venue: a broker that hangs, or years of history, must not take the others' time. */
const accountMsMax = 180_000;
/** A dry run has no request to keep small, and each batch costs a revision of every trade that is open. */
const dryLimits = { executionsPerBatchMax: 300, tradesPerBatchMax: 1_000 };
/** Brokers refuse signed requests of a clock that is further off. */
const clockSkewMsMax = 30_000;

/** One cycle of `import-trades`. @throws {Failure} with the exit code of the cycle, when it is not 0 */
export async function runImport(args: ImportArgs, config: Config, context: Context): Promise<void> {
  const { log } = context;
  if (!config.tradeImporter.enabled && args.file.length === 0 && args.watchFolder === undefined) {
    log.info("worker_disabled", { variable: "TRADE_IMPORTER_ENABLED" });
    return;
  }
  if (args.file.length > 0 && args.watchFolder !== undefined) {
    throw new Failure("usage", "--file and --watch-folder are two ways: one of them.", { code: "two_sources" });
  }
  if (args.file.length > 0 && args.broker !== undefined) {
    throw new Failure("usage", "--broker chooses among the accounts of the platform; a file says its broker itself.", {
      code: "broker_of_file",
      subject: "--broker",
      hint: "Leave it out; --account names the account that the file goes to.",
    });
  }
  const runId = context.uuid();
  if (args.dryRun) return await runCycle(args, config, context, runId, null);
  refuseForeignUser(config.dataDir, "import-trades");
  const options: WatchOptions = {
    worker: "trade_importer",
    runId,
    config,
    intervalMinutes: config.tradeImporter.intervalMinutes,
    pings: true,
    lock: () => lockWorker("trade_importer", args.lockWait, config, context),
  };
  await watchRun(options, context, (watch) => runCycle(args, config, context, runId, watch));
}

async function runCycle(
  args: ImportArgs,
  config: Config,
  context: Context,
  cycleId: string,
  watch: Watch | null,
): Promise<void> {
  const { clock, log } = context;
  const [startedAtMs, startMs] = [clock.nowMs(), clock.monotonicMs()];
  const workerId = `ami-workers@${hostname()}:${process.pid}`;
  log.info("cycle_started", { cycle_id: cycleId, version, dry_run: args.dryRun });
  const opened = await openJournal({ config, workerId, dryRun: args.dryRun }, context);
  const { journal } = opened;
  const progress = openProgress(context.terminal, clock);
  const results: AccountResult[] = [];
  let jobs: Jobs = { accounts: [], refused: [], skipped: [] };
  let stopped: unknown = null;
  let watched: WatchRun | null = null;
  const deadlineMs = args.deadline === 0 ? null : startedAtMs + args.deadline * 1_000;
  const venues = new Venues(config, context, deadlineMs);
  const buffer = new Buffer(config.dataDir, { clock, log, platform: journal.name });
  if (watch !== null) watch.buffer = () => buffer.state();
  try {
    progress.update("Asking the platform");
    const ping = await checkPlatform(journal, context);
    const tools: FlushTools = { journal, buffer, log, uuid: context.uuid, signal: context.signal };
    if (!args.dryRun) await flush(tools);
    jobs = await jobsOf(args, opened, context);
    watched = await watchedOf(jobs, args, { opened, config, context });
    results.push(...withoutWatched(jobs.skipped, watched));
    if (!args.dryRun) jobs.accounts = withoutWaiting(jobs.accounts, results, tools);
    await importAll(jobs.accounts, results, {
      // The embedded journal takes everything or nothing: there is nothing to keep room for.
      whyNoRoom: () => (args.dryRun || opened.embedded !== null ? null : buffer.full()),
      limitMsOf: (job) => (job.venue === null || args.deadline === 0 ? null : accountMsMax),
      toolsOf: (job) => toolsFor(job, { args, config, ping, tools, progress, context, venues }),
    });
  } catch (error) {
    stopped = error;
  } finally {
    progress.clear();
    venues.close();
    watched?.end(results);
  }
  inOrderOf(jobs.accounts, results);
  const finishedAtMs = clock.nowMs();
  const cycle: Cycle = {
    cycleId,
    workerId,
    version,
    startedAtMs,
    finishedAtMs,
    durationMs: clock.monotonicMs() - startMs,
    results,
    refused: jobs.refused,
    buffered: results.reduce((sum, { buffered }) => sum + buffered, 0),
    failed: stopped !== null && !isStop(stopped, context),
  };
  if (watch !== null) tellWatch(watch, cycle);
  try {
    if (!args.dryRun && results.length + jobs.refused.length > 0) await reportCycle(cycle, journal, context);
  } finally {
    journal.close();
  }
  log.info("per_user_results", perUserFields(cycle));
  log.info("cycle_completed", cycleCompletedFields(cycle));
  await showCycle(cycle, args, context);
  if (cycle.failed) throw stopped;
  throwOutcome(cycle, args, context);
}

/** The folder of the command line alone, or the configuration's beside the platform's accounts, which go on without it. */
async function watchedOf(
  jobs: Jobs,
  args: ImportArgs,
  tools: { opened: OpenedJournal; config: Config; context: Context },
): Promise<WatchRun | null> {
  const folder = args.watchFolder ?? tools.config.tradeImporter.watchFolder;
  if (folder === null || args.file.length > 0) return null;
  try {
    return await addWatched(folder, jobs, args, tools);
  } catch (error) {
    if (args.watchFolder !== undefined || !(error instanceof Failure) || error.kind !== "settings") throw error;
    jobs.refused.push(refusedFile(folder, error, tools.context));
    return null;
  }
}

function withoutWatched(skipped: readonly AccountResult[], watched: WatchRun | null): AccountResult[] {
  return skipped.filter(({ account }) => watched?.accounts.has(String(account.account_id)) !== true);
}

function inOrderOf(jobs: readonly AccountJob[], results: AccountResult[]): void {
  const places = new Map(jobs.map(({ account }, index) => [account, index]));
  results.sort((a, b) => (places.get(a.account) ?? 0) - (places.get(b.account) ?? 0));
}

async function checkPlatform(journal: Journal, { clock, log }: Context): Promise<Ping> {
  const ping = await journal.ping();
  const skewMs = clock.nowMs() - Date.parse(ping.time);
  if (Math.abs(skewMs) > clockSkewMsMax) {
    log.warning("clock_skew", { skew_ms: skewMs, hint: "Set this machine's clock (timedatectl set-ntp true)." });
  }
  return ping;
}

/** @throws {Failure} the platform is away, or there is no room for what it might not take */
async function flush(tools: FlushTools): Promise<void> {
  tools.buffer.sweep();
  const { stopped, ...counts } = await flushBuffer(tools);
  if (counts.delivered + counts.dropped + counts.failed + counts.waiting > 0) {
    tools.log.info("buffer_flushed", { ...counts });
  }
  if (stopped !== null) throw stopped;
}

interface ToolParts {
  args: ImportArgs;
  config: Config;
  ping: Ping;
  tools: FlushTools;
  progress: Progress;
  context: Context;
  venues: Venues;
}

function toolsFor(job: AccountJob, { args, config, ping, tools, progress, context, venues }: ToolParts): AccountTools {
  const stored = new JournalLedger(job.account, tools);
  const dry = args.dryRun ? new DryLedger(stored, { keepsAll: job.files.length !== 1 }) : undefined;
  return {
    journal: tools.journal,
    ledger: dry ?? stored,
    ...(dry === undefined ? {} : { dry }),
    reports: !args.dryRun,
    rules: { statedPnl: statedPnlOf, stepOf: venues.stepsOf(job.account.broker) },
    venues,
    limits: args.dryRun
      ? dryLimits
      : {
          executionsPerBatchMax: Math.min(config.tradeImporter.batchSize, ping.limits.max_batch),
          tradesPerBatchMax: ping.limits.max_batch,
        },
    progress,
    context,
  };
}

/** An account with batches on disk goes on when these are through: what it would fetch now would overtake them. */
function withoutWaiting(jobs: AccountJob[], results: AccountResult[], tools: FlushTools): AccountJob[] {
  const waiting = waitingAccounts(tools);
  return jobs.filter((job) => {
    if (!waiting.has(accountKey(job.account.account_id))) return true;
    results.push(waitingResult(job));
    tools.log.warning("account_waits", { account_id: job.account.account_id, reason: "batches_undelivered" });
    return false;
  });
}

function waitingResult({ account }: AccountJob): AccountResult {
  const message = "Batches of this account wait on disk for the platform; it goes on when they are through.";
  return {
    account,
    status: "error",
    counts: emptyCounts(),
    rows: { read: 0, skipped: 0, rejected: 0 },
    files: [],
    warnings: [],
    buffered: 0,
    error: { code: "batches_undelivered", message, retryable: true },
    durationMs: 0,
  };
}

interface ImportParts {
  /** Why nothing more should be fetched. */
  whyNoRoom: () => string | null;
  /** The time of one account alone; null: what the run has. */
  limitMsOf: (job: AccountJob) => number | null;
  toolsOf: (job: AccountJob) => AccountTools;
}

/** Several accounts at once, each failing alone; what stops the cycle lets those that run come to their end first. */
async function importAll(
  jobs: readonly AccountJob[],
  results: AccountResult[],
  { whyNoRoom, limitMsOf, toolsOf }: ImportParts,
): Promise<void> {
  const whyIll = watchPlatform();
  let stopped: unknown = null;
  const work = async (waiting: AccountJob[]) => {
    for (let job = waiting.shift(); job !== undefined && stopped === null; job = waiting.shift()) {
      const tools = toolsOf(job);
      if (tools.context.signal.aborted) return;
      try {
        const noRoom = whyNoRoom();
        if (noRoom !== null) throw bufferFull(noRoom);
        const result = await importWithin(limitMsOf(job), job, tools);
        results.push(result);
        stopped ??= whyIll(result);
      } catch (error) {
        stopped ??= error;
      } finally {
        // Of a thousand accounts: neither secrets nor memory for longer than they are needed.
        job.account.credentials = null;
        job.account.checkpoint = null;
      }
    }
  };
  const ofFiles = jobs.filter(({ venue }) => venue === null);
  const ofVenues = jobs.filter(({ venue }) => venue !== null);
  await Promise.all([
    ...Array.from({ length: fileAccountsAtOnceMax }, () => work(ofFiles)),
    ...Array.from({ length: venueAccountsAtOnceMax }, () => work(ofVenues)),
  ]);
  if (stopped !== null) throw stopped;
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
