import { type Decimal, DecimalError, parseDecimal } from "../../executions/decimal.ts";

/** A number of an answer, as the answer writes it: money never becomes a float. */
export class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** JSON with every number as its own text. @throws {SyntaxError} */
export function parseJson(text: string): unknown {
  return JSON.parse(text, keepText as Reviver);
}

type Reviver = (key: string, value: unknown) => unknown;

function keepText(_key: string, value: unknown, { source }: { source?: string }): unknown {
  return typeof value === "number" ? new NumberText(source ?? String(value)) : value;
}

/** Digits that a double holds whatever they are. */
const exactDigits = 15;

/**
 * Terminals and MetaApi count in doubles: what they mean by `-0.30000000000000004` is -0.3. So many digits are right, and what is behind them is
 * rounded off. Null: no number, or one that does not fit.
 */
export function amountOf(value: unknown): Decimal | null {
  if (!(value instanceof NumberText)) return null;
  try {
    return parseDecimal(rounded(plain(value.text)));
  } catch (error) {
    if (error instanceof DecimalError) return null;
    throw error;
  }
}

/** Without an exponent. */
function plain(text: string): string {
  const parts = /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d{1,3})$/.exec(text);
  if (parts === null) return text;
  const [, sign = "", integer = "", fraction = "", power = "0"] = parts;
  const point = integer.length + Number(power);
  const digits = (integer + fraction).padStart(integer.length + fraction.length + Math.max(0, 1 - point), "0");
  const at = Math.max(1, point);
  const padded = digits.padEnd(at, "0");
  const behind = padded.slice(at);
  return `${sign}${padded.slice(0, at)}${behind === "" ? "" : `.${behind}`}`;
}

function rounded(text: string): string {
  const [, sign = "", integer = "", fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  const digits = (integer + fraction).replace(/^0+/, "");
  const excess = digits.length - exactDigits;
  if (excess <= 0 || fraction.length === 0) return text;
  const kept = fraction.length - Math.min(excess, fraction.length);
  const cut = fraction.length - kept;
  const value = BigInt(integer + fraction);
  const unit = 10n ** BigInt(cut);
  const whole = ((value + unit / 2n) / unit).toString().padStart(kept + 1, "0");
  const point = whole.length - kept;
  return `${sign}${whole.slice(0, point)}${kept === 0 ? "" : `.${whole.slice(point)}`}`;
}
