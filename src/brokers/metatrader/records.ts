import type { Decimal } from "../../executions/decimal.ts";
import type { Direction, Side } from "../../executions/execution.ts";

/** Rows of a report as values. Times are the broker's wall clock until a zone is applied. */

/** A closed position of MetaTrader 5, or a closed ticket of MetaTrader 4: money as printed, costs negative. */
export interface ClosedRow {
  line: number;
  ticket: string;
  symbol: string;
  direction: Direction;
  volume: Decimal;
  entryPrice: Decimal;
  stop: Decimal | null;
  target: Decimal | null;
  openedWallMs: number;
  exitPrice: Decimal;
  closedWallMs: number;
  commission: Decimal;
  fee: Decimal;
  taxes: Decimal;
  swap: Decimal;
  profit: Decimal;
  comment: string;
}

export type DealDirection = "in" | "out" | "in/out" | "out by";

export interface DealRow {
  line: number;
  deal: string;
  order: string;
  symbol: string;
  side: Side;
  direction: DealDirection;
  volume: Decimal;
  price: Decimal;
  wallMs: number;
  commission: Decimal;
  fee: Decimal;
  swap: Decimal;
  profit: Decimal;
  balance: Decimal | null;
}

/** Money that is no trade: a deposit, a credit, a commission charged apart. `symbol` is empty nearly always. */
export interface EntryRow {
  line: number;
  id: string;
  type: string;
  symbol: string;
  wallMs: number;
  amount: Decimal;
}

/** What an order asked for when it was placed. */
export interface OrderLevels {
  stop: Decimal | null;
  target: Decimal | null;
}

/** An event of the strategy tester of MetaTrader 4. `profit` null: it closes nothing. */
export interface TesterEvent {
  line: number;
  wallMs: number;
  type: string;
  order: string;
  volume: Decimal;
  price: Decimal;
  stop: Decimal | null;
  target: Decimal | null;
  profit: Decimal | null;
  balance: Decimal | null;
}
