import type { Direction, Market } from "../executions/execution.ts";
import { parseInstantMs } from "./instant.ts";

/** As the platform gives it: a number, or text. */
export type Id = number | string;

/**
 * What the statistics need of a closed trade. Amounts are decimal text, as they come: they are read once, by the summary, into
 * exact numbers of its own, since nine bigints a trade would cost more than all figures.
 */
export interface ClosedTrade {
  id: Id;
  accountId: Id;
  broker: string;
  market: Market;
  symbol: string;
  direction: Direction;
  openedAtMs: number;
  closedAtMs: number;
  quantity: string;
  contractSize: string | null;
  entryPrice: string | null;
  grossPnl: string | null;
  fees: string;
  funding: string;
  /** Null: not known, the trade is left out. */
  netPnl: string | null;
  pnlCurrency: string;
  pnlInBaseCurrency: string | null;
  /** In which `pnlInBaseCurrency` is. */
  baseCurrency: string | null;
  rMultiple: string | null;
}

/** The fields of the contract's `StoredTrade` that a closed trade is made of. */
export interface StoredClosedTrade {
  trade_id: Id;
  account_id: Id;
  broker: string;
  status: string;
  market: Market;
  symbol: string;
  direction: Direction;
  opened_at: string;
  closed_at: string | null;
  quantity: string;
  contract_size: string | null;
  entry_price: string | null;
  gross_pnl: string | null;
  fees: string;
  funding: string;
  net_pnl: string | null;
  pnl_currency: string;
  pnl_in_base_currency: string | null;
  base_currency: string | null;
  r_multiple: string | null;
}

/** Null: it is not closed. @throws {RangeError} a time that is none */
export function closedTradeOf(stored: StoredClosedTrade): ClosedTrade | null {
  if (stored.status !== "closed" || stored.closed_at === null) return null;
  return {
    id: stored.trade_id,
    accountId: stored.account_id,
    broker: stored.broker,
    market: stored.market,
    symbol: stored.symbol,
    direction: stored.direction,
    openedAtMs: parseInstantMs(stored.opened_at),
    closedAtMs: parseInstantMs(stored.closed_at),
    quantity: stored.quantity,
    contractSize: stored.contract_size,
    entryPrice: stored.entry_price,
    grossPnl: stored.gross_pnl,
    fees: stored.fees,
    funding: stored.funding,
    netPnl: stored.net_pnl,
    pnlCurrency: stored.pnl_currency,
    pnlInBaseCurrency: stored.pnl_in_base_currency,
    baseCurrency: stored.base_currency,
    rMultiple: stored.r_multiple,
  };
}

const digits = /^\d+$/;

/** Numbers first and by size, in text too; then other text by its characters (a ULID's are its time). */
export function compareIds(a: Id, b: Id): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const left = `${a}`;
  const right = `${b}`;
  const isLeftNumber = digits.test(left);
  if (isLeftNumber !== digits.test(right)) return isLeftNumber ? -1 : 1;
  if (isLeftNumber && left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}
