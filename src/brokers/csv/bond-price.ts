import { type Decimal, divideRounded } from "../../executions/decimal.ts";

/** Bonds are quoted in percent of their nominal value, and their quantities are nominal values. */
export function priceOfBond(percent: Decimal): Decimal {
  return divideRounded(percent, 100n);
}
