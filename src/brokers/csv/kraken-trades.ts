import { decimal, id, oneOf, optionalDecimal, optionalId, text, time } from "./columns.ts";
import { defineDialect, RowError } from "./dialect.ts";
import { pairOf } from "./kraken.ts";

/**
 * Kraken, trades.csv: one row a fill, oldest first, times in UTC. Cost and fee are in the quote currency. A fill with margin is not on
 * spot. The symbol is made of the pair's assets, since newer files write the same pair in another way.
 */
export const krakenTrades = defineDialect({
  id: "kraken_trades",
  broker: "kraken",
  title: "Kraken trades",
  export: "Kraken > Account > Documents > Export > Trades",
  markets: ["spot", "margin"],
  layout: { kind: "table" },
  headers: [
    ["txid", "ordertxid", "pair", "time", "type", "ordertype", "price", "cost", "fee", "vol", "margin", "ledgers"],
  ],
  timezone: "UTC",
  statedPnl: null,
  columns: {
    id: id("txid"),
    orderId: optionalId("ordertxid"),
    pair: text("pair"),
    time: time("time", ["YYYY-MM-DD hh:mm:ss"]),
    side: oneOf("type", { buy: "buy", sell: "sell" }),
    price: decimal("price"),
    cost: decimal("cost"),
    fee: decimal("fee"),
    quantity: decimal("vol"),
    margin: optionalDecimal("margin"),
  },
  timeColumn: "time",
  toExecution(row) {
    const pair = pairOf(row.pair);
    if (pair === null)
      throw new RowError("unknown_symbol", "expected a pair of Kraken, such as XXBTZUSD or BTC/USD", "pair");
    return {
      id: row.id,
      market: row.margin === null || row.margin === 0n ? "spot" : "margin",
      symbol: `${pair.base}/${pair.quote}`,
      baseAsset: pair.base,
      quoteAsset: pair.quote,
      side: row.side,
      quantity: row.quantity,
      price: row.price,
      quoteQuantity: row.cost,
      fee: row.fee,
      feeAsset: pair.quote,
      orderId: row.orderId,
      executedAtMs: row.time.utcMs,
    };
  },
});
