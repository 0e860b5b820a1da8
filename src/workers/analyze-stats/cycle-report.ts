import { formatTimestamp } from "../../journal/timestamp.ts";
import type { CycleReport } from "../../journal/wire.ts";
import { failuresOf, moreThanHalfFailed } from "./outcome.ts";
import type { Page } from "./pages.ts";
import type { UserResult } from "./result.ts";

export interface Cycle {
  cycleId: string;
  workerId: string;
  version: string;
  startedAtMs: number;
  finishedAtMs: number;
  durationMs: number;
  results: UserResult[];
  /** Users whose turn did not come: the run was told to end. */
  waiting: number;
  pages: readonly Page[];
  /** The cycle ended before all users were through. */
  failed: boolean;
}

/** The contract takes at most this many entries; a cycle with more users reports those that failed first. */
const entriesMax = 5_000;
const statusOrder: readonly UserResult["status"][] = ["error", "skipped", "ok"];

/** What the platform is told about the cycle: the contract's `CycleReport`. */
export function toCycleReport(cycle: Cycle): CycleReport {
  const rank = ({ status }: UserResult) => statusOrder.indexOf(status);
  const results =
    cycle.results.length <= entriesMax
      ? cycle.results
      : cycle.results.toSorted((a, b) => rank(a) - rank(b)).slice(0, entriesMax);
  return {
    cycle_id: cycle.cycleId,
    worker_id: cycle.workerId,
    version: cycle.version,
    worker: "stats_analyzer",
    status: statusOf(cycle),
    started_at: formatTimestamp(cycle.startedAtMs),
    finished_at: formatTimestamp(cycle.finishedAtMs),
    per_user_results: results.map(toEntry),
    summary: summaryOf(cycle),
  };
}

export function statusOf(cycle: Cycle): CycleReport["status"] {
  if (cycle.failed || moreThanHalfFailed(cycle)) return "failed";
  return cycle.results.every(({ status }) => status === "ok") ? "success" : "partial";
}

function toEntry({ user, status, trades, durationMs, error }: UserResult): CycleReport["per_user_results"][0] {
  return {
    user_id: user.user_id,
    account_id: null,
    broker: null,
    status,
    trades,
    executions: 0,
    duplicates: 0,
    rejected: 0,
    duration_ms: Math.round(durationMs),
    error: error === null ? null : { code: error.code.slice(0, 64), message: error.message.slice(0, 1_000) },
  };
}

export function summaryOf(cycle: Cycle): CycleReport["summary"] {
  const count = (wanted: UserResult["status"]) => cycle.results.filter(({ status }) => status === wanted).length;
  return {
    total_users: cycle.results.length,
    successful: count("ok"),
    failed: count("error"),
    skipped: count("skipped"),
    total_trades: tradesOf(cycle),
    total_executions: 0,
    duplicates_skipped: 0,
    buffered: 0,
    total_duration_ms: Math.round(cycle.durationMs),
  };
}

function tradesOf({ results }: Cycle): number {
  return results.reduce((sum, { trades }) => sum + trades, 0);
}

/** The log line of the plan, 4.1, as far as its fields are of a cycle that imports nothing. */
export function cycleCompletedFields(cycle: Cycle): Record<string, unknown> {
  const { results } = cycle;
  return {
    trades_analyzed: tradesOf(cycle),
    users_analyzed: results.filter(({ status }) => status === "ok").length,
    errors: failuresOf(cycle),
    duration_seconds: Math.round(cycle.durationMs / 100) / 10,
    user_ids: results.map(({ user }) => user.user_id),
    cycle_id: cycle.cycleId,
    users_stale_again: results.filter(({ stale }) => stale).length,
    users_waiting: cycle.waiting,
  };
}

/** The log line of the plan, 5.5. */
export function perUserFields(cycle: Cycle): Record<string, unknown> {
  const report = toCycleReport(cycle);
  const { total_users, successful, failed, total_trades, total_duration_ms } = report.summary;
  return {
    cycle_id: cycle.cycleId,
    per_user_results: report.per_user_results.map(({ user_id, status, trades, duration_ms, error }) => ({
      user_id,
      status,
      ...(error ? { error: error.code } : { trades }),
      duration_ms,
    })),
    summary: { total_users, successful, failed, total_trades, total_duration_ms },
  };
}
