import type { UnsureTimesOfFile } from "./unsure-times.ts";

/** What became of a file's rows. At the end, and between two pages, `rows` = `imported` + all `skipped` + `rejected`. */
export interface FileReport {
  /** Data rows that are accounted for. Blank lines and header rows are none. */
  rows: number;
  /** Rows that became executions. */
  imported: number;
  /** Rows known not to be executions, by reason. */
  skipped: Map<string, SkippedRows>;
  /** Rows that could not be read; the first of them are in `problems`. */
  rejected: number;
  /** Ordered by line, at most `problemsMax`. */
  problems: RowProblem[];
  /** There were more problems than are listed. */
  truncated: boolean;
  /** All rejected rows, by what was wrong with them. */
  refusals: Map<string, RefusedRows>;
  /** Times of which the clock leaves open which instant they are; left out: there are none. */
  unsureTimes?: UnsureTimesOfFile;
  /** Of the executions; null while there are none. */
  firstMs: number | null;
  lastMs: number | null;
}

export interface SkippedRows {
  count: number;
  /** The first of them. */
  lines: number[];
}

/** Rows of which the same was wrong in the same column. */
export interface RefusedRows extends SkippedRows {
  code: string;
  column: string | null;
  /** Of the first of them. */
  message: string;
}

export interface RowProblem {
  /** The physical line, from 1, where the row starts. */
  line: number;
  /** The column's header as the file has it; null: the whole row. */
  column: string | null;
  code: string;
  /** What the cell said; null: the whole row. */
  said: string | null;
  /** What was expected, and what was found. */
  message: string;
}

export const problemsMax = 200;
/** Of one reason. */
export const linesMax = 100;
/** Reasons can carry a section's name, so they are bounded too: the rest share one. */
const reasonsMax = 100;
const saidCharactersMax = 100;

export function createFileReport(): FileReport {
  return {
    rows: 0,
    imported: 0,
    skipped: new Map(),
    rejected: 0,
    problems: [],
    truncated: false,
    refusals: new Map(),
    firstMs: null,
    lastMs: null,
  };
}

/** Executions come in the order of time. */
export function recordImported(report: FileReport, executedAtMs: number): void {
  report.rows++;
  report.imported++;
  report.firstMs ??= executedAtMs;
  report.lastMs = executedAtMs;
}

export function recordSkipped(report: FileReport, reason: string, line: number): void {
  report.rows++;
  const key = report.skipped.has(reason) || report.skipped.size < reasonsMax ? reason : "other reasons";
  const skipped = report.skipped.get(key) ?? { count: 0, lines: [] };
  report.skipped.set(key, skipped);
  skipped.count++;
  keepSmallest(skipped.lines, line, linesMax, (a, b) => a - b);
}

export function recordProblem(report: FileReport, problem: RowProblem): void {
  report.rows++;
  report.rejected++;
  const kept = { ...problem, said: problem.said === null ? null : shorten(problem.said) };
  countRefusal(report, kept);
  if (keepSmallest(report.problems, kept, problemsMax, (a, b) => a.line - b.line)) report.truncated = true;
}

function countRefusal({ refusals }: FileReport, { code, column, line, message }: RowProblem): void {
  const own = `${code} ${column ?? ""}`;
  const isOwn = refusals.has(own) || refusals.size < reasonsMax;
  const key = isOwn ? own : "other";
  let refused = refusals.get(key);
  if (refused === undefined) {
    refused = isOwn
      ? { code, column, count: 0, lines: [], message }
      : { code: "other", column: null, count: 0, lines: [], message: "other reasons" };
    refusals.set(key, refused);
  }
  refused.count++;
  if (line < (refused.lines[0] ?? Number.POSITIVE_INFINITY) && isOwn) refused.message = message;
  keepSmallest(refused.lines, line, linesMax, (a, b) => a - b);
}

/** Rows are not always read from the first to the last; the list ends up the same. True: something did not fit. */
function keepSmallest<T>(list: T[], item: T, countMax: number, compare: (a: T, b: T) => number): boolean {
  const last = list.at(-1);
  if (list.length >= countMax && last !== undefined && compare(item, last) >= 0) return true;
  let index = list.length;
  while (index > 0 && compare(list[index - 1] as T, item) > 0) index--;
  list.splice(index, 0, item);
  if (list.length <= countMax) return false;
  list.pop();
  return true;
}

/** A cell for a message: short, on one line. */
export function shorten(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, " ").trim();
  return line.length > saidCharactersMax ? `${line.slice(0, saidCharactersMax - 1)}…` : line;
}
