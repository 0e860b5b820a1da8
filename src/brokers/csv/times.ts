import { CellError, type Reading } from "./dialect.ts";

/** A time as executions need it, and as its clock showed it. */
export interface TimeCell {
  utcMs: number;
  /**
   * `2026-03-01 10:00:00`, with `.120` where there are milliseconds, however the file writes it: ids are made of it, so that one fill in two formats is
   * one. On the file's own clock, since its zone may be corrected later; of a time with its own offset in UTC.
   */
  text: string;
  /** As the file wrote it. */
  written: string;
}

class ReadTime implements TimeCell {
  readonly utcMs: number;
  readonly #clockMs: number;
  readonly #row: string;
  readonly #start: number;
  readonly #end: number;

  constructor(utcMs: number, clockMs: number, row: string, start: number, end: number) {
    this.utcMs = utcMs;
    this.#clockMs = clockMs;
    this.#row = row;
    this.#start = start;
    this.#end = end;
  }

  /** Of most rows nobody asks for it: a cell less to cut out. */
  get written(): string {
    return this.#row.slice(this.#start, this.#end);
  }

  /** Made only where an id needs it: most files write it so already. */
  get text(): string {
    const { written } = this;
    return isPlain(written) ? written : clockText(this.#clockMs);
  }
}

/** `2026-03-01 10:00:00` and nothing else: of the times that were read, only such have these signs in these places. */
function isPlain(written: string): boolean {
  if (written.length !== 19) return false;
  const isAt = (index: number, code: number) => written.charCodeAt(index) === code;
  return isAt(4, 45) && isAt(7, 45) && isAt(10, 32) && isAt(13, 58) && isAt(16, 58);
}

/** `2026-03-01 10:00:00`, with milliseconds where there are. */
export function clockText(clockMs: number): string {
  const iso = new Date(clockMs).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${clockMs % 1_000 === 0 ? "" : iso.slice(19, 23)}`;
}

/** A time that is not on any clock of a file. */
export function timeInUtc(utcMs: number, written: string): TimeCell {
  return new ReadTime(utcMs, utcMs, written, 0, written.length);
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
  const utcMs = readUtcMsAt(row, start, end, formats, reading);
  const { wallClockMs, offsetMs } = scanned;
  return new ReadTime(utcMs, Number.isNaN(offsetMs) ? wallClockMs : utcMs, row, start, end);
}

/** As `readTimeAt`, without the text. @throws {CellError} */
export function readUtcMsAt(
  row: string,
  start: number,
  end: number,
  formats: readonly CompiledFormat[],
  reading: Reading,
): number {
  for (let index = 0; index < formats.length; index++) {
    const format = formats[index] as CompiledFormat;
    const { places } = format;
    if (!(places === null ? match(row, start, end, format) : matchPlaces(row, start, end, places, format))) continue;
    const { wallClockMs, offsetMs } = scanned;
    return Number.isNaN(offsetMs) ? reading.toUtcMs(wallClockMs) : wallClockMs - offsetMs;
  }
  // Spreadsheets and newer generations of an export write times so, whatever the export did before; it cannot mean another day.
  if (end - start >= isoCharactersMin && match(row, start, end, iso)) {
    const { wallClockMs, offsetMs } = scanned;
    return Number.isNaN(offsetMs) ? reading.toUtcMs(wallClockMs) : wallClockMs - offsetMs;
  }
  const known = formats.map(({ source }) => (source === "iso" ? "YYYY-MM-DDThh:mm:ssZ" : source));
  throw new CellError("not_a_time", `a time like ${known.join(" or ")}`);
}

export interface CompiledFormat {
  source: TimeFormat;
  /** A pair a token: the field and its digits (0: one or two); or `literal` and the char code that stands for itself. */
  tokens: Uint16Array;
  /** A shorter text does not fit. */
  charactersMin: number;
  /** Where each field stands, when all have so many digits as the format says: such times, nearly all, are read at once. */
  places: Places | null;
}

interface Places {
  year: number;
  yearDigits: number;
  month: number;
  day: number;
  /** -1: the format has none, and so of the next two. */
  hour: number;
  minute: number;
  second: number;
  /** Pairs: the place and the char code that stands there. */
  literals: Uint16Array;
}

const literal = 0;
const year = 1;
const shortYear = 2;
const month = 3;
const day = 4;
const hour = 5;
const minute = 6;
const second = 7;
const half = 8;
const isoRest = 9;

const fields: Record<string, readonly [number, number]> = {
  YYYY: [year, 4],
  YY: [shortYear, 2],
  MM: [month, 2],
  M: [month, 0],
  DD: [day, 2],
  D: [day, 0],
  hh: [hour, 2],
  h: [hour, 0],
  mm: [minute, 2],
  ss: [second, 2],
  A: [half, 0],
};

export function compileFormat(source: TimeFormat): CompiledFormat {
  if (source === "iso") {
    const { tokens, charactersMin } = compileFormat("YYYY-MM-DD");
    return { source, tokens: Uint16Array.from([...tokens, isoRest, 0]), charactersMin, places: null };
  }
  const tokens = source.match(/YYYY|YY|MM?|DD?|hh?|mm|ss|A|./gs) ?? [];
  const pairs = tokens.flatMap((token) => fields[token] ?? [literal, token.charCodeAt(0)]);
  const charactersMin = source.replace(/A/, "AM").length;
  return { source, tokens: Uint16Array.from(pairs), charactersMin, places: placesOf(tokens) };
}

const iso = compileFormat("iso");
/** With hours and minutes: a date alone would be midnight. */
const isoCharactersMin = "YYYY-MM-DD hh:mm".length;

function placesOf(tokens: readonly string[]): Places | null {
  const literals: number[] = [];
  const found = new Map<number, number>();
  let place = 0;
  for (const token of tokens) {
    const [field, digits] = fields[token] ?? [literal, 1];
    if (digits === 0) return null;
    if (field === literal) literals.push(place, token.charCodeAt(0));
    else found.set(field === shortYear ? year : field, place);
    place += digits;
  }
  const at = (field: number) => found.get(field) ?? -1;
  if (at(year) < 0 || at(month) < 0 || at(day) < 0) return null;
  return {
    year: at(year),
    yearDigits: tokens.includes("YYYY") ? 4 : 2,
    month: at(month),
    day: at(day),
    hour: at(hour),
    minute: at(minute),
    second: at(second),
    literals: Uint16Array.from(literals),
  };
}

/** As `match`, of fields whose places are known. */
function matchPlaces(text: string, start: number, end: number, at: Places, { charactersMin }: CompiledFormat): boolean {
  if (end - start < charactersMin) return false;
  const { literals } = at;
  for (let index = 0; index < literals.length; index += 2) {
    if (text.charCodeAt(start + (literals[index] as number)) !== literals[index + 1]) return false;
  }
  const first = two(text, start + at.year);
  const years = at.yearDigits === 4 ? first * 100 + two(text, start + at.year + 2) : 2000 + first;
  const days = daysSince1970(years, two(text, start + at.month), two(text, start + at.day));
  const hours = at.hour < 0 ? 0 : two(text, start + at.hour);
  const minutes = at.minute < 0 ? 0 : two(text, start + at.minute);
  const seconds = at.second < 0 ? 0 : two(text, start + at.second);
  // What is no number fails here too: it is NaN.
  if (Number.isNaN(days) || !(hours < 24 && minutes < 60 && seconds < 60)) return false;
  found[millisecond] = 0;
  const behind = start + charactersMin;
  if (behind !== end && (at.second + 2 !== charactersMin || skipFraction(text, behind, end) !== end)) return false;
  scanned.wallClockMs = days * 86_400_000 + hours * 3_600_000 + minutes * 60_000 + seconds * 1_000;
  scanned.wallClockMs += found[millisecond] as number;
  scanned.offsetMs = Number.NaN;
  return true;
}

/** The number of two digits, or NaN. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/**
 * What the last match found, in one place for all, since a file has a time a row. Of the fields by their numbers, and behind them
 * the milliseconds. `offsetMs` NaN: the text says none.
 */
const found = new Int32Array(10);
const millisecond = 9;
const scanned = { wallClockMs: 0, offsetMs: Number.NaN };

function match(text: string, start: number, end: number, { tokens, charactersMin }: CompiledFormat): boolean {
  if (end - start < charactersMin) return false;
  let position = start;
  found[hour] = found[minute] = found[second] = found[millisecond] = 0;
  found[half] = -1;
  scanned.offsetMs = Number.NaN;
  for (let index = 0; index < tokens.length; index += 2) {
    const field = tokens[index] as number;
    const detail = tokens[index + 1] as number;
    if (field === literal) {
      if (text.charCodeAt(position++) !== detail) return false;
    } else if (field === isoRest) {
      position = matchIsoTime(text, position, end);
      if (position < 0) return false;
    } else if (field === half) {
      found[half] = halfOfDay(text, position);
      if (found[half] < 0) return false;
      position += 2;
    } else {
      const length = detail > 0 ? detail : position + 1 < end && isDigit(text.charCodeAt(position + 1)) ? 2 : 1;
      const value = readDigits(text, position, length);
      if (value < 0) return false;
      position += length;
      found[field === shortYear ? year : field] = field === shortYear ? 2000 + value : value;
      if (field === second) position = skipFraction(text, position, end);
    }
  }
  return position === end && assemble();
}

/** False: there is no such time. */
function assemble(): boolean {
  let hours = found[hour] as number;
  const half12 = found[half] as number;
  if (half12 >= 0) {
    if (hours < 1 || hours > 12) return false;
    hours = (hours % 12) + half12 * 12;
  }
  const minutes = found[minute] as number;
  const seconds = found[second] as number;
  if (hours > 23 || minutes > 59 || seconds > 59) return false;
  const days = daysSince1970(found[year] as number, found[month] as number, found[day] as number);
  if (Number.isNaN(days)) return false;
  scanned.wallClockMs = days * 86_400_000 + hours * 3_600_000 + minutes * 60_000 + seconds * 1_000;
  scanned.wallClockMs += found[millisecond] as number;
  return true;
}

/** The part of an ISO time behind its date, which may be missing: midnight. Returns the position behind it, or -1. */
function matchIsoTime(text: string, start: number, end: number): number {
  if (start === end) return start;
  const between = text.charCodeAt(start);
  if (between !== 84 && between !== 116 && between !== 32) return -1;
  const hours = readDigits(text, start + 1, 2);
  const minutes = readDigits(text, start + 4, 2);
  if (hours < 0 || minutes < 0 || text.charCodeAt(start + 3) !== 58) return -1;
  found[hour] = hours;
  found[minute] = minutes;
  let position = start + 6;
  if (position < end && text.charCodeAt(position) === 58) {
    const seconds = readDigits(text, position + 1, 2);
    if (seconds < 0) return -1;
    found[second] = seconds;
    position = skipFraction(text, position + 3, end);
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

/** Finer digits than milliseconds are cut off. */
function skipFraction(text: string, start: number, end: number): number {
  if (start + 1 >= end) return start;
  const mark = text.charCodeAt(start);
  if ((mark !== 46 && mark !== 44) || !isDigit(text.charCodeAt(start + 1))) return start;
  let position = start + 1;
  let milliseconds = 0;
  for (let unit = 100; position < end && isDigit(text.charCodeAt(position)); unit = Math.floor(unit / 10)) {
    milliseconds += (text.charCodeAt(position) - 48) * unit;
    position++;
  }
  found[millisecond] = milliseconds;
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
  if (!(day >= 1 && day <= length)) return Number.NaN;
  const past = year - 1;
  const leapDays = Math.trunc(past / 4) - Math.trunc(past / 100) + Math.trunc(past / 400) - 477;
  return (year - 1970) * 365 + leapDays + before + (leap && month > 2 ? 1 : 0) + day - 1;
}
