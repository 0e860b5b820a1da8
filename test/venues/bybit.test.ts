import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { VenueAccount } from "./account.ts";
import { bybitClient } from "./bybit/client.ts";
import { type BybitVenue, startBybit } from "./bybit/index.ts";
import { dayMs } from "./clock.ts";
import { field, nowMs, rowsOf, world } from "./fixtures.ts";
import type { FillRequest } from "./ledger-rows.ts";

let venue: BybitVenue;
let account: VenueAccount;
let get: ReturnType<typeof bybitClient>;
beforeEach(async () => {
  venue = await startBybit({ nowMs, world });
  account = venue.addAccount({ id: "trader", hedge: true });
  get = bybitClient(venue, account);
});
afterEach(() => venue.stop());

const path = "/v5/execution/list";
const fill = (atMs: number, more: Partial<FillRequest> = {}) =>
  account.ledger.fill({ market: "linear", symbol: "BTCUSDT", side: "BUY", quantity: "1", price: "100", atMs, ...more });
const list = async (query: string) => rowsOf((await get(path, query)).body.result.list);
const code = async (query: string, headers: Record<string, string> = {}) =>
  (await get(path, query, headers)).body.retCode;

describe("one category a call", () => {
  test("is mandatory and one of four", async () => {
    expect(await code("")).toBe(10_001);
    expect(await code("category=x")).toBe(10_001);
    expect(await code("category=option")).toBe(0);
  });

  test("spot, linear and inverse apart; inverse contracts are worth a dollar", async () => {
    fill(nowMs - 3, { market: "spot", price: "100" });
    fill(nowMs - 2);
    fill(nowMs - 1, { market: "inverse", symbol: "BTCUSD_PERP", quantity: "3", price: "50000" });
    expect(await list("category=spot")).toMatchObject([
      { symbol: "BTCUSDT", execFee: "0.001", feeCurrency: "BTC", execType: "Trade" },
    ]);
    expect(await list("category=linear")).toMatchObject([
      { symbol: "BTCUSDT", execFee: "0.05", execQty: "1", execTime: String(nowMs - 2) },
    ]);
    expect(await list("category=inverse")).toMatchObject([{ symbol: "BTCUSD", execQty: "300", execValue: "0.006" }]);
    expect(await code("category=linear&symbol=NOPE")).toBe(10_001);
  });
});

describe("windows", () => {
  test("7 days at most, by default the last 7, one end alone is completed", async () => {
    for (const days of [20, 12, 3]) fill(nowMs - days * dayMs, { price: String(days) });
    const prices = async (query: string) => (await list(`category=linear${query}`)).map((row) => row.execPrice);
    expect(await prices("")).toEqual(["3"]);
    expect(await prices(`&startTime=${nowMs - 15 * dayMs}`)).toEqual(["12"]);
    expect(await prices(`&endTime=${nowMs - 18 * dayMs}`)).toEqual(["20"]);
    expect(await code(`category=linear&startTime=${nowMs - 7 * dayMs - 1}&endTime=${nowMs}`)).toBe(10_001);
    expect(await code(`category=linear&startTime=${nowMs - 7 * dayMs}&endTime=${nowMs}`)).toBe(0);
    expect(await code(`category=linear&startTime=abc`)).toBe(10_001);
  });

  test("two years back, half a year for a classic account", async () => {
    const old = `category=linear&startTime=${nowMs - 200 * dayMs}&endTime=${nowMs - 199 * dayMs}`;
    expect(await code(old)).toBe(0);
    expect(await code(`category=linear&startTime=${nowMs - 731 * dayMs}`)).toBe(10_001);
    venue.settings.kind = "classic";
    expect(await code(old)).toBe(10_001);
  });
});

describe("pages", () => {
  test("newest first, 50 rows and at most 100, each once by the cursor, and a cursor with the last page too", async () => {
    for (let index = 0; index < 240; index++) fill(nowMs - 100_000 + Math.floor(index / 5) * 1_000);
    expect(await list("category=linear")).toHaveLength(50);
    const seen: string[] = [];
    const sizes: number[] = [];
    for (let cursor = ""; sizes.length < 10; ) {
      const { result } = (await get(path, `category=linear&limit=200${cursor === "" ? "" : `&cursor=${cursor}`}`)).body;
      const rows = rowsOf(result.list);
      seen.push(...rows.map((row) => String(row.execId)));
      sizes.push(rows.length);
      cursor = String(result.nextPageCursor);
      if (cursor === "") break;
    }
    expect(sizes).toEqual([100, 100, 40, 0]);
    expect(new Set(seen).size).toBe(240);
    expect(await code("category=linear&cursor=nothing%3A1")).toBe(10_001);
  });

  test("the cursor works as it came and encoded once more", async () => {
    for (let index = 0; index < 3; index++) fill(nowMs - 3 + index);
    const cursor = String((await get(path, "category=linear&limit=1")).body.result.nextPageCursor);
    const [once, twice] = [
      await list(`category=linear&cursor=${cursor}`),
      await list(`category=linear&cursor=${encodeURIComponent(cursor)}`),
    ];
    expect(once).toHaveLength(2);
    expect(twice).toEqual(once);
  });

  test("rows of one millisecond are in no order", async () => {
    for (let index = 0; index < 20; index++) fill(nowMs - 5);
    const order = (await list("category=linear")).map((row) => Number(row.seq));
    expect(order).not.toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toEqual([...order].sort((a, b) => b - a));
  });
});

test("types: what closed by force is there only when all types are asked for, and funding then too", async () => {
  fill(nowMs - 9, { positionSide: "LONG", quantity: "4" });
  account.ledger.fund({ market: "linear", symbol: "BTCUSDT", side: "LONG", rate: "0.0001", atMs: nowMs - 8 });
  fill(nowMs - 7, { positionSide: "LONG", side: "SELL", kind: "liquidation", price: "90" });
  fill(nowMs - 6, { positionSide: "LONG", side: "SELL", kind: "adl" });
  fill(nowMs - 5, { positionSide: "LONG", side: "SELL", kind: "settlement" });
  fill(nowMs - 4, { positionSide: "LONG", side: "SELL" });
  expect((await list("category=linear")).map((row) => row.execType)).toEqual([
    "Trade",
    "Delivery",
    "AdlTrade",
    "BustTrade",
    "Funding",
    "Trade",
  ]);
  expect(await list("category=linear&execType=Trade")).toMatchObject([{ closedSize: "1" }, { closedSize: "0" }]);
  expect(await list("category=linear&execType=BustTrade")).toMatchObject([{ execPnl: "-10", closedSize: "1" }]);
  const [funding] = await list("category=linear&execType=Funding");
  expect(Number(funding?.execFee)).toBeGreaterThan(0);
  expect((await get("/v5/position/list", "category=linear&settleCoin=USDT")).body.result.list).toEqual([]);
});

describe("refusals", () => {
  test("key, signature, time, address, permission, expiry", async () => {
    expect(await code("category=spot", { "x-bapi-api-key": "nobody" })).toBe(10_003);
    expect(await code("category=spot", { "x-bapi-sign": "00" })).toBe(10_004);
    expect(await code("category=spot", { "x-bapi-timestamp": String(nowMs - 5_001) })).toBe(10_002);
    expect(await code("category=spot", { "x-bapi-timestamp": String(nowMs + 1_000) })).toBe(10_002);
    account.permissions.ipAllowList = ["203.0.113.7"];
    expect(await code("category=spot")).toBe(10_010);
    Object.assign(account.permissions, { ipAllowList: null, reading: false });
    expect(await code("category=spot")).toBe(10_005);
    Object.assign(account.permissions, { reading: true, expiresAtMs: nowMs });
    expect(await code("category=spot")).toBe(33_004);
  });

  test("50 requests a second, with what is left in the headers", async () => {
    expect((await get(path, "category=spot")).headers.get("x-bapi-limit-status")).toBe("49");
    const codes = await Promise.all(Array.from({ length: 50 }, () => code("category=spot")));
    expect(codes.filter((value) => value === 10_006)).toHaveLength(1);
    venue.clock.advance(1_000);
    expect(await code("category=spot")).toBe(0);
  });

  test("too many from one address: 403 for ten minutes", async () => {
    await venue.stop();
    venue = await startBybit({ nowMs, world, settings: { requestsPerAddress: 3 } });
    const time = async () => (await fetch(`${venue.url}/v5/market/time`)).status;
    expect([await time(), await time(), await time(), await time()]).toEqual([200, 200, 200, 403]);
    venue.clock.advance(599_999);
    expect(await time()).toBe(403);
    venue.clock.advance(1);
    expect(await time()).toBe(200);
  });

  test("maintenance and what cannot be found", async () => {
    expect((await get("/v5/nothing")).status).toBe(404);
    venue.setMaintenance(true);
    expect(await code("category=spot")).toBe(10_016);
  });
});

test("key, wallet and instruments", async () => {
  account.ledger.deposit({ asset: "USDT", amount: "5", atMs: nowMs - 1 });
  expect((await get("/v5/user/query-api")).body.result).toMatchObject({ readOnly: 1, userID: account.uid });
  expect((await get("/v5/account/wallet-balance", "accountType=UNIFIED")).body.result).toMatchObject({
    list: [{ coin: [{ coin: "USDT", walletBalance: "5" }] }],
  });
  const first = (await get("/v5/market/instruments-info", "category=linear&limit=40")).body.result;
  expect(rowsOf(first.list)).toHaveLength(40);
  expect(rowsOf(first.list)[0]).toMatchObject({
    symbol: "BTCUSDT",
    contractType: "LinearPerpetual",
    settleCoin: "USDT",
  });
  expect(first.nextPageCursor).toBe("40");
});

test("candles of a minute, newest first", async () => {
  const query = `category=spot&symbol=BNBUSDT&interval=1&start=${nowMs - 120_000}&end=${nowMs - 1}`;
  const rows = rowsOf((await get("/v5/market/kline", query)).body.result.list);
  expect(rows.map((row) => field(row, "0"))).toEqual([String(nowMs - 60_000), String(nowMs - 120_000)]);
  expect((await get("/v5/market/kline", "category=spot&symbol=NOPE&interval=1")).body.retCode).toBe(10_001);
});
