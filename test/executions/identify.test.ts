import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Side } from "../../src/executions/execution.ts";
import {
  compareExecutions,
  externalIdOf,
  numericIdOf,
  rowIdOf,
  withOccurrence,
} from "../../src/executions/identify.ts";

const venue = { broker: "binance", market: "spot", symbol: "BTCUSDT" } as const;

describe("ids", () => {
  test("are made of broker, market, symbol and the broker's id", () => {
    expect(externalIdOf(venue, "28457")).toBe("binance:spot:BTCUSDT:28457");
  });

  test("of rows without one are a hash of the fields and the occurrence: this one must never change", () => {
    const rowId = rowIdOf(venue, ["2022-01-20 23:17:49", "buy", "0.48", "129.95"]);
    // printf '2022-01-20 23:17:49\x1fbuy\x1f0.48\x1f129.95' | sha256sum | cut -c-24
    expect(withOccurrence(rowId, 1)).toBe("binance:spot:BTCUSDT:row-e504a7b38665f474b2559ad3-1");
  });

  test("tell fields apart by their borders", () => {
    expect(rowIdOf(venue, ["a", "bc"])).not.toBe(rowIdOf(venue, ["ab", "c"]));
  });

  test("are at most 191 characters: first the symbol, then the id is hashed", () => {
    const symbol = "S".repeat(200);
    const shortened = externalIdOf({ ...venue, symbol }, "1");
    expect(shortened).toMatch(/^binance:spot:#[0-9a-f]{24}:1$/);
    expect(externalIdOf({ ...venue, symbol: `${symbol}T` }, "1")).not.toBe(shortened);
    expect(externalIdOf({ ...venue, symbol }, "9".repeat(300))).toMatch(/^binance:spot:#[0-9a-f]{24}:#[0-9a-f]{24}$/);
    const atLimit = externalIdOf(venue, "1".repeat(191 - "binance:spot:BTCUSDT:".length));
    expect(atLimit).toHaveLength(191);
    expect(atLimit).not.toContain("#");
  });

  test.each([
    ["binance:spot:BTCUSDT:00120", "120"],
    ["binance:spot:BTCUSDT:0", ""],
    ["binance:spot:BTCUSDT:12a", null],
    ["binance:spot:BTCUSDT:", null],
    ["17", "17"],
  ])("the number of %s is %p", (externalId, number) => {
    expect(numericIdOf(externalId)).toBe(number);
  });
});

describe("order", () => {
  const of = (executedAtMs: number, id: string, side: Side | null = "buy") => ({
    executedAtMs,
    externalId: `b:spot:S:${id}`,
    side,
  });

  test.each([
    ["time first", of(1, "9"), of(2, "1")],
    ["numbers as numbers", of(1, "9"), of(1, "10")],
    ["numbers longer than a double holds", of(1, "90071992547409930"), of(1, "90071992547409931")],
    ["numbers whatever the side", of(1, "9", "sell"), of(1, "10", "buy")],
    ["leading zeros do not count", of(1, "0009"), of(1, "10")],
    ["numbers before other ids", of(1, "9", "sell"), of(1, "a", "buy")],
    ["buys before sells", of(1, "b", "buy"), of(1, "a", "sell")],
    ["sells before what has no side", of(1, "b", "sell"), of(1, "a", null)],
    ["ids as text last", of(1, "a10"), of(1, "a9")],
    ["text by code units, not by language", of(1, "Z"), of(1, "a")],
  ])("%s", (_name, first, second) => {
    expect(compareExecutions(first, second)).toBeLessThan(0);
    expect(compareExecutions(second, first)).toBeGreaterThan(0);
    expect(compareExecutions(first, { ...first })).toBe(0);
  });

  test("is total: sorting any shuffle gives one order", () => {
    const execution = fc.record({
      executedAtMs: fc.integer({ min: 0, max: 2 }),
      externalId: fc.stringMatching(/^[ab]:(0{0,2}[0-9]{0,3}|row-[a-c])$/),
      side: fc.constantFrom<Side | null>("buy", "sell", null),
    });
    const list = fc.uniqueArray(execution, { selector: ({ externalId }) => externalId, maxLength: 30 });
    fc.assert(
      fc.property(
        list.chain((items) => fc.tuple(fc.constant(items), fc.shuffledSubarray(items, { minLength: items.length }))),
        ([items, shuffled]) => {
          const sorted = items.toSorted(compareExecutions);
          expect(shuffled.toSorted(compareExecutions)).toEqual(sorted);
          for (let later = 1; later < sorted.length; later++) {
            const [a, b] = [sorted[0], sorted[later]];
            if (a && b) expect(compareExecutions(a, b)).toBeLessThan(0);
          }
        },
      ),
    );
  });
});
