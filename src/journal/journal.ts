import type { TradePage } from "../statistics/trade-columns.ts";
import type {
  Account,
  AccountTrade,
  CycleReport,
  FileResult,
  Id,
  ImportStatusPatch,
  Ping,
  PlatformFile,
  Statistics,
  StoredTrade,
  User,
  WireExecution,
} from "./wire.ts";

/**
 * The platform as the workers see it. Two implementations, `laravel` (HTTP) and `embedded` (a SQLite file), behave alike:
 * test/journal/contract.ts runs on both. Shapes are the platform's own (`wire.ts`): snake_case, decimals as text.
 *
 * Every call can throw a Failure that stops the cycle:
 * - `unavailable`: not reachable, or no usable answer after all retries (network, 5xx, 429, 503);
 * - `refused`: the key is unknown or revoked (401, code `platform_unauthenticated`), or lacks the ability (403, `platform_forbidden`);
 * - `settings`: a wrong base URL (3xx, 405, 419; 404 on /ping), or another major version of the contract;
 * - `data` with code `platform_contract`: an answer of another shape than the contract's, a cursor or item that comes twice.
 * What belongs to one account alone (404, 409, 413, 422) comes back as a value.
 */
export interface Journal {
  /** What to call it in logs: `https://app.example.com/api/internal` or `sqlite:./data/journal.sqlite`; never a secret. */
  readonly name: string;
  ping(): Promise<Ping>;
  /** Ordered by id. */
  accounts(filter?: AccountFilter): AsyncIterable<Account>;
  setImportStatus(accountId: Id, patch: ImportStatusPatch): Promise<StatusOutcome>;
  /** Ordered by trade id; without legs. */
  accountTrades(accountId: Id, filter?: AccountTradeFilter): AsyncIterable<AccountTrade>;
  /** In order of arrival, not of time. */
  executions(accountId: Id, filter?: ExecutionFilter): AsyncIterable<WireExecution>;
  /** Stores all of it in one transaction, or nothing. May be repeated any number of times with the same bytes. */
  postBatch(batch: SealedBatch): Promise<BatchOutcome>;
  /** The bytes of an uploaded file. A Failure `data` with code `file_gone`: the link expired or the file is gone. */
  openFile(file: PlatformFile): Promise<ReadableStream<Uint8Array>>;
  postFileResult(accountId: Id, fileId: Id, result: FileResult): Promise<"stored" | "gone">;
  users(filter?: UserFilter): AsyncIterable<User>;
  /** Ordered by trade id; without legs and state. */
  userTrades(userId: Id, filter?: UserTradeFilter): AsyncIterable<StoredTrade>;
  /**
   * The closed ones of them for the statistics, a page at a time: of each trade only what these need is read and checked, since a
   * user may have a million.
   */
  closedTrades(userId: Id): AsyncIterable<TradePage>;
  putStatistics(userId: Id, statistics: Statistics): Promise<StatisticsOutcome>;
  /** Idempotent by `cycle_id`. */
  postCycleReport(report: CycleReport): Promise<"created" | "duplicate">;
  close(): void;
}

export interface AccountFilter {
  broker?: string;
  userId?: Id;
  /** Those whose import_status is auth_failed too. */
  includeAuthFailed?: boolean;
}

export interface AccountTradeFilter {
  status?: "open" | "closed" | "void";
  market?: string;
  symbol?: string;
}

export interface ExecutionFilter {
  market?: string;
  symbol?: string;
  /** Inclusive. */
  executedSinceMs?: number;
}

export interface UserFilter {
  stale?: boolean;
  changedSinceMs?: number;
}

export interface UserTradeFilter {
  status?: "open" | "closed" | "void";
  accountId?: Id;
  /** Inclusive. */
  closedSinceMs?: number;
  /** Exclusive. */
  closedBeforeMs?: number;
}

/** A batch as it goes out: the bytes are made once, so that every attempt, and the buffer, send the same. */
export interface SealedBatch {
  accountId: Id;
  userId: Id;
  /** Idempotency-Key: 8 to 255 characters of A-Z a-z 0-9 _ . : - */
  key: string;
  /** A TradeBatch as JSON in UTF-8, below 1,000,000 bytes. */
  body: string;
  executions: number;
  trades: number;
}

/** What became of a batch. Only `stored` and `conflict` with `sameCheckpoint` mean that the platform has it. */
export type BatchOutcome =
  | { kind: "stored"; result: BatchResult; replayed: boolean }
  /** 409 checkpoint_conflict. `sameCheckpoint`: the stored one equals the one sent, so an earlier attempt got through. */
  | { kind: "conflict"; checkpoint: object | null; checkpointVersion: number; sameCheckpoint: boolean }
  /** 404: the account is gone. */
  | { kind: "gone" }
  /** 413. */
  | { kind: "tooLarge" }
  /** 422. With no errors: the key was used with another body. Keys: `executions.2.symbol`, `trades.0.direction`. */
  | { kind: "invalid"; message: string; errors: Record<string, string[]> }
  /** 400, or another status that the contract does not have: keep the batch, report. */
  | { kind: "unexpected"; status: number; message: string };

export interface BatchResult {
  checkpointVersion: number;
  /** Not the platform's word: an earlier attempt got through, and what it said of each item then is not known. */
  assumed?: boolean;
  executions: { created: number; duplicates: number; rejected: number };
  trades: { created: number; updated: number; duplicates: number; rejected: number };
  /** One an item, in the order sent. */
  executionResults: { externalId: string | null; status: "created" | "duplicate" | "rejected"; differs: boolean }[];
  tradeResults: { externalId: string | null; status: "created" | "updated" | "duplicate" | "rejected" }[];
  /** Of rejected items; keys as in `invalid`. */
  errors: Record<string, string[]>;
}

export type StatusOutcome =
  | { kind: "stored"; account: Account }
  | { kind: "conflict"; code: "checkpoint_conflict" | "credentials_conflict"; sameCheckpoint: boolean }
  | { kind: "gone" }
  | { kind: "invalid"; message: string; errors: Record<string, string[]> };

export type StatisticsOutcome =
  | { kind: "stored"; stale: boolean }
  | { kind: "newer"; basedOnVersion: number }
  | { kind: "tooLarge" }
  | { kind: "gone" }
  | { kind: "invalid"; message: string; errors: Record<string, string[]> };
