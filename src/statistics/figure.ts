/** Why a figure is undefined; the contract's words. */
export const nullReasons = [
  "no_trades",
  "no_wins",
  "no_losses",
  "no_drawdown",
  "no_variation",
  "no_initial_risk",
  "no_starting_balance",
  "equity_not_positive",
  "too_few_trades",
  "too_few_days",
  "unknown_amount",
] as const;
export type NullReason = (typeof nullReasons)[number];

/** A number, or why there is none: never NaN, never infinite, never a stand-in. */
export type Figure = number | NullReason;

/** What a deviation must exceed to be one: floats leave a trace where every value is the same. */
export function isVariation(deviation: number, mean: number): boolean {
  return deviation > 1e-12 * Math.max(1, Math.abs(mean));
}
