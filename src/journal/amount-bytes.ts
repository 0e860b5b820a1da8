import { minus, none, point, quote, zero } from "./json-bytes.ts";

/** Before the point: more do not fit the lanes. */
const integerDigitsMax = 11;
/** After the point, of the high lane and of the low one. */
const highDigits = 4;
const lowDigits = 14;
const powersOfTen = Array.from({ length: lowDigits + 1 }, (_, exponent) => 10 ** exponent);

/**
 * Reads a decimal in JSON, `"-12.50"`, into two numbers side by side: the lanes of `Amount`, by the same rules as its `read`. Says where
 * it ended; `none`: it is none, or does not fit the lanes.
 */
export function readAmountBytes(bytes: Uint8Array, at: number, into: Float64Array, place: number): number {
  if (bytes[at] !== quote) return none;
  const negative = bytes[at + 1] === minus;
  const start = negative ? at + 2 : at + 1;
  let index = start;
  let high = 0;
  let digit = (bytes[index] as number) - zero;
  while (digit >= 0 && digit <= 9) {
    high = high * 10 + digit;
    digit = (bytes[++index] as number) - zero;
  }
  if (index === start || index - start > integerDigitsMax) return none;
  let low = 0;
  if (bytes[index] === point) {
    const highStart = ++index;
    const highEnd = highStart + highDigits;
    digit = (bytes[index] as number) - zero;
    while (digit >= 0 && digit <= 9 && index < highEnd) {
      high = high * 10 + digit;
      digit = (bytes[++index] as number) - zero;
    }
    if (index === highStart) return none;
    high *= powersOfTen[highEnd - index] as number;
    const lowEnd = highEnd + lowDigits;
    while (digit >= 0 && digit <= 9 && index < lowEnd) {
      low = low * 10 + digit;
      digit = (bytes[++index] as number) - zero;
    }
    if (index > highEnd) low *= powersOfTen[lowEnd - index] as number;
  } else high *= powersOfTen[highDigits] as number;
  if (bytes[index] !== quote) return none;
  // 0 - x and not -x: there is no -0 then.
  into[place] = negative ? 0 - high : high;
  into[place + 1] = negative ? 0 - low : low;
  return index + 1;
}
