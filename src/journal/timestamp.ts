const pattern = /^(\d{4}-\d\d-(\d\d)T\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/;
const canonicalLength = "2026-03-01T10:00:00.123Z".length;
/** 0000-01-01 and the end of 9999: what four digits of a year can say. */
const timestampMsMin = -62_167_219_200_000;
const timestampMsMax = 253_402_300_799_999;

/**
 * Reads the contract's times: RFC 3339 in UTC with `Z` and none to six fraction digits, of which the first three count.
 * Null: it is none, or no such day or hour exists (`Date.parse` alone takes February 30 for March 2).
 */
export function parseTimestamp(text: string): number | null {
  const match = pattern.exec(text);
  if (match === null) return null;
  const canonical =
    text.length === canonicalLength ? text : `${match[1]}.${(match[3] ?? "").slice(0, 3).padEnd(3, "0")}Z`;
  const ms = Date.parse(canonical);
  if (Number.isNaN(ms) || new Date(ms).getUTCDate() !== Number(match[2])) return null;
  return ms;
}

/** Exactly three fraction digits. @throws {RangeError} outside the years 0 to 9999 */
export function formatTimestamp(ms: number): string {
  if (!(ms >= timestampMsMin && ms <= timestampMsMax))
    throw new RangeError(`${ms} ms is no time of the years 0 to 9999`);
  return new Date(ms).toISOString();
}
