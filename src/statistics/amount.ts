import { type Decimal, DecimalError, divideRounded, formatDecimal, parseDecimal } from "../executions/decimal.ts";

/**
 * Exact amounts as two doubles that hold integers: `high` counts 0.0001, `low` counts 10^-18, both with the sign of the amount.
 * Text is read straight into them and a sum is two additions, where a bigint would be made for every amount and every sum.
 * What does not fit (from 400 billion on) is a `Decimal` beside them.
 */
export const lowBase = 1e14;
const lowBaseDecimal = 10n ** 14n;
/** Counts of 0.0001 that a double holds, with room for a sum of two. */
const highMax = 4n * 10n ** 15n;

const zeroCode = 48;
const pointCode = 46;
const minusCode = 45;
/** Of the integer part: more are read by way of a bigint. */
const quickDigitsMax = 11;

/** One amount, read again and again into the same object. */
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

export function lanesToDecimal(high: number, low: number): Decimal {
  return BigInt(high) * lowBaseDecimal + BigInt(low);
}

export function lanesToNumber(high: number, low: number): number {
  if (low === 0) return high / 10_000;
  // With unequal signs 1 - 0.99999999 would cost a small amount its digits.
  if (high > 0 && low < 0) return (high - 1 + (low + lowBase) / lowBase) / 10_000;
  if (high < 0 && low > 0) return (high + 1 + (low - lowBase) / lowBase) / 10_000;
  return (high + low / lowBase) / 10_000;
}

/** The exact text, in its shortest form. */
export function amountText(high: number, low: number): string {
  let units = high;
  let rest = low;
  if (units > 0 && rest < 0) {
    units -= 1;
    rest += lowBase;
  } else if (units < 0 && rest > 0) {
    units += 1;
    rest -= lowBase;
  }
  const negative = units < 0 || rest < 0;
  if (negative) {
    units = -units;
    rest = -rest;
  }
  const integer = Math.floor(units / 10_000);
  const first = units - integer * 10_000;
  const sign = negative ? "-" : "";
  if (rest === 0) return first === 0 ? `${sign}${integer}` : `${sign}${integer}.${fraction(first, 4)}`;
  const next = Math.floor(rest / 1e10);
  const last = rest - next * 1e10;
  if (last === 0) return `${sign}${integer}.${fraction(first * 10_000 + next, 8)}`;
  return `${sign}${integer}.${padded(first * 10_000 + next, 8)}${fraction(last, 10)}`;
}

/** `places` digits, without the zeros at the end. */
function fraction(value: number, places: number): string {
  let digits = places;
  let rest = value;
  while (rest % 10 === 0 && digits > 1) {
    rest /= 10;
    digits--;
  }
  return padded(rest, digits);
}

const zeros = "00000000000000";

function padded(value: number, digits: number): string {
  const text = `${value}`;
  return text.length === digits ? text : zeros.slice(0, digits - text.length) + text;
}

const eightPlaces = 1e8;
const safeMax = Number.MAX_SAFE_INTEGER;

/** A whole number of units of 10^-8. */
function unitsText(units: number): string {
  const negative = units < 0;
  const size = negative ? -units : units;
  const integer = Math.floor(size / eightPlaces);
  const rest = size - integer * eightPlaces;
  const sign = negative ? "-" : "";
  return rest === 0 ? `${sign}${integer}` : `${sign}${integer}.${fraction(rest, 8)}`;
}

/** Decimals of the contract have at most 30 digits before the point. */
const ratioMax = 1e30;

/** A float rounded to 8 places; null: larger than the contract can say. Never an exponent, never -0. */
export function ratioText(value: number): string | null {
  const units = Math.round(value * eightPlaces);
  if (units <= safeMax && units >= -safeMax) return units === 0 ? "0" : unitsText(units);
  if (!(Math.abs(value) < ratioMax)) return null;
  // From 2^53 / 10^8 on, a double has fewer than 8 places of its own.
  return formatDecimal(BigInt(Math.round(value * 1e6)) * 10n ** 12n);
}

/** amount / count, rounded half to even to 8 places. */
export function averageText(amount: ExactSum, count: number): string {
  amount.settle();
  const units = amount.high * 10_000 + amount.low / 1e10;
  if (amount.isNarrow && amount.low % 1e10 === 0 && units <= safeMax && units >= -safeMax) {
    const size = Math.abs(units);
    let quotient = Math.floor(size / count);
    const rest = size - quotient * count;
    if (rest * 2 > count || (rest * 2 === count && quotient % 2 !== 0)) quotient++;
    return unitsText(units < 0 ? 0 - quotient : quotient);
  }
  return formatDecimal(divideRounded(amount.toDecimal(), BigInt(count) * 10n ** 10n) * 10n ** 10n);
}

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

  addDecimal(value: Decimal): void {
    this.#wide += value;
  }

  merge(other: ExactSum): void {
    other.settle();
    this.settle();
    this.high += other.high;
    this.low += other.low;
    this.#wide += other.#wide;
    this.settle();
  }

  /** Brings |low| below its base. */
  settle(): void {
    this.#room = additionsMax;
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
