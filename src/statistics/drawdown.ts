import type { Block } from "./block.ts";
import type { Figure } from "./figure.ts";
import { lowBase } from "./lanes.ts";
import type { LaneScale } from "./scale.ts";

const pointSize = 3;

/**
 * The falls of the equity from its peaks, by closed trades. The start is a peak too; it has no close, so its time is the
 * earliest open. A close that comes up to a peak ends the drawdown and is the peak from then on.
 *
 * With `keepPoints` the new highs and the lows between them are kept: what another stretch that this one follows must see to
 * find where its own peaks are regained. They stand for all trades of the stretch, so money, fractions, times and spells merge exactly.
 */
export class Drawdown {
  readonly #scale: LaneScale;
  /** Equity at the start; null: not known, then there are no fractions. */
  readonly #start: number | null;
  /** high, low and time of each point. */
  #points: number[] | null;

  #peakHigh = 0;
  #peakLow = 0;
  /** Null: the start. */
  #peakAtMs: number | null = null;
  #lowHigh = 0;
  #lowLow = 0;
  isUnderWater = false;
  #lastAtMs = 0;

  /** The deepest in money. */
  depthHigh = 0;
  depthLow = 0;
  #depthPeakHigh = 0;
  #depthPeakLow = 0;
  /** Null: the start, or no drawdown. */
  peakAtMs: number | null = null;
  troughAtMs: number | null = null;
  recoveredAtMs: number | null = null;
  #deepestIsOpen = false;

  /** The deepest as a fraction of its peak. */
  #fraction = 0;
  #longestMs = 0;
  /** When the spell under the start ended; its beginning, the earliest open, is known last. */
  #startRegainedAtMs: number | null = null;

  constructor(scale: LaneScale, start: number | null, keepPoints = false) {
    this.#scale = scale;
    this.#start = start;
    this.#points = keepPoints ? [] : null;
  }

  /** `high`, `low`: the running total after the trade, with 0 <= low < base. */
  add(high: number, low: number, closedAtMs: number): void {
    this.#lastAtMs = closedAtMs;
    if (high > this.#peakHigh || (high === this.#peakHigh && low >= this.#peakLow)) {
      if (this.isUnderWater) this.surface(closedAtMs);
      this.#peakHigh = high;
      this.#peakLow = low;
      this.#peakAtMs = closedAtMs;
      this.#lowHigh = high;
      this.#lowLow = low;
      this.#points?.push(high, low, closedAtMs);
    } else if (high < this.#lowHigh || (high === this.#lowHigh && low < this.#lowLow)) {
      this.sink(high, low, closedAtMs);
    }
  }

  addAll({ count, high, low, closedAtMs }: Pick<Block, "count" | "high" | "low" | "closedAtMs">): void {
    let peakHigh = this.#peakHigh;
    let peakLow = this.#peakLow;
    let lowHigh = this.#lowHigh;
    let lowLow = this.#lowLow;
    for (let index = 0; index < count; index++) {
      const totalHigh = high[index] as number;
      const totalLow = low[index] as number;
      const isPeak = totalHigh > peakHigh || (totalHigh === peakHigh && totalLow >= peakLow);
      // Between the peak and the lowest point since: nothing happens.
      if (!isPeak && (totalHigh > lowHigh || (totalHigh === lowHigh && totalLow >= lowLow))) continue;
      this.add(totalHigh, totalLow, closedAtMs[index] as number);
      lowHigh = totalHigh;
      lowLow = totalLow;
      if (!isPeak) continue;
      peakHigh = totalHigh;
      peakLow = totalLow;
    }
    if (count > 0) this.#lastAtMs = closedAtMs[count - 1] as number;
  }

  private sink(high: number, low: number, closedAtMs: number): void {
    if (this.#points !== null) {
      if (this.isUnderWater) this.#points.length -= pointSize;
      this.#points.push(high, low, closedAtMs);
    }
    this.isUnderWater = true;
    this.#lowHigh = high;
    this.#lowLow = low;
    let depthHigh = this.#peakHigh - high;
    let depthLow = this.#peakLow - low;
    if (depthLow < 0) {
      depthLow += lowBase;
      depthHigh -= 1;
    }
    if (this.#start !== null) {
      const peak = this.#start + this.#scale.toNumber(this.#peakHigh, this.#peakLow);
      const fraction = this.#scale.toNumber(depthHigh, depthLow) / peak;
      if (fraction > this.#fraction) this.#fraction = fraction;
    }
    if (depthHigh < this.depthHigh || (depthHigh === this.depthHigh && depthLow <= this.depthLow)) return;
    this.depthHigh = depthHigh;
    this.depthLow = depthLow;
    this.#depthPeakHigh = this.#peakHigh;
    this.#depthPeakLow = this.#peakLow;
    this.peakAtMs = this.#peakAtMs;
    this.troughAtMs = closedAtMs;
    this.recoveredAtMs = null;
    this.#deepestIsOpen = true;
  }

  private surface(closedAtMs: number): void {
    this.isUnderWater = false;
    if (this.#deepestIsOpen) {
      this.recoveredAtMs = closedAtMs;
      this.#deepestIsOpen = false;
    }
    if (this.#peakAtMs === null) this.#startRegainedAtMs = closedAtMs;
    else this.#longestMs = Math.max(this.#longestMs, closedAtMs - this.#peakAtMs);
  }

  /** `other` follows, with its points; it started at the total of `high` and `low`, this one's last. */
  merge(other: Drawdown, high: number, low: number): void {
    const points = other.#points;
    if (points === null) throw new Error("only a drawdown that kept its points can be merged into another");
    for (let index = 0; index < points.length; index += pointSize) {
      let pointHigh = (points[index] as number) + high;
      let pointLow = (points[index + 1] as number) + low;
      if (pointLow >= lowBase) {
        pointLow -= lowBase;
        pointHigh += 1;
      }
      this.add(pointHigh, pointLow, points[index + 2] as number);
    }
    if (other.#lastAtMs > this.#lastAtMs) this.#lastAtMs = other.#lastAtMs;
  }

  /** Saves their memory where nothing is left to merge this into. */
  dropPoints(): void {
    this.#points = null;
  }

  get isNone(): boolean {
    return this.depthHigh === 0 && this.depthLow === 0;
  }

  figures(firstOpenedAtMs: number): DrawdownFigures {
    const start = this.#start;
    const depth = this.#scale.toNumber(this.depthHigh, this.depthLow);
    const fractions = { fraction: this.#fraction as Figure, fractionAtDeepest: 0 as Figure };
    if (start === null) {
      fractions.fraction = "no_starting_balance";
      fractions.fractionAtDeepest = "no_starting_balance";
    } else if (start <= 0) {
      fractions.fraction = "equity_not_positive";
      fractions.fractionAtDeepest = "equity_not_positive";
    } else if (!this.isNone) {
      fractions.fractionAtDeepest = depth / (start + this.#scale.toNumber(this.#depthPeakHigh, this.#depthPeakLow));
    }
    return {
      depth,
      ...fractions,
      peakAtMs: this.isNone ? null : (this.peakAtMs ?? firstOpenedAtMs),
      troughAtMs: this.troughAtMs,
      recoveredAtMs: this.recoveredAtMs,
      longestMs: this.isNone ? null : this.longestMs(firstOpenedAtMs),
      isOngoing: this.isUnderWater,
    };
  }

  private longestMs(firstOpenedAtMs: number): number {
    let longest = this.#longestMs;
    if (this.#startRegainedAtMs !== null) longest = Math.max(longest, this.#startRegainedAtMs - firstOpenedAtMs);
    if (this.isUnderWater) longest = Math.max(longest, this.#lastAtMs - (this.#peakAtMs ?? firstOpenedAtMs));
    return longest;
  }
}

export interface DrawdownFigures {
  depth: number;
  fraction: Figure;
  fractionAtDeepest: Figure;
  /** Null where there is no drawdown; `recoveredAtMs` also while it lasts. */
  peakAtMs: number | null;
  troughAtMs: number | null;
  recoveredAtMs: number | null;
  longestMs: number | null;
  isOngoing: boolean;
}
