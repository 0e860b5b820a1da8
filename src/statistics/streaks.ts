import { lowBase } from "./lanes.ts";

/** How a trade came out. */
export const win = 1;
export const loss = -1;
export const breakeven = 0;
export type Outcome = typeof win | typeof loss | typeof breakeven;

/** Consecutive trades of one outcome, and the running total before and after them: their difference is the run's P&L. */
interface Run {
  length: number;
  fromHigh: number;
  fromLow: number;
  toHigh: number;
  toLow: number;
}

/**
 * Runs of wins and losses in close order; a breakeven ends both. The longest of each with its P&L (the first of equals), and the
 * one at the end. Two stretches that follow each other merge: the run across the border is the end of one and the start of the other.
 */
export class Streaks {
  count = 0;
  /** Outcome and length of the run at the end. */
  outcome: Outcome = breakeven;
  length = 0;
  readonly longestWins: Run = noRun();
  readonly longestLosses: Run = noRun();
  /** Total before the run at the end. */
  #fromHigh = 0;
  #fromLow = 0;
  /** The run at the start, once it ended. */
  #first: { outcome: Outcome; run: Run } | null = null;
  #lastHigh = 0;
  #lastLow = 0;

  /** So many of one outcome, one after the other; `high` and `low`: the running total after them. */
  add(outcome: Outcome, count: number, high: number, low: number): void {
    if (outcome !== this.outcome || this.count === 0) this.startRun(outcome);
    this.count += count;
    this.length += count;
    this.#lastHigh = high;
    this.#lastLow = low;
    if (outcome === breakeven) return;
    const longest = outcome === win ? this.longestWins : this.longestLosses;
    if (this.length > longest.length) setRun(longest, this.length, this.#fromHigh, this.#fromLow, high, low);
  }

  private startRun(outcome: Outcome): void {
    if (this.#first === null && this.count > 0) this.#first = { outcome: this.outcome, run: this.lastRun() };
    this.outcome = outcome;
    this.length = 0;
    this.#fromHigh = this.#lastHigh;
    this.#fromLow = this.#lastLow;
  }

  private lastRun(): Run {
    return {
      length: this.length,
      fromHigh: this.#fromHigh,
      fromLow: this.#fromLow,
      toHigh: this.#lastHigh,
      toLow: this.#lastLow,
    };
  }

  /** `other` follows: its totals start at this one's last. */
  merge(other: Streaks): void {
    if (other.count === 0) return;
    const high = this.#lastHigh;
    const low = this.#lastLow;
    const shifted = (run: Run): Run => shiftRun(run, high, low);
    const otherLast = shifted(other.lastRun());
    const otherFirst = other.#first === null ? otherLast : shifted(other.#first.run);
    const otherFirstOutcome = other.#first?.outcome ?? other.outcome;
    const continues = this.count > 0 && otherFirstOutcome === this.outcome;
    const joined: Run = continues
      ? { ...otherFirst, length: this.length + otherFirst.length, fromHigh: this.#fromHigh, fromLow: this.#fromLow }
      : otherFirst;
    if (otherFirstOutcome !== breakeven) {
      takeLonger(otherFirstOutcome === win ? this.longestWins : this.longestLosses, joined);
    }
    takeLonger(this.longestWins, shifted(other.longestWins));
    takeLonger(this.longestLosses, shifted(other.longestLosses));
    if (this.#first === null && this.count > 0) {
      if (!continues) this.#first = { outcome: this.outcome, run: this.lastRun() };
      else if (other.#first !== null) this.#first = { outcome: this.outcome, run: joined };
    } else if (this.count === 0 && other.#first !== null) {
      this.#first = { outcome: other.#first.outcome, run: otherFirst };
    }
    const last = other.#first === null ? joined : otherLast;
    this.outcome = other.outcome;
    this.length = last.length;
    this.#fromHigh = last.fromHigh;
    this.#fromLow = last.fromLow;
    this.#lastHigh = last.toHigh;
    this.#lastLow = last.toLow;
    this.count += other.count;
  }

  /** Signed: wins above zero, losses below. */
  get current(): number {
    return this.outcome === breakeven ? 0 : this.outcome * this.length;
  }
}

function noRun(): Run {
  return { length: 0, fromHigh: 0, fromLow: 0, toHigh: 0, toLow: 0 };
}

function setRun(run: Run, length: number, fromHigh: number, fromLow: number, toHigh: number, toLow: number): void {
  run.length = length;
  run.fromHigh = fromHigh;
  run.fromLow = fromLow;
  run.toHigh = toHigh;
  run.toLow = toLow;
}

function shiftRun(run: Readonly<Run>, high: number, low: number): Run {
  const fromCarry = run.fromLow + low >= lowBase ? 1 : 0;
  const toCarry = run.toLow + low >= lowBase ? 1 : 0;
  return {
    length: run.length,
    fromHigh: run.fromHigh + high + fromCarry,
    fromLow: run.fromLow + low - fromCarry * lowBase,
    toHigh: run.toHigh + high + toCarry,
    toLow: run.toLow + low - toCarry * lowBase,
  };
}

function takeLonger(longest: Run, run: Run): void {
  if (run.length > longest.length) {
    setRun(longest, run.length, run.fromHigh, run.fromLow, run.toHigh, run.toLow);
  }
}

/** The run's P&L. */
export function runAmount(run: Readonly<Run>): { high: number; low: number } {
  return { high: run.toHigh - run.fromHigh, low: run.toLow - run.fromLow };
}
