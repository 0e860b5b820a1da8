import { Failure } from "../../errors.ts";
import { formatDecimal } from "../../executions/decimal.ts";
import type { Execution } from "../../executions/execution.ts";
import { compareExecutions, withOccurrence } from "../../executions/identify.ts";
import { type FileReport, recordImported, recordProblem, recordSkipped } from "./report.ts";
import type { ReadRow } from "./rows.ts";

export const pageRowsMax = 1_000;
/** Rows of one instant are in memory together. */
export const instantRowsMax = 100_000;

/**
 * The last step of reading: takes rows in the order of their times and makes pages of executions in THE order. Rows of one time
 * are put in order together, and only there can identical ones be, so that it is here that they are told apart.
 */
export class Pages {
  readonly #report: FileReport;
  readonly #name: string;
  /** Rows of one time. */
  readonly #instant: ReadRow[] = [];
  #page: Execution[] = [];
  #full: Execution[][] = [];

  constructor(report: FileReport, name: string) {
    this.#report = report;
    this.#name = name;
  }

  /** Not earlier than the rows before. */
  add(row: ReadRow): void {
    const rows = this.#instant;
    const first = rows[0];
    if (first !== undefined && first.execution.executedAtMs !== row.execution.executedAtMs) this.#closeInstant();
    if (rows.length >= instantRowsMax) throw tooManyAtOnce(this.#name, row);
    rows.push(row);
  }

  /** Pages that are full. */
  take(): Execution[][] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  /** Nothing more comes: what is left. */
  end(): Execution[][] {
    this.#closeInstant();
    if (this.#page.length > 0) this.#full.push(this.#page);
    this.#page = [];
    return this.take();
  }

  #closeInstant(): void {
    const rows = this.#instant;
    const first = rows[0];
    if (first === undefined) return;
    if (rows.length > 1) {
      rows.sort((a, b) => compareExecutions(a.execution, b.execution));
      for (const { execution } of this.#tellApart(rows)) this.#push(execution);
    } else {
      if (first.needsOccurrence) first.execution.externalId = withOccurrence(first.execution.externalId, 0);
      this.#push(first.execution);
    }
    rows.length = 0;
  }

  #push(execution: Execution): void {
    recordImported(this.#report, execution.executedAtMs);
    this.#page.push(execution);
    if (this.#page.length < pageRowsMax) return;
    this.#full.push(this.#page);
    this.#page = [];
  }

  /** Rows with one id stand side by side in the order. */
  *#tellApart(rows: readonly ReadRow[]): Generator<ReadRow> {
    for (let start = 0; start < rows.length; ) {
      let end = start + 1;
      while (end < rows.length && rows[end]?.execution.externalId === rows[start]?.execution.externalId) end++;
      const equal = rows.slice(start, end);
      if (equal.length > 1) equal.sort(compareContents);
      yield* equal[0]?.needsOccurrence === true ? numbered(equal) : this.#onlyFirst(equal);
      start = end;
    }
  }

  /** A broker's id that comes twice is one execution; with other contents, the id is not what it seems. */
  *#onlyFirst(equal: readonly ReadRow[]): Generator<ReadRow> {
    const [first, ...others] = equal;
    if (first === undefined) return;
    for (const other of others) {
      if (contentsOf(other.execution) === contentsOf(first.execution)) {
        recordSkipped(this.#report, "the same execution again", other.line);
        continue;
      }
      recordProblem(this.#report, {
        line: other.line,
        column: null,
        code: "duplicate_id",
        said: null,
        message: `the execution of line ${first.line} has the same id and other values`,
      });
    }
    yield first;
  }
}

/** Which of identical rows is the first does not depend on their order in the file. */
function numbered(equal: readonly ReadRow[]): ReadRow[] {
  for (const [occurrence, { execution }] of equal.entries()) {
    execution.externalId = withOccurrence(execution.externalId, occurrence);
  }
  return equal.toSorted((a, b) => compareExecutions(a.execution, b.execution));
}

function compareContents(a: ReadRow, b: ReadRow): number {
  const [first, second] = [contentsOf(a.execution), contentsOf(b.execution)];
  return first < second ? -1 : first > second ? 1 : a.line - b.line;
}

function contentsOf(execution: Execution): string {
  return Object.values(execution)
    .map((value) => (typeof value === "bigint" ? formatDecimal(value) : String(value)))
    .join("\u001f");
}

function tooManyAtOnce(name: string, { execution, line }: ReadRow): Failure {
  const time = new Date(execution.executedAtMs).toISOString();
  return new Failure("data", `${name} has more than ${instantRowsMax} executions at ${time}.`, {
    code: "too_many_at_once",
    subject: `${name}:${line}`,
    hint: "Export it with the time of day, or split it.",
  });
}
