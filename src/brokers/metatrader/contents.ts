import { Failure } from "../../errors.ts";
import { type RowProblem, shorten } from "../csv/report.ts";
import { BadCell, CellReader } from "./cells.ts";
import { type AmountColumns, type AmountTable, amountColumns } from "./columns.ts";
import { HeaderReader, type ReportHeader } from "./header.ts";
import type { ClosedRow, DealDirection, DealRow, EntryRow, OrderLevels, TesterEvent } from "./records.ts";
import type { PageFacts, ReportRow } from "./report-row.ts";
import { isHeader, isLikeData, type Shape, shapeOf } from "./shapes.ts";

/** Tables that a row can belong to. Which of them are imported is decided when all are known. */
export type Table = "closed" | "deals" | "orders" | "open" | "entries" | "events";

/** All rows of a report as values, and what is wrong with those that have none. */
export interface Contents {
  /** False: the file was cut off, so that rows can be missing at its end. */
  isWhole: boolean;
  generation: 4 | 5 | null;
  header: ReportHeader;
  closed: ClosedRow[];
  deals: DealRow[];
  entries: EntryRow[];
  events: TesterEvent[];
  /** By the order's number, of those that had any. */
  orderLevels: Map<string, OrderLevels>;
  orderLines: number[];
  /** Tickets of positions that are open, and their lines. */
  open: Map<string, number>;
  /** Rows of a ticket that stands in an open row already. */
  openLines: number[];
  problems: { table: Table; problem: RowProblem }[];
  /** Data rows of the file: as many as stand in all of the lists. */
  rows: number;
}

const dealDirections = new Set<string>(["in", "out", "in/out", "out by"] satisfies DealDirection[]);
const linkComment = /#\d/;

/** Takes the rows of a report one by one. */
export class ContentsReader {
  readonly #contents: Omit<Contents, "header" | "isWhole" | "rows">;
  readonly #headerReader = new HeaderReader();
  readonly #name: string;
  readonly #rowsMax: number;
  readonly #decimalMark: "." | ",";
  /** Headings above the rows that come. */
  #headings: readonly string[] | null = null;
  #table: Table | null = null;
  #kept = 0;
  #lastTicket: ClosedRow | null = null;
  /** Data rows so far. */
  rows = 0;
  rowsSeen = 0;

  constructor(name: string, rowsMax: number, decimalMark: "." | ",") {
    this.#name = name;
    this.#rowsMax = rowsMax;
    this.#decimalMark = decimalMark;
    this.#contents = {
      generation: null,
      closed: [],
      deals: [],
      entries: [],
      events: [],
      orderLevels: new Map(),
      orderLines: [],
      open: new Map(),
      openLines: [],
      problems: [],
    };
  }

  add(row: ReportRow): void {
    this.rowsSeen++;
    const shape = shapeOf(row.cells);
    if (shape === null) {
      this.#addOther(row);
      return;
    }
    this.rows++;
    this.#table = tableOf(shape);
    // Of an order little is kept, and there are as many of them as of all others.
    if (this.#table !== "orders" && ++this.#kept > this.#rowsMax)
      throw tooManyRows(this.#name, this.#rowsMax, row.line);
    if (!row.isComplete)
      this.#refuse(
        row,
        this.#table,
        "cut_off",
        "the row is not complete: the file ends inside it, or a quote in it is not closed",
      );
    else this.#addData(row, shape, this.#table);
  }

  end(facts: PageFacts): Contents {
    return {
      ...this.#contents,
      header: this.#headerReader.end(facts),
      isWhole: facts.isWhole !== false,
      rows: this.rows,
    };
  }

  #addOther(row: ReportRow): void {
    const { cells } = row;
    if (isHeader(cells)) this.#headings = cells;
    else if (this.#table === null) this.#headerReader.see(cells);
    else if (isLikeData(cells)) {
      this.rows++;
      this.#refuse(row, this.#table, "unknown_row", "a row of no known kind");
    } else if (this.#lastTicket !== null && cells[0] === "") {
      // A detailed statement of MetaTrader 4 can have the comment in a row of its own.
      const comment = cells.find((cell) => linkComment.test(cell));
      if (comment !== undefined) this.#lastTicket.comment = `${this.#lastTicket.comment} ${comment}`.trim();
      this.#lastTicket = null;
    }
  }

  #refuse({ line, cells }: ReportRow, table: Table, code: string, message: string): void {
    const said = cells.filter((cell) => cell !== "").join(" | ");
    this.#contents.problems.push({ table, problem: { line, column: null, code, said: shorten(said), message } });
  }

  #addData(row: ReportRow, shape: Shape, table: Table): void {
    this.#lastTicket = null;
    this.#contents.generation ??= generationOf(shape);
    try {
      this.#read(row, shape);
    } catch (error) {
      if (!(error instanceof BadCell)) throw error;
      const { code, said, message } = error;
      const column = this.#headings?.[error.column] || `column ${error.column + 1}`;
      this.#contents.problems.push({ table, problem: { line: row.line, column, code, said: shorten(said), message } });
    }
  }

  #read(row: ReportRow, shape: Shape): void {
    const contents = this.#contents;
    const reader = new CellReader(row.cells, this.#decimalMark);
    switch (shape.kind) {
      case "position":
        contents.closed.push(this.#readPosition(row, reader, shape.second));
        break;
      case "ticket": {
        const ticket = this.#readTicket(row, reader, shape);
        contents.closed.push(ticket);
        this.#lastTicket = ticket;
        break;
      }
      case "deal":
        contents.deals.push(this.#readDeal(row, reader));
        break;
      case "deal_entry":
        contents.entries.push(this.#readDealEntry(row, reader));
        break;
      case "ticket_entry":
        contents.entries.push(readTicketEntry(row, reader, shape.first));
        break;
      case "order":
        this.#readOrder(row, reader);
        break;
      case "open_position":
        this.#addOpen(reader.ticket(1, "position"), row.line);
        break;
      case "open_ticket":
        this.#addOpen(reader.ticket(shape.first, "ticket"), row.line);
        break;
      case "pending_ticket":
        contents.orderLines.push(row.line);
        break;
      case "tester_event":
        contents.events.push(readTesterEvent(row, reader));
    }
  }

  #addOpen(ticket: string, line: number): void {
    const { open, openLines } = this.#contents;
    if (open.has(ticket)) openLines.push(line);
    else open.set(ticket, line);
  }

  /** `Time | Position | Symbol | Type | Volume | Price | S/L | T/P | Time | Price | …`; a build can show the comment before the volume. */
  #readPosition({ line, cells }: ReportRow, reader: CellReader, second: number): ClosedRow {
    const amounts = this.#amounts("position", cells, second + 2);
    return {
      line,
      ticket: reader.ticket(1, "position"),
      symbol: reader.symbol(2),
      direction: reader.side(3) === "buy" ? "long" : "short",
      volume: reader.positive(second - 4, "volume"),
      entryPrice: reader.number(second - 3),
      stop: reader.level(second - 2),
      target: reader.level(second - 1),
      openedWallMs: reader.time(0),
      closedWallMs: closingTime(reader, 0, second),
      exitPrice: reader.number(second + 1),
      ...readAmounts(reader, amounts),
    };
  }

  /** `Ticket | Open Time | Type | Size | Item | Price | S/L | T/P | Close Time | Price | …`, or with the row's number before it. */
  #readTicket(
    { line, cells, title }: ReportRow,
    reader: CellReader,
    shape: { first: number; second: number },
  ): ClosedRow {
    const { first, second } = shape;
    const row = {
      line,
      ticket: reader.ticket(first, "ticket"),
      openedWallMs: reader.time(first + 1),
      direction: reader.side(first + 2) === "buy" ? ("long" as const) : ("short" as const),
      volume: reader.number(first + 3),
      symbol: reader.symbol(first + 4),
      entryPrice: reader.number(first + 5),
      stop: reader.level(first + 6),
      target: reader.level(first + 7),
      closedWallMs: closingTime(reader, first + 1, second),
      exitPrice: reader.number(second + 1),
      ...readAmounts(reader, this.#amounts(first === 0 ? "ticket" : "numbered_ticket", cells, second + 2)),
    };
    if (row.volume < 0n) throw new BadCell(first + 3, "not_positive", "a size", reader.text(first + 3));
    if (title !== null && title !== "") row.comment = `${title} ${row.comment}`.trim();
    return row;
  }

  #readDeal({ line, cells }: ReportRow, reader: CellReader): DealRow {
    const direction = reader.text(4).toLowerCase();
    if (!dealDirections.has(direction)) {
      throw new BadCell(4, direction === "" ? "empty" : "unknown_value", "in, out, in/out or out by", reader.text(4));
    }
    const amounts = this.#amounts("deal", cells, 8);
    const { commission, fee, swap, profit } = readAmounts(reader, amounts);
    return {
      line,
      wallMs: reader.time(0),
      deal: reader.ticket(1, "deal"),
      symbol: reader.symbol(2),
      side: reader.side(3),
      direction: direction as DealDirection,
      volume: reader.positive(5, "volume"),
      price: reader.number(6),
      order: reader.text(7),
      commission,
      fee,
      swap,
      profit,
      balance: amounts.balance === null ? null : reader.amount(amounts.balance),
    };
  }

  #readDealEntry({ line, cells }: ReportRow, reader: CellReader): EntryRow {
    const amounts = this.#amounts("deal", cells, 8);
    const { commission, fee, swap, profit } = readAmounts(reader, amounts);
    return {
      line,
      wallMs: reader.time(0),
      id: reader.ticket(1, "deal"),
      symbol: reader.text(2),
      type: reader.text(3).toLowerCase(),
      amount: profit + commission + fee + swap,
    };
  }

  /** The stop and target that the order was placed with; the position's own row has those that it ended with. */
  #readOrder({ line, cells }: ReportRow, reader: CellReader): void {
    const volume = cells.findIndex((cell, column) => column >= 4 && cell.includes("/"));
    const price = volume < 0 ? -1 : cells.findIndex((cell, column) => column > volume && cell !== "");
    if (price >= 0) {
      const levels = { stop: reader.level(price + 1), target: reader.level(price + 2) };
      const hasLevels = levels.stop !== null || levels.target !== null;
      if (hasLevels) this.#contents.orderLevels.set(reader.ticket(1, "order"), levels);
    }
    // Last: a row that cannot be read stands among the problems instead.
    this.#contents.orderLines.push(line);
  }

  #amounts(table: AmountTable, cells: readonly string[], from: number): AmountColumns {
    const found =
      (this.#headings === null ? null : amountColumns(table, this.#headings, cells, from)) ??
      amountColumns(table, null, cells, from);
    if (found !== null) return found;
    const said = cells
      .slice(from)
      .filter((cell) => cell !== "")
      .join(" | ");
    throw new BadCell(from, "column_count", "commission, swap and profit", said);
  }
}

function closingTime(reader: CellReader, first: number, second: number): number {
  const closedMs = reader.time(second);
  if (closedMs >= reader.time(first)) return closedMs;
  throw new BadCell(second, "time_order", "a time that is not before the opening", reader.text(second));
}

type Amounts = Pick<ClosedRow, "commission" | "fee" | "taxes" | "swap" | "profit" | "comment">;

function readAmounts(reader: CellReader, columns: AmountColumns): Amounts {
  const amount = (column: number | null) => (column === null ? 0n : reader.amount(column));
  return {
    commission: amount(columns.commission),
    fee: amount(columns.fee),
    taxes: amount(columns.taxes),
    swap: amount(columns.swap),
    profit: reader.number(columns.profit),
    comment: columns.comment === null ? "" : reader.text(columns.comment),
  };
}

/** `Ticket | Time | balance | text over ten columns | amount` */
function readTicketEntry({ line, cells }: ReportRow, reader: CellReader, first: number): EntryRow {
  const last = cells.findLastIndex((cell) => cell !== "");
  return {
    line,
    id: reader.ticket(first, "ticket"),
    wallMs: reader.time(first + 1),
    type: reader.text(first + 2).toLowerCase(),
    symbol: "",
    amount: last > first + 2 ? reader.number(last) : 0n,
  };
}

/** `# | Time | Type | Order | Size | Price | S/L | T/P | Profit | Balance` */
function readTesterEvent({ line }: ReportRow, reader: CellReader): TesterEvent {
  const profit = reader.text(8);
  const balance = reader.text(9);
  return {
    line,
    wallMs: reader.time(1),
    type: reader.text(2).toLowerCase(),
    order: reader.ticket(3, "order"),
    volume: reader.number(4),
    price: reader.number(5),
    stop: reader.level(6),
    target: reader.level(7),
    profit: profit === "" ? null : reader.number(8),
    balance: balance === "" ? null : reader.number(9),
  };
}

function tableOf({ kind }: Shape): Table {
  switch (kind) {
    case "position":
    case "ticket":
      return "closed";
    case "deal":
      return "deals";
    case "order":
    case "pending_ticket":
      return "orders";
    case "open_position":
    case "open_ticket":
      return "open";
    case "deal_entry":
    case "ticket_entry":
      return "entries";
    case "tester_event":
      return "events";
  }
}

function generationOf({ kind }: Shape): 4 | 5 {
  return kind === "ticket" ||
    kind === "open_ticket" ||
    kind === "pending_ticket" ||
    kind === "ticket_entry" ||
    kind === "tester_event"
    ? 4
    : 5;
}

function tooManyRows(name: string, rowsMax: number, line: number): Failure {
  return new Failure("data", `${name} has more than ${rowsMax} positions and deals.`, {
    code: "too_many_rows",
    subject: `${name}:${line}`,
    hint: "Save the report for shorter periods, one file each.",
  });
}
