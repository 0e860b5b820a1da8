import { type Figure, isVariation } from "./figure.ts";

/** Count, mean and spread of floats in one pass (Welford); two of them merge into one (Chan). */
export class Moments {
  count = 0;
  mean = 0;
  /** Sum of the squared distances from the mean. */
  squares = 0;

  add(value: number): void {
    this.count++;
    const distance = value - this.mean;
    this.mean += distance / this.count;
    this.squares += distance * (value - this.mean);
  }

  /** Of many at once: their own mean and spread first, which needs no division for each. */
  addAll(values: Float64Array, count: number): void {
    if (count === 0) return;
    let sum = 0;
    for (let index = 0; index < count; index++) sum += values[index] as number;
    const mean = sum / count;
    let squares = 0;
    for (let index = 0; index < count; index++) {
      const distance = (values[index] as number) - mean;
      squares += distance * distance;
    }
    this.mergeRun(count, mean, squares);
  }

  merge(other: Moments): void {
    this.mergeRun(other.count, other.mean, other.squares);
  }

  /** As `times` calls of add(0). */
  addZeros(times: number): void {
    this.mergeRun(times, 0, 0);
  }

  private mergeRun(count: number, mean: number, squares: number): void {
    if (count === 0) return;
    const total = this.count + count;
    const distance = mean - this.mean;
    this.squares += squares + distance * distance * ((this.count * count) / total);
    this.mean += distance * (count / total);
    this.count = total;
  }

  /** Divided by n - 1. */
  deviation(): Figure {
    if (this.count < 2) return "too_few_trades";
    const deviation = Math.sqrt(this.squares / (this.count - 1));
    return isVariation(deviation, this.mean) ? deviation : "no_variation";
  }
}

/** Van Tharp's System Quality Number. With `countMax` the root is taken of at most so many, so that long series stay comparable. */
export function systemQuality(moments: Moments, countMax = Number.POSITIVE_INFINITY): Figure {
  const deviation = moments.deviation();
  if (typeof deviation === "string") return deviation;
  return (Math.sqrt(Math.min(moments.count, countMax)) * moments.mean) / deviation;
}

export interface RiskFigures {
  /** Trades with an R multiple. */
  trades: number;
  expectancy: Figure;
  quality: Figure;
  quality100: Figure;
}

/** Of the R multiples: net P&L over initial risk. Trades without an initial risk are left out of all of them. */
export function riskFigures(multiples: Moments): RiskFigures {
  if (multiples.count === 0) {
    return { trades: 0, expectancy: "no_initial_risk", quality: "no_initial_risk", quality100: "no_initial_risk" };
  }
  return {
    trades: multiples.count,
    expectancy: multiples.mean,
    quality: systemQuality(multiples),
    quality100: systemQuality(multiples, 100),
  };
}
