import type { AccountWarning } from "../../brokers/broker.ts";
import type { FileReport } from "../../brokers/csv/report.ts";
import { Failure, messageOf } from "../../errors.ts";
import type { Account, Id } from "../../journal/wire.ts";
import { AccountStopped, type PairingCounts } from "./pairing.ts";
import type { FilePreview } from "./preview.ts";

/** What became of one file. */
export interface FileOutcome {
  name: string;
  fileId: Id | null;
  /** Null: it was not recognised. */
  dialect: string | null;
  /** For people: "Binance spot trade history". */
  title: string | null;
  /** What else was understood: encoding, the zone of its times. */
  facts: Readonly<Record<string, string>>;
  report: FileReport | null;
  /** Of a dry run, once the file is read. */
  preview?: FilePreview;
  /** Why nothing of it was imported. */
  error: ResultError | null;
}

export interface ResultError {
  code: string;
  message: string;
  hint?: string | undefined;
  brokerCode?: string | undefined;
  retryable?: boolean | undefined;
}

/** What an account's import came to, without how it ended. */
export interface AccountOutcome {
  counts: PairingCounts;
  files: FileOutcome[];
  /** What the account's owner should know: a key that may trade, history that is cut off. */
  warnings: AccountWarning[];
}

/** What became of one account in a cycle. */
export interface AccountResult extends AccountOutcome {
  account: Account;
  /** `partial`: some rows or items were refused, or it was stopped; the rest is in; `skipped`: nothing to do for it here. */
  status: "ok" | "partial" | "error" | "skipped";
  /** Rows of files that are no executions, and rows that could not be read. */
  rows: { read: number; skipped: number; rejected: number };
  buffered: number;
  error: ResultError | null;
  durationMs: number;
}

/** Stopped by a signal or the deadline: no failure, but not all of it either. */
export const interrupted: ResultError = {
  code: "interrupted",
  message: "Stopped before all was read; the next run goes on.",
  retryable: true,
};

export interface Ending {
  error: ResultError | null;
  buffered: number;
  durationMs: number;
}

export function toResult(
  account: Account,
  outcome: AccountOutcome,
  { error, buffered, durationMs }: Ending,
): AccountResult {
  const { counts, files } = outcome;
  const rows = { read: 0, skipped: 0, rejected: 0 };
  for (const { report } of files) {
    rows.read += report?.rows ?? 0;
    rows.rejected += report?.rejected ?? 0;
    for (const { count } of report?.skipped.values() ?? []) rows.skipped += count;
  }
  const refused = files.find((file) => file.error !== null)?.error ?? null;
  const allRefused = files.length > 0 && files.every((file) => file.error !== null);
  const failed = allRefused || (error !== null && error !== interrupted);
  const items = refusedTexts(rows.rejected, counts);
  const partial = error === interrupted || refused !== null || items !== "";
  const said = error ?? refused ?? (items === "" ? null : { code: "rejected_items", message: items });
  const status = failed ? "error" : partial ? "partial" : "ok";
  return { account, ...outcome, status, rows, buffered, error: said, durationMs };
}

function refusedTexts(rows: number, counts: PairingCounts): string {
  return [...(rows > 0 ? [`${rows} rows could not be read`] : []), ...refusedItems(counts)].join("; ");
}

export function refusedItems({ rejected, rejectedTrades }: PairingCounts): string[] {
  return [
    ...(rejected > 0 ? [`${rejected} executions were refused by the platform`] : []),
    ...(rejectedTrades > 0 ? [`${rejectedTrades} trades were refused by the platform`] : []),
  ];
}

export function toResultError(error: unknown): ResultError {
  if (error instanceof AccountStopped) {
    const { kind } = error.delivered;
    const codes = {
      buffered: "platform_unavailable",
      dropped: "checkpoint_conflict",
      refused: "platform_refused_batch",
      gone: "account_gone",
    } as const;
    return { code: codes[kind], message: error.message, retryable: kind === "buffered" || kind === "dropped" };
  }
  if (error instanceof Failure) {
    const { code, hint, retryable, brokerCode } = error.detail;
    return { code: code ?? error.kind, message: error.message, hint, retryable, brokerCode };
  }
  return { code: "bug", message: messageOf(error) };
}
