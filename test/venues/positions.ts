import { absolute, type Decimal, minimum } from "../../src/executions/decimal.ts";
import { share } from "./amounts.ts";

export type PositionSide = "BOTH" | "LONG" | "SHORT";

/**
 * An open position as the venue keeps it: average cost. `cost` is the sum of what was opened, in the settle asset (linear: quote, inverse: base
 * units of the contracts). What a partial close takes from it is rounded to 8 digits and the rest stays, so that the PnL of a position from flat
 * to flat is exactly what came in less what went out.
 */
export interface Position {
  /** Positive: long. */
  quantity: Decimal;
  /** Never negative. */
  cost: Decimal;
  updatedMs: number;
}

export interface Applied {
  realizedPnl: Decimal;
  closed: Decimal;
  opened: Decimal;
}

const digits = 8;

/** `signed`: bought positive, sold negative; `value`: what the fill is worth in the settle asset. Changes the position. */
export function applyFill(position: Position, signed: Decimal, value: Decimal, inverse: boolean): Applied {
  const held = absolute(position.quantity);
  const size = absolute(signed);
  const closing = position.quantity !== 0n && position.quantity < 0n !== signed < 0n;
  const closed = closing ? minimum(held, size) : 0n;
  const valueClosed = closed === size ? value : share(value, closed, size, digits);
  const released = closed === held ? position.cost : share(position.cost, closed, held, digits);
  const rising = position.quantity > 0n !== inverse;
  const realizedPnl = closed === 0n ? 0n : rising ? valueClosed - released : released - valueClosed;
  position.quantity += signed;
  position.cost += (closed === 0n ? 0n : -released) + (closed === size ? 0n : value - valueClosed);
  return { realizedPnl, closed, opened: size - closed };
}

/** What hedge mode refuses: more closed than the side holds. */
export function refusesSide(position: Position, side: PositionSide, signed: Decimal): boolean {
  const after = position.quantity + signed;
  return (side === "LONG" && after < 0n) || (side === "SHORT" && after > 0n);
}
