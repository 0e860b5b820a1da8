import { absolute, type Decimal, divide, formatDecimal, fromProduct, multiply, one } from "../../executions/decimal.ts";
import type { ExecutionType, Market } from "../../executions/execution.ts";
import { splitSymbol } from "../../executions/symbols.ts";
import { decimal, oneOf, optionalDecimal, optionalId, optionalOneOf, optionalText, text } from "./columns.ts";
import { regionalTime } from "./day-first.ts";
import { type Draft, defineDialect, type Row, RowError, type Skip, skip } from "./dialect.ts";

const noFill = skip("an order's change, not a fill");

const columns = {
  time: regionalTime("transactTime", {
    rest: [", h:mm:ss A", ", h:mm:ss"],
    others: ["D.M.YYYY, h:mm:ss", "iso"],
  }),
  symbol: text("symbol"),
  type: oneOf<ExecutionType | Skip>("execType", {
    Trade: "fill",
    Funding: "funding",
    Settlement: "settlement",
    New: noFill,
    Canceled: noFill,
    Replaced: noFill,
    Rejected: noFill,
  }),
  side: optionalOneOf("side", { Buy: "buy", Sell: "sell" }),
  quantity: optionalDecimal("lastQty"),
  price: optionalDecimal("lastPx"),
  cost: optionalDecimal("execCost"),
  fee: decimal("execComm"),
  settles: optionalText("settlCurrency"),
  orderId: optionalId("orderID"),
  matchId: optionalId("trdMatchID"),
};

type BitmexRow = Row<typeof columns>;

/**
 * BitMEX, "Trade History" (Save as CSV): one row a fill or funding, newest first. Costs and fees are in the smallest unit of what the contract settles in
 * (satoshi), a fee above zero was paid. What kind of contract it is the file does not say, but its cost does: the quantity by the price (inverse),
 * or times the price and a power of ten. Saved from the site, times are the browser's own clock's, month first, and the zone must be said;
 * as ISO they have theirs. (Columns as in everytrade-io/everytrade-plugins, BitmexBeanV1; that the site writes local times is seen in rotki's sample of the
 * wallet history, where the settlement of 12:00 UTC stands at 7:00 AM.)
 */
export const bitmexTrades = defineDialect({
  id: "bitmex_trades",
  broker: "bitmex",
  title: "BitMEX trade history",
  export: "BitMEX > Account > Order History, Trade History > Save as CSV",
  markets: ["inverse", "linear"],
  layout: { kind: "table" },
  headers: [["transactTime", "symbol", "execType", "side", "lastQty", "lastPx", "execCost", "execComm", "orderID"]],
  timezone: null,
  statedPnl: null,
  columns,
  timeColumn: "time",
  toExecution(row): Draft | Skip {
    if (typeof row.type !== "string") return row.type;
    const { symbol, type, side, orderId, quantity, price } = row;
    if (quantity === null || price === null || quantity === 0n || price === 0n) {
      throw new RowError("empty", "the contracts and their price are missing", "quantity");
    }
    const settle = settlementOf(row);
    const contract = contractOf(row, settle, { quantity: absolute(quantity), price });
    const isFill = type !== "funding";
    return {
      id: row.matchId,
      identity: [row.time.text, symbol, type, side ?? "", ...[price, quantity].map(formatDecimal), orderId ?? ""],
      type,
      symbol,
      ...contract,
      settleAsset: settle.asset,
      side: isFill ? side : null,
      ...(isFill ? { quantity: absolute(quantity), price } : {}),
      fee: row.fee / settle.units,
      feeAsset: settle.asset,
      orderId,
      executedAtMs: row.time.utcMs,
    };
  },
});

interface Settlement {
  asset: string;
  /** Of the smallest in one. */
  units: bigint;
}

const settlements = new Map<string, Settlement>([
  ["XBt", { asset: "XBT", units: 100_000_000n }],
  ["USDt", { asset: "USDT", units: 1_000_000n }],
]);

function settlementOf({ symbol, settles }: BitmexRow): Settlement {
  const settlement = settlements.get(settles ?? (/USDT/.test(symbol) ? "" : "XBt"));
  if (settlement !== undefined) return settlement;
  throw new RowError("unsupported_market", "the file does not say what the contract settles in", "symbol");
}

/** Costs are rounded a contract: a hundredth is far from what another kind of contract would cost. */
const toleranceDivisor = 100n;
const sizesMax = 10;
/** As BitMEX ends its symbols: XBTUSD is no pair of TUSD. */
const quotes = ["USDT", "USDC", "USD", "EUR", "XBT", "ETH"];

function contractOf(
  { symbol, cost }: BitmexRow,
  { asset, units }: Settlement,
  { quantity, price }: { quantity: Decimal; price: Decimal },
): { market: Market; baseAsset: string; quoteAsset: string; contractSize: Decimal } {
  if (cost === null || cost === 0n) throw new RowError("empty", "the cost of the contracts is missing", "cost");
  const isNear = (a: Decimal, b: Decimal) => absolute(a - b) * toleranceDivisor <= absolute(b);
  const value = absolute(cost) / units;
  const stripped = /^(.+?)[FGHJKMNQUVXZ]\d{2}$/.exec(symbol)?.[1] ?? symbol;
  const pair = splitSymbol(stripped, { quote: quotes.find((quote) => stripped.endsWith(quote)) ?? null });
  if (isNear(fromProduct(multiply(value, price)), quantity)) {
    const names = { baseAsset: asset, quoteAsset: pair?.quote ?? "USD" };
    return { market: "inverse", ...names, contractSize: one };
  }
  const worth = fromProduct(multiply(quantity, price));
  for (let power = 0, size = one; power < sizesMax; power++, size /= 10n) {
    if (!isNear(value, fromProduct(multiply(worth, size)))) continue;
    const names = { baseAsset: pair?.base ?? stripped, quoteAsset: pair?.quote ?? asset };
    return { market: "linear", ...names, contractSize: size };
  }
  const ratio = worth === 0n ? "none" : formatDecimal(divide(value, worth));
  throw new RowError("unsupported_market", `a contract of a size that is not known (${ratio})`, "cost");
}
