import { CellError, type Column, type Reading } from "./dialect.ts";
import { compileFormat, readTimeAt, readUtcMsAt, type TimeCell, type TimeFormat } from "./times.ts";

const slashes = /^(\d{1,2})\/(\d{1,2})\/\d{2,4}(?:,?\s+\d{1,2}:\d{2}(?::\d{2})?\s*([AP]M)?)?/i;

/** So many times as many rows must say the other. */
const spoiltShare = 3;

/**
 * Whether the day comes before the month in a file's dates with slashes, which its computer's region decides. A part above 12 is a day. Without
 * one: America, which writes AM and PM, puts the month first; regions that write am and pm, that pad the month alone, or the first part where there is
 * no AM, and those with a decimal comma put the day first. Null: nothing shows it, and it is never guessed.
 */
export function dayFirstOf(dates: Iterable<string>, decimalMark: "." | ","): boolean | null {
  const seen = {
    dayFirst: 0,
    monthFirst: 0,
    half: false,
    smallHalf: false,
    padded: false,
    monthPadded: false,
    any: false,
  };
  for (const date of dates) {
    const [, first = "", second = "", half] = slashes.exec(date.trim()) ?? [];
    if (first === "") continue;
    seen.any = true;
    if (Number(first) > 12) seen.dayFirst++;
    if (Number(second) > 12) seen.monthFirst++;
    if (half !== undefined) seen[half === half.toUpperCase() ? "half" : "smallHalf"] = true;
    if (first.startsWith("0")) seen.padded = true;
    if (first.length === 1 && second.startsWith("0")) seen.monthPadded = true;
  }
  // A row that is spoilt is its own error later; as many as that are another order.
  if (seen.dayFirst > seen.monthFirst * spoiltShare) return true;
  if (seen.monthFirst > seen.dayFirst * spoiltShare) return false;
  if (seen.dayFirst > 0) return null;
  if (!seen.any) return null;
  if (seen.monthPadded || seen.smallHalf) return true;
  if (seen.half) return false;
  return seen.padded || decimalMark === "," ? true : null;
}

/** A time in the format of a computer's region. `rest`: what follows a date with slashes; `others`: whole formats that leave nothing open. */
export function regionalTime(
  header: Column<TimeCell>["header"],
  { rest, others }: { rest: readonly string[]; others: readonly TimeFormat[] },
): Column<TimeCell> {
  const compiled = (date: string) => [...rest.map((clock) => `${date}${clock}`), ...others].map(compileFormat);
  const [dayFirst, monthFirst] = [compiled("D/M/YYYY"), compiled("M/D/YYYY")];
  const formatsOf = (row: string, start: number, end: number, reading: Reading) => {
    if (reading.dayFirst !== null && reading.dayFirst !== undefined) return reading.dayFirst ? dayFirst : monthFirst;
    if (row.slice(start, end).includes("/")) {
      throw new CellError("ambiguous_date", "a date that shows whether its day or its month comes first");
    }
    return monthFirst;
  };
  const parseAt = (row: string, start: number, end: number, reading: Reading) =>
    readTimeAt(row, start, end, formatsOf(row, start, end, reading), reading);
  return {
    header,
    regional: true,
    parseAt,
    parse: (cell, reading) => parseAt(cell, 0, cell.length, reading),
    utcMsAt: (row, start, end, reading) => readUtcMsAt(row, start, end, formatsOf(row, start, end, reading), reading),
  };
}
