import { noDataRow } from "./binance.ts";
import { amountWithUnit, text, time } from "./columns.ts";
import { convertRowOf } from "./convert-row.ts";
import { type Draft, defineDialect, type Skip, skip } from "./dialect.ts";

/**
 * Binance, "Convert History": one row a conversion, with what was sold and bought, each with its coin behind a blank. The spread is in the price. The
 * header says no zone: it is read as UTC, or in the zone that the file's name says. (Both layouts as in BittyTax.)
 */
export const binanceConvert = defineDialect({
  id: "binance_convert",
  broker: "binance",
  title: "Binance convert history",
  export:
    "Binance > Orders > Convert History > Export (not beside Transaction History, which has the same conversions)",
  markets: ["spot"],
  layout: { kind: "table" },
  headers: [["Date", "Pair", "Type", "Sell", "Buy", "Price", "Inverse Price", "Date Updated", "Status"]],
  timezone: "UTC",
  timezoneInName: true,
  statedPnl: null,
  columns: {
    time: time("Date", ["YYYY-MM-DD hh:mm:ss", "YY-MM-DD hh:mm:ss"]),
    sold: amountWithUnit("Sell"),
    bought: amountWithUnit("Buy"),
    status: text("Status"),
  },
  timeColumn: "time",
  summaryRow: noDataRow,
  toExecution(row): Draft | Skip {
    if (row.status !== "Successful") return skip(`not carried out (${row.status})`);
    return convertRowOf(row, "");
  },
});
