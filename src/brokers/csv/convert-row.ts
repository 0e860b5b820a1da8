import { formatDecimal } from "../../executions/decimal.ts";
import { type AmountText, amountIn } from "./columns.ts";
import { type Draft, RowError } from "./dialect.ts";
import { conversionDraft, quotesOfCoinExchanges } from "./exchanged.ts";
import type { TimeCell } from "./times.ts";

/** A row of a convert history, without an id: what was sold and bought, each with its coin glued on. */
export interface ConvertRow {
  time: TimeCell;
  sold: AmountText;
  bought: AmountText;
}

/** `between`: what stands between the coins of a symbol there. @throws {RowError} */
export function convertRowOf(row: ConvertRow, between: "" | "-"): Draft {
  const [sold, bought] = [amountIn(row.sold, [], "sold"), amountIn(row.bought, [], "bought")];
  if (sold.unit === null || bought.unit === null) {
    throw new RowError("unit_missing", "an amount does not say its coin", sold.unit === null ? "sold" : "bought");
  }
  const legs = [
    { asset: sold.unit, amount: -sold.value },
    { asset: bought.unit, amount: bought.value },
  ];
  return {
    id: null,
    identity: [row.time.text, sold.unit, formatDecimal(sold.value), bought.unit, formatDecimal(bought.value)],
    ...conversionDraft(legs, quotesOfCoinExchanges, between),
    executedAtMs: row.time.utcMs,
  };
}
