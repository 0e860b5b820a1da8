import { formatDecimal } from "../../executions/decimal.ts";
import { amountIn, amountWithUnit, optionalText, text, time } from "./columns.ts";
import { type Draft, defineDialect, RowError, type Skip, skip } from "./dialect.ts";
import { exchangedOf, quotesOfCoinExchanges } from "./exchanged.ts";

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
    const [sold, bought] = [amountIn(row.sold, [], "sold"), amountIn(row.bought, [], "bought")];
    if (sold.unit === null || bought.unit === null) {
      throw new RowError("unit_missing", "an amount does not say its coin", sold.unit === null ? "sold" : "bought");
    }
    const legs = [
      { asset: sold.unit, amount: -sold.value },
      { asset: bought.unit, amount: bought.value },
    ];
    const { base, quote, ...exchanged } = exchangedOf(legs, quotesOfCoinExchanges);
    return {
      id: null,
      identity: [row.time.text, sold.unit, formatDecimal(sold.value), bought.unit, formatDecimal(bought.value)],
      type: "conversion",
      market: "spot",
      symbol: `${base}-${quote}`,
      baseAsset: base,
      quoteAsset: quote,
      ...exchanged,
      fee: 0n,
      feeAsset: quote,
      executedAtMs: row.time.utcMs,
    };
  },
});
