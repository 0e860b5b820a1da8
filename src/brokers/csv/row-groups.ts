import { type Columns, type GroupDraft, type Groups, type Outcome, type Row, RowError } from "./dialect.ts";
import { instantRowsMax, type Page, type RowSink, tooManyAtOnce } from "./pages.ts";
import { type ReadRow, toReadRow } from "./read-row.ts";
import { type FileReport, recordProblem, recordSkipped } from "./report.ts";
import { problemOf } from "./row-problem.ts";
import type { RowSettings } from "./rows.ts";

interface Group {
  /** Of its first row. */
  atMs: number;
  rows: ReadRow[];
}

/**
 * Puts together the rows of a ledger that are one trade. Rows come in the order of time, so that a group is complete when a row comes that is
 * later than its window: only what lies within one window is in memory.
 */
export class RowGroups implements RowSink {
  readonly #groups: Groups<Columns>;
  readonly #sink: RowSink;
  readonly #report: FileReport;
  readonly #settings: RowSettings;
  readonly #name: string;
  /** In the order of their first rows. */
  readonly #open = new Map<string, Group>();
  #openRows = 0;
  #alone = 0;
  /** What was made of groups and may not be the next in time yet. */
  #made: ReadRow[] = [];

  constructor(
    groups: Groups<Columns>,
    sink: RowSink,
    report: FileReport,
    { settings, name }: { settings: RowSettings; name: string },
  ) {
    this.#groups = groups;
    this.#sink = sink;
    this.#report = report;
    this.#settings = settings;
    this.#name = name;
  }

  add(row: ReadRow): void {
    const { values } = row;
    if (values === null) throw new Error("a row without values in a group");
    this.#closeBefore(row.atMs - this.#groups.windowMs);
    const key = this.#groups.keyOf(values);
    if (this.#openRows >= instantRowsMax) throw tooManyAtOnce(this.#name, row);
    this.#openRows++;
    const group = key === null ? undefined : this.#open.get(`k${key}`);
    if (group === undefined) {
      this.#open.set(key === null ? `a${this.#alone++}` : `k${key}`, { atMs: row.atMs, rows: [row] });
    } else group.rows.push(row);
  }

  take(): Page[] {
    const [oldest] = this.#open.values();
    this.#handOn(oldest?.atMs ?? Number.POSITIVE_INFINITY);
    return this.#sink.take();
  }

  end(): Page[] {
    this.#closeBefore(Number.POSITIVE_INFINITY);
    this.#handOn(Number.POSITIVE_INFINITY);
    return this.#sink.end();
  }

  /** What is earlier than all that can still come. */
  #handOn(beforeMs: number): void {
    if (this.#made.length === 0) return;
    this.#made.sort((a, b) => a.atMs - b.atMs);
    const count = this.#made.findIndex(({ atMs }) => atMs >= beforeMs);
    for (const row of this.#made.splice(0, count < 0 ? this.#made.length : count)) this.#sink.add(row);
  }

  #closeBefore(atMs: number): void {
    for (const [key, group] of this.#open) {
      if (group.atMs >= atMs) return;
      this.#open.delete(key);
      this.#openRows -= group.rows.length;
      this.#close(group);
    }
  }

  #close({ rows, atMs }: Group): void {
    rows.sort((a, b) => a.line - b.line);
    const lineOf = new Map<object, number>(rows.map((row) => [row.values ?? row, row.line]));
    for (const { rows: members, is } of this.#read(rows)) {
      const lines = members.map((member) => {
        const line = lineOf.get(member);
        if (line === undefined) throw new Error("a row of a group that stands in no outcome, or in two");
        lineOf.delete(member);
        return line;
      });
      this.#finish({ lines, is, atMs });
    }
    if (lineOf.size > 0) throw new Error("rows of a group that stand in no outcome");
  }

  #read(rows: readonly ReadRow[]): readonly Outcome<Columns>[] {
    const members = rows.map(({ values }) => values as Row<Columns>);
    try {
      return this.#groups.read(members, this.#settings);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      return [{ rows: members, is: error }];
    }
  }

  #finish({ lines, is, atMs }: { lines: number[]; is: Outcome<Columns>["is"]; atMs: number }): void {
    const [first] = lines;
    if (first === undefined) throw new Error("an outcome of no rows");
    if ("skip" in is) for (const line of lines) recordSkipped(this.#report, is.skip, line);
    else if (is instanceof RowError) this.#refuse(lines, is);
    else {
      const drafts: readonly GroupDraft[] = Array.isArray(is) ? is : [is as GroupDraft];
      try {
        // All or none of them: the first one stands for the rows.
        const made = drafts.map((draft, index) =>
          toReadRow(
            { ...draft, executedAtMs: Math.max(atMs, draft.executedAtMs ?? atMs) },
            this.#settings.broker,
            first,
            index === 0 ? lines.length : 0,
          ),
        );
        this.#made.push(...made);
      } catch (error) {
        this.#refuse(lines, error);
      }
    }
  }

  /** What is wrong with them together is said of each. */
  #refuse(lines: readonly number[], error: unknown): void {
    const problem = problemOf(error, null, [], -1, this.#settings.dialect);
    for (const line of lines) recordProblem(this.#report, { line, ...problem });
  }
}
