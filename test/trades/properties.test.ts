import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatDecimal, parseDecimal } from "../../src/executions/decimal.ts";
import type { Execution } from "../../src/executions/execution.ts";
import { compareExecutions } from "../../src/executions/identify.ts";
import { deriveTrades } from "../../src/trades/derive.ts";
import { Matcher, type MatchRules } from "../../src/trades/match.ts";
import { readState } from "../../src/trades/state.ts";
import type { CostBasisMethod, Leg, Trade } from "../../src/trades/trade.ts";
import { fill, type Given, rules, startMs } from "./make.ts";

const decimals = (max: number, digits: number) =>
  fc
    .integer({ min: 1, max: max * 10 ** digits })
    .map((units) => formatDecimal(BigInt(units) * 10n ** BigInt(18 - digits)));

/** A stream of one group with everything that moves a position; several executions share a millisecond. */
const executions = fc
  .record({
    market: fc.constantFrom("spot", "linear", "inverse"),
    hedge: fc.boolean(),
    steps: fc.array(
      fc.record({
        kind: fc.constantFrom("fill", "fill", "fill", "fill", "liquidation", "funding", "fee"),
        side: fc.constantFrom("buy", "sell"),
        positionSide: fc.constantFrom("long", "short"),
        quantity: decimals(5, 3),
        price: decimals(50_000, 2),
        fee: decimals(3, 6),
        feeAsset: fc.constantFrom("BTC", "USDT", "BNB"),
        rebate: fc.boolean(),
        waitMs: fc.constantFrom(0, 0, 1, 1_000, 3_600_000),
      }),
      { maxLength: 40 },
    ),
  })
  .map(({ market, hedge, steps }) => {
    let atMs = startMs;
    return steps.map((step, index): Execution => {
      atMs += step.waitMs;
      const alone = step.kind === "funding" || step.kind === "fee";
      const inverse = market === "inverse";
      const given: Given = {
        id: index + 1,
        type: step.kind as Execution["type"],
        market: market as Execution["market"],
        fee: step.rebate ? `-${step.fee}` : step.fee,
        feeAsset: alone ? (inverse ? "BTC" : "USDT") : step.feeAsset,
        atMs,
        contractSize: market === "spot" ? null : inverse ? "100" : "1",
        positionSide: hedge && market !== "spot" && !alone ? (step.positionSide as "long") : null,
      };
      if (alone) return fill(given);
      const inQuote = step.feeAsset === "BNB" ? null : (given.fee ?? null);
      return fill({
        ...given,
        side: step.side as "buy",
        quantity: step.quantity,
        price: step.price,
        feeInQuote: inQuote,
      });
    });
  });

const stepText = "0.001";
const step = parseDecimal(stepText);

/** Purchases whose fees leave less than a step, and sales of what an order can sell; sometimes of all the dust, in a conversion. */
const dusty = fc
  .array(
    fc.record({
      kind: fc.constantFrom("buy", "buy", "sell all", "sell all", "sell some", "convert"),
      quantity: decimals(1, 3),
      thousandths: fc.integer({ min: 1, max: 20 }),
      price: decimals(500, 2),
    }),
    { maxLength: 40 },
  )
  .map((steps) => {
    let balance = 0n;
    return steps.flatMap(({ kind, quantity, thousandths, price }, index): Execution[] => {
      const given = { id: index + 1, market: "spot", price, atMs: startMs + index * 1_000 } as const;
      if (kind === "buy") {
        const fee = (parseDecimal(quantity) * BigInt(thousandths)) / 1_000n;
        balance += parseDecimal(quantity) - fee;
        const feeInQuote = formatDecimal((fee * parseDecimal(price)) / parseDecimal("1"));
        return [fill({ ...given, side: "buy", quantity, fee: formatDecimal(fee), feeAsset: "BTC", feeInQuote })];
      }
      const whole = (balance / step) * step;
      const sold = kind === "convert" ? balance - whole : kind === "sell all" ? whole : (whole / step / 2n) * step;
      if (sold === 0n) return [];
      balance -= sold;
      return [
        fill({
          ...given,
          type: kind === "convert" ? "conversion" : "fill",
          side: "sell",
          quantity: formatDecimal(sold),
          fee: "0.01",
        }),
      ];
    });
  });

const methods = fc.constantFrom<CostBasisMethod>("fifo", "lifo", "average");

/** The last revision of each trade with the legs of all its revisions: what the platform holds in the end. */
function stored(revisions: Trade[]): Map<string, Trade> {
  const trades = new Map<string, Trade>();
  for (const trade of revisions) {
    const before = trades.get(trade.externalId);
    expect(trade.revision).toBe((before?.revision ?? 0) + 1);
    trades.set(trade.externalId, { ...trade, legs: [...(before?.legs ?? []), ...trade.legs] });
  }
  return trades;
}

function withoutRevision(trades: Map<string, Trade>): Omit<Trade, "revision">[] {
  return [...trades.values()].map(({ revision: _, ...rest }) => rest);
}

/** One run after the other, each knowing only the open trades that were delivered, and what the closed ones left over. */
function inRuns(parts: Execution[][], given: MatchRules): Trade[] {
  const revisions: Trade[] = [];
  let dust = new Matcher(given).dust.lots;
  for (const part of parts) {
    const matcher = new Matcher(given);
    for (const [group, lot] of dust) matcher.dust.restore(group, lot);
    dust = matcher.dust.lots;
    for (const trade of stored(revisions).values()) if (trade.status === "open") matcher.restore(trade);
    for (const execution of part) matcher.apply(execution);
    revisions.push(...matcher.takeChanges());
  }
  return revisions;
}

function cutAt<T>(items: T[], cuts: number[]): T[][] {
  const places = [...new Set(cuts.map((cut) => cut % (items.length + 1)))].sort((a, b) => a - b);
  return [...places, items.length].map((end, index) => items.slice(index === 0 ? 0 : places[index - 1], end));
}

/** Funding just after a close is the one thing that a run cannot know of the run before: the importer derives the group anew then. */
const closesWithoutCharges = (stream: Execution[]) =>
  stream.filter(({ type, fee }) => (type !== "funding" && type !== "fee") || fee === null);

describe("pairing", () => {
  test("a stream divided at any points gives the same trades as one run", () => {
    fc.assert(
      fc.property(executions, fc.array(fc.nat(), { maxLength: 6 }), methods, (stream, cuts, method) => {
        const given = rules({ method });
        const fills = closesWithoutCharges(stream);
        const whole = stored(deriveTrades(fills, given).trades);
        const parts = stored(inRuns(cutAt(fills, cuts), given));
        expect(withoutRevision(parts)).toEqual(withoutRevision(whole));
      }),
      { numRuns: 300 },
    );
  });

  test("and so it does where fees leave dust, which a later sale takes with it", () => {
    fc.assert(
      fc.property(dusty, fc.array(fc.nat(), { maxLength: 6 }), methods, (stream, cuts, method) => {
        const given = rules({ method, step: stepText });
        const whole = stored(deriveTrades(stream, given).trades);
        const parts = stored(inRuns(cutAt(stream, cuts), given));
        expect(withoutRevision(parts)).toEqual(withoutRevision(whole));
      }),
      { numRuns: 300 },
    );
  });

  test("what was bought is sold, open or dust: to the last digit, and never of unknown origin", () => {
    fc.assert(
      fc.property(dusty, methods, (stream, method) => {
        const { trades, matcher } = deriveTrades(stream, rules({ method, step: stepText }));
        expect(trades.filter(({ flags }) => flags.includes("unknown_origin"))).toEqual([]);
        const dust = matcher.dust.lots.get("spot|BTCUSDT") ?? { quantity: 0n, value: 0n };
        const open = trades.find(({ status }) => status === "open");
        const lots = open === undefined ? [] : readState(open).lots;
        const held = { quantity: dust.quantity, value: dust.value };
        for (const lot of lots) {
          held.quantity += lot.quantity;
          held.value += lot.value;
        }
        let [balance, cash, fees] = [0n, 0n, 0n];
        for (const { side, quantity, price, fee, feeAsset, feeInQuote } of stream) {
          const moved = (quantity ?? 0n) - (feeAsset === "BTC" ? (fee ?? 0n) : 0n);
          balance += side === "buy" ? moved : -moved;
          cash += (side === "buy" ? -moved : moved) * (price ?? 0n);
          fees += feeInQuote ?? 0n;
        }
        expect(held.quantity).toBe(balance);
        const gross = trades.reduce((total, trade) => total + (trade.grossPnl ?? 0n), 0n);
        // Each trade's figure is rounded to 18 digits.
        const rounded = gross * parseDecimal("1") - (cash + held.value);
        expect(rounded < 0n ? -rounded : rounded).toBeLessThanOrEqual(BigInt(trades.length) * parseDecimal("1"));
        const charged = trades.reduce((total, trade) => total + trade.fees, 0n);
        expect(charged + lots.reduce((total, { fee }) => total + fee, 0n)).toBe(fees);
      }),
      { numRuns: 300 },
    );
  });

  test("and so it does when changes are taken within one run, charges and all", () => {
    fc.assert(
      fc.property(executions, fc.array(fc.nat(), { maxLength: 6 }), methods, (stream, cuts, method) => {
        const given = rules({ method });
        const matcher = new Matcher(given);
        const revisions: Trade[] = [];
        for (const part of cutAt(stream, cuts)) {
          for (const execution of part) matcher.apply(execution);
          revisions.push(...matcher.takeChanges());
        }
        expect(withoutRevision(stored(revisions))).toEqual(withoutRevision(stored(deriveTrades(stream, given).trades)));
      }),
      { numRuns: 300 },
    );
  });

  test("quantities and fees are conserved to the last digit", () => {
    fc.assert(
      fc.property(executions, methods, (stream, method) => {
        const { trades, unpaired } = deriveTrades(stream, rules({ method }));
        const legs = Map.groupBy(
          trades.flatMap((trade) => trade.legs),
          ({ executionId }) => executionId,
        );
        for (const execution of stream) {
          const own = legs.get(execution.externalId) ?? [];
          if (unpaired.includes(execution.externalId)) {
            expect(own).toEqual([]);
            continue;
          }
          expect(sum(own, ({ quantity }) => quantity)).toBe(execution.quantity ?? 0n);
          if (execution.feeInQuote !== null) expect(sum(own, ({ fee }) => fee)).toBe(execution.feeInQuote);
        }
        for (const trade of trades) {
          const entries = trade.legs.filter(({ role }) => role === "entry");
          if (!trade.flags.includes("unknown_origin")) {
            expect(sum(entries, ({ quantity }) => quantity)).toBe(trade.quantity);
          }
          if (trade.netPnl !== null && trade.grossPnl !== null) {
            expect(trade.netPnl).toBe(trade.grossPnl - trade.fees - trade.funding);
          }
          const paid = trade.legs.filter(({ role }) => role !== "funding");
          if (trade.status === "closed") expect(trade.fees).toBe(sum(paid, ({ fee }) => fee));
        }
      }),
      { numRuns: 300 },
    );
  });

  test("counting without legs comes to the same totals", () => {
    fc.assert(
      fc.property(executions, (stream) => {
        const ordered = stream.toSorted(compareExecutions);
        const [whole, counted] = [new Matcher(rules()), new Matcher(rules())];
        counted.wantsLegs = false;
        for (const execution of ordered) {
          whole.apply(execution);
          counted.apply(execution);
          whole.takeChanges();
          counted.countChanges();
        }
        expect(counted.totals).toEqual(whole.totals);
      }),
      { numRuns: 300 },
    );
  });

  test("the total of what went flat to flat does not depend on the method", () => {
    fc.assert(
      fc.property(executions, (stream) => {
        const totals = (["fifo", "lifo", "average"] as const).map((method) =>
          deriveTrades(stream, rules({ method }))
            .trades.filter(({ status }) => status === "closed")
            .map(({ externalId, grossPnl, fees, funding, netPnl }) => [externalId, grossPnl, fees, funding, netPnl]),
        );
        expect(totals[1]).toEqual(totals[0]);
        expect(totals[2]).toEqual(totals[0]);
      }),
      { numRuns: 300 },
    );
  });

  test("the order of arrival does not matter, at equal times neither", () => {
    fc.assert(
      fc.property(
        executions.chain((stream) =>
          fc.tuple(fc.constant(stream), fc.shuffledSubarray(stream, { minLength: stream.length })),
        ),
        ([stream, shuffled]) => {
          expect([...shuffled].sort(compareExecutions)).toEqual([...stream].sort(compareExecutions));
          expect(deriveTrades(shuffled, rules())).toEqual(deriveTrades(stream, rules()));
        },
      ),
      { numRuns: 200 },
    );
  });

  test("the sum of a linear position is the sum of its cash", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), decimals(5, 3), decimals(50_000, 2)), { maxLength: 40 }), (steps) => {
        const stream = steps.map(([buys, quantity, price], index) =>
          fill({ id: index + 1, side: buys ? "buy" : "sell", quantity, price }),
        );
        const held = stream.reduce(
          (position, { side, quantity }) => position + (side === "buy" ? 1n : -1n) * (quantity ?? 0n),
          0n,
        );
        const close = fill({
          id: steps.length + 1,
          side: held > 0n ? "sell" : "buy",
          quantity: formatDecimal(held < 0n ? -held : held),
          price: "100",
        });
        const all = held === 0n ? stream : [...stream, close];
        const cash = all.reduce((total, { side, quantity, price }) => {
          const value = (quantity ?? 0n) * (price ?? 0n);
          return total + (side === "sell" ? value : -value);
        }, 0n);
        const gross = deriveTrades(all, rules()).trades.reduce((total, trade) => total + (trade.grossPnl ?? 0n), 0n);
        expect(gross).toBe(cash / parseDecimal("1"));
      }),
      { numRuns: 300 },
    );
  });
});

function sum(legs: Leg[], pick: (leg: Leg) => bigint | null): bigint {
  return legs.reduce((total, leg) => total + (pick(leg) ?? 0n), 0n);
}
