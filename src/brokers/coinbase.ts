import "../jitless.ts";
import { type } from "arktype";
import { divide, fromProduct, multiply, parseDecimal } from "../executions/decimal.ts";
import type { Execution, Market } from "../executions/execution.ts";
import { failure } from "./broker-failure.ts";
import type { CcxtClient } from "./ccxt/client.ts";
import type { Refusal, Verdict } from "./ccxt/errors.ts";
import { type Endpoint, type Exchange, isWithin, type Reading, type Stream, type Window } from "./ccxt/exchange.ts";
import { makeExecution } from "./ccxt/make-execution.ts";
import { leaveOut, listed, type Named } from "./ccxt/markets.ts";
import { collect } from "./ccxt/pages.ts";
import { Id, MaybeMoney, MaybeText, Money, parseRounded } from "./ccxt/rows.ts";
import type { MarketSymbol } from "./markets-cache.ts";

/**
 * Coinbase, Advanced Trade v3: `orders/historical/fills`, all products in one list, newest first, by cursor, all history. Fees are in the quote asset.
 * A fill's size can be in the quote asset; times have nanoseconds.
 */
const endpoints = {
  fills: { method: "v3PrivateGetBrokerageOrdersHistoricalFills", costs: [["account", 1]] },
  products: {
    method: "v3PublicGetBrokerageMarketProducts",
    costs: [["public", 1]],
    isPublic: true,
    bytesMax: 32_000_000,
  },
  time: { method: "v3PublicGetBrokerageTime", costs: [["public", 1]], isPublic: true },
  key: { method: "v3PrivateGetBrokerageKeyPermissions", costs: [["account", 1]] },
} as const satisfies Record<string, Endpoint>;

const pageRows = 100;

export const coinbase: Exchange = {
  id: "coinbase",
  title: "Coinbase",
  load: () => import("#ccxt/coinbase.js"),
  options: { advanced: true },
  clock: {
    endpoint: endpoints.time,
    timeMs: (answer) => Number((answer as { epochMillis?: unknown }).epochMillis) || null,
  },
  judge,
  listMarkets,
  rights,
  streams: (reading) => [stream(reading)],
};

function stream(reading: Reading): Stream {
  const read = (window: Window) => readFills(reading, window);
  return { key: "all", title: "fills", windowMs: null, keptMs: null, beginsMs: Date.UTC(2015, 0, 1), read };
}

const Instant = type("string").pipe((text, context): number => {
  const ms = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isFinite(ms) ? ms : (context.error("a time in UTC") as never);
});
const Row = type({
  entry_id: Id,
  trade_id: Id,
  order_id: MaybeText,
  trade_time: Instant,
  trade_type: "string",
  price: Money,
  size: Money,
  commission: MaybeMoney,
  product_id: "string > 0",
  sequence_timestamp: Instant,
  "liquidity_indicator?": MaybeText,
  "size_in_quote?": "boolean",
  side: "'BUY' | 'SELL'",
});
type Row = typeof Row.infer;
const Fills = type({ fills: Row.array(), "cursor?": "string | null" });

/** The list is asked by the time at which a fill was written down, which follows the trade's by moments: rows are taken by it, too. */
async function readFills(reading: Reading, window: Window): Promise<Execution[]> {
  const { client, account } = reading;
  const span = {
    start_sequence_timestamp: new Date(window.fromMs - 1_000).toISOString(),
    end_sequence_timestamp: new Date(window.toMs + 1_000).toISOString(),
    limit: pageRows,
  };
  const rows = await collect(async (cursor) => {
    const { fills, cursor: next } = await client.get(
      endpoints.fills,
      { ...span, ...(cursor !== null && { cursor }) },
      Fills,
    );
    return { rows: fills, next: fills.length === 0 ? null : next || null };
  });
  const executions: Execution[] = [];
  for (const row of rows.filter(({ sequence_timestamp: ms }) => isWithin(window, { executedAtMs: ms }))) {
    const named = await namedOf(reading, row.product_id);
    if (!account.markets.includes(named.market)) continue;
    if (named.market === "linear" && named.info === undefined) leaveOut(reading, named);
    else executions.push(toExecution(named, row));
  }
  return executions;
}

/** `BTC-USD` is spot; `BIT-28JUL26-CDE` and `BTC-PERP-INTX` are contracts. */
async function namedOf({ markets }: Reading, symbol: string): Promise<Named> {
  return await markets.named(symbol.split("-").length === 2 ? "spot" : "linear", symbol);
}

const corrections = new Set(["REVERSAL", "CORRECTION", "SYNTHETIC"]);

function toExecution(named: Named, row: Row): Execution {
  if (row.trade_type !== "FILL") {
    const what = corrections.has(row.trade_type)
      ? "corrects an earlier one"
      : "has a type that this version does not know";
    throw failure("broker_answer", `Coinbase's entry ${row.product_id} ${row.entry_id} (${row.trade_type}) ${what}.`, {
      hint: "Report this with the entry as Coinbase shows it.",
    });
  }
  return makeExecution(coinbase, named, row.entry_id, () => {
    const price = parseDecimal(row.price);
    const size = parseDecimal(row.size);
    const quantity = row.size_in_quote === true ? divide(size, price) : size;
    const quote = named.info?.quote ?? row.product_id.split("-")[1] ?? null;
    const units =
      named.info?.contractSize == null
        ? quantity
        : fromProduct(multiply(quantity, parseDecimal(named.info.contractSize)));
    return {
      side: row.side === "BUY" ? "buy" : "sell",
      quantity,
      price,
      quoteQuantity: row.size_in_quote === true ? size : fromProduct(multiply(units, price)),
      fee: row.commission === null ? null : parseRounded(row.commission),
      feeAsset: row.commission === null ? null : quote,
      orderId: row.order_id,
      liquidity: row.liquidity_indicator === "MAKER" ? "maker" : row.liquidity_indicator === "TAKER" ? "taker" : null,
      executedAtMs: row.trade_time,
    };
  });
}

const Products = type({
  products: type({
    product_id: "string > 0",
    "product_type?": "string",
    "base_currency_id?": "string",
    "quote_currency_id?": "string",
    "base_increment?": MaybeMoney,
    "base_display_symbol?": "string",
    "future_product_details?": type({
      "contract_size?": MaybeMoney,
      "contract_expiry?": MaybeText,
      "contract_root_unit?": MaybeText,
    }).or("null"),
  }).array(),
});
type Product = (typeof Products.infer)["products"][number];

async function listMarkets(client: CcxtClient, market: Market): Promise<MarketSymbol[]> {
  const kind = market === "spot" ? "SPOT" : "FUTURE";
  const { products } = await client.get(endpoints.products, { product_type: kind }, Products);
  return products
    .filter(({ product_type: type = "SPOT" }) => type === kind)
    .map(market === "spot" ? toPair : toContract);
}

function toPair({
  product_id: symbol,
  base_currency_id,
  quote_currency_id,
  base_increment: step = null,
}: Product): MarketSymbol {
  const [base = "", quote = ""] = symbol.split("-");
  return listed({ symbol, base: base_currency_id || base, quote: quote_currency_id || quote, step });
}

function toContract(product: Product): MarketSymbol {
  const { product_id: symbol, base_increment: step = null, future_product_details: details } = product;
  const [root = symbol] = symbol.split("-");
  const quote = product.quote_currency_id || "USD";
  const expiry = Date.parse(details?.contract_expiry ?? "");
  return listed({
    symbol,
    base: details?.contract_root_unit || product.base_display_symbol || root,
    quote,
    settle: quote,
    step,
    contractSize: details?.contract_size ?? "1",
    deliveryMs: Number.isFinite(expiry) ? expiry : null,
  });
}

const Rights = type({ can_view: "boolean", can_trade: "boolean", can_transfer: "boolean" });

async function rights(client: CcxtClient) {
  const { can_view, can_trade, can_transfer } = await client.get(endpoints.key, {}, Rights);
  return { canRead: can_view, canTrade: can_trade, canWithdraw: can_transfer };
}

/** A wrong key is answered by a bare word, without the form of an error. */
function judge({ status, message }: Refusal): Verdict | null {
  if (status !== 401) return null;
  if (/timestamp|expired|too old/i.test(message)) return { kind: "clock" };
  return {
    kind: "permanent",
    code: "broker_auth_failed",
    hint: "Enter the key's name and its private key again, with all their lines.",
  };
}
