import { fromProduct, multiply } from "../../executions/decimal.ts";
import { splitSymbol } from "../../executions/symbols.ts";
import { decimal, id, oneOf, optionalId, optionalOneOf, optionalText, text, time } from "./columns.ts";
import { type Draft, defineDialect, RowError } from "./dialect.ts";

/**
 * Crypto.com Exchange, spot trades: one row a fill, with the ids of trade and order, in UTC. One of its columns is misspelt by the exchange. (Columns
 * as in BittyTax of 2020 to 2021.)
 */
export const cryptocomExchangeTrades = defineDialect({
  id: "cryptocom_exchange_trades",
  broker: "cryptocom",
  title: "Crypto.com Exchange spot trades",
  export: "Crypto.com Exchange > Orders > Trade History > Export",
  markets: ["spot", "margin"],
  layout: { kind: "table" },
  headers: [
    [
      ...["account_type", "trade_id", "create_time_utc", "symbol", "side", "traded_price", "traded_quantity"],
      ...["fee", "fee_currency"],
    ],
  ],
  timezone: "UTC",
  statedPnl: null,
  columns: {
    id: id("trade_id"),
    orderId: optionalId("order_id"),
    market: oneOf<"spot" | "margin">("account_type", { SPOT: "spot", MARGIN: "margin" }),
    time: time("create_time_utc", ["YYYY-MM-DD hh:mm:ss", "iso"]),
    symbol: text("symbol"),
    side: oneOf("side", { BUY: "buy", SELL: "sell" }),
    liquidity: optionalOneOf(["liquditiy_indicator", "liquidity_indicator"], { MAKER: "maker", TAKER: "taker" }),
    price: decimal("traded_price"),
    quantity: decimal("traded_quantity"),
    fee: decimal("fee"),
    feeAsset: optionalText("fee_currency"),
  },
  timeColumn: "time",
  toExecution(row): Draft {
    const { symbol, market, side, price, quantity, fee, orderId, liquidity } = row;
    const pair = splitSymbol(symbol);
    if (pair === null) throw new RowError("unknown_symbol", "a pair such as BTC_USDT", "symbol");
    if (fee < 0n) throw new RowError("negative", "the fee must not be below zero: what that means is not known", "fee");
    return {
      id: row.id,
      market,
      side,
      orderId,
      liquidity,
      symbol,
      baseAsset: pair.base,
      quoteAsset: pair.quote,
      quantity,
      price,
      quoteQuantity: fromProduct(multiply(quantity, price)),
      fee,
      feeAsset: row.feeAsset ?? pair.quote,
      executedAtMs: row.time.utcMs,
    };
  },
});
