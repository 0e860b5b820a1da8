import { formatDecimal } from "../../executions/decimal.ts";
import { splitSymbol } from "../../executions/symbols.ts";
import { noDataRow } from "./binance.ts";
import {
  amountIn,
  amountWithUnit,
  decimal,
  oneOf,
  optional,
  optionalDecimal,
  optionalId,
  text,
  time,
} from "./columns.ts";
import { belowCount, type Draft, defineDialect, RowError, type Skip, skip } from "./dialect.ts";

/** As spreadsheets of Central Europe leave them, the last ones. */
const times = ["YYYY-MM-DD hh:mm:ss", "D.M.YYYY h:mm:ss", "D.M.YYYY h:mm"] as const;
const below = (name: string) => `> ${name}`;

/**
 * Binance spot, "Order History" of before 2023: one row an order, newest first, and below it, behind an empty cell, its fills under a header of their
 * own, with the fee and its coin glued on. All in UTC, without ids of fills; newer files have ids of orders, which spreadsheets round. An id
 * is made as that of the trade history, so that both files of one time give the same executions. (Layouts as in everytrade-io/everytrade-plugins,
 * BinanceBeanV2.)
 */
export const binanceSpotOrders = defineDialect({
  id: "binance_spot_orders",
  broker: "binance",
  title: "Binance spot order history with its fills",
  export: "Binance > Orders > Spot Order > Order History > Export (until 2022; now: Trade History)",
  markets: ["spot", "margin"],
  layout: { kind: "table" },
  joins: { kind: "nested", header: ["Date(UTC)", "Trading Price", "Filled", "Total", "Fee"] },
  headers: [
    ["Date(UTC)", "Pair", "Type", "Order Price", "Order Amount", "AvgTrading Price", "Filled", "Total", "status"],
  ],
  timezone: "UTC",
  statedPnl: null,
  columns: {
    symbol: text("Pair"),
    side: oneOf("Type", { BUY: "buy", SELL: "sell" }),
    orderFilled: optionalDecimal("Filled"),
    orderId: optionalId("orderId"),
    fills: optionalDecimal(belowCount),
    time: optional(time(below("Date(UTC)"), times)),
    price: optional(decimal(below("Trading Price"))),
    quantity: optional(decimal(below("Filled"))),
    quoteQuantity: optional(decimal(below("Total"))),
    fee: optional(amountWithUnit(below("Fee"))),
  },
  timeColumn: "time",
  summaryRow: noDataRow,
  toExecution(row, settings): Draft | Skip {
    const { symbol, side, fills, time: at, price, quantity, quoteQuantity } = row;
    if (fills !== null) {
      if (fills > 0n) return skip("an order: its fills stand below it");
      if (row.orderFilled === null || row.orderFilled === 0n) return skip("an order that filled nothing");
      throw new RowError(
        "incomplete_trade",
        "the fills of the order, with their fees, do not stand below it",
        "orderFilled",
      );
    }
    if (at === null || price === null || quantity === null || quoteQuantity === null || row.fee === null) {
      throw new RowError("empty", "a fill needs its time, price, quantity, total and fee");
    }
    const pair = splitSymbol(symbol);
    if (pair === null) throw new RowError("unknown_symbol", "a pair whose quote asset is known", "symbol");
    const fee = amountIn(row.fee, [pair.base, pair.quote], "fee");
    if (fee.unit === null && fee.value !== 0n)
      throw new RowError("unit_missing", "the fee does not say its coin", "fee");
    const numbers = [price, quantity, quoteQuantity].map(formatDecimal);
    return {
      id: null,
      identity: [at.text, symbol, side, ...numbers],
      market: settings.market ?? "spot",
      symbol,
      baseAsset: pair.base,
      quoteAsset: pair.quote,
      side,
      quantity,
      price,
      quoteQuantity,
      fee: fee.value,
      feeAsset: fee.unit ?? pair.quote,
      // What a spreadsheet rounded is none.
      orderId: row.orderId !== null && /^\d+$/.test(row.orderId) ? row.orderId : null,
      executedAtMs: at.utcMs,
    };
  },
});
