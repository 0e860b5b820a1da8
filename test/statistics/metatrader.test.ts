import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { formatDecimal, parseDecimal } from "../../src/executions/decimal.ts";
import { outcomeFigures } from "../../src/statistics/totals.ts";
import { readAll } from "../brokers/metatrader/golden.ts";
import { runOfNets } from "./trades.ts";

/**
 * What terminals print of their own trades, by our figures. The reports are not part of this project: `AMI_SAMPLES` says where they are. The
 * terminals count a ticket (4) or a closing deal (5) as a trade, and a result of zero as a profit: its test says what comes of that.
 */
const samples = process.env.AMI_SAMPLES;
const folder = join(samples ?? "", "metatrader");

/** As printed, with so many digits. */
const rounded = (figure: unknown, digits: number): string => {
  if (typeof figure !== "number") throw new Error(`no number: ${String(figure)}`);
  return figure.toFixed(digits);
};

describe.skipIf(samples === undefined)("the figures that a terminal prints", () => {
  test("MetaTrader 5's strategy tester: 179 closing deals on 3000", async () => {
    const { recognised } = await readAll(join(folder, "mt5_strategy-tester_exness_GBPUSD_179.html"));
    const closing = recognised.contents.deals.filter(({ direction }) => direction !== "in");
    const nets = closing.map(({ profit, swap, commission, fee }) => formatDecimal(profit + swap + commission + fee));
    const run = runOfNets(nets, { start: 3_000 });
    const { totals, course } = run;
    expect(run.metrics()).toMatchObject({
      trades: 179,
      wins: 52,
      losses: 127,
      net_pnl: "1301.4",
      gross_profit: "3698.6",
      gross_loss: "2397.2",
      largest_win: "588.3",
      largest_loss: "88.6",
      longest_win_streak: 3,
      longest_loss_streak: 11,
      max_drawdown: "369.6",
    });
    const { winRate, profitFactor } = outcomeFigures(totals);
    expect([rounded(winRate, 4), rounded(profitFactor, 2)]).toEqual(["0.2905", "1.54"]);
    expect(rounded(totals.net.toNumber() / totals.trades, 2)).toBe("7.27");
    expect(rounded(totals.profit.toNumber() / totals.wins, 2)).toBe("71.13");
    expect(rounded(totals.loss.toNumber() / totals.losses, 2)).toBe("18.88");
    const drawdown = course.drawdownFigures();
    expect([rounded(drawdown.fraction, 4), rounded(drawdown.fractionAtDeepest, 4)]).toEqual(["0.0883", "0.0883"]);
    expect(rounded(course.runs.zScore(), 2)).toBe("-0.05");
    expect(rounded(course.growth.arithmeticMean(), 4)).toBe("1.0022");
    expect(rounded(course.growth.geometricMean(course.total), 4)).toBe("1.0020");
    const { correlation, standardError } = course.regression.figures();
    expect([rounded(correlation, 2), rounded(standardError, 2)]).toEqual(["0.93", "152.97"]);
    // Its recovery factor divides by the fall of the equity with open positions, 468.60; ours by that of the balance.
    expect(rounded(totals.net.toNumber() / 468.6, 2)).toBe("2.78");
    expect(rounded(totals.net.toNumber() / drawdown.depth, 2)).toBe("3.52");
  });

  test("MetaTrader 4's detailed statement: 1761 tickets, 219 % of the deposit lost", async () => {
    const { recognised } = await readAll(join(folder, "mt4_detailed-statement_ronnaru_JPY_2020.htm"));
    const { closed, entries } = recognised.contents;
    const start = entries.toSorted((a, b) => a.wallMs - b.wallMs)[0]?.amount ?? 0n;
    const results = closed
      .toSorted((a, b) => a.closedWallMs - b.closedWallMs)
      .map(({ commission, taxes, swap, profit }) => commission + taxes + swap + profit);
    const run = runOfNets(results.map(formatDecimal), { start: Number(start) / 1e18 });
    const { totals, course } = run;
    expect(run.metrics()).toMatchObject({
      trades: 1_761,
      net_pnl: "-348604",
      gross_profit: "838124",
      gross_loss: "1186728",
      max_drawdown: "439196",
    });
    const { profitFactor } = outcomeFigures(totals);
    expect([rounded(profitFactor, 4), rounded(totals.net.toNumber() / 1_761, 2)]).toEqual(["0.7062", "-197.96"]);
    expect(rounded(course.drawdownFigures().fractionAtDeepest, 4)).toBe("2.1943");
    // Where it counts a result of zero as a profit, we say breakeven: one number, in two columns.
    const zeros = results.filter((result) => result === parseDecimal("0")).length;
    expect(totals.breakevens).toBe(zeros);
    expect(totals.wins + zeros).toBe(results.filter((result) => result >= 0n).length);
  });
});
