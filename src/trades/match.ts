import { type Decimal, minimum } from "../executions/decimal.ts";
import type { Direction, Execution, Side } from "../executions/execution.ts";
import { DustLots, joinDust, openFromDust } from "./dust.ts";
import { groupOf } from "./group.ts";
import { shareOf } from "./lots.ts";
import {
  type BookSide,
  charge,
  closeIfFlat,
  enter,
  exit,
  feeTakenFromBase,
  netPnlOf,
  openPosition,
  openQuantityOf,
  type Part,
  type Position,
  type StatedPnl,
  toTrade,
  unknownOrigin,
} from "./position.ts";
import { lotsWrittenMax, readState, writeState } from "./state.ts";
import type { CostBasisMethod, Trade } from "./trade.ts";

export interface MatchRules {
  method: CostBasisMethod;
  /** How the broker of an execution states its PnL. */
  statedPnl: (execution: Pick<Execution, "externalId">) => StatedPnl;
  /** The venue's quantity step; null when it is not known. */
  stepOf: (execution: Pick<Execution, "market" | "symbol">) => Decimal | null;
}

/**
 * A venue books funding a little after its instant: within this time after a close it still belongs to the closed trade.
 * Binance writes the income row seconds after the funding time.
 */
export const chargeGraceMs = 60_000;

/** What the revisions handed out so far add up to. */
export interface MatchTotals {
  opened: number;
  closed: number;
  /** Net PnL of the closed trades, by currency; those without a known PnL are left out. */
  net: Map<string, Decimal>;
}

interface Book {
  open: Position | null;
  lastClosed: Position | null;
}

/**
 * Pairs executions into trades, flat to flat. Executions of a group must come in the order of `compareExecutions`; groups may be mixed.
 * Pure: what it knows came by `restore` and `apply`. The same executions give the same trades, however they are divided between runs.
 */
export class Matcher {
  readonly #rules: MatchRules;
  readonly #groups = new Map<string, Map<BookSide, Book>>();
  readonly #dust = new DustLots();
  /** In the order in which they first changed. */
  #changed: Position[] = [];
  #changedLots = 0;
  readonly totals: MatchTotals = { opened: 0, closed: 0, net: new Map() };
  /** False: nobody is going to ask for what comes next by `takeChanges`, so that legs need not be made. */
  wantsLegs = true;

  constructor(rules: MatchRules) {
    this.#rules = rules;
  }

  /** Takes up an open trade as it was delivered. @throws {StateUnusable} */
  restore(trade: Trade): void {
    const position = readState(trade);
    this.#book(groupOf(trade), position.book).open = position;
  }

  /** For the next run: no open trade carries it. */
  get dust(): DustLots {
    return this.#dust;
  }

  /**
   * Takes over a group from a matcher that derived it, in place of what was known of it here. `revisionOf`: the last one that was delivered of a
   * trade.
   */
  adopt(group: string, from: Matcher, revisionOf: (externalId: string) => number): void {
    this.forget(group);
    const dust = from.#dust.lots.get(group);
    if (dust !== undefined) this.#dust.restore(group, dust);
    const books = from.#groups.get(group);
    if (books === undefined) return;
    for (const { open, lastClosed } of books.values()) {
      for (const position of [open, lastClosed]) {
        if (position === null) continue;
        position.revision = revisionOf(position.externalId);
        position.isChanged = false;
      }
    }
    this.#groups.set(group, books);
  }

  /** Forgets a group: it is going to be derived anew. */
  forget(group: string): void {
    this.#dust.forget(group);
    const books = this.#groups.get(group);
    if (books === undefined) return;
    this.#changed = this.#changed.filter((position) => groupOf(position) !== group);
    this.#groups.delete(group);
  }

  /**
   * Pairs one execution. False: it belongs to no trade that is known here (funding or a fee while flat, a transfer).
   * Transfers are no trade: coins that came in have no known price, and coins that went out were not sold.
   */
  apply(execution: Execution, group = groupOf(execution)): boolean {
    switch (execution.type) {
      case "funding":
      case "fee":
        return this.#charge(execution, group);
      case "transfer":
        return false;
      case "fill":
      case "liquidation":
      case "adl":
      case "settlement":
      case "conversion":
        this.#fill(execution, group);
        return true;
    }
  }

  /** The next revisions of all trades that changed since the last call, in the order in which they first changed. */
  takeChanges(): Trade[] {
    const trades: Trade[] = [];
    for (const position of this.#changed) {
      position.isChanged = false;
      trades.push(this.#revise(position));
    }
    this.#changed = [];
    this.#changedLots = 0;
    return trades;
  }

  get changes(): number {
    return this.#changed.length;
  }

  /** At most so many lots are in the states of the changed trades: a batch has a limit of bytes. */
  get changedLots(): number {
    return this.#changedLots;
  }

  /** Called after the position took an execution: that can have added one lot. */
  #change(position: Position): void {
    const isNew = !position.isChanged;
    if (isNew) {
      position.isChanged = true;
      this.#changed.push(position);
    }
    if (position.lots.length > lotsWrittenMax) return; // its state is a word, however many there are
    this.#changedLots += isNew ? position.lots.length : 1;
  }

  /** As `takeChanges`, where nobody wants the revisions: only the totals are kept. */
  countChanges(): void {
    for (const position of this.#changed) {
      position.isChanged = false;
      position.revision++;
      if (position.newLegs.length > 0) position.newLegs = [];
      this.#count(position, position.status === "closed" ? netPnlOf(position) : null);
    }
    this.#changed = [];
    this.#changedLots = 0;
  }

  #revise(position: Position): Trade {
    const state = position.status === "open" ? writeState(position) : null;
    const trade = toTrade(position, this.#rules.method, state);
    this.#count(position, trade.netPnl);
    return trade;
  }

  #count(position: Position, net: Decimal | null): void {
    const { totals } = this;
    if (position.revision === 1) totals.opened++;
    if (position.status !== "closed") return;
    if (position.handedOut === null) totals.closed++;
    if (net !== null) {
      const sum = totals.net.get(position.pnlCurrency) ?? 0n;
      totals.net.set(position.pnlCurrency, sum + net - (position.handedOut ?? 0n));
    }
    position.handedOut = net ?? 0n;
  }

  #book(group: string, side: BookSide): Book {
    let books = this.#groups.get(group);
    if (books === undefined) {
      books = new Map();
      this.#groups.set(group, books);
    }
    let book = books.get(side);
    if (book === undefined) {
      book = { open: null, lastClosed: null };
      books.set(side, book);
    }
    return book;
  }

  #fill(execution: Execution, group: string): void {
    const { side, quantity, price, positionSide } = execution;
    if (side === null || quantity === null || price === null) {
      throw new RangeError(`${execution.externalId}: a ${execution.type} needs side, quantity and price`);
    }
    const book = this.#book(group, positionSide ?? "net");
    const whole = wholePart(execution, side, { quantity, price, wantsLeg: this.wantsLegs });
    const direction: Direction = side === "buy" ? "long" : "short";
    if (book.open === null) this.#fromFlat(book, whole, direction);
    else if (book.open.direction === direction) this.#add(book, book.open, whole);
    else this.#reduce(book, book.open, whole, direction);
  }

  #add(book: Book, position: Position, part: Part): void {
    enter(position, part, this.#rules.method);
    this.#change(position);
    this.#settle(book, position, part);
  }

  #fromFlat(book: Book, part: Part, direction: Direction, opensRest = false): void {
    const { execution } = part;
    if (direction === "short" && this.#sellDust(book, part)) return;
    const closesUnknown =
      (execution.market === "spot" && direction === "short") ||
      (execution.positionSide !== null && execution.positionSide !== direction) ||
      // Brokers state a PnL of exactly zero where a position is only opened.
      (!opensRest && (execution.realizedPnl ?? 0n) !== 0n && this.#rules.statedPnl(execution) !== null);
    if (closesUnknown) {
      this.#change(unknownOrigin(part, this.#rules.statedPnl(execution), !opensRest));
      return;
    }
    const position = openPosition(part, direction, this.#rules.method);
    book.open = position;
    this.#change(position);
    this.#settle(book, position, part);
  }

  /** While nothing is open. Of more than was left over nothing is known: it would have to be one trade of two origins. */
  #sellDust(book: Book, part: Part): boolean {
    const { execution, quantity, moved } = part;
    const dust = this.#dust.take(execution, moved);
    if (dust === null || dust.quantity < quantity) return false;
    const position = openFromDust(execution, dust, this.#rules.method);
    exit(position, movedPart(part, dust.quantity), this.#rules.method, this.#statedOf(position, execution));
    this.#change(position);
    this.#settle(book, position, part);
    return true;
  }

  #reduce(book: Book, position: Position, whole: Part, direction: Direction): void {
    const { execution } = whole;
    const lacking = whole.moved - openQuantityOf(position);
    if (lacking > 0n && direction === "short") {
      const dust = this.#dust.take(execution, lacking);
      if (dust !== null) joinDust(position, dust, this.#rules.method);
    }
    const closing = minimum(whole.moved, openQuantityOf(position));
    const opens = whole.moved - closing;
    // What is over is no position when it is only the fee, paid from coins that this position does not hold.
    const flips = opens > 0n && opens > whole.moved - whole.quantity;
    const part = flips ? splitPart(whole, closing) : movedPart(whole, closing);
    exit(position, part, this.#rules.method, this.#statedOf(position, execution));
    this.#change(position);
    this.#settle(book, position, part);
    if (flips) this.#fromFlat(book, restOf(whole, part), direction, true);
  }

  /** A position's executions are of one account, so of one broker; asked once, since an id is a long text to look into. */
  #statedOf(position: Position, execution: Execution): StatedPnl {
    position.statedBasis ??= this.#rules.statedPnl(execution) ?? "none";
    return position.statedBasis === "none" ? null : position.statedBasis;
  }

  #settle(book: Book, position: Position, { execution }: Part): void {
    const closed = closeIfFlat(position, execution, this.#rules.stepOf);
    if (closed === null) return;
    if (closed.dust !== null) this.#dust.keep(position, closed.dust);
    book.open = null;
    book.lastClosed = position;
  }

  #charge(execution: Execution, group: string): boolean {
    const amount = execution.fee === 0n ? 0n : execution.feeInQuote;
    const books = this.#groups.get(group);
    if (books === undefined) return false;
    const sides = execution.positionSide === null ? [...books.keys()].sort() : [execution.positionSide];
    const positions = sides.flatMap((side) => books.get(side)?.open ?? []);
    if (positions.length === 0) {
      const recent = sides
        .flatMap((side) => books.get(side)?.lastClosed ?? [])
        .filter((position) => isWithinGrace(position, execution));
      const latest = recent.sort((a, b) => (a.closedAtMs ?? 0) - (b.closedAtMs ?? 0)).at(-1);
      if (latest === undefined) return false;
      positions.push(latest);
    }
    this.#chargeInShares(positions, execution, amount);
    return true;
  }

  /** Long and short both open and the venue does not say which is charged: each by its quantity, the last takes the rest. */
  #chargeInShares(positions: Position[], execution: Execution, amount: Decimal | null): void {
    let whole = 0n;
    for (const position of positions) whole += openQuantityOf(position);
    let left = amount;
    for (const [index, position] of positions.entries()) {
      const last = index === positions.length - 1;
      const share: Decimal | null = last || amount === null ? left : shareOf(amount, openQuantityOf(position), whole);
      if (left !== null && share !== null) left -= share;
      charge(position, execution, share);
      this.#change(position);
    }
  }
}

function isWithinGrace(position: Position, execution: Execution): boolean {
  return execution.executedAtMs - (position.closedAtMs ?? Number.NEGATIVE_INFINITY) <= chargeGraceMs;
}

function wholePart(
  execution: Execution,
  side: Side,
  { quantity, price, wantsLeg }: Pick<Part, "quantity" | "price" | "wantsLeg">,
): Part {
  const taken = feeTakenFromBase(execution);
  const moved = side === "buy" ? quantity - taken : quantity + taken;
  const fee = execution.fee === null || execution.fee === 0n ? 0n : execution.feeInQuote;
  return { execution, quantity, moved: moved < 0n ? 0n : moved, price, fee, wantsLeg };
}

function movedPart(whole: Part, moved: Decimal): Part {
  if (whole.moved === moved) return whole;
  const { execution, quantity, price, fee, wantsLeg } = whole;
  return { execution, quantity, moved, price, fee, wantsLeg };
}

/** The first part of an execution that crosses zero: it closes `closing`, with its share of the fee. */
function splitPart(whole: Part, closing: Decimal): Part {
  const fee = whole.fee === null ? null : shareOf(whole.fee, closing, whole.moved);
  return { ...whole, quantity: minimum(closing, whole.quantity), moved: closing, fee };
}

function restOf(whole: Part, first: Part): Part {
  return {
    ...whole,
    quantity: whole.quantity - first.quantity,
    moved: whole.moved - first.moved,
    fee: whole.fee === null || first.fee === null ? null : whole.fee - first.fee,
  };
}
