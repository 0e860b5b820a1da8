import "../jitless.ts";
import { type } from "arktype";
import { Failure } from "../errors.ts";
import { parseDecimal } from "../executions/decimal.ts";
import type { Execution, ExecutionType, Market } from "../executions/execution.ts";
import { splitSymbol } from "../executions/symbols.ts";
import { failure } from "./broker-failure.ts";
import { readModes, sideOfPosition } from "./bybit/position-modes.ts";
import type { CcxtClient } from "./ccxt/client.ts";
import { ipNotAllowed, type Refusal, type Verdict } from "./ccxt/errors.ts";
import {
  dayMs,
  type Endpoint,
  type Exchange,
  type Reading,
  type Stream,
  TooOld,
  type Window,
} from "./ccxt/exchange.ts";
import { makeExecution } from "./ccxt/make-execution.ts";
import { listed, type Named } from "./ccxt/markets.ts";
import { collect } from "./ccxt/pages.ts";
import type { Booked } from "./ccxt/reconcile.ts";
import { Id, MaybeMoney, MaybeText, Milliseconds, Money, parseRounded } from "./ccxt/rows.ts";
import { noteUnread } from "./ccxt/unread.ts";
import type { MarketSymbol } from "./markets-cache.ts";

/**
 * Bybit, REST v5: `/v5/execution/list`, one category a call, seven days a window, newest first, a hundred rows a page by cursor; rows of one
 * millisecond in any order; two years of history. No type is asked for, since liquidations, ADL and deliveries have types of their own and
 * positions would never close without them; funding is a type, too.
 */
const endpoints = {
  executions: {
    method: "privateGetV5ExecutionList",
    costs: [
      ["account", 1],
      ["address", 1],
    ],
  },
  instruments: {
    method: "publicGetV5MarketInstrumentsInfo",
    costs: [["address", 1]],
    isPublic: true,
    bytesMax: 64_000_000,
  },
  log: {
    method: "privateGetV5AccountTransactionLog",
    costs: [
      ["account", 1],
      ["address", 1],
    ],
  },
  time: { method: "publicGetV5MarketTime", costs: [["address", 1]], isPublic: true },
  key: {
    method: "privateGetV5UserQueryApi",
    costs: [
      ["key", 1],
      ["address", 1],
    ],
  },
} as const satisfies Record<string, Endpoint>;

const pageRows = 100;
const instrumentsPerPage = 1_000;
const categories = ["spot", "linear", "inverse", "option"] as const;
type Category = (typeof categories)[number];

export const bybit: Exchange = {
  id: "bybit",
  title: "Bybit",
  load: () => import("#ccxt/bybit.js"),
  options: { recvWindow: 10_000 },
  clock: { endpoint: endpoints.time, timeMs: (answer) => numberAt(answer, "time") },
  judge,
  listMarkets,
  rights,
  unread: [
    {
      key: "expiry",
      markets: ["option"],
      message:
        "What became of Bybit's options at their expiry is not read by this version: positions that were held until then stay open, a file export has the settlement.",
    },
  ],
  books: { title: "transaction log", windowMs: 7 * dayMs, read: readLog },
  streams: (reading) =>
    categories.filter((name) => reading.account.markets.includes(name)).map((name) => stream(reading, name)),
};

const titles: Record<Category, string> = {
  spot: "spot trades",
  linear: "USDT and USDC contracts",
  inverse: "inverse contracts",
  option: "options",
};

function stream(reading: Reading, category: Category): Stream {
  return {
    key: category,
    title: titles[category],
    windowMs: 7 * dayMs,
    keptMs: 730 * dayMs,
    read: (window) => readExecutions(reading, category, window),
  };
}

const Row = type({
  symbol: "string > 0",
  execId: Id,
  orderId: MaybeText,
  side: "string",
  execType: "string",
  execPrice: Money,
  execQty: Money,
  "execValue?": MaybeMoney,
  execFee: MaybeMoney,
  "feeCurrency?": MaybeText,
  "execPnl?": MaybeMoney,
  "closedSize?": MaybeMoney,
  isMaker: "boolean",
  execTime: Milliseconds,
});
type Row = typeof Row.infer;
const Executions = type({ result: { "nextPageCursor?": "string | null", list: Row.array() } });

async function readExecutions(reading: Reading, category: Category, { fromMs, toMs }: Window): Promise<Execution[]> {
  const { client, markets } = reading;
  const rows = await collect(async (cursor) => {
    const parameters = {
      category,
      startTime: fromMs,
      endTime: toMs,
      limit: pageRows,
      ...(cursor !== null && { cursor }),
    };
    const { result } = await withRetention(client, () => client.get(endpoints.executions, parameters, Executions));
    // A cursor comes with the last page, too.
    return { rows: result.list, next: result.list.length < pageRows ? null : result.nextPageCursor || null };
  });
  await readModes(
    reading,
    category,
    rows.map(({ symbol }) => symbol),
  );
  const executions: Execution[] = [];
  if (category === "option" && rows.length > 0) noteUnread(reading, "expiry");
  for (const row of rows) {
    const named =
      category === "option"
        ? { market: category, symbol: row.symbol, info: undefined }
        : await markets.named(category, row.symbol);
    const execution = toExecution(reading, named, row);
    if (execution !== null) executions.push(execution);
  }
  return executions;
}

const Log = type({
  result: {
    "nextPageCursor?": "string | null",
    list: type({
      symbol: "string",
      category: "string",
      type: "string",
      cashFlow: MaybeMoney,
    }).array(),
  },
});
const logRows = 50;
/** What executions are of. `SETTLEMENT` is funding, and what a session of USDC contracts paid out. */
const logTypes = new Set(["TRADE", "LIQUIDATION", "ADL", "DELIVERY"]);

/** `cashFlow` is what an execution states as `execPnl`. Unified accounts alone have it; two years. */
async function readLog({ client }: Reading, markets: ReadonlySet<Market>, { fromMs, toMs }: Window): Promise<Booked[]> {
  const booked: Booked[] = [];
  for (const category of categories.filter((name) => markets.has(name))) {
    const rows = await collect(async (cursor) => {
      const span = { accountType: "UNIFIED", category, startTime: fromMs, endTime: toMs, limit: logRows };
      const { result } = await client.get(endpoints.log, { ...span, ...(cursor !== null && { cursor }) }, Log);
      return { rows: result.list, next: result.list.length < logRows ? null : result.nextPageCursor || null };
    });
    for (const { symbol, type: kind, cashFlow } of rows) {
      if (logTypes.has(kind) && cashFlow !== null)
        booked.push({ market: category, symbol, pnl: parseRounded(cashFlow) });
    }
  }
  return booked;
}

/** Classic accounts keep half a year; the refusal says how much. */
async function withRetention<T>(client: CcxtClient, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const [, days] = error instanceof Failure ? (/earlier than (\d{2,4}) days/i.exec(error.message) ?? []) : [];
    if (days === undefined) throw error;
    throw new TooOld(client.nowMs() - Number(days) * dayMs + 600_000);
  }
}

const types = new Map<string, ExecutionType | null>([
  ["", "fill"], // classic spot
  ["Trade", "fill"],
  ["BlockTrade", "fill"],
  ["MovePosition", "fill"],
  ["FutureSpread", "fill"],
  ["AdlTrade", "adl"],
  ["BustTrade", "liquidation"],
  ["Delivery", "settlement"],
  ["Settle", "settlement"],
  ["Funding", "funding"],
  // Pays out a position that stays open; prices tell its result from the real entry on.
  ["SessionSettlePnL", null],
]);

function toExecution(reading: Reading, named: Named, row: Row): Execution | null {
  const executionType = types.get(row.execType);
  if (executionType === null) return null;
  if (executionType === undefined || (row.side !== "Buy" && row.side !== "Sell")) {
    const what = executionType === undefined ? `the type "${row.execType}"` : `the side "${row.side}"`;
    throw failure(
      "broker_answer",
      `Bybit's ${named.market} execution ${row.symbol} ${row.execId} has ${what}, which this version does not know.`,
    );
  }
  const assets = assetsOf(named);
  const side = row.side === "Buy" ? "buy" : "sell";
  const fee = row.execFee === null ? null : parseRounded(row.execFee);
  const common = { ...assets, executedAtMs: row.execTime, type: executionType, fee };
  if (executionType === "funding") {
    return makeExecution(bybit, named, row.execId, () => ({
      ...common,
      side: null,
      feeAsset: row.feeCurrency ?? assets.settleAsset ?? null,
    }));
  }
  return makeExecution(bybit, named, row.execId, () => ({
    ...common,
    side,
    positionSide: sideOfPosition(reading, named, { side, closedSize: row.closedSize ?? null }),
    quantity: parseDecimal(row.execQty),
    price: parseDecimal(row.execPrice),
    // Of inverse contracts it is in the base asset.
    quoteQuantity:
      named.market === "inverse" ? parseDecimal(row.execQty) : row.execValue ? parseDecimal(row.execValue) : null,
    feeAsset: row.feeCurrency ?? feeAssetOf(named, side, fee, assets),
    realizedPnl: named.market === "spot" || !row.execPnl ? null : parseRounded(row.execPnl),
    orderId: row.orderId,
    liquidity: row.isMaker ? "maker" : "taker",
  }));
}

type Assets = Partial<Pick<Execution, "baseAsset" | "quoteAsset" | "settleAsset" | "contractSize">>;

/** Spot takes its fee from what came in, and gives a rebate in what went out; contracts settle it. */
function feeAssetOf(
  { market, symbol, info }: Named,
  side: "buy" | "sell",
  fee: bigint | null,
  { settleAsset, quoteAsset }: Assets,
): string | null {
  if (market !== "spot") return settleAsset ?? quoteAsset ?? null;
  const pair = info ?? splitSymbol(symbol);
  if (pair === null) return null;
  return (side === "buy") === (fee ?? 0n) >= 0n ? pair.base : pair.quote;
}

const one = parseDecimal("1");

/** One contract is one base unit, of inverse ones one US dollar. Symbols that are gone are taken apart by their names. */
function assetsOf({ market, symbol, info }: Named): Assets {
  if (market === "spot") return {};
  const contractSize = one;
  if (info !== undefined) return { contractSize, settleAsset: info.settle };
  if (market === "option") {
    const [, suffix] = /-(?:C|P)(?:-([A-Z]+))?$/.exec(symbol) ?? [];
    return { quoteAsset: suffix ?? "USDC", settleAsset: suffix ?? "USDC", contractSize };
  }
  const [, name = symbol] = /^(.+?)(?:-\d{1,2}[A-Z]{3}\d{2})$/.exec(symbol) ?? [];
  if (market === "inverse") {
    const [, base] = /^([A-Z0-9]+?)USD(?:[FGHJKMNQUVXZ]\d{2})?$/.exec(name) ?? [];
    return base === undefined
      ? { contractSize }
      : { baseAsset: base, quoteAsset: "USD", settleAsset: base, contractSize };
  }
  const [, base, quote = "USDC"] = /^([A-Z0-9]+?)(?:PERP|(USDT|USDC|USD1|USDE))?$/.exec(name) ?? [];
  return base === undefined
    ? { contractSize }
    : { baseAsset: base, quoteAsset: quote, settleAsset: quote, contractSize };
}

const Instruments = type({
  result: {
    "nextPageCursor?": "string | null",
    list: type({
      symbol: "string > 0",
      baseCoin: "string > 0",
      quoteCoin: "string > 0",
      "settleCoin?": "string | null",
      "deliveryTime?": MaybeText,
      "marginTrading?": "string",
      "lotSizeFilter?": { "qtyStep?": MaybeMoney, "basePrecision?": MaybeMoney },
    }).array(),
  },
});

async function listMarkets(client: CcxtClient, market: Market): Promise<MarketSymbol[]> {
  const rows = await collect(async (cursor) => {
    const parameters = { category: market, limit: instrumentsPerPage, ...(cursor !== null && { cursor }) };
    const { result } = await client.get(endpoints.instruments, parameters, Instruments);
    return { rows: result.list, next: result.nextPageCursor || null };
  });
  return rows.map(({ symbol, baseCoin, quoteCoin, settleCoin, deliveryTime, lotSizeFilter }) =>
    listed({
      symbol,
      base: baseCoin,
      quote: quoteCoin,
      settle: market === "spot" ? null : (settleCoin ?? (market === "inverse" ? baseCoin : quoteCoin)),
      step: lotSizeFilter?.qtyStep ?? lotSizeFilter?.basePrecision ?? null,
      contractSize: market === "spot" ? null : "1",
      deliveryMs: Number(deliveryTime ?? 0) || null,
    }),
  );
}

const KeyInfo = type({ result: { readOnly: "0 | 1", permissions: "Record<string, string[]>" } });

async function rights(client: CcxtClient) {
  const { result } = await client.get(endpoints.key, {}, KeyInfo);
  const { Wallet: wallet = [], ...others } = result.permissions;
  const canWrite = result.readOnly === 0;
  const trading = ["ContractTrade", "Spot", "Options", "Derivatives", "Exchange"].some(
    (name) => (others[name] ?? []).length > 0,
  );
  return { canRead: true, canTrade: canWrite && trading, canWithdraw: canWrite && wallet.includes("Withdraw") };
}

/** An address that sends too much is shut out for ten minutes. */
const shutOutMs = 10 * 60_000;

function judge({ status, code, message, headers }: Refusal, nowMs: number): Verdict | null {
  if (status === 403 && code === null && /too frequent|rate/i.test(message))
    return { kind: "banned", untilMs: nowMs + shutOutMs };
  switch (code) {
    case "10006":
    case "10018": {
      const resetMs = Number(headers.get("x-bapi-limit-reset-timestamp") ?? 0);
      return { kind: "limited", waitMs: resetMs > nowMs && resetMs < nowMs + shutOutMs ? resetMs - nowMs : null };
    }
    case "10009":
    case "10010":
      return ipNotAllowed;
    case "10001":
      return /symbol/i.test(message) ? { kind: "symbol_gone" } : null;
    case "10016":
      return { kind: "transient", code: /maintenance/i.test(message) ? "broker_maintenance" : "broker_unavailable" };
    case "10000":
      return { kind: "transient", code: "timeout" };
    case "10020":
    case "10028":
    case "100028":
      return { kind: "no_wallet" };
    default:
      return null;
  }
}

function numberAt(answer: unknown, field: string): number | null {
  const value = Number(
    typeof answer === "object" && answer !== null ? (answer as Record<string, unknown>)[field] : Number.NaN,
  );
  return Number.isFinite(value) ? value : null;
}
