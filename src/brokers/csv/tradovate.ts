import type { Decimal } from "../../executions/decimal.ts";
import type { Column, HeaderName } from "./dialect.ts";
import { readFractionalPrice } from "./fractional-price.ts";

/** What all exports of Tradovate share. */
export const tradovateTimes = ["MM/DD/YYYY hh:mm:ss", "YYYY-MM-DD hh:mm:ss", "YYYY-MM-DD hh:mm"] as const;

/** `4449.00`, or `110 045` in 32nds. */
export function price(header: HeaderName | readonly HeaderName[]): Column<Decimal> {
  return { header, numeric: true, parse: readFractionalPrice };
}
