import type { Decimal } from "../../executions/decimal.ts";
import { CellError, readDecimal } from "../csv/dialect.ts";
import { shorten } from "../csv/report.ts";

/** What can be read off a cell without knowing its column. */

/** `2026.01.05 09:30`, with or without seconds and milliseconds; spreadsheets change the separators. */
const time = /^(\d{4})[./-](\d{2})[./-](\d{2})[ T](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,3}))?)?$/;
/** Meant as a time, though perhaps none that can be read: another order of day and month, a 31st of April. */
const timeLike = /^\d{1,4}[./-]\d{1,2}[./-]\d{1,4}[ T]+\d{1,2}:\d{2}/;
const number = /^[+-]?\d[\d .,'’]*(?:[eE][+-]?\d+)?$/;
const integer = /^\d{1,20}$/;

export function isTimeLike(cell: string | undefined): boolean {
  return cell !== undefined && timeLike.test(cell);
}

export function isNumber(cell: string | undefined): boolean {
  return cell !== undefined && number.test(cell);
}

/** A ticket, deal or order: terminals count up to 64 bits. */
export function isTicket(cell: string | undefined): boolean {
  return cell !== undefined && integer.test(cell);
}

/** A cell that cannot be read, in the words of the file's report. */
export class BadCell extends Error {
  override readonly name = "BadCell";
  readonly column: number;
  readonly code: string;
  readonly said: string;

  constructor(column: number, code: string, expected: string, said: string) {
    super(`expected ${expected}, found ${said === "" ? "nothing" : `"${shorten(said)}"`}`);
    this.column = column;
    this.code = code;
    this.said = said;
  }
}

/** Reads one row's cells by column. All throw BadCell. */
export class CellReader {
  readonly #cells: readonly string[];
  readonly #decimalMark: "." | ",";

  constructor(cells: readonly string[], decimalMark: "." | ",") {
    this.#cells = cells;
    this.#decimalMark = decimalMark;
  }

  text(column: number): string {
    return this.#cells[column] ?? "";
  }

  /** Wall clock time as milliseconds since 1970-01-01 00:00 on that clock. */
  time(column: number): number {
    const said = this.text(column);
    const parts = time.exec(said);
    if (parts !== null) {
      const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? 0));
      const ms = Date.UTC(
        year ?? 0,
        (month ?? 0) - 1,
        day,
        hour,
        minute,
        second,
        Number((parts[7] ?? "").padEnd(3, "0")),
      );
      const date = new Date(ms);
      const isReal =
        date.getUTCMonth() + 1 === month &&
        date.getUTCDate() === day &&
        date.getUTCHours() === hour &&
        date.getUTCMinutes() === minute;
      if (isReal) return ms;
    }
    throw new BadCell(column, said === "" ? "empty" : "not_a_time", "a time like YYYY.MM.DD hh:mm:ss", said);
  }

  ticket(column: number, what: string): string {
    const said = this.text(column);
    if (!isTicket(said))
      throw new BadCell(column, said === "" ? "empty" : "not_a_number", `the ${what}'s number`, said);
    return said.replace(/^0+(?=\d)/, "");
  }

  number(column: number): Decimal {
    const said = this.text(column);
    if (said === "") throw new BadCell(column, "empty", "a decimal number", said);
    return this.#read(column, said);
  }

  /** Blank is zero: builds differ in whether they print a fee of nothing. */
  amount(column: number): Decimal {
    const said = this.text(column);
    return said === "" || said === "-" ? 0n : this.#read(column, said);
  }

  /** A stop or target: blank and zero are none. */
  level(column: number): Decimal | null {
    const value = this.amount(column);
    return value === 0n ? null : value;
  }

  symbol(column: number): string {
    const said = this.text(column);
    if (said === "" || said.length > symbolCharactersMax) {
      throw new BadCell(column, said === "" ? "empty" : "too_long", "a symbol", said);
    }
    return said;
  }

  side(column: number): "buy" | "sell" {
    const said = this.text(column);
    const side = said.toLowerCase();
    if (side === "buy" || side === "sell") return side;
    throw new BadCell(column, said === "" ? "empty" : "unknown_value", "buy or sell", said);
  }

  positive(column: number, what: string): Decimal {
    const value = this.number(column);
    if (value > 0n) return value;
    throw new BadCell(column, "not_positive", `a ${what} above zero`, this.text(column));
  }

  #read(column: number, said: string): Decimal {
    try {
      return readDecimal(said, { decimalMark: this.#decimalMark });
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      throw new BadCell(column, error.code, error.message, said);
    }
  }
}

const symbolCharactersMax = 64;
