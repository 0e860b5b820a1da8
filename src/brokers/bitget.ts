import "../jitless.ts";
import { type } from "arktype";
import { absolute, parseDecimal } from "../executions/decimal.ts";
import type { Execution, ExecutionType, Market } from "../executions/execution.ts";
import { failure } from "./broker-failure.ts";
import type { CcxtClient } from "./ccxt/client.ts";
import { ipNotAllowed, type Refusal, type Verdict } from "./ccxt/errors.ts";
import { dayMs, type Endpoint, type Exchange, type Reading, type Stream, type Window } from "./ccxt/exchange.ts";
import { makeExecution } from "./ccxt/make-execution.ts";
import { listed } from "./ccxt/markets.ts";
import { collect } from "./ccxt/pages.ts";
import { Id, MaybeMoney, MaybeText, Milliseconds, Money, parseRounded } from "./ccxt/rows.ts";
import type { MarketSymbol } from "./markets-cache.ts";

/**
 * Bitget, REST v2 (classic accounts): fills of spot, and of futures one product a call; newest first, a hundred rows a page below an id, 90 days of
 * history. Funding is a bill. Contracts are counted in the base asset.
 */
const endpoints = {
  spot: {
    method: "privateSpotGetV2SpotTradeFills",
    costs: [
      ["account", 1],
      ["address", 1],
    ],
  },
  futures: {
    method: "privateMixGetV2MixOrderFillHistory",
    costs: [
      ["account", 1],
      ["address", 1],
    ],
  },
  bills: {
    method: "privateMixGetV2MixAccountBill",
    costs: [
      ["account", 1],
      ["address", 1],
    ],
  },
  symbols: {
    method: "publicSpotGetV2SpotPublicSymbols",
    costs: [["address", 1]],
    isPublic: true,
    bytesMax: 32_000_000,
  },
  contracts: {
    method: "publicMixGetV2MixMarketContracts",
    costs: [["address", 1]],
    isPublic: true,
    bytesMax: 32_000_000,
  },
  time: { method: "publicCommonGetV2PublicTime", costs: [["address", 1]], isPublic: true },
  key: {
    method: "privateSpotGetV2SpotAccountInfo",
    costs: [
      ["slow", 1],
      ["address", 1],
    ],
  },
} as const satisfies Record<string, Endpoint>;

const pageRows = 100;
/** Those settled in coins are left out: in which unit their fills are counted is not certain, and a wrong one gives wrong results. */
const products = { "USDT-FUTURES": "linear", "USDC-FUTURES": "linear" } as const;
type Product = keyof typeof products;

export const bitget: Exchange = {
  id: "bitget",
  title: "Bitget",
  load: () => import("#ccxt/bitget.js"),
  clock: {
    endpoint: endpoints.time,
    timeMs: (answer) => Number((answer as { data?: { serverTime?: unknown } }).data?.serverTime) || null,
  },
  judge,
  listMarkets,
  rights,
  streams,
};

function* streams(reading: Reading): Generator<Stream> {
  const wanted = reading.account.markets;
  const common = { windowMs: 7 * dayMs, keptMs: 90 * dayMs };
  if (wanted.includes("spot")) {
    yield { key: "spot", title: "spot trades", ...common, read: (window) => readSpot(reading, window) };
  }
  for (const product of Object.keys(products) as Product[]) {
    if (!wanted.includes(products[product])) continue;
    yield { key: product, title: product, ...common, read: (window) => readFutures(reading, product, window) };
  }
}

const FeeDetail = type({
  "deduction?": MaybeText,
  "feeCoin?": MaybeText,
  "totalDeductionFee?": MaybeMoney,
  "totalFee?": MaybeMoney,
});
type FeeDetail = typeof FeeDetail.infer;

const SpotRow = type({
  symbol: "string > 0",
  tradeId: Id,
  orderId: MaybeText,
  side: "'buy' | 'sell'",
  priceAvg: Money,
  size: Money,
  "amount?": MaybeMoney,
  "feeDetail?": FeeDetail.or("null"),
  "tradeScope?": MaybeText,
  cTime: Milliseconds,
});
const SpotFills = type({ "data?": SpotRow.array().or("null") });

async function readSpot(reading: Reading, { fromMs, toMs }: Window): Promise<Execution[]> {
  const { client, markets } = reading;
  const span = { startTime: fromMs, endTime: toMs, limit: pageRows };
  const rows = await collect(async (cursor) => {
    const { data } = await client.get(
      endpoints.spot,
      { ...span, ...(cursor !== null && { idLessThan: cursor }) },
      SpotFills,
    );
    return pageOf(data ?? []);
  });
  const executions: Execution[] = [];
  for (const row of rows) {
    const named = await markets.named("spot", row.symbol);
    executions.push(
      makeExecution(bitget, named, row.tradeId, () => ({
        side: row.side,
        quantity: parseDecimal(row.size),
        price: parseDecimal(row.priceAvg),
        quoteQuantity: row.amount ? parseRounded(row.amount) : null,
        ...feeOf(row.feeDetail ?? undefined),
        orderId: row.orderId,
        liquidity: liquidityOf(row.tradeScope),
        executedAtMs: row.cTime,
      })),
    );
  }
  return executions;
}

function pageOf<Row extends { tradeId: string }>(rows: readonly Row[]) {
  return { rows, next: rows.length < pageRows ? null : (rows.at(-1)?.tradeId ?? null) };
}

function liquidityOf(text: string | null | undefined): "maker" | "taker" | null {
  return text === "maker" || text === "taker" ? text : null;
}

/** Negative: paid. Where it was deducted from BGB it is written without a sign. */
function feeOf(detail: FeeDetail | undefined): Pick<Execution, "fee" | "feeAsset"> {
  if (detail?.totalFee == null) return { fee: null, feeAsset: null };
  const amount = parseRounded(detail.totalFee);
  return { fee: detail.deduction === "yes" ? absolute(amount) : -amount, feeAsset: detail.feeCoin ?? null };
}

const FuturesRow = type({
  symbol: "string > 0",
  tradeId: Id,
  orderId: MaybeText,
  side: "'buy' | 'sell'",
  price: Money,
  baseVolume: Money,
  "quoteVolume?": MaybeMoney,
  "feeDetail?": FeeDetail.array().or("null"),
  "profit?": MaybeMoney,
  "tradeSide?": MaybeText,
  "posMode?": MaybeText,
  "tradeScope?": MaybeText,
  cTime: Milliseconds,
});
type FuturesRow = typeof FuturesRow.infer;
const FuturesFills = type({ "data?": type({ "fillList?": FuturesRow.array().or("null") }).or("null") });

async function readFutures(reading: Reading, product: Product, window: Window): Promise<Execution[]> {
  const { client, markets } = reading;
  const span = { productType: product, startTime: window.fromMs, endTime: window.toMs, limit: pageRows };
  const rows = await collect(async (cursor) => {
    const parameters = { ...span, ...(cursor !== null && { idLessThan: cursor }) };
    const { data } = await client.get(endpoints.futures, parameters, FuturesFills);
    return pageOf(data?.fillList ?? []);
  });
  const market = products[product];
  const executions: Execution[] = [];
  for (const row of rows) {
    const named = await markets.named(market, row.symbol);
    executions.push(
      makeExecution(bitget, named, row.tradeId, () => ({
        ...goneAssets(named.info === undefined, product, row.symbol),
        ...sidesOf(row),
        type: kindOf(row.tradeSide),
        contractSize: one,
        quantity: parseDecimal(row.baseVolume),
        price: parseDecimal(row.price),
        quoteQuantity: row.quoteVolume ? parseRounded(row.quoteVolume) : null,
        ...feeOf(row.feeDetail?.[0]),
        realizedPnl: row.profit ? parseRounded(row.profit) : null,
        orderId: row.orderId,
        liquidity: liquidityOf(row.tradeScope),
        executedAtMs: row.cTime,
      })),
    );
  }
  return [...executions, ...(await readFunding(reading, product, window))];
}

const one = parseDecimal("1");

/** In hedge mode `side` is the position's: `buy` with `close` sells what is long. */
function sidesOf({ side, tradeSide, posMode }: FuturesRow): Pick<Execution, "side" | "positionSide"> {
  if (posMode !== "hedge_mode") return { side, positionSide: null };
  const opposite = side === "buy" ? "sell" : "buy";
  return { side: closes(tradeSide) ? opposite : side, positionSide: side === "buy" ? "long" : "short" };
}

function closes(tradeSide: string | null | undefined): boolean {
  const text = tradeSide ?? "";
  if (/close/.test(text)) return true;
  if (text === "open") return false;
  throw failure("broker_answer", `Bitget's fill has the trade side "${text}", which this version does not know.`);
}

function kindOf(tradeSide: string | null | undefined): ExecutionType {
  const text = tradeSide ?? "";
  if (
    text.startsWith("burst_") ||
    text.startsWith("reduce_close_") ||
    text.startsWith("reduce_buy_") ||
    text.startsWith("reduce_sell_")
  )
    return "liquidation";
  if (text.startsWith("dte_sys_adl_") || text.startsWith("adl_")) return "adl";
  return text.startsWith("delivery_") ? "settlement" : "fill";
}

/** `BTCUSDT`, `BTCPERP` (USDC) */
function goneAssets(isGone: boolean, product: Product, symbol: string) {
  if (!isGone) return {};
  const [quoteAsset] = product.split("-");
  const [, baseAsset] = /^([A-Z0-9]+?)(?:USDT|USDC|PERP)(?:[FGHJKMNQUVXZ]\d{2})?$/.exec(symbol) ?? [];
  if (baseAsset === undefined || quoteAsset === undefined) return {};
  return { baseAsset, quoteAsset, settleAsset: quoteAsset };
}

const Bills = type({
  "data?": type({
    "bills?": type({
      billId: Id,
      symbol: "string",
      amount: Money,
      businessType: "string",
      coin: "string > 0",
      cTime: Milliseconds,
    })
      .array()
      .or("null"),
  }).or("null"),
});

async function readFunding(
  { client, markets }: Reading,
  product: Product,
  { fromMs, toMs }: Window,
): Promise<Execution[]> {
  const span = {
    productType: product,
    businessType: "contract_settle_fee",
    startTime: fromMs,
    endTime: toMs,
    limit: pageRows,
  };
  const rows = await collect(async (cursor) => {
    const { data } = await client.get(
      endpoints.bills,
      { ...span, ...(cursor !== null && { idLessThan: cursor }) },
      Bills,
    );
    const bills = data?.bills ?? [];
    return { rows: bills, next: bills.length < pageRows ? null : (bills.at(-1)?.billId ?? null) };
  });
  const executions: Execution[] = [];
  for (const row of rows.filter(({ businessType }) => businessType === "contract_settle_fee")) {
    const named = await markets.named(products[product], row.symbol);
    executions.push(
      makeExecution(bitget, named, `funding:${row.billId}`, () => ({
        ...goneAssets(named.info === undefined, product, row.symbol),
        type: "funding",
        side: null,
        contractSize: one,
        fee: -parseRounded(row.amount),
        feeAsset: row.coin,
        executedAtMs: row.cTime,
      })),
    );
  }
  return executions;
}

const Symbols = type({
  data: type({
    symbol: "string > 0",
    baseCoin: "string > 0",
    quoteCoin: "string > 0",
    "quantityPrecision?": "string | number",
  }).array(),
});
const Contracts = type({
  data: type({
    symbol: "string > 0",
    baseCoin: "string > 0",
    quoteCoin: "string > 0",
    "supportMarginCoins?": "string[]",
    "sizeMultiplier?": MaybeMoney,
    "deliveryTime?": MaybeText,
  }).array(),
});

async function listMarkets(client: CcxtClient, market: Market): Promise<MarketSymbol[]> {
  if (market === "spot") {
    const { data } = await client.get(endpoints.symbols, {}, Symbols);
    return data.map(({ symbol, baseCoin, quoteCoin, quantityPrecision }) =>
      listed({ symbol, base: baseCoin, quote: quoteCoin, step: stepOf(Number(quantityPrecision ?? Number.NaN)) }),
    );
  }
  const rows: MarketSymbol[] = [];
  for (const product of (Object.keys(products) as Product[]).filter((name) => products[name] === market)) {
    const { data } = await client.get(endpoints.contracts, { productType: product }, Contracts);
    for (const { symbol, baseCoin, quoteCoin, sizeMultiplier = null, deliveryTime } of data) {
      rows.push(
        listed({
          symbol,
          base: baseCoin,
          quote: quoteCoin,
          settle: quoteCoin,
          step: sizeMultiplier,
          contractSize: "1",
          deliveryMs: Number(deliveryTime ?? 0) || null,
        }),
      );
    }
  }
  return rows;
}

function stepOf(digits: number): string | null {
  if (!Number.isInteger(digits) || digits < 0 || digits > 18) return null;
  return digits === 0 ? "1" : `0.${"0".repeat(digits - 1)}1`;
}

const KeyInfo = type({ data: { authorities: "string[]" } });

/** Rights are short words: those that end in `w` write. */
async function rights(client: CcxtClient) {
  const { data } = await client.get(endpoints.key, {}, KeyInfo);
  const { authorities } = data;
  const trading = ["coow", "cpow", "stow", "smow", "trade", "ttow"];
  return {
    canRead: true,
    canTrade: authorities.some((right) => trading.includes(right)),
    canWithdraw: authorities.some((right) => ["wtow", "withdraw"].includes(right)),
  };
}

function judge({ code, message }: Refusal): Verdict | null {
  switch (code) {
    case "40018":
      return ipNotAllowed;
    case "40085":
      return {
        kind: "permanent",
        code: "permission_missing",
        hint: "This is a unified account, whose lists this version does not read: use a classic account, or import a file export.",
      };
    case "429":
    case "40010":
      return code === "429" ? { kind: "limited", waitMs: 2_000 } : null;
    default:
      return /unified (trading )?account/i.test(message)
        ? {
            kind: "permanent",
            code: "permission_missing",
            hint: "Unified accounts are not read by this version: import a file export.",
          }
        : null;
  }
}
