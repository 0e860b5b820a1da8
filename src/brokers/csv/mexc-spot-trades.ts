import { formatDecimal } from "../../executions/decimal.ts";
import { splitSymbol } from "../../executions/symbols.ts";
import { amountIn, amountWithUnit, decimal, oneOf, optionalId, optionalOneOf, text, time } from "./columns.ts";
import { type Draft, defineDialect, RowError } from "./dialect.ts";

/**
 * MEXC spot, "Trade History": one row a fill, newest first, without ids. Newer files begin with the user's id and have the fee's coin glued on; older
 * ones have the fee as a number, in the quote asset. Times are in the zone that the header says, else in UTC. (Layouts as in BittyTax, which reads
 * them as UTC too, and in the fixtures of other importers.)
 */
export const mexcSpotTrades = defineDialect({
  id: "mexc_spot_trades",
  broker: "mexc",
  title: "MEXC spot trade history",
  export: "MEXC > Orders > Spot Orders > Trade History > Export",
  markets: ["spot"],
  layout: { kind: "table" },
  headers: [
    ["Pairs", "Time", "Side", "Filled Price", "Executed Amount", "Total", "Fee", "Role"],
    ["Pairs", "Time(UTC)", "Side", "Filled Price", "Executed Amount", "Total", "Fee", "Role"],
  ],
  timezone: "UTC",
  statedPnl: null,
  columns: {
    account: optionalId("UID"),
    symbol: text("Pairs"),
    time: time(["Time", "Time(UTC)"], ["YYYY-MM-DD hh:mm:ss"]),
    side: oneOf("Side", { Buy: "buy", Sell: "sell" }),
    price: decimal("Filled Price"),
    quantity: decimal("Executed Amount"),
    quoteQuantity: decimal("Total"),
    fee: amountWithUnit("Fee"),
    liquidity: optionalOneOf("Role", { Maker: "maker", Taker: "taker" }),
  },
  timeColumn: "time",
  accountColumn: "account",
  toExecution(row): Draft {
    const { symbol, side, price, quantity, quoteQuantity, liquidity } = row;
    const pair = splitSymbol(symbol);
    if (pair === null) throw new RowError("unknown_symbol", "a pair such as BTC_USDT", "symbol");
    const fee = amountIn(row.fee, [pair.base, pair.quote], "fee");
    const numbers = [price, quantity, quoteQuantity].map(formatDecimal);
    return {
      id: null,
      identity: [row.time.text, symbol, side, ...numbers],
      market: "spot",
      symbol,
      baseAsset: pair.base,
      quoteAsset: pair.quote,
      side,
      quantity,
      price,
      quoteQuantity,
      fee: fee.value,
      feeAsset: fee.unit ?? pair.quote,
      liquidity,
      executedAtMs: row.time.utcMs,
    };
  },
});
