import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AssetLedger } from "../../../src/brokers/binance/asset-ledger.ts";
import { contractOf, formerDeliveries } from "../../../src/brokers/binance/contracts.ts";
import {
  newCoinState,
  newFuturesState,
  newState,
  readCursor,
  writeCursor,
} from "../../../src/brokers/binance/cursor.ts";
import { parseJson } from "../../../src/brokers/binance/json.ts";
import {
  advance,
  compareIds,
  hasRead,
  latenessMs,
  newProgress,
  readProgress,
  resumeId,
  writeProgress,
} from "../../../src/brokers/binance/progress.ts";
import { inHalves, inWindows } from "../../../src/brokers/binance/windows.ts";
import { failure } from "../../../src/brokers/broker-failure.ts";
import type { MarketSymbol, MarketTable } from "../../../src/brokers/markets-cache.ts";

const nowMs = Date.UTC(2026, 2, 1, 12);
const one = 10n ** 18n;

describe("JSON", () => {
  test("keeps integers above 2^53, and leaves the rest as it is", () => {
    const text =
      '{"id":8389765500000000003,"n":-9007199254740993,"small":9007199254740991,"rate":0.1,"text":"id 8389765500000000003","list":[12345678901234567890]}';
    expect(parseJson(text)).toEqual({
      id: "8389765500000000003",
      n: "-9007199254740993",
      small: 9007199254740991,
      rate: 0.1,
      text: "id 8389765500000000003",
      list: ["12345678901234567890"],
    });
    expect(() => parseJson('{"id":8389765500000000003')).toThrow();
  });

  test("reads every integer back", () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n })), (numbers) => {
        const read = parseJson(`[${numbers.join(",")}]`) as unknown[];
        expect(read.map(String)).toEqual(numbers.map(String));
      }),
    );
  });
});

describe("progress", () => {
  const fill = (id: number, agoMs: number) => ({ id: String(id), timeMs: nowMs - agoMs });

  test("goes on from the last fill that is old enough, and knows those after it", () => {
    const progress = newProgress();
    advance(progress, [fill(5, 2 * latenessMs), fill(9, latenessMs), fill(12, 60_000), fill(15, 1)], nowMs);
    expect(progress).toMatchObject({ stableId: "9", recentIds: ["12", "15"] });
    expect(resumeId(progress)).toBe("10");
    expect(["5", "9", "11", "12", "13", "15", "16"].map((id) => hasRead(progress, id))).toEqual([
      true,
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
    advance(progress, [fill(11, 90_000)], nowMs);
    expect(progress.recentIds).toEqual(["11", "12", "15"]);
    advance(progress, [{ id: "30", timeMs: nowMs + latenessMs }], nowMs + 2 * latenessMs);
    expect(progress).toMatchObject({ stableId: "30", recentIds: [] });
  });

  test("does not grow without bound: the oldest of very many count as read for good", () => {
    const progress = newProgress();
    advance(
      progress,
      Array.from({ length: 1_000 }, (_, index) => fill(index + 1, 1_000 - index)),
      nowMs,
    );
    expect([progress.stableId, progress.recentIds.length, progress.recentIds.at(-1)]).toEqual(["850", 150, "1000"]);
  });

  test("never goes back, and has read whatever it was given", () => {
    const rows = fc.array(
      fc.record({ id: fc.integer({ min: 1, max: 400 }), agoMs: fc.integer({ min: 0, max: 4 * latenessMs }) }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(fc.array(rows, { maxLength: 5 }), (batches) => {
        const progress = newProgress();
        for (const batch of batches) {
          const before = progress.stableId;
          advance(
            progress,
            batch.map(({ id, agoMs }) => fill(id, agoMs)).sort((a, b) => compareIds(a.id, b.id)),
            nowMs,
          );
          expect(compareIds(progress.stableId, before)).toBeGreaterThanOrEqual(0);
          for (const { id } of batch) expect(hasRead(progress, String(id))).toBe(true);
        }
        const kept = readProgress(writeProgress(new Map([["X", progress]]))).get("X");
        expect(kept).toEqual(progress);
      }),
    );
  });
});

describe("the ledger of a wallet", () => {
  test("tells what is not explained yet, until it is explained or given up", () => {
    const ledger = new AssetLedger();
    expect([
      ...ledger.observe(
        new Map([
          ["BTC", 2n * one],
          ["USDT", 50n * one],
        ]),
      ),
    ]).toEqual(["BTC", "USDT"]);
    ledger.accept();
    ledger.observe(
      new Map([
        ["BTC", 3n * one],
        ["USDT", 40n * one],
      ]),
    );
    expect([...ledger.unexplained()].sort()).toEqual(["BTC", "USDT"]);
    ledger.add("BTC", one);
    expect([...ledger.unexplained()]).toEqual(["USDT"]);
    ledger.settle(nowMs, 1_000);
    const again = new AssetLedger(ledger.write());
    expect([...again.unexplained()]).toEqual(["USDT"]);
    again.settle(nowMs + 999, 1_000);
    expect([...again.unexplained()]).toEqual(["USDT"]);
    again.settle(nowMs + 1_000, 1_000);
    expect([...again.unexplained()]).toEqual([]);
    expect(again.gaps.get("USDT")).toBe(40n * one);
    again.add("USDT", -10n * one);
    expect([...again.unexplained()]).toEqual(["USDT"]);
  });

  test("is kept as text and read back the same", () => {
    const amounts = fc.array(
      fc.tuple(fc.constantFrom("BTC", "123", "1INCH", "币"), fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n })),
    );
    fc.assert(
      fc.property(amounts, amounts, (balances, flows) => {
        const ledger = new AssetLedger();
        ledger.observe(new Map(balances));
        for (const [asset, amount] of flows) ledger.add(asset, amount);
        ledger.settle(nowMs, 5_000);
        const again = new AssetLedger(ledger.write());
        expect(again.write()).toEqual(ledger.write());
        expect(new Map(again.gaps)).toEqual(new Map(ledger.gaps));
        expect(again.unexplained()).toEqual(ledger.unexplained());
      }),
    );
  });
});

describe("the cursor", () => {
  function large() {
    const state = newState();
    state.spot = newCoinState();
    state.linear = newFuturesState();
    for (let index = 0; index < 200; index++) {
      const progress = newProgress();
      const recent = Array.from({ length: 80 }, (_, row) => ({
        id: String(4_000_000_000 + index * 1_000 + row),
        timeMs: nowMs - 60_000 + row,
      }));
      advance(progress, [{ id: "3999999999", timeMs: nowMs - 2 * latenessMs }, ...recent], nowMs);
      state.spot.progress.set(`SYMBOL${index}USDT`, progress);
      state.spot.ledger.observe(new Map([...state.spot.ledger.totals, [`SYMBOL${index}`, 123_456_789_012_345_678n]]));
    }
    state.spot.ledger.accept();
    return state;
  }

  test("comes back the same", () => {
    const state = newState();
    state.key = { checkedAtMs: nowMs, canTrade: true, canWithdraw: false, portfolioMargin: true };
    state.linear = {
      ...newFuturesState(),
      pass: { fromMs: 1, toMs: 2, done: "BTCUSDT" },
      recentIncome: ["0abcdef", "1abcdef"],
      pnlGaps: new Map([["BTCUSDT", -one]]),
      sweptTo: null,
    };
    state.spot = { ...newCoinState(), searchedUntilMs: new Map([["USDT", nowMs]]), fullReadMs: nowMs };
    const cursor: unknown = JSON.parse(JSON.stringify(writeCursor(state)));
    const again = readCursor(cursor);
    if (again === null) throw new Error("it was not read");
    expect(writeCursor(again)).toEqual(cursor as ReturnType<typeof writeCursor>);
    expect(again.linear?.pass).toEqual(state.linear.pass);
    expect(again.key).toEqual(state.key);
  });

  test("of an account with 200 symbols stays small, also while all of them are traded at once", () => {
    const state = large();
    const cursor = JSON.stringify(JSON.stringify(writeCursor(state)));
    expect(cursor.length).toBeLessThan(30_000);
    for (const progress of state.spot?.progress.values() ?? [])
      expect(hasRead(progress, progress.recentIds.at(-1) ?? "")).toBe(true);
  });

  test.each([
    [{}],
    ["text"],
    [null],
    [{ v: 2 }],
    [
      {
        v: 1,
        key: [0, 0, 0, 0],
        spot: { p: "BTCUSDT:!", t: "", g: "", h: "", d: 0, x: "", m: [0, 0, 0, 0, 0], s: null },
      },
    ],
  ])("of another form is none: %j", (value) => {
    expect(readCursor(value)).toBeNull();
  });
});

describe("windows", () => {
  const day = 86_400_000;
  const refuse = (brokerCode: number, message: string) => {
    throw failure("broker_answer", message, { brokerCode });
  };

  test("are as long as the venue allows, and cover all of the time once", async () => {
    const asked: number[] = [];
    const rows = await inWindows({ fromMs: 0, toMs: 20 * day }, async ({ fromMs, toMs }) => {
      if (toMs - fromMs > 7 * day) refuse(-4165, "Maximum time interval is 7 days.");
      for (let ms = fromMs; ms <= toMs; ms += 60_000) asked.push(Math.floor(ms / 60_000));
      return [fromMs];
    });
    expect(rows.length).toBe(3);
    expect(new Set(asked).size).toBe((20 * day) / 60_000 + 1);
  });

  test("begin where the list begins", async () => {
    const rows = await inWindows({ fromMs: 0, toMs: 100 * day }, async ({ fromMs }) => {
      if (fromMs < 10 * day) refuse(-4166, "Search window is restricted to recent 90 days only.");
      return [fromMs];
    });
    expect(rows).toEqual([10 * day + 60_000]);
  });

  test("another refusal is none of their business", async () => {
    const work = inWindows({ fromMs: 0, toMs: day }, async () => refuse(-1100, "Illegal characters"));
    expect(await work.catch((error: Error) => error.message)).toBe("Illegal characters");
  });

  test("of a list that gives only so many rows are halved until nothing is cut off", async () => {
    const times = Array.from({ length: 500 }, (_, index) => index * index);
    const rows = await inHalves({ fromMs: 0, toMs: 300_000 }, 100, async ({ fromMs, toMs }) =>
      times.filter((ms) => ms >= fromMs && ms <= toMs).slice(-100),
    );
    expect(rows).toEqual(times);
  });
});

describe("contracts that are gone", () => {
  const symbol = (name: string, base: string, quote: string, contractSize: string): [string, MarketSymbol] => [
    name,
    { symbol: name, base, quote, settle: base, step: "1", contractSize, deliveryMs: null, listed: true },
  ];
  const table: MarketTable = {
    market: "inverse",
    fetchedAtMs: nowMs,
    symbols: new Map([symbol("BTCUSD_PERP", "BTC", "USD", "100"), symbol("ETHUSD_260327", "ETH", "USD", "10")]),
  };

  test("have the size of their kin and the date of their name", () => {
    expect(contractOf(table, "BTCUSD_251226").info).toMatchObject({
      base: "BTC",
      settle: "BTC",
      contractSize: "100",
      deliveryMs: Date.UTC(2025, 11, 26, 8),
      listed: false,
    });
    expect(contractOf(table, "BTCUSD_PERP").info?.listed).toBe(true);
    expect(contractOf(table, "LTCUSD_251226").info?.contractSize).toBeNull();
  });

  test("are looked for by the last Fridays of the quarters", () => {
    expect(formerDeliveries(table, nowMs, 365)).toEqual([
      "ETHUSD_250328",
      "ETHUSD_250627",
      "ETHUSD_250926",
      "ETHUSD_251226",
    ]);
  });
});
