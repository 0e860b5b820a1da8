import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ClosedTrade } from "../../src/statistics/closed-trade.ts";
import { systemQuality } from "../../src/statistics/moments.ts";
import { summarise } from "../../src/statistics/summary.ts";
import { outcomeFigures } from "../../src/statistics/totals.ts";
import { runOf, runOfNets, stamp, text, trade, user } from "./trades.ts";

/**
 * Trades of two backtesting tools with the figures that these printed of them. They are not part of this project: `AMI_SAMPLES` says
 * where they are. Where a tool's definition is another one, the test says which, and that it is what makes the difference.
 */
const samples = process.env.AMI_SAMPLES;
const readSample = (name: string) => readFileSync(join(samples ?? "", "stats", name), "utf8");

function near(found: unknown, expected: number, relative = 1e-10): void {
  if (typeof found !== "number") throw new Error(`expected ${expected}, found ${String(found)}`);
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(Math.abs(expected) * relative);
}

interface FreqtradeTrade {
  pair: string;
  open_timestamp: number;
  close_timestamp: number;
  profit_abs: number;
  profit_ratio: number;
}

interface FreqtradeResult {
  strategy: {
    StrategyTestV3: {
      trades: FreqtradeTrade[];
      profit_factor: number;
      profit_total_abs: number;
      daily_profit: [string, number][];
      winning_days: number;
      losing_days: number;
      max_drawdown_account: number;
      results_per_pair: { key: string; trades: number; profit_total_abs: number; wins: number; losses: number }[];
    };
  };
}

describe.skipIf(samples === undefined)("freqtrade's bundled backtest", () => {
  const load = () =>
    (JSON.parse(readSample("freqtrade_backtest-result.json")) as FreqtradeResult).strategy.StrategyTestV3;
  const closedTrades = (trades: readonly FreqtradeTrade[]): ClosedTrade[] =>
    trades.map((one) =>
      trade({
        symbol: one.pair,
        market: "spot",
        openedAtMs: one.open_timestamp,
        closedAtMs: one.close_timestamp,
        netPnl: text(one.profit_abs),
        pnlCurrency: "BTC",
        pnlInBaseCurrency: null,
      }),
    );
  const byClose = (a: FreqtradeTrade, b: FreqtradeTrade) =>
    a.close_timestamp - b.close_timestamp || a.open_timestamp - b.open_timestamp;
  const runOfFile = (start: number | null) =>
    runOf(closedTrades(load().trades.toSorted(byClose)), { start, annualisationDays: 365 });

  test("profit, profit factor, expectancy and its ratio are the printed ones", () => {
    const printed = load();
    const { totals } = runOfFile(null);
    const outcomes = outcomeFigures(totals);
    near(totals.net.toNumber(), printed.profit_total_abs);
    near(outcomes.profitFactor, printed.profit_factor);
    near(totals.net.toNumber() / totals.trades, 5.820687070932315e-6);
    near(outcomes.expectancyRatio, 0.07151374226574791);
  });

  test("each day and each pair", () => {
    const printed = load();
    const section = summarise(closedTrades(printed.trades), user, stamp).currencies[0];
    const days = section?.periods
      .filter(({ period }) => period === "day")
      .map(({ key, metrics }) => [key, Number(Number(metrics.net_pnl).toFixed(10))]);
    expect(days).toEqual(printed.daily_profit);
    expect(section?.periods[0]?.metrics).toMatchObject({
      winning_days: printed.winning_days,
      losing_days: printed.losing_days,
    });
    for (const pair of printed.results_per_pair.filter(({ key }) => key !== "TOTAL")) {
      const found = section?.breakdowns.find(({ dimension, key }) => dimension === "symbol" && key === pair.key);
      // It has no entry for a pair without trades.
      expect(found?.metrics.trades ?? 0).toBe(pair.trades);
      if (found !== undefined) near(Number(found.metrics.net_pnl), pair.profit_total_abs, 1e-9);
    }
  });

  test("drawdown: trades that closed together go by open here, the later first there", () => {
    const laterFirst = (a: FreqtradeTrade, b: FreqtradeTrade) =>
      a.close_timestamp - b.close_timestamp || b.open_timestamp - a.open_timestamp;
    const theirs = runOf(closedTrades(load().trades.toSorted(laterFirst)), { start: 0.01 }).course.drawdownFigures();
    near(theirs.fraction, load().max_drawdown_account);
    expect(theirs.peakAtMs).toBe(Date.parse("2018-01-16T19:30:00Z"));
    expect(theirs.troughAtMs).toBe(Date.parse("2018-01-16T22:25:00Z"));
    // Its 0.29753914 takes the fall as a share of the profit so far; a peak of profit is no account.
    near(theirs.depth / (theirs.depth / Number(theirs.fraction) - 0.01), 0.29753914, 1e-7);
    expect(runOfFile(null).course.drawdownFigures().fraction).toBe("no_starting_balance");

    const ours = runOfFile(0.01).course.drawdownFigures();
    near(ours.depth, 0.00020977443609022234);
    expect(ours.troughAtMs).toBe(Date.parse("2018-01-16T22:45:00Z"));
  });

  test("wins, losses and streaks: by money and close; it printed 48, 9 and 122 by rounded ratio", () => {
    const metrics = runOfFile(null).metrics();
    expect(metrics).toMatchObject({ wins: 170, losses: 9, breakevens: 0, longest_win_streak: 65 });
    const inFileOrder = runOf(closedTrades(load().trades)).metrics();
    expect(inFileOrder.longest_win_streak).toBe(51);
    const byRatio = runOfNets(load().trades.map((one) => text(one.profit_ratio))).metrics();
    expect(byRatio).toMatchObject({
      wins: 48,
      losses: 9,
      breakevens: 122,
      longest_win_streak: 7,
      longest_loss_streak: 3,
    });
  });

  test("Sharpe ratio: of 21 days; its 44.5078669 divides by the deviation of trades", () => {
    const { course, totals } = runOfFile(0.01);
    near(course.returnFigures().sharpe, 14.0501, 5e-6);
    near(runOfFile(null).course.returnFigures().sharpe, 14.1009, 5e-6);
    // Mean per day of its 20 days over the population deviation of trades, as fractions of the balance.
    const nets = load().trades.map((one) => one.profit_abs / 0.01);
    const mean = nets.reduce((a, b) => a + b, 0) / nets.length;
    const deviation = Math.sqrt(nets.reduce((sum, net) => sum + (net - mean) ** 2, 0) / nets.length);
    near((totals.net.toNumber() / 0.01 / freqtradeDays(load().trades) / deviation) * Math.sqrt(365), 44.5078669, 1e-7);
  });

  /** Whole days from the first open to the last close, at least one. */
  function freqtradeDays(trades: readonly FreqtradeTrade[]): number {
    const first = Math.min(...trades.map((one) => one.open_timestamp));
    const last = Math.max(...trades.map((one) => one.close_timestamp));
    return Math.max(1, Math.floor((last - first) / 86_400_000));
  }
});

describe.skipIf(samples === undefined)("backtesting.py's 66 trades of GOOG", () => {
  const rows = () =>
    readSample("backtestingpy_smacross_trades_66.csv")
      .trim()
      .split(/\r?\n/)
      .slice(1)
      .map((line) => line.split(","));
  const expected = (name: string): number => {
    const file = JSON.parse(readSample("backtestingpy_smacross_expected.json")) as { expected: Record<string, number> };
    return file.expected[name] as number;
  };
  const trades = () =>
    rows().map((cells) =>
      trade({
        market: "stock",
        symbol: "GOOG",
        direction: cells[0]?.startsWith("-") ? "short" : "long",
        netPnl: cells[7] ?? "",
        openedAtMs: Date.parse(`${cells[10]}T00:00:00Z`),
        closedAtMs: Date.parse(`${cells[11]}T00:00:00Z`),
      }),
    );

  test("trades, return, win rate, SQN, Kelly and holding time are the published ones", () => {
    const { totals, course } = runOf(trades(), { start: 10_000 });
    const outcomes = outcomeFigures(totals);
    expect(totals.trades).toBe(expected("# Trades"));
    near(totals.net.toNumber() / 100, expected("Return [%]"));
    near(Number(outcomes.winRate) * 100, expected("Win Rate [%]"));
    near(systemQuality(course.nets), expected("SQN"));
    near(outcomes.kelly, expected("Kelly Criterion"));
    // Rounded up to whole days there.
    expect(Math.ceil((runOf(trades()).metrics().average_holding_seconds ?? 0) / 86_400)).toBe(46);
  });

  test("profit factor and expectancy: of percents there, of money here", () => {
    const percents = runOfNets(rows().map((cells) => cells[9] ?? ""));
    near(outcomeFigures(percents.totals).profitFactor, expected("Profit Factor"), 1e-8);
    near((percents.totals.net.toNumber() / 66) * 100, expected("Expectancy [%]"), 1e-8);
    expect(Number(outcomeFigures(runOf(trades()).totals).profitFactor)).not.toBeCloseTo(expected("Profit Factor"), 2);
  });

  test("drawdown: of the balance after closed trades here, of the open positions' value there", () => {
    const { fraction } = runOf(trades(), { start: 10_000 }).course.drawdownFigures();
    expect(Number(fraction) * 100).toBeLessThan(-expected("Max. Drawdown [%]"));
  });

  test("growth a year: 365 days from the first open here, 365.25 from the first price there", () => {
    const growth = runOf(trades(), { start: 10_000 }).course.annualGrowth();
    const days = (Date.parse("2013-03-01") - Date.parse(rows()[0]?.[10] ?? "")) / 86_400_000;
    near(growth, 5.142299 ** (365 / days) - 1, 1e-9);
    near(5.142299 ** (365.25 / 3116) - 1, expected("CAGR [%]") / 100);
  });
});
