import { CellError, type Reading } from "./dialect.ts";

/** A time as executions need it, and as the file wrote it: ids are made of the text. */
export interface TimeCell {
  utcMs: number;
  text: string;
}

/**
 * Formats are written out: `YYYY-MM-DD hh:mm:ss`. YYYY or YY (20YY), MM, DD, hh, mm, ss have so many digits; M, D and h have one or
 * two; `A` is AM or PM; anything else stands for itself. A fraction may follow the seconds. `iso` is
 * `2026-03-01T10:00:00.123Z` with `T` or a blank, with or without seconds, fraction and offset.
 */
export type TimeFormat = string;

/** Reads by hand: a date costs about 100 ns so, and `Date.parse` guesses. @throws {CellError} */
export function readTimeAt(
  row: string,
  start: number,
  end: number,
  formats: readonly CompiledFormat[],
  reading: Reading,
): TimeCell {
  for (let index = 0; index < formats.length; index++) {
    if (!match(row, start, end, formats[index] as CompiledFormat)) continue;
    const { wallClockMs, offsetMs } = scanned;
    const utcMs = Number.isNaN(offsetMs) ? reading.toUtcMs(wallClockMs) : wallClockMs - offsetMs;
    return { utcMs, text: row.slice(start, end) };
  }
  const known = formats.map(({ source }) => (source === "iso" ? "YYYY-MM-DDThh:mm:ssZ" : source));
  throw new CellError("not_a_time", `a time like ${known.join(" or ")}`);
}

export interface CompiledFormat {
  source: TimeFormat;
  tokens: readonly Token[];
}

interface Token {
  field: "year" | "shortYear" | "month" | "day" | "hour" | "minute" | "second" | "half" | "iso" | null;
  /** Digits of a field; 0: one or two. */
  digits: number;
  /** What stands for itself, as a char code. */
  literal: number;
}

const fields: Record<string, { field: NonNullable<Token["field"]>; digits: number }> = {
  YYYY: { field: "year", digits: 4 },
  YY: { field: "shortYear", digits: 2 },
  MM: { field: "month", digits: 2 },
  M: { field: "month", digits: 0 },
  DD: { field: "day", digits: 2 },
  D: { field: "day", digits: 0 },
  hh: { field: "hour", digits: 2 },
  h: { field: "hour", digits: 0 },
  mm: { field: "minute", digits: 2 },
  ss: { field: "second", digits: 2 },
  A: { field: "half", digits: 0 },
};

export function compileFormat(source: TimeFormat): CompiledFormat {
  if (source === "iso") return { source, tokens: [...compileFormat("YYYY-MM-DD").tokens, iso] };
  const tokens = source.match(/YYYY|YY|MM?|DD?|hh?|mm|ss|A|./gs) ?? [];
  return {
    source,
    tokens: tokens.map((token) => {
      const known = fields[token];
      if (known !== undefined) return { ...known, literal: 0 };
      return { field: null, digits: 0, literal: token.charCodeAt(0) };
    }),
  };
}

const iso: Token = { field: "iso", digits: 0, literal: 0 };

/** What the last match found; one object for all, since a file has a time a row. `offsetMs` NaN: the text says none. */
const scanned = { wallClockMs: 0, offsetMs: Number.NaN };

function match(text: string, start: number, end: number, { tokens }: CompiledFormat): boolean {
  let position = start;
  let year = 0;
  let month = 1;
  let day = 1;
  let hour = 0;
  let minute = 0;
  let second = 0;
  let half = -1;
  let millisecond = 0;
  scanned.offsetMs = Number.NaN;
  for (let index = 0; index < tokens.length; index++) {
    const { field, digits, literal } = tokens[index] as Token;
    if (field === null) {
      if (text.charCodeAt(position++) !== literal) return false;
      continue;
    }
    if (field === "iso") {
      position = matchIsoTime(text, position, end);
      if (position < 0) return false;
      ({ hour, minute, second, millisecond } = isoTime);
      continue;
    }
    if (field === "half") {
      half = halfOfDay(text, position);
      if (half < 0) return false;
      position += 2;
      continue;
    }
    const length = digits > 0 ? digits : isDigit(text.charCodeAt(position + 1)) ? 2 : 1;
    const value = readDigits(text, position, length);
    if (value < 0) return false;
    position += length;
    if (field === "year") year = value;
    else if (field === "shortYear") year = 2000 + value;
    else if (field === "month") month = value;
    else if (field === "day") day = value;
    else if (field === "hour") hour = value;
    else if (field === "minute") minute = value;
    else {
      second = value;
      position = skipFraction(text, position);
      millisecond = fractionMs;
    }
  }
  if (position !== end) return false;
  if (half >= 0) {
    if (hour < 1 || hour > 12) return false;
    hour = (hour % 12) + half * 12;
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  const days = daysSince1970(year, month, day);
  if (Number.isNaN(days)) return false;
  scanned.wallClockMs = days * 86_400_000 + hour * 3_600_000 + minute * 60_000 + second * 1_000 + millisecond;
  return true;
}

const isoTime = { hour: 0, minute: 0, second: 0, millisecond: 0 };

/** The part of an ISO time behind its date, which may be missing: midnight. Returns the position behind it, or -1. */
function matchIsoTime(text: string, start: number, end: number): number {
  isoTime.hour = isoTime.minute = isoTime.second = isoTime.millisecond = 0;
  if (start === end) return start;
  const between = text.charCodeAt(start);
  if (between !== 84 && between !== 116 && between !== 32) return -1;
  isoTime.hour = readDigits(text, start + 1, 2);
  isoTime.minute = readDigits(text, start + 4, 2);
  if (isoTime.hour < 0 || isoTime.minute < 0 || text.charCodeAt(start + 3) !== 58) return -1;
  let position = start + 6;
  if (text.charCodeAt(position) === 58) {
    isoTime.second = readDigits(text, position + 1, 2);
    if (isoTime.second < 0) return -1;
    position = skipFraction(text, position + 3);
    isoTime.millisecond = fractionMs;
  }
  return matchOffset(text, position, end);
}

/** `Z`, ` UTC`, `+02:00`, `+0200`, `+02` or nothing. */
function matchOffset(text: string, start: number, end: number): number {
  if (start >= end) return start;
  const position = text.charCodeAt(start) === 32 ? start + 1 : start;
  const rest = text.slice(position, end);
  if (rest === "Z" || rest === "z" || rest === "UTC" || rest === "GMT") {
    scanned.offsetMs = 0;
    return end;
  }
  const sign = text.charCodeAt(position) === 43 ? 1 : text.charCodeAt(position) === 45 ? -1 : 0;
  const hours = readDigits(text, position + 1, 2);
  if (sign === 0 || hours < 0 || hours > 14) return -1;
  const colon = text.charCodeAt(position + 3) === 58 ? 1 : 0;
  const hasMinutes = end > position + 3;
  const minutes = hasMinutes ? readDigits(text, position + 3 + colon, 2) : 0;
  if (minutes < 0 || minutes > 59) return -1;
  scanned.offsetMs = sign * (hours * 60 + minutes) * 60_000;
  return hasMinutes ? position + 5 + colon : position + 3;
}

/** Milliseconds of the fraction that `skipFraction` went over; finer digits are cut off. */
let fractionMs = 0;

function skipFraction(text: string, start: number): number {
  fractionMs = 0;
  const mark = text.charCodeAt(start);
  if (mark !== 46 && !(mark === 44 && isDigit(text.charCodeAt(start + 1)))) return start;
  let position = start + 1;
  let unit = 100;
  while (isDigit(text.charCodeAt(position))) {
    fractionMs += (text.charCodeAt(position) - 48) * unit;
    unit = Math.floor(unit / 10);
    position++;
  }
  return position;
}

/** 0 before noon, 1 after, -1: neither. */
function halfOfDay(text: string, position: number): number {
  const half = text.slice(position, position + 2).toUpperCase();
  return half === "AM" ? 0 : half === "PM" ? 1 : -1;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** The number of exactly so many digits, or -1. */
function readDigits(text: string, start: number, length: number): number {
  let value = 0;
  for (let index = start; index < start + length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

const daysBeforeMonth = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

/** NaN when there is no such day: the 31st of April. */
function daysSince1970(year: number, month: number, day: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const before = daysBeforeMonth[month];
  const after = daysBeforeMonth[month + 1];
  if (before === undefined || after === undefined || month === 0) return Number.NaN;
  const length = after - before + (leap && month === 2 ? 1 : 0);
  if (day < 1 || day > length) return Number.NaN;
  const past = year - 1;
  const leapDays = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400) - 477;
  return (year - 1970) * 365 + leapDays + before + (leap && month > 2 ? 1 : 0) + day - 1;
}
