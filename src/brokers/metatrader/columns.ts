import { isNumber } from "./cells.ts";

/** What a row has behind its last price; the columns differ between builds and brokers. Null: it has none. */
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
type Layout = readonly AmountName[];

/** `numbered_ticket`: the layout of MetaTrader 4 that counts its rows; it ends with the comment. */
export type AmountTable = "position" | "deal" | "ticket" | "numbered_ticket";

/** By the number of columns, which is the same in every language. Behind them can be one more, if its heading is the comment's. */
const layouts: Record<AmountTable, readonly Layout[]> = {
  position: [
    ["swap", "profit"],
    ["commission", "swap", "profit"],
    ["commission", "fee", "swap", "profit"],
  ],
  deal: [
    ["commission", "swap", "profit", "balance"],
    ["commission", "swap", "profit", "balance", "comment"],
    ["commission", "fee", "swap", "profit", "balance", "comment"],
  ],
  ticket: [
    ["swap", "profit"],
    ["commission", "swap", "profit"],
    ["commission", "taxes", "swap", "profit"],
  ],
  numbered_ticket: [
    ["swap", "profit"],
    ["commission", "swap", "profit"],
    ["commission", "swap", "profit", "comment"],
    ["commission", "taxes", "swap", "profit", "comment"],
  ],
};
const dealWithoutComment: Layout = ["commission", "fee", "swap", "profit", "balance"];

/** In the languages of the terminals. Where the number of columns leaves two readings open, the heading decides. */
const commentHeading =
  /comment|coment|komment|koment|comentar|kommentar|комент|коммент|yorum|açıklama|opmerking|megjegyzés|poznámk|pripomienk|σχόλι|bình luận|chú thích|ulasan|komen|izoh|тавсиф|тайлбар|注释|注釋|備註|备注|评论|評論|コメント|주석|코멘트|설명|تعليق|توضیح|הערה|टिप्पणी|ความคิดเห็น|หมายเหตุ/i;
const balanceHeading =
  /balance|bilan[zs]|saldo|kontostand|solde|баланс|bakiye|zůstatek|egyenleg|结余|餘額|余额|残高|잔고/i;

/**
 * Which columns the amounts stand in, from `from` on. `header`: the headings above; null: the file has none, and the row itself
 * says how many amounts there are. Null: no layout has so many, or more than one could be meant: that is never guessed, since a
 * wrong one would take a swap for a profit.
 */
export function amountColumns(
  table: AmountTable,
  header: readonly string[] | null,
  cells: readonly string[],
  from: number,
): AmountColumns | null {
  // Without headings a deal's row counts with its empty comment: five amounts and no comment could be read in two ways.
  const isCounted = header === null && table === "deal";
  const columns = columnsFrom(header ?? cells, from, isCounted);
  const last = columns.at(-1);
  const heading = header === null || last === undefined ? "" : (header[last] ?? "");
  const layout = layoutFor(table, columns.length, heading, last === undefined ? "" : (cells[last] ?? ""));
  if (layout === null) return null;
  const found: AmountColumns = {
    commission: null,
    fee: null,
    taxes: null,
    swap: null,
    profit: 0,
    balance: null,
    comment: null,
  };
  for (const [index, name] of layout.entries()) found[name] = columns[index] ?? 0;
  return found;
}

function layoutFor(table: AmountTable, count: number, lastHeading: string, lastCell: string): Layout | null {
  const ofLength = (length: number) => layouts[table].find((layout) => layout.length === length) ?? null;
  const isComment = commentHeading.test(lastHeading);
  const layout = ofLength(count);
  if (table === "deal" && count === dealWithoutComment.length && !isComment && isNumber(lastCell)) {
    return balanceHeading.test(lastHeading) ? dealWithoutComment : null;
  }
  if (!isComment || layout?.at(-1) === "comment") return layout;
  const before = ofLength(count - 1);
  return before === null || before.at(-1) === "comment" ? layout : [...before, "comment"];
}

function columnsFrom(cells: readonly string[], from: number, withEmpty: boolean): number[] {
  const columns: number[] = [];
  for (let column = from; column < cells.length; column++) if (withEmpty || cells[column] !== "") columns.push(column);
  return columns;
}
