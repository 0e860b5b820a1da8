import { type Decimal, DecimalError, parseDecimal } from "../../executions/decimal.ts";
import type { Execution, Market } from "../../executions/execution.ts";

/**
 * The contract of a CSV dialect: its columns and one function. Reading, encodings, delimiters, detection, order, ids and
 * errors belong to the shared reader (`read.ts`). Columns are checked by small parsers instead of arktype: a row shape costs
 * 2.7 us without generated code, which the executable forbids, and a file can have millions of rows.
 */
export interface Dialect<C extends Columns = Columns> {
  /** snake_case, stable: it stands in results and in `--dialect`. */
  id: string;
  /** The broker's id, as in execution ids: `binance`. */
  broker: string;
  /** For people: "Binance spot trade history". */
  title: string;
  /** Where in the broker's interface the export is found. */
  export: string;
  /** Markets that its executions can have; the first is the default. */
  markets: readonly Market[];
  /** A table with one header row, or the sections of a statement where the second cell says Header or Data. */
  layout: Layout;
  /** Header rows that are this dialect's, one per generation. A header matches when it has all of these names (case and outer blanks do not matter). */
  headers: readonly (readonly string[])[];
  /** The zone of times without one; null: it must be given (`timezone_required`). A time that carries its own offset ignores it. */
  timezone: string | null;
  /** Whether the PnL a row states is before fees, or after the fees of entry and exit; null: rows state none. */
  statedPnl: "gross" | "net" | null;
  columns: C;
  /** One row to one execution, or the reason why it is none. Throws RowError for a value that it does not know. */
  toExecution: (row: Row<C>, settings: DialectSettings) => Draft | Skip;
}

export type Layout = { kind: "table" } | { kind: "sections"; section: string };

export interface DialectSettings {
  /** Market chosen by the account, where the file does not say. */
  market: Market | null;
}

/** An execution before the shared part: text where the row had text, time as read, no id yet. */
export interface Draft
  extends Pick<Execution, "market" | "symbol" | "side">,
    Partial<
      Pick<
        Execution,
        | "type"
        | "baseAsset"
        | "quoteAsset"
        | "settleAsset"
        | "positionSide"
        | "quantity"
        | "price"
        | "quoteQuantity"
        | "contractSize"
        | "fee"
        | "feeAsset"
        | "feeInQuote"
        | "realizedPnl"
        | "orderId"
        | "liquidity"
      >
    > {
  /** The broker's own id of the execution; null: the id is made of the row (`identity`). */
  id: string | null;
  /** Without a broker's id: the row's canonical fields, in a fixed order: no converted time, fee or PnL. */
  identity?: readonly string[];
  executedAtMs: number;
}

/** Known not to be an execution: why, in words that a user understands. */
export interface Skip {
  skip: string;
}

/** How one cell is read. `parse` throws CellError. */
export interface Column<T> {
  /** The header's name, or its names in different generations. */
  header: string | readonly string[];
  /** A file without this column is still this dialect's. */
  optional?: boolean;
  parse: (text: string, reading: Reading) => T;
}

/** What cells need to know of their file. */
export interface Reading {
  /** `12.345,60` means 12345.60 when ",": found out once a file. */
  decimalMark: "." | ",";
  /** Local wall-clock time of the file's zone to UTC milliseconds. */
  toUtcMs: (wallClockMs: number) => number;
}

export type Columns = Record<string, Column<unknown>>;
export type Row<C extends Columns> = { [K in keyof C]: C[K] extends Column<infer T> ? T : never };

/** Keeps the types of the columns. */
export function defineDialect<const C extends Columns>(dialect: Dialect<C>): Dialect<C> {
  return dialect;
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

/** The reading of a number under the file's decimal mark: `4,091`, `1 250.00`, `12.345,60`. @throws {CellError} */
export function readDecimal(text: string, { decimalMark }: Pick<Reading, "decimalMark">): Decimal {
  try {
    return parseDecimal(text);
  } catch (error) {
    if (!(error instanceof DecimalError)) throw error;
    const plain = withoutSeparators(text, decimalMark);
    if (plain === null) throw new CellError("not_a_number", error.message);
    return parseDecimal(plain);
  }
}

const groupedByComma = /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/;
const groupedByPoint = /^[+-]?\d{1,3}(\.\d{3})+(,\d+)?$/;
const plainPoint = /^[+-]?\d+(\.\d+)?$/;
const plainComma = /^[+-]?\d+(,\d+)?$/;

/** The same number with a decimal point and nothing else, or null when it is none. */
function withoutSeparators(text: string, decimalMark: "." | ","): string | null {
  const compact = text.replace(/[\s\u00a0\u202f']/g, "");
  if (decimalMark === ".") {
    if (groupedByComma.test(compact) || plainPoint.test(compact)) return compact.replace(/^\+|,/g, "");
    return null;
  }
  if (groupedByPoint.test(compact) || plainComma.test(compact)) {
    return compact.replace(/^\+|\./g, "").replace(",", ".");
  }
  return null;
}
