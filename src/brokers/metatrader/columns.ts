import { isNumber } from "./cells.ts";

/** What a closed row has behind its closing price; the columns differ between builds and brokers. Null: it has none. */
export interface AmountColumns {
  commission: number | null;
  fee: number | null;
  taxes: number | null;
  swap: number | null;
  profit: number;
  balance: number | null;
  comment: number | null;
}

type AmountName = keyof AmountColumns;

/** By the number of columns, which is the same in every language. `comment` at the end is told by its heading or its text. */
const layouts: Record<"position" | "deal" | "ticket", readonly (readonly AmountName[])[]> = {
  position: [
    ["swap", "profit"],
    ["commission", "swap", "profit"],
    ["commission", "fee", "swap", "profit"],
  ],
  deal: [
    ["commission", "swap", "profit", "balance"],
    ["commission", "fee", "swap", "profit", "balance"],
  ],
  ticket: [
    ["swap", "profit"],
    ["commission", "swap", "profit"],
    ["commission", "taxes", "swap", "profit"],
  ],
};

const commentHeading =
  /comment|comento|commento|coment|komment?ar|komentarz|коммент|комент|yorum|bình luận|注释|備註|注释|コメント|주석/i;

/**
 * Which columns the amounts stand in, from `from` on. `header`: the headings above; null: the file has none, and the row itself
 * says how many amounts there are. Null: no layout has so many.
 */
export function amountColumns(
  table: keyof typeof layouts,
  header: readonly string[] | null,
  cells: readonly string[],
  from: number,
): AmountColumns | null {
  const columns = header === null ? filledFrom(cells, from) : filledFrom(header, from);
  let comment: number | null = null;
  const last = columns.at(-1);
  if (last !== undefined && isComment(table, header, cells, last, columns.length)) {
    comment = last;
    columns.pop();
  }
  const names = layouts[table].find((layout) => layout.length === columns.length);
  if (names === undefined) return null;
  const found: AmountColumns = {
    commission: null,
    fee: null,
    taxes: null,
    swap: null,
    profit: 0,
    balance: null,
    comment,
  };
  for (const [index, name] of names.entries()) found[name] = columns[index] ?? 0;
  return found;
}

function filledFrom(cells: readonly string[], from: number): number[] {
  const columns: number[] = [];
  for (let column = from; column < cells.length; column++) if (cells[column] !== "") columns.push(column);
  return columns;
}

/** The last amount of a row is always printed; a comment mostly is not, and is no number. */
function isComment(
  table: keyof typeof layouts,
  header: readonly string[] | null,
  cells: readonly string[],
  column: number,
  count: number,
): boolean {
  if (header !== null && commentHeading.test(header[column] ?? "")) return true;
  const widest = Math.max(...layouts[table].map((layout) => layout.length));
  return count > widest || !isNumber(cells[column]);
}
