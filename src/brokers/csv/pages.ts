import { Failure } from "../../errors.ts";
import { formatDecimal } from "../../executions/decimal.ts";
import type { Execution } from "../../executions/execution.ts";
import { compareExecutions, withOccurrence } from "../../executions/identify.ts";
import type { Trade } from "../../trades/trade.ts";
import type { ReadRow } from "./read-row.ts";
import { type FileReport, recordImported, recordProblem, recordSkipped } from "./report.ts";

export const pageRowsMax = 250;
/** Rows of one instant are in memory together. */
export const instantRowsMax = 100_000;

/** At most `pageRowsMax` together. */
export interface Page {
  executions: Execution[];
  trades: Trade[];
}

/** Where rows go, in the order of their times. */
export interface RowSink {
  /** Not earlier than the rows before. */
  add(row: ReadRow): void;
  /** Pages that are full. */
  take(): Page[];
  /** Nothing more comes: what is left. */
  end(): Page[];
}

/**
 * The last step of reading: takes rows in the order of their times and makes pages of executions and trades in THE order. Rows of one time
 * are put in order together, and only there can identical ones be, so that it is here that they are told apart.
 */
export class Pages implements RowSink {
  readonly #report: FileReport;
  readonly #name: string;
  /** Rows of one time. */
  readonly #instant: ReadRow[] = [];
  /** Ids of the rows before: none comes twice in one batch, however wrong the file is. */
  readonly #recent = new RecentIds();
  readonly #occurrences = new Occurrences();
  #page: Page = { executions: [], trades: [] };
  #full: Page[] = [];

  constructor(report: FileReport, name: string) {
    this.#report = report;
    this.#name = name;
  }

  add(row: ReadRow): void {
    const rows = this.#instant;
    const first = rows[0];
    if (first !== undefined && first.atMs !== row.atMs) this.#closeInstant();
    if (rows.length >= instantRowsMax) throw tooManyAtOnce(this.#name, row);
    rows.push(row);
  }

  take(): Page[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  end(): Page[] {
    this.#closeInstant();
    if (sizeOf(this.#page) > 0) this.#turn();
    return this.take();
  }

  #turn(): void {
    this.#full.push(this.#page);
    this.#page = { executions: [], trades: [] };
  }

  #closeInstant(): void {
    const rows = this.#instant;
    const first = rows[0];
    if (first === undefined) return;
    if (rows.length > 1) {
      rows.sort(compareRows);
      for (const row of this.#tellApart(rows)) this.#push(row);
    } else {
      if (first.needsOccurrence) setOccurrence(first, this.#occurrences.next(idOf(first)));
      this.#push(first);
    }
    rows.length = 0;
  }

  #push(row: ReadRow): void {
    const { execution, trade, atMs, rows } = row;
    if (!row.needsOccurrence && this.#recent.has(idOf(row))) {
      this.#refuse(row, "a row of another time has the same id");
      return;
    }
    for (let count = 0; count < rows; count++) recordImported(this.#report, atMs);
    if (execution !== null) this.#page.executions.push(execution);
    if (trade !== null) this.#page.trades.push(trade);
    if (sizeOf(this.#page) >= pageRowsMax) this.#turn();
  }

  /** Rows with one id stand side by side in the order. */
  *#tellApart(rows: readonly ReadRow[]): Generator<ReadRow> {
    for (let start = 0; start < rows.length; ) {
      let end = start + 1;
      const id = idOf(rows[start] as ReadRow);
      while (end < rows.length && idOf(rows[end] as ReadRow) === id) end++;
      const equal = rows.slice(start, end);
      if (equal.length > 1) equal.sort(compareContents);
      yield* equal[0]?.needsOccurrence === true ? this.#numbered(equal) : this.#onlyFirst(equal);
      start = end;
    }
  }

  /** Which of identical rows is the first does not depend on their order in the file. */
  #numbered(equal: readonly ReadRow[]): ReadRow[] {
    for (const row of equal) setOccurrence(row, this.#occurrences.next(idOf(row)));
    return equal.toSorted(compareRows);
  }

  /** A broker's id that comes twice is one execution; with other contents, the id is not what it seems. */
  *#onlyFirst(equal: readonly ReadRow[]): Generator<ReadRow> {
    const [first, ...others] = equal;
    if (first === undefined) return;
    for (const other of others) {
      const what = other.trade === null ? "execution" : "position";
      if (contentsOf(other) !== contentsOf(first)) {
        this.#refuse(other, `the ${what} of line ${first.line} has the same id and other values`);
        continue;
      }
      for (let count = 0; count < other.rows; count++)
        recordSkipped(this.#report, `the same ${what} again`, other.line);
    }
    yield first;
  }

  #refuse({ line, rows }: ReadRow, message: string): void {
    for (let count = 0; count < rows; count++) {
      recordProblem(this.#report, { line, column: null, code: "duplicate_id", said: null, message });
    }
  }
}

/** Enough for any batch, and few enough to be looked through quickly: this is asked of every row. */
const recentIdsMax = 1_000;

class RecentIds {
  #older = new IdTable();
  #newer = new IdTable();

  /** Whether it was asked of before, not too long ago. */
  has(id: string): boolean {
    const hash = hashOf(id);
    if (this.#newer.has(id, hash) || this.#older.has(id, hash)) return true;
    if (this.#newer.count >= recentIdsMax) {
      const oldest = this.#older;
      oldest.clear();
      this.#older = this.#newer;
      this.#newer = oldest;
    }
    this.#newer.add(id, hash);
    return false;
  }
}

/** A power of two: chains of ids that fall on one slot stay short. */
const idSlots = 2_048;
/** Ids differ at their ends. */
const hashedCharactersMax = 16;

function hashOf(id: string): number {
  let hash = id.length;
  for (let index = Math.max(0, id.length - hashedCharactersMax); index < id.length; index++) {
    hash = (Math.imul(hash, 31) + id.charCodeAt(index)) | 0;
  }
  return hash;
}

/** A set of up to `recentIdsMax` ids that is emptied at once and never grows: of a million rows it takes 0.4 s less than a Set. */
class IdTable {
  count = 0;
  readonly #ids = new Array<string>(recentIdsMax).fill("");
  readonly #hashes = new Int32Array(recentIdsMax);
  /** Index + 1 of the last id that fell on a slot, and of the one before each id; 0: none. */
  readonly #lastOf = new Uint16Array(idSlots);
  readonly #before = new Uint16Array(recentIdsMax);

  has(id: string, hash: number): boolean {
    for (let at = this.#lastOf[hash & (idSlots - 1)] as number; at > 0; at = this.#before[at - 1] as number) {
      if (this.#hashes[at - 1] === hash && this.#ids[at - 1] === id) return true;
    }
    return false;
  }

  add(id: string, hash: number): void {
    const slot = hash & (idSlots - 1);
    const index = this.count++;
    this.#ids[index] = id;
    this.#hashes[index] = hash;
    this.#before[index] = this.#lastOf[slot] as number;
    this.#lastOf[slot] = index + 1;
  }

  clear(): void {
    this.count = 0;
    this.#lastOf.fill(0);
  }
}

/** Counts identical rows, also over several times: where a row says the minute alone, its seconds can come from elsewhere in the file. */
class Occurrences {
  #older = new Map<string, number>();
  #newer = new Map<string, number>();

  next(id: string): number {
    const occurrence = this.#newer.get(id) ?? this.#older.get(id) ?? 0;
    this.#newer.set(id, occurrence + 1);
    if (this.#newer.size >= recentIdsMax) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    return occurrence;
  }
}

function setOccurrence({ execution, trade }: ReadRow, occurrence: number): void {
  if (execution !== null) execution.externalId = withOccurrence(execution.externalId, occurrence);
  if (trade !== null) trade.externalId = withOccurrence(trade.externalId, occurrence);
}

function idOf({ execution, trade }: ReadRow): string {
  return execution?.externalId ?? trade?.externalId ?? "";
}

/** Executions in THE order; trades, which have none, by their ids. */
function compareRows(a: ReadRow, b: ReadRow): number {
  if (a.execution !== null && b.execution !== null) return compareExecutions(a.execution, b.execution);
  const [first, second] = [idOf(a), idOf(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function compareContents(a: ReadRow, b: ReadRow): number {
  const [first, second] = [contentsOf(a), contentsOf(b)];
  return first < second ? -1 : first > second ? 1 : a.line - b.line;
}

function contentsOf({ execution, trade }: ReadRow): string {
  return Object.values(execution ?? trade ?? {})
    .map((value) => (typeof value === "bigint" ? formatDecimal(value) : String(value)))
    .join("\u001f");
}

function sizeOf({ executions, trades }: Page): number {
  return executions.length + trades.length;
}

export function tooManyAtOnce(name: string, { atMs, line }: ReadRow): Failure {
  const time = new Date(atMs).toISOString();
  return new Failure("data", `${name} has more than ${instantRowsMax} rows at ${time}.`, {
    code: "too_many_at_once",
    subject: `${name}:${line}`,
    hint: "Export it with the time of day, or split it.",
  });
}
