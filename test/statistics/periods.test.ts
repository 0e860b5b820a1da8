import { describe, expect, test } from "bun:test";
import { parseZone } from "../../src/executions/zone.ts";
import type { Breakdown, Period } from "../../src/statistics/body.ts";
import { calendarOf, LocalCalendar } from "../../src/statistics/calendar.ts";
import { dateOf, dayKey, dayOf, factsOf, monthKey, quarterKey, weekdayOf, weekKey } from "../../src/statistics/days.ts";
import { summarise } from "../../src/statistics/summary.ts";
import { dayMs, stamp, trade, user, weekdayTrades } from "./trades.ts";
import { v30 } from "./vectors.ts";

function placeOf(instant: string, timezone: string) {
  const calendar = new LocalCalendar(parseZone(timezone));
  const utcMs = Date.parse(instant);
  const day = calendar.dayOf(utcMs);
  const { monday, monthNumber, quarterNumber } = factsOf(day);
  return {
    day: dayKey(day),
    hour: calendar.hourOf(utcMs),
    week: weekKey(monday),
    month: monthKey(monthNumber),
    quarter: quarterKey(quarterNumber),
    weekday: weekdayOf(day),
  };
}

describe("where an instant belongs", () => {
  test.each([
    [
      "2024-12-29T23:30:00Z",
      "Europe/Paris",
      { day: "2024-12-30", hour: 0, week: "2025-W01", month: "2024-12", quarter: "2024-Q4", weekday: 1 },
    ],
    ["2024-12-29T23:30:00Z", "UTC", { day: "2024-12-29", hour: 23, week: "2024-W52", weekday: 7 }],
    ["2024-12-29T23:30:00Z", "America/New_York", { day: "2024-12-29", hour: 18, week: "2024-W52" }],
    ["2021-01-03T22:59:59Z", "Europe/Paris", { day: "2021-01-03", week: "2020-W53" }],
    ["2021-01-03T23:00:00Z", "Europe/Paris", { day: "2021-01-04", week: "2021-W01" }],
    ["2026-03-08T06:59:59Z", "America/New_York", { day: "2026-03-08", hour: 1, week: "2026-W10" }],
    ["2026-03-08T07:00:00Z", "America/New_York", { day: "2026-03-08", hour: 3, week: "2026-W10" }],
    ["2025-11-02T05:30:00Z", "America/New_York", { day: "2025-11-02", hour: 1, week: "2025-W44" }],
    ["2025-11-02T06:30:00Z", "America/New_York", { day: "2025-11-02", hour: 1, week: "2025-W44" }],
    ["2025-03-31T18:29:59Z", "Asia/Kolkata", { day: "2025-03-31", quarter: "2025-Q1", week: "2025-W14" }],
    ["2025-03-31T18:30:00Z", "Asia/Kolkata", { day: "2025-04-01", quarter: "2025-Q2", week: "2025-W14" }],
    ["2025-12-31T11:00:00Z", "Pacific/Auckland", { day: "2026-01-01", hour: 0, week: "2026-W01" }],
    ["2016-01-01T00:00:00Z", "UTC", { week: "2015-W53", quarter: "2016-Q1" }],
    ["2020-12-31T23:59:59Z", "UTC", { week: "2020-W53", quarter: "2020-Q4" }],
    ["2026-07-06T19:00:00Z", "America/New_York", { day: "2026-07-06", hour: 15, week: "2026-W28", weekday: 1 }],
    // Both sides of the date line, at the same instant.
    ["2026-06-30T10:30:00Z", "Pacific/Kiritimati", { day: "2026-07-01", hour: 0, quarter: "2026-Q3" }],
    ["2026-06-30T10:30:00Z", "Pacific/Pago_Pago", { day: "2026-06-29", hour: 23, quarter: "2026-Q2" }],
    ["2026-07-01T12:00:00Z", "Asia/Kathmandu", { day: "2026-07-01", hour: 17 }],
    // Before 1970.
    ["1969-12-31T23:59:59Z", "UTC", { day: "1969-12-31", hour: 23, week: "1970-W01", weekday: 3 }],
  ])("%s in %s", (instant, timezone, expected) => {
    expect(placeOf(instant, timezone)).toMatchObject(expected);
  });

  test("dates there and back, through leap years and eras", () => {
    for (let day = -800_000; day < 800_000; day += 211) {
      const { year, month, date } = dateOf(day);
      expect(dayOf(year, month, date)).toBe(day);
      expect(dayKey(day).endsWith(new Date(day * dayMs).toISOString().slice(-19, -14))).toBe(true);
    }
  });
});

describe("where a day begins", () => {
  const startOf = (key: string, timezone: string) =>
    new Date(new LocalCalendar(parseZone(timezone)).startMsOf(Date.parse(`${key}T00:00:00Z`) / dayMs)).toISOString();

  test.each([
    ["2026-03-29", "Europe/Paris", "2026-03-28T23:00:00.000Z"],
    ["2026-03-30", "Europe/Paris", "2026-03-29T22:00:00.000Z"],
    ["2025-11-03", "America/New_York", "2025-11-03T05:00:00.000Z"],
    // The clock went from 23:59:59 to 01:00.
    ["2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00.000Z"],
    // From 00:01 back to 23:01: the day began before.
    ["2010-11-07", "America/St_Johns", "2010-11-07T02:30:00.000Z"],
    // No 30th: it is empty.
    ["2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00.000Z"],
    ["2011-12-31", "Pacific/Apia", "2011-12-30T10:00:00.000Z"],
    ["2026-01-01", "Asia/Kolkata", "2025-12-31T18:30:00.000Z"],
  ])("%s in %s: %s", (key, timezone, expected) => {
    expect(startOf(key, timezone)).toBe(expected);
  });

  test("an hour that came twice around midnight belongs to one day", () => {
    const days = ["02:29:59", "02:30:30", "02:31:30", "03:40:00"].map((time) =>
      dayKey(new LocalCalendar(parseZone("America/St_Johns")).dayOf(Date.parse(`2010-11-07T${time}Z`))),
    );
    expect(days).toEqual(["2010-11-06", "2010-11-07", "2010-11-07", "2010-11-07"]);
  });

  test.each([
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Pacific/Apia",
    "Africa/Casablanca",
  ])("days of %s follow each other, and every instant is in one", (timezone) => {
    const calendar = new LocalCalendar(parseZone(timezone));
    const fresh = new LocalCalendar(parseZone(timezone));
    for (let day = dayOf(2010, 1, 1); day < dayOf(2019, 1, 1); day++) {
      const startMs = calendar.startMsOf(day);
      const endMs = calendar.startMsOf(day + 1);
      expect(endMs).toBeGreaterThanOrEqual(startMs);
      if (endMs === startMs) continue;
      expect([fresh.dayOf(startMs), fresh.dayOf(endMs - 1)]).toEqual([day, day]);
    }
  });
});

test("users of one zone share its calendar", () => {
  expect(calendarOf(parseZone("Europe/Paris"))).toBe(calendarOf(parseZone("Europe/Paris")));
});

describe("V30, one trade a weekday over the turn of the year", () => {
  const { periods } = summarise(weekdayTrades(v30), user, stamp).currencies[0] ?? { periods: [] };
  const rowOf = ({ metrics }: Period) => [metrics.trades, metrics.wins, metrics.net_pnl, metrics.profit_factor ?? null];

  test.each([
    ["week", "2024-W51", [5, 2, "146.73", "1.67294992"]],
    ["week", "2024-W52", [5, 3, "43.2", "1.37376709"]],
    ["week", "2025-W01", [5, 2, "-115.48", "0.46072663"]],
    ["week", "2025-W02", [5, 3, "-37.32", "0.84671623"]],
    ["week", "2025-W03", [5, 5, "396.71", null]],
    ["week", "2025-W04", [5, 1, "-306.13", "0.09278687"]],
    ["month", "2024-12", [12, 6, "139.65", "1.35396548"]],
    ["quarter", "2024-Q4", [12, 6, "139.65", "1.35396548"]],
    ["year", "2024", [12, 6, "139.65", "1.35396548"]],
    ["month", "2025-01", [18, 10, "-11.94", "0.98373607"]],
    ["quarter", "2025-Q1", [18, 10, "-11.94", "0.98373607"]],
    ["year", "2025", [18, 10, "-11.94", "0.98373607"]],
  ] as const)("%s %s", (kind, key, expected) => {
    const found = periods.find(({ period, key: one }) => period === kind && one === key);
    expect(found && rowOf(found)).toEqual([...expected]);
  });

  test("what kinds there are, by time", () => {
    const kinds = periods.map(({ period }) => period);
    expect([...new Set(kinds)]).toEqual(["all", "year", "quarter", "month", "week", "day"]);
    expect(periods.filter(({ period }) => period === "day")).toHaveLength(30);
    expect(periods.filter(({ period }) => period === "week").map(({ key }) => key)).toEqual([
      "2024-W51",
      "2024-W52",
      "2025-W01",
      "2025-W02",
      "2025-W03",
      "2025-W04",
    ]);
  });

  test("the reason is said where it is not the whole's", () => {
    const week = periods.find(({ key }) => key === "2025-W03");
    expect(week?.metrics.null_reasons?.profit_factor).toBe("no_losses");
    expect(week?.metrics.null_reasons?.max_drawdown_pct).toBeUndefined();
    expect(periods[0]?.metrics.null_reasons?.max_drawdown_pct).toBe("no_starting_balance");
  });
});

test("a part's reason is said where the whole has another", () => {
  const days = ["2026-01-09T12:00:00Z", "2026-01-12T12:00:00Z"];
  const trades = days.map((instant) => trade({ netPnl: "1", closedAtMs: Date.parse(instant) }));
  const periods = summarise(trades, user, stamp).currencies[0]?.periods;
  expect(periods?.[0]?.metrics.null_reasons?.sharpe_ratio).toBe("no_variation");
  expect(periods?.find(({ period }) => period === "week")?.metrics.null_reasons).toEqual({
    sharpe_ratio: "too_few_days",
    sortino_ratio: "too_few_days",
    sqn_pnl: "too_few_trades",
    stddev_pnl: "too_few_trades",
    lr_correlation: "too_few_trades",
    lr_standard_error: "too_few_trades",
  });
});

describe("borders", () => {
  const periodsIn = (timezone: string, instants: string[]) =>
    summarise(
      instants.map((instant) => trade({ closedAtMs: Date.parse(instant), netPnl: "1" })),
      { ...user, timezone },
      stamp,
    ).currencies[0]?.periods.map(({ period, key, from, to }) => [period, key, from, to]);

  test("a day of 23 hours, a week, month, quarter and year with it", () => {
    expect(periodsIn("Europe/Paris", ["2026-03-29T10:00:00Z"])).toEqual([
      ["all", "all", "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"],
      ["year", "2026", "2025-12-31T23:00:00.000Z", "2026-12-31T23:00:00.000Z"],
      ["quarter", "2026-Q1", "2025-12-31T23:00:00.000Z", "2026-03-31T22:00:00.000Z"],
      ["month", "2026-03", "2026-02-28T23:00:00.000Z", "2026-03-31T22:00:00.000Z"],
      ["week", "2026-W13", "2026-03-22T23:00:00.000Z", "2026-03-29T22:00:00.000Z"],
      ["day", "2026-03-29", "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"],
    ]);
  });

  test("the whole goes from the first day to the end of the last", () => {
    const periods = periodsIn("Pacific/Apia", ["2011-12-29T12:00:00Z", "2012-01-02T12:00:00Z"]);
    expect(periods?.[0]).toEqual(["all", "all", "2011-12-29T10:00:00.000Z", "2012-01-03T10:00:00.000Z"]);
  });
});

describe("hours, weekdays, sessions and holding times", () => {
  const keysOf = (breakdowns: Breakdown[] | undefined, dimension: string) =>
    breakdowns?.filter((one) => one.dimension === dimension).map(({ key, metrics }) => [key, metrics.trades]);

  test("hour and weekday are of the close, in the user's zone", () => {
    const trades = [
      "2025-11-02T05:30:00Z",
      "2025-11-02T06:30:00Z",
      "2026-03-08T06:59:59Z",
      "2026-03-08T07:00:00Z",
      "2026-07-06T19:00:00Z",
    ];
    const { currencies } = summarise(
      trades.map((instant) => trade({ closedAtMs: Date.parse(instant) })),
      { ...user, timezone: "America/New_York" },
      stamp,
    );
    expect(keysOf(currencies[0]?.breakdowns, "hour")).toEqual([
      ["01", 3],
      ["03", 1],
      ["15", 1],
    ]);
    expect(keysOf(currencies[0]?.breakdowns, "weekday")).toEqual([
      ["1", 1],
      ["7", 4],
    ]);
  });

  test.each([
    ["2026-01-07T00:00:00Z", "asia"],
    ["2026-01-07T07:59:59Z", "asia"],
    ["2026-01-07T08:00:00Z", "london"],
    ["2026-01-07T12:59:59Z", "london"],
    ["2026-01-07T13:00:00Z", "new_york"],
    ["2026-01-07T21:59:59Z", "new_york"],
    ["2026-01-07T22:00:00Z", "other"],
    ["2026-01-07T23:59:59Z", "other"],
    // Summer time.
    ["2026-07-07T06:59:59Z", "asia"],
    ["2026-07-07T07:00:00Z", "london"],
    ["2026-07-07T12:00:00Z", "new_york"],
    ["2026-07-07T21:00:00Z", "other"],
    // Three weeks in March, New York is an hour earlier than usual.
    ["2026-03-20T11:59:59Z", "london"],
    ["2026-03-20T12:00:00Z", "new_york"],
    ["2026-03-20T20:59:59Z", "new_york"],
    ["2026-03-20T21:00:00Z", "other"],
  ])("session of %s: %s", (instant, session) => {
    const { currencies } = summarise([trade({ closedAtMs: Date.parse(instant) })], user, stamp);
    expect(keysOf(currencies[0]?.breakdowns, "session")).toEqual([[session, 1]]);
  });

  test.each([
    [0, "under_1m"],
    [59_999, "under_1m"],
    [60_000, "1m_15m"],
    [899_999, "1m_15m"],
    [900_000, "15m_1h"],
    [3_600_000, "1h_4h"],
    [14_400_000, "4h_1d"],
    [dayMs, "1d_7d"],
    [7 * dayMs - 1, "1d_7d"],
    [7 * dayMs, "over_7d"],
  ])("%p ms: %s", (heldMs, key) => {
    const closedAtMs = Date.parse("2026-01-05T12:00:00Z");
    const { currencies } = summarise([trade({ closedAtMs, openedAtMs: closedAtMs - heldMs })], user, stamp);
    expect(keysOf(currencies[0]?.breakdowns, "holding_time")).toEqual([[key, 1]]);
  });
});
