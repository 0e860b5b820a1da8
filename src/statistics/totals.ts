import type { Amount } from "./amount.ts";
import { ExactSum } from "./exact-sum.ts";
import type { Figure } from "./figure.ts";
import { loss, type Outcome, win } from "./streaks.ts";

/** What a trade adds to the figures that need no order. */
export interface Entry {
  outcome: Outcome;
  isLong: boolean;
  net: Amount;
  holdingSeconds: number;
}

/** What only the currency of the P&L knows: there is no amount of them in the base currency. Null: unknown of this trade. */
export interface Costs {
  gross: Amount | null;
  fees: Amount;
  funding: Amount;
  volume: Amount | null;
}

/** Counts and exact sums: in any order, any split, the same to the last digit. */
export class Totals {
  wins = 0;
  losses = 0;
  breakevens = 0;
  longTrades = 0;
  readonly net = new ExactSum();
  readonly profit = new ExactSum();
  /** Of the losses, as a positive amount. */
  readonly loss = new ExactSum();
  winSeconds = 0;
  lossSeconds = 0;
  breakevenSeconds = 0;

  readonly gross = new ExactSum();
  readonly fees = new ExactSum();
  readonly funding = new ExactSum();
  readonly volume = new ExactSum();
  /** Trades of which it is not known. */
  grossUnknown = 0;
  volumeUnknown = 0;
  costsUnknown = 0;

  get trades(): number {
    return this.wins + this.losses + this.breakevens;
  }

  /** Without `costs` they are not known. */
  add({ outcome, isLong, net, holdingSeconds }: Entry, costs: Costs | null): void {
    this.net.addAmount(net);
    if (outcome === win) {
      this.wins++;
      this.profit.addAmount(net);
      this.winSeconds += holdingSeconds;
    } else if (outcome === loss) {
      this.losses++;
      this.loss.subtractAmount(net);
      this.lossSeconds += holdingSeconds;
    } else {
      this.breakevens++;
      this.breakevenSeconds += holdingSeconds;
    }
    if (isLong) this.longTrades++;
    if (costs === null) this.costsUnknown++;
    else this.addCosts(costs);
  }

  private addCosts({ gross, fees, funding, volume }: Costs): void {
    if (gross === null) this.grossUnknown++;
    else this.gross.addAmount(gross);
    this.fees.addAmount(fees);
    this.funding.addAmount(funding);
    if (volume === null) this.volumeUnknown++;
    else this.volume.addAmount(volume);
  }

  merge(other: Totals): void {
    this.wins += other.wins;
    this.losses += other.losses;
    this.breakevens += other.breakevens;
    this.longTrades += other.longTrades;
    this.net.merge(other.net);
    this.profit.merge(other.profit);
    this.loss.merge(other.loss);
    this.winSeconds += other.winSeconds;
    this.lossSeconds += other.lossSeconds;
    this.breakevenSeconds += other.breakevenSeconds;
    this.grossUnknown += other.grossUnknown;
    this.volumeUnknown += other.volumeUnknown;
    this.costsUnknown += other.costsUnknown;
    if (other.costsUnknown === other.trades) return;
    this.gross.merge(other.gross);
    this.fees.merge(other.fees);
    this.funding.merge(other.funding);
    this.volume.merge(other.volume);
  }
}

export interface OutcomeFigures {
  winRate: Figure;
  lossRate: Figure;
  breakevenRate: Figure;
  winRateExBreakeven: Figure;
  profitFactor: Figure;
  expectancyRatio: Figure;
  payoffRatio: Figure;
  kelly: Figure;
}

/** With a breakeven band away from zero a win can be an amount below it, a loss one above: then they are none for a ratio. */
export function outcomeFigures(totals: Totals): OutcomeFigures {
  const { wins, losses, breakevens, trades } = totals;
  const decided = wins + losses;
  const share = (count: number): Figure => (trades === 0 ? "no_trades" : count / trades);
  const profit = totals.profit.toNumber();
  const lost = totals.loss.toNumber();
  const averageLoss: Figure = lost > 0 ? lost / losses : "no_losses";
  const payoff: Figure = payoffRatio(profit > 0 ? profit / wins : "no_wins", averageLoss);
  return {
    winRate: share(wins),
    lossRate: share(losses),
    breakevenRate: share(breakevens),
    winRateExBreakeven: decided === 0 ? "no_wins" : wins / decided,
    profitFactor: lost > 0 ? profit / lost : "no_losses",
    expectancyRatio: typeof averageLoss === "string" ? averageLoss : totals.net.toNumber() / trades / averageLoss,
    payoffRatio: payoff,
    kelly: typeof payoff === "string" ? payoff : wins / decided - losses / decided / payoff,
  };
}

function payoffRatio(averageWin: Figure, averageLoss: Figure): Figure {
  if (typeof averageWin === "string") return averageWin;
  return typeof averageLoss === "string" ? averageLoss : averageWin / averageLoss;
}
