import "../jitless.ts";
import { type } from "arktype";
import {
  accountStatuses,
  cycleStatuses,
  directions,
  executionTypes,
  fileStatuses,
  importStatuses,
  legRoles,
  liquidities,
  resultStatuses,
  sides,
  tradeFlags,
  tradeOrigins,
  tradeStatuses,
  workerNames,
} from "./fields.ts";
import {
  booleanOrNull,
  costBasisMethod,
  count,
  countOrNull,
  decimal,
  decimalOrNull,
  externalId,
  hash,
  id,
  integerOrNull,
  market,
  text,
  textOrNull,
  timestamp,
  timestampOrNull,
} from "./scalars.ts";

export {
  type Metrics,
  metricsShape,
  type Statistics,
  type StatisticsSection,
  statisticsShape,
} from "./wire-statistics.ts";

/**
 * The platform's shapes, as `contract/openapi.yaml` has them: snake_case, decimals as text, times as text. The types are
 * inferred from the shapes. Fields that may be left out may be null too, and are null in the types: `fill` (read.ts) puts the
 * nulls in and leaves unknown fields out. Rules between fields are the platform's to check (`rules.ts`), not a reader's.
 */

/** Every field is there; the ones left out are null. */
export type Filled<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };

export type Id = typeof id.infer;

export const pingShape = type({
  status: "'ok'",
  time: timestamp,
  contract_version: text.narrow((value) => /^\d+\.\d+$/.test(value)).describe("two numbers, like 1.0"),
  key: { "name?": textOrNull, abilities: "string[]" },
  limits: { max_batch: "number.integer >= 1", "rate_per_minute?": integerOrNull },
});
export type Ping = typeof pingShape.infer;
export const pingAnswerShape = type({ data: pingShape });

export const importErrorShape = type({
  code: "string",
  "message?": textOrNull,
  "broker_code?": textOrNull,
  "retryable?": booleanOrNull,
});
/** As it is sent; what the platform gives back can leave out all but `code`. */
export type ImportError = typeof importErrorShape.infer;

export const platformFileShape = type({
  file_id: id,
  url: "string > 0",
  sha256: hash,
  "name?": textOrNull,
  "format?": textOrNull,
  "bytes?": countOrNull,
  "uploaded_at?": timestampOrNull,
});
/** An uploaded file that has no result yet. */
export type PlatformFile = Filled<typeof platformFileShape.infer>;

export const accountShape = type({
  account_id: id,
  user_id: id,
  broker: "string > 0",
  markets: market.array(),
  "label?": textOrNull,
  status: type.enumerated(...accountStatuses),
  import_status: type.enumerated(...importStatuses),
  base_currency: "string > 0",
  timezone: "string > 0",
  "broker_timezone?": textOrNull,
  cost_basis_method: costBasisMethod,
  "import_from?": timestampOrNull,
  /** Encrypted text, or a plain object; never logged. */
  "credentials?": type("string | object | null"),
  credentials_version: count,
  "source?": type({ kind: "'file'", files: platformFileShape.array() }).or("null"),
  /** An array where PHP made one of an empty object. */
  checkpoint: "object | null",
  checkpoint_version: count,
  "last_import_at?": timestampOrNull,
  "last_error?": importErrorShape.or("null"),
  "updated_at?": timestampOrNull,
});
type AccountRead = Filled<typeof accountShape.infer>;
/** One connection of one user to one broker. `source` is there for accounts fed by files only, else null. */
export type Account = Omit<AccountRead, "source"> & { source: { kind: "file"; files: PlatformFile[] } | null };

export const executionShape = type({
  external_id: externalId,
  execution_type: type.enumerated(...executionTypes),
  market,
  symbol: "1 <= string <= 64",
  "base_asset?": textOrNull,
  "quote_asset?": textOrNull,
  "settle_asset?": textOrNull,
  "side?": type.enumerated(...sides, null),
  "position_side?": type.enumerated(...directions, null),
  "quantity?": decimalOrNull,
  "price?": decimalOrNull,
  "quote_quantity?": decimalOrNull,
  "contract_size?": decimalOrNull,
  "fee?": decimalOrNull,
  "fee_asset?": textOrNull,
  "fee_in_quote?": decimalOrNull,
  "realized_pnl?": decimalOrNull,
  "order_id?": textOrNull,
  "liquidity?": type.enumerated(...liquidities, null),
  executed_at: timestamp,
  content_hash: hash,
});
/** An execution as it is posted and read back. */
export type WireExecution = Filled<typeof executionShape.infer>;

export const legShape = type({
  execution_id: externalId,
  role: type.enumerated(...legRoles),
  "quantity?": decimalOrNull,
  "price?": decimalOrNull,
  "fee?": decimalOrNull,
  "pnl?": decimalOrNull,
});
export type WireLeg = Filled<typeof legShape.infer>;

const tradeFieldsShape = type({
  external_id: externalId,
  revision: "number.integer >= 1",
  status: type.enumerated(...tradeStatuses),
  origin: type.enumerated(...tradeOrigins),
  market,
  symbol: "1 <= string <= 64",
  "base_asset?": textOrNull,
  "quote_asset?": textOrNull,
  direction: type.enumerated(...directions),
  quantity: decimal,
  open_quantity: decimal,
  "contract_size?": decimalOrNull,
  "entry_price?": decimalOrNull,
  "exit_price?": decimalOrNull,
  "gross_pnl?": decimalOrNull,
  fees: decimal,
  funding: decimal,
  "net_pnl?": decimalOrNull,
  pnl_currency: "string > 0",
  "pnl_in_base_currency?": decimalOrNull,
  "base_currency?": textOrNull,
  opened_at: timestamp,
  "closed_at?": timestampOrNull,
  "duration_seconds?": countOrNull,
  "initial_stop?": decimalOrNull,
  "take_profit?": decimalOrNull,
  "initial_risk?": decimalOrNull,
  "r_multiple?": decimalOrNull,
  "cost_basis_method?": costBasisMethod.or("null"),
  execution_count: count,
  flags: type.enumerated(...tradeFlags).array(),
});
/** What posted and stored trades have in common. */
export type TradeFields = Filled<typeof tradeFieldsShape.infer>;

export const wireTradeShape = tradeFieldsShape.and({ "state?": textOrNull, legs: legShape.array() });
/** One revision of a trade, as posted. */
export type WireTrade = TradeFields & { state: string | null; legs: WireLeg[] };

export const storedTradeShape = tradeFieldsShape.and({
  trade_id: id,
  user_id: id,
  account_id: id,
  broker: "string",
});
/** A trade as it is read for the statistics: no legs, no state. */
export type StoredTrade = TradeFields & { trade_id: Id; user_id: Id; account_id: Id; broker: string };

export const accountTradeShape = storedTradeShape.and({ "state?": textOrNull });
/** A trade as it is read to go on pairing. */
export type AccountTrade = StoredTrade & { state: string | null };

/** What `sealBatch` makes bytes of. */
export interface TradeBatch {
  executions?: WireExecution[];
  trades?: WireTrade[];
  checkpoint?: object;
  expected_checkpoint_version?: number;
}

export const importStatusPatchShape = type({
  import_status: type.enumerated(...importStatuses),
  observed_at: timestamp,
  credentials_version: "number.integer",
  "checkpoint?": "object",
  "expected_checkpoint_version?": "number.integer >= 0",
  "error?": importErrorShape.or("null"),
});
export type ImportStatusPatch = typeof importStatusPatchShape.infer;

export const fileResultShape = type({
  status: type.enumerated(...fileStatuses),
  dialect: textOrNull,
  rows: count,
  imported: count,
  skipped: count,
  rejected: count,
  errors: type({
    line: type("number.integer >= 1").or("null"),
    column: textOrNull,
    code: "string <= 64",
    message: "string <= 500",
  })
    .array()
    .atMostLength(200),
  truncated: "boolean",
});
export type FileResult = typeof fileResultShape.infer;

export const userShape = type({
  user_id: id,
  timezone: "string > 0",
  base_currency: "string > 0",
  "starting_balance?": decimalOrNull,
  "breakeven_band?": type({ min: decimal, max: decimal }).or("null"),
  trades_version: count,
  "trades_changed_at?": timestampOrNull,
  statistics: type({ based_on_version: count, computed_at: timestamp }).or("null"),
});
export type User = Filled<typeof userShape.infer>;

const cycleResultShape = type({
  user_id: id,
  "account_id?": id.or("null"),
  "broker?": type("string <= 32").or("null"),
  status: type.enumerated(...resultStatuses),
  "trades?": "number.integer",
  "executions?": "number.integer",
  "duplicates?": "number.integer",
  "rejected?": "number.integer",
  "duration_ms?": "number.integer",
  "error?": type({ code: "string <= 64", "message?": type("string <= 1000").or("null") }).or("null"),
});
export type CycleResult = typeof cycleResultShape.infer;

export const cycleReportShape = type({
  cycle_id: "8 <= string <= 64",
  worker_id: "string <= 128",
  version: "string <= 32",
  worker: type.enumerated(...workerNames),
  status: type.enumerated(...cycleStatuses),
  started_at: timestamp,
  finished_at: timestamp,
  per_user_results: cycleResultShape.array().atMostLength(5000),
  summary: {
    total_users: "number.integer",
    successful: "number.integer",
    failed: "number.integer",
    skipped: "number.integer",
    total_trades: "number.integer",
    total_executions: "number.integer",
    duplicates_skipped: "number.integer",
    buffered: "number.integer",
    total_duration_ms: "number.integer",
  },
});
export type CycleReport = typeof cycleReportShape.infer;

const listCounts = { received: count, created: count, duplicates: count, rejected: count } as const;
export const batchAnswerShape = type({
  data: {
    account_id: id,
    checkpoint_version: count,
    executions: listCounts,
    trades: { ...listCounts, updated: count },
    results: {
      executions: type({
        index: count,
        external_id: textOrNull,
        status: "'created' | 'duplicate' | 'rejected'",
        "differs?": booleanOrNull,
      }).array(),
      trades: type({
        index: count,
        external_id: textOrNull,
        status: "'created' | 'updated' | 'duplicate' | 'rejected'",
        "trade_id?": id.or("null"),
        "revision?": integerOrNull,
      }).array(),
    },
  },
});
/** The platform's answer to a batch; `errors` stands beside `data` and is read apart. */
export type BatchAnswer = typeof batchAnswerShape.infer;

export const dataShape = type({ data: "object" });

export const pageShape = type({
  data: "unknown[]",
  "links?": type({ "next?": textOrNull }).or("null"),
  "meta?": type({ "next_cursor?": textOrNull }).or("null"),
});

export const conflictDataShape = type({
  "checkpoint?": "object | null",
  "checkpoint_version?": integerOrNull,
  "credentials_version?": integerOrNull,
  "based_on_version?": integerOrNull,
});

export const fileStoredShape = type({ data: { status: type.enumerated(...fileStatuses) } });
export const statisticsStoredShape = type({ data: { based_on_version: count, stale: "boolean" } });
export const cycleStoredShape = type({ data: { status: "'created' | 'duplicate'" } });
