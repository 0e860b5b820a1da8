import type { Context } from "../../context.ts";
import { Failure } from "../../errors.ts";
import type { Journal } from "../../journal/journal.ts";
import type { User } from "../../journal/wire.ts";
import type { Statistics } from "../../statistics/body.ts";
import { createSummary } from "../../statistics/summary.ts";
import { version } from "../../version.ts";
import { stopsCycle } from "./outcome.ts";
import { TradePoints } from "./points.ts";
import { putStatistics } from "./put-statistics.ts";
import { interrupted, interruptedCode, type Shown, toResultError, type UserResult } from "./result.ts";
import type { TradePlace, TradeRoom } from "./trade-room.ts";

/** Some 500 MB of figures in the making: more than a unit's memory takes, and than anybody trades by hand. */
const tradesMax = 5_000_000;

export interface UserTools {
  journal: Journal;
  room: TradeRoom;
  /** False: a dry run, which stores nothing. */
  stores: boolean;
  /** The result has the figures, and what a person wants to see besides. */
  keeps: boolean;
  /** Writes them down as a page; null: nobody asked for one. */
  page: ((user: User, shown: Shown) => void) | null;
  /** How many more trades were read. */
  onRead: (trades: number) => void;
  context: Context;
}

/** One user's part of a cycle. Whatever goes wrong with it is in its result; only what stops the whole cycle is thrown. */
export async function analyseUser(user: User, tools: UserTools): Promise<UserResult> {
  const { clock, log } = tools.context;
  const startMs = clock.monotonicMs();
  const place = tools.room.enter();
  const result: UserResult = {
    user,
    status: "ok",
    trades: 0,
    stale: false,
    warnings: [],
    error: null,
    durationMs: 0,
    shown: null,
  };
  try {
    await analyseInto(result, place, tools);
  } catch (error) {
    if (error instanceof Failure && stopsCycle(error)) throw error;
    result.error = toResultError(error);
    result.status = endsQuietly(result.error.code) ? "skipped" : "error";
    const facts = { user_id: user.user_id, ...result.error };
    if (result.status === "error") log.error("user_failed", { ...facts, error });
    else log.info("user_skipped", facts);
  } finally {
    place.leave();
    result.durationMs = clock.monotonicMs() - startMs;
  }
  for (const warning of result.warnings) log.info("statistics_warning", { user_id: user.user_id, ...warning });
  return result;
}

/** Nobody's fault, and nothing is missing: the user left, or others' figures are newer, or the run was told to end. */
function endsQuietly(code: string): boolean {
  return [interruptedCode, "platform_gone", "stale_statistics"].includes(code);
}

async function analyseInto(result: UserResult, place: TradePlace, tools: UserTools): Promise<void> {
  const { user } = result;
  const { journal, stores, keeps, page, context } = tools;
  const shown = await compute(result, place, tools);
  result.warnings = shown.statistics.warnings;
  if (keeps) result.shown = shown;
  // A page that cannot be written is no reason not to store what it shows.
  const failed = page === null ? null : attempt(() => page(user, shown));
  if (stores) {
    const put = await putStatistics(user, shown.statistics, journal, context.log);
    result.stale = put.stale;
    result.warnings = put.warnings;
  }
  if (failed !== null) throw failed.error;
}

function attempt(work: () => void): { error: unknown } | null {
  try {
    work();
    return null;
  } catch (error) {
    return { error };
  }
}

/** The figures, from the user's trades, which are gone again page by page. */
async function compute(result: UserResult, place: TradePlace, tools: UserTools): Promise<Shown> {
  const { user } = result;
  const { journal, keeps, page, onRead, context } = tools;
  const isLookedAt = keeps || page !== null;
  const summary = createSummary(user);
  const points = new TradePoints(user.base_currency);
  for await (const trades of journal.closedTrades(user.user_id)) {
    if (context.signal.aborted) throw interrupted();
    await place.take(trades.count);
    summary.addPage(trades);
    if (isLookedAt) for (const trade of trades.trades()) points.add(trade);
    result.trades += trades.count;
    onRead(trades.count);
    if (result.trades > tradesMax) throw tooMany(user);
    await breathe();
  }
  if (context.signal.aborted) throw interrupted();
  const statistics: Statistics = summary.finish({
    engineVersion: version,
    computedAtMs: context.clock.nowMs(),
    // Of before the trades were read: what came meanwhile makes the user stale again.
    basedOnVersion: user.trades_version,
  });
  return { statistics, points };
}

/** Signals, timers and the other users' answers have their turn: a journal on this machine never makes one wait. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function tooMany({ user_id }: User): Failure {
  return new Failure("data", `User ${user_id} has more than ${tradesMax} closed trades.`, {
    code: "too_many_trades",
    subject: `user ${user_id}`,
    hint: "This version computes the figures of a user in memory: split the accounts among several users.",
    retryable: false,
  });
}
