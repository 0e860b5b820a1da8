import "../jitless.ts";
import { type } from "arktype";
import { type Decimal, divide, fromProduct, multiply, parseDecimal } from "../executions/decimal.ts";
import type { Execution, ExecutionType, Market } from "../executions/execution.ts";
import { failure } from "./broker-failure.ts";
import type { CcxtClient } from "./ccxt/client.ts";
import { ipNotAllowed, permissionMissing, type Refusal, SymbolGone, type Verdict } from "./ccxt/errors.ts";
import { dayMs, type Endpoint, type Exchange, type Reading, type Stream, type Window } from "./ccxt/exchange.ts";
import { makeExecution } from "./ccxt/make-execution.ts";
import { listed, type Named } from "./ccxt/markets.ts";
import { collect, collectNumbered } from "./ccxt/pages.ts";
import { Id, MaybeMoney, MaybeText, Milliseconds, Money, parseRounded } from "./ccxt/rows.ts";
import type { MarketSymbol } from "./markets-cache.ts";

/**
 * KuCoin, REST: `/api/v1/fills` of spot and margin (a week a window, 500 rows a page by number, since 2019-02-18), the same of futures (1,000 rows);
 * newest first. Funding is a list for one contract, asked for those that are or were open.
 */
const endpoints = {
  fills: { method: "privateGetFills", costs: [["spot", 10]] },
  futures: { method: "futuresPrivateGetFills", costs: [["futures", 5]] },
  funding: { method: "futuresPrivateGetFundingHistory", costs: [["futures", 5]] },
  positions: { method: "futuresPrivateGetPositions", costs: [["futures", 2]] },
  symbols: { method: "publicGetSymbols", costs: [["public", 4]], isPublic: true, bytesMax: 32_000_000 },
  contracts: {
    method: "futuresPublicGetContractsActive",
    costs: [["public", 3]],
    isPublic: true,
    bytesMax: 32_000_000,
  },
  time: { method: "publicGetTimestamp", costs: [["public", 3]], isPublic: true },
  highFrequency: { method: "privateGetHfAccountsOpened", costs: [["spot", 2]] },
  key: { method: "privateGetUserApiKey", costs: [["spot", 20]] },
} as const satisfies Record<string, Endpoint>;

const spotRows = 500;
const futuresRows = 1_000;
const fundingRows = 100;
/** Its lists begin there. */
const beginsMs = Date.UTC(2019, 1, 18);
const tradeTypes = { spot: "TRADE", margin: "MARGIN_TRADE" } as const;
/** In the notes: contracts that may get funding, by blanks. */
const openNote = "open";

export const kucoin: Exchange = {
  id: "kucoin",
  title: "KuCoin",
  load: () => import("#ccxt/kucoin.js"),
  clock: { endpoint: endpoints.time, timeMs: (answer) => Number((answer as { data?: unknown }).data) || null },
  judge,
  listMarkets,
  tableOf: (market) => (market === "inverse" ? "linear" : market === "margin" ? "spot" : market),
  rights,
  unread: [
    {
      key: "high-frequency",
      markets: ["spot"],
      message:
        "This KuCoin account has a high-frequency (pro) account, whose spot trades are not in the lists that this version reads: a file export has them.",
      isThere: async (client) => (await client.get(endpoints.highFrequency, {}, Opened)).data,
    },
  ],
  streams,
};

const Opened = type({ data: "boolean" });

function* streams(reading: Reading): Generator<Stream> {
  const wanted = reading.account.markets;
  const common = { windowMs: 7 * dayMs, keptMs: null, beginsMs };
  for (const market of ["spot", "margin"] as const) {
    if (!wanted.includes(market)) continue;
    const title = market === "spot" ? "spot trades" : "margin trades";
    yield { key: market, title, ...common, read: (window) => readSpot(reading, market, window) };
  }
  if (wanted.includes("linear") || wanted.includes("inverse")) {
    yield { key: "futures", title: "futures", ...common, read: (window) => readFutures(reading, window) };
  }
}

const SpotRow = type({
  symbol: "string > 0",
  tradeId: Id,
  orderId: MaybeText,
  side: "'buy' | 'sell'",
  "liquidity?": MaybeText,
  price: Money,
  size: Money,
  "funds?": MaybeMoney,
  fee: MaybeMoney,
  feeCurrency: MaybeText,
  createdAt: Milliseconds,
});
const SpotFills = type({ data: { items: SpotRow.array() } });

async function readSpot(reading: Reading, market: "spot" | "margin", { fromMs, toMs }: Window): Promise<Execution[]> {
  const { client, markets } = reading;
  const span = { tradeType: tradeTypes[market], startAt: fromMs, endAt: toMs, pageSize: spotRows };
  const rows = await collectNumbered(spotRows, async (currentPage) => {
    return (await client.get(endpoints.fills, { ...span, currentPage }, SpotFills)).data.items;
  });
  const executions: Execution[] = [];
  for (const row of rows) {
    const named = await markets.named(market, row.symbol);
    executions.push(
      makeExecution(kucoin, named, row.tradeId, () => ({
        side: row.side,
        quantity: parseDecimal(row.size),
        price: parseDecimal(row.price),
        quoteQuantity: row.funds ? parseRounded(row.funds) : null,
        fee: row.fee === null ? null : parseRounded(row.fee),
        feeAsset: row.feeCurrency ?? (row.fee === null ? null : quoteOf(row.symbol)),
        orderId: row.orderId,
        liquidity: liquidityOf(row.liquidity),
        executedAtMs: row.createdAt,
      })),
    );
  }
  return executions;
}

/** Fees are taken in the quote asset, or in KCS, which is then named. */
function quoteOf(symbol: string): string | null {
  return symbol.split("-")[1] ?? null;
}

function liquidityOf(text: string | null | undefined): "maker" | "taker" | null {
  return text === "maker" || text === "taker" ? text : null;
}

const FuturesRow = type({
  symbol: "string > 0",
  tradeId: Id,
  orderId: MaybeText,
  side: "'buy' | 'sell'",
  "liquidity?": MaybeText,
  price: Money,
  size: Money,
  "value?": MaybeMoney,
  fee: MaybeMoney,
  feeCurrency: MaybeText,
  "settleCurrency?": MaybeText,
  "tradeType?": MaybeText,
  "positionSide?": MaybeText,
  createdAt: Milliseconds,
  "tradeTime?": MaybeText,
});
type FuturesRow = typeof FuturesRow.infer;
const FuturesFills = type({ data: { items: FuturesRow.array() } });

async function readFutures(reading: Reading, window: Window): Promise<Execution[]> {
  const { client, account } = reading;
  const wanted = new Set(account.markets);
  const span = { startAt: window.fromMs, endAt: window.toMs, pageSize: futuresRows };
  const rows = await collectNumbered(futuresRows, async (currentPage) => {
    return (await client.get(endpoints.futures, { ...span, currentPage }, FuturesFills)).data.items;
  });
  const executions: Execution[] = [];
  for (const row of rows) {
    const named = await namedContract(reading, row.symbol, row.settleCurrency ?? null);
    if (wanted.has(named.market)) executions.push(toFuturesExecution(named, row));
  }
  return [...executions, ...(await readFunding(reading, window, rows, wanted))];
}

/** Inverse contracts are settled in their base asset; the table has all contracts. */
async function namedContract({ markets }: Reading, symbol: string, settle: string | null): Promise<Named> {
  const { info } = await markets.named("linear", symbol);
  const market =
    (info?.settle ?? settle) !== null && (info?.settle ?? settle) === (info?.base ?? baseOf(symbol))
      ? "inverse"
      : "linear";
  return { market, symbol, info };
}

/** `XBTUSDTM`, `XBTUSDM`, `XBTMU24` */
function baseOf(symbol: string): string {
  return symbol.replace(/(USDT|USDC|USD)?M([FGHJKMNQUVXZ]\d{2})?$/, "");
}

const tradeKinds = new Map<string, ExecutionType>([
  ["trade", "fill"],
  ["liquidation", "liquidation"],
  ["liquid", "liquidation"],
  ["adl", "adl"],
  ["settlement", "settlement"],
]);

function toFuturesExecution(named: Named, row: FuturesRow): Execution {
  const kind = (row.tradeType ?? "trade").toLowerCase();
  const executionType = tradeKinds.get(kind);
  if (executionType === undefined) {
    throw failure(
      "broker_answer",
      `KuCoin's fill ${row.symbol} ${row.tradeId} has the type "${kind}", which this version does not know.`,
    );
  }
  return makeExecution(kucoin, named, row.tradeId, () => {
    const size = sizeOf(named, row);
    const quantity = parseDecimal(row.size);
    const price = parseDecimal(row.price);
    const units = fromProduct(multiply(quantity, size));
    const side = row.positionSide?.toLowerCase();
    return {
      type: executionType,
      side: row.side,
      positionSide: side === "long" || side === "short" ? side : null,
      ...(named.info === undefined ? goneAssets(named, row) : {}),
      contractSize: size,
      quantity,
      price,
      quoteQuantity: named.market === "inverse" ? units : fromProduct(multiply(units, price)),
      fee: row.fee === null ? null : parseRounded(row.fee),
      feeAsset: row.feeCurrency ?? named.info?.settle ?? null,
      orderId: row.orderId,
      liquidity: liquidityOf(row.liquidity),
      executedAtMs: timeOf(row),
    };
  });
}

/** Of a contract that is listed no more its size follows from what a fill of it was worth: all sizes are powers of ten. */
function sizeOf({ market, info }: Named, { value, size, price, symbol, tradeId }: FuturesRow): Decimal {
  if (info?.contractSize != null) return parseDecimal(info.contractSize);
  if (market === "inverse") return parseDecimal("1");
  const units = value ? divide(parseRounded(value), parseDecimal(price)) : 0n;
  const ratio = divide(units, parseDecimal(size));
  const digits = ratio.toString().length;
  // The power that is nearest: 0.00998 and 0.01002 are 0.01.
  if (ratio > 0n) return 10n ** BigInt(ratio >= 3n * 10n ** BigInt(digits - 1) ? digits : digits - 1);
  throw failure(
    "broker_answer",
    `KuCoin does not list ${symbol}, and its fill ${tradeId} does not say what it was worth.`,
  );
}

function goneAssets({ market, symbol }: Named, { settleCurrency }: FuturesRow) {
  const baseAsset = baseOf(symbol);
  const quoteAsset = market === "inverse" ? "USD" : (settleCurrency ?? "USDT");
  return { baseAsset, quoteAsset, settleAsset: market === "inverse" ? baseAsset : quoteAsset };
}

/** The trade's own time is in nanoseconds; the other is the order's. */
function timeOf({ tradeTime, createdAt }: FuturesRow): number {
  return tradeTime != null && /^\d{19}$/.test(tradeTime) ? Number(tradeTime.slice(0, 13)) : createdAt;
}

const Positions = type({
  data: type({ symbol: "string > 0", "isOpen?": "boolean", "currentQty?": MaybeMoney }).array(),
});
const Funding = type({
  data: {
    dataList: type({
      id: Id,
      symbol: "string > 0",
      timePoint: Milliseconds,
      funding: Money,
      settleCurrency: "string > 0",
    }).array(),
    "hasMore?": "boolean",
  },
});

/** A contract gets funding only while it is open: it is open now, was when it was last looked at, or was traded since. */
async function readFunding(
  reading: Reading,
  window: Window,
  traded: readonly FuturesRow[],
  wanted: ReadonlySet<Market>,
): Promise<Execution[]> {
  const { client, state } = reading;
  const before = (state.notes.get(openNote) ?? "").split(" ").filter(Boolean);
  // Of what lies in the past nobody says what was open; the last window has the positions of now.
  const isLast = window.toMs >= client.nowMs() - dayMs;
  const open = isLast ? await openContracts(client) : [];
  const asked = new Set([...open, ...before, ...traded.map((row) => row.symbol)]);
  const executions: Execution[] = [];
  for (const symbol of asked) {
    const named = await namedContract(reading, symbol, null);
    if (wanted.has(named.market)) executions.push(...(await fundingOf(reading, named, window)));
  }
  const kept = isLast ? open : [...asked];
  if (kept.length === 0) state.notes.delete(openNote);
  else state.notes.set(openNote, kept.join(" "));
  return executions;
}

async function openContracts(client: CcxtClient): Promise<string[]> {
  const { data } = await client.get(endpoints.positions, {}, Positions);
  return data.filter(({ isOpen, currentQty }) => isOpen ?? /[1-9]/.test(currentQty ?? "")).map(({ symbol }) => symbol);
}

/** A page goes on before the last row of the one before. */
async function fundingOf({ client }: Reading, named: Named, window: Window): Promise<Execution[]> {
  try {
    return await readFundingOf(client, named, window);
  } catch (error) {
    if (error instanceof SymbolGone) return []; // the contract is listed no more, and its funding with it
    throw error;
  }
}

async function readFundingOf(client: CcxtClient, named: Named, { fromMs, toMs }: Window): Promise<Execution[]> {
  const { symbol } = named;
  const rows = await collect(async (cursor) => {
    const endAt = cursor === null ? toMs : Number(cursor) - 1;
    const { data } = await client.get(
      endpoints.funding,
      { symbol, startAt: fromMs, endAt, maxCount: fundingRows },
      Funding,
    );
    const times = data.dataList.map(({ timePoint }) => timePoint);
    return { rows: data.dataList, next: data.hasMore === true && times.length > 0 ? String(Math.min(...times)) : null };
  });
  return rows.map((row) =>
    makeExecution(kucoin, named, `funding:${row.id}`, () => ({
      type: "funding",
      side: null,
      // Positive: received.
      fee: -parseRounded(row.funding),
      feeAsset: row.settleCurrency,
      executedAtMs: row.timePoint,
    })),
  );
}

const Symbols = type({
  data: type({
    symbol: "string > 0",
    baseCurrency: "string > 0",
    quoteCurrency: "string > 0",
    "baseIncrement?": MaybeMoney,
  }).array(),
});
const Contracts = type({
  data: type({
    symbol: "string > 0",
    baseCurrency: "string > 0",
    quoteCurrency: "string > 0",
    settleCurrency: "string > 0",
    multiplier: Money,
    isInverse: "boolean",
    "expireDate?": "number | string | null",
  }).array(),
});

async function listMarkets(client: CcxtClient, market: Market): Promise<MarketSymbol[]> {
  if (market === "spot") {
    const { data } = await client.get(endpoints.symbols, {}, Symbols);
    return data.map(({ symbol, baseCurrency, quoteCurrency, baseIncrement = null }) =>
      listed({ symbol, base: baseCurrency, quote: quoteCurrency, step: baseIncrement }),
    );
  }
  const { data } = await client.get(endpoints.contracts, {}, Contracts);
  return data.map((entry) =>
    listed({
      symbol: entry.symbol,
      base: entry.baseCurrency,
      quote: entry.quoteCurrency,
      settle: entry.settleCurrency,
      step: "1",
      // Of inverse contracts it is negative: minus one US dollar.
      contractSize: entry.multiplier.replace("-", ""),
      deliveryMs: Number(entry.expireDate ?? 0) || null,
    }),
  );
}

const KeyInfo = type({ data: { permission: "string" } });

async function rights(client: CcxtClient) {
  const { data } = await client.get(endpoints.key, {}, KeyInfo);
  const has = (...names: string[]) => names.some((name) => data.permission.split(",").includes(name));
  return {
    canRead: has("General"),
    canTrade: has("Spot", "Margin", "Futures"),
    canWithdraw: has("Withdrawal", "Transfer", "InnerTransfer"),
  };
}

function judge({ code, message }: Refusal): Verdict | null {
  switch (code) {
    case "400006":
      return ipNotAllowed;
    case "400007":
      return permissionMissing;
    case "400002":
      return { kind: "clock" };
    case "429000":
    case "1015":
      return { kind: "limited", waitMs: 10_000 };
    case "400100":
      return /symbol/i.test(message) ? { kind: "symbol_gone" } : null;
    default:
      return null;
  }
}
