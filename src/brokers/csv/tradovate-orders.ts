import { id, oneOf, optional, optionalDecimal, optionalText, text, time } from "./columns.ts";
import { type Draft, defineDialect, RowError, type Skip, skip } from "./dialect.ts";
import { futuresContractOf } from "./futures-contracts.ts";
import { price, tradovateTimes } from "./tradovate.ts";

/**
 * Tradovate, "Orders": one row an order, filled or not, with the average of its fills. Times are on the user's clock, whose zone stands nowhere. It has no
 * commissions: those are in the fills.
 */
export const tradovateOrders = defineDialect({
  id: "tradovate_orders",
  broker: "tradovate",
  title: "Tradovate orders",
  export: "Tradovate > Reports > Orders > Download CSV (better: Fills, which has the commissions)",
  markets: ["future"],
  layout: { kind: "table" },
  headers: [["orderId", "B/S", "Contract", "avgPrice", "filledQty", "Fill Time", "Status"]],
  timezone: null,
  statedPnl: null,
  columns: {
    account: optionalText("Account"),
    id: id("orderId"),
    side: oneOf("B/S", { Buy: "buy", Sell: "sell" }),
    symbol: text("Contract"),
    product: optionalText("Product"),
    price: optional(price("avgPrice")),
    quantity: optionalDecimal("filledQty"),
    time: optional(time("Fill Time", tradovateTimes)),
    status: oneOf("Status", {
      ...{ Filled: "filled", Canceled: "canceled", Cancelled: "canceled", Rejected: "rejected", Expired: "expired" },
      ...{ Working: "working", Completed: "completed", Suspended: "suspended" },
    }),
  },
  timeColumn: "time",
  accountColumn: "account",
  toExecution(row): Draft | Skip {
    const { symbol, side, quantity, time: filled } = row;
    if (quantity === null || quantity === 0n) {
      if (row.status !== "filled") return skip(`an order that filled nothing (${row.status})`);
      throw new RowError("empty", "a filled order without its quantity", "quantity");
    }
    if (filled === null) throw new RowError("empty", "a filled order without its time", "time");
    const { currency, contractSize } = futuresContractOf(row.product ?? symbol, "symbol");
    return {
      id: row.id,
      market: "future",
      symbol,
      quoteAsset: currency,
      side,
      quantity,
      price: row.price,
      contractSize,
      orderId: row.id,
      executedAtMs: filled.utcMs,
    };
  },
});
