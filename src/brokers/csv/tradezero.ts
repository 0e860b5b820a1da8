import { absolute, formatDecimal, one } from "../../executions/decimal.ts";
import { decimal, oneOf, text, time } from "./columns.ts";
import { defineDialect } from "./dialect.ts";

/** `AAPL230616C00150000`: an option by the Options Clearing Corporation's symbol. */
const option = /^([A-Z]{1,6})\s*\d{6}[CP]\d{8}$/;

/**
 * TradeZero, trade history: one row a fill, times of New York. The many fees are what gross and net proceeds differ by. SS sells short, BC buys to
 * cover.
 */
export const tradeZero = defineDialect({
  id: "tradezero",
  broker: "tradezero",
  title: "TradeZero trade history",
  export: "TradeZero portal > Account > Trade History > Export CSV",
  markets: ["stock", "option"],
  layout: { kind: "table" },
  headers: [
    [
      ...["Account", "T/D", "Currency", "Type", "Side", "Symbol", "Qty", "Price", "Exec Time", "Comm"],
      ...["Gross Proceeds", "Net Proceeds"],
    ],
  ],
  timezone: "America/New_York",
  statedPnl: null,
  columns: {
    account: text("Account"),
    time: {
      ...time("T/D", ["MM/DD/YYYY hh:mm:ss", "MM/DD/YY hh:mm:ss", "M/D/YYYY h:mm:ss", "YYYY-MM-DD hh:mm:ss"]),
      and: "Exec Time",
    },
    currency: text("Currency"),
    side: oneOf("Side", { B: "buy", BC: "buy", S: "sell", SS: "sell", Buy: "buy", Sell: "sell" }),
    symbol: text("Symbol"),
    quantity: decimal("Qty"),
    price: decimal("Price"),
    gross: decimal("Gross Proceeds"),
    net: decimal("Net Proceeds"),
  },
  timeColumn: "time",
  accountColumn: "account",
  toExecution(row) {
    const quantity = absolute(row.quantity);
    const underlying = option.exec(row.symbol)?.[1];
    return {
      id: null,
      identity: [row.account, row.time.text, row.symbol, row.side, formatDecimal(quantity), formatDecimal(row.price)],
      market: underlying === undefined ? "stock" : "option",
      symbol: row.symbol,
      baseAsset: underlying ?? null,
      quoteAsset: row.currency,
      side: row.side,
      quantity,
      price: row.price,
      quoteQuantity: absolute(row.gross),
      contractSize: underlying === undefined ? null : 100n * one,
      fee: row.gross - row.net,
      feeAsset: row.currency,
      executedAtMs: row.time.utcMs,
    };
  },
});
