/**
 * Text to rows of cells, line by line. Rows without a quote, nearly all, are split by the runtime; the others are read by hand,
 * since spreadsheets quote in ways that no library undoes. What is quoted wrongly costs its own line only, never the rest.
 */
export interface Delimiters {
  delimiter: string;
  /** Of rows that stand as one quoted cell in a row of their own, as spreadsheets save them: nearly always the same. */
  inner: string;
}

/** A quoted cell may hold line ends, within these bounds; beyond them its quote was never closed. */
const rowCharactersMax = 65_536;

/** Where a reader was. */
export interface Mark {
  position: number;
  line: number;
}

/** The rows of a text that comes in pieces, one after the other. */
export interface Rows extends RowText {
  readonly line: number;
  readonly problem: RowReader["problem"];
  /** The row's text: `splitRow` gives its cells again. */
  readonly raw: string;
  readonly unread: string;
  readonly nextLine: number;
  feed(text: string, final: boolean): void;
  next(): boolean;
}

/** A row as part of a text, without its line end. */
export interface RowText {
  text: string;
  start: number;
  end: number;
  /** No quote in it: its cells are what stands between its delimiters. */
  isPlain: boolean;
  cells: readonly string[];
}

export class RowReader implements Rows {
  text = "";
  start = 0;
  end = 0;
  isPlain = true;
  /** The physical line, from 1, where the row starts. */
  line: number;
  /** Why the row's quotes make no sense; null: they do. */
  problem: "unclosed_quote" | "bad_quote" | null = null;

  readonly #delimiters: Delimiters;
  readonly #newline: string;
  readonly #accepts: (cells: readonly string[]) => boolean;
  #cells: readonly string[] | null = null;
  #position = 0;
  #nextLine: number;
  #nextQuote = -1;
  #final = false;

  /** `accepts`: whether cells of a row over several lines can be a row; if not, its quote is taken for a stray one. */
  constructor(
    delimiters: Delimiters,
    newline: string,
    line: number,
    accepts: (cells: readonly string[]) => boolean = () => true,
  ) {
    this.#delimiters = delimiters;
    this.#newline = newline;
    this.#accepts = accepts;
    this.#nextLine = line;
    this.line = line;
  }

  /** More text, of whole lines. `final`: there will be no more. */
  feed(text: string, final: boolean): void {
    this.text = this.unread + text;
    this.#position = 0;
    this.#nextQuote = -1;
    this.#final = final;
  }

  /** What is not yet part of a row. */
  get unread(): string {
    return this.#position === 0 ? this.text : this.text.slice(this.#position);
  }

  /** Made when they are asked for: most rows are read without. */
  get cells(): readonly string[] {
    this.#cells ??= this.raw.split(this.#delimiters.delimiter);
    return this.#cells;
  }

  /** The row's text. */
  get raw(): string {
    return this.text.slice(this.start, this.end);
  }

  /** The line of the next row. */
  get nextLine(): number {
    return this.#nextLine;
  }

  /** There will be no more text. */
  get isFinal(): boolean {
    return this.#final;
  }

  mark(): Mark {
    return { position: this.#position, line: this.#nextLine };
  }

  /** Back to where it was, within the text that was fed last: the rows come again. */
  rewind({ position, line }: Mark): void {
    this.#position = position;
    this.#nextLine = line;
    this.#nextQuote = -1;
  }

  /** False: there is no whole row left. */
  next(): boolean {
    const { text } = this;
    const start = this.#position;
    if (start >= text.length) return false;
    // A constant is searched for several times as fast as a variable.
    const newlineAt = this.#newline === "\n" ? text.indexOf("\n", start) : text.indexOf("\r", start);
    const lineEnd = newlineAt < 0 ? text.length : newlineAt;
    if (this.#nextQuote < start) {
      const quote = text.indexOf('"', start);
      this.#nextQuote = quote < 0 ? text.length : quote;
    }
    this.line = this.#nextLine;
    this.problem = null;
    if (this.#nextQuote >= lineEnd) {
      this.#take(start, lineEnd);
      this.isPlain = true;
      this.#cells = null;
      if (this.#delimiters.inner !== this.#delimiters.delimiter) this.#unwrap();
      return true;
    }
    return this.#nextQuoted(start, lineEnd);
  }

  #nextQuoted(start: number, lineEnd: number): boolean {
    const { text } = this;
    this.isPlain = false;
    const scanned = scanRow(text, start, this.#delimiters.delimiter, this.#newline);
    if (scanned === "unclosed_quote" && !this.#final && text.length - start <= rowCharactersMax) return false;
    if (typeof scanned === "string") return this.#refuse(scanned, start, lineEnd);
    this.#cells = scanned.cells;
    const isOneLine = scanned.end <= lineEnd;
    if (isOneLine) this.#take(start, lineEnd);
    this.#unwrap();
    if (isOneLine) return true;
    if (scanned.end - start > rowCharactersMax || !this.#accepts(this.cells)) {
      return this.#refuse("unclosed_quote", start, lineEnd);
    }
    this.#take(start, scanned.end);
    this.#nextLine += countOf(this.raw, this.#newline);
    return true;
  }

  #refuse(problem: "unclosed_quote" | "bad_quote", start: number, lineEnd: number): boolean {
    this.#take(start, lineEnd);
    this.#cells = [];
    this.problem = problem;
    return true;
  }

  #take(start: number, end: number): void {
    this.start = start;
    this.end = withoutReturn(this.text, start, end);
    this.#position = end + 1;
    this.#nextLine++;
  }

  /** A row that stands in one cell of another row is that row. */
  #unwrap(): void {
    const [first, second] = this.cells;
    if (first === undefined || (second !== undefined && second !== "")) return;
    const { inner } = this.#delimiters;
    if (!first.includes(inner) || this.cells.some((cell, index) => index > 0 && cell.trim() !== "")) return;
    const scanned = scanRow(first, 0, inner, this.#newline);
    this.isPlain = false;
    if (typeof scanned === "string") this.problem = scanned;
    else this.#cells = scanned.cells;
  }
}

/** The cells of one row that is text of its own. Null: its quotes make no sense. */
export function splitRow(raw: string, { delimiter, inner }: Delimiters, newline: string): readonly string[] | null {
  const reader = new RowReader({ delimiter, inner }, newline, 1);
  reader.feed(raw, true);
  return reader.next() && reader.problem === null && reader.unread === "" ? reader.cells : null;
}

/**
 * Where the cells of a plain row begin, with one more behind the last: cell n is from `bounds[n]` to `bounds[n + 1] - 1`.
 * Returns their number; 0 when they are more than `bounds` holds. With `wanted`, no more than so many are looked for.
 */
export function cellBounds(
  { text, start, end }: RowText,
  delimiter: string,
  bounds: Int32Array,
  wanted = Number.POSITIVE_INFINITY,
): number {
  const code = delimiter.charCodeAt(0);
  const countMax = bounds.length - 1;
  let count = 0;
  bounds[0] = start;
  for (let index = start; index < end; index++) {
    if (text.charCodeAt(index) !== code) continue;
    if (++count >= countMax) return 0;
    bounds[count] = index + 1;
    if (count === wanted) return count;
  }
  bounds[count + 1] = end + 1;
  return count + 1;
}

const quote = 34;

/** `end`: the position of the line end behind the row, or of the end of the text. */
function scanRow(
  text: string,
  start: number,
  delimiter: string,
  newline: string,
): { cells: string[]; end: number } | "unclosed_quote" | "bad_quote" {
  const cells: string[] = [];
  const delimiterCode = delimiter.charCodeAt(0);
  const newlineCode = newline.charCodeAt(0);
  let position = start;
  for (;;) {
    let cellStart = position;
    while (text.charCodeAt(cellStart) === 32) cellStart++;
    let next: number;
    if (text.charCodeAt(cellStart) !== quote) {
      next = endOfPlain(text, position, delimiter, newline);
      const isLineEnd = next >= text.length || text.charCodeAt(next) === newlineCode;
      cells.push(text.slice(position, isLineEnd ? withoutReturn(text, position, next) : next));
    } else {
      const cell = readQuoted(text, cellStart, delimiterCode, newlineCode);
      if (typeof cell === "string") return cell;
      cells.push(cell.value);
      next = cell.end;
    }
    if (next >= text.length || text.charCodeAt(next) === newlineCode) return { cells, end: next };
    position = next + 1;
  }
}

function endOfPlain(text: string, position: number, delimiter: string, newline: string): number {
  const delimiterAt = text.indexOf(delimiter, position);
  const newlineAt = text.indexOf(newline, position);
  const end = newlineAt < 0 ? text.length : newlineAt;
  return delimiterAt < 0 || delimiterAt > end ? end : delimiterAt;
}

function withoutReturn(text: string, start: number, end: number): number {
  return end > start && text.charCodeAt(end - 1) === 13 ? end - 1 : end;
}

type Quoted = { value: string; end: number } | "unclosed_quote" | "bad_quote";

function readQuoted(text: string, start: number, delimiterCode: number, newlineCode: number): Quoted {
  const second = text.charCodeAt(start + 1);
  const third = text.charCodeAt(start + 2);
  const isEndCode = (code: number) =>
    Number.isNaN(code) || code === delimiterCode || code === newlineCode || code === 13 || code === 32;
  // `""2,500.00ADA""`: quotes were doubled once too often. An empty cell is `""` and then an end, an escaped quote has a third one.
  if (second === quote && third !== quote && !isEndCode(third)) {
    return readHalfEscaped(text, start, delimiterCode, newlineCode);
  }
  let close = start;
  let doubled = false;
  for (;;) {
    close = text.indexOf('"', close + 1);
    if (close < 0 || close - start > rowCharactersMax) return "unclosed_quote";
    if (text.charCodeAt(close + 1) !== quote) break;
    doubled = true;
    close++;
  }
  const value = text.slice(start + 1, close);
  const end = endAfterQuote(text, close + 1, delimiterCode, newlineCode);
  return end < 0 ? "bad_quote" : { value: doubled ? value.replaceAll('""', '"') : value, end };
}

function readHalfEscaped(text: string, start: number, delimiterCode: number, newlineCode: number): Quoted {
  const newlineAt = text.indexOf(String.fromCharCode(newlineCode), start);
  const lineEnd = newlineAt < 0 ? text.length : newlineAt;
  for (let close = start + 2; ; ) {
    close = text.indexOf('""', close);
    if (close < 0 || close >= lineEnd) return "bad_quote";
    const end = endAfterQuote(text, close + 2, delimiterCode, newlineCode);
    if (end >= 0) return { value: text.slice(start + 2, close), end };
    close++;
  }
}

/** The delimiter or line end that must follow a closing quote, blanks aside; -1: something else follows. */
function endAfterQuote(text: string, start: number, delimiterCode: number, newlineCode: number): number {
  let position = start;
  while (text.charCodeAt(position) === 32 || (text.charCodeAt(position) === 13 && newlineCode !== 13)) position++;
  const code = text.charCodeAt(position);
  return Number.isNaN(code) || code === delimiterCode || code === newlineCode ? position : -1;
}

function countOf(text: string, character: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count++;
  return count;
}
