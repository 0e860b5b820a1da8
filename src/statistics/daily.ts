import { weekdayOf } from "./days.ts";
import { type Figure, isVariation } from "./figure.ts";
import { lowBase } from "./lanes.ts";
import { Moments } from "./moments.ts";
import type { LaneScale } from "./scale.ts";

/** Days of the axis in a year: all days, or Monday to Friday. */
export type AnnualisationDays = 252 | 365;

/** The days on which trades closed, in order, with the running total at the end of each. */
export class Days {
  readonly numbers: number[] = [];
  readonly highs: number[] = [];
  readonly lows: number[] = [];

  /** `high`, `low`: the running total after a trade of `day`, with 0 <= low < base. */
  add(day: number, high: number, low: number): void {
    const last = this.numbers.length - 1;
    if (last >= 0 && this.numbers[last] === day) {
      this.highs[last] = high;
      this.lows[last] = low;
      return;
    }
    this.numbers.push(day);
    this.highs.push(high);
    this.lows.push(low);
  }

  /** `other` follows; it started at the total of `high` and `low`, this one's last. */
  merge(other: Days, high: number, low: number): void {
    for (let index = 0; index < other.numbers.length; index++) {
      const sum = (other.lows[index] as number) + low;
      const carry = sum >= lowBase ? 1 : 0;
      this.add(other.numbers[index] as number, (other.highs[index] as number) + high + carry, sum - carry * lowBase);
    }
  }
}

export interface DayFigures {
  tradingDays: number;
  winningDays: number;
  losingDays: number;
  /** Index into the days, with the lanes of the day's P&L; the first of equals. */
  best: DayAmount;
  worst: DayAmount;
}

export interface DayAmount {
  day: number;
  high: number;
  low: number;
}

export function dayFigures(days: Days): DayFigures {
  const none: DayAmount = { day: 0, high: 0, low: 0 };
  const figures: DayFigures = {
    tradingDays: days.numbers.length,
    winningDays: 0,
    losingDays: 0,
    best: none,
    worst: none,
  };
  let beforeHigh = 0;
  let beforeLow = 0;
  for (let index = 0; index < days.numbers.length; index++) {
    const totalHigh = days.highs[index] as number;
    const totalLow = days.lows[index] as number;
    let high = totalHigh - beforeHigh;
    let low = totalLow - beforeLow;
    if (low < 0) {
      low += lowBase;
      high -= 1;
    }
    beforeHigh = totalHigh;
    beforeLow = totalLow;
    if (high < 0) figures.losingDays++;
    else if (high > 0 || low > 0) figures.winningDays++;
    const { best, worst } = figures;
    const isBest = high > best.high || (high === best.high && low > best.low);
    const isWorst = high < worst.high || (high === worst.high && low < worst.low);
    if (index === 0 || isBest) figures.best = { day: days.numbers[index] as number, high, low };
    if (index === 0 || isWorst) figures.worst = { day: days.numbers[index] as number, high, low };
  }
  return figures;
}

export interface ReturnFigures {
  /** P&L over the equity at the start of the day; or the P&L itself, where no starting balance is known. */
  basis: "equity" | "pnl";
  sharpe: Figure;
  sortino: Figure;
  ulcer: Figure;
}

/** The next Monday for Saturday and Sunday, on the axis of Monday to Friday. */
function axisDay(day: number, annualisationDays: AnnualisationDays): number {
  if (annualisationDays === 365) return day;
  const weekday = weekdayOf(day);
  return weekday > 5 ? day + 8 - weekday : day;
}

/** Days of the axis from one of its days to another. */
function axisDistance(from: number, to: number, annualisationDays: AnnualisationDays): number {
  if (annualisationDays === 365) return to - from;
  return to - from - 2 * Math.floor((to - from + weekdayOf(from) - 1) / 7);
}

/**
 * Of one entry for every day of the axis from the first close to the last, 0 on days without a close. `start`: equity before the
 * first trade in scope.
 */
export function returnFigures(
  days: Days,
  { annualisationDays, start, scale }: { annualisationDays: AnnualisationDays; start: number | null; scale: LaneScale },
): ReturnFigures {
  const series = new Series(start);
  const { numbers, highs, lows } = days;
  let beforeHigh = 0;
  let beforeLow = 0;
  for (let index = 0; index < numbers.length; ) {
    const day = axisDay(numbers[index] as number, annualisationDays);
    while (index + 1 < numbers.length && axisDay(numbers[index + 1] as number, annualisationDays) === day) index++;
    const high = highs[index] as number;
    const low = lows[index] as number;
    index++;
    const next = index < numbers.length ? axisDay(numbers[index] as number, annualisationDays) : null;
    series.add({
      net: scale.toNumber(high - beforeHigh, low - beforeLow),
      before: scale.toNumber(beforeHigh, beforeLow),
      after: scale.toNumber(high, low),
      idle: next === null ? 0 : axisDistance(day, next, annualisationDays) - 1,
    });
    beforeHigh = high;
    beforeLow = low;
  }
  return series.figures(annualisationDays);
}

/** The daily returns as they pass by. */
class Series {
  readonly #start: number | null;
  readonly #returns = new Moments();
  #idle = 0;
  #downside = 0;
  #losingDays = 0;
  #equityRanOut = false;
  #peak: number;
  #depths = 0;

  constructor(start: number | null) {
    this.#start = start;
    this.#peak = start ?? 0;
  }

  /** A day's P&L, the totals before and after it, and how many days without a close follow. */
  add({ net, before, after, idle }: { net: number; before: number; after: number; idle: number }): void {
    const equity = this.#start === null ? 1 : this.#start + before;
    if (equity <= 0) this.#equityRanOut = true;
    const dayReturn = net / equity;
    this.#returns.add(dayReturn);
    this.#idle += idle;
    if (dayReturn < 0) {
      this.#downside += dayReturn * dayReturn;
      this.#losingDays++;
    }
    if (this.#start === null) return;
    const end = this.#start + after;
    if (end > this.#peak) this.#peak = end;
    const depth = (this.#peak - end) / this.#peak;
    this.#depths += depth * depth * (1 + idle);
  }

  figures(annualisationDays: AnnualisationDays): ReturnFigures {
    const returns = this.#returns;
    returns.addZeros(this.#idle);
    this.#idle = 0;
    const basis = this.#start === null ? "pnl" : "equity";
    return { basis, ...this.ratios(annualisationDays), ulcer: this.ulcer() };
  }

  private ratios(annualisationDays: AnnualisationDays): { sharpe: Figure; sortino: Figure } {
    const { count, mean, squares } = this.#returns;
    if (this.#equityRanOut) return { sharpe: "equity_not_positive", sortino: "equity_not_positive" };
    if (count < 2) return { sharpe: "too_few_days", sortino: "too_few_days" };
    const deviation = Math.sqrt(squares / (count - 1));
    const root = Math.sqrt(annualisationDays);
    return {
      sharpe: isVariation(deviation, mean) ? (mean / deviation) * root : "no_variation",
      sortino: this.#losingDays === 0 ? "no_losses" : (mean / Math.sqrt(this.#downside / count)) * root,
    };
  }

  private ulcer(): Figure {
    if (this.#start === null) return "no_starting_balance";
    if (this.#start <= 0) return "equity_not_positive";
    return Math.sqrt(this.#depths / this.#returns.count);
  }
}
