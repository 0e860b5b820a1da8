import { type Decimal, divideRounded, formatDecimal } from "../executions/decimal.ts";
import { amountText } from "./amount-text.ts";
import { lanesToDecimal, lanesToNumber } from "./lanes.ts";

/**
 * What the two lanes of running amounts (equity, peaks, days) count. Normally 0.0001 and 10^-18. Where the amounts of a section
 * add up to more than 900 billion (Iranian rials do), both count 10^10 times as much: exact to 8 places up to 10^21.
 */
export class LaneScale {
  readonly isWide: boolean;

  constructor(isWide: boolean) {
    this.isWide = isWide;
  }

  toNumber(high: number, low: number): number {
    return this.isWide ? lanesToNumber(high, low) * 1e10 : lanesToNumber(high, low);
  }

  toText(high: number, low: number): string {
    if (!this.isWide) return amountText(high, low);
    return formatDecimal(lanesToDecimal(high, low) * wideFactor);
  }

  /** An exact amount in this scale, as a Decimal that counts the low lane's unit. */
  fromDecimal(value: Decimal): Decimal {
    return this.isWide ? divideRounded(value, wideFactor) : value;
  }
}

const wideFactor = 10n ** 10n;

export const narrowScale = new LaneScale(false);
export const wideScale = new LaneScale(true);
/** The sum of all |amounts| from which the wide scale is needed, and that which even it cannot hold. */
export const narrowSumMax = 4e11;
export const wideSumMax = 4e21;
