import { type Decimal, divide, formatDecimal, fromProduct, multiply } from "../../executions/decimal.ts";
import type { Side } from "../../executions/execution.ts";
import { optional, optionalDecimal, optionalId, optionalText, readMoney, text, time } from "./columns.ts";
import { type Column, type Draft, defineDialect, type HeaderName, RowError, type Skip, skip } from "./dialect.ts";
import { inMajorUnit } from "./minor-units.ts";

interface Fee {
  value: Decimal;
  /** As the header says it (`Stamp duty (GBP)`); null: a column of its own does. */
  currency: string | null;
}

/**
 * Trading 212, history as CSV: one row for each thing that happened to the account, of which the buys and sells are trades, whole orders. A price is in the
 * share's currency, the total and the fees in the account's; the exchange rate says how much of the share's one unit of the account's
 * is. The PnL ("Result") is in the account's currency. Times are in UTC.
 */
export const trading212 = defineDialect({
  id: "trading_212",
  broker: "trading_212",
  title: "Trading 212 history",
  export: "Trading 212 > History > Export history (with Orders)",
  markets: ["stock", "cfd"],
  layout: { kind: "table" },
  headers: ["Time", "Time (UTC)"].map((time) => [
    ...["Action", time, "ISIN", "Ticker", "Name", "No. of shares", "Price / share", "Currency (Price / share)"],
  ]),
  timezone: "UTC",
  statedPnl: null,
  columns: {
    action: text("Action"),
    time: time(["Time", "Time (UTC)"], ["YYYY-MM-DD hh:mm:ss"]),
    isin: optionalText("ISIN"),
    symbol: optionalText("Ticker"),
    quantity: optionalDecimal("No. of shares"),
    price: optionalDecimal("Price / share"),
    currency: optionalText("Currency (Price / share)"),
    rate: optionalText("Exchange rate"),
    id: optionalId("ID"),
    conversionFee: fee(["Currency conversion fee", /^Currency conversion fee \(([A-Z]{3})\)$/]),
    conversionFeeCurrency: optionalText("Currency (Currency conversion fee)"),
    transactionFee: fee(["Transaction fee", /^Transaction fee \(([A-Z]{3})\)$/]),
    transactionFeeCurrency: optionalText("Currency (Transaction fee)"),
    stampDuty: fee([/^Stamp duty(?: reserve tax)?(?: \(([A-Z]{3})\))?$/]),
    stampDutyCurrency: optionalText([/^Currency \(Stamp duty(?: reserve tax)?\)$/]),
    frenchTax: fee([/^French transaction tax(?: \(([A-Z]{3})\))?$/]),
    frenchTaxCurrency: optionalText("Currency (French transaction tax)"),
    finraFee: fee([/^Finra fee(?: \(([A-Z]{3})\))?$/i]),
    finraFeeCurrency: optionalText("Currency (Finra fee)"),
  },
  timeColumn: "time",
  toExecution(row, settings): Draft | Skip {
    const side = sideOf(row.action);
    if (typeof side !== "string") return side;
    const { quantity, price, symbol } = row;
    if (symbol === null || quantity === null || price === null || row.currency === null) {
      throw new RowError("empty", "an order needs ticker, shares, price and currency", "price");
    }
    const unit = inMajorUnit(row.currency, price);
    const charges = chargesOf([
      [row.conversionFee, row.conversionFeeCurrency],
      [row.transactionFee, row.transactionFeeCurrency],
      [row.stampDuty, row.stampDutyCurrency],
      [row.frenchTax, row.frenchTaxCurrency],
      [row.finraFee, row.finraFeeCurrency],
    ]);
    const feeAsset = charges.currency ?? unit.currency;
    return {
      // Files that were made anonymous have one id for several orders.
      id: row.id === null ? null : `${row.id}-${side}`,
      identity: [row.time.text, row.isin ?? symbol, side, formatDecimal(quantity), formatDecimal(price)],
      market: settings.market ?? "stock",
      symbol,
      quoteAsset: unit.currency,
      side,
      quantity,
      price: unit.price,
      fee: charges.sum,
      feeAsset,
      feeInQuote: feeAsset === unit.currency ? charges.sum : inShareCurrency(charges.sum, row.rate, unit.divisor),
      executedAtMs: row.time.utcMs,
    };
  },
});

function fee(header: readonly HeaderName[]): Column<Fee | null> {
  return optional({
    header,
    numeric: true,
    parse: (cell, reading, name) => ({
      value: readMoney(cell, reading),
      currency: /\(([A-Z]{3})\)$/.exec(name)?.[1] ?? null,
    }),
  });
}

const others: readonly [RegExp, string][] = [
  [/^deposit$/i, "a deposit"],
  [/^withdrawal$/i, "a withdrawal"],
  [/^dividend/i, "a dividend"],
  [/interest/i, "interest"],
  [/^currency conversion$/i, "an exchange of currencies"],
  [/^result adjustment$/i, "a correction"],
  [/^card |^new card|^spending|cashback/i, "paid by card"],
  [/split/i, "a split: its shares are not known to be the same"],
  [/^(transfer|account|free shares?|referral|fee|return of capital)/i, "no order"],
];

function sideOf(action: string): Side | Skip {
  const order = /^(?:market|limit|stop|stop limit)\s+(buy|sell)$/i.exec(action)?.[1]?.toLowerCase();
  if (order === "buy" || order === "sell") return order;
  const other = others.find(([pattern]) => pattern.test(action));
  if (other !== undefined) return skip(other[1]);
  throw new RowError("unknown_value", "expected an order (Market buy, Limit sell …) or another known action", "action");
}

function chargesOf(fees: readonly (readonly [Fee | null, string | null])[]): { sum: Decimal; currency: string | null } {
  let sum = 0n;
  let currency: string | null = null;
  for (const [charge, said] of fees) {
    if (charge === null || charge.value === 0n) continue;
    const own = charge.currency ?? said;
    if (currency !== null && own !== null && own !== currency) {
      throw new RowError("ambiguous_fee", `fees in ${currency} and in ${own}`, "conversionFee");
    }
    currency ??= own;
    sum += charge.value;
  }
  return { sum, currency };
}

/** Null: the rate is not said ("Not available"). */
function inShareCurrency(value: Decimal, rate: string | null, divisor: Decimal): Decimal | null {
  if (rate === null || !/^\d+(\.\d+)?$/.test(rate)) return value === 0n ? 0n : null;
  return divide(fromProduct(multiply(value, readMoney(rate, { decimalMark: "." }))), divisor);
}
