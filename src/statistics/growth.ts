import type { Block } from "./block.ts";
import type { Figure } from "./figure.ts";

/** Below this a year's rate is a guess: five good days would make thousands of percent. */
const growthDaysMin = 30;
const yearDays = 365;

/** The equity's growth from trade to trade, for the mean of its factors. */
export class Growth {
  trades = 0;
  readonly #start: number | null;
  /** Sum of balance after / balance before - 1: small numbers keep their digits. */
  #gains = 0;
  #ranOut = false;

  constructor(start: number | null) {
    this.#start = start;
  }

  /** `before`: the running total before the first of them. */
  addAll({ count, net, total }: Pick<Block, "count" | "net" | "total">, before: number): void {
    this.trades += count;
    const start = this.#start;
    if (start === null) return;
    let gains = 0;
    let balance = start + before;
    for (let index = 0; index < count; index++) {
      if (balance > 0) gains += (net[index] as number) / balance;
      else this.#ranOut = true;
      balance = start + (total[index] as number);
    }
    this.#gains += gains;
  }

  /** `other` follows. */
  merge(other: Growth): void {
    this.trades += other.trades;
    this.#gains += other.#gains;
    this.#ranOut ||= other.#ranOut;
  }

  /** Arithmetic mean of balance after / balance before (MetaTrader's AHPR). */
  arithmeticMean(): Figure {
    if (this.#start === null) return "no_starting_balance";
    if (this.trades === 0) return "no_trades";
    return this.#ranOut ? "equity_not_positive" : 1 + this.#gains / this.trades;
  }

  /** (end / start)^(1 / trades) (MetaTrader's GHPR). */
  geometricMean(total: number): Figure {
    const start = this.#start;
    if (start === null) return "no_starting_balance";
    if (this.trades === 0) return "no_trades";
    if (start <= 0 || start + total <= 0) return "equity_not_positive";
    return ((start + total) / start) ** (1 / this.trades);
  }
}

/** Compound annual growth rate: (end / start)^(365 / days) - 1. */
export function annualGrowth({ start, total, days }: { start: number | null; total: number; days: number }): Figure {
  if (start === null) return "no_starting_balance";
  if (days < growthDaysMin) return "too_few_days";
  if (start <= 0 || start + total <= 0) return "equity_not_positive";
  return ((start + total) / start) ** (yearDays / days) - 1;
}

/** Annual growth over the largest fall as a fraction. */
export function calmar(growth: Figure, drawdownFraction: Figure): Figure {
  if (typeof growth === "string") return growth;
  if (typeof drawdownFraction === "string") return drawdownFraction;
  return drawdownFraction === 0 ? "no_drawdown" : growth / drawdownFraction;
}
