import type { Figure } from "./figure.ts";

/**
 * The straight line through the balance after each trade, by trade number, the start (0, 0) included. Where the balance started
 * changes neither correlation nor error, so the balance counts from 0 here.
 */
export class Regression {
  trades = 0;
  #sum = 0;
  #squares = 0;
  /** Sum of trade number x balance. */
  #products = 0;

  addAll(balances: Float64Array, count: number): void {
    let sum = 0;
    let squares = 0;
    let products = 0;
    let trade = this.trades;
    for (let index = 0; index < count; index++) {
      const balance = balances[index] as number;
      trade++;
      sum += balance;
      squares += balance * balance;
      products += trade * balance;
    }
    this.trades = trade;
    this.#sum += sum;
    this.#squares += squares;
    this.#products += products;
  }

  /** `other` follows, and its balance starts at `balance`, this one's last. */
  merge(other: Regression, balance: number): void {
    const { trades } = this;
    const count = other.trades;
    this.#squares += other.#squares + 2 * balance * other.#sum + count * balance * balance;
    this.#products +=
      other.#products + trades * other.#sum + balance * ((count * (count + 1)) / 2) + trades * count * balance;
    this.#sum += other.#sum + count * balance;
    this.trades += count;
  }

  figures(): { correlation: Figure; standardError: Figure } {
    const points = this.trades + 1;
    if (points < 3) return { correlation: "too_few_trades", standardError: "too_few_trades" };
    // The start is 0, so a balance that never moved is 0 throughout.
    if (this.#squares === 0) return { correlation: "no_variation", standardError: "no_variation" };
    const spread = this.#squares - (this.#sum * this.#sum) / points;
    const trades = (points * (points * points - 1)) / 12;
    const common = this.#products - (this.trades / 2) * this.#sum;
    const unexplained = Math.max(0, spread - (common * common) / trades);
    return {
      correlation: Math.max(-1, Math.min(1, common / Math.sqrt(trades * spread))),
      standardError: Math.sqrt(unexplained / (points - 2)),
    };
  }

  /** Slope and height at trade 0, above the start. */
  line(): { slope: number; intercept: number } {
    const points = this.trades + 1;
    const trades = (points * (points * points - 1)) / 12;
    const slope = (this.#products - (this.trades / 2) * this.#sum) / trades;
    return { slope, intercept: this.#sum / points - (slope * this.trades) / 2 };
  }
}
