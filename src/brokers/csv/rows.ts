import type { Execution, Market } from "../../executions/execution.ts";
import { externalIdOf, rowIdOf } from "../../executions/identify.ts";
import { type Draft, NormaliseError, normalise } from "../../executions/normalise.ts";
import { CellError, type Dialect, type DialectSettings, type Reading, RowError } from "./dialect.ts";
import { type Field, type Mapping, mapColumns, type Renames } from "./header.ts";
import { type FileReport, type RowProblem, recordProblem, recordSkipped, shorten } from "./report.ts";
import { cellBounds, type RowReader, type RowText } from "./tokenise.ts";

/** What is needed to make executions of a file's rows. */
export interface RowSettings extends DialectSettings {
  dialect: Dialect;
  broker: string;
  market: Market | null;
  reading: Reading;
  renames: Renames;
  /** Of the cells of plain rows. */
  delimiter: string;
  facts: Map<string, string>;
}

/** A row as execution, before its place among the others is known. */
export interface ReadRow {
  execution: Execution;
  line: number;
  /** Its id is the row's and lacks the occurrence. */
  needsOccurrence: boolean;
}

/** What a row is, before its cells are looked at. */
export type RowKind =
  | { kind: "row" }
  /** Nothing to account for: a blank line, a header. */
  | { kind: "none" }
  | { kind: "skip"; reason: string }
  | { kind: "problem"; problem: Omit<RowProblem, "line"> };

const row: RowKind = { kind: "row" };
const none: RowKind = { kind: "none" };

/**
 * Walks over the rows of a file, or of a part of it, and knows which columns hold: of a statement they change on the way.
 * `mapping` null: no header yet, or one that lacks columns.
 */
export class RowWalker {
  mapping: Mapping | null;
  readonly #settings: RowSettings;
  readonly #section: string | null;
  /** The header of another section, while its facts are gathered. */
  #otherHeader: readonly string[] = [];
  #missing: readonly string[] = [];
  /** One for all rows: dialects do not keep it. */
  readonly #row: Record<string, unknown>;
  /** Of the dialect's columns, in their order. Writing them into the row by their keys would take longer than reading the cells. */
  readonly #values: unknown[];
  /** Cells of the plain row whose time was asked last; 0: it was not plain. */
  #count = 0;

  constructor(settings: RowSettings, mapping: Mapping | null) {
    this.#settings = settings;
    this.mapping = mapping;
    const keys = Object.keys(settings.dialect.columns);
    this.#values = keys.map(() => null);
    this.#row = rowOver(this.#values, keys);
    const { layout } = settings.dialect;
    this.#section = layout.kind === "sections" ? layout.section.toLowerCase() : null;
  }

  /** Can these cells of several lines be a row? A stray quote swallows line ends, and the count of cells shows it. */
  readonly accepts = (cells: readonly string[]): boolean =>
    this.#section !== null || this.mapping === null || widthProblem(cells, this.mapping) === null;

  /** `row` is what can be one; whether its cells can be read shows later. */
  kindOf(reader: RowReader): RowKind {
    if (reader.problem !== null) return quoteProblem(reader.problem);
    if (isBlank(reader)) return none;
    if (this.#section === null) return row;
    const kind = this.#kindInSections(reader.cells, this.#section);
    if (kind !== row || this.mapping === null) return kind;
    return widthProblem(reader.cells, this.mapping) ?? row;
  }

  #kindInSections(cells: readonly string[], wanted: string): RowKind {
    const section = (cells[0] ?? "").trim();
    const second = (cells[1] ?? "").trim();
    if (section.toLowerCase() !== wanted) return this.#kindInOther(cells, section, second);
    if (second === "Header") return this.#changeHeader(cells);
    if (second === "SubTotal" || second === "Total") return { kind: "skip", reason: `${second} row` };
    if (second !== "Data") return unknownValue("Data, Header, SubTotal or Total", second);
    if (this.mapping !== null) return row;
    const said =
      this.#missing.length === 0 ? "no header row comes before it" : `the header lacks ${list(this.#missing)}`;
    return { kind: "problem", problem: { column: null, code: "missing_columns", said: null, message: said } };
  }

  #changeHeader(cells: readonly string[]): RowKind {
    const { mapping, missing } = mapColumns(this.#settings.dialect, cells, this.#settings.renames);
    this.mapping = missing.length === 0 ? mapping : null;
    this.#missing = missing;
    return none;
  }

  #kindInOther(cells: readonly string[], section: string, second: string): RowKind {
    if (second === "Header") {
      this.#otherHeader = cells;
      return none;
    }
    return { kind: "skip", reason: `section ${shorten(section)}` };
  }

  /** Of the first pass: what other sections say that executions need. */
  gather(cells: readonly string[]): void {
    const { dialect, facts } = this.#settings;
    if (this.#section === null || dialect.gather === undefined || cells[1]?.trim() !== "Data") return;
    const header = this.#otherHeader;
    if (header[0] !== cells[0] || facts.size > factsMax) return;
    dialect.gather(cells[0] ?? "", (name) => (cells[header.indexOf(name)] ?? "").trim(), facts);
  }

  /** NaN: the row has none that can be read, so it is no execution. */
  timeOf(reader: RowText): number {
    const { mapping } = this;
    if (!mapping?.time) return Number.NaN;
    const { column, index, name } = mapping.time;
    const { reading } = this.#settings;
    try {
      this.#count = reader.isPlain ? cellBounds(reader, this.#settings.delimiter, bounds, mapping.glance) : 0;
      if (this.#count === 0) return utcMsOf(column.parse(trim(reader.cells[index] ?? ""), reading, name));
      return index < this.#count ? utcMsOf(this.#readCell(mapping.time, reader.text)) : Number.NaN;
    } catch (error) {
      if (error instanceof CellError) return Number.NaN;
      throw error;
    }
  }

  /** The account that the row names, of the row whose time was asked last; null: none. */
  accountOf(reader: RowText): string | null {
    const account = this.mapping?.account;
    if (!account) return null;
    if (this.#count > 0) return account.index < this.#count ? textOf(this.#readCell(account, reader.text)) : null;
    return textOf(account.column.parse(trim(reader.cells[account.index] ?? ""), this.#settings.reading, account.name));
  }

  /** Whether the row has the columns that it must have. */
  isWhole(reader: RowText): boolean {
    return this.mapping !== null && widthProblem(reader.cells, this.mapping) === null;
  }

  /** The execution, or null when the row is none: why is in the report. */
  read(reader: RowText, line: number, report: FileReport): ReadRow | null {
    const { mapping } = this;
    if (mapping === null) throw new Error("a row without a header");
    const count = reader.isPlain ? cellBounds(reader, this.#settings.delimiter, bounds) : 0;
    const values = this.#values;
    let index = 0;
    try {
      if (count === mapping.width) {
        for (; index < mapping.fields.length; index++) {
          const field = mapping.fields[index] as Field;
          values[index] = this.#readCell(field, reader.text);
        }
      } else {
        const { cells } = reader;
        const problem = widthProblem(cells, mapping);
        if (problem !== null) return this.#refuse(problem.problem, cells, line, report);
        for (; index < mapping.fields.length; index++) {
          const { column, index: at, name } = mapping.fields[index] as Field;
          values[index] = column.parse(at < 0 ? "" : trim(cells[at] as string), this.#settings.reading, name);
        }
      }
      index = -1;
      const draft = this.#settings.dialect.toExecution(this.#row, this.#settings);
      if ("skip" in draft) {
        recordSkipped(report, draft.skip, line);
        return null;
      }
      return toReadRow(draft, this.#settings.broker, line);
    } catch (error) {
      const { dialect } = this.#settings;
      return this.#refuse(problemOf(error, mapping, reader.cells, index, dialect), reader.cells, line, report);
    }
  }

  /** Rows that are no data by their look are no problem. */
  #refuse(problem: Omit<RowProblem, "line">, cells: readonly string[], line: number, report: FileReport): null {
    const reason = this.#settings.dialect.summaryRow?.(cells) ?? null;
    if (reason !== null) recordSkipped(report, reason, line);
    else if (isHeader(cells, this.mapping?.header ?? [])) recordSkipped(report, "the header again", line);
    else recordProblem(report, { line, ...problem });
    return null;
  }

  /** Of the row that was bounded last. */
  #readCell({ column, index, name }: Field, text: string): unknown {
    const { reading } = this.#settings;
    if (index < 0) return column.parse("", reading, name);
    let start = bounds[index] as number;
    let end = (bounds[index + 1] as number) - 1;
    while (start < end && isBlankCode(text.charCodeAt(start))) start++;
    while (end > start && isBlankCode(text.charCodeAt(end - 1))) end--;
    if (column.parseAt !== undefined) return column.parseAt(text, start, end, reading);
    return column.parse(text.slice(start, end), reading, name);
  }
}

function rowOver(values: readonly unknown[], keys: readonly string[]): Record<string, unknown> {
  const row = {};
  for (const [index, key] of keys.entries()) Object.defineProperty(row, key, { get: () => values[index] });
  return row;
}

/** One for all: a row is read before the next one is looked at. */
const bounds = new Int32Array(1_024);

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function utcMsOf(value: unknown): number {
  return (value as { utcMs: number }).utcMs;
}

function isBlank(row: RowText): boolean {
  if (row.start === row.end) return true;
  const first = row.text.charCodeAt(row.start);
  // The first cell of nearly every row says something; only otherwise are all looked at.
  if (row.isPlain && ((first >= 48 && first <= 57) || (first >= 65 && first <= 90) || (first >= 97 && first <= 122))) {
    return false;
  }
  return row.cells.every((cell) => cell.trim() === "");
}

/** False: it is none, and the report says why. */
export function isRow(reader: RowReader, walker: RowWalker, report: FileReport): boolean {
  const kind = walker.kindOf(reader);
  if (kind.kind === "row") return true;
  if (kind.kind === "skip") recordSkipped(report, kind.reason, reader.line);
  else if (kind.kind === "problem") recordProblem(report, { line: reader.line, ...kind.problem });
  return false;
}

const factsMax = 100_000;

function toReadRow(draft: Draft, broker: string, line: number): ReadRow {
  const venue = { broker, market: draft.market, symbol: draft.symbol };
  if (draft.id !== null) {
    return { execution: normalise(draft, externalIdOf(venue, draft.id)), line, needsOccurrence: false };
  }
  if (draft.identity === undefined) throw new Error(`a row of ${broker} has neither an id nor an identity`);
  return { execution: normalise(draft, rowIdOf(venue, draft.identity)), line, needsOccurrence: true };
}

/** `fieldIndex`: the column that was being read; negative: all were read. */
function problemOf(
  error: unknown,
  mapping: Mapping,
  cells: readonly string[],
  fieldIndex: number,
  dialect: Dialect,
): Omit<RowProblem, "line"> {
  if (error instanceof CellError) {
    const field = mapping.fields[fieldIndex];
    const said = field === undefined || field.index < 0 ? "" : trim(cells[field.index] ?? "");
    const message = `expected ${error.message}, found ${said === "" ? "nothing" : `"${shorten(said)}"`}`;
    return { column: field?.name ?? null, code: error.code, said, message };
  }
  const key =
    error instanceof RowError
      ? error.column
      : error instanceof NormaliseError
        ? error.field === "executedAtMs"
          ? dialect.timeColumn
          : error.field
        : undefined;
  if (key === undefined) throw error;
  const { code, message } = error as RowError | NormaliseError;
  const field = mapping.fields.find((found) => found.key === key);
  if (field === undefined || field.index < 0) return { column: null, code, said: null, message };
  const said = trim(cells[field.index] ?? "");
  const found = message.includes("found") ? "" : `, found "${shorten(said)}"`;
  return { column: field.name, code, said, message: `${message}${found}` };
}

function quoteProblem(code: "unclosed_quote" | "bad_quote"): RowKind {
  const message =
    code === "unclosed_quote" ? "a quote is not closed" : "text stands between a closing quote and the next delimiter";
  return { kind: "problem", problem: { column: null, code, said: null, message } };
}

/** More cells than columns are none when they are empty: trailing delimiters. */
function widthProblem(cells: readonly string[], { width }: Mapping): Extract<RowKind, { kind: "problem" }> | null {
  if (cells.length === width) return null;
  if (cells.length > width && cells.every((cell, index) => index < width || cell.trim() === "")) return null;
  const message = `expected ${width} columns, found ${cells.length}`;
  return { kind: "problem", problem: { column: null, code: "column_count", said: null, message } };
}

function unknownValue(expected: string, said: string): RowKind {
  const message = `expected ${expected}, found "${shorten(said)}"`;
  return { kind: "problem", problem: { column: null, code: "unknown_value", said, message } };
}

/** Files that were put together have it in the middle. */
function isHeader(cells: readonly string[], header: readonly string[]): boolean {
  return header.length > 0 && header.every((name, index) => name.trim() === (cells[index] ?? "").trim());
}

function list(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

/** Blanks, control characters and the no-break spaces of spreadsheets. */
function isBlankCode(code: number): boolean {
  return code <= 32 || code === 0xa0 || code === 0x202f || code === 0xfeff;
}

function trim(cell: string): string {
  const length = cell.length;
  if (length === 0 || !(isBlankCode(cell.charCodeAt(0)) || isBlankCode(cell.charCodeAt(length - 1)))) return cell;
  return cell.trim();
}
