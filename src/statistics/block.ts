import type { Outcome } from "./streaks.ts";

/** Small enough to stay in the first cache while one family of figures after the other goes over it. */
export const blockSize = 512;

/**
 * Up to 512 trades of one stretch, by close, in columns: a family of figures goes over all of them with its state at hand, which
 * takes a third of the time of handing each trade to each family.
 */
export class Block {
  count = 0;
  readonly outcome = new Int8Array(blockSize);
  /** Net P&L in the scope's scale; from `accumulate` on the running total, with 0 <= low < base. */
  readonly high = new Float64Array(blockSize);
  readonly low = new Float64Array(blockSize);
  /** Net P&L, and the running total, as floats. */
  readonly net = new Float64Array(blockSize);
  readonly total = new Float64Array(blockSize);
  /** Of the close, in the user's zone. */
  readonly day = new Int32Array(blockSize);
  readonly openedAtMs = new Float64Array(blockSize);
  readonly closedAtMs = new Float64Array(blockSize);
  /** R; NaN: none. */
  readonly multiple = new Float64Array(blockSize);
  hasMultiples = false;

  push(step: Step): void {
    const index = this.count++;
    this.outcome[index] = step.outcome;
    this.high[index] = step.high;
    this.low[index] = step.low;
    this.net[index] = step.net;
    this.day[index] = step.day;
    this.openedAtMs[index] = step.openedAtMs;
    this.closedAtMs[index] = step.closedAtMs;
    this.multiple[index] = step.multiple;
    if (!Number.isNaN(step.multiple)) this.hasMultiples = true;
  }

  clear(): void {
    this.count = 0;
    this.hasMultiples = false;
  }
}

/** One trade, for those who have no block. */
export interface Step {
  outcome: Outcome;
  high: number;
  low: number;
  net: number;
  day: number;
  openedAtMs: number;
  closedAtMs: number;
  multiple: number;
}
