/** Whole seconds from open to close, in the contract's buckets: each below its bound. */
export const holdingTimes = ["under_1m", "1m_15m", "15m_1h", "1h_4h", "4h_1d", "1d_7d", "over_7d"] as const;
export type HoldingTime = (typeof holdingTimes)[number];
const boundsSeconds = [60, 900, 3_600, 14_400, 86_400, 604_800];

/** Index into `holdingTimes`. */
export function holdingIndexOf(seconds: number): number {
  let index = 0;
  while (index < boundsSeconds.length && seconds >= (boundsSeconds[index] as number)) index++;
  return index;
}

/**
 * The middle of a group's holding times, exactly, without a list of them: all trades pass once, in the order of their holding
 * time, and each group takes note when its middle one (or two) comes by. One sort serves every period and breakdown.
 */
export class MedianCounter {
  #seen = 0;
  readonly #lower: number;
  readonly #upper: number;
  #sum = 0;

  constructor(count: number) {
    this.#lower = (count - 1) >> 1;
    this.#upper = count >> 1;
  }

  /** Holding times come shortest first. */
  pass(seconds: number): void {
    const index = this.#seen++;
    if (index === this.#lower) this.#sum += seconds;
    if (index === this.#upper) this.#sum += seconds;
  }

  /** Null while fewer have passed than were counted. */
  seconds(): number | null {
    return this.#seen > this.#upper ? roundedHalf(this.#sum) : null;
  }
}

/** Half of a whole number, rounded half to even. */
function roundedHalf(sum: number): number {
  const half = Math.floor(sum / 2);
  return sum % 2 === 0 || half % 2 === 0 ? half : half + 1;
}

/** A mean of whole seconds, rounded half to even. */
export function meanSeconds(sum: number, count: number): number {
  const quotient = Math.floor(sum / count);
  const twice = (sum - quotient * count) * 2;
  return twice > count || (twice === count && quotient % 2 !== 0) ? quotient + 1 : quotient;
}

/** Holding times as a list, for stretches that are kept and merged: 8 bytes a trade, since an exact median takes all of them. */
export class HoldingTimes {
  #seconds = new Float64Array(16);
  count = 0;

  add(seconds: number): void {
    if (this.count === this.#seconds.length) this.reserve(this.count * 2);
    this.#seconds[this.count++] = seconds;
  }

  merge(other: HoldingTimes): void {
    if (this.count + other.count > this.#seconds.length) this.reserve((this.count + other.count) * 2);
    this.#seconds.set(other.#seconds.subarray(0, other.count), this.count);
    this.count += other.count;
  }

  median(): number | null {
    const counter = new MedianCounter(this.count);
    for (const seconds of this.#seconds.slice(0, this.count).sort()) counter.pass(seconds);
    return counter.seconds();
  }

  private reserve(size: number): void {
    this.#seconds = new Float64Array(this.#seconds.buffer.transfer(size * 8));
  }
}
