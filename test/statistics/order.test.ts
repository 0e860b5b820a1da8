import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HoldingTimes } from "../../src/statistics/holding.ts";
import { orderByKey } from "../../src/statistics/order.ts";
import { summarise } from "../../src/statistics/summary.ts";
import { runOf, stamp, trade, user } from "./trades.ts";

const orderOf = (keys: number[]) => [...orderByKey(Float64Array.from(keys), new Uint32Array(keys.length))];
const sorted = (keys: number[]) =>
  keys.map((_, index) => index).sort((a, b) => (keys[a] as number) - (keys[b] as number) || a - b);

describe("order by key", () => {
  test.each([
    ["few", fc.integer({ min: -3, max: 3 })],
    ["milliseconds of a century", fc.integer({ min: -1_500_000_000_000, max: 1_800_000_000_000 })],
    ["close together, far from zero", fc.integer({ min: 1_772_000_000_000, max: 1_772_000_005_000 })],
    ["further apart than four digits go", fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 })],
  ])("%s: by key, equal ones in the order they came", (_name, keys) => {
    fc.assert(
      fc.property(fc.array(keys, { maxLength: 400, size: "max" }), (all) => {
        expect(orderOf(all)).toEqual(sorted(all));
      }),
    );
  });
});

describe("median holding time", () => {
  const at = Date.parse("2026-01-05T12:00:00Z");
  const held = (seconds: number[]) =>
    seconds.map((second) => trade({ netPnl: "1", closedAtMs: at, openedAtMs: at - second * 1_000 }));

  test.each([
    [[7], 7],
    [[1, 2], 2],
    [[2, 3], 2],
    [[3, 4], 4],
    [[5, 1, 9], 5],
    [[60, 0, 0, 0], 0],
    [[4, 4, 8, 100], 6],
  ])("of %p: %p, rounded half to even", (seconds, expected) => {
    const section = summarise(held(seconds), user, stamp).currencies[0];
    expect(section?.periods[0]?.metrics.median_holding_seconds).toBe(expected);
    expect(runOf(held(seconds)).metrics().median_holding_seconds).toBe(expected);
  });

  test("of every period and key, as by sorting", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 200 }), fc.nat({ max: 40 }), fc.constantFrom("A", "B", "C")), {
          minLength: 1,
          maxLength: 80,
        }),
        (all) => {
          const trades = all.map(([seconds, day, symbol]) =>
            trade({
              symbol,
              netPnl: "1",
              closedAtMs: at + day * 86_400_000,
              openedAtMs: at + day * 86_400_000 - seconds * 1_000,
            }),
          );
          const section = summarise(trades, user, stamp).currencies[0];
          for (const symbol of new Set(all.map((one) => one[2]))) {
            const times = new HoldingTimes();
            for (const [seconds, , own] of all) if (own === symbol) times.add(seconds);
            const found = section?.breakdowns.find(({ dimension, key }) => dimension === "symbol" && key === symbol);
            expect(found?.metrics.median_holding_seconds).toBe(times.median() ?? Number.NaN);
          }
          for (const { period, from, to, metrics } of section?.periods ?? []) {
            if (period === "day") continue;
            const own = trades.filter(
              ({ closedAtMs }) => closedAtMs >= Date.parse(from) && closedAtMs < Date.parse(to),
            );
            const seconds = own
              .map(({ closedAtMs, openedAtMs }) => (closedAtMs - openedAtMs) / 1_000)
              .sort((a, b) => a - b);
            const middle = [seconds[(seconds.length - 1) >> 1], seconds[seconds.length >> 1]] as [number, number];
            expect(Math.abs((metrics.median_holding_seconds ?? 0) - (middle[0] + middle[1]) / 2)).toBeLessThanOrEqual(
              0.5,
            );
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});
