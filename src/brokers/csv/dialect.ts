import { type Decimal, DecimalError, parseDecimal, scaleDigits } from "../../executions/decimal.ts";
import type { Market } from "../../executions/execution.ts";
import type { Draft } from "../../executions/normalise.ts";
import type { ClosedPosition } from "./closed-position.ts";

export type { Draft } from "../../executions/normalise.ts";
export type { ClosedPosition } from "./closed-position.ts";

/**
 * The contract of a CSV dialect: its columns and one function, one of `toExecution`, `toTrade` and `groups`. Reading, encodings, delimiters,
 * detection, order, ids and errors belong to the shared reader (`read.ts`). Columns are checked by small parsers instead of arktype: a row shape costs
 * 2.7 us without generated code, which the executable forbids, and a file can have millions of rows.
 */
export interface Dialect<C extends Columns = Columns> {
  /** snake_case, stable: it stands in results and in `--dialect`. */
  id: string;
  /** The broker's id, as in execution ids: `binance`. */
  broker: string;
  /** Stands in the ids instead of the broker: of executions that state their PnL in another way than the broker's API does. */
  idBroker?: string;
  /** Files of this dialect come from anywhere: the account's broker stands in the ids, where it is known. */
  anyBroker?: boolean;
  /** For people: "Binance spot trade history". */
  title: string;
  /** Where in the broker's interface the export is found. */
  export: string;
  /** Markets that its executions can have; the first is the default. */
  markets: readonly Market[];
  layout: Layout;
  /** Rows that are the rest of the row before them. */
  joins?: Joining;
  /** An empty cell behind the last name of the header is a column's, not one of the trailing ones that spreadsheets leave. */
  lastIsUnnamed?: boolean;
  /**
   * Header rows that are this dialect's, one per generation. A header matches when it has all of these names (case and outer
   * blanks do not matter). `Date(UTC)` stands for any zone there: `Date(UTC+2)` matches, and says the zone of the column.
   */
  headers: readonly (readonly string[])[];
  /** A header with a column that this dialect does not know is not its own: for names so common that any file could have them. */
  closed?: boolean;
  /** The zone of times without one; null: it must be given (`timezone_required`). A time that carries its own offset ignores it. */
  timezone: string | null;
  /** The file's name, as the broker gives it, may say the zone: `…(UTC+3).csv`. */
  timezoneInName?: boolean;
  /** The file says its zone in the rows above its header, in the pattern's first group. */
  timezoneAbove?: RegExp;
  /**
   * Whether the PnL a row states is before fees, or after the fees of entry and exit; null: rows state none. `booked`: before fees, and what a
   * price is worth is not in the file, so that it is the PnL.
   */
  statedPnl: "gross" | "net" | "booked" | null;
  columns: C;
  /** The column whose time is `executedAtMs`: the reader finds out the order of a file by it alone. Its value has `utcMs`. */
  timeColumn: string;
  /** Names the account. A file with several is refused: their executions must not be paired with one another. */
  accountColumn?: string;
  /**
   * Rows that stand among the data and are none: why, or what is wrong with them, or null for data. Asked of rows only that cannot be
   * read as data.
   */
  summaryRow?: (cells: readonly string[]) => string | RowError | null;
  /** Of a statement: what other sections say that executions need, kept under keys of the dialect's own. */
  gather?: (section: string, cell: (header: string) => string, facts: Map<string, string>) => void;
  /** Of a statement: what its own rows say together. Asked of each of them, in the first pass. */
  gatherRow?: (cells: readonly string[], facts: Map<string, string>) => void;
  /**
   * One row to one execution, or the reason why it is none. Throws RowError for a value that it does not know. `row` is filled
   * anew with the next row: it must not be kept. (A method, not a function property, so that a list can hold dialects of different rows.)
   */
  toExecution?(row: Row<C>, settings: DialectSettings): Draft | Skip;
  /** One row to one position that is closed, as the broker reports it whole. As `toExecution` in all else. */
  toTrade?(row: Row<C>, settings: DialectSettings): ClosedPosition | Skip;
  /** Rows that make executions together. */
  groups?: Groups<C>;
}

export type Layout =
  /** A table with one header row. */
  | { kind: "table" }
  /** The sections of a statement where the first cell names the section, in the user's language, and the second says Header or Data. */
  | { kind: "sections"; section: string; translated?: readonly string[] }
  /** The sections of a statement that each begin with a row of its title alone. `begins`: what the statement's first row says; `marks`: names of the wanted section's header alone. */
  | { kind: "titled"; section: string; begins: RegExp; marks: readonly string[] }
  /**
   * Tables one below the other, of which those with the dialect's columns are wanted. `headerHas`: a name that shows a header row; `controls`: first
   * cells of rows that are no table's, of which `BOS` says what follows.
   */
  | { kind: "stacked"; headerHas: readonly string[]; controls: readonly string[] };

export type Joining =
  /** Text that was too long for its cell goes on in the same cell of the next row. `continues`: is this such a row? */
  | { kind: "wrapped"; continues: (cells: readonly string[]) => boolean }
  /** The rows of one order after its first leave empty what is the same. `cells`: those that they take from the row before. */
  | { kind: "inherited"; continues: (cells: readonly string[]) => boolean; cells: readonly number[] }
  /**
   * Fills stand below their order, behind an empty cell, under a header of their own. They are read as one row each, with the columns of the
   * order, then `belowCount`, then those of `header` behind `> `. An order without a fill is a row without them.
   */
  | { kind: "nested"; header: readonly string[] };

/** Of a nested layout: how many rows stand below the order; of a fill's own row, empty. */
export const belowCount = "> rows";
export const belowPrefix = "> ";

/** Rows that belong together: those of one trade in a ledger. A group has no other end than time, so it must be short. */
export interface Groups<C extends Columns> {
  /** Rows with the same key, so near to one another in time, are one group. Null: the row is a group of its own. */
  keyOf(row: Row<C>): string | null;
  /** From the first to the last row of a group, at most. */
  windowMs: number;
  /**
   * What a group comes to. Its rows are in the order of the file. Each stands in exactly one outcome; a RowError that is thrown is the outcome of all.
   * Executions get the time of the group's first row.
   */
  read(rows: readonly Row<C>[], settings: DialectSettings): readonly Outcome<C>[];
}

export interface Outcome<C extends Columns> {
  rows: readonly Row<C>[];
  /** Several executions: a fill, and what was charged for it in another asset than its fee. */
  is: GroupDraft | readonly GroupDraft[] | Skip | RowError;
}

/** `executedAtMs`: where it is later than the group's first row, and within its window. */
export type GroupDraft = Omit<Draft, "executedAtMs"> & Partial<Pick<Draft, "executedAtMs">>;

export interface DialectSettings {
  /** What prices are in, where neither the row nor the symbol says; null: not said. */
  currency: string | null;
  /** Market chosen by the account, where the file does not say. */
  market: Market | null;
  /** Of the file's numbers: for those that stand in texts. */
  decimalMark: "." | ",";
  /** What `gather` found in the whole file. */
  facts: ReadonlyMap<string, string>;
}

/** Known not to be an execution: why, in words that a user understands. */
export interface Skip {
  skip: string;
}

/** How one cell is read. `parse` throws CellError. */
export interface Column<T> {
  /** The header's name, or its names in different generations. */
  header: HeaderName | readonly HeaderName[];
  /** The column whose text goes on behind this one's, with a blank between: of a date, its time of day. */
  and?: HeaderName | readonly HeaderName[];
  /** Goes on behind the column of the first name alone, and where there is one of the second. */
  goesOn?: readonly [name: string, rest: string];
  /** A file without this column is still this dialect's: its cells are empty text. */
  optional?: boolean;
  /** Holds numbers: the file's decimal mark shows here. */
  numeric?: boolean;
  /** Holds dates in the format of a computer's region: the order of their parts shows here. */
  regional?: boolean;
  /** `text` has no outer blanks; `header` is the name in the file. */
  parse: (text: string, reading: Reading, header: string) => T;
  /** As `parse`, of the part of a row from `start` to `end`: it spares the making of a string, which takes longer than the reading. */
  parseAt?: (row: string, start: number, end: number, reading: Reading) => T;
  /** Of a column of times, its time alone: NaN where `parseAt` says null. The first pass over a file asks for nothing else. */
  utcMsAt?: (row: string, start: number, end: number, reading: Reading) => number;
}

/**
 * A pattern where the name carries a value (`Comm in EUR`); `behind`: the column without a name right behind the one with this name; `last`: the
 * last of several with this name.
 */
export type HeaderName = string | RegExp | { behind: string | RegExp } | { last: string };

/** What cells need to know of their file. */
export interface Reading {
  /** `12.345,60` means 12345.60 when ",": found out once a file. */
  decimalMark: "." | ",";
  /** Of dates with slashes: the day comes before the month. Null: no row shows it. */
  dayFirst?: boolean | null;
  /** Local wall-clock time of the file's zone to UTC milliseconds. @throws {CellError} the zone is not known */
  toUtcMs: (wallClockMs: number) => number;
}

export type Columns = Record<string, Column<unknown>>;
export type Row<C extends Columns> = { [K in keyof C]: C[K] extends Column<infer T> ? T : never };

/** Keeps the types of the columns, and checks their names. */
export function defineDialect<const C extends Columns>(
  dialect: Dialect<C> & { timeColumn: keyof C; accountColumn?: keyof C },
): Dialect<C> {
  return dialect;
}

/** An export that is known and has no trades in it, or not all that a trade needs. It is refused, with the name of one that has. */
export interface RefusedExport {
  id: string;
  broker: string;
  title: string;
  headers: readonly (readonly string[])[];
  /** What it lacks: "an order history without fees". */
  lacks: string;
  /** Where the export is that has it. */
  instead: string;
}

/** A cell that cannot be read: what was expected. The reader adds file, line, column and what it said. */
export class CellError extends Error {
  override readonly name = "CellError";
  /** `not_a_number`, `not_a_time`, `unknown_value`, `empty`. */
  readonly code: string;

  constructor(code: string, expected: string) {
    super(expected);
    this.code = code;
  }
}

/** A row whose cells are good one by one but not together, or a value of no known meaning. */
export class RowError extends Error {
  override readonly name = "RowError";
  readonly code: string;
  /** Key of the column that it is about; null: the whole row. */
  readonly column: string | null;

  constructor(code: string, message: string, column: string | null = null) {
    super(message);
    this.code = code;
    this.column = column;
  }
}

export function skip(reason: string): Skip {
  return { skip: reason };
}

const powersOfTen = Array.from({ length: scaleDigits + 1 }, (_, exponent) => 10n ** BigInt(scaleDigits - exponent));
/** So many digits are exact in a double. */
const exactDigitsMax = 15;

/** `readDecimal` of a part of a row. Plain short numbers, nearly all, are read without making a string. @throws {CellError} */
export function readDecimalAt(row: string, start: number, end: number, reading: Pick<Reading, "decimalMark">): Decimal {
  const mark = reading.decimalMark === "." ? 46 : 44;
  const negative = row.charCodeAt(start) === 45;
  const first = negative ? start + 1 : start;
  let point = -1;
  let digits = 0;
  for (let index = first; index < end; index++) {
    const code = row.charCodeAt(index);
    if (code >= 48 && code <= 57) digits = digits * 10 + code - 48;
    else if (code === mark && point < 0 && index > first && index < end - 1) point = index;
    else return readDecimal(row.slice(start, end), reading);
  }
  const power = powersOfTen[point < 0 ? 0 : end - point - 1];
  if (first >= end || end - first > exactDigitsMax || power === undefined) {
    return readDecimal(row.slice(start, end), reading);
  }
  if (digits === 0) return 0n;
  const signed = negative ? -digits : digits;
  return digits < oftenBelow ? remembered(signed, point < 0 ? 0 : end - point - 1, power) : BigInt(signed) * power;
}

/** Of a file's short numbers many come again: quantities, prices of a quiet market. */
const oftenBelow = 1_000_000;
/** A power of two. */
const numberSlots = 2_048;
const rememberedDigits = new Int32Array(numberSlots);
const rememberedFraction = new Uint8Array(numberSlots);
const rememberedValue = new Array<Decimal>(numberSlots).fill(0n);

/** `digits` times `power`, never zero. A bigint takes longer to make than all of its digits to read. */
function remembered(digits: number, fractionDigits: number, power: bigint): Decimal {
  const slot = digits & (numberSlots - 1);
  if (rememberedDigits[slot] === digits && rememberedFraction[slot] === fractionDigits) {
    return rememberedValue[slot] as Decimal;
  }
  const value = BigInt(digits) * power;
  rememberedDigits[slot] = digits;
  rememberedFraction[slot] = fractionDigits;
  rememberedValue[slot] = value;
  return value;
}

/**
 * The reading of a number under the file's decimal mark: `4,091`, `1 250.00`, `12.345,60`. A group of thousands has three
 * digits and does not begin with a zero, so `0,091` is refused where the mark is a point. @throws {CellError}
 */
export function readDecimal(text: string, { decimalMark }: Pick<Reading, "decimalMark">): Decimal {
  try {
    return parseDecimal(decimalMark === "." ? text : withPoint(text));
  } catch (error) {
    if (!(error instanceof DecimalError)) throw error;
    const plain = withoutSeparators(text, decimalMark);
    if (plain === null) throw new CellError("not_a_number", expectedNumber(error.message, text, decimalMark));
    try {
      return parseDecimal(plain);
    } catch (again) {
      if (!(again instanceof DecimalError)) throw again;
      throw new CellError("not_a_number", again.message);
    }
  }
}

const plainComma = /^-?\d+(,\d+)?$/;
const groupedByComma = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/;
const groupedByPoint = /^[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d+)?$/;
const signedPoint = /^[+-]?\d+(\.\d+)?$/;
const signedComma = /^[+-]?\d+(,\d+)?$/;
/** `1.5E-8`, as a spreadsheet or a program writes small amounts. Exact: the point moves, nothing is rounded. */
const exponent = /^([+-]?)(\d+)(?:\.(\d+))?[eE]([+-]?\d{1,2})$/;

/** Only what is unmistakable: any other text is left as it is, and fails or is looked at again. */
function withPoint(text: string): string {
  return plainComma.test(text) ? text.replace(",", ".") : "";
}

/** The same number with a decimal point and nothing else, or null when it is none. */
function withoutSeparators(text: string, decimalMark: "." | ","): string | null {
  const compact = text.replace(/[\s\u00a0\u202f'\u2019]/g, "").replace("\u2212", "-");
  if (decimalMark === ".") {
    if (groupedByComma.test(compact) || signedPoint.test(compact)) return compact.replace(/^\+|,/g, "");
  } else if (groupedByPoint.test(compact) || signedComma.test(compact)) {
    return compact.replace(/^\+|\./g, "").replace(",", ".");
  }
  return withoutExponent(decimalMark === "." ? compact : compact.replace(",", "."));
}

function withoutExponent(text: string): string | null {
  const parts = exponent.exec(text);
  if (parts === null) return null;
  const [, sign = "", integer = "", fraction = "", power = "0"] = parts;
  const digits = integer + fraction;
  const point = integer.length + Number(power);
  const before = point > 0 ? digits.slice(0, point).padEnd(point, "0") : "0";
  const after = point >= digits.length ? "" : point > 0 ? digits.slice(point) : "0".repeat(-point) + digits;
  return `${sign === "-" ? "-" : ""}${before}${after === "" ? "" : `.${after}`}`;
}

function expectedNumber(expected: string, text: string, decimalMark: "." | ","): string {
  const other = decimalMark === "." ? "," : ".";
  return text.includes(other) ? `${expected}; the file's decimal mark is "${decimalMark}"` : expected;
}
