import { describe, expect, test } from "bun:test";
import { statisticsShape } from "../../src/journal/wire-statistics.ts";
import { closedTradeOf, compareIds } from "../../src/statistics/closed-trade.ts";
import { parseInstantMs } from "../../src/statistics/instant.ts";
import { createSummary, summarise } from "../../src/statistics/summary.ts";
import { storedClosed } from "../journal/trade-pages.ts";
import { dayMs, hourMs, stamp, trade, user, weekdayTrades } from "./trades.ts";
import { v8, v30 } from "./vectors.ts";

const noonMs = Date.parse("2026-01-05T12:00:00Z");

/** The example of the contract's PUT: V8 in USDT, a trade a day at 18:00 in Paris from Monday 2026-01-05 on. */
function contractExample() {
  return v8.map((net, index) => {
    const closedAtMs = Date.parse("2026-01-05T17:00:00Z") + index * dayMs;
    return trade({
      id: index + 1,
      market: "linear",
      broker: "binance",
      symbol: "BTCUSDT",
      direction: index < 6 ? "long" : "short",
      closedAtMs,
      openedAtMs: closedAtMs - hourMs,
      netPnl: String(net),
      grossPnl: String(net + 1),
      fees: "1",
      pnlCurrency: "USDT",
      pnlInBaseCurrency: index === 4 ? null : String(net),
      quantity: "0.02",
      entryPrice: "100000",
    });
  });
}

test("the contract's own example", () => {
  const statistics = summarise(contractExample(), { timezone: "Europe/Paris", base_currency: "USD" }, stamp);
  const [section] = statistics.currencies;
  expect(statistics).toMatchObject({
    base: null,
    timezone: "Europe/Paris",
    base_currency: "USD",
    engine_version: "1.0.0",
    based_on_version: 3,
  });
  expect(statistics.warnings).toEqual([
    { code: "missing_conversion", message: "No amount in USD of 1 trade: no totals in USD", count: 1 },
  ]);
  expect(section?.currency).toBe("USDT");
  expect(section?.periods[0]).toEqual({
    period: "all",
    key: "all",
    from: "2026-01-04T23:00:00.000Z",
    to: "2026-01-12T23:00:00.000Z",
    metrics: {
      trades: 8,
      wins: 5,
      losses: 3,
      breakevens: 0,
      long_trades: 6,
      short_trades: 2,
      gross_pnl: "458",
      fees: "8",
      funding: "0",
      net_pnl: "450",
      gross_profit: "730",
      gross_loss: "280",
      volume: "16000",
      win_rate: "0.625",
      loss_rate: "0.375",
      breakeven_rate: "0",
      win_rate_ex_breakeven: "0.625",
      profit_factor: "2.60714286",
      expectancy: "56.25",
      expectancy_ratio: "0.60267857",
      average_win: "146",
      average_loss: "93.33333333",
      payoff_ratio: "1.56428571",
      largest_win: "300",
      largest_loss: "150",
      stddev_pnl: "149.75575353",
      kelly: "0.38527397",
      longest_win_streak: 3,
      longest_loss_streak: 1,
      longest_win_streak_pnl: "350",
      longest_loss_streak_pnl: "-150",
      current_streak: -1,
      max_drawdown: "150",
      max_drawdown_peak_at: "2026-01-07T17:00:00.000Z",
      max_drawdown_trough_at: "2026-01-08T17:00:00.000Z",
      max_drawdown_recovered_at: "2026-01-09T17:00:00.000Z",
      longest_drawdown_seconds: 259_200,
      drawdown_ongoing: true,
      recovery_factor: "3",
      return_basis: "pnl",
      annualisation_days: 365,
      sharpe_ratio: "7.17604977",
      sortino_ratio: "16.63185611",
      r_trades: 0,
      sqn_pnl: "1.06239007",
      average_holding_seconds: 3_600,
      median_holding_seconds: 3_600,
      average_win_holding_seconds: 3_600,
      average_loss_holding_seconds: 3_600,
      trading_days: 8,
      winning_days: 5,
      losing_days: 3,
      average_daily_pnl: "56.25",
      best_day: "2026-01-09",
      best_day_pnl: "300",
      worst_day: "2026-01-08",
      worst_day_pnl: "-150",
      z_score: "1.44180022",
      lr_correlation: "0.85515626",
      lr_standard_error: "97.31188609",
      null_reasons: {
        max_drawdown_pct: "no_starting_balance",
        max_drawdown_pct_at_max: "no_starting_balance",
        cagr: "no_starting_balance",
        calmar_ratio: "no_starting_balance",
        ulcer_index: "no_starting_balance",
        ahpr: "no_starting_balance",
        ghpr: "no_starting_balance",
        expectancy_r: "no_initial_risk",
        sqn: "no_initial_risk",
        sqn100: "no_initial_risk",
      },
    },
  });
  expect(section?.periods.find(({ key }) => key === "2026-W02")).toMatchObject({
    from: "2026-01-04T23:00:00.000Z",
    to: "2026-01-11T23:00:00.000Z",
    metrics: {
      trades: 7,
      wins: 5,
      losses: 2,
      win_rate: "0.71428571",
      net_pnl: "480",
      profit_factor: "2.92",
      max_drawdown: "150",
    },
  });
  expect(section?.periods.find(({ key }) => key === "2026-01-08")?.metrics).toEqual({
    trades: 1,
    wins: 0,
    losses: 1,
    breakevens: 0,
    long_trades: 1,
    short_trades: 0,
    gross_pnl: "-149",
    fees: "1",
    funding: "0",
    net_pnl: "-150",
    gross_profit: "0",
    gross_loss: "150",
    volume: "2000",
  });
  expect(
    section?.breakdowns.find(({ dimension, key }) => dimension === "weekday" && key === "4")?.metrics,
  ).toMatchObject({
    trades: 1,
    win_rate: "0",
    net_pnl: "-150",
    profit_factor: "0",
  });
  expect(statisticsShape.allows(statistics)).toBe(true);
});

describe("sections", () => {
  test("none without a closed trade", () => {
    const statistics = summarise([], user, stamp);
    expect(statistics).toMatchObject({
      currencies: [],
      base: null,
      warnings: [],
      computed_at: "1970-01-01T00:00:00.000Z",
    });
    expect(statisticsShape.allows(statistics)).toBe(true);
  });

  test("all in the base currency: its section is the base too", () => {
    const { currencies, base } = summarise(weekdayTrades(v30), { ...user, starting_balance: "500" }, stamp);
    expect(currencies).toHaveLength(1);
    expect(base).toEqual(currencies[0] ?? null);
    expect(base?.periods[0]?.metrics).toMatchObject({
      fees: "0",
      return_basis: "equity",
      max_drawdown_pct: "0.43796894",
    });
  });

  test("two currencies are never added; the base has what is known of both", () => {
    const history = [
      trade({ netPnl: "100", fees: "2", grossPnl: "102" }),
      trade({ netPnl: "-50", pnlCurrency: "EUR", pnlInBaseCurrency: "-54.25", symbol: "DAX" }),
    ];
    const { currencies, base, warnings } = summarise(history, { ...user, starting_balance: "1000" }, stamp);
    expect(currencies.map(({ currency, periods }) => [currency, periods[0]?.metrics.net_pnl])).toEqual([
      ["EUR", "-50"],
      ["USD", "100"],
    ]);
    expect(warnings).toEqual([]);
    const whole = base?.periods[0]?.metrics;
    expect(whole).toMatchObject({ trades: 2, net_pnl: "45.75", max_drawdown: "54.25", return_basis: "equity" });
    expect(whole?.fees).toBeUndefined();
    expect(whole?.volume).toBeUndefined();
    expect(whole?.null_reasons).toMatchObject({
      gross_pnl: "unknown_amount",
      fees: "unknown_amount",
      volume: "unknown_amount",
    });
    expect(currencies[0]?.periods[0]?.metrics.return_basis).toBe("pnl");
    expect(currencies[1]?.periods[0]?.metrics).toMatchObject({ return_basis: "equity", fees: "2" });
    expect(base?.breakdowns.filter(({ dimension }) => dimension === "symbol").map(({ key }) => key)).toEqual([
      "DAX",
      "EURUSD",
    ]);
  });

  test("the band is in the currency of each section", () => {
    const history = [trade({ netPnl: "6", pnlCurrency: "EUR", pnlInBaseCurrency: "4" })];
    const { currencies, base } = summarise(history, { ...user, breakeven_band: { min: "-5", max: "5" } }, stamp);
    expect([currencies[0]?.periods[0]?.metrics.wins, base?.periods[0]?.metrics.breakevens]).toEqual([1, 1]);
    expect(base?.breakdowns[0]?.metrics).toMatchObject({ wins: 0, breakevens: 1, current_streak: 0 });
  });

  test.each([
    ["unknown", { pnlInBaseCurrency: null, baseCurrency: null }, "missing_conversion"],
    ["in another base currency", { pnlInBaseCurrency: "1", baseCurrency: "EUR" }, "other_base_currency"],
  ])("no base where an amount is %s", (_name, change, code) => {
    const history = [
      trade({ netPnl: "1" }),
      trade({ netPnl: "1", pnlCurrency: "USDT", ...change }),
      trade({ netPnl: "2", pnlCurrency: "EUR", pnlInBaseCurrency: "3" }),
    ];
    const { base, warnings, currencies } = summarise(history, user, stamp);
    expect([base, currencies.length]).toEqual([null, 3]);
    expect(warnings.map((warning) => [warning.code, warning.count])).toEqual([[code, 1]]);
  });

  test("nothing is nothing in every currency, and its own currency needs no rate", () => {
    const history = [
      trade({ netPnl: "0", pnlCurrency: "USDT", pnlInBaseCurrency: null, baseCurrency: null }),
      trade({ netPnl: "3", pnlInBaseCurrency: null, baseCurrency: "EUR" }),
    ];
    expect(summarise(history, user, stamp).base?.periods[0]?.metrics).toMatchObject({
      trades: 2,
      net_pnl: "3",
      breakevens: 1,
    });
  });
});

describe("trades that are left out", () => {
  test("without a known P&L, with a warning and no base", () => {
    const { currencies, base, warnings } = summarise([trade({ netPnl: "1" }), trade({ netPnl: null })], user, stamp);
    expect([currencies[0]?.periods[0]?.metrics.trades, base]).toEqual([1, null]);
    expect(warnings).toEqual([
      { code: "unknown_pnl", message: "1 trade without a known P&L left out of all figures", count: 1 },
    ]);
  });

  test("closed before they opened", () => {
    const { currencies, warnings } = summarise([trade({ openedAtMs: noonMs + 1, closedAtMs: noonMs })], user, stamp);
    expect(currencies).toEqual([]);
    expect(warnings[0]?.code).toBe("negative_holding_time");
  });

  test("an unknown gross P&L or price takes that sum with it, no more", () => {
    const history = [trade({ netPnl: "1", grossPnl: null }), trade({ netPnl: "1", entryPrice: null })];
    const metrics = summarise(history, user, stamp).currencies[0]?.periods[0]?.metrics;
    expect(metrics).toMatchObject({
      net_pnl: "2",
      fees: "0",
      null_reasons: { gross_pnl: "unknown_amount", volume: "unknown_amount" },
    });
    expect([metrics?.gross_pnl, metrics?.volume]).toEqual([undefined, undefined]);
  });

  test("an amount that is none is an error with trade and field", () => {
    expect(() => summarise([trade({ id: 7, fees: "1,5" })], user, stamp)).toThrow(
      'trade 7: fees is not a decimal number (was "1,5")',
    );
  });
});

describe("the axis of days", () => {
  const daysOf = (changes: Parameters<typeof trade>[0][]) => {
    const { currencies } = summarise(
      changes.map((change) => trade({ netPnl: "1", ...change })),
      user,
      stamp,
    );
    return currencies[0];
  };

  test.each([
    ["forex", "USD", 252],
    ["stock", "USD", 252],
    ["future", "USD", 252],
    ["cfd", "USD", 252],
    ["spot", "USD", 365],
    ["linear", "USDT", 365],
    ["option", "USD", 252],
    ["option", "USDC", 365],
    ["option", "BTC", 365],
  ] as const)("%s in %s: %p", (market, pnlCurrency, expected) => {
    expect(daysOf([{ market, pnlCurrency }])?.periods[0]?.metrics.annualisation_days).toBe(expected);
  });

  test("is one for all periods, and each market's own in a breakdown", () => {
    const section = daysOf([
      { market: "forex", closedAtMs: noonMs },
      { market: "spot", closedAtMs: noonMs + 60 * dayMs },
    ]);
    expect(
      section?.periods.filter(({ period }) => period === "month").map(({ metrics }) => metrics.annualisation_days),
    ).toEqual([365, 365]);
    expect(
      section?.breakdowns
        .filter(({ dimension }) => dimension === "market")
        .map(({ metrics }) => metrics.annualisation_days),
    ).toEqual([252, 365]);
  });

  test("a weekend's result counts on the Monday after, on the axis of Monday to Friday", () => {
    const friday = Date.parse("2026-01-09T12:00:00Z");
    const nets = ["10", "-4", "-3", "2"];
    const onWeekend = nets.map((netPnl, index) => ({ netPnl, closedAtMs: friday + index * dayMs }));
    const onMonday = nets.map((netPnl, index) => ({
      netPnl,
      closedAtMs: friday + (index === 0 ? 0 : 3 * dayMs) + index,
    }));
    const ratios = (changes: typeof onWeekend) => {
      const metrics = daysOf(changes)?.periods[0]?.metrics;
      return [metrics?.sharpe_ratio, metrics?.sortino_ratio];
    };
    expect(ratios(onWeekend)).toEqual(ratios(onMonday));
    // 10 and -5: mean 2.5, deviation 10.6066.
    expect(ratios(onWeekend)[0]).toBe("3.74165739");
    expect(daysOf(onWeekend)?.periods[0]?.metrics.trading_days).toBe(4);
  });

  test("days without a close are zeros", () => {
    // 3 on Monday, 1 on the Friday of the week after: ten days of the axis.
    const metrics = daysOf([
      { netPnl: "3", closedAtMs: noonMs },
      { netPnl: "1", closedAtMs: noonMs + 11 * dayMs },
    ])?.periods[0]?.metrics;
    const mean = 0.4;
    const deviation = Math.sqrt((2.6 ** 2 + 0.6 ** 2 + 8 * 0.4 ** 2) / 9);
    expect(Number(metrics?.sharpe_ratio)).toBeCloseTo((mean / deviation) * Math.sqrt(252), 7);
  });
});

describe("the contract's limits", () => {
  test("5000 periods: the oldest days go first", () => {
    const history = Array.from({ length: 5_200 }, (_, index) =>
      trade({ netPnl: "1", closedAtMs: noonMs - index * dayMs }),
    );
    const { currencies, warnings } = summarise(history, user, stamp);
    const periods = currencies[0]?.periods ?? [];
    expect(periods).toHaveLength(5_000);
    const days = periods.filter(({ period }) => period === "day");
    expect(days.at(-1)?.key).toBe("2026-01-05");
    expect(periods.filter(({ period }) => period === "week").length).toBeGreaterThan(740);
    expect(warnings).toEqual([
      { code: "days_left_out", message: expect.stringContaining("USD"), count: 5_200 - days.length },
    ]);
    expect(periods[0]?.metrics.trades).toBe(5_200);
  });

  test("5000 breakdowns: the symbols with the fewest trades go", () => {
    const history = Array.from({ length: 5_100 }, (_, index) => trade({ netPnl: "1", symbol: `S${index}` }));
    history.push(trade({ netPnl: "1", symbol: "S5099" }));
    const { currencies, warnings } = summarise(history, user, stamp);
    const breakdowns = currencies[0]?.breakdowns ?? [];
    expect(breakdowns).toHaveLength(5_000);
    const symbols = breakdowns.filter(({ dimension }) => dimension === "symbol");
    expect(symbols.find(({ key }) => key === "S5099")?.metrics.trades).toBe(2);
    expect(warnings).toEqual([
      { code: "breakdowns_left_out", message: expect.any(String), count: 5_100 - symbols.length },
    ]);
  });

  test("50 currencies: those with most trades stay; the base has all", () => {
    const history = Array.from({ length: 60 }, (_, index) =>
      trade({ netPnl: "1", pnlCurrency: `C${index}`, pnlInBaseCurrency: "2" }),
    );
    history.push(trade({ netPnl: "1", pnlCurrency: "C59", pnlInBaseCurrency: "2" }));
    const { currencies, base, warnings } = summarise(history, user, stamp);
    expect(currencies).toHaveLength(50);
    expect(currencies.some(({ currency }) => currency === "C59")).toBe(true);
    expect(base?.periods[0]?.metrics).toMatchObject({ trades: 61, net_pnl: "122" });
    expect(warnings.map(({ code, count }) => [code, count])).toEqual([["currencies_left_out", 10]]);
  });

  test("amounts in the billions of billions", () => {
    const huge = "123456789012345678901.12345678";
    const statistics = summarise(
      [trade({ netPnl: huge }), trade({ netPnl: `-${huge}` }), trade({ netPnl: huge }), trade({ netPnl: "-1.5" })],
      { ...user, starting_balance: "1000" },
      stamp,
    );
    expect(statistics.currencies[0]?.periods[0]?.metrics).toMatchObject({
      net_pnl: "123456789012345678899.62345678",
      largest_win: huge,
      largest_loss: huge,
      max_drawdown: huge,
      longest_win_streak_pnl: huge,
      best_day_pnl: "123456789012345678899.62345678",
      current_streak: -1,
    });
    expect(statisticsShape.allows(statistics)).toBe(true);
  });

  test("more than that is refused, with what to look for", () => {
    expect(() => summarise([trade({ netPnl: "9999999999999999999999" })], user, stamp)).toThrow(
      "adds up to more than 10^21",
    );
  });
});

describe("a summary", () => {
  test("can be finished, added to and finished again", () => {
    const summary = createSummary({ ...user, starting_balance: "500" });
    const history = weekdayTrades(v30);
    for (const one of history.slice(0, 10)) summary.add(one);
    expect(summary.finish(stamp)).toEqual(summarise(history.slice(0, 10), { ...user, starting_balance: "500" }, stamp));
    for (const one of history.slice(10)) summary.add(one);
    expect(summary.trades).toBe(30);
    expect(summary.finish(stamp)).toEqual(summarise(history, { ...user, starting_balance: "500" }, stamp));
  });

  test("an R multiple after thousands of trades without one", () => {
    const summary = createSummary(user);
    for (let index = 0; index < 9_000; index++) summary.add(trade({ netPnl: "2" }));
    summary.add(trade({ netPnl: "2", rMultiple: "1.5" }));
    expect(summary.finish(stamp).currencies[0]?.periods[0]?.metrics).toMatchObject({
      trades: 9_001,
      r_trades: 1,
      expectancy_r: "1.5",
    });
  });

  test("base amounts that differ from some trade on", () => {
    const summary = createSummary(user);
    for (let index = 0; index < 700; index++) summary.add(trade({ netPnl: "2" }));
    summary.add(trade({ netPnl: "2", pnlCurrency: "EUR", pnlInBaseCurrency: "2.2" }));
    expect(summary.finish(stamp).base?.periods[0]?.metrics).toMatchObject({ trades: 701, net_pnl: "1402.2" });
  });

  test("an unknown zone, balance or band", () => {
    expect(() => createSummary({ ...user, timezone: "Mars/Olympus" })).toThrow("Mars/Olympus");
    expect(() => createSummary({ ...user, starting_balance: "much" })).toThrow("a decimal number");
    expect(() => createSummary({ ...user, breakeven_band: { min: "1", max: "0" } })).toThrow("breakeven band");
  });

  test("a balance of nothing is none", () => {
    const metrics = summarise([trade({ netPnl: "1" })], { ...user, starting_balance: "0" }, stamp).currencies[0]
      ?.periods[0]?.metrics;
    expect(metrics?.null_reasons?.max_drawdown_pct).toBe("no_starting_balance");
  });
});

describe("a stored trade", () => {
  const stored = { ...storedClosed, closed_at: "2026-02-28T17:30:00.456789Z" };

  test("becomes a closed one", () => {
    expect(closedTradeOf(stored)).toMatchObject({
      id: 11,
      openedAtMs: 1_772_265_600_123,
      closedAtMs: 1_772_299_800_456,
      netPnl: "4.29449840",
    });
    expect(closedTradeOf({ ...stored, status: "open", closed_at: null })).toBeNull();
    expect(closedTradeOf({ ...stored, status: "void" })).toBeNull();
  });

  test.each([
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01 00:00:00Z",
    "2026-01-01T00:00:00",
    "2026-01-01T00:00:00.Z",
    "2026-01-01T00:00:00.1234567Z",
    "2026-01-01T00:00:00+01:00",
    "",
  ])("refuses the time %p", (opened_at) => {
    expect(() => closedTradeOf({ ...stored, opened_at })).toThrow("no time in UTC");
  });

  test.each([
    "2024-02-29T23:59:59.999Z",
    "2026-03-01T10:00:00Z",
    "1969-07-20T20:17:40.5Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.123Z",
  ])("reads the time %p as Date.parse does", (instant) => {
    expect(parseInstantMs(instant)).toBe(Date.parse(instant));
  });

  test("ids are in the order of numbers, in text too", () => {
    const ids = ["01JDK", 10, "9", "100", "01JDL", 2];
    expect(ids.toSorted(compareIds)).toEqual([2, "9", 10, "100", "01JDK", "01JDL"]);
  });
});
