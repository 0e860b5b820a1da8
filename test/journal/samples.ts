import type { Context, Fetch, LogFields, LogLevel } from "../../src/context.ts";
import { sealBatch } from "../../src/journal/batch.ts";
import { contentHash } from "../../src/journal/convert.ts";
import type { SealedBatch } from "../../src/journal/journal.ts";
import type { CycleReport, FileResult, Id, Statistics, WireExecution, WireTrade } from "../../src/journal/wire.ts";

/** The executions of the contract's examples, with their hashes. */
export const bought: WireExecution = {
  external_id: "binance:linear:BTCUSDT:104234",
  execution_type: "fill",
  market: "linear",
  symbol: "BTCUSDT",
  base_asset: "BTC",
  quote_asset: "USDT",
  settle_asset: "USDT",
  side: "buy",
  position_side: null,
  quantity: "0.010",
  price: "64000.10",
  quote_quantity: "640.0010",
  contract_size: "1",
  fee: "0.32000050",
  fee_asset: "USDT",
  fee_in_quote: "0.32000050",
  realized_pnl: "0",
  order_id: "9000000001",
  liquidity: "taker",
  executed_at: "2026-02-28T08:00:00.123Z",
  content_hash: "001219747e66726cada22bc69b231fb7890b2722e82a9e71f8575266d32a2f91",
};

export const funded: WireExecution = {
  ...bought,
  external_id: "binance:linear:BTCUSDT:funding:77120001",
  execution_type: "funding",
  side: null,
  quantity: null,
  price: null,
  quote_quantity: null,
  contract_size: null,
  fee: "0.06400010",
  fee_in_quote: "0.06400010",
  realized_pnl: null,
  order_id: null,
  liquidity: null,
  executed_at: "2026-02-28T16:00:00.000Z",
  content_hash: "071674fe30487a6a3212ee0c0422db0f138dfc85336555afff3938352041d55f",
};

export const sold: WireExecution = {
  ...bought,
  external_id: "binance:linear:BTCUSDT:104891",
  side: "sell",
  price: "64500.20",
  quote_quantity: "645.0020",
  fee: "0.32250100",
  fee_in_quote: "0.32250100",
  realized_pnl: "5.00100000",
  order_id: "9000000002",
  executed_at: "2026-02-28T17:30:00.456Z",
  content_hash: "b75358f5b92f003abc5f3f765d524b4f552a7f6feb656f3301363100677be10e",
};

export const boughtSpot: WireExecution = {
  ...bought,
  external_id: "binance:spot:BTCUSDT:28457",
  market: "spot",
  settle_asset: null,
  quantity: "0.01000000",
  price: "64000.12000000",
  quote_quantity: "640.00120000",
  contract_size: null,
  fee: "0.00001000",
  fee_asset: "BTC",
  fee_in_quote: "0.64000120",
  realized_pnl: null,
  order_id: "9000000000",
  executed_at: "2026-02-28T22:13:20.123Z",
  content_hash: "310f87b19b507fc8f02c9e574d93004e5e71251085a0ae5234ed856ad47d6c6b",
};

export const roundTrip: WireTrade = {
  external_id: "trade:binance:linear:BTCUSDT:104234",
  revision: 1,
  status: "closed",
  origin: "derived",
  market: "linear",
  symbol: "BTCUSDT",
  base_asset: "BTC",
  quote_asset: "USDT",
  direction: "long",
  quantity: "0.010",
  open_quantity: "0",
  contract_size: "1",
  entry_price: "64000.10",
  exit_price: "64500.20",
  gross_pnl: "5.00100000",
  fees: "0.64250150",
  funding: "0.06400010",
  net_pnl: "4.29449840",
  pnl_currency: "USDT",
  pnl_in_base_currency: "4.29363950",
  base_currency: "USD",
  opened_at: "2026-02-28T08:00:00.123Z",
  closed_at: "2026-02-28T17:30:00.456Z",
  duration_seconds: 34200,
  initial_stop: null,
  take_profit: null,
  initial_risk: null,
  r_multiple: null,
  cost_basis_method: "fifo",
  execution_count: 3,
  flags: [],
  state: null,
  legs: [
    {
      execution_id: bought.external_id,
      role: "entry",
      quantity: "0.010",
      price: "64000.10",
      fee: "0.32000050",
      pnl: null,
    },
    { execution_id: funded.external_id, role: "funding", quantity: null, price: null, fee: "0.06400010", pnl: null },
    {
      execution_id: sold.external_id,
      role: "exit",
      quantity: "0.010",
      price: "64500.20",
      fee: "0.32250100",
      pnl: "5.001",
    },
  ],
};

export const stillOpen: WireTrade = {
  ...roundTrip,
  external_id: "trade:binance:spot:BTCUSDT:28457",
  status: "open",
  market: "spot",
  quantity: "0.01000000",
  open_quantity: "0.00999000",
  contract_size: null,
  entry_price: "64000.12",
  exit_price: null,
  gross_pnl: "0",
  fees: "0",
  funding: "0",
  net_pnl: "0",
  pnl_in_base_currency: "0",
  opened_at: "2026-02-28T22:13:20.123Z",
  closed_at: null,
  duration_seconds: null,
  execution_count: 1,
  state: '{"v":1,"lots":[["28457","0.00999","64000.12","0.6400012"]]}',
  legs: [
    {
      execution_id: boughtSpot.external_id,
      role: "entry",
      quantity: "0.01",
      price: "64000.12",
      fee: "0.6400012",
      pnl: null,
    },
  ],
};

/** Another execution with its own id and a hash that fits. */
export function executionOf(number: number, change: Partial<WireExecution> = {}): WireExecution {
  const execution = { ...boughtSpot, external_id: `binance:spot:BTCUSDT:${number}`, order_id: `${number}`, ...change };
  return { ...execution, content_hash: contentHash(execution) };
}

/** A closed trade of no executions, as a broker reports one. */
export function reportedTrade(number: number, change: Partial<WireTrade> = {}): WireTrade {
  return {
    ...roundTrip,
    external_id: `trade:metatrader:forex:EURUSD:${number}`,
    origin: "broker_reported",
    market: "forex",
    symbol: "EURUSD",
    cost_basis_method: null,
    execution_count: 0,
    legs: [],
    ...change,
  };
}

let keys = 0;

export interface BatchSample {
  accountId?: Id;
  key?: string;
  executions?: WireExecution[];
  trades?: WireTrade[];
  checkpoint?: object;
  expectedCheckpointVersion?: number;
}

export function batchOf({ accountId = 1, key, executions = [], trades = [], ...rest }: BatchSample): SealedBatch {
  keys++;
  return sealBatch({ accountId, userId: 1, key: key ?? `batch-${keys}-of-the-tests`, executions, trades, ...rest });
}

/** A body that `sealBatch` would refuse to make. */
export function rawBatch(body: { executions?: unknown; trades?: unknown; [field: string]: unknown }): SealedBatch {
  const lengthOf = (list: unknown): number => (Array.isArray(list) ? list.length : 0);
  return {
    ...batchOf({ executions: [bought] }),
    body: JSON.stringify(body),
    executions: lengthOf(body.executions),
    trades: lengthOf(body.trades),
  };
}

export const fileResult: FileResult = {
  status: "partial",
  dialect: "generic",
  rows: 120,
  imported: 117,
  skipped: 2,
  rejected: 1,
  errors: [{ line: 14, column: "price", code: "not_a_number", message: "Expected a number." }],
  truncated: false,
};

export function statisticsOf(basedOnVersion: number): Statistics {
  return {
    computed_at: "2026-03-01T10:00:05.123Z",
    based_on_version: basedOnVersion,
    engine_version: "1.0.0",
    timezone: "Europe/Paris",
    base_currency: "USD",
    currencies: [
      {
        currency: "USDT",
        periods: [
          { period: "all", key: "all", metrics: { trades: 1, wins: 1, net_pnl: "4.29", win_rate: "1.000000" } },
        ],
        breakdowns: [{ dimension: "symbol", key: "BTCUSDT", metrics: { trades: 1, net_pnl: "4.29" } }],
      },
    ],
    base: null,
    warnings: [{ code: "missing_conversion", count: 1 }],
  };
}

export const cycleReport: CycleReport = {
  cycle_id: "01JDK7Q2Z8F3M5N6P7R8S9T0V1",
  worker_id: "w1@host:4711",
  version: "1.0.0",
  worker: "trade_importer",
  status: "success",
  started_at: "2026-03-01T10:00:00.000Z",
  finished_at: "2026-03-01T10:00:09.120Z",
  per_user_results: [
    {
      user_id: 1,
      account_id: 1,
      broker: "binance",
      status: "ok",
      trades: 5,
      executions: 12,
      duplicates: 2,
      error: null,
    },
  ],
  summary: {
    total_users: 1,
    successful: 1,
    failed: 0,
    skipped: 0,
    total_trades: 5,
    total_executions: 12,
    duplicates_skipped: 2,
    buffered: 0,
    total_duration_ms: 9120,
  },
};

/** Two users, three accounts, one of them fed by two files. */
export const seed = {
  users: [
    { user_id: 1, timezone: "Europe/Paris", base_currency: "USD", starting_balance: "10000.00" },
    { user_id: 2, timezone: "America/New_York", base_currency: "EUR" },
  ],
  accounts: [
    {
      account_id: 1,
      user_id: 1,
      broker: "binance",
      markets: ["spot", "linear"],
      label: "Main",
      credentials_version: 1,
    },
    { account_id: 2, user_id: 2, broker: "bybit", markets: ["linear"], credentials: { api_key: "k", api_secret: "s" } },
    {
      account_id: 3,
      user_id: 2,
      broker: "csv",
      markets: ["stock"],
      broker_timezone: "America/New_York",
      source: {
        kind: "file",
        files: [
          { file_id: 91, name: "first.csv", text: "time,symbol\n" },
          { file_id: 92, name: "second.csv", format: "generic", text: "zeit,größe\n" },
        ],
      },
    },
  ],
};

export interface LogLine {
  level: LogLevel;
  event: string;
  fields: LogFields;
}

export interface FakeContext extends Context {
  /** Moves on by itself at each sleep. */
  nowMs: number;
  sleptMs: number[];
  lines: LogLine[];
  stop: (reason?: string) => void;
}

/** A world where sleeping takes no time, chance is always `random`, and everything is written down. */
export function fakeContext({
  fetch = globalThis.fetch as Fetch,
  random = 0.5,
  onSleep = (): void => undefined,
} = {}): FakeContext {
  const stopping = new AbortController();
  const lines: LogLine[] = [];
  const write =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}) => {
      lines.push({ level, event, fields });
    };
  let uuids = 0;
  const context: FakeContext = {
    nowMs: Date.parse("2026-03-01T10:00:00.000Z"),
    sleptMs: [],
    lines,
    stop: (reason = "SIGTERM") => stopping.abort(new Error(reason)),
    clock: {
      nowMs: () => context.nowMs,
      monotonicMs: () => context.nowMs,
      sleep: async (ms, signal) => {
        context.sleptMs.push(ms);
        context.nowMs += ms;
        onSleep();
        signal?.throwIfAborted();
      },
    },
    random: () => random,
    uuid: () => `request-${String(++uuids).padStart(4, "0")}`,
    fetch,
    log: {
      debug: write("debug"),
      info: write("info"),
      warning: write("warning"),
      error: write("error"),
      critical: write("critical"),
    },
    signal: stopping.signal,
    environment: {},
    terminal: { interactive: false, color: false, columns: 80, write: () => undefined, writeError: () => undefined },
  };
  return context;
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
