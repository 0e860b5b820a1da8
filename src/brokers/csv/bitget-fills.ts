import { formatDecimal } from "../../executions/decimal.ts";
import { decimal, oneOf, optionalText, text, time } from "./columns.ts";
import { type Draft, defineDialect, RowError } from "./dialect.ts";

/**
 * Bitget spot, order details: one row a fill, without ids, each row with a comma more than the header. A fee is in the coin that came in, or in what
 * its column says. The file says no zone: it is read as UTC, as the importers do that know it. (Columns as in an open classifier of Bitget's three
 * spot exports, which was written against users' files: Date, Trading pair, Base Asset, Quote Asset, Direction, Price, Amount, Total, Fee, Fee Coin.)
 */
export const bitgetFills = defineDialect({
  id: "bitget_fills",
  broker: "bitget",
  title: "Bitget spot order details",
  export: "Bitget > Orders > Spot orders > Order details > Export",
  markets: ["spot"],
  layout: { kind: "table" },
  headers: [
    [
      ...["Date", "Trading pair", "Base Asset", "Quote Asset", "Direction", "Price", "Amount", "Total"],
      ...["Fee", "Fee Coin"],
    ],
  ],
  timezone: "UTC",
  statedPnl: null,
  columns: {
    time: time("Date", ["YYYY-MM-DD hh:mm:ss", "YYYY-MM-DD hh:mm"]),
    symbol: text("Trading pair"),
    base: text("Base Asset"),
    quote: text("Quote Asset"),
    side: oneOf("Direction", { Buy: "buy", Sell: "sell" }),
    price: decimal("Price"),
    quantity: decimal("Amount"),
    quoteQuantity: decimal("Total"),
    fee: decimal("Fee"),
    feeAsset: optionalText("Fee Coin"),
  },
  timeColumn: "time",
  toExecution(row): Draft {
    const { symbol, base, quote, side, price, quantity, quoteQuantity, fee } = row;
    // What the files seen have is paid and above zero.
    if (fee < 0n) throw new RowError("negative", "the fee must not be below zero: what that means is not known", "fee");
    const numbers = [price, quantity, quoteQuantity].map(formatDecimal);
    return {
      id: null,
      identity: [row.time.text, symbol, side, ...numbers],
      market: "spot",
      symbol,
      baseAsset: base,
      quoteAsset: quote,
      side,
      quantity,
      price,
      quoteQuantity,
      fee,
      feeAsset: row.feeAsset ?? quote,
      executedAtMs: row.time.utcMs,
    };
  },
});
