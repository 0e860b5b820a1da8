import type { Decimal } from "../../executions/decimal.ts";
import type { Direction, Execution } from "../../executions/execution.ts";
import { compareExecutions } from "../../executions/identify.ts";
import { type Draft, NormaliseError, normalise } from "../../executions/normalise.ts";
import { shareOf } from "../../trades/lots.ts";
import { type Plan, type PlanSettings, rowProblem } from "./plan.ts";
import type { DealRow, EntryRow } from "./records.ts";
import { type DealPart, dealId, instrumentOf } from "./symbol.ts";

/** How much of a symbol the deals so far hold, long and short apart. */
export type Book = Record<Direction, Decimal>;
/** By symbol. */
export type Books = Map<string, Book>;

/**
 * Deals to executions. Each says whether it opens or closes, so that its position side is known: a closing deal whose opening lies
 * before the report can then never be taken for the opening of an opposite position. `books`: what earlier deals hold, and what these leave.
 */
export function planDeals(
  deals: readonly DealRow[],
  entries: readonly EntryRow[],
  settings: PlanSettings,
  plan: Plan,
  books: Books = new Map(),
): void {
  const seen = new Map<string, DealRow>();
  for (const deal of deals.toSorted(compareDeals)) {
    const before = seen.get(deal.deal);
    if (before !== undefined) {
      refuseSecond(deal, before, plan);
      continue;
    }
    seen.set(deal.deal, deal);
    const book = books.get(deal.symbol) ?? { long: 0n, short: 0n };
    books.set(deal.symbol, book);
    planDeal(deal, book, settings, plan);
  }
  const charges = new Map<string, EntryRow | DealRow>(seen);
  for (const entry of entries) planEntry(entry, charges, settings, plan);
  plan.executions.sort((a, b) => compareExecutions(a.execution, b.execution));
}

/** Tickets count up, and equal times are common. */
function compareDeals(a: DealRow, b: DealRow): number {
  return a.wallMs - b.wallMs || a.deal.length - b.deal.length || (a.deal < b.deal ? -1 : a.deal > b.deal ? 1 : 0);
}

function refuseSecond(deal: DealRow, first: DealRow, plan: Plan): void {
  const isSame = (Object.keys(deal) as (keyof DealRow)[]).every((key) => key === "line" || deal[key] === first[key]);
  if (isSame) {
    plan.skipped.push({ line: deal.line, reason: "the same deal again" });
    return;
  }
  const message = `deal ${deal.deal} stands in row ${first.line} too, with other values`;
  plan.problems.push(rowProblem(deal.line, "duplicate_id", message, deal.deal));
}

/** A part of a deal that is one execution. */
interface Part {
  part: DealPart;
  positionSide: Direction;
  volume: Decimal;
  /** Commission and fee, positive when paid. */
  fee: Decimal;
  profit: Decimal | null;
}

function planDeal(deal: DealRow, book: Book, settings: PlanSettings, plan: Plan): void {
  const parts = partsOf(deal, book);
  if (parts === null) {
    const message = "reverses a position that the report does not show: it was opened before the report begins";
    plan.problems.push(rowProblem(deal.line, "unknown_position", message, deal.direction));
    return;
  }
  try {
    const executions = parts.map((part) => fillOf(deal, part, settings));
    const [first] = parts;
    if (deal.swap !== 0n && first !== undefined) executions.push(swapOf(deal, first.positionSide, settings));
    for (const [index, execution] of executions.entries()) {
      plan.executions.push({ execution, line: index === 0 ? deal.line : null });
    }
  } catch (error) {
    if (!(error instanceof NormaliseError)) throw error;
    plan.problems.push(rowProblem(deal.line, error.code, error.message));
  }
}

/** Null: a reversal of a position whose size is not known. */
function partsOf(deal: DealRow, book: Book): Part[] | null {
  const { side, direction, volume, profit } = deal;
  const fee = -(deal.commission + deal.fee);
  const along: Direction = side === "buy" ? "long" : "short";
  const against: Direction = side === "buy" ? "short" : "long";
  if (direction === "in") {
    book[along] += volume;
    return [{ part: null, positionSide: along, volume, fee, profit }];
  }
  if (direction === "in/out") {
    const closed = book[against];
    if (closed === 0n || closed >= volume) return null;
    const closingFee = shareOf(fee, closed, volume);
    book[against] = 0n;
    book[along] += volume - closed;
    return [
      { part: null, positionSide: against, volume: closed, fee: closingFee, profit },
      { part: "flip", positionSide: along, volume: volume - closed, fee: fee - closingFee, profit: null },
    ];
  }
  book[against] = volume < book[against] ? book[against] - volume : 0n;
  return [{ part: null, positionSide: against, volume, fee, profit }];
}

function fillOf(deal: DealRow, part: Part, settings: PlanSettings): Execution {
  return draft(deal, part.part, settings, {
    side: deal.side,
    positionSide: part.positionSide,
    quantity: part.volume,
    price: deal.price,
    fee: part.fee,
    feeAsset: settings.currency,
    realizedPnl: part.profit,
  });
}

function swapOf(deal: DealRow, positionSide: Direction, settings: PlanSettings): Execution {
  return draft(deal, "swap", settings, {
    type: "funding",
    side: null,
    positionSide,
    fee: -deal.swap,
    feeAsset: settings.currency,
  });
}

function draft(
  deal: Pick<DealRow, "symbol" | "deal" | "wallMs"> & { order?: string },
  part: DealPart,
  { zone, currency, market, run }: PlanSettings,
  fields: Partial<Draft> & Pick<Draft, "side">,
): Execution {
  const instrument = instrumentOf(deal.symbol, market);
  return normalise(
    {
      id: deal.deal,
      market: instrument.market,
      symbol: deal.symbol,
      baseAsset: instrument.baseAsset,
      quoteAsset: instrument.quoteAsset,
      // Profit, swap and commission are all booked in the currency of the account.
      settleAsset: currency,
      orderId: deal.order === undefined || deal.order === "" ? null : deal.order,
      executedAtMs: zone.toUtcMs(deal.wallMs).utcMs,
      ...fields,
    },
    dealId(deal.symbol, instrument, deal.deal, part, run),
  );
}

/** A commission that the broker charges apart can name its symbol; all other entries are the account's. */
function planEntry(entry: EntryRow, known: Map<string, EntryRow | DealRow>, settings: PlanSettings, plan: Plan): void {
  if (entry.symbol === "" || !isCharge(entry.type)) {
    plan.skipped.push({ line: entry.line, reason: entryReason(entry.type) });
    return;
  }
  const before = known.get(entry.id);
  if (before !== undefined) {
    if ("amount" in before && before.amount === entry.amount && before.symbol === entry.symbol) {
      plan.skipped.push({ line: entry.line, reason: "the same deal again" });
    } else {
      const message = `deal ${entry.id} stands in row ${before.line} too, with other values`;
      plan.problems.push(rowProblem(entry.line, "duplicate_id", message, entry.id));
    }
    return;
  }
  known.set(entry.id, entry);
  try {
    const execution = draft({ symbol: entry.symbol, deal: entry.id, wallMs: entry.wallMs }, null, settings, {
      type: "fee",
      side: null,
      fee: -entry.amount,
      feeAsset: settings.currency,
    });
    plan.executions.push({ execution, line: entry.line });
  } catch (error) {
    if (!(error instanceof NormaliseError)) throw error;
    plan.problems.push(rowProblem(entry.line, error.code, error.message));
  }
}

function isCharge(type: string): boolean {
  return /commission|fee|charge/.test(type);
}

/** In the terminals' own words, which they do not translate. */
export function entryReason(type: string): string {
  if (type === "balance") return "balance: a deposit or withdrawal";
  if (type === "credit") return "credit given or taken by the broker";
  if (/commission/.test(type)) return "commission charged to the account, not to a trade";
  if (type === "correction") return "correction of the balance by the broker";
  return `account entry "${type.slice(0, 40)}": no trade`;
}
