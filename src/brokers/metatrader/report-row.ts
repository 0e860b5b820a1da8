/** A row of a report, whatever kind of file it came from: the recognition looks at nothing else. */
export interface ReportRow {
  /** The physical line, or the row of the sheet, from 1. */
  line: number;
  /**
   * One text a column, without outer blanks: a cell over several columns is followed by empty ones, and what the report hides is
   * left out. So the columns of an HTML table and of a sheet have the same numbers.
   */
  cells: string[];
  /** The tool tip of the first cell: MetaTrader 4 keeps a ticket's comment there. */
  title: string | null;
  /** False: the file ends inside the row, so that its last cell may be the beginning of another text. */
  isComplete: boolean;
}

/** What a file says besides its rows; filled in while the rows are read. */
export interface PageFacts {
  /** `<meta name="generator">`, which no terminal translates: `client terminal`, `strategy tester`, `MetaQuotes Software Corp.` */
  generator: string | null;
  /** Text before the first row: MetaTrader 4 puts the broker's name there. */
  preface: string;
  /** The file's own end was seen (`</html>`); null: its kind has none. */
  isWhole: boolean | null;
}

export function emptyFacts(): PageFacts {
  return { generator: null, preface: "", isWhole: null };
}

/** No table of a terminal is wider; what a broken file has more is dropped. */
export const columnsMax = 64;
/** A cell is a number, a time or a short comment. */
export const cellCharactersMax = 1_000;

const blanks = /[\s\u00a0\u202f\u2009\ufeff]+/g;

/** The text as the eye sees it: runs of blanks are one, outer ones none. */
export function cleanText(text: string): string {
  return text.replace(blanks, " ").trim();
}
