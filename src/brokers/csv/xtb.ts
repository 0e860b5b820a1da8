import { absolute, divide, formatDecimal } from "../../executions/decimal.ts";
import type { Side } from "../../executions/execution.ts";
import { id, looseMoney, optionalText, readLooseMoney, text, time } from "./columns.ts";
import { CellError, type Draft, defineDialect, RowError, type Skip, skip } from "./dialect.ts";

const exchangeCurrencies = new Map<string, string>(
  Object.entries({
    US: "USD",
    ...{ DE: "EUR", FR: "EUR", NL: "EUR", ES: "EUR", IT: "EUR", BE: "EUR", PT: "EUR", FI: "EUR", AT: "EUR" },
    ...{ PL: "PLN", CZ: "CZK", CH: "CHF", SE: "SEK", DK: "DKK", NO: "NOK" },
  }),
);

/** `OPEN BUY 34/42.5658 @ 11.7480`: a part of an order; `CLOSE BUY 1 @ 26.280`. */
const order = /^(OPEN|CLOSE) (BUY|SELL) ([\d.,\s]+?)(?:\/[\d.,\s]+)? @ ([\d.,\s]+)$/;

/**
 * XTB, cash operations: one row a movement of cash, of which the purchases and sales of shares are trades; quantity and price stand in the comment, which
 * is in English whatever the rest is in. A price is in the share's currency, which its symbol's ending tells (not in London, where shares
 * have several); the amount is in the account's. With --currency, the account's, prices are those that the amounts make in it. Positions in CFDs are
 * here as their profit alone. Times are the platform's, and their zone stands nowhere, but since 2025 above the header.
 */
export const xtb = defineDialect({
  id: "xtb",
  broker: "xtb",
  title: "XTB cash operations",
  export: "XTB xStation > Account history > Cash operations > Export, CSV",
  markets: ["stock"],
  layout: { kind: "table" },
  headers: [
    ["ID", "Type", "Time", "Symbol", "Comment", "Amount"],
    ["ID", "Typ", "Czas", "Symbol", "Komentarz", "Kwota"],
    ["ID", "Typ", "Čas", "Symbol", "Komentář", "Částka"],
    ["ID", "Tipo", "Hora", "Símbolo", "Comentario", "Importe"],
    ["ID", "Tipo", "Hora", "Símbolo", "Comentário", "Montante"],
    ["Type", "Instrument", "Time", "Amount", "ID", "Comment", "Product"],
    ["Type", "Ticker", "Instrument", "Time", "Amount", "ID", "Comment", "Product"],
  ],
  closed: true,
  timezone: null,
  timezoneAbove: /^.*Date from \((UTC)\)/im,
  statedPnl: null,
  columns: {
    id: id("ID"),
    type: text(["Type", "Typ", "Tipo"]),
    time: time(["Time", "Czas", "Čas", "Hora"], ["DD.MM.YYYY hh:mm:ss", "YYYY-MM-DD hh:mm:ss", "DD/MM/YYYY hh:mm:ss"]),
    // Where there is a ticker, the instrument is its name.
    symbol: optionalText(["Symbol", "Símbolo", "Ticker", "Instrument"]),
    instrument: optionalText("Instrument"),
    product: optionalText("Product"),
    comment: optionalText(["Comment", "Komentarz", "Komentář", "Comentario", "Comentário"]),
    amount: looseMoney(["Amount", "Kwota", "Částka", "Importe", "Montante"]),
  },
  timeColumn: "time",
  summaryRow: (cells) => (/^(?:Total|Razem|Celkem|Suma)$/i.test(cells[0]?.trim() ?? "") ? "the sum of all rows" : null),
  toExecution(row, settings): Draft | Skip {
    const [, action, kind, quantityText, priceText] = order.exec(row.comment ?? "") ?? [];
    if (action === undefined || quantityText === undefined || priceText === undefined) return skip(reasonOf(row));
    if (row.symbol === null) throw new RowError("empty", "an order without a symbol", "symbol");
    const side: Side = (action === "OPEN") === (kind === "BUY") ? "buy" : "sell";
    const quantity = numberIn(quantityText);
    const said = numberIn(priceText);
    const { currency } = settings;
    const total = absolute(row.amount);
    return {
      // One order can be listed as several rows with one id, and its sale with the same one.
      id: `${row.id}-${side}`,
      identity: [row.id, side, formatDecimal(quantity)],
      market: "stock",
      symbol: row.symbol,
      quoteAsset: currency ?? exchangeCurrencies.get(row.symbol.split(".").at(-1) ?? "") ?? null,
      side,
      quantity,
      price: currency === null ? said : quantity === 0n ? null : divide(total, quantity),
      quoteQuantity: currency === null ? null : total,
      executedAtMs: row.time.utcMs,
    };
  },
});

function numberIn(text: string) {
  try {
    return readLooseMoney(text, { decimalMark: "." });
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    throw new RowError("not_a_number", `expected a number in the comment, found "${text}"`, "comment");
  }
}

const reasons: readonly [RegExp, string][] = [
  [/profit of position|FX\/CFD/i, "the profit of a CFD: its position is in Closed positions"],
  [/swap/i, "a swap of a CFD"],
  [/dividend|dywidend|spin off/i, "a dividend"],
  [/tax|podatek/i, "a tax"],
  [/interest|odset/i, "interest"],
  [/deposit|wpłata|transfer/i, "a deposit or transfer"],
  [/withdrawal|wypłata/i, "a withdrawal"],
];

/** Types are in the language of the platform; what is no order is no trade. */
function reasonOf({ type, comment }: { type: string; comment: string | null }): string {
  return reasons.find(([pattern]) => pattern.test(`${type} ${comment ?? ""}`))?.[1] ?? `no order (${type})`;
}
