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

/** The median of whole seconds: the middle one, or the mean of the middle two, rounded half to even. */
export function middleSeconds(lower: number, upper: number | null): number {
  if (upper === null) return lower;
  const half = Math.floor((lower + upper) / 2);
  return (lower + upper) % 2 === 0 || half % 2 === 0 ? half : half + 1;
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
    const sorted = this.#seconds.slice(0, this.count).sort();
    const lower = sorted[(this.count - 1) >> 1];
    return lower === undefined ? null : middleSeconds(lower, sorted[this.count >> 1] ?? lower);
  }

  private reserve(size: number): void {
    this.#seconds = new Float64Array(this.#seconds.buffer.transfer(size * 8));
  }
}
