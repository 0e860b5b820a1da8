import type { Joining } from "./dialect.ts";
import type { RowReader, Rows } from "./tokenise.ts";

/** More rows than these are not taken for the rest of one row: what follows stands alone then. */
const followingMax = 10_000;

/** One row, kept while the reader is ahead of it. */
type Kept = Pick<Rows, "text" | "start" | "end" | "isPlain" | "cells" | "raw" | "line" | "problem">;

/**
 * Rows of which some are the rest of the row before: see `Joining`. A row that may still have a rest behind the end of the text is not read
 * until there is more, so that a piece of a file never ends inside of it.
 */
export class JoinedRows implements Rows {
  readonly #reader: RowReader;
  readonly #joining: Joining;
  readonly #delimiter: string;
  /** Of a nested layout: the columns of an order. */
  readonly #headWidth: number;
  #queue: Kept[] = [];
  #current: Kept | null = null;

  constructor(reader: RowReader, joining: Joining, { delimiter, headWidth }: { delimiter: string; headWidth: number }) {
    this.#reader = reader;
    this.#joining = joining;
    this.#delimiter = delimiter;
    this.#headWidth = headWidth;
  }

  feed(text: string, final: boolean): void {
    this.#reader.feed(text, final);
  }

  next(): boolean {
    const queued = this.#queue.shift();
    if (queued !== undefined) return this.#become(queued);
    const reader = this.#reader;
    const before = reader.mark();
    if (!reader.next()) return false;
    const head = keep(reader);
    if (head.problem !== null || head.cells.every((cell) => cell.trim() === "")) return this.#become(head);
    const following: Kept[] = [];
    for (let mark = reader.mark(); following.length < followingMax; mark = reader.mark()) {
      if (!reader.next()) {
        if (reader.isFinal) break;
        reader.rewind(before);
        return false;
      }
      if (reader.problem !== null || !this.#continues(reader.cells)) {
        reader.rewind(mark);
        break;
      }
      following.push(keep(reader));
    }
    this.#queue = this.#join(head, following);
    return this.next();
  }

  #become(row: Kept): true {
    this.#current = row;
    return true;
  }

  #continues(cells: readonly string[]): boolean {
    if (this.#joining.kind !== "nested") return this.#joining.continues(cells);
    return cells[0]?.trim() === "" && cells.some((cell) => cell.trim() !== "");
  }

  #join(head: Kept, following: readonly Kept[]): Kept[] {
    if (this.#joining.kind === "nested") return this.#nest(head, following, this.#joining.header);
    if (following.length === 0) return [head];
    if (this.#joining.kind === "inherited") return [head, ...this.#inherit(head, following, this.#joining.cells)];
    const width = Math.max(head.cells.length, ...following.map(({ cells }) => cells.length));
    const cells = Array.from({ length: width }, (_, index) =>
      [head, ...following].map((row) => row.cells[index]?.trim() ?? "").reduce(wrap),
    );
    return [this.#made(head, cells)];
  }

  #inherit(head: Kept, following: readonly Kept[], wanted: readonly number[]): Kept[] {
    return following.map((row) =>
      this.#made(
        row,
        row.cells.map((cell, index) =>
          cell.trim() === "" && wanted.includes(index) ? (head.cells[index] ?? "") : cell,
        ),
      ),
    );
  }

  /** A row of its own for the order, and one for each fill, with the order's cells before its own. */
  #nest(head: Kept, following: readonly Kept[], header: readonly string[]): Kept[] {
    // A fill without an order above it has too few columns: it is refused as it is.
    if (head.cells[0]?.trim() === "") return [head, ...following];
    const names = header.map((name) => name.toLowerCase());
    const fills = following
      .map((row) => ({ row, cells: withoutEmptyEnd(row.cells.slice(1)) }))
      .filter(({ cells }) => !names.every((name, index) => cells[index]?.trim().toLowerCase() === name));
    const own = padded(withoutEmptyEnd(head.cells), this.#headWidth);
    const none = header.map(() => "");
    return [
      this.#made(head, [...own, String(fills.length), ...none]),
      ...fills.map(({ row, cells }) => this.#made(row, [...own, "", ...padded(cells, header.length)])),
    ];
  }

  /** A row that stands so in no file. */
  #made({ line }: Kept, cells: readonly string[]): Kept {
    const raw = cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(this.#delimiter);
    return { text: raw, start: 0, end: raw.length, isPlain: false, cells, raw, line, problem: null };
  }

  get #row(): Kept {
    if (this.#current === null) throw new Error("no row was read yet");
    return this.#current;
  }

  get text(): string {
    return this.#row.text;
  }
  get start(): number {
    return this.#row.start;
  }
  get end(): number {
    return this.#row.end;
  }
  get isPlain(): boolean {
    return this.#row.isPlain;
  }
  get cells(): readonly string[] {
    return this.#row.cells;
  }
  get raw(): string {
    return this.#row.raw;
  }
  get line(): number {
    return this.#row.line;
  }
  get problem(): Rows["problem"] {
    return this.#row.problem;
  }
  get unread(): string {
    return this.#reader.unread;
  }
  get nextLine(): number {
    return this.#reader.nextLine;
  }
}

/** Text is wrapped at a blank, or behind a hyphen. */
function wrap(text: string, rest: string): string {
  return text === "" || rest === "" || text.endsWith("-") ? text + rest : `${text} ${rest}`;
}

function keep({ text, start, end, isPlain, cells, raw, line, problem }: RowReader): Kept {
  return { text, start, end, isPlain, cells, raw, line, problem };
}

function withoutEmptyEnd(cells: readonly string[]): readonly string[] {
  return cells.slice(0, cells.findLastIndex((cell) => cell.trim() !== "") + 1);
}

function padded(cells: readonly string[], width: number): readonly string[] {
  return cells.length >= width ? cells : [...cells, ...Array.from({ length: width - cells.length }, () => "")];
}
