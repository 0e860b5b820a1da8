import type { Decimal } from "../../executions/decimal.ts";
import { CellError, type Column, RowError, readDecimal } from "./dialect.ts";
import { compileFormat, readTime, type TimeCell, type TimeFormat } from "./times.ts";

/**
 * The kinds of columns. Each is made once a dialect and then called once a row: no regular expression and no allocation beyond
 * the value, where a file can have millions of rows.
 */
type Header = Column<unknown>["header"];

/** Text that repeats (symbols, coins): one string for all its rows, so that rows do not keep their file's text in memory. */
export function text(header: Header): Column<string> {
  const intern = interning();
  return {
    header,
    parse: (cell) => {
      if (cell === "") throw new CellError("empty", "a text");
      return intern(cell);
    },
  };
}

/** Empty or `-` is null. */
export function optionalText(header: Header): Column<string | null> {
  const intern = interning();
  return { header, optional: true, parse: (cell) => (isNothing(cell) ? null : intern(cell)) };
}

/** Text of which each row has its own. */
export function id(header: Header): Column<string> {
  return {
    header,
    parse: (cell) => {
      if (cell === "") throw new CellError("empty", "an id");
      return cell;
    },
  };
}

export function optionalId(header: Header): Column<string | null> {
  return { header, optional: true, parse: (cell) => (isNothing(cell) ? null : cell) };
}

export function decimal(header: Header): Column<Decimal> {
  return {
    header,
    numeric: true,
    parse: (cell, reading) => {
      if (cell === "") throw new CellError("empty", "a decimal number");
      return readDecimal(cell, reading);
    },
  };
}

/** Empty or `-` is null. */
export function optionalDecimal(header: Header): Column<Decimal | null> {
  return {
    header,
    optional: true,
    numeric: true,
    parse: (cell, reading) => (isNothing(cell) ? null : readDecimal(cell, reading)),
  };
}

/** One of the keys, in any case; another value is an error that lists them. */
export function oneOf<const T>(header: Header, values: Record<string, T>): Column<T> {
  const exact = new Map(Object.entries(values));
  const folded = new Map(Object.entries(values).map(([key, value]) => [key.toLowerCase(), value]));
  const expected = `one of ${Object.keys(values).join(", ")}`;
  return {
    header,
    parse: (cell) => {
      const value = exact.get(cell) ?? folded.get(cell.toLowerCase());
      if (value === undefined) throw new CellError(cell === "" ? "empty" : "unknown_value", expected);
      return value;
    },
  };
}

/** As `oneOf`; an empty cell, or no such column, is null. */
export function optionalOneOf<const T>(header: Header, values: Record<string, T>): Column<T | null> {
  const required = oneOf(header, values);
  return {
    header,
    optional: true,
    parse: (cell, reading, name) => (isNothing(cell) ? null : required.parse(cell, reading, name)),
  };
}

const truths = { true: true, false: false, yes: true, no: false, y: true, n: false, "1": true, "0": false } as const;

export function boolean(header: Header): Column<boolean> {
  return oneOf<boolean>(header, truths);
}

export function optionalBoolean(header: Header): Column<boolean | null> {
  return optionalOneOf<boolean>(header, truths);
}

/** Tried in the order given: day and month are never guessed, a dialect states which comes first. */
export function time(header: Header, formats: readonly TimeFormat[]): Column<TimeCell> {
  const compiled = formats.map(compileFormat);
  return { header, parse: (cell, reading) => readTime(cell, compiled, reading) };
}

/** A count since 1970-01-01 in UTC. */
export function readEpoch(cell: string, unitMs: 1 | 1_000): TimeCell {
  const value = Number(cell);
  if (cell === "" || !Number.isFinite(value) || !/^\d{1,13}(\.\d+)?$/.test(cell)) {
    throw new CellError("not_a_time", `${unitMs === 1 ? "milliseconds" : "seconds"} since 1970`);
  }
  return { utcMs: Math.floor(value * unitMs), text: cell };
}

/** An amount with its unit glued on (`299.0TRX`, `0.29528919 USDC`): read by `amountIn`, since a unit may begin with digits. */
export interface AmountText {
  text: string;
  decimalMark: "." | ",";
}

export function amountWithUnit(header: Header): Column<AmountText> {
  return {
    header,
    numeric: true,
    parse: (cell, { decimalMark }) => {
      if (cell === "") throw new CellError("empty", "an amount with its unit");
      return { text: cell, decimalMark };
    },
  };
}

export interface Amount {
  value: Decimal;
  /** Null: the cell has none. */
  unit: string | null;
}

/** The unit as the eye sees it: what follows the number. Wrong for a unit that begins with a digit (`5.11INCH`). */
export function apparentUnit({ text }: AmountText): string | null {
  let start = text.length;
  while (start > 0 && !isNumberCharacter(text.charCodeAt(start - 1))) start--;
  const unit = text.slice(start).trim();
  return unit === "" ? null : unit;
}

/**
 * The amount, when the row's own assets are known: of `5.11INCH` in the pair 1INCHUSDT the unit is `1INCH`, so the amount is 5.1.
 * @throws {RowError} about `column`
 */
export function amountIn(amount: AmountText, units: readonly string[], column: string): Amount {
  const { text } = amount;
  const apparent = apparentUnit(amount);
  for (const unit of units) {
    if (unit !== apparent && text.length > unit.length && isDigit(unit.charCodeAt(0)) && text.endsWith(unit)) {
      return { value: readAmount(amount, text.slice(0, -unit.length), column), unit };
    }
  }
  const digits = apparent === null ? text : text.slice(0, -apparent.length);
  return { value: readAmount(amount, digits, column), unit: apparent };
}

function readAmount({ text, decimalMark }: AmountText, digits: string, column: string): Decimal {
  try {
    return readDecimal(digits.trim(), { decimalMark });
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    throw new RowError(error.code, `expected ${error.message} and its unit, found "${text}"`, column);
  }
}

function isNothing(cell: string): boolean {
  return cell === "" || cell === "-" || cell === "--";
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Digits and what stands between them: point, comma, apostrophe. */
function isNumberCharacter(code: number): boolean {
  return isDigit(code) || code === 46 || code === 44 || code === 39;
}

/** Coins and symbols of a file are few; a column that has more different texts than this starts over. */
const internedMax = 10_000;

function interning(): (cell: string) => string {
  const known = new Map<string, string>();
  return (cell) => {
    const found = known.get(cell);
    if (found !== undefined) return found;
    if (known.size >= internedMax) known.clear();
    // A copy: a slice would keep the whole block of text alive that it was cut from.
    const copy = Buffer.from(cell, "utf8").toString("utf8");
    known.set(copy, copy);
    return copy;
  };
}
