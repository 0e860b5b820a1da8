import { Parser } from "htmlparser2";
import { Failure } from "../../errors.ts";
import { cellCharactersMax, cleanText, columnsMax, type PageFacts, type ReportRow } from "./report-row.ts";

/** A terminal nests about eight tags. Each closing tag is looked for among the open ones, so that depth costs time. */
const depthMax = 500;
/** A tag, comment or attribute that does not end within so many characters is no report's: the parser keeps all of it. */
const silentCharactersMax = 4 * 1024 ** 2;
const prefaceCharactersMax = 500;

/** Turns the text of an HTML page into rows, piece by piece. Scripts and styles are skipped, nothing is run or loaded. */
export class HtmlRows {
  readonly #facts: PageFacts;
  readonly #name: string;
  readonly #parser: Parser;
  readonly #lines = new LineCounter();
  #rows: ReportRow[] = [];
  #row: ReportRow | null = null;
  #cell: OpenCell | null = null;
  #depth = 0;
  #ignored = 0;
  #hasRows = false;
  #ended = false;
  /** Characters since the parser last reported anything. */
  #silent = 0;

  constructor(facts: PageFacts, name: string) {
    this.#facts = facts;
    this.#name = name;
    facts.isWhole = false;
    this.#parser = new Parser(
      {
        onopentag: (tag, attributes) => this.#open(tag, attributes),
        onclosetag: (tag, isImplied) => this.#close(tag, isImplied),
        ontext: (text) => this.#text(text),
        oncomment: () => {
          this.#silent = 0;
        },
      },
      { decodeEntities: true },
    );
  }

  /** The rows that this piece completes. @throws {Failure} data: it is no report's HTML */
  feed(text: string): ReportRow[] {
    this.#lines.append(text);
    this.#silent += text.length;
    this.#parser.write(text);
    if (this.#silent > silentCharactersMax) throw this.#broken("a tag or comment in it does not end");
    return this.#take();
  }

  end(): ReportRow[] {
    this.#ended = true;
    this.#parser.end();
    this.#endRow(false);
    return this.#take();
  }

  #take(): ReportRow[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  #open(tag: string, attributes: Record<string, string>): void {
    this.#silent = 0;
    if (++this.#depth > depthMax) throw this.#broken(`more than ${depthMax} tags are open at once`);
    if (tag === "script" || tag === "style" || tag === "title") this.#ignored++;
    else if (tag === "meta") this.#meta(attributes);
    else if (tag === "tr") this.#openRow();
    else if (tag === "td" || tag === "th") this.#openCell(attributes);
    else if (tag === "br" && this.#cell !== null) this.#cell.text += " ";
  }

  #close(tag: string, isImplied: boolean): void {
    this.#silent = 0;
    this.#depth--;
    if (tag === "script" || tag === "style" || tag === "title") this.#ignored--;
    else if (tag === "td" || tag === "th") this.#endCell();
    // What the end of the file closes was not closed by its writer.
    else if (tag === "tr") this.#endRow(!(isImplied && this.#ended));
    else if (tag === "html" && !(isImplied && this.#ended)) this.#facts.isWhole = true;
  }

  #text(text: string): void {
    this.#silent = 0;
    if (this.#ignored > 0) return;
    const cell = this.#cell;
    if (cell !== null) {
      if (cell.text.length < cellCharactersMax) cell.text += text.slice(0, cellCharactersMax);
    } else if (!this.#hasRows && this.#facts.preface.length < prefaceCharactersMax) {
      this.#facts.preface = cleanText(`${this.#facts.preface} ${text}`).slice(0, prefaceCharactersMax);
    }
  }

  #meta({ name, content }: Record<string, string>): void {
    if (name?.toLowerCase() === "generator" && content !== undefined) {
      this.#facts.generator ??= cleanText(content).slice(0, cellCharactersMax);
    }
  }

  #openRow(): void {
    this.#endRow(true);
    this.#hasRows = true;
    this.#row = { line: this.#lines.lineAt(this.#parser.startIndex), cells: [], title: null, isComplete: true };
  }

  #openCell(attributes: Record<string, string>): void {
    this.#endCell();
    if (this.#row === null) return;
    const isHidden = (attributes.class ?? "").split(/\s+/).includes("hidden");
    const span = Number.parseInt(attributes.colspan ?? "1", 10);
    const title = attributes.title;
    if (title !== undefined && this.#row.cells.length === 0) {
      this.#row.title = cleanText(title.slice(0, cellCharactersMax));
    }
    this.#cell = { text: "", isHidden, span: span >= 1 && span <= columnsMax ? span : 1 };
  }

  #endCell(): void {
    const cell = this.#cell;
    this.#cell = null;
    if (cell === null || this.#row === null || cell.isHidden) return;
    const { cells } = this.#row;
    if (cells.length >= columnsMax) return;
    cells.push(cleanText(cell.text).slice(0, cellCharactersMax));
    for (let column = 1; column < cell.span && cells.length < columnsMax; column++) cells.push("");
  }

  #endRow(isComplete: boolean): void {
    this.#endCell();
    const row = this.#row;
    this.#row = null;
    if (row === null) return;
    row.isComplete = isComplete;
    this.#rows.push(row);
  }

  #broken(why: string): Failure {
    return new Failure("data", `${this.#name} is not a page that a terminal writes: ${why}.`, {
      code: "damaged_file",
      subject: this.#name,
      hint: "Save the report in the terminal again, as HTML or XLSX.",
    });
  }
}

interface OpenCell {
  text: string;
  isHidden: boolean;
  span: number;
}

/** Physical lines of positions that only go up, without keeping the text that was passed. */
class LineCounter {
  #text = "";
  #start = 0;
  #line = 1;

  append(text: string): void {
    // Rows come often, so that what is kept between two of them is short; else only its line ends count.
    if (this.#text.length > silentCharactersMax) this.lineAt(this.#start + this.#text.length);
    this.#text += text;
  }

  lineAt(index: number): number {
    const length = Math.max(0, index - this.#start);
    for (let at = this.#text.indexOf("\n"); at >= 0 && at < length; at = this.#text.indexOf("\n", at + 1)) this.#line++;
    this.#text = this.#text.slice(length);
    this.#start += length;
    return this.#line;
  }
}
