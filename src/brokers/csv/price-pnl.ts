import { absolute, type Decimal, fromProduct, one } from "../../executions/decimal.ts";
import type { Direction, Market } from "../../executions/execution.ts";
import { worth } from "../../trades/lots.ts";

export interface PricedPosition {
  market: Market;
  direction: Direction;
  quantity: Decimal;
  entryPrice: Decimal;
  exitPrice: Decimal;
  contractSize?: Decimal | null;
}

/** What a position's prices say that it made, before fees. */
export function pnlByPrices(position: PricedPosition): Decimal {
  const { market, direction, quantity, entryPrice, exitPrice, contractSize = null } = position;
  const entry = worth(market, quantity, entryPrice, contractSize);
  const exit = worth(market, quantity, exitPrice, contractSize);
  const rising = (direction === "long") !== (market === "inverse");
  return fromProduct(rising ? exit - entry : entry - exit);
}

/** A twentieth: average prices are rounded for display, PnL is not. */
const toleranceDivisor = 20n;

/**
 * The direction of a position whose row does not say it: the one whose prices make the PnL. Null: neither does, or both. `pnl` is before fees.
 */
export function directionByPnl(position: Omit<PricedPosition, "direction">, pnl: Decimal): Direction | null {
  const long = pnlByPrices({ ...position, direction: "long" });
  const tolerance = absolute(long) / toleranceDivisor + 1n;
  if (long === 0n || absolute(absolute(long) - absolute(pnl)) > tolerance) return null;
  return long < 0n === pnl < 0n ? "long" : "short";
}

/** Stated PnL that goes another way than its prices, where they are of a size: rounding does not turn a sign. */
export function contradicts(position: PricedPosition, stated: Decimal): boolean {
  const byPrices = pnlByPrices(position);
  const small = one / 1_000_000n;
  if (absolute(byPrices) <= small || absolute(stated) <= small) return false;
  return byPrices < 0n !== stated < 0n && absolute(byPrices - stated) > absolute(byPrices) / toleranceDivisor;
}
