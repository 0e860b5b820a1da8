import { describe, expect, test } from "bun:test";
import type { ClosedTrade } from "../../../src/statistics/closed-trade.ts";
import { equityCourse, sampledEquity } from "../../../src/workers/analyze-stats/equity.ts";
import { TradePoints } from "../../../src/workers/analyze-stats/points.ts";
import { dayMs, trade } from "../../statistics/trades.ts";

const firstMs = Date.parse("2026-01-05T12:00:00Z");

function pointsOf(trades: readonly ClosedTrade[], baseCurrency = "USD"): TradePoints {
  const points = new TradePoints(baseCurrency);
  for (const one of trades) points.add(one);
  return points;
}

const nets = (...texts: string[]) =>
  texts.map((netPnl, index) => trade({ id: index + 1, netPnl, closedAtMs: firstMs + index * dayMs }));

describe("the trades of a section", () => {
  test("come by close, then open, then id, in whatever order they were read", () => {
    const trades = [
      trade({ id: 4, netPnl: "4", closedAtMs: firstMs, openedAtMs: firstMs - 5 }),
      trade({ id: 10, netPnl: "3", closedAtMs: firstMs, openedAtMs: firstMs - 10 }),
      trade({ id: 9, netPnl: "2", closedAtMs: firstMs, openedAtMs: firstMs - 10 }),
      trade({ id: 11, netPnl: "1", closedAtMs: firstMs - 1 }),
    ];
    for (const order of [trades, trades.toReversed()])
      expect([...pointsOf(order).ofCurrency("USD").net]).toEqual([1, 2, 3, 4]);
  });

  test("are those that the figures are of", () => {
    const points = pointsOf([
      ...nets("1"),
      trade({ netPnl: null }),
      trade({ netPnl: "5", openedAtMs: firstMs + 1, closedAtMs: firstMs }),
      trade({ netPnl: "7", pnlCurrency: "EUR" }),
    ]);
    expect(points.ofCurrency("USD").count).toBe(1);
    expect([...points.ofCurrency("EUR").net]).toEqual([7]);
    expect(points.ofCurrency("BTC").count).toBe(0);
  });

  test("are in the base currency where that is known: the same currency, nothing, or a conversion", () => {
    const eur = { pnlCurrency: "EUR" };
    const points = pointsOf([
      trade({ id: 1, netPnl: "1", pnlInBaseCurrency: null, closedAtMs: firstMs }),
      trade({ id: 2, netPnl: "0.00", ...eur, pnlInBaseCurrency: null, closedAtMs: firstMs + 1 }),
      trade({ id: 3, netPnl: "3", ...eur, pnlInBaseCurrency: "3.3", closedAtMs: firstMs + 2 }),
      trade({ id: 4, netPnl: "4", ...eur, pnlInBaseCurrency: "4.4", baseCurrency: "GBP", closedAtMs: firstMs + 3 }),
      trade({ id: 5, netPnl: "5", ...eur, pnlInBaseCurrency: null, closedAtMs: firstMs + 4 }),
    ]);
    expect([...points.inBase().net]).toEqual([1, 0, 3.3]);
    expect(points.inBase().best.map(({ net }) => net)).toEqual(["3.3", "1"]);
  });

  test("have their R, and no number where there is none", () => {
    const points = pointsOf([...nets("1"), trade({ netPnl: "2", rMultiple: "-0.5", closedAtMs: firstMs + dayMs })]);
    expect([...points.ofCurrency("USD").multiple]).toEqual([Number.NaN, -0.5]);
  });

  test("beyond the first few are all there", () => {
    const many = Array.from({ length: 1_000 }, (_, index) =>
      trade({ netPnl: `${index}`, closedAtMs: firstMs - index }),
    );
    const { net, count } = pointsOf(many).ofCurrency("USD");
    expect(count).toBe(1_000);
    expect(net[0]).toBe(999);
    expect(net[999]).toBe(0);
  });
});

describe("the trades that stand out", () => {
  test("are the five that won and lost most, exactly, the worst first among the losses", () => {
    const { best, worst } = pointsOf(nets("1", "-1", "6", "2", "3", "-9", "4", "5", "0", "-2")).ofCurrency("USD");
    expect(best.map(({ net }) => net)).toEqual(["6", "5", "4", "3", "2"]);
    expect(worst.map(({ net }) => net)).toEqual(["-9", "-2", "-1"]);
  });

  test("are told apart where floats cannot, and of equals the earlier close is first", () => {
    const close = "1.000000000000000001";
    const { best } = pointsOf(nets("1", "1", "1", "1", "1", "1", close)).ofCurrency("USD");
    expect(best.map(({ net, id }) => [net, id])).toEqual([
      [close, 7],
      ["1", 1],
      ["1", 2],
      ["1", 3],
      ["1", 4],
    ]);
  });
});

describe("the course of the equity", () => {
  test("goes from the start through every trade, and falls from its highest so far", () => {
    const course = equityCourse(pointsOf(nets("-10", "30", "-5", "-15", "2")).ofCurrency("USD"), 100);
    expect([...course.equity]).toEqual([100, 90, 120, 115, 100, 102]);
    expect([...course.drawdown]).toEqual([0, -10, 0, -5, -20, -18]);
    expect(course.atMs[0]).toBe(firstMs - 3_600_000);
  });

  test("is sampled as what it was at that moment", () => {
    const course = equityCourse(pointsOf(nets("10", "10", "10")).ofCurrency("USD"), 0);
    expect(sampledEquity(course, 3)).toEqual([0, 10, 30]);
  });

  test("of no trade stands still", () => {
    const course = equityCourse(pointsOf([]).ofCurrency("USD"), 5);
    expect([...course.equity]).toEqual([5]);
    expect(sampledEquity(course, 2)).toEqual([5, 5]);
  });
});
