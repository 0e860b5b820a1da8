import type { Decimal } from "../executions/decimal.ts";
import type { Execution } from "../executions/execution.ts";
import { groupOf } from "./group.ts";
import { addLot, type Lot, takeFromLots } from "./lots.ts";
import { emptyPosition, type Position } from "./position.ts";
import type { CostBasisMethod } from "./trade.ts";

type Named = Pick<Execution, "market" | "symbol">;

/**
 * What closed trades on spot left over, a lot a group: owned, in no trade, and taken by a later sale only when no other coins are left, so that
 * it does not matter to the trades between whether it is known to them.
 */
export class DustLots {
  readonly #lots = new Map<string, Lot>();

  /** By group; what changed last stands last. */
  get lots(): ReadonlyMap<string, Readonly<Lot>> {
    return this.#lots;
  }

  restore(group: string, dust: Readonly<Lot>): void {
    this.#lots.set(group, { ...dust });
  }

  forget(group: string): void {
    this.#lots.delete(group);
  }

  keep(trade: Named, dust: Lot): void {
    if (trade.market !== "spot") return;
    const group = groupOf(trade);
    const before = this.#lots.get(group);
    if (before !== undefined) addLot([dust], before, "average");
    this.#lots.delete(group);
    this.#lots.set(group, dust);
  }

  /** At most this much of what the group's trades left over, at what it cost; null: they left nothing. */
  take(sale: Named, quantity: Decimal): Lot | null {
    if (this.#lots.size === 0 || sale.market !== "spot") return null;
    const group = groupOf(sale);
    const dust = this.#lots.get(group);
    if (dust === undefined) return null;
    if (dust.quantity > quantity) return takeFromLots([dust], quantity, "fifo");
    this.#lots.delete(group);
    return dust;
  }
}

/** The position had this much more than it was known to. The legs of its purchase are those of the trades that left it over. */
export function joinDust(position: Position, dust: Lot, method: CostBasisMethod): void {
  addLot(position.lots, dust, method);
  position.openQuantity += dust.quantity;
  position.entryQuantity += dust.quantity;
  position.entryValue += dust.value;
}

/** A trade of its own, where none was open when dust was sold: the sale names and dates it. */
export function openFromDust(sale: Execution, dust: Lot, method: CostBasisMethod): Position {
  const position = emptyPosition(sale, "long");
  joinDust(position, dust, method);
  return position;
}
