import type { Market } from "../../executions/execution.ts";
import { regionalTime } from "./day-first.ts";
import { futuresContract } from "./futures-contracts.ts";

/** What both exports of NinjaTrader share. */

/** As the computer's region writes them: with slashes day and month come in either order, and the day first with points or dashes. */
export function ninjaTraderTime(header: string | readonly string[]) {
  return regionalTime(header, {
    rest: [" h:mm:ss A", " h:mm A", " h:mm:ss", " h:mm"],
    others: ["D.M.YYYY h:mm:ss", "D.M.YYYY h:mm", "D-M-YYYY h:mm:ss", "YYYY-MM-DD hh:mm:ss", "YYYY/MM/DD h:mm:ss"],
  });
}

/** `ES 12-26`, `ES DEC26` and `ESZ6` are futures, `EURUSD` is a pair. */
export function ninjaTraderMarketOf(symbol: string): Market {
  if (/ (?:\d{2}-\d{2}|[A-Z]{3}\d{2})$/.test(symbol)) return "future";
  if (/[FGHJKMNQUVXZ]\d{1,2}$/.test(symbol) && futuresContract(symbol) !== null) return "future";
  return /^[A-Z]{6}$/.test(symbol) ? "forex" : "stock";
}
