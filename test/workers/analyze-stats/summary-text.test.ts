import { describe, expect, test } from "bun:test";
import { brailleCurve } from "../../../src/workers/analyze-stats/braille-curve.ts";
import { renderSummary } from "../../../src/workers/analyze-stats/summary-text.ts";
import { dayMs, trade } from "../../statistics/trades.ts";
import { shownOf, userOf } from "./shown.ts";

const firstMs = Date.parse("2026-01-05T12:00:00Z");
const plain = { columns: 100, color: false };

describe("a curve of braille", () => {
  test("rises from the lower left to the upper right", () => {
    expect(brailleCurve([0, 1], { width: 4, height: 2 })).toEqual(["⠀⠀⡠⠊", "⡠⠊⠀⠀"]);
  });

  test("has no gaps where it jumps, and is flat where nothing happens", () => {
    expect(brailleCurve([0, 0, 9, 9], { width: 2, height: 2 }).join("")).not.toContain("⠀⠀");
    expect(brailleCurve([3, 3, 3], { width: 3, height: 1 })).toEqual(["⠤⠤⠤"]);
  });
});

describe("a user's figures in a terminal", () => {
  const v8 = ["100", "200", "50", "-150", "300", "-100", "80", "-30"];
  const trades = v8.map((netPnl, index) => trade({ netPnl, closedAtMs: firstMs + index * dayMs }));

  test("are the key ones, each with its n or what it is made of", () => {
    const text = renderSummary(
      userOf({ starting_balance: "1000" }),
      shownOf(trades, { starting_balance: "1000" }),
      plain,
    );
    expect(text).toContain("User 42, times in UTC");
    expect(text).toContain("USD: 8 trades, 2026-01-05 to 2026-01-12");
    expect(text).toMatch(/net P&L +450\.00 +gross 450\.00, fees 0\.00, funding 0\.00/);
    expect(text).toMatch(/win rate +62\.5% +n 8, 5 won, 3 lost\n/);
    expect(text).toMatch(/profit factor +2\.61 +won 730\.00, lost 280\.00/);
    expect(text).toMatch(/expectancy +56\.25 +a trade, n 8\n/);
    expect(text).toMatch(/max drawdown +150\.00 +at most 11\.1%, 2026-01-07 to 2026-01-08, recovered 2026-01-09/);
    expect(text).toMatch(/longest streak +3 +won; 1 lost, now 1 lost/);
    expect(text).toMatch(/best day +300\.00 +on 2026-01-09; worst -150\.00 on 2026-01-08/);
    expect(text).toMatch(/balance\n1,500\.00 │ [\u2800-\u28ff]{60}\n/);
    expect(text).toMatch(/best +EURUSD +long +2026-01-09 12:00 +\+300\.00/);
    expect(text).toMatch(/worst +EURUSD +long +2026-01-08 12:00 +-150\.00/);
  });

  test("fit the width they are given", () => {
    for (const columns of [80, 60]) {
      const text = renderSummary(userOf(), shownOf(trades), { columns, color: false });
      const widest = Math.max(...text.split("\n").map((line) => Bun.stringWidth(line)));
      expect(widest).toBeLessThanOrEqual(columns);
    }
  });

  test("show the best and the worst of many symbols, and how many are between", () => {
    const many = Array.from({ length: 30 }, (_, index) =>
      trade({ symbol: `SYM${index}`, netPnl: `${index - 10}`, closedAtMs: firstMs + index * dayMs }),
    );
    const text = renderSummary(userOf(), shownOf(many), plain);
    expect(text.match(/^SYM\d+/gm)).toEqual(["SYM29", "SYM28", "SYM27", "SYM26", "SYM25", "SYM24", "SYM1", "SYM0"]);
    expect(text).toContain("… 22 more");
  });

  test("are the total first, then each currency", () => {
    const two = [
      ...trades,
      trade({ netPnl: "5", pnlCurrency: "EUR", pnlInBaseCurrency: "5.5", closedAtMs: firstMs + 20 * dayMs }),
    ];
    const text = renderSummary(userOf(), shownOf(two), plain);
    expect(text.match(/^\w+(, all currencies together)?: \d+ trades?/gm)).toEqual([
      "USD, all currencies together: 9 trades",
      "USD: 8 trades",
      "EUR: 1 trade",
    ]);
  });

  test("of nobody's trades say so", () => {
    expect(renderSummary(userOf(), shownOf([]), plain)).toBe("User 42 has no closed trade with a known P&L.\n");
  });

  test("have nothing in them that moves a cursor, whatever a symbol is called", () => {
    const text = renderSummary(userOf(), shownOf([trade({ symbol: "EVIL\u001b[2J\nX", netPnl: "1" })]), plain);
    expect(text).not.toContain("\u001b");
    expect(text).toContain("EVIL [2J X");
  });
});
