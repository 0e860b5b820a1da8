import { lowBase } from "./amount.ts";
import type { LocalCalendar } from "./calendar.ts";
import { type AnnualisationDays, Days, type ReturnFigures, returnFigures } from "./daily.ts";
import { Drawdown, type DrawdownFigures } from "./drawdown.ts";
import type { Figure } from "./figure.ts";
import { annualGrowth, Growth } from "./growth.ts";
import { Moments } from "./moments.ts";
import { Regression } from "./regression.ts";
import { RunsTest } from "./runs-test.ts";
import type { LaneScale } from "./scale.ts";
import { breakeven, type Outcome, Streaks } from "./streaks.ts";

/** One trade as the figures that follow the order of closes see it; one object, filled again for each trade. */
export interface Step {
  outcome: Outcome;
  /** Net P&L: the two lanes in the scope's scale, and as a float. */
  high: number;
  low: number;
  net: number;
  /** Of the close, in the user's zone. */
  day: number;
  openedAtMs: number;
  closedAtMs: number;
  /** R; NaN: none. */
  multiple: number;
}

export interface CourseScope {
  calendar: LocalCalendar;
  annualisationDays: AnnualisationDays;
  scale: LaneScale;
  /** Equity before the first trade of the stretch; null: not known. */
  start: number | null;
  /** Is it to be merged into another? */
  keepPoints?: boolean;
}

/**
 * The trades of one stretch and scope in the order of their closes: everything that depends on that order. Days, weeks or any
 * other stretches that follow each other merge to what one pass over all of them gives.
 */
export class Course {
  readonly scope: CourseScope;
  /** The running total, with 0 <= low < base. */
  high = 0;
  low = 0;
  firstOpenedAtMs = Number.POSITIVE_INFINITY;
  lastClosedAtMs = Number.NEGATIVE_INFINITY;
  largestHigh = 0;
  largestLow = 0;
  smallestHigh = 0;
  smallestLow = 0;
  readonly streaks = new Streaks();
  readonly runs = new RunsTest();
  readonly nets = new Moments();
  readonly multiples = new Moments();
  readonly drawdown: Drawdown;
  readonly days = new Days();
  readonly regression = new Regression();
  readonly growth: Growth;
  #total = 0;

  constructor(scope: CourseScope) {
    this.scope = scope;
    this.drawdown = new Drawdown(scope.scale, scope.start, scope.keepPoints);
    this.growth = new Growth(scope.start);
  }

  add(step: Step): void {
    const { outcome, net } = step;
    this.growth.add(net, this.#total);
    this.addToTotal(step.high, step.low);
    const { high, low } = this;
    this.#total = this.scope.scale.toNumber(high, low);
    if (step.openedAtMs < this.firstOpenedAtMs) this.firstOpenedAtMs = step.openedAtMs;
    this.lastClosedAtMs = step.closedAtMs;
    if (outcome !== breakeven) this.takeExtreme(outcome, step.high, step.low);
    this.streaks.add(outcome, high, low);
    this.runs.add(outcome);
    this.nets.add(net);
    if (!Number.isNaN(step.multiple)) this.multiples.add(step.multiple);
    this.drawdown.add(high, low, step.closedAtMs);
    this.days.add(step.day, high, low);
    this.regression.add(this.#total);
  }

  private addToTotal(high: number, low: number): void {
    this.high += high;
    this.low += low;
    if (this.low >= lowBase) {
      this.low -= lowBase;
      this.high += 1;
    } else if (this.low < 0) {
      this.low += lowBase;
      this.high -= 1;
    }
  }

  /** The largest win above zero, and the largest loss below. */
  private takeExtreme(outcome: Outcome, high: number, low: number): void {
    if (outcome > 0) {
      if (high > this.largestHigh || (high === this.largestHigh && low > this.largestLow)) {
        this.largestHigh = high;
        this.largestLow = low;
      }
    } else if (high < this.smallestHigh || (high === this.smallestHigh && low < this.smallestLow)) {
      this.smallestHigh = high;
      this.smallestLow = low;
    }
  }

  /** `other` follows this one, and kept its points. */
  merge(other: Course): void {
    const { high, low } = this;
    this.streaks.merge(other.streaks);
    this.runs.merge(other.runs);
    this.nets.merge(other.nets);
    this.multiples.merge(other.multiples);
    this.drawdown.merge(other.drawdown, high, low);
    this.days.merge(other.days, high, low);
    this.regression.merge(other.regression, this.#total);
    this.growth.merge(other.growth);
    this.takeExtreme(1, other.largestHigh, other.largestLow);
    this.takeExtreme(-1, other.smallestHigh, other.smallestLow);
    this.addToTotal(other.high, other.low);
    this.#total = this.scope.scale.toNumber(this.high, this.low);
    this.firstOpenedAtMs = Math.min(this.firstOpenedAtMs, other.firstOpenedAtMs);
    this.lastClosedAtMs = Math.max(this.lastClosedAtMs, other.lastClosedAtMs);
  }

  /** The running total at the end, from 0. */
  get total(): number {
    return this.#total;
  }

  drawdownFigures(): DrawdownFigures {
    return this.drawdown.figures(this.firstOpenedAtMs);
  }

  returnFigures(): ReturnFigures {
    return returnFigures(this.days, this.scope);
  }

  annualGrowth(): Figure {
    const { calendar, start } = this.scope;
    const days = calendar.dayOf(this.lastClosedAtMs) - calendar.dayOf(this.firstOpenedAtMs);
    return annualGrowth({ start, total: this.#total, days });
  }
}
