import { absolute, divideRounded, one } from "../executions/decimal.ts";
import type { Market } from "../executions/execution.ts";
import type { Amount } from "./amount.ts";

/** Relative, of a product of three floats read from text, with a margin: 2^-53 for each of about ten roundings. */
const floatError = 2e-15;

/**
 * What a trade opened, in the currency of its P&L: quantity x contract size x entry price, of inverse contracts quantity x contract
 * size / entry price, rounded half to even to 8 places. Floats do where they leave no doubt about the last place, bigints else.
 * False: not known.
 */
export function readVolume(
  into: Amount,
  {
    market,
    quantity,
    contractSize,
    price,
  }: { market: Market; quantity: Amount; contractSize: Amount | null; price: Amount },
): boolean {
  const isInverse = market === "inverse";
  if (isInverse && price.isZero) return false;
  const size = contractSize === null ? 1 : contractSize.toNumber();
  const opened = Math.abs(quantity.toNumber() * size);
  const paid = Math.abs(price.toNumber());
  const units = (isInverse ? opened / paid : opened * paid) * 1e8;
  const rounded = Math.round(units);
  if (rounded <= Number.MAX_SAFE_INTEGER && Math.abs(units - rounded) + units * floatError < 0.5) {
    const high = Math.floor(rounded / 10_000);
    into.high = high;
    into.low = (rounded - high * 10_000) * 1e10;
    into.wide = null;
    return true;
  }
  const product = absolute(quantity.toDecimal() * (contractSize === null ? one : contractSize.toDecimal()));
  const cost = absolute(price.toDecimal());
  const exact = isInverse
    ? divideRounded(product, cost * 10n ** 10n)
    : divideRounded(product * cost, one * one * 10n ** 10n);
  into.setDecimal(exact * 10n ** 10n);
  return true;
}
