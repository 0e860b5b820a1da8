import { type Decimal, divide, one } from "../../executions/decimal.ts";

/** Shares in London, Johannesburg and Tel Aviv are priced in hundredths. */
const minorUnits = new Map<string, string>(
  Object.entries({ GBX: "GBP", GBp: "GBP", ZAC: "ZAR", ZAc: "ZAR", ILA: "ILS" }),
);
const hundred = 100n * one;

export interface MajorUnit {
  currency: string;
  price: Decimal;
  /** How many of the price's unit are one of the currency. */
  divisor: Decimal;
}

/** 496 GBX is 4.96 GBP. */
export function inMajorUnit(currency: string, price: Decimal): MajorUnit {
  const major = minorUnits.get(currency);
  if (major === undefined) return { currency, price, divisor: one };
  return { currency: major, price: divide(price, hundred), divisor: hundred };
}
