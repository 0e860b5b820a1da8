import { type Decimal, parseDecimal } from "../../executions/decimal.ts";
import { type ClosedTrade, compareIds, type Id } from "../../statistics/closed-trade.ts";

/** A trade that stands out. */
export interface NotableTrade {
  id: Id;
  symbol: string;
  direction: ClosedTrade["direction"];
  openedAtMs: number;
  closedAtMs: number;
  /** Exact, in the section's currency. */
  net: string;
}

const keptMax = 5;

interface Kept extends NotableTrade {
  amount: Decimal;
}

/** The trades that won and lost most, in whatever order they come; of equals the earlier close. */
export class Extremes {
  readonly best: Kept[] = [];
  readonly worst: Kept[] = [];

  add(trade: ClosedTrade, net: string): void {
    const number = Number(net);
    // The float tells most trades that they have no place here; equal ones are compared exactly.
    if (number > 0 && !(number < this.limit(this.best))) this.insert(this.best, trade, net, -1);
    if (number < 0 && !(number > this.limit(this.worst))) this.insert(this.worst, trade, net, 1);
  }

  /** What the last of a full list has. */
  private limit(list: readonly Kept[]): number {
    const last = list[keptMax - 1];
    return last === undefined ? Number.NaN : Number(last.net);
  }

  /** `sign` 1: the smallest first. */
  private insert(list: Kept[], trade: ClosedTrade, net: string, sign: 1 | -1): void {
    const { id, symbol, direction, openedAtMs, closedAtMs } = trade;
    list.push({ id, symbol, direction, openedAtMs, closedAtMs, net, amount: parseDecimal(net) });
    list.sort((a, b) => {
      if (a.amount !== b.amount) return a.amount < b.amount === sign > 0 ? -1 : 1;
      return a.closedAtMs - b.closedAtMs || compareIds(a.id, b.id);
    });
    if (list.length > keptMax) list.length = keptMax;
  }
}
