import { describe, expect, test } from "bun:test";
import { parseZone, ZoneError } from "../../src/executions/zone.ts";

/** The wall clock that the text shows, as milliseconds. */
const wall = (text: string) => Date.parse(`${text.replace(" ", "T")}Z`);
const iso = (ms: number) => new Date(ms).toISOString().replace(".000Z", "Z");

describe("offsetMsAt", () => {
  test.each([
    ["Europe/Paris", "2026-03-29T00:59:59Z", 1],
    ["Europe/Paris", "2026-03-29T01:00:00Z", 2],
    ["Europe/Paris", "2026-10-25T00:59:59Z", 2],
    ["Europe/Paris", "2026-10-25T01:00:00Z", 1],
    ["America/New_York", "2026-03-08T06:59:59Z", -5],
    ["America/New_York", "2026-03-08T07:00:00Z", -4],
    ["Australia/Sydney", "2026-04-04T15:59:59Z", 11],
    ["Australia/Sydney", "2026-04-04T16:00:00Z", 10],
    ["Australia/Sydney", "2026-10-03T16:00:00Z", 11],
    ["Australia/Lord_Howe", "2026-01-01T00:00:00Z", 11],
    ["Australia/Lord_Howe", "2026-07-01T00:00:00Z", 10.5],
    ["Asia/Kolkata", "2026-07-01T00:00:00Z", 5.5],
    ["Asia/Kathmandu", "2026-07-01T00:00:00Z", 5.75],
    ["Pacific/Apia", "2011-12-30T09:59:59Z", -10],
    ["Pacific/Apia", "2011-12-30T10:00:00Z", 14],
    ["Pacific/Kiritimati", "2026-07-01T00:00:00Z", 14],
    ["America/Sao_Paulo", "2018-01-01T00:00:00Z", -2],
    ["America/Sao_Paulo", "2020-01-01T00:00:00Z", -3],
    ["Africa/Casablanca", "2026-03-01T00:00:00Z", 0],
    ["Africa/Casablanca", "2026-06-01T00:00:00Z", 1],
    ["Etc/GMT+5", "2026-06-01T00:00:00Z", -5],
    ["Europe/Paris", "1969-12-31T23:59:59.500Z", 1],
    ["europe/paris", "2026-07-01T00:00:00Z", 2],
    ["+02:00", "2026-07-01T00:00:00Z", 2],
    ["+0530", "2026-07-01T00:00:00Z", 5.5],
    ["-03", "2026-07-01T00:00:00Z", -3],
    ["UTC+1", "2026-07-01T00:00:00Z", 1],
    ["GMT-5", "2026-07-01T00:00:00Z", -5],
    ["UTC+05:45", "2026-07-01T00:00:00Z", 5.75],
    ["Z", "2026-07-01T00:00:00Z", 0],
    ["UTC", "2026-07-01T00:00:00Z", 0],
    [" UTC+2 ", "2026-07-01T00:00:00Z", 2],
    // Between the two switches of spring the rules differ by an hour.
    ["GMT+2/US", "2026-03-08T06:59:59Z", 2],
    ["GMT+2/US", "2026-03-08T07:00:00Z", 3],
    ["GMT+2/EU", "2026-03-08T07:00:00Z", 2],
    ["GMT+2/EU", "2026-03-29T00:59:59Z", 2],
    ["GMT+2/EU", "2026-03-29T01:00:00Z", 3],
    ["GMT+2/EU", "2026-10-25T01:00:00Z", 2],
    ["GMT+2/US", "2026-10-25T01:00:00Z", 3],
    ["GMT+2/US", "2026-11-01T06:00:00Z", 2],
    ["gmt+3/us", "2026-07-01T00:00:00Z", 4],
    ["UTC+2/EU", "2026-07-01T00:00:00Z", 3],
  ])("%s at %s is %p h", (rule, instant, hours) => {
    expect(parseZone(rule).offsetMsAt(Date.parse(instant))).toBe(hours * 3_600_000);
  });

  test("does not depend on what was asked before", () => {
    const instants = Array.from({ length: 600 }, (_, index) =>
      Date.UTC(2000 + ((index * 37) % 100), index % 12, index % 28),
    );
    const zone = parseZone("Europe/London");
    const scattered = new Map(instants.map((instant) => [instant, zone.offsetMsAt(instant)]));
    const again = instants.toSorted((a, b) => a - b).map((instant) => [instant, zone.offsetMsAt(instant)]);
    expect(again).toEqual([...scattered].toSorted(([a], [b]) => a - b));
  });
});

describe("toUtcMs", () => {
  test.each([
    ["Europe/Paris", "2026-03-29 01:59:59", "2026-03-29T00:59:59Z", "exact"],
    ["Europe/Paris", "2026-03-29 02:00:00", "2026-03-29T01:00:00Z", "gap"],
    ["Europe/Paris", "2026-03-29 02:30:00", "2026-03-29T01:30:00Z", "gap"],
    ["Europe/Paris", "2026-03-29 03:00:00", "2026-03-29T01:00:00Z", "exact"],
    ["Europe/Paris", "2026-10-25 01:59:59", "2026-10-24T23:59:59Z", "exact"],
    ["Europe/Paris", "2026-10-25 02:00:00", "2026-10-25T00:00:00Z", "ambiguous"],
    ["Europe/Paris", "2026-10-25 02:59:59", "2026-10-25T00:59:59Z", "ambiguous"],
    ["Europe/Paris", "2026-10-25 03:00:00", "2026-10-25T02:00:00Z", "exact"],
    ["America/New_York", "2026-03-08 02:30:00", "2026-03-08T07:30:00Z", "gap"],
    ["America/New_York", "2026-11-01 01:30:00", "2026-11-01T05:30:00Z", "ambiguous"],
    ["Australia/Sydney", "2026-10-04 02:30:00", "2026-10-03T16:30:00Z", "gap"],
    ["Australia/Sydney", "2026-04-05 02:30:00", "2026-04-04T15:30:00Z", "ambiguous"],
    ["Australia/Lord_Howe", "2026-10-04 02:15:00", "2026-10-03T15:45:00Z", "gap"],
    ["Australia/Lord_Howe", "2026-04-05 01:45:00", "2026-04-04T14:45:00Z", "ambiguous"],
    // A whole day that Samoa left out.
    ["Pacific/Apia", "2011-12-29 23:59:59", "2011-12-30T09:59:59Z", "exact"],
    ["Pacific/Apia", "2011-12-30 12:00:00", "2011-12-30T22:00:00Z", "gap"],
    ["Pacific/Apia", "2011-12-31 00:00:00", "2011-12-30T10:00:00Z", "exact"],
    ["Asia/Kolkata", "2026-01-01 05:30:00", "2026-01-01T00:00:00Z", "exact"],
    ["Asia/Kathmandu", "2026-01-01 00:00:00", "2025-12-31T18:15:00Z", "exact"],
    ["Etc/GMT+12", "2026-01-01 00:00:00", "2026-01-01T12:00:00Z", "exact"],
    ["Pacific/Kiritimati", "2026-01-01 00:00:00", "2025-12-31T10:00:00Z", "exact"],
    ["GMT+2/US", "2026-03-08 09:30:00", "2026-03-08T07:30:00Z", "gap"],
    ["GMT+2/US", "2026-11-01 08:30:00", "2026-11-01T05:30:00Z", "ambiguous"],
    ["GMT+2/EU", "2026-03-29 03:30:00", "2026-03-29T01:30:00Z", "gap"],
    ["GMT+2/EU", "2026-10-25 03:30:00", "2026-10-25T00:30:00Z", "ambiguous"],
    ["-05:00", "2026-01-01 00:00:00", "2026-01-01T05:00:00Z", "exact"],
  ])("%s: %s is %s, %s", (rule, local, instant, kind) => {
    const reading = parseZone(rule).toUtcMs(wall(local));
    expect({ utc: iso(reading.utcMs), kind: reading.kind as string }).toEqual({ utc: instant, kind });
  });

  test("goes back to every instant that the clock showed once", () => {
    for (const rule of ["America/New_York", "Europe/London", "Pacific/Auckland", "Asia/Tehran", "GMT+2/US"]) {
      const zone = parseZone(rule);
      for (let utcMs = Date.UTC(2020, 0, 1); utcMs < Date.UTC(2024, 0, 1); utcMs += 7 * 3_600_000 + 123) {
        const reading = zone.toUtcMs(utcMs + zone.offsetMsAt(utcMs));
        expect(reading.kind).not.toBe("gap");
        if (reading.kind === "exact") expect(reading.utcMs).toBe(utcMs);
        else expect(reading.utcMs).toBeLessThanOrEqual(utcMs);
      }
    }
  });
});

test.each([
  "",
  "Mars/Olympus",
  "UTC+15",
  "+14:30",
  "GMT+2/UK",
  "+02:00/US",
  "2",
  "02:00",
  "Europe/Paris/EU",
  "+2:75",
  "CSTX",
])("refuses %p and says what is expected", (rule) => {
  expect(() => parseZone(rule)).toThrow(ZoneError);
  expect(() => parseZone(rule)).toThrow(/IANA name .*GMT\+2\/US/);
});

test.each([
  ["UTC+1", "+01:00"],
  ["GMT", "UTC"],
  ["+00:00", "UTC"],
  ["utc+2/eu", "GMT+2/EU"],
  ["GMT+5:30/US", "GMT+5:30/US"],
  ["Europe/Paris", "Europe/Paris"],
])("%s is named %s", (rule, name) => {
  expect(parseZone(rule).name).toBe(name);
});
