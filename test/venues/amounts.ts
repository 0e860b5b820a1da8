import { absolute, type Decimal, divideRounded, parseDecimal, scaleDigits } from "../../src/executions/decimal.ts";

/** Money where a test writes it by hand: `"0.05"`, or already exact. */
export type Amount = Decimal | string;

export function toDecimal(amount: Amount): Decimal {
  return typeof amount === "string" ? parseDecimal(amount) : amount;
}

const unitOf = Array.from({ length: scaleDigits + 1 }, (_, digits) => 10n ** BigInt(scaleDigits - digits));

/** The smallest amount with so many digits after the point. */
export function unit(digits: number): Decimal {
  const value = unitOf[digits];
  if (value === undefined) throw new RangeError(`${digits} digits after the point are more than ${scaleDigits}`);
  return value;
}

/** Half to even, to so many digits after the point. */
export function roundTo(value: Decimal, digits: number): Decimal {
  return divideRounded(value, unit(digits)) * unit(digits);
}

/** Towards zero, as fees and quantities are. */
export function floorTo(value: Decimal, digits: number): Decimal {
  return (value / unit(digits)) * unit(digits);
}

/** Always so many digits after the point, as venues write money: `12.00000000`. An amount with more is a bug of the venue. */
export function fixed(value: Decimal, digits: number): string {
  const units = value / unit(digits);
  if (units * unit(digits) !== value) throw new RangeError(`${value} has more than ${digits} digits after the point`);
  const text = absolute(units)
    .toString()
    .padStart(digits + 1, "0");
  const sign = units < 0n ? "-" : "";
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** a × b ÷ c, rounded half to even to so many digits after the point. */
export function share(a: Decimal, b: bigint, c: bigint, digits: number): Decimal {
  return divideRounded(a * b, c * unit(digits)) * unit(digits);
}

/** price × quantity; both have few digits, so that it is exact. */
export function exactProduct(a: Decimal, b: Decimal): Decimal {
  const product = a * b;
  const value = product / unit(0);
  if (value * unit(0) !== product)
    throw new RangeError(`${a} × ${b} has more than ${scaleDigits} digits after the point`);
  return value;
}

export function larger(a: Decimal, b: Decimal): Decimal {
  return b > a ? b : a;
}
