import "../jitless.ts";
import { type } from "arktype";
import {
  accountStatuses,
  costBasisMethods,
  cycleStatuses,
  decimalPattern,
  directions,
  executionTypes,
  fileStatuses,
  hashPattern,
  idPattern,
  importStatuses,
  legRoles,
  liquidities,
  markets,
  resultStatuses,
  sides,
  tradeFlags,
  tradeOrigins,
  tradeStatuses,
  workerNames,
} from "./fields.ts";
import { parseTimestamp } from "./timestamp.ts";

/**
 * The platform's shapes, as `contract/openapi.yaml` has them: snake_case, decimals as text, times as text. The types are
 * inferred from the shapes. Fields that may be left out may be null too, and are null in the types: `fill` (read.ts) puts the
 * nulls in and leaves unknown fields out. Rules between fields are the platform's to check (`rules.ts`), not a reader's.
 */

/** Every field is there; the ones left out are null. */
export type Filled<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };

const text = type("string");
const textOrNull = type("string | null");
const count = type("number.integer >= 0");
const decimal = text
  .narrow((value) => decimalPattern.test(value))
  .describe("a decimal number as text, with at most 30 digits before the point and 18 after");
const timestamp = text
  .narrow((value) => parseTimestamp(value) !== null)
  .describe("a time in UTC like 2026-03-01T10:00:00.123Z");
const hash = text.narrow((value) => hashPattern.test(value)).describe("64 hexadecimal digits");
const id = type("number.integer >= 0").or(
  text.narrow((value) => idPattern.test(value)).describe("1 to 64 characters of A-Z a-z 0-9 _ -"),
);
const decimalOrNull = decimal.or("null");
const timestampOrNull = timestamp.or("null");
const countOrNull = count.or("null");
const integerOrNull = type("number.integer | null");
const booleanOrNull = type("boolean | null");
const externalId = type("1 <= string <= 191");
const market = type.enumerated(...markets);
const costBasisMethod = type.enumerated(...costBasisMethods);

export type Id = typeof id.infer;

export const pingShape = type({
  status: "'ok'",
  time: timestamp,
  contract_version: text.narrow((value) => /^\d+\.\d+$/.test(value)).describe("two numbers, like 1.0"),
  key: { "name?": textOrNull, abilities: "string[]" },
  limits: { max_batch: "number.integer >= 1", "rate_per_minute?": integerOrNull },
});
export type Ping = typeof pingShape.infer;

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

const nullReason = type.enumerated(
  "no_trades",
  "no_wins",
  "no_losses",
  "no_drawdown",
  "no_variation",
  "no_initial_risk",
  "no_starting_balance",
  "equity_not_positive",
  "too_few_trades",
  "too_few_days",
  "unknown_amount",
);

export const metricsShape = type({
  trades: count,
  "wins?": count,
  "losses?": count,
  "breakevens?": count,
  "long_trades?": count,
  "short_trades?": count,
  "gross_pnl?": decimalOrNull,
  "fees?": decimalOrNull,
  "funding?": decimalOrNull,
  net_pnl: decimal,
  "gross_profit?": decimalOrNull,
  "gross_loss?": decimalOrNull,
  "volume?": decimalOrNull,
  "win_rate?": decimalOrNull,
  "loss_rate?": decimalOrNull,
  "breakeven_rate?": decimalOrNull,
  "win_rate_ex_breakeven?": decimalOrNull,
  "profit_factor?": decimalOrNull,
  "expectancy?": decimalOrNull,
  "expectancy_ratio?": decimalOrNull,
  "average_win?": decimalOrNull,
  "average_loss?": decimalOrNull,
  "payoff_ratio?": decimalOrNull,
  "largest_win?": decimalOrNull,
  "largest_loss?": decimalOrNull,
  "stddev_pnl?": decimalOrNull,
  "kelly?": decimalOrNull,
  "longest_win_streak?": count,
  "longest_loss_streak?": count,
  "longest_win_streak_pnl?": decimalOrNull,
  "longest_loss_streak_pnl?": decimalOrNull,
  "current_streak?": "number.integer",
  "max_drawdown?": decimal,
  "max_drawdown_pct?": decimalOrNull,
  "max_drawdown_pct_at_max?": decimalOrNull,
  "max_drawdown_peak_at?": timestampOrNull,
  "max_drawdown_trough_at?": timestampOrNull,
  "max_drawdown_recovered_at?": timestampOrNull,
  "longest_drawdown_seconds?": countOrNull,
  "drawdown_ongoing?": "boolean",
  "recovery_factor?": decimalOrNull,
  "return_basis?": "'equity' | 'pnl' | null",
  "annualisation_days?": "252 | 365 | null",
  "sharpe_ratio?": decimalOrNull,
  "sortino_ratio?": decimalOrNull,
  "cagr?": decimalOrNull,
  "calmar_ratio?": decimalOrNull,
  "ulcer_index?": decimalOrNull,
  "r_trades?": count,
  "expectancy_r?": decimalOrNull,
  "sqn?": decimalOrNull,
  "sqn100?": decimalOrNull,
  "sqn_reliable?": "boolean",
  "sqn_pnl?": decimalOrNull,
  "average_holding_seconds?": integerOrNull,
  "median_holding_seconds?": integerOrNull,
  "average_win_holding_seconds?": integerOrNull,
  "average_loss_holding_seconds?": integerOrNull,
  "average_breakeven_holding_seconds?": integerOrNull,
  "trading_days?": count,
  "winning_days?": count,
  "losing_days?": count,
  "average_daily_pnl?": decimalOrNull,
  "best_day?": textOrNull,
  "best_day_pnl?": decimalOrNull,
  "worst_day?": textOrNull,
  "worst_day_pnl?": decimalOrNull,
  "z_score?": decimalOrNull,
  "ahpr?": decimalOrNull,
  "ghpr?": decimalOrNull,
  "lr_correlation?": decimalOrNull,
  "lr_standard_error?": decimalOrNull,
  "null_reasons?": type({ "[string]": nullReason }),
});
export type Metrics = typeof metricsShape.infer;

export const statisticsSectionShape = type({
  currency: "1 <= string <= 24",
  periods: type({
    period: "'all' | 'year' | 'quarter' | 'month' | 'week' | 'day'",
    key: "string <= 32",
    "from?": timestamp,
    "to?": timestamp,
    metrics: metricsShape,
  })
    .array()
    .atMostLength(5000),
  breakdowns: type({
    dimension:
      "'symbol' | 'market' | 'broker' | 'account' | 'direction' | 'weekday' | 'hour' | 'session' | 'holding_time'",
    key: "string <= 128",
    metrics: metricsShape,
  })
    .array()
    .atMostLength(5000),
});
export type StatisticsSection = typeof statisticsSectionShape.infer;

export const statisticsShape = type({
  computed_at: timestamp,
  based_on_version: count,
  engine_version: "string <= 32",
  timezone: text.narrow(isTimezone).describe("a valid timezone"),
  base_currency: "1 <= string <= 24",
  currencies: statisticsSectionShape.array().atMostLength(50),
  base: statisticsSectionShape.or("null"),
  "warnings?": type({ code: "string", "message?": "string", "count?": "number.integer" }).array(),
});
export type Statistics = typeof statisticsShape.infer;

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

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
