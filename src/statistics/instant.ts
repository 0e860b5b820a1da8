import { dayMs, dayOf } from "./days.ts";

const zeroCode = 48;
/** `2026-03-01T10:00:00` */
const secondsLength = 19;

/**
 * The contract's time as milliseconds: RFC 3339 in UTC with `Z` and none to six fraction digits, of which three count. By hand, for
 * `Date.parse` takes longer than all figures of the trade. @throws {RangeError}
 */
export function parseInstantMs(text: string): number {
  const year = digitsAt(text, 0, 4);
  const month = digitsAt(text, 5, 2);
  const date = digitsAt(text, 8, 2);
  const hour = digitsAt(text, 11, 2);
  const minute = digitsAt(text, 14, 2);
  const second = digitsAt(text, 17, 2);
  const isShaped =
    text[4] === "-" &&
    text[7] === "-" &&
    text[10] === "T" &&
    text[13] === ":" &&
    text[16] === ":" &&
    text.endsWith("Z");
  const isInRange =
    month >= 1 && month <= 12 && date >= 1 && date <= daysIn(year, month) && hour < 24 && minute < 60 && second < 60;
  if (!isShaped || !isInRange) throw notATime(text);
  const seconds = (hour * 60 + minute) * 60 + second;
  return dayOf(year, month, date) * dayMs + seconds * 1_000 + fractionMs(text);
}

function fractionMs(text: string): number {
  const digits = text.length - secondsLength - 2;
  if (digits === -1) return 0;
  if (digits < 1 || digits > 6 || text[secondsLength] !== ".") throw notATime(text);
  let ms = 0;
  for (let index = 0; index < digits; index++) {
    const digit = digitsAt(text, secondsLength + 1 + index, 1);
    if (index < 3) ms += digit * (index === 0 ? 100 : index === 1 ? 10 : 1);
  }
  return ms;
}

function digitsAt(text: string, start: number, count: number): number {
  let value = 0;
  for (let index = start; index < start + count; index++) {
    const digit = text.charCodeAt(index) - zeroCode;
    if (!(digit >= 0 && digit <= 9)) throw notATime(text);
    value = value * 10 + digit;
  }
  return value;
}

export function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function notATime(text: string): RangeError {
  return new RangeError(`no time in UTC like 2026-03-01T10:00:00.123Z (was "${text}")`);
}

/** Always three fraction digits. */
export function formatInstant(ms: number): string {
  return new Date(ms).toISOString();
}
