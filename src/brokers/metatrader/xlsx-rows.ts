import { Failure } from "../../errors.ts";
import { cellCharactersMax, cleanText, columnsMax, type ReportRow } from "./report-row.ts";
import { type PartLimits, readPart, tooLarge, type Workbook } from "./workbook-parts.ts";

/** All sheets' rows, one after another, in the order of the archive. Formulas are not computed: their stored values are read. */
export async function* xlsxRows(
  workbook: Workbook,
  limits: PartLimits,
  dateText: DateText = terminalDate,
): AsyncGenerator<ReportRow[]> {
  // A part is never longer than it says: together they are bounded too, or hundreds of them would take hours.
  const bytes = workbook.sheets.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
  if (bytes > limits.sheetBytesMax) throw tooLarge(workbook.name, "its sheets", limits.sheetBytesMax);
  const strings = await readSharedStrings(workbook, limits.sharedStringsBytesMax);
  const dateStyles = await readDateStyles(workbook, limits.sharedStringsBytesMax);
  for (const sheet of workbook.sheets) {
    const reader = new SheetReader(strings, dateStyles, dateText);
    for await (const _ of readPart(workbook, sheet, limits.sheetBytesMax, reader)) {
      const rows = reader.take();
      if (rows.length > 0) yield rows;
    }
  }
}

/** How a time is written that the sheet holds as a number of days: milliseconds since 1970 of its clock, and the number. */
export type DateText = (wallClockMs: number, days: number) => string;

const sharedStringsMax = 1_000_000;

async function readSharedStrings(workbook: Workbook, bytesMax: number): Promise<string[]> {
  const strings: string[] = [];
  if (workbook.sharedStrings === null) return strings;
  let text = "";
  let isText = false;
  let phonetic = 0;
  const part = readPart(workbook, workbook.sharedStrings, bytesMax, {
    open: (tag) => {
      if (tag === "si") text = "";
      else if (tag === "rPh") phonetic++;
      else if (tag === "t") isText = phonetic === 0;
    },
    close: (tag) => {
      if (tag === "t") isText = false;
      else if (tag === "rPh") phonetic--;
      else if (tag === "si") strings.push(cleanText(text));
    },
    text: (piece) => {
      if (isText && text.length < cellCharactersMax) text += piece.slice(0, cellCharactersMax);
    },
  });
  for await (const _ of part) {
    if (strings.length > sharedStringsMax) {
      throw new Failure("data", `${workbook.name} holds more than ${sharedStringsMax} texts.`, {
        code: "file_too_large",
        subject: workbook.name,
        hint: "Export a shorter period.",
      });
    }
  }
  return strings;
}

const sharedDateFormats = new Set([14, 15, 16, 17, 18, 19, 20, 21, 22, 45, 46, 47]);

/** Which cell styles show a number as a date: spreadsheets make dates of the texts that a terminal wrote. */
async function readDateStyles(workbook: Workbook, bytesMax: number): Promise<ReadonlySet<number>> {
  const dateStyles = new Set<number>();
  if (workbook.styles === null) return dateStyles;
  const dateFormats = new Set(sharedDateFormats);
  let isCellFormats = false;
  let style = 0;
  const part = readPart(workbook, workbook.styles, bytesMax, {
    open: (tag, attributes) => {
      if (tag === "numFmt" && isDateFormat(attributes.formatCode ?? "")) dateFormats.add(Number(attributes.numFmtId));
      else if (tag === "cellXfs") isCellFormats = true;
      else if (tag === "xf" && isCellFormats) {
        if (dateFormats.has(Number(attributes.numFmtId))) dateStyles.add(style);
        style++;
      }
    },
    close: (tag) => {
      if (tag === "cellXfs") isCellFormats = false;
    },
  });
  for await (const _ of part);
  return dateStyles;
}

/** A format with day, month, year or hour outside of quotes and brackets. */
function isDateFormat(code: string): boolean {
  return /[dyh]/i.test(code.replace(/"[^"]*"|\[[^\]]*\]|\\./g, ""));
}

class SheetReader {
  readonly #strings: readonly string[];
  readonly #dateStyles: ReadonlySet<number>;
  readonly #dateText: DateText;
  #rows: ReportRow[] = [];
  #row: ReportRow | null = null;
  #lastLine = 0;
  #cell: { column: number; type: string; isDate: boolean; text: string } | null = null;
  #isValue = false;

  constructor(strings: readonly string[], dateStyles: ReadonlySet<number>, dateText: DateText) {
    this.#strings = strings;
    this.#dateStyles = dateStyles;
    this.#dateText = dateText;
  }

  take(): ReportRow[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  readonly open = (tag: string, attributes: Record<string, string>): void => {
    if (tag === "row") {
      const line = Number.parseInt(attributes.r ?? "", 10);
      this.#lastLine = line >= 1 ? line : this.#lastLine + 1;
      this.#row = { line: this.#lastLine, cells: [], title: null, isComplete: true };
    } else if (tag === "c" && this.#row !== null) {
      const column = columnOf(attributes.r) ?? this.#row.cells.length;
      const isDate = this.#dateStyles.has(Number(attributes.s ?? -1));
      this.#cell = { column, type: attributes.t ?? "n", isDate, text: "" };
    } else if (tag === "v" || tag === "t") this.#isValue = this.#cell !== null;
  };

  readonly close = (tag: string): void => {
    if (tag === "v" || tag === "t") this.#isValue = false;
    else if (tag === "c") this.#endCell();
    else if (tag === "row" && this.#row !== null) {
      this.#rows.push(this.#row);
      this.#row = null;
    }
  };

  readonly text = (piece: string): void => {
    if (this.#isValue && this.#cell !== null && this.#cell.text.length < cellCharactersMax) this.#cell.text += piece;
  };

  #endCell(): void {
    const cell = this.#cell;
    this.#cell = null;
    if (cell === null || this.#row === null || cell.column >= columnsMax) return;
    const { cells } = this.#row;
    while (cells.length < cell.column) cells.push("");
    cells[cell.column] = this.#textOf(cell);
  }

  #textOf({ type, isDate, text }: { type: string; isDate: boolean; text: string }): string {
    if (type === "s") return this.#strings[Number(text)] ?? "";
    if (type !== "n" || text === "") return cleanText(text).slice(0, cellCharactersMax);
    return isDate ? dateOf(text, this.#dateText) : shortestNumber(text.trim());
  }
}

/** `AB12`: 27 (from 0). */
function columnOf(reference: string | undefined): number | null {
  const letters = /^([A-Z]{1,3})\d+$/.exec(reference ?? "")?.[1];
  if (letters === undefined) return null;
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
}

/** Digits that a double holds exactly whatever they are. */
const exactDigits = 15;

/**
 * A sheet holds doubles, written with up to 17 digits: the report's 1.55055 is `1.5505500000000001` in it. The shortest text that
 * gives the same double is what the terminal meant.
 */
function shortestNumber(text: string): string {
  if (text.replace(/\D/g, "").length <= exactDigits) return text;
  const value = Number(text);
  return Number.isFinite(value) ? String(value) : text;
}

const daysFrom1899To1970 = 25_569;
const dayMs = 86_400_000;

/** To the nearest second, which the fraction of a day cannot say exactly. */
function dateOf(text: string, dateText: DateText): string {
  const days = Number(text);
  const ms = Math.round(((days - daysFrom1899To1970) * dayMs) / 1_000) * 1_000;
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? dateText(ms, days) : text;
}

/** As a terminal writes times. */
function terminalDate(wallClockMs: number): string {
  return new Date(wallClockMs).toISOString().slice(0, 19).replaceAll("-", ".").replace("T", " ");
}
