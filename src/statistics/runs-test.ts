import type { Figure } from "./figure.ts";
import { breakeven, type Outcome } from "./streaks.ts";

/** Alternations of wins and losses, as the Wald-Wolfowitz test counts them: a breakeven is passed over. */
export class RunsTest {
  wins = 0;
  losses = 0;
  runs = 0;
  #first: Outcome = breakeven;
  #last: Outcome = breakeven;

  /** So many of one outcome, one after the other. */
  add(outcome: Outcome, count: number): void {
    if (outcome === breakeven) return;
    if (outcome > 0) this.wins += count;
    else this.losses += count;
    if (outcome === this.#last) return;
    this.runs++;
    if (this.#last === breakeven) this.#first = outcome;
    this.#last = outcome;
  }

  merge(other: RunsTest): void {
    if (other.runs === 0) return;
    this.runs += other.runs - (other.#first === this.#last ? 1 : 0);
    if (this.#last === breakeven) this.#first = other.#first;
    this.#last = other.#last;
    this.wins += other.wins;
    this.losses += other.losses;
  }

  /** Above 0: wins and losses alternate more than chance has it; below: they cluster. The 0.5 corrects for continuity. */
  zScore(): Figure {
    const { wins, losses, runs } = this;
    if (wins === 0) return "no_wins";
    if (losses === 0) return "no_losses";
    const decided = wins + losses;
    const product = 2 * wins * losses;
    if (product === decided) return "no_variation";
    return (decided * (runs - 0.5) - product) / Math.sqrt((product * (product - decided)) / (decided - 1));
  }
}
