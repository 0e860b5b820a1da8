import { describe, expect, test } from "bun:test";
import type { Metrics, StatisticsSection } from "../../../src/statistics/body.ts";
import {
  amountText,
  dateText,
  dayText,
  durationText,
  figureText,
  formatOf,
  momentText,
  percentText,
  signedText,
} from "../../../src/workers/analyze-stats/format.ts";

const metrics: Metrics = {
  trades: 3,
  wins: 2,
  losses: 1,
  breakevens: 0,
  long_trades: 3,
  short_trades: 0,
  net_pnl: "1234.505",
  gross_profit: "2000",
  gross_loss: "765.495",
};

function section(currency: string, change: Partial<Metrics> = {}): StatisticsSection {
  const period = { period: "all" as const, key: "all", from: "", to: "", metrics: { ...metrics, ...change } };
  return { currency, periods: [period], breakdowns: [] };
}

test.each([
  ["1234567.891", 2, "1,234,567.89"],
  ["-1234.5", 2, "-1,234.50"],
  ["0.005", 2, "0.00"],
  ["0.015", 2, "0.02"],
  ["-0.004", 2, "0.00"],
  ["999.995", 2, "1,000.00"],
  ["12", 0, "12"],
  ["100000", 0, "100,000"],
  ["0.123456789012345678", 8, "0.12345679"],
  ["123456789012345678901234567890", 2, "123,456,789,012,345,678,901,234,567,890.00"],
])("%s to %i places is %s", (text, digits, expected) => {
  expect(amountText(text, digits)).toBe(expected);
});

test.each([
  ["0.625", "62.5%"],
  ["1", "100.0%"],
  ["0", "0.0%"],
  ["-1.33333333", "-133.3%"],
  ["0.00049", "0.0%"],
  ["12.3456", "1,234.6%"],
])("the fraction %s is %s", (text, expected) => {
  expect(percentText(text)).toBe(expected);
});

test("a plus stands before what is above zero as it is shown", () => {
  expect(["12.5", "-12.5", "0", "0.001"].map((text) => signedText(text, 2))).toEqual([
    "+12.50",
    "-12.50",
    "0.00",
    "0.00",
  ]);
});

test.each([
  [0, "0 s"],
  [59, "59 s"],
  [60, "1 m"],
  [3_661, "1 h 1 m"],
  [86_400, "1 d"],
  [200_000, "2 d 7 h"],
  [86_400 * 1_234 + 3_600, "1,234 d 1 h"],
])("%i seconds are %s", (seconds, expected) => {
  expect(durationText(seconds)).toBe(expected);
});

test("times are those of the zone's clock", () => {
  const ms = Date.parse("2025-12-31T11:00:00Z");
  expect(momentText(ms, "Pacific/Auckland")).toBe("2026-01-01 00:00");
  expect(dateText(ms, "America/New_York")).toBe("2025-12-31");
});

test("days and months are written out, other keys stay", () => {
  expect(["2026-03-09", "2026-12", "2026-W10", "all"].map(dayText)).toEqual([
    "9 Mar 2026",
    "Dec 2026",
    "2026-W10",
    "all",
  ]);
});

describe("places of an amount", () => {
  test.each([
    ["USD", {}, 2],
    ["JPY", {}, 0],
    ["KWD", {}, 3],
    ["USDT", {}, 2],
    ["BTC", { gross_profit: "0.0123", gross_loss: "0.5" }, 8],
    ["BTC", { gross_profit: "12", gross_loss: "0.5" }, 4],
    ["DOGE", { gross_profit: "3", gross_loss: "45000" }, 2],
  ])("in %s %j are %i", (currency, change, digits) => {
    expect(formatOf(section(currency, change), "UTC").digits).toBe(digits);
  });
});

describe("a figure", () => {
  const format = formatOf(section("USD", { null_reasons: { calmar_ratio: "no_starting_balance" } }), "UTC");

  test("is rounded for reading, with all its digits beside", () => {
    expect(figureText(metrics, "net_pnl", format)).toEqual({ short: "1,234.50", exact: "1234.505 USD", reason: null });
    expect(figureText({ ...metrics, win_rate: "0.66666667" }, "win_rate", format)).toMatchObject({
      short: "66.7%",
      exact: "0.66666667",
    });
    expect(figureText({ ...metrics, ahpr: "1.00012345" }, "ahpr", format).short).toBe("1.00012");
    expect(figureText({ ...metrics, sqn_reliable: false }, "sqn_reliable", format).short).toBe("no");
    expect(figureText({ ...metrics, expectancy_r: "-0.5" }, "expectancy_r", format).short).toBe("-0.50 R");
    expect(
      figureText({ ...metrics, max_drawdown_peak_at: "2026-01-05T10:47:01.000Z" }, "max_drawdown_peak_at", format),
    ).toEqual({
      short: "2026-01-05 10:47",
      exact: "2026-01-05T10:47:01.000Z",
      reason: null,
    });
  });

  test("that is not defined is a dash with the reason, its own or the whole history's", () => {
    const own = { ...metrics, null_reasons: { profit_factor: "no_losses" as const } };
    expect(figureText(own, "profit_factor", format)).toEqual({ short: "–", exact: null, reason: "no loss" });
    expect(figureText(metrics, "calmar_ratio", format).reason).toBe("the starting balance is not known");
    expect(figureText(metrics, "kelly", format)).toEqual({ short: "–", exact: null, reason: null });
  });
});
