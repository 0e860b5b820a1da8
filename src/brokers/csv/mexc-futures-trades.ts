import { absolute, formatDecimal, one } from "../../executions/decimal.ts";
import type { Direction, Side } from "../../executions/execution.ts";
import { splitSymbol } from "../../executions/symbols.ts";
import { decimal, oneOf, optionalDecimal, optionalId, optionalOneOf, optionalText, text, time } from "./columns.ts";
import { type Draft, defineDialect, RowError, type Skip, skip } from "./dialect.ts";

interface Move {
  side: Side;
  position: Direction;
}

const openLong: Move = { side: "buy", position: "long" };
const closeLong: Move = { side: "sell", position: "long" };
const openShort: Move = { side: "sell", position: "short" };
const closeShort: Move = { side: "buy", position: "short" };

/**
 * MEXC futures, "Trade History", one row a fill, or "Order History", one row an order with its average price: newest first, without ids; one of the two
 * for one period, since each has all of it. `buy` opens and `sell` closes, so that `sell short` buys. Closing PNL is before fees. The header says the
 * zone: `Time(UTC+08:00)`; without it times are in UTC. (Order history as in BittyTax, trade history as in the tests of another importer.)
 */
export const mexcFuturesTrades = defineDialect({
  id: "mexc_futures_trades",
  broker: "mexc",
  title: "MEXC futures trade or order history",
  export: "MEXC > Orders > Futures Orders > Trade History (or Order History, not both) > Export",
  markets: ["linear"],
  layout: { kind: "table" },
  headers: ["Time", "Time(UTC)"].flatMap((at) => [
    [
      ...[at, "Futures Trading Pair", "Direction", "Filled Qty (Crypto)", "Average Filled Price"],
      ...["Closing PNL", "Trading Fee", "Fee-payment Crypto", "Status"],
    ],
    [
      ...[at, "Futures Trading Pair", "Direction", "Filled Qty (Crypto)", "Filled Price"],
      ...["Trading Fee", "Fee-payment Crypto", "Role", "Closing PNL"],
    ],
  ]),
  timezone: "UTC",
  statedPnl: "gross",
  columns: {
    account: optionalId("UID"),
    time: time(["Time", "Time(UTC)"], ["YYYY-MM-DD hh:mm:ss"]),
    symbol: text("Futures Trading Pair"),
    move: oneOf<Move>("Direction", {
      "buy long": openLong,
      "sell long": closeLong,
      "buy short": openShort,
      "sell short": closeShort,
      "open long": openLong,
      "close long": closeLong,
      "open short": openShort,
      "close short": closeShort,
    }),
    quantity: decimal("Filled Qty (Crypto)"),
    price: optionalDecimal(["Filled Price", "Average Filled Price"]),
    realizedPnl: optionalDecimal("Closing PNL"),
    fee: decimal("Trading Fee"),
    feeAsset: optionalText("Fee-payment Crypto"),
    liquidity: optionalOneOf("Role", { Maker: "maker", Taker: "taker" }),
  },
  timeColumn: "time",
  accountColumn: "account",
  toExecution(row): Draft | Skip {
    const { symbol, move, price, fee, liquidity } = row;
    if (row.quantity === 0n) return skip("an order that filled nothing");
    const pair = splitSymbol(symbol);
    if (pair === null) throw new RowError("unknown_symbol", "a contract such as BTC_USDT", "symbol");
    if (pair.quote === "USD") {
      throw new RowError("unsupported_market", "a coin-margined contract does not say its size", "symbol");
    }
    if (price === null) throw new RowError("empty", "a fill needs its price", "price");
    const quantity = absolute(row.quantity);
    const closes = move === closeLong || move === closeShort;
    return {
      id: null,
      identity: [...[row.time.text, symbol, move.side, move.position], ...[price, quantity].map(formatDecimal)],
      market: "linear",
      symbol,
      baseAsset: pair.base,
      quoteAsset: pair.quote,
      settleAsset: pair.quote,
      side: move.side,
      positionSide: move.position,
      quantity,
      price,
      contractSize: one,
      fee,
      feeAsset: row.feeAsset ?? pair.quote,
      realizedPnl: closes ? row.realizedPnl : null,
      liquidity,
      executedAtMs: row.time.utcMs,
    };
  },
});
