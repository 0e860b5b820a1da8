import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { VenueAccount } from "./account.ts";
import { dayMs } from "./clock.ts";
import { field, nowMs, world } from "./fixtures.ts";
import type { FillRequest } from "./ledger-rows.ts";
import { okxClient } from "./okx/client.ts";
import { startOkx } from "./okx/index.ts";
import type { Venue } from "./start.ts";

let venue: Venue;
let account: VenueAccount;
let get: ReturnType<typeof okxClient>;
beforeEach(async () => {
  venue = await startOkx({ nowMs, world });
  account = venue.addAccount({ id: "trader" });
  get = okxClient(venue, account);
});
afterEach(() => venue.stop());

const history = "/api/v5/trade/fills-history";
const fill = (atMs: number, more: Partial<FillRequest> = {}) =>
  account.ledger.fill({ market: "spot", symbol: "BTCUSDT", side: "BUY", quantity: "0.1", price: "100", atMs, ...more });
const data = async (path: string, query: string) => {
  // Two seconds are the window of every limit.
  venue.clock.advance(2_000);
  return (await get(path, query)).body.data;
};
const refused = async (query: string, headers: Record<string, string> = {}) => {
  const { status, body } = await get(history, query, headers);
  return [status, body.code];
};

describe("instrument types", () => {
  test("one a call in the history, any in the last three days", async () => {
    fill(nowMs - 5, { id: 998 });
    fill(nowMs - 4, { id: 998, market: "linear", quantity: "0.00123", positionSide: "SHORT", side: "SELL" });
    fill(nowMs - 3, { id: 998, market: "inverse", symbol: "BTCUSD_PERP", quantity: "2", price: "50000" });
    const dated = world.of("linear").find((spec) => (spec.deliveryMs ?? 0) > nowMs)?.symbol ?? "";
    fill(nowMs - 2, { market: "linear", symbol: dated });
    expect(await refused("")).toEqual([400, "50014"]);
    expect(await refused("instType=X")).toEqual([200, "51000"]);
    expect(await data(history, "instType=SPOT")).toMatchObject([
      {
        instId: "BTC-USDT",
        tradeId: "998",
        fillSz: "0.1",
        fee: "-0.0001",
        feeCcy: "BTC",
        side: "buy",
        posSide: "net",
        execType: "T",
      },
    ]);
    expect(await data(history, "instType=SWAP")).toMatchObject([
      { instId: "BTC-USD-SWAP", fillSz: "2", subType: "1" },
      { instId: "BTC-USDT-SWAP", fillSz: "123", subType: "4", posSide: "short" },
    ]);
    expect(await data(history, "instType=FUTURES")).toHaveLength(1);
    expect(await data(history, "instType=MARGIN")).toEqual([]);
    expect(await data("/api/v5/trade/fills", "")).toHaveLength(4);
    expect(await data("/api/v5/trade/fills", "instId=BTC-USDT")).toHaveLength(1);
    expect((await get("/api/v5/trade/fills", "instId=NOPE")).body.code).toBe("51001");
  });

  test("what closed by force is known by its subType", async () => {
    fill(nowMs - 9, { market: "linear", quantity: "3" });
    for (const [index, kind] of (["liquidation", "adl", "settlement"] as const).entries()) {
      fill(nowMs - 8 + index, { market: "linear", side: "SELL", quantity: "1", price: "90", kind });
    }
    const rows = await data(history, "instType=SWAP");
    expect(rows.map((row) => row.subType)).toEqual(["112", "125", "104", "1"]);
    expect(rows[2]).toMatchObject({ fillPnl: "-10" });
  });
});

test("how far back: three days, three months", async () => {
  for (const days of [93, 91, 4, 2]) fill(nowMs - days * dayMs);
  expect(await data("/api/v5/trade/fills", "")).toHaveLength(1);
  expect(await data(history, "instType=SPOT")).toHaveLength(3);
});

describe("cursors", () => {
  beforeEach(() => {
    for (let index = 0; index < 250; index++) fill(nowMs - 100_000 + Math.floor(index / 5) * 1_000);
  });

  test("newest first, 100 rows, older ones by after: each once", async () => {
    const seen: string[] = [];
    const sizes: number[] = [];
    for (let after = ""; sizes.length < 10; ) {
      const rows = await data(history, `instType=SPOT${after === "" ? "" : `&after=${after}`}&limit=500`);
      sizes.push(rows.length);
      seen.push(...rows.map((row) => row.billId ?? ""));
      if (rows.length < 100) break;
      after = rows.at(-1)?.billId ?? "";
    }
    expect(sizes).toEqual([100, 100, 50]);
    expect(new Set(seen).size).toBe(250);
    expect(seen).toEqual([...seen].sort((a, b) => (BigInt(a) < BigInt(b) ? 1 : -1)));
    expect(String(Number(seen[0]))).not.toBe(seen[0]);
  });

  test("before gives the newest of the newer ones: paging forward with it loses what lies between", async () => {
    const all = await data(history, "instType=SPOT");
    const oldest = (await data(history, `instType=SPOT&after=${all.at(-1)?.billId}`)).at(-1)?.billId;
    expect(await data(history, `instType=SPOT&before=${oldest}`)).toEqual(all);
  });

  test("begin and end, by time, both included", async () => {
    const rows = await data(history, `instType=SPOT&begin=${nowMs - 100_000}&end=${nowMs - 99_000}`);
    expect(rows).toHaveLength(10);
    expect(await refused("instType=SPOT&begin=x")).toEqual([200, "51000"]);
  });
});

test("bills: funding with its sign", async () => {
  fill(nowMs - 9, { market: "linear", quantity: "1" });
  account.ledger.fund({ market: "linear", symbol: "BTCUSDT", side: "BOTH", rate: "0.0001", atMs: nowMs - 8 });
  account.ledger.transfer({ from: "spot", to: "linear", asset: "USDT", amount: "5", atMs: nowMs - 7 });
  const [row] = await data("/api/v5/account/bills", "type=8");
  expect(row).toMatchObject({ instId: "BTC-USDT-SWAP", type: "8", subType: "173", ccy: "USDT" });
  expect(Number(row?.balChg)).toBeLessThan(0);
  const kinds = (await data("/api/v5/account/bills-archive", "")).map(({ type }) => type);
  expect(kinds).toEqual(["1", "8", "2"]);
  expect(await data("/api/v5/account/bills", "instType=FUTURES")).toEqual([]);
});

describe("refusals", () => {
  const query = "instType=SPOT";

  test("key, passphrase, signature, time, address, permission, expiry", async () => {
    expect(await refused(query, { "ok-access-key": "nobody" })).toEqual([401, "50111"]);
    expect(await refused(query, { "ok-access-passphrase": "no" })).toEqual([401, "50105"]);
    expect(await refused(query, { "ok-access-sign": "no" })).toEqual([401, "50113"]);
    expect(await refused(query, { "ok-access-timestamp": "yesterday" })).toEqual([401, "50112"]);
    expect(await refused(query, { "ok-access-timestamp": new Date(nowMs - 30_001).toISOString() })).toEqual([
      401,
      "50102",
    ]);
    account.permissions.ipAllowList = ["203.0.113.7"];
    expect(await refused(query)).toEqual([401, "50110"]);
    Object.assign(account.permissions, { ipAllowList: null, reading: false });
    expect(await refused(query)).toEqual([401, "50120"]);
    Object.assign(account.permissions, { reading: true, expiresAtMs: nowMs });
    expect(await refused(query)).toEqual([401, "50119"]);
  });

  test("ten in two seconds, then 429 until the next two", async () => {
    for (let index = 0; index < 10; index++) expect(await refused(query)).toEqual([200, "0"]);
    expect(await refused(query)).toEqual([429, "50011"]);
    venue.clock.advance(2_000);
    expect(await refused(query)).toEqual([200, "0"]);
  });

  test("maintenance, and the system's word for it", async () => {
    expect((await get("/api/v5/system/status")).body.data).toEqual([]);
    venue.setMaintenance(true);
    venue.clock.advance(2_000);
    expect(await refused(query)).toEqual([503, "50001"]);
    expect((await get("/api/v5/system/status")).body.data).toMatchObject([{ state: "ongoing" }]);
  });
});

test("account, balance, positions and instruments", async () => {
  fill(nowMs - 1, { market: "linear", quantity: "0.5", price: "100" });
  account.ledger.deposit({ asset: "USDT", amount: "5", atMs: nowMs - 1 });
  expect(await data("/api/v5/account/config", "")).toMatchObject([
    { uid: String(account.uid), posMode: "net_mode", perm: "read_only" },
  ]);
  expect(await data("/api/v5/account/positions", "")).toMatchObject([
    { instId: "BTC-USDT-SWAP", pos: "50000", posSide: "net" },
  ]);
  expect(await data("/api/v5/account/balance", "")).toMatchObject([{ details: [{ ccy: "USDT", cashBal: "4.975" }] }]);
  const [swap] = await data("/api/v5/public/instruments", "instType=SWAP");
  expect(swap).toMatchObject({ instId: "BTC-USDT-SWAP", ctVal: "0.00001", ctType: "linear", settleCcy: "USDT" });
});

test("candles of a minute, newest first, older ones by after", async () => {
  const query = `instId=BNB-USDT&bar=1m&limit=2&after=${nowMs - 60_000}`;
  const rows = (await get("/api/v5/market/history-candles", query)).body.data;
  expect(rows.map((row) => field(row, "0"))).toEqual([String(nowMs - 120_000), String(nowMs - 180_000)]);
  expect((await get("/api/v5/market/candles", "instId=NOPE")).body.code).toBe("51001");
});
