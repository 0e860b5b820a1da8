import type { Decimal } from "../../executions/decimal.ts";
import { markOf } from "./decimal-mark.ts";
import { CellError, type Column, type Reading, RowError, readDecimal, readDecimalAt } from "./dialect.ts";
import { compileFormat, readTimeAt, readUtcMsAt, type TimeCell, type TimeFormat, timeInUtc } from "./times.ts";

/**
 * The kinds of columns. Each is made once a dialect and then called once a row: no regular expression and no allocation beyond
 * the value, where a file can have millions of rows.
 */
type Header = Column<unknown>["header"];
type ParseAt<T> = NonNullable<Column<T>["parseAt"]>;

/** A column by its reading of a part of a row. */
function columnOf<T>(header: Header, parseAt: ParseAt<T>): Column<T> {
  return { header, parseAt, parse: (cell, reading) => parseAt(cell, 0, cell.length, reading) };
}

/** The same column; without a cell, or with one that says nothing (empty, `-`), null. */
export function optional<T>(column: Column<T>): Column<T | null> {
  const { parse, parseAt, utcMsAt } = column;
  return {
    ...column,
    optional: true,
    ...(utcMsAt === undefined
      ? {}
      : {
          utcMsAt: (row: string, start: number, end: number, reading: Reading) =>
            isNothing(row, start, end) ? Number.NaN : utcMsAt(row, start, end, reading),
        }),
    parse: (cell, reading, header) => (isNothing(cell, 0, cell.length) ? null : parse(cell, reading, header)),
    ...(parseAt === undefined
      ? {}
      : {
          parseAt: (row: string, start: number, end: number, reading: Reading) =>
            isNothing(row, start, end) ? null : parseAt(row, start, end, reading),
        }),
  };
}

/** Empty, `-` or `--`. */
function isNothing(row: string, start: number, end: number): boolean {
  const length = end - start;
  if (length === 0) return true;
  return length <= 2 && row.charCodeAt(start) === 45 && row.charCodeAt(end - 1) === 45;
}

/** Text that repeats (symbols, coins): one string for all its rows, so that rows do not keep their file's text in memory. */
export function text(header: Header): Column<string> {
  const intern = interning();
  return columnOf(header, (row, start, end) => {
    if (start === end) throw new CellError("empty", "a text");
    return intern(row, start, end);
  });
}

/** Text of which each row has its own. */
export function id(header: Header): Column<string> {
  return columnOf(header, (row, start, end) => {
    if (start === end) throw new CellError("empty", "an id");
    return row.slice(start, end);
  });
}

export function decimal(header: Header): Column<Decimal> {
  return {
    ...columnOf(header, (row, start, end, reading) => {
      if (start === end) throw new CellError("empty", "a decimal number");
      return readDecimalAt(row, start, end, reading);
    }),
    numeric: true,
  };
}

/** An amount of money with its sign of a currency: `$1,234.50`, `€0.57`, `-$3.20`, `$(31.25)`, `(0.10)`, `300 Kč`. */
export function money(header: Header): Column<Decimal> {
  return { header, numeric: true, parse: readMoney };
}

/** @throws {CellError} */
export function readMoney(cell: string, reading: Pick<Reading, "decimalMark">): Decimal {
  if (cell === "") throw new CellError("empty", "an amount");
  const negative = /^[^\d(]*\([^()]*\)\D*$/.test(cell);
  const plain = cell.replace(/\p{Sc}|Kč|kr\.?|zł|[()]/gu, "").trim();
  const value = readDecimal(plain.replace(/^([+-])\s+/, "$1"), reading);
  return negative ? -value : value;
}

/** Money of files that were put together from parts with different marks: what a number shows itself counts before what the others show. */
export function looseMoney(header: Header): Column<Decimal> {
  return { header, numeric: true, parse: (cell, reading) => readLooseMoney(cell, reading) };
}

/** @throws {CellError} */
export function readLooseMoney(cell: string, { decimalMark }: Pick<Reading, "decimalMark">): Decimal {
  return readMoney(cell, { decimalMark: markOf(cell) ?? decimalMark });
}

export function optionalMoney(header: Header): Column<Decimal | null> {
  return optional(money(header));
}

export function optionalText(header: Header): Column<string | null> {
  return optional(text(header));
}

export function optionalId(header: Header): Column<string | null> {
  return optional(id(header));
}

export function optionalDecimal(header: Header): Column<Decimal | null> {
  return optional(decimal(header));
}

/** One of the keys, in any case; another value is an error that lists them. */
export function oneOf<const T>(header: Header, values: Record<string, T>): Column<T> {
  const known = Object.entries(values).map(([key, value]) => ({ key, value }));
  const folded = new Map(known.map(({ key, value }) => [key.toLowerCase(), value]));
  const expected = `one of ${Object.keys(values).join(", ")}`;
  return columnOf(header, (row, start, end) => {
    for (let index = 0; index < known.length; index++) {
      const { key, value } = known[index] as (typeof known)[number];
      if (isRegion(row, start, end, key)) return value;
    }
    const value = folded.get(row.slice(start, end).toLowerCase());
    if (value === undefined) throw new CellError(start === end ? "empty" : "unknown_value", expected);
    return value;
  });
}

export function optionalOneOf<const T>(header: Header, values: Record<string, T>): Column<T | null> {
  return optional(oneOf<T>(header, values));
}

const truths = { true: true, false: false, yes: true, no: false, y: true, n: false, "1": true, "0": false } as const;

export function boolean(header: Header): Column<boolean> {
  return oneOf<boolean>(header, truths);
}

/** Tried in the order given: day and month are never guessed, a dialect states which comes first. */
export function time(header: Header, formats: readonly TimeFormat[]): Column<TimeCell> {
  const compiled = formats.map(compileFormat);
  return {
    ...columnOf(header, (row, start, end, reading) => readTimeAt(row, start, end, compiled, reading)),
    utcMsAt: (row, start, end, reading) => readUtcMsAt(row, start, end, compiled, reading),
  };
}

/** A count since 1970-01-01 in UTC. @throws {CellError} */
export function readEpoch(cell: string, unitMs: 1 | 1_000): TimeCell {
  if (!/^\d{1,13}(\.\d+)?$/.test(cell)) {
    throw new CellError("not_a_time", `${unitMs === 1 ? "milliseconds" : "seconds"} since 1970`);
  }
  return timeInUtc(Math.floor(Number(cell) * unitMs), cell);
}

/** An amount with its unit glued on (`299.0TRX`, `0.29528919 USDC`): read by `amountIn`, since a unit may begin with digits. */
export interface AmountText {
  row: string;
  start: number;
  end: number;
  decimalMark: "." | ",";
  /** What follows the number, to the eye; null: nothing. Wrong for a unit that begins with a digit (`5.11INCH`). */
  apparentUnit: string | null;
}

export interface Amount {
  value: Decimal;
  unit: string | null;
}

export function amountWithUnit(header: Header): Column<AmountText> {
  const intern = interning();
  return {
    ...columnOf(header, (row, start, end, { decimalMark }) => {
      if (start === end) throw new CellError("empty", "an amount with its unit");
      let unit = end;
      while (unit > start && !isNumberCharacter(row.charCodeAt(unit - 1))) unit--;
      // Behind a blank a unit may begin with digits: `10 1INCH`.
      const blank = unit === end ? -1 : row.lastIndexOf(" ", end - 1);
      if (blank > start && blank < unit) unit = blank;
      while (unit < end && row.charCodeAt(unit) === 32) unit++;
      return { row, start, end, decimalMark, apparentUnit: unit === end ? null : intern(row, unit, end) };
    }),
    numeric: true,
  };
}

/**
 * The amount, when the row's own assets are known: of `5.11INCH` in the pair 1INCHUSDT the unit is `1INCH`, so the amount is 5.1.
 * @throws {RowError} about `column`
 */
export function amountIn(amount: AmountText, units: readonly string[], column: string): Amount {
  const { row, start, end, apparentUnit } = amount;
  for (let index = 0; index < units.length; index++) {
    const unit = units[index] as string;
    const unitStart = end - unit.length;
    if (!isDigit(unit.charCodeAt(0)) || unitStart <= start || !isRegion(row, unitStart, end, unit)) continue;
    return { value: readAmount(amount, unitStart, column), unit };
  }
  if (apparentUnit !== null && isSign(apparentUnit.charCodeAt(0))) {
    const said = row.slice(start, end);
    throw new RowError("not_a_number", `expected a decimal number and its unit, found "${said}"`, column);
  }
  const numberEnd = apparentUnit === null ? end : end - apparentUnit.length;
  return { value: readAmount(amount, numberEnd, column), unit: apparentUnit };
}

function readAmount(amount: AmountText, numberEnd: number, column: string): Decimal {
  const { row, start } = amount;
  let end = numberEnd;
  while (end > start && row.charCodeAt(end - 1) === 32) end--;
  try {
    return readDecimalAt(row, start, end, amount);
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    const said = row.slice(start, amount.end);
    throw new RowError(error.code, `expected ${error.message} and its unit, found "${said}"`, column);
  }
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** ASCII that is no letter or digit: units can be of any script, but do not begin with these. */
function isSign(code: number): boolean {
  return code < 48 || (code > 57 && code < 65) || (code > 90 && code < 97) || (code > 122 && code < 128);
}

/** Digits and what stands between them: point, comma, apostrophe. */
function isNumberCharacter(code: number): boolean {
  return isDigit(code) || code === 46 || code === 44 || code === 39;
}

function isRegion(row: string, start: number, end: number, wanted: string): boolean {
  if (end - start !== wanted.length) return false;
  for (let index = 0; index < wanted.length; index++) {
    if (row.charCodeAt(start + index) !== wanted.charCodeAt(index)) return false;
  }
  return true;
}

/** A power of two: coins and symbols of a file are few. */
const slots = 512;

/** One string for equal parts of rows. A slot holds the text that came last: no table that could grow, no string to look one up. */
function interning(): (row: string, start: number, end: number) => string {
  const known: string[] = new Array<string>(slots).fill("");
  return (row, start, end) => {
    let hash = end - start;
    for (let index = start; index < end; index++) hash = (Math.imul(hash, 31) + row.charCodeAt(index)) | 0;
    const slot = hash & (slots - 1);
    const found = known[slot] as string;
    if (isRegion(row, start, end, found)) return found;
    // A copy: a slice would keep the whole block of text alive that it was cut from.
    const copy = Buffer.from(row.slice(start, end), "utf8").toString("utf8");
    known[slot] = copy;
    return copy;
  };
}
