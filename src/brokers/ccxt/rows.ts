import "../../jitless.ts";
import { type } from "arktype";
import { type Decimal, divideRounded, parseDecimal, scaleDigits } from "../../executions/decimal.ts";

/**
 * What venues write amounts, ids and times as. `parseJson` has made text of every number that is not a small integer; a number in the place of
 * an amount that is no integer has been through a float, and is refused.
 */
const decimalText = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/;

export const Money = type("string | number").pipe((value, context): string => {
  const text = moneyText(value);
  return text ?? (context.error("a decimal number that was text") as never);
});
/** An empty text, null, and nothing at all: not known. */
export const MaybeMoney = type("string | number | null | undefined").pipe((value, context): string | null => {
  if (value === "" || value === null || value === undefined) return null;
  return moneyText(value) ?? (context.error("a decimal number that was text, or nothing") as never);
});
export const Id = type("string > 0 | number.integer").pipe(String);
export const MaybeText = type("string | number | null | undefined").pipe((value) =>
  value === "" || value === null || value === undefined ? null : String(value),
);
/** Milliseconds, as text or a number. */
export const Milliseconds = type("string | number").pipe((value, context): number => {
  const text = String(value);
  return /^\d{13}$/.test(text) ? Number(text) : (context.error("a time in milliseconds") as never);
});
/** Seconds with a fraction of any length; what is below a millisecond is cut off. */
export const Seconds = type("string | number").pipe((value, context): number => {
  const [, whole, fraction = ""] = /^(\d{9,11})(?:\.(\d*))?$/.exec(String(value)) ?? [];
  if (whole === undefined) return context.error("a time in seconds") as never;
  return Number(whole) * 1_000 + Number(fraction.slice(0, 3).padEnd(3, "0"));
});

function moneyText(value: string | number): string | null {
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : null;
  if (!decimalText.test(value)) return null;
  const [mantissa = "", exponent] = value.replace(/^\+/, "").split(/[eE]/);
  return exponent === undefined ? plain(mantissa) : shift(mantissa, Number(exponent));
}

/** `.5` and `5.` are numbers, too. */
function plain(text: string): string {
  return text.replace(/^(-?)\./, "$10.").replace(/\.$/, "");
}

/** `1.5e-7` without its exponent: the point is moved, no digit is touched. */
function shift(mantissa: string, exponent: number): string {
  const negative = mantissa.startsWith("-");
  const [integer = "", fraction = ""] = mantissa.replace("-", "").split(".");
  const point = integer.length + exponent;
  const digits = integer + fraction;
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, "0") : "0";
  const rest = point >= 0 ? digits.slice(point) : "0".repeat(-point) + digits;
  return `${negative ? "-" : ""}${whole}${rest === "" ? "" : `.${rest}`}`;
}

/**
 * Fees and PnL are products or quotients that some venues write out to twenty and more digits; beyond the eighteenth they are rounded, half to
 * even. Prices and quantities never are.
 */
export function parseRounded(text: string): Decimal {
  const [, sign = "", integer = "", fraction = ""] = /^(-?)(\d{1,30})\.(\d{19,60})$/.exec(text) ?? [];
  if (integer === "") return parseDecimal(text);
  const value = divideRounded(BigInt(integer + fraction), 10n ** BigInt(fraction.length - scaleDigits));
  return sign === "-" ? -value : value;
}
