import { formatDecimal } from "../../executions/decimal.ts";
import { splitSymbol } from "../../executions/symbols.ts";
import { bybitTimes } from "./bybit.ts";
import { decimal, id, oneOf, optionalDecimal, optionalId, optionalText, text, time } from "./columns.ts";
import { defineDialect, RowError } from "./dialect.ts";

/**
 * Bybit spot, "Trade History" of the unified account: one row a fill, newest first, the time before the date and often without
 * seconds. Fees were paid in the coin that came in, unless a column names another.
 */
export const bybitSpotTrades = defineDialect({
  id: "bybit_spot_trades",
  broker: "bybit",
  title: "Bybit spot trade history",
  export: "Bybit > Orders > Spot Orders > Trade History > Export",
  markets: ["spot", "margin"],
  layout: { kind: "table" },
  headers: [
    [
      ...["Spot Pairs", "Order Type", "Direction", "Filled Value", "Filled Price", "Filled Quantity", "Fees"],
      ...["Transaction ID", "Order No.", "Timestamp (UTC)"],
    ],
  ],
  timezone: "UTC",
  statedPnl: null,
  columns: {
    account: optionalText("Uid"),
    symbol: text("Spot Pairs"),
    side: oneOf("Direction", { BUY: "buy", SELL: "sell" }),
    value: decimal("Filled Value"),
    price: decimal("Filled Price"),
    quantity: decimal("Filled Quantity"),
    oldFee: optionalDecimal("Fees"),
    fee: optionalDecimal("ExecFeeV2"),
    feeAsset: optionalText("feeCoin"),
    id: id("Transaction ID"),
    orderId: optionalId("Order No."),
    time: time("Timestamp (UTC)", bybitTimes),
  },
  timeColumn: "time",
  accountColumn: "account",
  toExecution(row, settings) {
    const pair = splitSymbol(row.symbol);
    if (pair === null) throw new RowError("unknown_symbol", "a pair whose quote asset is known", "symbol");
    return {
      id: row.id,
      identity: [row.time.text, row.symbol, row.side, formatDecimal(row.quantity)],
      market: settings.market ?? "spot",
      symbol: row.symbol,
      baseAsset: pair.base,
      quoteAsset: pair.quote,
      side: row.side,
      quantity: row.quantity,
      price: row.price,
      quoteQuantity: row.value,
      fee: row.fee ?? row.oldFee,
      feeAsset: row.feeAsset ?? (row.side === "buy" ? pair.base : pair.quote),
      orderId: row.orderId,
      executedAtMs: row.time.utcMs,
    };
  },
});
