import type { Market } from "../../executions/execution.ts";
import { CellError, type Dialect, type DialectSettings, type Reading, RowError } from "./dialect.ts";
import { cellText, type Field, type Mapping, mapColumns, type Renames, sectionNamesOf } from "./header.ts";
import { type ReadRow, toReadRow, toReadTrade } from "./read-row.ts";
import { type FileReport, type RowProblem, recordProblem, recordSkipped, shorten } from "./report.ts";
import {
  isHeader,
  list,
  none,
  quoteProblem,
  type RowKind,
  row,
  rowCharactersMax,
  tooLong,
  unknownValue,
  widthProblem,
} from "./row-kind.ts";
import { problemOf } from "./row-problem.ts";
import { StackedSections } from "./stacked-sections.ts";
import { type SectionTitle, TitledSections } from "./titled-sections.ts";
import { cellBounds, type Rows, type RowText } from "./tokenise.ts";

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
  /** The file's accounts that are not wanted. Empty: it has one, or names none. */
  otherAccounts: ReadonlySet<string>;
}

/**
 * Walks over the rows of a file, or of a part of it, and knows which columns hold: of a statement they change on the way.
 * `mapping` null: no header yet, or one that lacks columns.
 */
export class RowWalker {
  mapping: Mapping | null;
  readonly #settings: RowSettings;
  readonly #sections: ReadonlySet<string> | null;
  readonly #titled: TitledSections | null;
  readonly #stacked: StackedSections | null;
  /** The header of another section, while its facts are gathered. */
  #otherHeader: readonly string[] = [];
  #missing: readonly string[] = [];
  /** One for all rows: dialects do not keep it. */
  readonly #row: Record<string, unknown>;
  /** Of the dialect's columns, in their order. Writing them into the row by their keys would take longer than reading the cells. */
  readonly #values: unknown[];
  readonly #keys: readonly string[];
  /** Cells of the plain row whose time was asked last; 0: it was not plain. */
  #count = 0;

  constructor(settings: RowSettings, { mapping, title = null }: WalkerStart) {
    this.#settings = settings;
    this.mapping = mapping;
    this.#keys = Object.keys(settings.dialect.columns);
    this.#values = this.#keys.map(() => null);
    this.#row = rowOver(this.#values, this.#keys);
    const { layout } = settings.dialect;
    this.#sections = layout.kind === "sections" ? sectionNamesOf(layout) : null;
    this.#titled = layout.kind === "titled" ? new TitledSections(layout, title) : null;
    this.#stacked = layout.kind === "stacked" ? new StackedSections(layout, title) : null;
  }

  /** Where another walker can go on. */
  get place(): WalkerStart {
    return { mapping: this.mapping, title: (this.#titled ?? this.#stacked)?.title ?? null };
  }

  /** Can these cells of several lines be a row? A stray quote swallows line ends, and the count of cells shows it. */
  readonly accepts = (cells: readonly string[]): boolean =>
    this.#sections !== null ||
    this.#titled !== null ||
    this.#stacked !== null ||
    this.mapping === null ||
    widthProblem(cells, this.mapping) === null;

  /** `row` is what can be one; whether its cells can be read shows later. */
  kindOf(reader: Rows): RowKind {
    const kind = this.#kindOf(reader);
    return kind === row && reader.end - reader.start > rowCharactersMax ? tooLong : kind;
  }

  #kindOf(reader: Rows): RowKind {
    if (reader.problem !== null) return quoteProblem(reader.problem);
    if (isBlank(reader)) return none;
    if (this.#titled !== null) return this.#kindInTitled(reader.cells, this.#titled);
    if (this.#stacked !== null) return this.#kindInStacked(reader.cells, this.#stacked);
    if (this.#sections === null) return row;
    const kind = this.#kindInSections(reader.cells, this.#sections);
    if (kind !== row || this.mapping === null) return kind;
    return widthProblem(reader.cells, this.mapping) ?? row;
  }

  #kindInSections(cells: readonly string[], wanted: ReadonlySet<string>): RowKind {
    const section = (cells[0] ?? "").trim();
    const second = (cells[1] ?? "").trim();
    if (!wanted.has(section.toLowerCase())) return this.#kindInOther(cells, section, second);
    if (second === "Header") return this.#changeHeader(cells);
    if (second === "SubTotal" || second === "Total") return { kind: "skip", reason: `${second} row` };
    if (second !== "Data") return unknownValue("Data, Header, SubTotal or Total", second);
    if (this.mapping !== null) return row;
    const said =
      this.#missing.length === 0 ? "no header row comes before it" : `the header lacks ${list(this.#missing)}`;
    return { kind: "problem", problem: { column: null, code: "missing_columns", said: null, message: said } };
  }

  #kindInTitled(cells: readonly string[], titled: TitledSections): RowKind {
    const kind = titled.take(cells);
    if (kind === "title") this.mapping = null;
    if (kind === "wanted header") return this.#changeHeader(cells);
    if (kind === "title" || kind === "header") return none;
    if (kind === "other") return { kind: "skip", reason: titled.reason };
    if (this.mapping !== null) return widthProblem(cells, this.mapping) ?? row;
    const message = `the header lacks ${list(this.#missing)}`;
    return { kind: "problem", problem: { column: null, code: "missing_columns", said: null, message } };
  }

  #kindInStacked(cells: readonly string[], stacked: StackedSections): RowKind {
    const kind = stacked.take(cells);
    if (kind === "header") return this.#changeHeader(cells);
    if (kind === "control") return none;
    return this.mapping === null ? { kind: "skip", reason: stacked.reason } : row;
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
    if (dialect.gather === undefined || facts.size > factsMax) return;
    const other = this.#titled === null ? this.#otherSection(cells) : this.#titled.other;
    if (other === null) return;
    dialect.gather(other.name, (name) => (cells[other.header.indexOf(name)] ?? "").trim(), facts);
  }

  #otherSection(cells: readonly string[]): { name: string; header: readonly string[] } | null {
    const header = this.#otherHeader;
    if (this.#sections === null || cells[1]?.trim() !== "Data" || header[0] !== cells[0]) return null;
    return { name: cells[0] ?? "", header };
  }

  /** NaN: the row has none that can be read, so it is no execution. */
  timeOf(reader: RowText): number {
    const { mapping } = this;
    if (!mapping?.time) return Number.NaN;
    const { column, index, second, name } = mapping.time;
    const { reading } = this.#settings;
    try {
      this.#count = reader.isPlain ? cellBounds(reader, this.#settings.delimiter, bounds, mapping.glance) : 0;
      if (this.#count === 0) return utcMsOf(column.parse(cellText(mapping.time, reader.cells), reading, name));
      if (Math.max(index, second) >= this.#count) return Number.NaN;
      if (column.utcMsAt === undefined || second >= 0) return utcMsOf(this.#readCell(mapping.time, reader.text));
      const { text } = reader;
      const start = startOf(text, index);
      return column.utcMsAt(text, start, endOf(text, index, start), reading);
    } catch (error) {
      if (error instanceof CellError) return Number.NaN;
      throw error;
    }
  }

  /** The account that the row names, of the row whose time was asked last; null: none. */
  accountOf(reader: RowText): string | null {
    const account = this.mapping?.account;
    if (!account) return null;
    try {
      if (this.#count > 0) {
        return account.index < this.#count ? textOf(this.#readCell(account, reader.text)) : null;
      }
      const cell = trim(reader.cells[account.index] ?? "");
      return textOf(account.column.parse(cell, this.#settings.reading, account.name));
    } catch (error) {
      // An account that is missing is its row's error, later.
      if (error instanceof CellError) return null;
      throw error;
    }
  }

  /** Whether the row has the columns that it must have. */
  isWhole(reader: RowText): boolean {
    return this.mapping !== null && widthProblem(reader.cells, this.mapping) === null;
  }

  /** What it is, or null when it is nothing: why is in the report. */
  read(reader: RowText, line: number, report: FileReport): ReadRow | null {
    const { mapping } = this;
    if (mapping === null) throw new Error("a row without a header");
    const count = reader.isPlain ? cellBounds(reader, this.#settings.delimiter, bounds) : 0;
    if (this.#settings.otherAccounts.size > 0 && this.#isOfOther(reader, count)) {
      recordSkipped(report, "of another account", line);
      return null;
    }
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
          const field = mapping.fields[index] as Field;
          values[index] = field.column.parse(cellText(field, cells), this.#settings.reading, field.name);
        }
      }
      index = -1;
      this.#checkAccount(values, mapping);
      return this.#make(line, report);
    } catch (error) {
      const { dialect } = this.#settings;
      return this.#refuse(problemOf(error, mapping, reader.cells, index, dialect), reader.cells, line, report);
    }
  }

  /** Of a file with several accounts: `count` is that of the row's cells, which are bounded; 0: it is not plain. */
  #isOfOther(reader: RowText, count: number): boolean {
    this.#count = count;
    const account = this.accountOf(reader);
    return account !== null && this.#settings.otherAccounts.has(account);
  }

  #checkAccount(values: readonly unknown[], { fields, account }: Mapping): void {
    if (account === null || this.#settings.otherAccounts.size === 0) return;
    if (values[fields.indexOf(account)] !== null) return;
    const message = "expected the account, since the file holds several";
    throw new RowError("account_missing", message, account.key);
  }

  /** Of the values that were read last. */
  #make(line: number, report: FileReport): ReadRow | null {
    const { dialect, broker } = this.#settings;
    if (dialect.groups !== undefined) {
      const values = Object.fromEntries(this.#keys.map((key, index) => [key, this.#values[index]]));
      const atMs = utcMsOf(values[dialect.timeColumn]);
      return { execution: null, trade: null, values, atMs, line, rows: 1, needsOccurrence: false };
    }
    const made = dialect.toTrade?.(this.#row, this.#settings) ?? dialect.toExecution?.(this.#row, this.#settings);
    if (made === undefined) throw new Error(`${dialect.id} makes nothing of its rows`);
    if ("skip" in made) {
      recordSkipped(report, made.skip, line);
      return null;
    }
    if (!("direction" in made)) return toReadRow(made, broker, line);
    return toReadTrade(made, broker, { line, atMs: utcMsOf(this.#row[dialect.timeColumn]) });
  }

  /** Rows that are no data by their look are no problem, or another one. */
  #refuse(problem: Omit<RowProblem, "line">, cells: readonly string[], line: number, report: FileReport): null {
    const { dialect } = this.#settings;
    const reason = dialect.summaryRow?.(cells) ?? null;
    if (reason instanceof RowError) {
      recordProblem(report, { line, ...problemOf(reason, this.mapping, cells, -1, dialect) });
    } else if (reason !== null) recordSkipped(report, reason, line);
    else if (isHeader(cells, this.mapping?.header ?? [])) recordSkipped(report, "the header again", line);
    else recordProblem(report, { line, ...problem });
    return null;
  }

  /** Of the row that was bounded last. */
  #readCell({ column, parseAt, index, second, name }: Field, text: string): unknown {
    const { reading } = this.#settings;
    if (index < 0) return column.parse("", reading, name);
    const start = startOf(text, index);
    const end = endOf(text, index, start);
    if (second >= 0) {
      const rest = text.slice(bounds[second] as number, (bounds[second + 1] as number) - 1).trim();
      return column.parse(`${text.slice(start, end)} ${rest}`.trim(), reading, name);
    }
    if (parseAt !== undefined) return parseAt(text, start, end, reading);
    return column.parse(text.slice(start, end), reading, name);
  }
}

function rowOver(values: readonly unknown[], keys: readonly string[]): Record<string, unknown> {
  const row = {};
  for (const [index, key] of keys.entries())
    Object.defineProperty(row, key, { get: () => values[index], enumerable: true });
  return row;
}

/** One for all: a row is read before the next one is looked at. */
const bounds = new Int32Array(1_024);

/** Of a cell, without its outer blanks. */
function startOf(text: string, index: number): number {
  const end = (bounds[index + 1] as number) - 1;
  let start = bounds[index] as number;
  while (start < end && isBlankCode(text.charCodeAt(start))) start++;
  return start;
}

function endOf(text: string, index: number, start: number): number {
  let end = (bounds[index + 1] as number) - 1;
  while (end > start && isBlankCode(text.charCodeAt(end - 1))) end--;
  return end;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** NaN: a row without a time, where its dialect knows such. */
function utcMsOf(value: unknown): number {
  return value === null ? Number.NaN : (value as { utcMs: number }).utcMs;
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

/** What a walker knows at a place in the file. */
export interface WalkerStart {
  mapping: Mapping | null;
  /** Of a statement with titles: in which section. */
  title?: SectionTitle | null;
}

/** False: it is none, and the report says why. */
export function isRow(reader: Rows, walker: RowWalker, report: FileReport): boolean {
  const kind = walker.kindOf(reader);
  if (kind.kind === "row") return true;
  if (kind.kind === "skip") recordSkipped(report, kind.reason, reader.line);
  else if (kind.kind === "problem") recordProblem(report, { line: reader.line, ...kind.problem });
  return false;
}

const factsMax = 100_000;

/** Blanks, control characters and the no-break spaces of spreadsheets. */
function isBlankCode(code: number): boolean {
  return code <= 32 || code === 0xa0 || code === 0x202f || code === 0xfeff;
}

function trim(cell: string): string {
  const length = cell.length;
  if (length === 0 || !(isBlankCode(cell.charCodeAt(0)) || isBlankCode(cell.charCodeAt(length - 1)))) return cell;
  return cell.trim();
}
