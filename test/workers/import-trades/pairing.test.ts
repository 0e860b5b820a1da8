import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Execution } from "../../../src/executions/execution.ts";
import { compareExecutions } from "../../../src/executions/identify.ts";
import { deriveTrades } from "../../../src/trades/derive.ts";
import { groupOf } from "../../../src/trades/group.ts";
import type { Leg, Trade } from "../../../src/trades/trade.ts";
import { readCheckpoint } from "../../../src/workers/import-trades/checkpoint.ts";
import type { Ledger } from "../../../src/workers/import-trades/ledger.ts";
import { AccountStopped, Pairing, type PairingLimits } from "../../../src/workers/import-trades/pairing.ts";
import { fill, rules, startMs } from "../../trades/make.ts";
import { Crash, MemoryPlatform } from "./memory-ledger.ts";

const limits: PairingLimits = { executionsPerBatchMax: 3, tradesPerBatchMax: 100 };

/** One cycle over one source, in order within it as a connector gives it. */
async function cycle(platform: MemoryPlatform, executions: Execution[], ledger = platform.ledger()): Promise<Pairing> {
  const pairing = new Pairing(ledger, readCheckpoint(platform.checkpoint), rules(), limits);
  pairing.beginSource();
  await pairing.take([...executions].sort(compareExecutions));
  await pairing.finish();
  platform.report(pairing.undelivered());
  return pairing;
}

/** What the platform should hold: the trades of all its executions, group by group. */
function truth(executions: Iterable<Execution>): unknown[] {
  const groups = Map.groupBy(executions, groupOf);
  const trades = [...groups.values()].flatMap((group) => deriveTrades(group, rules()).trades);
  return trades.map((trade) => comparable(trade, trade.legs)).sort(byId);
}

function held(platform: MemoryPlatform): unknown[] {
  const trades = [...platform.trades.values()].filter(({ status }) => status !== "void");
  return trades
    .map((trade) => comparable(trade, [...(platform.legs.get(trade.externalId)?.values() ?? [])]))
    .sort(byId);
}

/** A leg of nothing is one that a later revision took away. */
function comparable({ revision: _revision, ...trade }: Trade, legs: Leg[]) {
  const real = legs.filter(({ quantity, fee }) => quantity !== 0n && !(quantity === null && fee === 0n));
  return { ...trade, legs: real.sort((a, b) => (a.executionId + a.role < b.executionId + b.role ? -1 : 1)) };
}

function byId(a: { externalId: string }, b: { externalId: string }): number {
  return a.externalId < b.externalId ? -1 : 1;
}

const streams = fc
  .array(
    fc.record({
      symbol: fc.constantFrom("BTCUSDT", "ETHUSDT"),
      kind: fc.constantFrom("fill", "fill", "fill", "funding"),
      side: fc.constantFrom("buy", "sell"),
      quantity: fc.constantFrom("1", "2", "3"),
      price: fc.constantFrom("100", "101", "99.5"),
      spot: fc.boolean(),
      feeInCoins: fc.constantFrom(null, "0.4", "0.7"),
      waitMs: fc.constantFrom(0, 1, 500, 1_500, 90_000),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((steps) => {
    let atMs = startMs;
    return steps.map(({ symbol, kind, side, quantity, price, spot, feeInCoins, waitMs }, index) => {
      atMs += waitMs;
      const given = { id: index + 1, symbol, atMs, fee: "0.1" };
      // Of a fee in coins dust is left, which a later sale takes.
      if (spot) {
        const paid =
          feeInCoins === null || side === "sell" ? {} : { fee: feeInCoins, feeAsset: "BTC", feeInQuote: "1" };
        return fill({ ...given, market: "spot", side: side as "buy", quantity, price, ...paid });
      }
      if (kind === "funding") return fill({ ...given, type: "funding" });
      return fill({ ...given, side: side as "buy", quantity, price });
    });
  });

describe("whatever the order of arrival", () => {
  test("cycles, sources and late executions end in the trades of all executions", async () => {
    await fc.assert(
      fc.asyncProperty(streams, fc.infiniteStream(fc.integer({ min: 0, max: 3 })), async (stream, cycles) => {
        const platform = new MemoryPlatform();
        const parts = Map.groupBy(stream, () => cycles.next().value ?? 0);
        for (const part of [...parts].sort(([a], [b]) => a - b).map(([, executions]) => executions)) {
          await cycle(platform, part);
        }
        expect(held(platform)).toEqual(truth(stream));
        expect(platform.executions.size).toBe(stream.length);
        expect(platform.repeated).toBe(0);
      }),
      { numRuns: 400 },
    );
  });

  test("every execution again changes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(streams, async (stream) => {
        const platform = new MemoryPlatform();
        await cycle(platform, stream);
        const before = [...platform.trades.values()];
        const again = await cycle(platform, stream);
        expect([...platform.trades.values()]).toEqual(before);
        expect(again.counts.created).toBe(0);
        expect(again.counts.duplicates).toBe(stream.length);
      }),
      { numRuns: 200 },
    );
  });

  test("a crash before or after any delivery loses nothing and pairs nothing twice", async () => {
    await fc.assert(
      fc.asyncProperty(
        streams,
        fc.infiniteStream(fc.integer({ min: 0, max: 2 })),
        fc.array(fc.tuple(fc.nat(12), fc.constantFrom("before" as const, "after" as const)), { maxLength: 4 }),
        async (stream, cycles, crashes) => {
          const platform = new MemoryPlatform();
          const parts = Map.groupBy(stream, () => cycles.next().value ?? 0);
          const planned = new Map(crashes);
          for (const part of [...parts].sort(([a], [b]) => a - b).map(([, executions]) => executions)) {
            await untilThrough(() =>
              cycle(
                platform,
                part,
                platform.ledger((delivery) => {
                  const when = planned.get(delivery) ?? null;
                  planned.delete(delivery);
                  return when;
                }),
              ),
            );
          }
          expect(held(platform)).toEqual(truth(stream));
          expect(platform.repeated).toBe(0);
        },
      ),
      { numRuns: 400 },
    );
  });
});

async function untilThrough(run: () => Promise<unknown>, attemptsMax = 20): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    try {
      await run();
      return;
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
  throw new Error("it crashed every time");
}

describe("dust that closed trades left over is sold in a later cycle", () => {
  const spot = { market: "spot", price: "100" } as const;
  const bought = (id: number) =>
    fill({ ...spot, id, side: "buy", quantity: "2", fee: "0.4", feeAsset: "BTC", feeInQuote: "40" });
  const sold = (id: number) => fill({ ...spot, id, side: "sell", quantity: "1" });
  // Twice 0.6 is left over, and one of it is sold; then the rest with another purchase.
  const stream = [bought(1), sold(2), bought(3), sold(4), sold(5), bought(6), sold(7), sold(8)];

  test("an execution a cycle", async () => {
    const platform = new MemoryPlatform();
    for (const execution of stream) await cycle(platform, [execution]);
    expect(held(platform)).toEqual(truth(stream));
    expect([...platform.trades.values()].filter(({ flags }) => flags.includes("unknown_origin"))).toHaveLength(1);
  });

  test.each([1, 2, 3, 4, 5, 6])(
    "of %i executions the first comes late, whatever was left over before",
    async (late) => {
      const platform = new MemoryPlatform();
      const known = stream.slice(0, late);
      await cycle(platform, known.slice(1));
      await cycle(platform, known);
      for (const execution of stream.slice(late)) await cycle(platform, [execution]);
      expect(held(platform)).toEqual(truth(stream));
    },
  );
});

describe("late executions", () => {
  const trip = [
    fill({ id: 10, side: "buy", quantity: "2", price: "100", atMs: startMs + 60_000 }),
    fill({ id: 11, side: "sell", quantity: "2", price: "110", atMs: startMs + 120_000 }),
  ];

  test("a trade that no longer holds becomes void", async () => {
    const platform = new MemoryPlatform();
    await cycle(platform, trip);
    const late = fill({ id: 9, side: "buy", quantity: "1", price: "90", atMs: startMs });
    await cycle(platform, [late]);
    const summary = [...platform.trades.values()].map(({ externalId, status, revision }) => [
      externalId,
      status,
      revision,
    ]);
    expect(summary).toEqual([
      ["trade:venue:linear:BTCUSDT:10", "void", 2],
      ["trade:venue:linear:BTCUSDT:9", "open", 1],
    ]);
  });

  test("funding that arrives after the close changes the closed trade", async () => {
    const platform = new MemoryPlatform();
    await cycle(platform, trip);
    const pairing = await cycle(platform, [fill({ id: 12, type: "funding", fee: "0.5", atMs: startMs + 90_000 })]);
    expect([...platform.trades.values()].map(({ revision, funding }) => [revision, funding])).toEqual([
      [2, 500_000_000_000_000_000n],
    ]);
    expect(pairing.counts.revised).toBe(1);
  });

  test("the same fill with its time in whole seconds is no second one", async () => {
    const platform = new MemoryPlatform();
    const exact = fill({ id: 20, side: "buy", quantity: "1", price: "100", atMs: startMs + 345 });
    await cycle(platform, [{ ...exact, executedAtMs: startMs }]);
    const pairing = await cycle(platform, [exact]);
    expect(pairing.counts).toMatchObject({ created: 0, duplicates: 1 });
    expect([...platform.trades.values()].map(({ quantity }) => quantity)).toEqual([1_000_000_000_000_000_000n]);
  });

  test("a checkpoint of another version makes nothing twice", async () => {
    const platform = new MemoryPlatform();
    await cycle(platform, trip);
    platform.checkpoint = { v: 99, state: "?" };
    const more = fill({ id: 12, side: "buy", quantity: "1", price: "100", atMs: startMs + 180_000 });
    await cycle(platform, [...trip, more]);
    expect(held(platform)).toEqual(truth([...trip, more]));
  });
});

describe("what the platform does not take as new", () => {
  const figures = (trades: unknown[]) => (trades as Trade[]).map(({ legs: _, ...rest }) => rest);

  test("an id that comes again with another content is in no trade", async () => {
    const platform = new MemoryPlatform();
    const buy = fill({ id: "A", side: "buy", quantity: "1", price: "100", atMs: startMs });
    const again = fill({ id: "A", side: "sell", quantity: "1", price: "110", atMs: startMs + 3_600_000 });
    const others = Array.from({ length: 10 }, (_, index) =>
      fill({
        id: index + 1,
        symbol: "ETHUSDT",
        side: "buy",
        quantity: "1",
        price: "10",
        atMs: startMs + 60_000 * index,
      }),
    );
    await cycle(platform, [buy, ...others, again]);
    expect(figures(held(platform))).toEqual(figures(truth([buy, ...others])));
  });

  test("a refused execution is in no trade", async () => {
    const platform = new MemoryPlatform();
    platform.refused.add("venue:linear:BTCUSDT:1");
    const trip = [
      fill({ id: 1, side: "buy", quantity: "1", price: "100" }),
      fill({ id: 2, side: "sell", quantity: "1", price: "110" }),
      fill({ id: 3, side: "sell", quantity: "2", price: "120", atMs: startMs + 3_600_000 }),
    ];
    const pairing = await cycle(platform, trip);
    expect(pairing.counts.rejected).toBe(1);
    expect(held(platform)).toEqual(truth(trip.slice(1)));
  });

  const trip = [
    fill({ id: 1, side: "buy", quantity: "1", price: "100" }),
    fill({ id: 2, side: "buy", quantity: "1", price: "105" }),
    fill({ id: 3, side: "sell", quantity: "1", price: "110" }),
  ];
  const other = fill({ id: 2, side: "buy", quantity: "3", price: "105" });
  const cases: [string, (platform: MemoryPlatform) => void, Execution[]][] = [
    [
      "was there with another content",
      (platform) => platform.executions.set(other.externalId, other),
      [...trip, other],
    ],
    ["was refused", (platform) => platform.refused.add(other.externalId), trip],
  ];
  test.each(cases)(
    "one that %s is in no trade, though the run dies as soon as it is told, and nothing new ever comes",
    async (_name, prepare, all) => {
      const platform = new MemoryPlatform();
      prepare(platform);
      await expect(
        cycle(
          platform,
          trip,
          platform.ledger(() => "after"),
        ),
      ).rejects.toBeInstanceOf(Crash);
      await cycle(platform, []);
      expect([...platform.executions.values()].length).toBe(
        new Set(all.map(({ externalId }) => externalId)).size - platform.refused.size,
      );
      expect(held(platform)).toEqual(truth(platform.executions.values()));
      expect(readCheckpoint(platform.checkpoint).derive.size).toBe(0);
    },
  );

  test("where it is not known what the platform said of a batch, its trades are derived from what is stored", async () => {
    const platform = new MemoryPlatform();
    platform.executions.set(other.externalId, other);
    const ledger = platform.ledger();
    const deaf: Ledger = {
      ...ledger,
      takesTrades: true,
      deliver: async (batch) => {
        const delivered = await ledger.deliver(batch);
        if (delivered.kind !== "stored") return delivered;
        const executionResults = delivered.result.executionResults.map((one) => ({
          ...one,
          status: "created" as const,
        }));
        return { kind: "stored", result: { ...delivered.result, executionResults, assumed: true } };
      },
    };
    await cycle(platform, trip, deaf);
    expect(held(platform)).toEqual(truth(platform.executions.values()));
  });

  test("whatever is refused or comes again with another content, and whenever the run dies: the trades are those of what is stored", async () => {
    const fates = fc.infiniteStream(fc.constantFrom("new", "new", "new", "again", "refused"));
    const deaths = fc.array(fc.tuple(fc.nat(12), fc.constantFrom("before" as const, "after" as const)), {
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(streams, fates, deaths, async (stream, fateOf, deathPlan) => {
        const platform = new MemoryPlatform();
        const planned = new Map(deathPlan);
        const source = stream.flatMap((execution) => {
          const fate = fateOf.next().value;
          if (fate === "refused") platform.refused.add(execution.externalId);
          if (fate !== "again" || execution.quantity === null) return [execution];
          const laterMs = execution.executedAtMs + 3_600_000;
          return [execution, { ...execution, quantity: execution.quantity * 2n, executedAtMs: laterMs }];
        });
        const dying = () =>
          platform.ledger((delivery) => {
            const when = planned.get(delivery) ?? null;
            planned.delete(delivery);
            return when;
          });
        await untilThrough(() => cycle(platform, source, dying()));
        expect(figures(held(platform))).toEqual(figures(truth(platform.executions.values())));
      }),
      { numRuns: 300 },
    );
  });
});

test("an open position of thousands of lots is gone on with, cycle after cycle", async () => {
  const platform = new MemoryPlatform();
  const buys = Array.from({ length: 4_000 }, (_, index) =>
    fill({ id: index + 1, side: "buy", quantity: "0.5", price: `${100 + (index % 7)}`, fee: "0.01" }),
  );
  const later = (id: number, quantity: string) => fill({ id, side: "sell", quantity, price: "120", fee: "0.01" });
  const rest = [later(4_001, "1.25"), later(4_002, "1998.75")];
  await cycle(platform, buys);
  for (const execution of rest) await cycle(platform, [execution]);
  expect(held(platform)).toEqual(truth([...buys, ...rest]));
  expect([...platform.trades.values()].map(({ status }) => status)).toEqual(["closed"]);
});

test("another worker that moved the checkpoint stops the account, and nothing of it is stored", async () => {
  const platform = new MemoryPlatform();
  const ledger = platform.ledger();
  await cycle(platform, [fill({ id: 1, side: "buy", quantity: "1", price: "100" })]);
  const second = fill({ id: 2, side: "buy", quantity: "1", price: "100" });
  await expect(cycle(platform, [second], ledger)).rejects.toBeInstanceOf(AccountStopped);
  expect([...platform.executions.keys()]).toEqual(["venue:linear:BTCUSDT:1"]);
});

test("many groups' marks are folded so that the checkpoint stays within 64 KB", async () => {
  const platform = new MemoryPlatform();
  const many = Array.from({ length: 2_000 }, (_, index) =>
    fill({ id: index + 1, symbol: `SYMBOL${index}USDT`, side: "buy", quantity: "1", price: "100" }),
  );
  const pairing = new Pairing(platform.ledger(), readCheckpoint(null), rules(), {
    executionsPerBatchMax: 100,
    tradesPerBatchMax: 100,
  });
  pairing.beginSource();
  await pairing.take(many);
  await pairing.finish();
  expect(JSON.stringify(platform.checkpoint).length).toBeLessThan(64_000);
  const again = await cycle(platform, many);
  expect(again.counts.created).toBe(0);
  expect(held(platform)).toEqual(truth(many));
});
