import type { Config } from "../config.ts";
import type { Context } from "../context.ts";
import type { BufferState } from "../delivery/buffer-state.ts";
import { exitCodeBug, exitCodes, Failure, messageOf } from "../errors.ts";
import { version } from "../version.ts";
import { tellAlerts } from "./alerts.ts";
import { openChannels } from "./channels.ts";
import { type ConditionName, judge } from "./conditions.ts";
import { writeMetrics } from "./metrics.ts";
import { openPings, type Pings } from "./pings.ts";
import { createRedactor } from "./redaction.ts";
import {
  type AccountCounts,
  type ExecutionCounts,
  noAccounts,
  noExecutions,
  type RunStatus,
  readRunStatus,
  writeRunStatus,
} from "./run-status.ts";
import { stateHomes } from "./state-file.ts";
import { Stop } from "./stop.ts";

export interface WatchOptions {
  /** As in logs: `trade_importer`. */
  worker: string;
  /** Of this run; pings and the status carry it. */
  runId: string;
  config: Pick<Config, "alerts" | "healthcheckUrl" | "log" | "metricsDir" | "dataDir" | "secrets">;
  /** How often it should run; null: only when somebody calls it, so that it is no cycle: no metrics, and alerts about the buffer alone. */
  intervalMinutes: number | null;
  /** The worker that the dead man's switch is for. */
  pings: boolean;
  /** Whose alerts it tells of; its own when left out. */
  alertsOf?: string;
  /** Held until all is told, alerts too. */
  lock: () => Promise<Disposable>;
}

/** What a run tells of itself while it is on; what it does not come to say counts as nothing. */
export interface Watch {
  accounts: AccountCounts;
  executions: ExecutionCounts;
  /** The buffer as it is at the end. Null: this worker has none, or it cannot be looked at. */
  buffer: (() => BufferState) | null;
}

/**
 * A run that is seen: pings at its beginning and end, its status on disk, metrics, and alerts. What goes wrong with these is logged and
 * never changes what the run itself came to. Not for dry runs. A run that finds the lock taken is not seen: the other one is.
 */
export async function watchRun(
  options: WatchOptions,
  context: Context,
  run: (watch: Watch) => Promise<void>,
): Promise<void> {
  const { clock, log } = context;
  const pings = openPings(options.pings ? options.config.healthcheckUrl : null, options.runId, context);
  const watch: Watch = { accounts: { ...noAccounts }, executions: { ...noExecutions }, buffer: null };
  const startedAtMs = clock.nowMs();
  const startMs = clock.monotonicMs();
  let thrown: unknown = null;
  let lock: Disposable | null = null;
  try {
    lock = await options.lock();
    pings.start();
    await run(watch);
  } catch (error) {
    if (error instanceof Failure && error.kind === "busy") throw error;
    thrown = error;
  }
  const ended: Ended = { thrown, watch, startedAtMs, durationMs: clock.monotonicMs() - startMs };
  try {
    await tellEnd(ended, options, pings, context);
  } catch (error) {
    log.error("run_not_told", { message: messageOf(error), error });
  } finally {
    lock?.[Symbol.dispose]();
  }
  if (thrown !== null) throw thrown;
}

interface Ended {
  thrown: unknown;
  watch: Watch;
  startedAtMs: number;
  durationMs: number;
}

async function tellEnd(ended: Ended, options: WatchOptions, pings: Pings, context: Context): Promise<void> {
  const { watch } = ended;
  const { log } = context;
  const status = statusOf(ended, options, context);
  quietly("status_not_kept", log, () => writeRunStatus(options.config.dataDir, status));
  const buffer = quietly("buffer_not_measured", log, () => watch.buffer?.() ?? null) ?? null;
  const [alerts] = await Promise.all([
    alert(status, buffer, ended, options, context),
    pings.end(status.exitCode, { ...watch.accounts, ...watch.executions, buffered: buffer?.files ?? 0 }),
  ]);
  const { metricsDir } = options.config;
  if (metricsDir !== null && options.intervalMinutes !== null) {
    quietly("metrics_not_written", log, () => writeMetrics(metricsDir, { status, buffer, alerts }));
  }
}

async function alert(
  status: RunStatus,
  buffer: BufferState | null,
  { thrown }: Ended,
  { worker, alertsOf = worker, config, intervalMinutes }: WatchOptions,
  context: Context,
): Promise<ConditionName[]> {
  const redactor = createRedactor();
  redactor.register(config.secrets);
  const failure = thrown instanceof Failure ? thrown : null;
  const crashed = thrown !== null && failure === null && !(thrown instanceof Stop);
  const ending = crashed ? "crashed" : wasStopped(context) ? "stopped" : "ended";
  return await tellAlerts(judge({ failure, ending, status, intervalMinutes, buffer }), {
    state: {
      name: `${alertsOf}.alerts.json`,
      homes: stateHomes(config.dataDir, config.log.dir, context.environment),
    },
    worker,
    version,
    channels: await openChannels(config.alerts, context),
    clock: context.clock,
    log: context.log,
    redact: redactor.text,
  });
}

function statusOf(
  { thrown, watch, startedAtMs, durationMs }: Ended,
  options: WatchOptions,
  context: Context,
): RunStatus {
  const { worker, runId, config } = options;
  const finishedAtMs = context.clock.nowMs();
  const before = readRunStatus(config.dataDir, worker);
  const exitCode = exitCodeOf(thrown);
  // Some accounts failing is everyday life; the run itself came to its end.
  const succeeded = exitCode === 0 || exitCode === exitCodes.some;
  const told = wasStopped(context) ? null : succeeded;
  const total = before?.total ?? { ...noExecutions, runs: 0 };
  return {
    worker,
    version,
    runId,
    startedAtMs,
    finishedAtMs,
    durationMs: Math.round(durationMs),
    exitCode,
    error: exitCode === 0 ? null : errorOf(thrown),
    firstRunAtMs: before?.firstRunAtMs ?? startedAtMs,
    lastSuccessAtMs: told === true ? finishedAtMs : (before?.lastSuccessAtMs ?? null),
    failuresInARow: told === true ? 0 : (before?.failuresInARow ?? 0) + (told === false ? 1 : 0),
    accounts: watch.accounts,
    executions: watch.executions,
    total: {
      created: total.created + watch.executions.created,
      duplicates: total.duplicates + watch.executions.duplicates,
      rejected: total.rejected + watch.executions.rejected,
      runs: total.runs + 1,
    },
  };
}

/** By a person or systemd: neither a success nor a failure. The deadline is a success: the rest is the next run's. */
function wasStopped({ signal }: Context): boolean {
  return signal.aborted && !(signal.reason instanceof Stop && signal.reason.by === "deadline");
}

/** As the shell will end it. */
function exitCodeOf(thrown: unknown): number {
  if (thrown === null || thrown instanceof Stop) return 0;
  return thrown instanceof Failure ? exitCodes[thrown.kind] : exitCodeBug;
}

function errorOf(thrown: unknown): RunStatus["error"] {
  const code = thrown instanceof Failure ? (thrown.detail.code ?? thrown.kind) : "bug";
  return { code, message: messageOf(thrown) };
}

function quietly<T>(event: string, log: Context["log"], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    log.warning(event, { message: messageOf(error), error });
    return undefined;
  }
}
