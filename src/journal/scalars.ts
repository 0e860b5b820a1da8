import "../jitless.ts";
import { type } from "arktype";
import { costBasisMethods, decimalPattern, hashPattern, idPattern, markets } from "./fields.ts";
import { parseTimestamp } from "./timestamp.ts";

/** What the platform's shapes are made of. */
export const text = type("string");
export const textOrNull = type("string | null");
export const count = type("number.integer >= 0");
export const decimal = text
  .narrow((value) => decimalPattern.test(value))
  .describe("a decimal number as text, with at most 30 digits before the point and 18 after");
export const timestamp = text
  .narrow((value) => parseTimestamp(value) !== null)
  .describe("a time in UTC like 2026-03-01T10:00:00.123Z");
export const hash = text.narrow((value) => hashPattern.test(value)).describe("64 hexadecimal digits");
export const id = type("number.integer >= 0").or(
  text.narrow((value) => idPattern.test(value)).describe("1 to 64 characters of A-Z a-z 0-9 _ -"),
);
export const decimalOrNull = decimal.or("null");
export const timestampOrNull = timestamp.or("null");
export const countOrNull = count.or("null");
export const integerOrNull = type("number.integer | null");
export const booleanOrNull = type("boolean | null");
export const externalId = type("1 <= string <= 191");
export const market = type.enumerated(...markets);
export const costBasisMethod = type.enumerated(...costBasisMethods);
