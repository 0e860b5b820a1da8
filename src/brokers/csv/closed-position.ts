import { absolute, type Decimal, divideRounded, integerDigitsMax, one } from "../../executions/decimal.ts";
import type { Direction, Execution } from "../../executions/execution.ts";
import { externalIdCharactersMax, externalIdOf, rowIdOf, type Venue } from "../../executions/identify.ts";
import { checkNames, checkTime, NormaliseError } from "../../executions/normalise.ts";
import type { Trade, TradeFlag } from "../../trades/trade.ts";

/** A closed position as a broker reports it, before the part that all sources share. What is left out is not known. */
export interface ClosedPosition
  extends Pick<Execution, "market" | "symbol">,
    Partial<Pick<Execution, "baseAsset" | "quoteAsset" | "contractSize">> {
  /** The broker's own id of the closed position; null: the id is made of the row (`identity`). */
  id: string | null;
  /** As an execution's. */
  identity?: readonly string[];
  direction: Direction;
  quantity: Decimal;
  /** Averages; null where the broker does not say. */
  entryPrice: Decimal | null;
  exitPrice: Decimal | null;
  /** As stated, before fees and funding. Where only the net is stated: with the fees in it that are known. */
  grossPnl: Decimal;
  /** Positive: paid. */
  fees?: Decimal;
  funding?: Decimal;
  pnlCurrency: string | null;
  openedAtMs: number;
  closedAtMs: number;
  initialStop?: Decimal | null;
  takeProfit?: Decimal | null;
  flags?: readonly TradeFlag[];
}

/** `isRowId`: it is made of the row, and lacks the occurrence. */
export interface TradeId {
  externalId: string;
  isRowId: boolean;
}

export function tradeIdOf(closed: Pick<ClosedPosition, "id" | "identity">, venue: Venue): TradeId {
  const { id, identity } = closed;
  if (id !== null) {
    const externalId = `trade:${externalIdOf(venue, id)}`;
    const fits = externalId.length <= externalIdCharactersMax;
    return {
      externalId: fits ? externalId : `trade:${rowIdOf({ ...venue, symbol: "" }, [venue.symbol, id])}`,
      isRowId: false,
    };
  }
  if (identity === undefined) throw new Error(`a position of ${venue.broker} has neither an id nor an identity`);
  // The longest symbol still leaves room for a row's hash and its occurrence.
  return { externalId: `trade:${rowIdOf(venue, identity)}`, isRowId: true };
}

const amountMax = 10n ** BigInt(integerDigitsMax) * one;

/** The trade, whole, in its first revision: the importer compares it with what is stored. @throws {NormaliseError} */
export function closedTrade(closed: ClosedPosition, externalId: string): Trade {
  const { grossPnl, fees = 0n, funding = 0n, quantity, pnlCurrency, symbol } = closed;
  const { baseAsset = null, quoteAsset = null, initialStop = null } = closed;
  checkNames({ symbol, baseAsset, quoteAsset, settleAsset: pnlCurrency });
  checkTime(closed.openedAtMs);
  checkTime(closed.closedAtMs);
  if (closed.closedAtMs < closed.openedAtMs) {
    throw new NormaliseError("contradiction", "a position that was closed before it was opened", "executedAtMs");
  }
  if (quantity <= 0n) throw new NormaliseError("not_positive", "the quantity must be above zero", "quantity");
  if (pnlCurrency === null) {
    const what = "what the profit is paid in: neither a column nor the symbol says it (--currency says it)";
    throw new NormaliseError("currency_unknown", what, "quoteAsset");
  }
  const netPnl = grossPnl - fees - funding;
  const initialRisk = initialStop === null ? null : riskOf(closed, initialStop);
  const amounts = [quantity, grossPnl, fees, funding, netPnl, initialRisk ?? 0n, closed.contractSize ?? 0n];
  if (amounts.some((amount) => absolute(amount) >= amountMax)) {
    throw new NormaliseError("too_large", `at most ${integerDigitsMax} digits before the point`, "realizedPnl");
  }
  return {
    externalId,
    revision: 1,
    status: "closed",
    origin: "broker_reported",
    market: closed.market,
    symbol,
    baseAsset,
    quoteAsset,
    direction: closed.direction,
    quantity,
    openQuantity: 0n,
    contractSize: closed.contractSize ?? null,
    entryPrice: closed.entryPrice,
    exitPrice: closed.exitPrice,
    grossPnl,
    fees,
    funding,
    netPnl,
    pnlCurrency,
    openedAtMs: closed.openedAtMs,
    closedAtMs: closed.closedAtMs,
    initialStop,
    takeProfit: closed.takeProfit ?? null,
    initialRisk,
    costBasisMethod: null,
    executionCount: 0,
    flags: [...(closed.flags ?? [])].sort(),
    state: null,
    legs: [],
  };
}

/**
 * Money between entry and stop, by what a move of the price paid: gross / move. Null where that cannot be said: the price did not move, the
 * profit contradicts the move, or the stop lies past the entry.
 */
function riskOf({ direction, entryPrice, exitPrice, grossPnl }: ClosedPosition, stop: Decimal): Decimal | null {
  if (entryPrice === null || exitPrice === null) return null;
  const towards = (from: Decimal, to: Decimal) => (direction === "long" ? to - from : from - to);
  const move = towards(entryPrice, exitPrice);
  const distance = towards(stop, entryPrice);
  if (move === 0n || distance <= 0n || move < 0n !== grossPnl < 0n) return null;
  return divideRounded(distance * absolute(grossPnl), absolute(move));
}
