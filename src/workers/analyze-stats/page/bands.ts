import { type Decimal, formatDecimal, parseDecimal } from "../../../executions/decimal.ts";
import type { Period } from "../../../statistics/body.ts";
import { dayMs, dayOf } from "../../../statistics/days.ts";

/** Some days of a curve, which is read at their end. */
export interface Band {
  firstKey: string;
  lastKey: string;
  /** Exact: net P&L of these days, and of all days up to their end. */
  net: string;
  total: string;
  trades: number;
}

export interface Bands {
  startMs: number;
  endMs: number;
  list: Band[];
}

/** The history in equal stretches of whole days, at most `max`. `whole` is the net P&L of all time, of which the oldest days may be missing. */
export function bandsOf(days: readonly Period[], whole: string, max: number): Bands {
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return { startMs: 0, endMs: 1, list: [] };
  const firstDay = numberOf(first.key);
  const count = numberOf(last.key) - firstDay + 1;
  const daysEach = Math.ceil(count / max);
  const known = days.reduce((sum, { metrics }) => sum + parseDecimal(metrics.net_pnl), 0n);
  let total: Decimal = parseDecimal(whole) - known;
  const list: Band[] = [];
  let next = 0;
  for (let from = 0; from < count; from += daysEach) {
    let net: Decimal = 0n;
    let trades = 0;
    for (let day = days[next]; day !== undefined && numberOf(day.key) - firstDay < from + daysEach; day = days[next]) {
      net += parseDecimal(day.metrics.net_pnl);
      trades += day.metrics.trades;
      next++;
    }
    total += net;
    const lastOfBand = Math.min(from + daysEach, count) - 1;
    list.push({
      firstKey: keyOf(firstDay + from),
      lastKey: keyOf(firstDay + lastOfBand),
      net: formatDecimal(net),
      total: formatDecimal(total),
      trades,
    });
  }
  const startMs = Date.parse(first.from);
  return { startMs, endMs: startMs + list.length * daysEach * dayMs, list };
}

function numberOf(key: string): number {
  const [year = 0, month = 1, date = 1] = key.split("-").map(Number);
  return dayOf(year, month, date);
}

function keyOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

export function sumTexts(a: string, b: string): string {
  return formatDecimal(parseDecimal(a) + parseDecimal(b));
}
