import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { dayMs, hourMs, minuteMs } from "./clock.ts";
import { field, nowMs, rowsOf, type Stage, stage } from "./fixtures.ts";

let on: Stage;
beforeEach(async () => {
  on = await stage({
    settings: { limits: { spot: 1e9, linear: 1e9, inverse: 1e9, portfolio: 1e9, sapiAddress: 1e9, sapiUid: 1e9 } },
  });
});
afterEach(() => on.venue.stop());

const get = async (path: string, values: Record<string, string | number> = {}) =>
  (await on.client.get(path, values)).body;
const futures = { market: "linear", symbol: "BTCUSDT" } as const;

describe("income", () => {
  const income = (values: Record<string, string | number> = {}) => get("/fapi/v1/income", values);

  test("a fill's PnL and commission have one tranId, above 2^53, as a bare number", async () => {
    on.account.ledger.fill({ ...futures, side: "BUY", quantity: "1", price: "100", atMs: nowMs - 9 });
    on.account.ledger.fill({ ...futures, side: "SELL", quantity: "1", price: "110", atMs: nowMs - 8, id: 5_000 });
    const { text } = await on.client.get("/fapi/v1/income", { startTime: nowMs - 8 });
    const ids = [...text.matchAll(/"tranId":(\d+)/g)].map(([, id = ""]) => id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
    expect(String(Number(ids[0]))).not.toBe(ids[0]);
    const rows = rowsOf(JSON.parse(text)).sort((a, b) => String(a.incomeType).localeCompare(String(b.incomeType)));
    const common = { symbol: "BTCUSDT", asset: "USDT", tradeId: "5000", time: nowMs - 8 };
    expect(rows).toMatchObject([
      { ...common, incomeType: "COMMISSION", income: "-0.05500000" },
      { ...common, incomeType: "REALIZED_PNL", income: "10.00000000" },
    ]);
  });

  test("funding: longs pay a positive rate, shorts receive it, a flat position nothing", async () => {
    on.account.ledger.fill({ ...futures, side: "BUY", positionSide: "LONG", quantity: "1", atMs: nowMs - 9 });
    on.account.ledger.fill({ ...futures, side: "SELL", positionSide: "SHORT", quantity: "2", atMs: nowMs - 8 });
    for (const side of ["LONG", "SHORT", "BOTH"] as const)
      on.account.ledger.fund({ ...futures, side, rate: "0.0001", atMs: nowMs - 1 });
    const rows = rowsOf(await income({ incomeType: "FUNDING_FEE" }));
    const amounts = rows.map((row) => Number(row.income)).sort((a, b) => a - b);
    expect(amounts).toHaveLength(2);
    expect(amounts[1]).toBeCloseTo(-2 * (amounts[0] ?? 0), 7);
    expect(amounts[0]).toBeLessThan(0);
  });

  test("without times the last 7 days, without a limit 100, and at most 1000", async () => {
    for (let index = 0; index < 150; index++) {
      on.account.ledger.incomeEntry({
        ...futures,
        incomeType: "API_REBATE",
        income: "1",
        asset: "USDT",
        atMs: nowMs - 8 * dayMs + index * 2 * hourMs,
      });
    }
    expect(rowsOf(await income({ limit: 1_000 }))).toHaveLength(85);
    expect(rowsOf(await income({ startTime: nowMs - 9 * dayMs }))).toHaveLength(97);
    expect(rowsOf(await income({ startTime: nowMs - 9 * dayMs, limit: 20, page: 5 }))).toHaveLength(17);
    expect(await income({ limit: 1_001 })).toMatchObject({ code: -1130 });
    expect(rowsOf(await income({ startTime: nowMs - 9 * dayMs, limit: 1 }))[0]?.time).toBe(nowMs - 8 * dayMs);
    expect(rowsOf(await income({ limit: 1 }))[0]?.time).toBe(nowMs);
  });

  test("three months back there is nothing more", async () => {
    for (const days of [91, 89]) {
      on.account.ledger.incomeEntry({
        ...futures,
        incomeType: "FUNDING_FEE",
        income: "1",
        asset: "USDT",
        atMs: nowMs - days * dayMs,
      });
    }
    expect(rowsOf(await income({ startTime: nowMs - 100 * dayMs }))).toHaveLength(1);
  });

  test("what is entered while the venue runs is there at once", async () => {
    const entry = (atMs: number) =>
      on.account.ledger.incomeEntry({ ...futures, incomeType: "FUNDING_FEE", income: "1", asset: "USDT", atMs });
    entry(nowMs - 5);
    expect(rowsOf(await income())).toHaveLength(1);
    entry(nowMs - 9);
    expect(rowsOf(await income()).map((row) => row.time)).toEqual([nowMs - 9, nowMs - 5]);
  });

  test("of one symbol and of one type", async () => {
    on.account.ledger.fill({ ...futures, side: "BUY", quantity: "1", atMs: nowMs - 2 });
    on.account.ledger.fill({ market: "linear", symbol: "ETHUSDT", side: "BUY", quantity: "1", atMs: nowMs - 1 });
    on.account.ledger.transfer({ from: "spot", to: "linear", asset: "USDT", amount: "5", atMs: nowMs - 1 });
    expect(rowsOf(await income({ symbol: "ETHUSDT" }))).toMatchObject([
      { symbol: "ETHUSDT", incomeType: "COMMISSION" },
    ]);
    expect(rowsOf(await income({ incomeType: "TRANSFER" }))).toMatchObject([
      { symbol: "", income: "5.00000000", tradeId: "" },
    ]);
  });

  test("COIN-M: a year at most", async () => {
    expect((await on.client.get("/dapi/v1/income", { startTime: nowMs - 366 * dayMs })).status).toBe(400);
    expect((await on.client.get("/dapi/v1/income", { startTime: nowMs - 365 * dayMs })).status).toBe(200);
  });
});

describe("positions that end by force", () => {
  test.each([
    ["liquidation", "LIQUIDATION", /^autoclose-/],
    ["adl", "ADL", /^adl_autoclose$/],
  ] as const)("%s: a fill like any other, known by its order in forceOrders", async (kind, type, clientOrderId) => {
    on.account.ledger.fill({ ...futures, side: "BUY", quantity: "1", price: "100", atMs: nowMs - 9 });
    on.account.ledger.fill({ ...futures, side: "SELL", quantity: "1", price: "90", atMs: nowMs - 8, kind });
    const rows = rowsOf(await get("/fapi/v1/userTrades", { symbol: "BTCUSDT" }));
    expect(rows[1]).toMatchObject({ side: "SELL", realizedPnl: "-10.00000000" });
    const forced = rowsOf(await get("/fapi/v1/forceOrders"));
    expect(forced).toMatchObject([
      { orderId: rows[1]?.orderId, status: "FILLED", side: "SELL", executedQty: "1.00000", avgPrice: "90" },
    ]);
    expect(forced[0]?.clientOrderId).toMatch(clientOrderId);
    expect(rowsOf(await get("/fapi/v1/forceOrders", { autoCloseType: type }))).toHaveLength(1);
    const other = type === "ADL" ? "LIQUIDATION" : "ADL";
    expect(rowsOf(await get("/fapi/v1/forceOrders", { autoCloseType: other }))).toEqual([]);
    expect((await on.client.get("/fapi/v1/forceOrders", { autoCloseType: "X" })).status).toBe(400);
  });

  test("settlement: a fill without fee, its PnL under a name of its own, its order no forced one", async () => {
    const dated = on.venue.world.of("linear").find((spec) => spec.deliveryMs !== null && spec.deliveryMs > nowMs);
    const symbol = dated?.symbol ?? "";
    on.account.ledger.fill({ market: "linear", symbol, side: "BUY", quantity: "1", price: "100", atMs: nowMs - 9 });
    on.account.ledger.fill({
      market: "linear",
      symbol,
      side: "SELL",
      quantity: "1",
      price: "101",
      atMs: nowMs - 8,
      kind: "settlement",
    });
    const rows = rowsOf(await get("/fapi/v1/userTrades", { symbol }));
    expect(rows[1]).toMatchObject({ realizedPnl: "1.00000000", commission: "0.00000000" });
    const types = rowsOf(await get("/fapi/v1/income")).map((row) => row.incomeType);
    expect(types).toEqual(["COMMISSION", "DELIVERED_SETTELMENT"]);
    expect(rowsOf(await get("/fapi/v1/forceOrders"))).toEqual([]);
    const orders = rowsOf(await get("/fapi/v1/allOrders", { symbol }));
    expect(orders[1]?.clientOrderId).toMatch(/^settlement_autoclose-/);
  });

  test("a contract that was delivered is not in exchangeInfo, but its fills are still there", async () => {
    const gone = on.venue.world.of("linear").find((spec) => spec.deliveryMs !== null && spec.deliveryMs < nowMs);
    const symbols = rowsOf(field(await get("/fapi/v1/exchangeInfo"), "symbols")).map((row) => row.symbol);
    expect(gone).toBeDefined();
    expect(symbols).not.toContain(gone?.symbol);
    expect((await on.client.get("/fapi/v1/userTrades", { symbol: gone?.symbol ?? "" })).status).toBe(200);
  });
});

describe("deposits and withdrawals", () => {
  test("90 days at most and by default, newest first; a withdrawal's time is text in UTC", async () => {
    for (const days of [95, 80, 1]) {
      on.account.ledger.deposit({ asset: "ETH", amount: "1.5", atMs: nowMs - days * dayMs });
      on.account.ledger.withdraw({ asset: "ETH", amount: "0.5", fee: "0.01", atMs: nowMs - days * dayMs + 1_500 });
    }
    expect(rowsOf(await get("/sapi/v1/capital/deposit/hisrec"))).toMatchObject([
      { coin: "ETH", amount: "1.5", insertTime: nowMs - dayMs, status: 1 },
      { insertTime: nowMs - 80 * dayMs },
    ]);
    const rows = rowsOf(await get("/sapi/v1/capital/withdraw/history"));
    expect(rows).toMatchObject([
      { amount: "0.5", transactionFee: "0.01", applyTime: "2026-05-31 12:00:01", status: 6 },
      {},
    ]);
    for (const path of ["/sapi/v1/capital/deposit/hisrec", "/sapi/v1/capital/withdraw/history"]) {
      expect(await get(path, { startTime: nowMs - 91 * dayMs })).toEqual({
        code: -4047,
        msg: "Time interval must be within 0-90 days",
      });
      expect(rowsOf(await get(path, { startTime: nowMs - 100 * dayMs, endTime: nowMs - 90 * dayMs }))).toHaveLength(1);
      expect(rowsOf(await get(path, { coin: "BTC" }))).toEqual([]);
      expect(rowsOf(await get(path, { offset: 1, limit: 1 }))).toHaveLength(1);
    }
  });
});

describe("conversions", () => {
  test("more than 30 days is no error but nothing; failed ones are in the list; both times are mandatory", async () => {
    const pair = { fromAsset: "USDT", fromAmount: "20", toAsset: "BNB", toAmount: "0.06154036" };
    on.account.ledger.convert({ ...pair, atMs: nowMs - 2 * dayMs });
    on.account.ledger.convert({ ...pair, atMs: nowMs - dayMs, status: "FAIL" });
    const flow = (values: Record<string, number>) => get("/sapi/v1/convert/tradeFlow", values);
    const within = await flow({ startTime: nowMs - 30 * dayMs, endTime: nowMs });
    expect(within).toMatchObject({ moreData: false, limit: 100 });
    expect(rowsOf(field(within, "list"))).toMatchObject([
      { orderStatus: "SUCCESS", ...pair, ratio: "0.00307701", inverseRatio: "324.98997405" },
      { orderStatus: "FAIL" },
    ]);
    expect(field(await flow({ startTime: nowMs - 30 * dayMs - 1, endTime: nowMs }), "list")).toEqual([]);
    expect(await flow({ startTime: nowMs - 30 * dayMs, endTime: nowMs, limit: 1 })).toMatchObject({
      moreData: true,
      list: [{ orderStatus: "SUCCESS" }],
    });
    expect(await flow({ startTime: 1 })).toMatchObject({ code: -1102 });
    expect(rowsOf(await get("/api/v3/myTrades", { symbol: "BNBUSDT" }))).toEqual([]);
  });

  test("dust: one transId for all assets of one conversion, amounts after the charge, the last 100 records", async () => {
    const details = [
      { fromAsset: "ETH", amount: "0.0009", transferred: "0.000441", charge: "0.000009" },
      { fromAsset: "SHIB", amount: "12", transferred: "0.00088156", charge: "0.00001799" },
    ];
    for (let index = 0; index < 101; index++)
      on.account.ledger.convertDust({ details, atMs: nowMs - index * 1_000 - 1_000 });
    const body = await get("/sapi/v1/asset/dribblet");
    expect(body).toMatchObject({ total: 100 });
    const [first] = rowsOf(field(body, "userAssetDribblets"));
    expect(first).toMatchObject({
      operateTime: nowMs - 1_000,
      totalTransferedAmount: "0.00132256",
      totalServiceChargeAmount: "0.00002699",
    });
    const rows = rowsOf(first?.userAssetDribbletDetails);
    expect(rows).toMatchObject([
      { fromAsset: "ETH", amount: "0.0009", transferedAmount: "0.00044100" },
      { fromAsset: "SHIB" },
    ]);
    expect(rows[0]?.transId).toBe(rows[1]?.transId);
  });
});

test("fiat orders: beginTime, and no data at all when there is none", async () => {
  expect(await get("/sapi/v1/fiat/orders", { transactionType: 0, beginTime: 1 })).toEqual({
    code: "000000",
    message: "success",
    total: 0,
    success: true,
  });
  expect(await get("/sapi/v1/fiat/orders", { transactionType: 0, startTime: 1 })).toMatchObject({ code: -1104 });
});

test("Simple Earn: 30 days a window", async () => {
  const path = "/sapi/v1/simple-earn/flexible/history/rewardsRecord";
  expect(await get(path, { startTime: nowMs - 31 * dayMs })).toEqual({
    code: -6021,
    msg: "Query time range too large",
  });
});

describe("account and positions", () => {
  test("hedge mode is said, and positions have two sides", async () => {
    const hedged = on.venue.addAccount({ id: "hedged", hedge: true });
    hedged.ledger.fill({
      ...futures,
      side: "SELL",
      positionSide: "SHORT",
      quantity: "2",
      price: "100",
      atMs: nowMs - 1,
    });
    const { clientOf } = await import("./binance/client.ts");
    const client = clientOf(on.venue, hedged);
    expect((await client.get("/fapi/v1/positionSide/dual")).body).toEqual({ dualSidePosition: true });
    expect(await get("/fapi/v1/positionSide/dual")).toEqual({ dualSidePosition: false });
    const both = rowsOf((await client.get("/fapi/v2/positionRisk", { symbol: "BTCUSDT" })).body);
    expect(both).toMatchObject([
      { positionSide: "LONG", positionAmt: "0.00000", entryPrice: "0.0" },
      { positionSide: "SHORT", positionAmt: "-2.00000", entryPrice: "100" },
    ]);
    expect(rowsOf((await client.get("/fapi/v3/positionRisk")).body)).toHaveLength(1);
  });

  test("balances follow the clock", async () => {
    on.account.ledger.deposit({ asset: "USDT", amount: "7", atMs: nowMs + 1_000 });
    expect(field(await get("/api/v3/account"), "balances")).toEqual([]);
    on.venue.clock.advance(1_000);
    expect(field(await get("/api/v3/account"), "balances")).toEqual([
      { asset: "USDT", free: "7.00000000", locked: "0.00000000" },
    ]);
    on.account.ledger.transfer({ from: "spot", to: "linear", asset: "USDT", amount: "3", atMs: nowMs + 1_000 });
    expect(rowsOf(await get("/fapi/v2/balance"))[0]).toMatchObject({ asset: "USDT", balance: "3.00000000" });
    const moved = field(await get("/sapi/v1/asset/transfer", { type: "MAIN_UMFUTURE" }), "rows");
    expect(rowsOf(moved)).toMatchObject([{ asset: "USDT", amount: "3", status: "CONFIRMED" }]);
  });
});

describe("public data", () => {
  test("exchangeInfo has steps, sizes and limits of each market", async () => {
    const spot = await get("/api/v3/exchangeInfo", { symbol: "BTCUSDT" });
    expect(rowsOf(field(spot, "symbols"))).toMatchObject([
      { symbol: "BTCUSDT", baseAsset: "BTC", quoteAsset: "USDT", status: "TRADING" },
    ]);
    const inverse = rowsOf(field(await get("/dapi/v1/exchangeInfo"), "symbols"));
    expect(inverse[0]).toMatchObject({
      symbol: "BTCUSD_PERP",
      contractSize: 100,
      marginAsset: "BTC",
      contractStatus: "TRADING",
    });
    expect(inverse.at(-1)).toMatchObject({ contractType: "CURRENT_QUARTER" });
    expect(await get("/api/v3/exchangeInfo", { symbols: '["BTCUSDT","NOPE"]' })).toMatchObject({ code: -1121 });
  });

  test("candles: inside the limits of time, with gaps where there are none", async () => {
    const candles = async (values: Record<string, number> = {}) => {
      const body = await get("/api/v3/klines", { symbol: "BNBUSDT", interval: "1m", ...values });
      if (!Array.isArray(body)) throw new Error("no candles");
      return body;
    };
    expect((await candles()).length).toBe(500);
    const from = nowMs - 10 * minuteMs;
    on.venue.hideCandles("BNBUSDT", from + minuteMs, from + 3 * minuteMs);
    const rows = await candles({ startTime: from, endTime: nowMs - 1 });
    expect(rows.map((row) => (row[0] - from) / minuteMs)).toEqual([0, 3, 4, 5, 6, 7, 8, 9]);
    expect(rows[0][6]).toBe(from + minuteMs - 1);
    expect((await on.client.get("/api/v3/klines", { symbol: "BNBUSDT", interval: "7m" })).body).toMatchObject({
      code: -1120,
    });
  });

  test("the price of one symbol and of all", async () => {
    expect(await get("/api/v3/ticker/price", { symbol: "BTCUSDT" })).toMatchObject({
      symbol: "BTCUSDT",
      price: expect.stringMatching(/^\d+\.\d{8}$/),
    });
    expect(rowsOf(await get("/fapi/v1/ticker/price"))).toHaveLength(on.venue.world.of("linear").length);
  });

  test("maintenance: the system says so, all else answers -1001", async () => {
    expect(await get("/sapi/v1/system/status")).toEqual({ status: 0, msg: "normal" });
    on.venue.setMaintenance(true);
    expect(await get("/sapi/v1/system/status")).toEqual({ status: 1, msg: "system_maintenance" });
    expect(await on.client.get("/api/v3/account")).toMatchObject({ status: 503, body: { code: -1001 } });
  });
});
