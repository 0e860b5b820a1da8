import { type Decimal, divideRounded, one, type Product } from "../executions/decimal.ts";
import type { Market } from "../executions/execution.ts";
import type { CostBasisMethod } from "./trade.ts";

/** A part of an open position with its own entry. Value and fee are those of the quantity that is left. */
export interface Lot {
  quantity: Decimal;
  /** What the quantity was worth at entry, in the currency of the PnL. */
  value: Product;
  /** The entry's fee in the currency of the PnL. */
  fee: Decimal;
}

/**
 * What a quantity is worth at a price, in the currency of the PnL. Linear: quantity x contract size x price, exact as long as it has
 * at most 36 digits after the point. Inverse: quantity x contract size / price (PnL in the base coin), rounded half to even there.
 */
export function worth(market: Market, quantity: Decimal, price: Decimal, contractSize: Decimal | null): Product {
  const size = contractSize ?? one;
  if (market !== "inverse") return size === one ? quantity * price : divideRounded(quantity * price * size, one);
  return price === 0n ? 0n : divideRounded(quantity * size * one, price);
}

/** Average entry price: the quantity weighs; harmonic for inverse contracts, so that it is the price that gives the PnL. */
export function averagePrice(
  market: Market,
  quantity: Decimal,
  value: Product,
  contractSize: Decimal | null,
): Decimal | null {
  const size = contractSize ?? one;
  if (quantity === 0n || size === 0n) return null;
  if (market !== "inverse") return divideRounded(value * one, quantity * size);
  return value === 0n ? null : divideRounded(quantity * size * one, value);
}

/** Under average cost a position is one lot; else each entry is its own. */
export function addLot(lots: Lot[], lot: Lot, method: CostBasisMethod): void {
  const merged = method === "average" ? lots[0] : undefined;
  if (merged === undefined) {
    lots.push(lot);
    return;
  }
  merged.quantity += lot.quantity;
  merged.value += lot.value;
  merged.fee += lot.fee;
}

/**
 * Takes a quantity out of the lots, in the order of the method. A part of a lot takes its share of value and fee, rounded half to
 * even, and leaves the rest in the lot: what is taken in any number of parts adds up to the whole exactly.
 * The lots must hold at least the quantity.
 */
export function takeFromLots(lots: Lot[], quantity: Decimal, method: CostBasisMethod): Lot {
  const next = method === "lifo" ? lots.at(-1) : lots[0];
  if (next !== undefined && quantity > 0n) {
    // Nearly always one lot is enough: no sums, then.
    if (next.quantity === quantity) return (method === "lifo" ? lots.pop() : lots.shift()) ?? next;
    if (next.quantity > quantity) return takePart(next, quantity);
  }
  const taken: Lot = { quantity: 0n, value: 0n, fee: 0n };
  let consumed = 0;
  while (taken.quantity < quantity) {
    const index = method === "lifo" ? lots.length - 1 : consumed;
    const lot = lots[index];
    if (lot === undefined) throw new RangeError("more was taken from the lots than they hold");
    const wanted = quantity - taken.quantity;
    if (lot.quantity <= wanted) {
      add(taken, lot);
      if (method === "lifo") lots.pop();
      else consumed++;
    } else {
      add(taken, takePart(lot, wanted));
    }
  }
  if (consumed > 0) lots.splice(0, consumed);
  return taken;
}

function takePart(lot: Lot, quantity: Decimal): Lot {
  const value = divideRounded(lot.value * quantity, lot.quantity);
  const fee = divideRounded(lot.fee * quantity, lot.quantity);
  lot.quantity -= quantity;
  lot.value -= value;
  lot.fee -= fee;
  return { quantity, value, fee };
}

function add(sum: Lot, lot: Lot): void {
  sum.quantity += lot.quantity;
  sum.value += lot.value;
  sum.fee += lot.fee;
}

/** A share of an amount, rounded half to even; the other share is the amount less this one. */
export function shareOf(amount: Decimal, part: Decimal, whole: Decimal): Decimal {
  return whole === 0n ? 0n : divideRounded(amount * part, whole);
}
