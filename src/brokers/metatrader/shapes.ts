import { isNumber, isTicket, isTimeLike } from "./cells.ts";

/**
 * What a row is, by its shape and by the words that no terminal translates (`buy`, `sell`, `balance`, `in`, `out`). Headings are in
 * the user's language and are never asked. A row keeps its shape with one cell damaged, so that it is reported instead of lost.
 */
export type Shape =
  /** MetaTrader 5: a closed position. `second`: the column of its closing time; `type`: of its side. */
  | { kind: "position"; second: number }
  | { kind: "open_position" }
  | { kind: "order" }
  | { kind: "deal" }
  /** MetaTrader 5: a deal that is no trade: balance, credit, commission, correction. */
  | { kind: "deal_entry" }
  /** MetaTrader 4: a closed ticket. `first`: the column of the ticket. */
  | { kind: "ticket"; first: number; second: number }
  | { kind: "open_ticket"; first: number }
  | { kind: "pending_ticket"; first: number }
  | { kind: "ticket_entry"; first: number }
  /** MetaTrader 4, strategy tester: an event of an order. */
  | { kind: "tester_event" };

const sides = new Set(["buy", "sell"]);
const orderTypes = /^(?:buy|sell) (?:limit|stop|stop limit)$|^close by$/;
const directions = new Set(["in", "out", "in/out", "out by"]);
/** `0.10 / 0.10`: what was asked for, and what was filled of it. */
const askedAndFilled = /^[\d .,]+\/[\d .,]+$/;

/** Null: no data row. */
export function shapeOf(cells: readonly string[]): Shape | null {
  // A ticket in the second column is a position's too, so that the numbered layout goes first.
  const isNumbered = isTicket(cells[0]) && isTicket(cells[1]) && isTimeLike(cells[2]);
  return isNumbered ? mt4Shape(cells, 1) : (mt5Shape(cells) ?? mt4Shape(cells, 0));
}

function mt5Shape(cells: readonly string[]): Shape | null {
  const type = (cells[3] ?? "").toLowerCase();
  const volume = cells[4] ?? "";
  const hasTime = isTimeLike(cells[0]);
  const hasTicket = isTicket(cells[1]);
  const isSide = sides.has(type);
  const isTyped = isSide || orderTypes.test(type);
  const isDirected = directions.has(volume.toLowerCase());
  // Two of three anchors; a number and a word alone are any table's.
  if (!hasTime && !(hasTicket && (isTyped || isDirected))) return null;
  if (!hasTicket && !isTyped && !isDirected) return null;
  if (isDirected) return { kind: "deal" };
  if (orderTypes.test(type) || askedAndFilled.test(volume)) return { kind: "order" };
  const second = secondTime(cells, 5);
  // A filled order ends in words (`filled`), a position in amounts.
  if (second >= 0)
    return isNumber(cells[second + 1]) || isNumber(cells[second + 2])
      ? { kind: "position", second }
      : { kind: "order" };
  if (!isSide) return isWord(type) || volume === "" ? { kind: "deal_entry" } : null;
  if (!isNumber(volume)) return { kind: "deal" };
  // An open position has the market's price where a closed one has its time.
  return isNumber(cells[closingTime]) ? { kind: "open_position" } : { kind: "position", second: closingTime };
}

/** The column of a position's or ticket's closing time, where no column was added. */
const closingTime = 8;

function mt4Shape(cells: readonly string[], first: number): Shape | null {
  const type = (cells[first + 2] ?? "").toLowerCase();
  const hasTicket = isTicket(cells[first]);
  const hasTime = isTimeLike(cells[first + 1]);
  const isTyped = sides.has(type) || orderTypes.test(type);
  if (Number(hasTicket) + Number(hasTime) + Number(isTyped) < 2) return null;
  if (first === 0 && isTesterEvent(cells)) return { kind: "tester_event" };
  if (orderTypes.test(type)) return { kind: "pending_ticket", first };
  const second = secondTime(cells, first + 6);
  if (second < 0 && !sides.has(type)) return isWord(type) ? { kind: "ticket_entry", first } : null;
  if (second >= 0) return { kind: "ticket", first, second };
  const closing = first + closingTime;
  return (cells[closing] ?? "") === "" ? { kind: "open_ticket", first } : { kind: "ticket", first, second: closing };
}

/** `# | Time | Type | Order | Size | Price | …`: an order's number stands where a statement has the size, and a size where it has the symbol. */
function isTesterEvent(cells: readonly string[]): boolean {
  return (
    isTicket(cells[0]) && isTicket(cells[3]) && isNumber(cells[4]) && isNumber(cells[5]) && secondTime(cells, 2) < 0
  );
}

function secondTime(cells: readonly string[], from: number): number {
  for (let column = from; column < cells.length; column++) if (isTimeLike(cells[column])) return column;
  return -1;
}

function isWord(text: string): boolean {
  return /^\p{L}[\p{L}\p{M} ./_-]*$/u.test(text);
}

const headerCellsMin = 7;

/** A row of headings: many cells, and no number or time among them. */
export function isHeader(cells: readonly string[]): boolean {
  const filled = cells.filter((cell) => cell !== "");
  return filled.length >= headerCellsMin && !filled.some((cell) => isNumber(cell) || isTimeLike(cell));
}

/** Many cells, and numbers among them: no heading, no sum and no figure of the summary. */
export function isLikeData(cells: readonly string[]): boolean {
  const filled = cells.filter((cell) => cell !== "");
  return filled.length >= headerCellsMin + 1 && filled.some((cell) => isNumber(cell) || isTimeLike(cell));
}
