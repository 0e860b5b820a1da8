import { Block, type Step } from "./block.ts";
import type { LocalCalendar } from "./calendar.ts";
import { type AnnualisationDays, Days, type ReturnFigures, returnFigures } from "./daily.ts";
import { Drawdown, type DrawdownFigures } from "./drawdown.ts";
import type { Figure } from "./figure.ts";
import { annualGrowth, Growth } from "./growth.ts";
import { lowBase } from "./lanes.ts";
import { Moments } from "./moments.ts";
import { Regression } from "./regression.ts";
import { RunsTest } from "./runs-test.ts";
import type { LaneScale } from "./scale.ts";
import { breakeven, type Outcome, Streaks } from "./streaks.ts";

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
    single.clear();
    single.push(step);
    this.addBlock(single);
  }

  /** The block's nets become running totals. */
  addBlock(block: Block): void {
    const { count } = block;
    if (count === 0) return;
    const before = this.#total;
    this.takeExtremes(block);
    this.accumulate(block);
    this.takeTimes(block);
    addOutcomes(this.streaks, this.runs, block);
    this.nets.addAll(block.net, count);
    if (block.hasMultiples) addMultiples(this.multiples, block);
    addDays(this.days, block);
    this.drawdown.addAll(block);
    this.regression.addAll(block.total, count);
    this.growth.addAll(block, before);
  }

  private accumulate({ count, high, low, total }: Block): void {
    const { scale } = this.scope;
    let sumHigh = this.high;
    let sumLow = this.low;
    for (let index = 0; index < count; index++) {
      sumHigh += high[index] as number;
      sumLow += low[index] as number;
      if (sumLow >= lowBase) {
        sumLow -= lowBase;
        sumHigh += 1;
      } else if (sumLow < 0) {
        sumLow += lowBase;
        sumHigh -= 1;
      }
      high[index] = sumHigh;
      low[index] = sumLow;
      total[index] = scale.toNumber(sumHigh, sumLow);
    }
    this.high = sumHigh;
    this.low = sumLow;
    this.#total = total[count - 1] as number;
  }

  private takeTimes({ count, openedAtMs, closedAtMs }: Block): void {
    let first = this.firstOpenedAtMs;
    for (let index = 0; index < count; index++) {
      const opened = openedAtMs[index] as number;
      if (opened < first) first = opened;
    }
    this.firstOpenedAtMs = first;
    this.lastClosedAtMs = closedAtMs[count - 1] as number;
  }

  private takeExtremes({ count, outcome, high, low }: Block): void {
    for (let index = 0; index < count; index++) {
      const came = outcome[index] as Outcome;
      if (came !== breakeven) this.takeExtreme(came, high[index] as number, low[index] as number);
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
    const lowSum = low + other.low;
    const carry = lowSum >= lowBase ? 1 : 0;
    this.high = high + other.high + carry;
    this.low = lowSum - carry * lowBase;
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
    if (this.growth.trades === 0) return "no_trades";
    const days = calendar.dayOf(this.lastClosedAtMs) - calendar.dayOf(this.firstOpenedAtMs);
    return annualGrowth({ start, total: this.#total, days });
  }
}

const single = new Block();

function addOutcomes(streaks: Streaks, runs: RunsTest, { count, outcome, high, low }: Block): void {
  let length = 0;
  for (let index = 0; index < count; index++) {
    length++;
    const came = outcome[index] as Outcome;
    if (index + 1 < count && outcome[index + 1] === came) continue;
    streaks.add(came, length, high[index] as number, low[index] as number);
    runs.add(came, length);
    length = 0;
  }
}

function addMultiples(moments: Moments, { count, multiple }: Block): void {
  let known = 0;
  for (let index = 0; index < count; index++) {
    const value = multiple[index] as number;
    if (!Number.isNaN(value)) multiple[known++] = value;
  }
  moments.addAll(multiple, known);
}

/** A day's last total is the one that counts. */
function addDays(days: Days, { count, day, high, low }: Block): void {
  for (let index = 0; index < count; index++) {
    if (index + 1 < count && day[index + 1] === day[index]) continue;
    days.add(day[index] as number, high[index] as number, low[index] as number);
  }
}
