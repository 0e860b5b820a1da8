import type { Execution, Market } from "../../executions/execution.ts";
import { externalIdOf, rowIdOf } from "../../executions/identify.ts";
import { type Draft, NormaliseError, normalise } from "../../executions/normalise.ts";
import { CellError, type Dialect, type DialectSettings, type Reading, RowError } from "./dialect.ts";
import { type Mapping, mapColumns, type Renames } from "./header.ts";
import { type FileReport, type RowProblem, recordProblem, recordSkipped, shorten } from "./report.ts";
import type { RowReader } from "./tokenise.ts";

/** What is needed to make executions of a file's rows. */
export interface RowSettings extends DialectSettings {
  dialect: Dialect;
  broker: string;
  market: Market | null;
  reading: Reading;
  renames: Renames;
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

  constructor(settings: RowSettings, mapping: Mapping | null) {
    this.#settings = settings;
    this.mapping = mapping;
    const { layout } = settings.dialect;
    this.#section = layout.kind === "sections" ? layout.section.toLowerCase() : null;
  }

  /** Can these cells of several lines be a row? A stray quote swallows line ends, and the count of cells shows it. */
  readonly accepts = (cells: readonly string[]): boolean =>
    this.#section !== null || this.mapping === null || widthProblem(cells, this.mapping) === null;

  kindOf({ cells, problem }: RowReader): RowKind {
    if (problem !== null) return quoteProblem(problem);
    if (cells.every((cell) => cell === "" || cell.trim() === "")) return none;
    const kind = this.#section === null ? this.#kindInTable(cells) : this.#kindInSections(cells, this.#section);
    if (kind !== row || this.mapping === null) return kind;
    return widthProblem(cells, this.mapping) ?? row;
  }

  #kindInTable(cells: readonly string[]): RowKind {
    const reason = this.#settings.dialect.summaryRow?.(cells) ?? null;
    if (reason !== null) return { kind: "skip", reason };
    const header = this.mapping?.header ?? [];
    return cells[0]?.trim() === header[0]?.trim() && isHeader(cells, header) ? none : row;
  }

  #kindInSections(cells: readonly string[], wanted: string): RowKind {
    const section = (cells[0] ?? "").trim();
    const second = (cells[1] ?? "").trim();
    if (section.toLowerCase() !== wanted) return this.#kindInOther(cells, section, second);
    if (second === "Header") return this.#changeHeader(cells);
    if (second === "SubTotal" || second === "Total") return { kind: "skip", reason: `${second} row` };
    if (second !== "Data") return unknownValue("Data, Header, SubTotal or Total", second);
    const reason = this.#settings.dialect.summaryRow?.(cells) ?? null;
    if (reason !== null) return { kind: "skip", reason };
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
  timeOf(cells: readonly string[]): number {
    const time = this.mapping?.time;
    if (!time) return Number.NaN;
    try {
      const value = time.column.parse(trim(cells[time.index] ?? ""), this.#settings.reading, time.name);
      return (value as { utcMs: number }).utcMs;
    } catch (error) {
      if (error instanceof CellError) return Number.NaN;
      throw error;
    }
  }

  /** The execution, or null when the row is none: why is in the report. */
  read(cells: readonly string[], line: number, report: FileReport): ReadRow | null {
    const { mapping } = this;
    if (mapping === null) throw new Error("a row without a header");
    const { dialect, reading, broker } = this.#settings;
    const values: Record<string, unknown> = {};
    let index = 0;
    try {
      for (; index < mapping.fields.length; index++) {
        const field = mapping.fields[index] as Mapping["fields"][number];
        const cell = field.index < 0 ? "" : trim(cells[field.index] as string);
        values[field.key] = field.column.parse(cell, reading, field.name);
      }
      index = -1;
      const draft = dialect.toExecution(values, this.#settings);
      if ("skip" in draft) {
        recordSkipped(report, draft.skip, line);
        return null;
      }
      return toReadRow(draft, broker, line);
    } catch (error) {
      recordProblem(report, { line, ...problemOf(error, mapping, cells, index, dialect) });
      return null;
    }
  }
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
function widthProblem(cells: readonly string[], { width }: Mapping): RowKind | null {
  if (cells.length === width) return null;
  if (cells.length > width && cells.every((cell, index) => index < width || cell.trim() === "")) return null;
  const message = `expected ${width} columns, found ${cells.length}`;
  return { kind: "problem", problem: { column: null, code: "column_count", said: null, message } };
}

function unknownValue(expected: string, said: string): RowKind {
  const message = `expected ${expected}, found "${shorten(said)}"`;
  return { kind: "problem", problem: { column: null, code: "unknown_value", said, message } };
}

function isHeader(cells: readonly string[], header: readonly string[]): boolean {
  return header.length > 0 && header.every((name, index) => name.trim() === (cells[index] ?? "").trim());
}

function list(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

/** Outer blanks and no-break spaces; most cells have none, and are looked at by two characters only. */
function trim(cell: string): string {
  const length = cell.length;
  if (length === 0) return cell;
  const first = cell.charCodeAt(0);
  const last = cell.charCodeAt(length - 1);
  return first > 32 && first < 160 && last > 32 && last < 160 ? cell : cell.trim();
}
