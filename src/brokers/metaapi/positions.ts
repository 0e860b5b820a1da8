import { type Decimal, divideRounded } from "../../executions/decimal.ts";
import type { Plan, PlanSettings } from "../metatrader/plan.ts";
import { planClosed, planTrade } from "../metatrader/plan-closed.ts";
import type { ClosedRow } from "../metatrader/records.ts";
import type { LiveDeal } from "./deals.ts";

/** What the deals of a position say: all of it is closed; a part is still open; or its opening is not among them. */
export type PositionState = "closed" | "open" | "unopened";

export function stateOf(deals: readonly LiveDeal[]): PositionState {
  const [opened, closed] = [sumOf(deals.filter(isEntry)), sumOf(deals.filter((deal) => !isEntry(deal)))];
  if (opened === 0n || closed > opened) return "unopened";
  return closed === opened ? "closed" : "open";
}

export function isEntry({ direction }: LiveDeal): boolean {
  return direction === "in";
}

function sumOf(deals: readonly LiveDeal[]): Decimal {
  return deals.reduce((sum, { volume }) => sum + volume, 0n);
}

/** A closed position of MetaTrader 5 as one trade, as its report states it. */
export function planPosition(position: string, deals: readonly LiveDeal[], settings: PlanSettings, plan: Plan): void {
  const ordered = inOrder(deals);
  const opening = ordered.find(isEntry);
  if (opening === undefined) throw new RangeError("a position without its opening");
  const { stop, target } = opening;
  planTrade({ ticket: position, rows: rowsOf(position, ordered), lines: [0], stop, target }, settings, plan);
}

/**
 * Closed tickets of MetaTrader 4: those that partial closes made of one position are put together by their comments. `open`: tickets that comments
 * name and that are not closed.
 */
export function planTickets(
  tickets: ReadonlyMap<string, readonly LiveDeal[]>,
  open: ReadonlySet<string>,
  settings: PlanSettings,
  plan: Plan,
): void {
  const closed = [...tickets].flatMap(([ticket, deals]) => rowsOf(ticket, inOrder(deals)));
  const contents = {
    closed,
    open: new Map([...open].map((ticket) => [ticket, 0])),
    orderLevels: new Map(),
    isWhole: true,
  };
  planClosed(contents, settings, plan);
}

/** A row for each closing deal. What the opening cost stands in the first. */
function rowsOf(ticket: string, ordered: readonly LiveDeal[]): ClosedRow[] {
  const entries = ordered.filter(isEntry);
  const [opening] = entries;
  if (opening === undefined) return [];
  const volume = sumOf(entries);
  const entryPrice = divideRounded(
    entries.reduce((sum, deal) => sum + deal.price * deal.volume, 0n),
    volume,
  );
  const spent = (pick: (deal: LiveDeal) => Decimal) => entries.reduce((sum, deal) => sum + pick(deal), 0n);
  const comment = ordered.map((deal) => deal.comment).join(" ");
  return ordered
    .filter((deal) => !isEntry(deal))
    .map((deal, index): ClosedRow => {
      const isFirst = index === 0;
      return {
        line: 0,
        ticket,
        symbol: opening.symbol,
        direction: opening.side === "buy" ? "long" : "short",
        volume: deal.volume,
        entryPrice,
        stop: opening.stop,
        target: opening.target,
        openedWallMs: opening.wallMs,
        exitPrice: deal.price,
        closedWallMs: deal.wallMs,
        commission: deal.commission + (isFirst ? spent(({ commission }) => commission) : 0n),
        fee: 0n,
        taxes: 0n,
        swap: deal.swap + (isFirst ? spent(({ swap }) => swap) : 0n),
        profit: deal.profit + (isFirst ? spent(({ profit }) => profit) : 0n),
        comment,
      };
    });
}

function inOrder(deals: readonly LiveDeal[]): LiveDeal[] {
  return deals.toSorted(
    (a, b) => a.wallMs - b.wallMs || a.deal.length - b.deal.length || (a.deal < b.deal ? -1 : a.deal > b.deal ? 1 : 0),
  );
}
