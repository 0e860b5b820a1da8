import { amountWithUnit, optionalText, text, time } from "./columns.ts";
import { convertRowOf } from "./convert-row.ts";
import { type Draft, defineDialect, type Skip, skip } from "./dialect.ts";

/** KuCoin, "Convert": one row a conversion, with what was sold and bought, each with its coin. The spread is in the price. */
export const kucoinConvert = defineDialect({
  id: "kucoin_convert",
  broker: "kucoin",
  title: "KuCoin convert",
  export: "KuCoin > Orders > Convert > Export",
  markets: ["spot"],
  layout: { kind: "table" },
  headers: [["UID", "Account Type", "Payment Account", "Sell", "Buy", "Price", "Time of Update(UTC)", "Status"]],
  timezone: "Asia/Singapore",
  statedPnl: null,
  columns: {
    account: optionalText("UID"),
    sold: amountWithUnit("Sell"),
    bought: amountWithUnit("Buy"),
    status: text("Status"),
    time: time("Time of Update(UTC)", ["YYYY-MM-DD hh:mm:ss"]),
  },
  timeColumn: "time",
  accountColumn: "account",
  summaryRow: (cells) => (cells.includes("No matching records found.") ? "the export is empty" : null),
  toExecution(row): Draft | Skip {
    if (row.status !== "SUCCESS") return skip(`not carried out (${row.status})`);
    return convertRowOf(row, "-");
  },
});
