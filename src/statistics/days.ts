/** Days are whole numbers since 1970-01-01, a Thursday, in the user's zone. */
export const dayMs = 86_400_000;

/** 1 (Monday) to 7. */
export function weekdayOf(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

export interface CalendarDate {
  year: number;
  /** 1 to 12. */
  month: number;
  /** 1 to 31. */
  date: number;
}

/** The proleptic Gregorian calendar, by eras of 400 years that begin in March (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
export function dateOf(day: number): CalendarDate {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    date: dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
  };
}

export function dayOf(year: number, month: number, date: number): number {
  const fromMarch = (month + 9) % 12;
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = Math.floor((153 * fromMarch + 2) / 5) + date - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

export interface DayFacts extends CalendarDate {
  day: number;
  weekday: number;
  /** The day number of the week's Monday: one a week, whatever the year. */
  monday: number;
  /** year x 12 + month - 1, year x 4 + quarter - 1: one a month and quarter. */
  monthNumber: number;
  quarterNumber: number;
}

export function factsOf(day: number): DayFacts {
  const date = dateOf(day);
  const weekday = weekdayOf(day);
  return {
    ...date,
    day,
    weekday,
    monday: day - weekday + 1,
    monthNumber: date.year * 12 + date.month - 1,
    quarterNumber: date.year * 4 + Math.floor((date.month - 1) / 3),
  };
}

const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`);
const four = (value: number): string => (value > 999 ? `${value}` : `${value}`.padStart(4, "0"));

/** Users and their periods share days. */
const dayKeys = new Map<number, string>();
const dayKeysMax = 20_000;

/** 2026-02-28 */
export function dayKey(day: number): string {
  const known = dayKeys.get(day);
  if (known !== undefined) return known;
  const { year, month, date } = dateOf(day);
  const key = `${four(year)}-${two(month)}-${two(date)}`;
  if (dayKeys.size < dayKeysMax) dayKeys.set(day, key);
  return key;
}

/** 2026-W09: the ISO week of the ISO year, which is that of the week's Thursday. */
export function weekKey(monday: number): string {
  const { year } = dateOf(monday + 3);
  const week = Math.floor((monday + 3 - dayOf(year, 1, 1)) / 7) + 1;
  return `${four(year)}-W${two(week)}`;
}

export function monthKey(monthNumber: number): string {
  return `${four(Math.floor(monthNumber / 12))}-${two((monthNumber % 12) + 1)}`;
}

export function quarterKey(quarterNumber: number): string {
  return `${four(Math.floor(quarterNumber / 4))}-Q${(quarterNumber % 4) + 1}`;
}

export function yearKey(year: number): string {
  return four(year);
}

export interface DaySpan {
  firstDay: number;
  /** Not of it any more. */
  endDay: number;
}

export function weekSpan(monday: number): DaySpan {
  return { firstDay: monday, endDay: monday + 7 };
}

export function monthSpan(monthNumber: number): DaySpan {
  return monthsFrom(monthNumber, 1);
}

export function quarterSpan(quarterNumber: number): DaySpan {
  return monthsFrom(quarterNumber * 3, 3);
}

export function yearSpan(year: number): DaySpan {
  return monthsFrom(year * 12, 12);
}

function monthsFrom(monthNumber: number, count: number): DaySpan {
  const end = monthNumber + count;
  return {
    firstDay: dayOf(Math.floor(monthNumber / 12), (monthNumber % 12) + 1, 1),
    endDay: dayOf(Math.floor(end / 12), (end % 12) + 1, 1),
  };
}
