import { formatDecimal } from "../../executions/decimal.ts";
import { formatTimestamp } from "../../journal/timestamp.ts";
import type { CycleReport, Id } from "../../journal/wire.ts";
import { previewJson } from "./preview-json.ts";
import type { AccountResult, FileOutcome } from "./result.ts";

export interface Cycle {
  cycleId: string;
  workerId: string;
  version: string;
  startedAtMs: number;
  finishedAtMs: number;
  durationMs: number;
  results: AccountResult[];
  /** Files of the command line that belong to no account, since nothing knows them. */
  refused: FileOutcome[];
  /** Batches that went to disk in this cycle. */
  buffered: number;
  /** The cycle ended before all accounts were through. */
  failed: boolean;
}

/** The contract takes at most this many entries; a cycle with more accounts reports those that failed first. */
const entriesMax = 5_000;

/** What the platform is told about the cycle: the contract's `CycleReport`. */
export function toCycleReport(cycle: Cycle): CycleReport {
  const { results } = cycle;
  const entries = results.map(toEntry);
  const failedFirst = [...entries].sort((a, b) => rank(a.status) - rank(b.status));
  return {
    cycle_id: cycle.cycleId,
    worker_id: cycle.workerId,
    version: cycle.version,
    worker: "trade_importer",
    status: statusOf(cycle),
    started_at: formatTimestamp(cycle.startedAtMs),
    finished_at: formatTimestamp(cycle.finishedAtMs),
    per_user_results: entries.length <= entriesMax ? entries : failedFirst.slice(0, entriesMax),
    summary: summaryOf(cycle),
  };
}

function rank(status: string): number {
  return ["error", "partial", "skipped", "ok"].indexOf(status);
}

function statusOf(cycle: Cycle): CycleReport["status"] {
  if (cycle.failed || moreThanHalfFailed(cycle)) return "failed";
  const good = cycle.refused.length === 0 && cycle.results.every(({ status }) => status === "ok");
  return good ? "success" : "partial";
}

/** A file that nothing knows counts as an account that failed. */
export function failuresOf({ results, refused }: Cycle): { failed: number; of: number } {
  const failed = results.filter(({ status }) => status === "error").length;
  return { failed: failed + refused.length, of: results.length + refused.length };
}

export function moreThanHalfFailed(cycle: Cycle): boolean {
  const { failed, of } = failuresOf(cycle);
  return failed * 2 > of;
}

function toEntry({
  account,
  status,
  counts,
  rows,
  error,
  durationMs,
}: AccountResult): CycleReport["per_user_results"][0] {
  return {
    user_id: account.user_id,
    account_id: account.account_id,
    broker: account.broker.slice(0, 32),
    status,
    trades: tradesOf(counts),
    executions: counts.created,
    duplicates: counts.duplicates,
    rejected: rows.rejected + counts.rejected + counts.rejectedTrades,
    duration_ms: Math.round(durationMs),
    error: error === null ? null : { code: error.code.slice(0, 64), message: error.message.slice(0, 1_000) },
  };
}

/** Trades that the cycle made, ended or changed; one that was opened and closed in it counts once. */
function tradesOf({ opened, closed, revised }: AccountResult["counts"]): number {
  return Math.max(opened, closed) + revised;
}

function summaryOf({ results, buffered, durationMs }: Cycle): CycleReport["summary"] {
  const users = new Map<string, AccountResult["status"]>();
  for (const { account, status } of results) {
    const key = `${typeof account.user_id}:${account.user_id}`;
    const before = users.get(key);
    if (before === undefined || worse(status, before)) users.set(key, status);
  }
  const count = (...wanted: AccountResult["status"][]) =>
    [...users.values()].filter((status) => wanted.includes(status)).length;
  const sum = (pick: (result: AccountResult) => number) => results.reduce((total, result) => total + pick(result), 0);
  return {
    total_users: users.size,
    successful: count("ok", "partial"),
    failed: count("error"),
    skipped: count("skipped"),
    total_trades: sum(({ counts }) => tradesOf(counts)),
    total_executions: sum(({ counts }) => counts.created),
    duplicates_skipped: sum(({ counts }) => counts.duplicates),
    buffered,
    total_duration_ms: Math.round(durationMs),
  };
}

/** A user counts as failed when one of the accounts did, and as skipped only when all were. */
function worse(a: AccountResult["status"], b: AccountResult["status"]): boolean {
  const order = ["skipped", "ok", "partial", "error"];
  return order.indexOf(a) > order.indexOf(b);
}

/** The log line of the plan, 4.1: field names are its own. */
export function cycleCompletedFields(cycle: Cycle): Record<string, unknown> {
  const { results } = cycle;
  const sum = (pick: (result: AccountResult) => number) => results.reduce((total, result) => total + pick(result), 0);
  const brokers = [...new Set(results.map(({ account }) => account.broker))];
  const read = ({ counts }: AccountResult) => counts.created + counts.duplicates + counts.rejected;
  return {
    trades_fetched: sum(read),
    trades_sent: sum(({ counts }) => counts.created + counts.duplicates),
    trades_created: sum(({ counts }) => counts.created),
    duplicates_skipped: sum(({ counts }) => counts.duplicates),
    errors: results.filter(({ status }) => status === "error").length,
    duration_seconds: Math.round(cycle.durationMs / 100) / 10,
    broker: brokers.length === 1 ? brokers[0] : brokers,
    user_ids: [...new Set(results.map(({ account }) => account.user_id))],
    cycle_id: cycle.cycleId,
    buffered: cycle.buffered,
  };
}

/** The log line of the plan, 5.5. */
export function perUserFields(cycle: Cycle): Record<string, unknown> {
  const report = toCycleReport(cycle);
  const { total_users, successful, failed, total_trades, total_duration_ms } = report.summary;
  return {
    cycle_id: cycle.cycleId,
    per_user_results: report.per_user_results.map(({ user_id, account_id, status, trades, duration_ms, error }) => ({
      user_id,
      account_id,
      status,
      ...(error ? { error: error.code } : { trades }),
      duration_ms,
    })),
    summary: { total_users, successful, failed, total_trades, total_duration_ms },
  };
}

/** `--json`: one object; readers ignore fields that they do not know. */
export function toJson(cycle: Cycle, dryRun: boolean): Record<string, unknown> {
  return {
    schema: 1,
    command: "import-trades",
    version: cycle.version,
    cycle_id: cycle.cycleId,
    dry_run: dryRun,
    status: statusOf(cycle),
    started_at: formatTimestamp(cycle.startedAtMs),
    finished_at: formatTimestamp(cycle.finishedAtMs),
    duration_ms: Math.round(cycle.durationMs),
    buffered: cycle.buffered,
    accounts: cycle.results.map(accountJson),
    files_refused: cycle.refused.map(({ name, error }) => ({ name, error })),
    ...(dryRun ? { files: filesOf(cycle).map(({ file, accountId }) => previewJson(file, accountId)) } : {}),
    summary: summaryOf(cycle),
  };
}

/** All files of a run, with the account that they are of; null: nothing knows them. */
export function filesOf({
  results,
  refused,
}: Pick<Cycle, "results" | "refused">): { file: FileOutcome; accountId: Id | null }[] {
  return [
    ...results.flatMap(({ account, files }) => files.map((file) => ({ file, accountId: account.account_id }))),
    ...refused.map((file) => ({ file, accountId: null })),
  ];
}

function accountJson({ account, status, counts, rows, files, warnings, error, durationMs }: AccountResult) {
  return {
    account_id: account.account_id,
    user_id: account.user_id,
    broker: account.broker,
    status,
    rows_read: rows.read,
    rows_skipped: rows.skipped,
    rows_rejected: rows.rejected,
    executions_read: counts.created + counts.duplicates + counts.rejected,
    executions_new: counts.created,
    executions_duplicate: counts.duplicates,
    executions_differing: counts.differing,
    executions_rejected: counts.rejected,
    executions_unpaired: counts.unpaired,
    trades_rejected: counts.rejectedTrades,
    trades_opened: counts.opened,
    trades_closed: counts.closed,
    trades_revised: counts.revised,
    net_pnl: netPnlOf(counts.net),
    duration_ms: Math.round(durationMs),
    error,
    warnings,
    files: files.map(({ name, fileId, dialect, title, facts, report, error: refused }) => ({
      name,
      file_id: fileId,
      dialect,
      title,
      facts,
      rows: report?.rows ?? 0,
      imported: report?.imported ?? 0,
      skipped: [...(report?.skipped ?? [])].map(([reason, { count, lines }]) => ({ reason, count, lines })),
      rejected: report?.rejected ?? 0,
      errors: report?.problems ?? [],
      truncated: report?.truncated ?? false,
      error: refused,
    })),
  };
}

export function netPnlOf(net: ReadonlyMap<string, bigint>): Record<string, string> {
  const entries = [...net].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([currency, amount]) => [currency, formatDecimal(amount)]));
}
