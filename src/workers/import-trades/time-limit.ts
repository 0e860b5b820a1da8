import type { Context } from "../../context.ts";
import { Failure } from "../../errors.ts";
import { Stop } from "../../operation/stop.ts";
import { type AccountJob, type AccountTools, importAccount, stopsCycle } from "./account.ts";
import type { Ledger } from "./ledger.ts";
import { emptyCounts } from "./pairing.ts";
import { type AccountResult, type ResultError, toResult, toResultError } from "./result.ts";
import { reportFailure } from "./status.ts";

/** After its time an account has so long to end in good order; above what a write to the platform may still take. */
const endingMs = 12_000;

/**
 * One account within its own time, and failing alone whatever happens: what is thrown is its result, and a broker that never answers is
 * left behind. `limitMs` null: until the run itself ends.
 * @throws {Failure} what stops the cycle
 */
export async function importWithin(
  limitMs: number | null,
  job: AccountJob,
  tools: AccountTools,
  importOne: typeof importAccount = importAccount,
): Promise<AccountResult> {
  const { context } = tools;
  const startMs = context.clock.monotonicMs();
  const over = new AbortController();
  const done = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  let left = false;
  const limited: AccountTools = {
    ...tools,
    context: { ...context, signal },
    ledger: closable(tools.ledger, () => left),
  };
  try {
    return await Promise.race([importOne(job, limited), leaveBehind(limitMs, job, context, over, done.signal)]);
  } catch (error) {
    if (error instanceof Failure && stopsCycle(error)) throw error;
    left = true;
    const result = error instanceof LeftBehind ? tooLong(error) : toResultError(error);
    context.log.error("account_failed", { ...factsOf(job), ...result, error });
    await tellPlatform(job, result, tools);
    const outcome = { counts: emptyCounts(), files: [], warnings: [] };
    return toResult(job.account, outcome, {
      error: result,
      buffered: 0,
      durationMs: context.clock.monotonicMs() - startMs,
    });
  } finally {
    done.abort();
  }
}

/** @throws {Failure} what stops the cycle */
async function tellPlatform(job: AccountJob, result: ResultError, tools: AccountTools): Promise<void> {
  try {
    await reportFailure(job, result, tools);
  } catch (error) {
    if (!(error instanceof Failure) || stopsCycle(error)) throw error;
    tools.context.log.error("status_not_reported", { ...factsOf(job), message: error.message });
  }
}

class LeftBehind extends Error {
  override readonly name = "LeftBehind";
}

function tooLong({ message }: LeftBehind): ResultError {
  return { code: "account_time_limit", message, hint: "The next run begins where this one stopped.", retryable: true };
}

/** Asks the account to end when its time or the run's is over, and rejects when it does not. Resolves never. */
async function leaveBehind(
  limitMs: number | null,
  job: AccountJob,
  { clock, log, signal }: Context,
  over: AbortController,
  done: AbortSignal,
): Promise<never> {
  const ended = new Promise<never>(() => {});
  await sleepUntil(limitMs, clock, AbortSignal.any([signal, done]));
  if (done.aborted) return await ended;
  if (!signal.aborted) log.warning("account_time_limit", { ...factsOf(job), limit_ms: limitMs });
  over.abort(new Stop("deadline"));
  await sleepUntil(endingMs, clock, done);
  if (done.aborted) return await ended;
  throw new LeftBehind(
    "The broker did not answer within the account's time, nor did its connector stop when it was told to.",
  );
}

/** Returns early, without a word, when the signal is aborted. `ms` null: only then. */
async function sleepUntil(ms: number | null, clock: Context["clock"], signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  if (ms === null) {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    return;
  }
  await clock.sleep(ms, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** What an account that was left behind still finds goes nowhere: its result has been told. */
function closable(ledger: Ledger, isClosed: () => boolean): Ledger {
  return {
    get checkpointVersion() {
      return ledger.checkpointVersion;
    },
    get takesTrades() {
      return ledger.takesTrades;
    },
    openTrades: () => ledger.openTrades(),
    groupTrades: (group) => ledger.groupTrades(group),
    groupExecutions: (group, sinceMs) => ledger.groupExecutions(group, sinceMs),
    deliver: async (batch) => {
      if (isClosed()) throw new LeftBehind("The account's time was over before this was read.");
      return await ledger.deliver(batch);
    },
  };
}

function factsOf({ account }: AccountJob) {
  return { account_id: account.account_id, user_id: account.user_id, broker: account.broker };
}
