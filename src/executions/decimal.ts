/**
 * Exact decimals: a bigint that counts units of 10^-18. Text outside, exact inside, never a float between.
 * The contract allows 30 digits before the point and 18 after (`Decimal` in the OpenAPI file).
 */
export type Decimal = bigint;

/** A product of two decimals, exact: a bigint that counts units of 10^-36. */
export type Product = bigint;

export const scaleDigits = 18;
export const integerDigitsMax = 30;
export const one: Decimal = 10n ** BigInt(scaleDigits);

const powersOfTen = Array.from({ length: scaleDigits + 1 }, (_, exponent) => 10n ** BigInt(exponent));
/** Digits that a double holds exactly whatever they are. */
const doubleDigitsMax = 15;

const zeroCode = 48;
const pointCode = 46;
const minusCode = 45;

/** Is not a decimal number that fits: what was wrong, in words that follow "expected". */
export class DecimalError extends Error {
  override readonly name = "DecimalError";
}

/**
 * Reads `-12.50`. Nothing else is a number here: no plus, no exponent, no separators, no blanks; and at least one digit on
 * either side of a point. More digits than fit are an error, never a rounding (zeros at the end of the fraction may be more).
 * @throws {DecimalError}
 */
export function parseDecimal(text: string): Decimal {
  const negative = text.charCodeAt(0) === minusCode;
  const start = negative ? 1 : 0;
  const length = text.length;
  let mantissa = 0;
  let point = -1;
  for (let index = start; index < length; index++) {
    const code = text.charCodeAt(index);
    const digit = code - zeroCode;
    if (digit >= 0 && digit <= 9) mantissa = mantissa * 10 + digit;
    else if (code === pointCode && point < 0 && index > start && index < length - 1) point = index;
    else throw new DecimalError("a decimal number");
  }
  if (length === start) throw new DecimalError("a decimal number");
  const fractionDigits = point < 0 ? 0 : length - point - 1;
  const digits = length - start - (point < 0 ? 0 : 1);
  const power = powersOfTen[scaleDigits - fractionDigits];
  if (digits > doubleDigitsMax || power === undefined) return parseLong(text, start, point, negative);
  const value = BigInt(mantissa) * power;
  return negative ? -value : value;
}

function parseLong(text: string, start: number, point: number, negative: boolean): Decimal {
  const integer = (point < 0 ? text.slice(start) : text.slice(start, point)).replace(/^0+(?=\d)/, "");
  const fraction = point < 0 ? "" : text.slice(point + 1).replace(/0+$/, "");
  if (integer.length > integerDigitsMax) throw new DecimalError(`at most ${integerDigitsMax} digits before the point`);
  if (fraction.length > scaleDigits) throw new DecimalError(`at most ${scaleDigits} digits after the point`);
  const value = BigInt(integer + fraction.padEnd(scaleDigits, "0"));
  return negative ? -value : value;
}

/** The shortest decimal text: no zeros at the end, no `-0`. */
export function formatDecimal(value: Decimal): string {
  return format(value, scaleDigits);
}

/** The shortest text of a product, exact: up to 36 digits after the point. */
export function formatProduct(value: Product): string {
  return format(value, 2 * scaleDigits);
}

/** Reads what `formatProduct` wrote. @throws {DecimalError} */
export function parseProduct(text: string): Product {
  const match = /^(-?)(\d{1,80})(?:\.(\d{1,36}))?$/.exec(text);
  if (match === null) throw new DecimalError("a decimal number");
  const [, sign, integer = "", fraction = ""] = match;
  const value = BigInt(integer + fraction.padEnd(2 * scaleDigits, "0"));
  return sign === "-" ? -value : value;
}

function format(value: bigint, scale: number): string {
  const negative = value < 0n;
  const digits = (negative ? -value : value).toString().padStart(scale + 1, "0");
  const integer = digits.slice(0, -scale);
  let end = digits.length;
  while (end > integer.length && digits.charCodeAt(end - 1) === zeroCode) end--;
  const fraction = digits.slice(integer.length, end);
  return `${negative ? "-" : ""}${integer}${fraction === "" ? "" : `.${fraction}`}`;
}

export function multiply(a: Decimal, b: Decimal): Product {
  return a * b;
}

export function toProduct(value: Decimal): Product {
  return value * one;
}

/** Rounds half to even, to 18 digits after the point. */
export function fromProduct(value: Product): Decimal {
  return divideRounded(value, one);
}

/** a / b to 18 digits after the point, rounded half to even. @throws {RangeError} b is zero */
export function divide(a: Decimal, b: Decimal): Decimal {
  return divideRounded(a * one, b);
}

/** Integer division rounded half to even: the rule for every quotient here. @throws {RangeError} by zero */
export function divideRounded(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const rest = numerator - quotient * denominator; // a product costs less than a second division
  if (rest === 0n) return quotient;
  const twice = absolute(rest) * 2n;
  const bound = absolute(denominator);
  const up = twice > bound || (twice === bound && quotient % 2n !== 0n);
  if (!up) return quotient;
  return numerator < 0n === denominator < 0n ? quotient + 1n : quotient - 1n;
}

export function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}

export function minimum(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** How many digits after the point the value needs, 0 to 18. */
export function fractionDigits(value: Decimal): number {
  let rest = absolute(value);
  let digits = scaleDigits;
  while (digits > 0 && rest % 10n === 0n) {
    rest /= 10n;
    digits--;
  }
  return digits;
}
