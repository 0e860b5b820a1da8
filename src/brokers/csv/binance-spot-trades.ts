import type { Decimal } from "../../executions/decimal.ts";
import { formatDecimal } from "../../executions/decimal.ts";
import { type Pair, splitSymbol } from "../../executions/symbols.ts";
import { noDataRow } from "./binance.ts";
import {
  type AmountText,
  amountIn,
  amountWithUnit,
  decimal,
  oneOf,
  optional,
  optionalId,
  optionalText,
  text,
  time,
} from "./columns.ts";
import { defineDialect, RowError } from "./dialect.ts";

/**
 * Binance spot, "Trade History": one row a fill, newest first, seconds, no ids. Two generations: amounts with their unit glued
 * on (`5.11INCH` is 5.1 of 1INCH), and a market with a fee coin of its own column. Margin fills come in the same layout.
 * `Date(UTC)` says its zone; `Time` is in the zone chosen at export, which only the file's name says.
 */
export const binanceSpotTrades = defineDialect({
  id: "binance_spot_trades",
  broker: "binance",
  title: "Binance spot trade history",
  export: "Binance > Orders > Spot Order > Trade History > Export",
  markets: ["spot", "margin"],
  layout: { kind: "table" },
  headers: [
    ["Date(UTC)", "Pair", "Side", "Price", "Executed", "Amount", "Fee"],
    ["Time", "Pair", "Side", "Price", "Executed", "Amount", "Fee"],
    ["Čas", "Pár", "Strana", "Cena", "Provedeno", "Částka", "Poplatek"],
    ["Date(UTC)", "Market", "Type", "Price", "Amount", "Total", "Fee", "Fee Coin"],
  ],
  timezone: "UTC",
  timezoneInName: true,
  statedPnl: null,
  columns: {
    account: optionalText(["User_ID", "Uid"]),
    time: time(["Date(UTC)", "Time", "Čas"], ["YYYY-MM-DD hh:mm:ss", "YY-MM-DD hh:mm:ss"]),
    symbol: text(["Pair", "Market", "Pár"]),
    side: oneOf(["Side", "Type", "Strana"], { BUY: "buy", SELL: "sell" }),
    price: decimal(["Price", "Cena"]),
    // "Amount" is what was paid in the generation with units, and what was bought in the other one.
    executed: optional(amountWithUnit(["Executed", "Provedeno"])),
    amount: amountWithUnit(["Amount", "Částka"]),
    total: optional(amountWithUnit("Total")),
    fee: amountWithUnit(["Fee", "Poplatek"]),
    feeAsset: optionalText("Fee Coin"),
    // Newer exports begin with it. It is no part of the id: an older export of the same fill lacks it.
    orderId: optionalId("Order No"),
  },
  timeColumn: "time",
  accountColumn: "account",
  summaryRow: noDataRow,
  toExecution(row, settings) {
    const [baseText, quoteText] = row.executed === null ? [row.amount, row.total] : [row.executed, row.amount];
    if (quoteText === null) throw new RowError("empty", "an amount is missing", "total");
    const pair = pairOf(row.symbol, baseText, quoteText);
    const quantity = amountOf(baseText, pair.base, row.executed === null ? "amount" : "executed");
    const quoteQuantity = amountOf(quoteText, pair.quote, row.executed === null ? "total" : "amount");
    const fee = amountIn(row.fee, [pair.base, pair.quote], "fee");
    const feeAsset = row.feeAsset ?? fee.unit;
    if (feeAsset === null && fee.value !== 0n)
      throw new RowError("unit_missing", "the fee does not say its coin", "fee");
    return {
      id: null,
      identity: [
        row.time.text,
        row.symbol,
        row.side,
        formatDecimal(row.price),
        formatDecimal(quantity),
        formatDecimal(quoteQuantity),
      ],
      market: settings.market ?? "spot",
      symbol: row.symbol,
      baseAsset: pair.base,
      quoteAsset: pair.quote,
      side: row.side,
      quantity,
      price: row.price,
      quoteQuantity,
      fee: fee.value,
      feeAsset,
      orderId: row.orderId,
      executedAtMs: row.time.utcMs,
    };
  },
});

/** The quote's unit never begins with a digit, so what the row shows there is right; the base is the rest of the pair. */
function pairOf(symbol: string, baseText: AmountText, quoteText: AmountText): Pair {
  const pair = splitSymbol(symbol, { quote: quoteText.apparentUnit, base: baseText.apparentUnit });
  if (pair === null) throw new RowError("unknown_symbol", "a pair whose quote asset is known", "symbol");
  return pair;
}

/** The amount must be in the asset that the pair says: else the row was put together wrongly. */
function amountOf(amount: AmountText, asset: string, column: string): Decimal {
  const { value, unit } = amountIn(amount, [asset], column);
  if (unit !== null && unit !== asset) throw new RowError("wrong_unit", `expected an amount of ${asset}`, column);
  return value;
}
