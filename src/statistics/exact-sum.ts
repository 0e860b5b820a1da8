import { type Decimal, divideRounded, formatDecimal } from "../executions/decimal.ts";
import type { Amount } from "./amount.ts";
import { amountText, unitsText } from "./amount-text.ts";
import { lanesToDecimal, lanesToNumber, lowBase, lowBaseDecimal } from "./lanes.ts";

/** Additions before the lanes are brought in order: 64 x 10^14 is below 2^53. */
const additionsMax = 64;
/** So that 64 of them and what was there stay below 2^53. */
const addendMax = 2 ** 46;
const settledMax = 2 ** 52;

/** A sum of amounts, exact whatever their number, size and order. */
export class ExactSum {
  high = 0;
  low = 0;
  #room = additionsMax;
  /** What no longer fitted. */
  #wide = 0n;

  add(high: number, low: number): void {
    if (high > addendMax || high < -addendMax) {
      this.addDecimal(lanesToDecimal(high, low));
      return;
    }
    this.high += high;
    this.low += low;
    if (--this.#room === 0) this.settle();
  }

  addAmount(amount: Amount): void {
    if (amount.wide === null) this.add(amount.high, amount.low);
    else this.addDecimal(amount.wide);
  }

  subtractAmount(amount: Amount): void {
    if (amount.wide === null) this.add(-amount.high, -amount.low);
    else this.addDecimal(-amount.wide);
  }

  addDecimal(value: Decimal): void {
    this.#wide += value;
  }

  merge(other: ExactSum): void {
    if (other.#room !== additionsMax) other.settle();
    // Of many small sums, as days are, nearly each is no more than an amount.
    if (other.#wide === 0n && other.high <= addendMax && other.high >= -addendMax) {
      this.add(other.high, other.low);
      return;
    }
    this.settle();
    this.high += other.high;
    this.low += other.low;
    if (other.#wide !== 0n) this.#wide += other.#wide;
    this.settle();
  }

  /** Brings |low| below its base. */
  settle(): void {
    this.#room = additionsMax;
    if (this.low < lowBase && this.low > -lowBase && this.high <= settledMax && this.high >= -settledMax) return;
    const carry = Math.trunc(this.low / lowBase);
    this.high += carry;
    this.low -= carry * lowBase;
    if (this.high > settledMax || this.high < -settledMax) {
      this.#wide += BigInt(this.high) * lowBaseDecimal;
      this.high = 0;
    }
  }

  /** The lanes hold all of it. */
  get isNarrow(): boolean {
    return this.#wide === 0n;
  }

  toDecimal(): Decimal {
    return this.#wide + lanesToDecimal(this.high, this.low);
  }

  toNumber(): number {
    this.settle();
    return this.isNarrow ? lanesToNumber(this.high, this.low) : Number(this.toDecimal()) / 1e18;
  }

  toText(): string {
    this.settle();
    return this.isNarrow ? amountText(this.high, this.low) : formatDecimal(this.toDecimal());
  }
}

/** amount / count, rounded half to even to 8 places. */
export function averageText(amount: ExactSum, count: number): string {
  amount.settle();
  const units = amount.high * 10_000 + amount.low / 1e10;
  if (
    amount.isNarrow &&
    amount.low % 1e10 === 0 &&
    units <= Number.MAX_SAFE_INTEGER &&
    units >= -Number.MAX_SAFE_INTEGER
  ) {
    const size = Math.abs(units);
    let quotient = Math.floor(size / count);
    const rest = size - quotient * count;
    if (rest * 2 > count || (rest * 2 === count && quotient % 2 !== 0)) quotient++;
    return unitsText(units < 0 ? 0 - quotient : quotient);
  }
  return formatDecimal(divideRounded(amount.toDecimal(), BigInt(count) * 10n ** 10n) * 10n ** 10n);
}
