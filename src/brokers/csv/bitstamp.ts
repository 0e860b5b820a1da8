import type { Decimal } from "../../executions/decimal.ts";
import { formatDecimal } from "../../executions/decimal.ts";
import {
  type AmountText,
  amountIn,
  amountWithUnit,
  oneOf,
  optional,
  optionalId,
  optionalOneOf,
  optionalText,
} from "./columns.ts";
import { CellError, type Column, type Draft, defineDialect, RowError, type Skip, skip } from "./dialect.ts";
import { compileFormat, readTimeAt, type TimeCell } from "./times.ts";

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const written = /^([A-Za-z]{3})[a-z]*\.? (\d{1,2}), (\d{4}), (\d{1,2}):(\d{2}) ([ap])\.?m\.?$/i;
const formats = ["iso", "YYYY-MM-DD h:mm A"].map(compileFormat);

/** `Feb. 14, 2019, 03:32 PM` in files of before 2023, `2025-01-02T10:00:00Z` since. */
function timeInWords(header: string): Column<TimeCell> {
  return {
    header,
    parse(cell, reading) {
      const [, name = "", day = "", year = "", hour = "", minute = "", half = ""] = written.exec(cell) ?? [];
      const month = months.indexOf(name.toLowerCase()) + 1;
      if (year === "" && !/^\d/.test(cell)) throw new CellError("not_a_time", "a time like Feb. 14, 2019, 03:32 PM");
      if (year !== "" && month === 0) throw new CellError("not_a_time", "the English name of a month");
      const plain =
        year === ""
          ? cell
          : `${year}-${String(month).padStart(2, "0")}-${day.padStart(2, "0")} ${hour}:${minute} ${half.toUpperCase()}M`;
      return readTimeAt(plain, 0, plain.length, formats, reading);
    },
  };
}

/**
 * Bitstamp, "Transactions": one row a fill, deposit, withdrawal or reward, oldest first, in UTC. Two generations: times in English words, to the minute,
 * with the units behind the amounts and no ids; and, since 2023, ISO times, a column for each unit, and the transaction's id, which is the API's. The fee
 * is apart from the value. (Columns as in BittyTax, everytrade-io/everytrade-plugins and rotki, which reads the older times as UTC too.)
 */
export const bitstamp = defineDialect({
  id: "bitstamp",
  broker: "bitstamp",
  title: "Bitstamp transactions",
  export: "Bitstamp > Transactions > Export, CSV, all types",
  markets: ["spot"],
  layout: { kind: "table" },
  headers: [
    ["Type", "Datetime", "Account", "Amount", "Value", "Rate", "Fee", "Sub Type"],
    [
      ...["ID", "Account", "Type", "Subtype", "Datetime", "Amount", "Amount currency", "Value", "Value currency"],
      ...["Rate", "Rate currency", "Fee", "Fee currency"],
    ],
  ],
  timezone: "UTC",
  statedPnl: null,
  columns: {
    id: optionalId("ID"),
    account: optionalText("Account"),
    type: oneOf<"trade" | Skip>("Type", {
      Market: "trade",
      Deposit: skip("a deposit"),
      "Card Deposit": skip("a deposit"),
      "Ripple deposit": skip("a deposit"),
      Withdrawal: skip("a withdrawal"),
      "Ripple payment": skip("a withdrawal"),
      "Staking reward": skip("a staking reward"),
      "Sub Account Transfer": skip("a transfer"),
    }),
    side: optionalOneOf(["Sub Type", "Subtype"], { Buy: "buy", Sell: "sell" }),
    time: timeInWords("Datetime"),
    amount: amountWithUnit("Amount"),
    base: optionalText("Amount currency"),
    value: optional(amountWithUnit("Value")),
    quote: optionalText("Value currency"),
    rate: optional(amountWithUnit("Rate")),
    fee: optional(amountWithUnit("Fee")),
    feeAsset: optionalText("Fee currency"),
    orderId: optionalId("Order ID"),
  },
  timeColumn: "time",
  accountColumn: "account",
  toExecution(row): Draft | Skip {
    if (row.type !== "trade") return row.type;
    const { side } = row;
    if (side === null) throw new RowError("empty", "a trade needs to be a buy or a sell", "side");
    const amount = moneyOf(row.amount, row.base, "amount");
    const value = moneyOf(row.value, row.quote, "value");
    const rate = moneyOf(row.rate, value.unit, "rate");
    const fee = row.fee === null ? { value: 0n, unit: value.unit } : moneyOf(row.fee, row.feeAsset, "fee");
    if (rate.unit !== value.unit) throw new RowError("wrong_unit", `expected a rate in ${value.unit}`, "rate");
    const symbol = `${amount.unit}/${value.unit}`;
    return {
      id: row.id,
      identity: [row.time.text, symbol, side, ...[rate, amount, value].map((money) => formatDecimal(money.value))],
      market: "spot",
      symbol,
      baseAsset: amount.unit,
      quoteAsset: value.unit,
      side,
      quantity: amount.value,
      price: rate.value,
      quoteQuantity: value.value,
      fee: fee.value,
      feeAsset: fee.unit,
      orderId: row.orderId,
      executedAtMs: row.time.utcMs,
    };
  },
});

/** Its unit stands behind it, or in a column of its own. */
function moneyOf(amount: AmountText | null, unit: string | null, column: string): { value: Decimal; unit: string } {
  if (amount === null) throw new RowError("empty", "a trade needs its amount, value and rate", column);
  const read = amountIn(amount, [], column);
  const found = read.unit ?? unit;
  if (found === null) throw new RowError("unit_missing", "the amount does not say its currency", column);
  return { value: read.value, unit: found };
}
