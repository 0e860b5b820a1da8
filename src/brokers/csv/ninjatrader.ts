import type { Market } from "../../executions/execution.ts";

/** What both exports of NinjaTrader share. */

/** As the computer's region writes them: the month comes first with slashes, and the day with points. */
export const ninjaTraderTimes = [
  "M/D/YYYY h:mm:ss A",
  "M/D/YYYY h:mm A",
  "M/D/YYYY h:mm:ss",
  "D.M.YYYY h:mm:ss",
  "YYYY-MM-DD hh:mm:ss",
] as const;

/** `ES 12-26` is a future, `EURUSD` a pair. */
export function ninjaTraderMarketOf(symbol: string): Market {
  if (/ \d{2}-\d{2}$/.test(symbol)) return "future";
  return /^[A-Z]{6}$/.test(symbol) ? "forex" : "stock";
}
