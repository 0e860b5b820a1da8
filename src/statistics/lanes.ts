import type { Decimal } from "../executions/decimal.ts";

/**
 * Exact amounts as two doubles that hold integers: `high` counts 0.0001, `low` counts 10^-18. Text is read straight into them and a
 * sum is two additions, where a bigint would be made for every amount and every sum.
 */
export const lowBase = 1e14;
export const lowBaseDecimal = 10n ** 14n;

export function lanesToDecimal(high: number, low: number): Decimal {
  return BigInt(high) * lowBaseDecimal + BigInt(low);
}

export function lanesToNumber(high: number, low: number): number {
  if (low === 0) return high / 10_000;
  // With unequal signs 1 - 0.99999999 would cost a small amount its digits.
  if (high > 0 && low < 0) return (high - 1 + (low + lowBase) / lowBase) / 10_000;
  if (high < 0 && low > 0) return (high + 1 + (low - lowBase) / lowBase) / 10_000;
  return (high + low / lowBase) / 10_000;
}
