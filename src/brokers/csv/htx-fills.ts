import { formatDecimal } from "../../executions/decimal.ts";
import type { Market } from "../../executions/execution.ts";
import { splitSymbol } from "../../executions/symbols.ts";
import {
  amountIn,
  amountWithUnit,
  decimal,
  oneOf,
  optionalDecimal,
  optionalId,
  optionalText,
  text,
  time,
} from "./columns.ts";
import { type Draft, defineDialect, RowError } from "./dialect.ts";

/**
 * HTX, formerly Huobi, filled orders: one row a fill, without ids. Two generations: a fee with its coin glued on (`0.00178800LTC`), and columns for
 * the fee's coin and for points that paid it instead. Times are in UTC as everytrade-io/everytrade-plugins (HuobiBeanV1, HuobiBuySellBeanV1, the
 * source of both layouts) reads them; another zone is said by `--timezone`.
 */
export const htxFills = defineDialect({
  id: "htx_fills",
  broker: "htx",
  title: "HTX (Huobi) filled orders",
  export: "HTX > Orders > Spot (or Margin) Orders > Trade History > Export",
  markets: ["spot", "margin"],
  layout: { kind: "table" },
  headers: [
    [
      "uid",
      "symbol",
      "deal_type",
      "account_type",
      "price",
      "volume",
      "amount",
      "fee_amount",
      "fee_currency",
      "deal_time",
    ],
    ["Time", "Type", "Pair", "Side", "Price", "Amount", "Total", "Fee"],
  ],
  timezone: "UTC",
  statedPnl: null,
  columns: {
    account: optionalId("uid"),
    time: time(["deal_time", "Time"], ["YYYY-MM-DD hh:mm:ss"]),
    symbol: text(["symbol", "Pair"]),
    side: oneOf(["deal_type", "Side"], { buy: "buy", sell: "sell" }),
    market: oneOf<Market>(["account_type", "Type"], {
      spot: "spot",
      Exchange: "spot",
      margin: "margin",
      "super-margin": "margin",
    }),
    price: decimal("price"),
    // "amount" is what was bought or sold in the one generation, and what was paid for it in the other.
    quantity: decimal(["volume", "Amount"]),
    total: optionalDecimal("Total"),
    amount: decimal("amount"),
    fee: amountWithUnit(["fee_amount", "Fee"]),
    feeAsset: optionalText("fee_currency"),
    points: optionalDecimal("fee_point_volume"),
    pointsAsset: optionalText("fee_point_currency"),
  },
  timeColumn: "time",
  accountColumn: "account",
  toExecution(row): Draft {
    const { symbol, side, market, price, quantity } = row;
    const pair = splitSymbol(symbol);
    if (pair === null) throw new RowError("unknown_symbol", "a pair such as BTC/USDT", "symbol");
    const [base, quote] = [pair.base.toUpperCase(), pair.quote.toUpperCase()];
    const quoteQuantity = row.total ?? row.amount;
    const numbers = [price, quantity, quoteQuantity].map(formatDecimal);
    return {
      id: null,
      identity: [row.time.text, symbol, side, ...numbers],
      market,
      symbol,
      baseAsset: base,
      quoteAsset: quote,
      side,
      quantity,
      price,
      quoteQuantity,
      ...feeOf(row, [base, quote]),
      executedAtMs: row.time.utcMs,
    };
  },
});

type Charged = Parameters<NonNullable<(typeof htxFills)["toExecution"]>>[0];

/** In the coin, or in points. */
function feeOf(
  { fee, feeAsset, points, pointsAsset }: Pick<Charged, "fee" | "feeAsset" | "points" | "pointsAsset">,
  units: readonly string[],
): Pick<Draft, "fee" | "feeAsset"> {
  const said = amountIn(fee, units, "fee");
  const asset = said.unit ?? feeAsset?.toUpperCase() ?? null;
  if (points !== null && points !== 0n) {
    if (said.value !== 0n) throw new RowError("ambiguous_fee", "a fee in a coin and in points at once", "points");
    if (pointsAsset === null) throw new RowError("unit_missing", "the points do not say what they are", "points");
    return { fee: points, feeAsset: pointsAsset.toUpperCase() };
  }
  if (asset === null && said.value !== 0n) throw new RowError("unit_missing", "the fee does not say its coin", "fee");
  return { fee: said.value, feeAsset: asset ?? units[1] ?? null };
}
