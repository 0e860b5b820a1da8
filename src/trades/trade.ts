import type { Decimal } from "../executions/decimal.ts";
import type { Direction, Market } from "../executions/execution.ts";

export type CostBasisMethod = "fifo" | "lifo" | "average";
export type TradeStatus = "open" | "closed" | "void";
export type TradeFlag = "unknown_origin" | "estimated_fee" | "missing_conversion" | "pnl_mismatch" | "dust_closed";
export type LegRole = "entry" | "exit" | "funding" | "fee";

/** The part of an execution that belongs to a trade. A flip is a leg of two trades. */
export interface Leg {
  executionId: string;
  role: LegRole;
  quantity: Decimal | null;
  price: Decimal | null;
  /** The part's share in the currency of the PnL; of the role funding: the funding. Null: not known in that currency. */
  fee: Decimal | null;
  /** Gross, of an exit. */
  pnl: Decimal | null;
}

/**
 * One round trip, flat to flat: the contract's `Trade`, a revision of it.
 * net = gross - fees - funding. While it is open the four hold the realised part, with the entry fees of the closed quantity.
 */
export interface Trade {
  /** `trade:` and the id of the execution that opened it: stable whatever comes after. */
  externalId: string;
  /** From 1, raised each time that more executions change what was delivered. */
  revision: number;
  status: TradeStatus;
  origin: "derived" | "broker_reported";
  market: Market;
  symbol: string;
  baseAsset: string | null;
  quoteAsset: string | null;
  direction: Direction;
  /** Total opened, in the unit of the executions. */
  quantity: Decimal;
  openQuantity: Decimal;
  contractSize: Decimal | null;
  /** Averages; null where no price is known (unknown origin, nothing closed yet). */
  entryPrice: Decimal | null;
  exitPrice: Decimal | null;
  /** Null only with unknown_origin. */
  grossPnl: Decimal | null;
  fees: Decimal;
  /** Funding, swap, borrowing. Positive: paid. */
  funding: Decimal;
  netPnl: Decimal | null;
  pnlCurrency: string;
  openedAtMs: number;
  closedAtMs: number | null;
  initialStop: Decimal | null;
  takeProfit: Decimal | null;
  /** Money between entry and initial stop, positive. */
  initialRisk: Decimal | null;
  costBasisMethod: CostBasisMethod | null;
  executionCount: number;
  flags: TradeFlag[];
  /** The open lots as text, for the matcher alone; null once closed or void. */
  state: string | null;
  /** The legs that this revision adds. */
  legs: Leg[];
}
