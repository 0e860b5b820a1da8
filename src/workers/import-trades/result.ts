import type { FileReport } from "../../brokers/csv/report.ts";
import type { Account, Id } from "../../journal/wire.ts";
import type { PairingCounts } from "./pairing.ts";

/** What became of one file. */
export interface FileOutcome {
  name: string;
  fileId: Id | null;
  /** Null: it was not recognised. */
  dialect: string | null;
  /** For people: "Binance spot trade history". */
  title: string | null;
  report: FileReport | null;
  /** Why nothing of it was imported. */
  error: ResultError | null;
}

export interface ResultError {
  code: string;
  message: string;
  hint?: string | undefined;
  retryable?: boolean | undefined;
}

/** What became of one account in a cycle. */
export interface AccountResult {
  account: Account;
  /** `partial`: some rows or items were refused, the rest is in; `skipped`: nothing to do for it here. */
  status: "ok" | "partial" | "error" | "skipped";
  counts: PairingCounts;
  /** Rows of files that are no executions, and rows that could not be read. */
  rows: { read: number; skipped: number; rejected: number };
  files: FileOutcome[];
  buffered: number;
  error: ResultError | null;
  durationMs: number;
}
