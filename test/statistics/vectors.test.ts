import { describe, expect, test } from "bun:test";
import { annualGrowth, calmar } from "../../src/statistics/growth.ts";
import { riskFigures, systemQuality } from "../../src/statistics/moments.ts";
import { outcomeFigures } from "../../src/statistics/totals.ts";
import { runOf, runOfNets, trade, weekdayTrades } from "./trades.ts";
import { balances, v8, v28, v30 } from "./vectors.ts";

/** Equal to 1e-10 of its size, or to so many digits as the source prints. */
function near(figure: unknown, expected: number, relative = 1e-10): void {
  if (typeof figure !== "number") throw new Error(`expected ${expected}, found ${String(figure)}`);
  expect(Math.abs(figure - expected)).toBeLessThanOrEqual(Math.abs(expected) * relative);
}

const printed = 5e-7;

describe("V8", () => {
  const run = runOfNets(v8);
  const { totals, course } = run;
  const outcomes = outcomeFigures(totals);

  test("counts and money", () => {
    expect([totals.wins, totals.losses, totals.breakevens]).toEqual([5, 3, 0]);
    expect([totals.profit.toText(), totals.loss.toText(), totals.net.toText()]).toEqual(["730", "280", "450"]);
    const metrics = run.metrics();
    expect(metrics).toMatchObject({ average_win: "146", average_loss: "93.33333333", expectancy: "56.25" });
    expect(metrics).toMatchObject({ largest_win: "300", largest_loss: "150", max_drawdown: "150" });
    expect(metrics).toMatchObject({ longest_win_streak: 3, longest_loss_streak: 1, current_streak: -1 });
    expect(metrics).toMatchObject({ longest_win_streak_pnl: "350", longest_loss_streak_pnl: "-150" });
  });

  test("ratios", () => {
    near(outcomes.winRate, 0.625);
    near(outcomes.profitFactor, 730 / 280);
    near(outcomes.payoffRatio, 1.564285714, 1e-9);
    near(outcomes.expectancyRatio, 0.602678571, 1e-9);
    near(outcomes.kelly, 0.385273973, 2e-9);
    near(course.nets.deviation(), 149.755754, printed);
    near(systemQuality(course.nets), 1.0623900719703194);
    near(course.runs.zScore(), 1.4418, 5e-5);
    expect(course.runs.runs).toBe(6);
    expect(run.metrics().recovery_factor).toBe("3");
  });
});

describe("V30 on 500", () => {
  const run = runOfNets(v30, { start: 500 });
  const { totals, course } = run;
  const outcomes = outcomeFigures(totals);

  test("counts and money", () => {
    expect([totals.wins, totals.losses]).toEqual([16, 14]);
    expect([totals.profit.toText(), totals.loss.toText(), totals.net.toText()]).toEqual([
      "1256.38",
      "1128.67",
      "127.71",
    ]);
    expect(run.metrics()).toMatchObject({
      average_win: "78.52375",
      average_loss: "80.61928571",
      expectancy: "4.257",
      max_drawdown: "326.3",
      longest_win_streak: 6,
      longest_loss_streak: 3,
      current_streak: -1,
    });
  });

  test("ratios", () => {
    near(outcomes.profitFactor, 1.113151, printed);
    near(outcomes.payoffRatio, 0.974007, printed);
    near(outcomes.expectancyRatio, 0.052804, 1e-5);
    near(outcomes.kelly, 0.054213, 1e-5);
    near(course.nets.squares / 29, 9353.623, printed);
    near(course.nets.deviation(), 96.71413, printed);
    near(systemQuality(course.nets), 0.241087, 2e-6);
    near(course.runs.zScore(), -0.161776, 5e-6);
    expect(course.runs.runs).toBe(15);
  });

  test("balance: AHPR, GHPR and the regression line with the start", () => {
    near(course.growth.arithmeticMean(), 1.0216725111130198);
    near(course.growth.geometricMean(course.total), 1.007611, printed);
    const { correlation, standardError } = course.regression.figures();
    near(correlation, 0.4858358026891);
    near(standardError, 112.214065418624);
    const { slope, intercept } = course.regression.line();
    near(slope, 6.744870967742);
    near(500 + intercept, 526.846612903226);
  });

  test("daily series, Monday to Friday", () => {
    const returns = course.returnFigures();
    expect(returns.basis).toBe("equity");
    near(returns.sharpe, 1.9539511162377154);
    near(returns.sortino, 3.503492378417236);
    near(returns.ulcer, 0.206905014182);
  });

  test("drawdown, growth and what follows", () => {
    const drawdown = course.drawdownFigures();
    near(drawdown.fraction, 0.437968940848);
    near(drawdown.fractionAtDeepest, 0.437968940848);
    near(totals.net.toNumber() / drawdown.depth, 0.391388, 2e-6);
    const growth = course.annualGrowth();
    near(growth, 7.405511006088);
    near(calmar(growth, drawdown.fraction), 16.908758396769);
    expect(run.metrics()).toMatchObject({
      max_drawdown_peak_at: "2024-12-23T12:00:00.000Z",
      max_drawdown_trough_at: "2025-01-09T12:00:00.000Z",
      max_drawdown_recovered_at: "2025-01-15T12:00:00.000Z",
      longest_drawdown_seconds: 23 * 86_400,
      drawdown_ongoing: true,
    });
  });

  test("each spell under water: 2, 2, 23 and 7 days, the last one going on", () => {
    const spells: [number, number, number, boolean][] = [
      // [from trade, to trade, days, ongoing]. The first begins at the start: with the first open, an hour before its close.
      [0, 3, 2 + 1 / 24, false],
      [2, 5, 2, false],
      [5, 23, 23, false],
      [24, 30, 7, true],
    ];
    for (const [from, to, days, isOngoing] of spells) {
      const before = v30.slice(0, from).reduce((a, b) => a + b, 500);
      const part = runOf(weekdayTrades(v30).slice(from, to), { start: before }).metrics();
      expect([part.longest_drawdown_seconds, part.drawdown_ongoing]).toEqual([Math.round(days * 86_400), isOngoing]);
    }
  });
});

describe("V28 on 0.2, and freqtrade's other drawdowns", () => {
  test("the start is a peak", () => {
    const drawdown = runOfNets(v28, { start: 0.2 }).course.drawdownFigures();
    near(drawdown.depth, 0.091755);
    near(drawdown.fractionAtDeepest, 0.32129575, 3e-8);
  });

  test("five losses from the start: without it as a peak freqtrade found 0.043965", () => {
    const losses = v28.slice(0, 5).map((net) => -net);
    near(runOfNets(losses, { start: 0.2 }).course.drawdownFigures().depth, 0.055545);
  });

  test("the deepest in money is not the deepest in percent", () => {
    const run = runOfNets([0, -500, 500, 10_000, -1_000], { start: 1_000 });
    const drawdown = run.course.drawdownFigures();
    expect([drawdown.depth, drawdown.fraction]).toEqual([1_000, 0.5]);
    near(drawdown.fractionAtDeepest, 1 / 11);
    expect(drawdown.peakAtMs).toBe(Date.parse("2024-12-19T12:00:00Z"));
    expect(drawdown.recoveredAtMs).toBeNull();
  });

  test("two losses from the start: 0.46 of it, as Nautilus has it", () => {
    near(runOfNets(["-0.4", "-0.06"], { start: 1 }).course.drawdownFigures().fraction, 0.46);
  });

  test("values 2 1 3 1 4 1: 3 of 4", () => {
    near(runOfNets([-1, 2, -2, 3, -3], { start: 2 }).course.drawdownFigures().fraction, 0.75);
  });

  test("coming up to the peak again, exactly, ends it", () => {
    expect(runOfNets([10, -5, 5, -1]).metrics()).toMatchObject({
      max_drawdown: "5",
      max_drawdown_peak_at: "2024-12-16T12:00:00.000Z",
      max_drawdown_recovered_at: "2024-12-18T12:00:00.000Z",
      longest_drawdown_seconds: 2 * 86_400,
      drawdown_ongoing: true,
    });
    expect(
      runOfNets(["0.000000000000000003", "-0.000000000000000002", "0.000000000000000002"]).metrics(),
    ).toMatchObject({
      max_drawdown: "0.000000000000000002",
      drawdown_ongoing: false,
    });
  });

  test("only gains: none, and no times", () => {
    const metrics = runOfNets([10, 0, 5], { start: 100 }).metrics();
    expect(metrics).toMatchObject({
      max_drawdown: "0",
      max_drawdown_pct: "0",
      max_drawdown_pct_at_max: "0",
      drawdown_ongoing: false,
    });
    expect(metrics).not.toContainAnyKeys([
      "max_drawdown_peak_at",
      "max_drawdown_trough_at",
      "longest_drawdown_seconds",
      "recovery_factor",
    ]);
  });

  test("more than everything: above 1", () => {
    const metrics = runOfNets([10, -120, 5], { start: 100 }).metrics();
    expect(metrics.max_drawdown_pct).toBe("1.09090909");
    expect(metrics.null_reasons).toMatchObject({ ahpr: "equity_not_positive", sharpe_ratio: "equity_not_positive" });
  });
});

test("the balance table of article 1492", () => {
  const nets = balances.slice(1).map((balance, index) => (balance - (balances[index] as number)).toFixed(2));
  const { course } = runOfNets(nets, { start: 10_000 });
  const { correlation, standardError } = course.regression.figures();
  near(correlation, 0.789536583, 1e-9);
  near(standardError, 3687.3654, 2e-8);
  const { slope, intercept } = course.regression.line();
  near(slope, 443.786, 2e-6);
  near(10_000 + intercept, 13616.0, 1e-6);
});

describe("return series", () => {
  /** Money a day of the same numbers: the ratios are the same, since none divides by an equity. */
  const returnsOf = (nets: (number | string)[]) => runOfNets(nets).course.returnFigures();
  const mixed = ["0.01", "0.1", "-0.04", "0.02", "0.03", "0.02", "0.01", "-0.1"];

  test.each([
    ["mixed", mixed, 1.7238613961706866, 2.605531251673693],
    [
      "negative",
      ["0", "-0.06", "-0.07", "-0.01", "-0.09", "-0.02", "-0.06", "-0.08", "-0.05"],
      -24.406808633910085,
      -13.532743075043401,
    ],
    ["with a pause", ["0.01", "-0.02", "0.015", "-0.005", "0.025"], 4.48998886412873, null],
    ["downward", ["-0.01", "0.02", "-0.015", "0.005", "-0.02"], null, -5.273224492824493],
  ] as const)("%s", (_name, nets, sharpe, sortino) => {
    const returns = returnsOf([...nets]);
    if (sharpe !== null) near(returns.sharpe, sharpe);
    if (sortino !== null) near(returns.sortino, sortino);
  });

  test("the mixed one's downside risk and volatility: mean over each of the ratios", () => {
    const { sharpe, sortino } = returnsOf(mixed);
    const mean = 0.05 / 8;
    near((mean * 252) / Number(sortino), 0.60448325038829653);
    near((mean * 252) / Number(sharpe), 0.9136465399704637);
  });

  test("the mixed one with a day of nothing, at 52 and 12 periods a year", () => {
    const { sortino } = returnsOf(["0", ...mixed]);
    if (typeof sortino !== "number") throw new Error(sortino);
    near(sortino * Math.sqrt(52 / 252), 1.1158901056866439);
    near(sortino * Math.sqrt(12 / 252), 0.53605626741889756);
  });

  test("only gains: no downside", () => {
    near(returnsOf(["0.01", "0.02", ...Array(7).fill("0.01")]).sharpe, 52.915026221291804);
    expect(returnsOf(["0.01", "0.02", "0.01"]).sortino).toBe("no_losses");
    expect(returnsOf(["0.02", "0.03", "0.01"]).sortino).toBe("no_losses");
  });

  test("all the same: no variation", () => {
    expect(returnsOf(["0.1", "0.1", "0.1"]).sharpe).toBe("no_variation");
    expect(returnsOf(["0.1"]).sharpe).toBe("too_few_days");
  });

  /** Compounded on 1, exactly: percents become money. */
  const compounded = (percents: number[]): string[] => {
    let balance = 10n ** 18n;
    return percents.map((percent) => {
      const net = (balance * BigInt(percent)) / 100n;
      balance += net;
      return `${net < 0n ? "-" : ""}0.${(net < 0n ? -net : net).toString().padStart(18, "0")}`;
    });
  };

  test.each([
    ["negative", [0, -6, -7, -1, -9, -2, -6, -8, -5], 0.3659073],
    ["all negative", [-2, -6, -7, -1, -9, -2, -6, -8, -5], 0.378589157],
  ])("max drawdown, %s", (_name, percents, expected) => {
    near(runOfNets(compounded(percents), { start: 1 }).course.drawdownFigures().fraction, expected, 1e-7);
  });

  test("Ulcer index on days without a close: as deep as before", () => {
    const trades = ["2026-01-05", "2026-01-08"].map((day, index) =>
      trade({ netPnl: index === 0 ? "-10" : "5", closedAtMs: Date.parse(`${day}T12:00:00Z`) }),
    );
    near(runOf(trades, { start: 100 }).course.returnFigures().ulcer, Math.sqrt((3 * 0.01 + 0.0025) / 4));
  });

  test("Ulcer index over n days, the start a peak", () => {
    const rising = runOfNets(compounded([10, -10, 50, -20, 10]), { start: 1 }).course;
    near(rising.returnFigures().ulcer, 0.11349008767288883);
    near(rising.drawdownFigures().fraction, 0.2);
    near(runOfNets(compounded([0, -10, 0]), { start: 1 }).course.returnFigures().ulcer, Math.sqrt(0.02 / 3));
  });
});

describe("System Quality Number", () => {
  test("of R multiples, n - 1", () => {
    const multiples = ["1.5", "-1", "2", "-1", "0", "-0.5", "3", "-1"];
    const { course } = runOf(multiples.map((rMultiple) => trade({ rMultiple })));
    const risk = riskFigures(course.multiples);
    near(risk.quality, 0.673229091819);
    near(risk.quality100, 0.673229091819);
    // Divided by n it would be 0.719712: what backtrader does.
    near(Number(risk.quality) * Math.sqrt(8 / 7), 0.719712, 1e-6);
  });

  test("of P&L it is another figure under another name: V8, which backtrader divides by n", () => {
    const quality = Number(systemQuality(runOfNets(v8).course.nets));
    near(quality * Math.sqrt(8 / 7), 1.1357, 5e-5);
  });

  test("trades without R are left out, with the count", () => {
    const metrics = runOf([trade({ rMultiple: "2" }), trade(), trade({ rMultiple: "-1" })]).metrics();
    expect(metrics).toMatchObject({ trades: 3, r_trades: 2, expectancy_r: "0.5", sqn_reliable: false });
  });

  test("from 30 trades on it is reliable, above 100 it is capped", () => {
    const trades = Array.from({ length: 400 }, (_, index) => trade({ rMultiple: index % 2 === 0 ? "2" : "-1" }));
    const { quality, quality100 } = riskFigures(runOf(trades).course.multiples);
    near(Number(quality), 2 * Number(quality100));
    expect(runOf(trades.slice(0, 30)).metrics().sqn_reliable).toBe(true);
  });

  test.each([
    [
      ["1.8681818181818182", "0.28581818181818175", "0.87", "-0.16"],
      [0.75, 18.9, 0.716, 1.634155521947584],
    ],
    [
      ["-1.95", "-0.296", "-1.13", "-0.16"],
      [0, 0, -0.884, -2.13007307],
    ],
    [
      ["1.8681818181818182", "0.28581818181818175", "0.87", "-1.15", "-0.08"],
      [0.6, 2.45853659, 0.3588, 0.71660403],
    ],
  ])("of P&L: %p", (nets, [winRate, profitFactor, expectancy, quality]) => {
    const { totals, course } = runOfNets(nets);
    const outcomes = outcomeFigures(totals);
    near(outcomes.winRate, winRate as number);
    near(outcomes.profitFactor, profitFactor as number, 2e-9);
    near(totals.net.toNumber() / nets.length, expectancy as number);
    near(systemQuality(course.nets), quality as number, 2e-9);
  });
});

test.each([
  [[10, -5, 15, -10], 2.5],
  [[10, 0, -20, -30], -10],
])("expectancy of %p, a breakeven counted and never charged with a loss", (nets, expected) => {
  const { totals } = runOfNets(nets);
  near(totals.net.toNumber() / totals.trades, expected);
});

test("band of -5 to 10: one of each", () => {
  const { totals } = runOfNets([40, 5, -20], { band: { min: "-5", max: "10" } });
  expect([totals.wins, totals.breakevens, totals.losses]).toEqual([1, 1, 1]);
});

test("the breakeven band's ends are breakeven", () => {
  const { totals } = runOfNets([40, 5, -20, 10, -5], { band: { min: "-5", max: "10" } });
  expect([totals.wins, totals.breakevens, totals.losses]).toEqual([1, 3, 1]);
});

test.each([
  [64_900, 176_000, 1_095, 0.3945],
  [64_900, 176_000, 365, 1.7119],
  [1_000, 1_000, 365, 0],
  [1_000, 1_500, 365, 0.5],
  [1_000, 1_500, 100, 3.3927],
  [0.01, 0.01762792, 120, 4.6087],
])("annual growth from %p to %p in %p days: %p", (start, end, days, expected) => {
  expect(Number(annualGrowth({ start, total: end - start, days }))).toBeCloseTo(expected, 4);
});

test("a year's growth is not guessed from less than 30 days", () => {
  expect(annualGrowth({ start: 100, total: 1, days: 29 })).toBe("too_few_days");
  near(annualGrowth({ start: 100, total: 1, days: 30 }), 1.01 ** (365 / 30) - 1);
  expect(annualGrowth({ start: 100, total: -100, days: 365 })).toBe("equity_not_positive");
});

describe("streaks", () => {
  test.each([
    [["0.05", "-0.02", "-0.03", "-0.05", "0.01", "0.02", "0.03", "0.04", "-0.02", "-0.03"], 4, 3, -2],
    [["1.868", "0.2858", "0.87", "-0.16"], 3, 1, -1],
    [["10", "0", "10", "-1", "0", "-1"], 1, 1, -1],
    [["10", "10", "0"], 2, 0, 0],
  ])("%p", (nets, wins, losses, current) => {
    expect(runOfNets(nets).metrics()).toMatchObject({
      longest_win_streak: wins,
      longest_loss_streak: losses,
      current_streak: current,
    });
  });

  test("the P&L of the first of equals", () => {
    expect(runOfNets([1, 2, -5, 4, 8, -3]).metrics()).toMatchObject({
      longest_win_streak_pnl: "3",
      longest_loss_streak_pnl: "-5",
    });
  });
});

describe("edge lists", () => {
  const none = undefined;
  test.each([
    [[], none, none, none, none, none, none, none, "0", none, 0, 0],
    [[10], "1", "1", none, none, "10", none, none, "0", none, 1, 0],
    [[-10], "0", "0", "0", none, "-10", none, none, "10", "-1", 0, 1],
    [[0, 0, 0], "0", none, none, none, "0", none, none, "0", none, 0, 0],
    [[10, 10, 10], "1", "1", none, none, "10", none, none, "0", none, 3, 0],
    [[10, 20, 30], "1", "1", none, none, "20", "3.46410162", none, "0", none, 3, 0],
    [[-10, -20, -30], "0", "0", "0", none, "-20", "-3.46410162", none, "60", "-1", 0, 3],
    [[10, 0, -20, -30], "0.25", "0.33333333", "0.2", "0.4", "-10", "-1.09544512", "-1.33333333", "50", "-0.8", 1, 2],
  ])("%p", (nets, winRate, decided, factor, payoff, expectancy, sqn, kelly, depth, recovery, wins, losses) => {
    const metrics = runOfNets(nets).metrics();
    expect([
      metrics.win_rate,
      metrics.win_rate_ex_breakeven,
      metrics.profit_factor,
      metrics.payoff_ratio,
      metrics.expectancy,
      metrics.sqn_pnl,
      metrics.kelly,
      metrics.max_drawdown,
      metrics.recovery_factor,
      metrics.longest_win_streak,
      metrics.longest_loss_streak,
    ]).toEqual([winRate, decided, factor, payoff, expectancy, sqn, kelly, depth, recovery, wins, losses]);
  });

  test("each null has its reason", () => {
    expect(runOfNets([]).metrics().null_reasons).toMatchObject({ win_rate: "no_trades", expectancy: "no_trades" });
    expect(runOfNets([10]).metrics().null_reasons).toMatchObject({
      profit_factor: "no_losses",
      sqn_pnl: "too_few_trades",
      recovery_factor: "no_drawdown",
      max_drawdown_pct: "no_starting_balance",
      sharpe_ratio: "too_few_days",
      expectancy_r: "no_initial_risk",
      z_score: "no_losses",
    });
    expect(runOfNets([10, 10, 10]).metrics().null_reasons).toMatchObject({ sqn_pnl: "no_variation" });
    expect(runOfNets([-10]).metrics().null_reasons).toMatchObject({ payoff_ratio: "no_wins", kelly: "no_wins" });
  });

  test("VB: expectancy over average loss, where tools that take 1 - win rate say -0.65", () => {
    const outcomes = outcomeFigures(runOfNets([10, 0, -20, -30]).totals);
    near(outcomes.expectancyRatio, -0.4);
    near(outcomes.kelly, -4 / 3);
  });

  test.each([
    [[10, -20, 30, -40], 2 / 3],
    [[20, -20], 1],
  ])("profit factor of %p", (nets, expected) => {
    near(outcomeFigures(runOfNets(nets).totals).profitFactor, expected);
  });
});
