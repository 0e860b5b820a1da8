import { Failure } from "../../errors.ts";
import { RowReader } from "../csv/tokenise.ts";
import { cellCharactersMax, cleanText, columnsMax, type ReportRow } from "./report-row.ts";

export const csvDelimiters = [",", ";", "\t", "|"] as const;

const lineCharactersMax = 1024 ** 2;

/** Turns the text of a CSV file into rows, piece by piece. */
export class CsvRows {
  readonly #reader: RowReader;
  readonly #delimiter: string;
  readonly #newline: string;
  readonly #name: string;
  #text = "";

  constructor(delimiter: string, newline: "\n" | "\r", name: string) {
    this.#name = name;
    this.#delimiter = delimiter;
    this.#reader = new RowReader({ delimiter, inner: delimiter }, newline, 1);
    this.#newline = newline;
  }

  /** The reader takes whole lines, but for the file's last one. */
  feed(text: string, isLast: boolean): ReportRow[] {
    this.#text += text;
    const end = isLast ? this.#text.length : this.#text.lastIndexOf(this.#newline) + 1;
    if (end === 0 && this.#text.length > lineCharactersMax) throw lineTooLong(this.#name);
    if (end === 0 && !isLast) return [];
    this.#reader.feed(this.#text.slice(0, end), isLast);
    this.#text = this.#text.slice(end);
    const rows: ReportRow[] = [];
    while (this.#reader.next()) {
      const { line, problem } = this.#reader;
      // A line whose quotes make no sense is still a row that must be accounted for.
      const cells = problem === null ? this.#reader.cells : this.#reader.raw.split(this.#delimiter);
      const texts = cells.slice(0, columnsMax).map((cell) => cleanText(cell.slice(0, cellCharactersMax)));
      rows.push({ line, cells: texts, title: null, isComplete: problem === null });
    }
    return rows;
  }
}

function lineTooLong(name: string): Failure {
  return new Failure("data", `${name} has a line of more than ${lineCharactersMax} characters.`, {
    code: "line_too_long",
    subject: name,
    hint: "Its line ends were lost: save the report again.",
  });
}
