import { formatDecimal } from "../../executions/decimal.ts";
import { decimal, oneOf, optionalDecimal, optionalId, optionalText, text, time } from "./columns.ts";
import { defineDialect } from "./dialect.ts";
import { futuresContractOf } from "./futures-contracts.ts";
import { price, tradovateTimes } from "./tradovate.ts";

/**
 * Tradovate, "Fills": one row a fill. Columns whose names begin with _ are for programs: _timestamp is in UTC, while Timestamp is on the user's clock.
 * The oldest generation has neither these, nor ids, nor a commission. A blank stands before the side. What a point is worth is known of the
 * usual contracts alone.
 */
export const tradovateFills = defineDialect({
  id: "tradovate_fills",
  broker: "tradovate",
  title: "Tradovate fills",
  export: "Tradovate > Reports > Fills > Download CSV",
  markets: ["future"],
  layout: { kind: "table" },
  headers: [
    ["_timestamp", "Fill ID", "B/S", "Quantity", "Price", "Contract"],
    ["Timestamp", "B/S", "Quantity", "Price", "Contract", "Product", "Product Description"],
  ],
  timezone: null,
  statedPnl: null,
  columns: {
    account: optionalText("Account"),
    id: optionalId("Fill ID"),
    orderId: optionalId("Order ID"),
    time: time(["_timestamp", "Timestamp"], ["iso", ...tradovateTimes]),
    side: oneOf("B/S", { Buy: "buy", Sell: "sell" }),
    quantity: decimal("Quantity"),
    price: price("Price"),
    symbol: text("Contract"),
    product: optionalText("Product"),
    fee: optionalDecimal("commission"),
  },
  timeColumn: "time",
  accountColumn: "account",
  toExecution(row) {
    const { symbol, side, quantity, fee, orderId } = row;
    const { currency, contractSize } = futuresContractOf(row.product ?? symbol, "symbol");
    return {
      id: row.id,
      identity: [row.time.text, symbol, side, formatDecimal(quantity), formatDecimal(row.price), orderId ?? ""],
      market: "future",
      symbol,
      quoteAsset: currency,
      side,
      quantity,
      price: row.price,
      contractSize,
      fee,
      feeAsset: fee === null ? null : currency,
      orderId,
      executedAtMs: row.time.utcMs,
    };
  },
});
