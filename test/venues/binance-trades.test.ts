import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { dayMs } from "./clock.ts";
import { field, idsOf, nowMs, rowsOf, type Stage, stage } from "./fixtures.ts";
import type { FillRequest } from "./ledger-rows.ts";

let on: Stage;
beforeEach(async () => {
  on = await stage({
    settings: { limits: { spot: 1e9, linear: 1e9, inverse: 1e9, portfolio: 1e9, sapiAddress: 1e9, sapiUid: 1e9 } },
  });
});
afterEach(() => on.venue.stop());

const buy = (atMs: number, more: Partial<FillRequest> = {}) =>
  on.account.ledger.fill({
    market: "spot",
    symbol: "BTCUSDT",
    side: "BUY",
    quantity: "0.1",
    price: "100",
    atMs,
    ...more,
  });
const spot = (values: Record<string, string | number> = {}) =>
  on.client.get("/api/v3/myTrades", { symbol: "BTCUSDT", ...values });
const linear = (values: Record<string, string | number> = {}) =>
  on.client.get("/fapi/v1/userTrades", { symbol: "BTCUSDT", ...values });
const inverse = (values: Record<string, string | number>) => on.client.get("/dapi/v1/userTrades", values);
const refusal = (status: number, code: number, msg: string) => ({ status, body: { code, msg } });

describe("spot myTrades", () => {
  test("a row is as the venue writes it", async () => {
    buy(nowMs - 5, { id: 28_457, orderId: 9_007_199_254_740_993n, quantity: "12", price: "4.01", maker: true });
    expect((await spot()).text).toBe(
      `[{"symbol":"BTCUSDT","id":28457,"orderId":9007199254740993,"orderListId":-1,"price":"4.01000000","qty":"12.00000000","quoteQty":"48.12000000",` +
        `"commission":"0.01200000","commissionAsset":"BTC","time":${nowMs - 5},"isBuyer":true,"isMaker":true,"isBestMatch":true}]`,
    );
  });

  test.each([
    ["orderId", { orderId: 1 }, true],
    ["startTime", { startTime: 1 }, true],
    ["endTime", { endTime: 1 }, true],
    ["fromId", { fromId: 1 }, true],
    ["startTime and endTime", { startTime: 1, endTime: 2 }, true],
    ["orderId and fromId", { orderId: 1, fromId: 1 }, true],
    ["fromId and startTime", { fromId: 1, startTime: 1 }, false],
    ["fromId and endTime", { fromId: 1, endTime: 1 }, false],
    ["orderId and startTime", { orderId: 1, startTime: 1 }, false],
    ["all", { orderId: 1, fromId: 1, startTime: 1, endTime: 2 }, false],
  ])("%s", async (_name, values, allowed) => {
    const reply = await spot(values);
    if (allowed) expect(reply.status).toBe(200);
    else expect(reply).toMatchObject(refusal(400, -1128, "Combination of optional parameters invalid."));
  });

  test("a window is 24 hours at most", async () => {
    expect((await spot({ startTime: nowMs - dayMs, endTime: nowMs })).status).toBe(200);
    expect(await spot({ startTime: nowMs - dayMs - 1, endTime: nowMs })).toMatchObject(
      refusal(400, -1127, "More than 24 hours between startTime and endTime."),
    );
  });

  test("without anything the most recent 500; with a start the oldest from there; with an end the newest until there", async () => {
    for (let index = 0; index < 600; index++) buy(nowMs - 600_000 + index * 1_000, { id: 1_000 + index });
    expect(idsOf((await spot()).body)).toEqual(Array.from({ length: 500 }, (_, index) => 1_100 + index));
    expect(idsOf((await spot({ startTime: nowMs - 599_000, limit: 2 })).body)).toEqual([1_001, 1_002]);
    expect(idsOf((await spot({ endTime: nowMs - 599_000, limit: 1 })).body)).toEqual([1_001]);
    expect(idsOf((await spot({ startTime: nowMs - 600_000, endTime: nowMs - 598_500 })).body)).toEqual([1_000, 1_001]);
    expect(idsOf((await spot({ limit: 5_000 })).body)).toHaveLength(600);
  });

  test("fromId is inclusive", async () => {
    for (const id of [998, 999, 1_000, 1_001]) buy(nowMs - 10, { id });
    const ids = idsOf((await spot({ fromId: 999 })).body);
    expect(ids.sort()).toEqual([1_000, 1_001, 999].sort());
    expect(idsOf((await spot({ fromId: 1_002 })).body)).toEqual([]);
  });

  test("ids are of the symbol alone", async () => {
    buy(nowMs - 10, { id: 998 });
    buy(nowMs - 9, { id: 998, symbol: "ETHUSDT" });
    expect(idsOf((await spot({ fromId: 0 })).body)).toEqual([998]);
    expect(idsOf((await spot({ fromId: 0, symbol: "ETHUSDT" })).body)).toEqual([998]);
  });

  test("a symbol that is delisted is unknown, and not in exchangeInfo", async () => {
    buy(nowMs - 10);
    on.venue.delist("spot", "BTCUSDT", nowMs + 1_000);
    expect(idsOf((await spot()).body)).toHaveLength(1);
    on.venue.clock.advance(1_000);
    expect(await spot()).toMatchObject(refusal(400, -1121, "Invalid symbol."));
    const info = (await on.client.raw("/api/v3/exchangeInfo", "")).body;
    expect(rowsOf(field(info, "symbols")).map((row) => row.symbol)).not.toContain("BTCUSDT");
    expect((await linear()).status).toBe(200);
  });

  test("what has not happened yet is not there, and what came late only when it is shown", async () => {
    buy(nowMs - 1_000, { id: 1_000 });
    buy(nowMs - 900, { id: 1_001, lateMs: 60_000 });
    buy(nowMs - 800, { id: 1_002 });
    buy(nowMs + 5_000, { id: 1_003 });
    expect(idsOf((await spot({ fromId: 0 })).body)).toEqual([1_000, 1_002]);
    const balance = rowsOf(field((await on.client.get("/api/v3/account")).body, "balances")).find(
      (row) => row.asset === "BTC",
    );
    expect(balance?.free).toBe("0.29970000");
    on.venue.clock.advance(59_100);
    expect(idsOf((await spot({ fromId: 1_001 })).body)).toEqual([1_001, 1_002, 1_003]);
  });
});

describe("the traps of paging", () => {
  const bursts = 250;
  const perBurst = 5;
  const all = bursts * perBurst;

  /** Bursts of five in one millisecond; 1,250 rows, so that no page of 1,000 or 103 ends between two bursts by chance alone. */
  function burst(): void {
    for (let index = 0; index < all; index++) buy(nowMs - 3_600_000 + Math.floor(index / perBurst) * 1_000);
  }

  async function collect(
    next: (rows: Record<string, unknown>[]) => Record<string, number>,
    limit: number,
  ): Promise<Set<number>> {
    const seen = new Set<number>();
    let values: Record<string, number> = { startTime: nowMs - 3_600_000 };
    for (let round = 0; round < 100; round++) {
      const rows = rowsOf((await spot({ ...values, limit })).body);
      for (const row of rows) seen.add(Number(row.id));
      if (rows.length < limit) return seen;
      values = next(rows);
    }
    throw new Error("it never ended");
  }

  test("a loop by the last time + 1 loses fills", async () => {
    burst();
    const seen = await collect((rows) => ({ startTime: Number(rows.at(-1)?.time) + 1 }), 103);
    expect(seen.size).toBe(all - 11 * 2);
  });

  test("a loop by the last id of a page by time loses fills: a millisecond has no order", async () => {
    burst();
    const after = (rows: Record<string, unknown>[]) => ({ fromId: Number(rows.at(-1)?.id) + 1 });
    const sizes = await Promise.all([101, 102, 103, 104].map(async (limit) => (await collect(after, limit)).size));
    expect(Math.min(...sizes)).toBeLessThan(all);
  });

  test("so does the smallest id seen of the last millisecond: a smaller one may be missing", async () => {
    burst();
    const fromSmallestSeen = (rows: Record<string, unknown>[]) => {
      const ids = rows.filter((row) => row.time === rows.at(-1)?.time).map((row) => Number(row.id));
      return { fromId: Math.min(...ids) };
    };
    const sizes = await Promise.all(
      [101, 102, 103, 104].map(async (limit) => (await collect(fromSmallestSeen, limit)).size),
    );
    expect(Math.min(...sizes)).toBeLessThan(all);
  });

  test("from behind the greatest id of the milliseconds before the last, all are there", async () => {
    burst();
    const overlapping = (rows: Record<string, unknown>[]) => {
      const ids = rows.filter((row) => row.time !== rows.at(-1)?.time).map((row) => Number(row.id));
      return { fromId: Math.max(...ids) + 1 };
    };
    const sizes = await Promise.all(
      [101, 102, 103, 104].map(async (limit) => (await collect(overlapping, limit)).size),
    );
    expect(sizes).toEqual([all, all, all, all]);
  });

  test("by ids from the start, all are there, whatever the order within a page", async () => {
    burst();
    const seen = new Set<number>();
    for (let fromId = 0, size = 1_000; size === 1_000; ) {
      const ids = idsOf((await spot({ fromId, limit: 1_000 })).body);
      for (const id of ids) seen.add(id);
      size = ids.length;
      fromId = Math.max(...ids) + 1;
    }
    expect(seen.size).toBe(all);
    const page = idsOf((await spot({ fromId: 0, limit: 1_000 })).body);
    expect(page).not.toEqual([...page].sort((a, b) => a - b));
    on.venue.settings.sameMillisecond = "by-id";
    expect(idsOf((await spot({ fromId: 0, limit: 1_000 })).body)).toEqual([...page].sort((a, b) => a - b));
  });

  test("a fill that comes late has a smaller id than what was read: only an overlap finds it", async () => {
    buy(nowMs - 3_000, { id: 1_000 });
    buy(nowMs - 2_000, { id: 1_001, lateMs: 10_000 });
    buy(nowMs - 1_000, { id: 1_002 });
    expect(idsOf((await spot({ fromId: 0 })).body)).toEqual([1_000, 1_002]);
    on.venue.clock.advance(60_000);
    expect(idsOf((await spot({ fromId: 1_003 })).body)).toEqual([]);
    expect(idsOf((await spot({ fromId: 1_000 })).body)).toEqual([1_000, 1_001, 1_002]);
  });
});

describe("USD-M userTrades", () => {
  const trade = (atMs: number, more: Partial<FillRequest> = {}) => buy(atMs, { market: "linear", ...more });

  test("a row is as the venue writes it: what was paid is negative, as documented, or positive, as seen", async () => {
    trade(nowMs - 9, {
      quantity: "0.002",
      price: "7819.01",
      orderId: 25_851_813n,
      id: 698_758,
      positionSide: "SHORT",
      side: "SELL",
    });
    trade(nowMs - 8, { quantity: "0.002", price: "8276.71", orderId: 25_851_814n, id: 698_759, positionSide: "SHORT" });
    const [, row] = rowsOf((await linear()).body);
    expect(row).toEqual({
      symbol: "BTCUSDT",
      id: 698_759,
      orderId: 25_851_814,
      side: "BUY",
      price: "8276.71",
      qty: "0.00200",
      realizedPnl: "-0.91540000",
      marginAsset: "USDT",
      quoteQty: "16.5534200",
      commission: "-0.00827671",
      commissionAsset: "USDT",
      time: nowMs - 8,
      positionSide: "SHORT",
      buyer: true,
      maker: false,
    });
    on.venue.settings.linearCommissionSign = "positive";
    expect(rowsOf((await linear()).body)[1]).toMatchObject({ commission: "0.00827671" });
  });

  test("fromId never with times, a window is 7 days at most", async () => {
    for (const values of [{ startTime: 1 }, { endTime: 1 }]) {
      expect(await linear({ fromId: 1, ...values })).toMatchObject(
        refusal(400, -1128, "Combination of optional parameters invalid."),
      );
    }
    expect((await linear({ startTime: nowMs - 7 * dayMs, endTime: nowMs })).status).toBe(200);
    expect(await linear({ startTime: nowMs - 7 * dayMs - 1, endTime: nowMs })).toMatchObject(
      refusal(400, -4165, "Maximum time interval is 7 days."),
    );
    expect((await linear({ limit: 1_001 })).status).toBe(400);
  });

  test("one end alone is completed to 7 days, no end is the last 7 days, fromId reaches further", async () => {
    for (const [id, daysAgo] of [
      [1, 20],
      [2, 14],
      [3, 10],
      [4, 6],
      [5, 1],
    ] as const) {
      trade(nowMs - daysAgo * dayMs, { id });
    }
    expect(idsOf((await linear()).body)).toEqual([4, 5]);
    expect(idsOf((await linear({ startTime: nowMs - 15 * dayMs })).body)).toEqual([2, 3]);
    expect(idsOf((await linear({ endTime: nowMs - 9 * dayMs })).body)).toEqual([2, 3]);
    expect(idsOf((await linear({ fromId: 1 })).body)).toEqual([1, 2, 3, 4, 5]);
  });

  test("half a year back there is nothing more, in silence or with an error", async () => {
    trade(nowMs - 184 * dayMs, { id: 1 });
    trade(nowMs - 182 * dayMs, { id: 2 });
    const values = { startTime: nowMs - 185 * dayMs, endTime: nowMs - 181 * dayMs };
    expect(idsOf((await linear({ fromId: 0 })).body)).toEqual([2]);
    expect(idsOf((await linear(values)).body)).toEqual([2]);
    on.venue.settings.tooOld = "error";
    expect(await linear(values)).toMatchObject(
      refusal(400, -4166, "Search window is restricted to recent 183 days only."),
    );
    on.venue.settings.retentionMs.linearTrades = null;
    expect(idsOf((await linear(values)).body)).toEqual([1, 2]);
  });
});

describe("COIN-M userTrades", () => {
  const trade = (atMs: number, more: Partial<FillRequest> = {}) =>
    buy(atMs, { market: "inverse", symbol: "BTCUSD_PERP", quantity: "1", price: "8800", ...more });

  test("a row is as the venue writes it, with a positive commission", async () => {
    trade(nowMs - 1, { id: 6, orderId: 28n, side: "SELL", commission: { amount: "0.00000454", asset: "BTC" } });
    expect(rowsOf((await inverse({ symbol: "BTCUSD_PERP" })).body)).toEqual([
      {
        symbol: "BTCUSD_PERP",
        id: 6,
        orderId: 28,
        pair: "BTCUSD",
        side: "SELL",
        price: "8800",
        qty: "1",
        realizedPnl: "0",
        marginAsset: "BTC",
        baseQty: "0.01136364",
        commission: "0.00000454",
        commissionAsset: "BTC",
        time: nowMs - 1,
        positionSide: "BOTH",
        buyer: false,
        maker: false,
      },
    ]);
  });

  test("a symbol or a pair, not both, not neither; a pair without fromId", async () => {
    expect(await inverse({})).toMatchObject({ status: 400, body: { code: -1102 } });
    const combination = refusal(400, -1128, "Combination of optional parameters invalid.");
    expect(await inverse({ symbol: "BTCUSD_PERP", pair: "BTCUSD" })).toMatchObject(combination);
    expect(await inverse({ pair: "BTCUSD", fromId: 1 })).toMatchObject(combination);
    expect(await inverse({ symbol: "BTCUSD_PERP", fromId: 1, endTime: 5 })).toMatchObject(combination);
    expect((await inverse({ pair: "NOPE" })).status).toBe(400);
  });

  test("50 rows unless more are asked for; a pair has the rows of all its symbols", async () => {
    for (let index = 0; index < 60; index++) trade(nowMs - 100_000 + index * 1_000, { id: index + 1 });
    const dated = on.venue.world.of("inverse").find((spec) => (spec.deliveryMs ?? 0) > nowMs);
    trade(nowMs - 500, { symbol: dated?.symbol ?? "", id: 1 });
    expect(idsOf((await inverse({ symbol: "BTCUSD_PERP" })).body)).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 11),
    );
    expect(rowsOf((await inverse({ pair: "BTCUSD", limit: 100 })).body)).toHaveLength(61);
  });
});

test("portfolio margin: 24 hours a window", async () => {
  on.account.permissions.portfolioMargin = true;
  const trades = (values: Record<string, number>) =>
    on.client.get("/papi/v1/um/userTrades", { symbol: "BTCUSDT", ...values });
  expect((await trades({ startTime: nowMs - dayMs, endTime: nowMs })).status).toBe(200);
  expect(await trades({ startTime: nowMs - dayMs - 1, endTime: nowMs })).toMatchObject({
    status: 400,
    body: { code: -1127 },
  });
});

test("margin: cross and isolated apart", async () => {
  buy(nowMs - 3, { market: "margin", id: 34 });
  buy(nowMs - 2, { market: "margin", id: 35, isolated: true });
  const trades = (values: Record<string, string>) =>
    on.client.get("/sapi/v1/margin/myTrades", { symbol: "BTCUSDT", ...values });
  expect(rowsOf((await trades({})).body)).toMatchObject([{ id: 34, isIsolated: false }]);
  expect(rowsOf((await trades({ isIsolated: "TRUE" })).body)).toMatchObject([{ id: 35, isIsolated: true }]);
  expect(idsOf((await spot()).body)).toEqual([]);
});
