import { type Decimal, DecimalError, parseDecimal } from "../executions/decimal.ts";
import { lanesToDecimal, lanesToNumber, lowBaseDecimal } from "./lanes.ts";

/** Counts of 0.0001 that a double holds, with room for a sum of two. */
const highMax = 4n * 10n ** 15n;

const zeroCode = 48;
const pointCode = 46;
const minusCode = 45;
/** Of the integer part: more are read by way of a bigint. */
const quickDigitsMax = 11;

/** One amount in lanes, both with its sign, read again and again into the same object. From 400 billion on it is a `Decimal` beside them. */
export class Amount {
  high = 0;
  low = 0;
  /** Set where the amount does not fit the two; they are NaN then. */
  wide: Decimal | null = null;

  /** The contract's `Decimal`. @throws {DecimalError} */
  read(text: string): void {
    this.wide = null;
    const length = text.length;
    const negative = text.charCodeAt(0) === minusCode;
    const start = negative ? 1 : 0;
    let index = start;
    let high = 0;
    for (; index < length; index++) {
      const digit = text.charCodeAt(index) - zeroCode;
      if (digit < 0 || digit > 9) break;
      high = high * 10 + digit;
    }
    if (index - start > quickDigitsMax) {
      this.setDecimal(parseDecimal(text));
      return;
    }
    if (index === start) throw new DecimalError("a decimal number");
    high *= 10_000;
    let low = 0;
    if (index < length) {
      if (text.charCodeAt(index) !== pointCode || index + 1 === length) throw new DecimalError("a decimal number");
      index++;
      for (let weight = 1_000; weight >= 1 && index < length; weight /= 10) high += digitAt(text, index++) * weight;
      for (let weight = 1e13; weight >= 1 && index < length; weight /= 10) low += digitAt(text, index++) * weight;
      // More than 18 digits: zeros, or an error.
      if (index < length) {
        this.setDecimal(parseDecimal(text));
        return;
      }
    }
    // 0 - x and not -x: there is no -0 then.
    this.high = negative ? 0 - high : high;
    this.low = negative ? 0 - low : low;
  }

  setDecimal(value: Decimal): void {
    const high = value / lowBaseDecimal;
    if (high >= highMax || high <= -highMax) {
      this.wide = value;
      this.high = Number.NaN;
      this.low = Number.NaN;
      return;
    }
    this.wide = null;
    this.high = Number(high);
    this.low = Number(value % lowBaseDecimal);
  }

  setZero(): void {
    this.wide = null;
    this.high = 0;
    this.low = 0;
  }

  copy(from: Amount): void {
    this.wide = from.wide;
    this.high = from.high;
    this.low = from.low;
  }

  get isZero(): boolean {
    return this.high === 0 && this.low === 0;
  }

  toDecimal(): Decimal {
    return this.wide ?? lanesToDecimal(this.high, this.low);
  }

  toNumber(): number {
    return this.wide === null ? lanesToNumber(this.high, this.low) : Number(this.wide) / 1e18;
  }
}

function digitAt(text: string, index: number): number {
  const digit = text.charCodeAt(index) - zeroCode;
  if (!(digit >= 0 && digit <= 9)) throw new DecimalError("a decimal number");
  return digit;
}
