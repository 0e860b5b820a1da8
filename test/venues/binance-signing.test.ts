import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { KeyPermissions } from "./account.ts";
import { nowMs, type Stage, stage } from "./fixtures.ts";

let on: Stage;
let usual: KeyPermissions;
beforeAll(async () => {
  on = await stage();
  usual = { ...on.account.permissions };
});
beforeEach(() => {
  Object.assign(on.account.permissions, usual);
  on.venue.clock.set(nowMs);
  on.venue.clock.skew(0);
});
afterAll(() => on.venue.stop());

const path = "/api/v3/account";
const headers = (key: string): Record<string, string> => ({ "x-mbx-apikey": key });
const signature = (code: number, msg: string) => ({ status: expect.any(Number), body: { code, msg } });

describe("the signature", () => {
  test("over the query as it was sent", async () => {
    expect((await on.client.get(path)).status).toBe(200);
  });

  test("in capital letters is the same", async () => {
    const query = `timestamp=${nowMs}`;
    expect((await on.client.raw(path, `${query}&signature=${on.client.sign(query).toUpperCase()}`)).status).toBe(200);
  });

  test("of another secret, or of other parameters, is refused", async () => {
    const query = `timestamp=${nowMs}`;
    const wrong = await on.client.raw(path, `${query}&signature=${"0".repeat(64)}`);
    expect(wrong).toMatchObject({
      status: 400,
      body: { code: -1022, msg: "Signature for this request is not valid." },
    });
    const changed = await on.client.raw(path, `${query}&omitZeroBalances=true&signature=${on.client.sign(query)}`);
    expect(changed).toMatchObject({ status: 400, body: { code: -1022 } });
  });

  test("over what was not yet percent-encoded is refused", async () => {
    const encoded = `symbol=${encodeURIComponent("币安人生USDT")}&timestamp=${nowMs}`;
    const plain = `symbol=币安人生USDT&timestamp=${nowMs}`;
    expect((await on.client.raw("/api/v3/myTrades", `${encoded}&signature=${on.client.sign(encoded)}`)).status).toBe(
      200,
    );
    const refused = await on.client.raw("/api/v3/myTrades", `${encoded}&signature=${on.client.sign(plain)}`);
    expect(refused).toMatchObject(signature(-1022, "Signature for this request is not valid."));
  });

  test("is mandatory", async () => {
    expect(await on.client.raw(path, `timestamp=${nowMs}`)).toMatchObject({ status: 400, body: { code: -1102 } });
  });

  test("covers the body of a POST too", async () => {
    expect((await on.client.post("/sapi/v3/asset/getUserAsset")).status).toBe(200);
  });
});

describe("the key", () => {
  test("that cannot be one: -2014", async () => {
    for (const key of ["", "short", "x".repeat(65)]) {
      const reply = await on.client.raw(path, `timestamp=${nowMs}&signature=00`, headers(key));
      expect(reply).toMatchObject({ status: 401, body: { code: -2014, msg: "API-key format invalid." } });
    }
  });

  test("that nobody has: -2015, on futures with the address", async () => {
    const query = `timestamp=${nowMs}&signature=00`;
    const spot = await on.client.raw(path, query, headers("A".repeat(64)));
    expect(spot).toMatchObject({
      status: 401,
      body: { code: -2015, msg: "Invalid API-key, IP, or permissions for action." },
    });
    const futures = await on.client.raw("/fapi/v2/balance", query, headers("A".repeat(64)));
    expect(futures.body).toEqual({
      code: -2015,
      msg: "Invalid API-key, IP, or permissions for action, request ip: 127.0.0.1",
    });
  });

  test("from an address that is not on its list: -2015", async () => {
    on.account.permissions.ipAllowList = ["203.0.113.7"];
    expect(await on.client.get(path)).toMatchObject({ status: 401, body: { code: -2015 } });
    on.account.permissions.ipAllowList = ["203.0.113.7", "127.0.0.1"];
    expect(await on.client.get("/sapi/v1/account/apiRestrictions")).toMatchObject({
      status: 200,
      body: { ipRestrict: true },
    });
  });

  test("that has expired: -2008", async () => {
    on.account.permissions.expiresAtMs = nowMs + 1_000;
    expect((await on.client.get(path)).status).toBe(200);
    on.venue.clock.advance(1_000);
    expect(await on.client.get(path)).toMatchObject({ status: 401, body: { code: -2008, msg: "Invalid Api-Key ID." } });
  });

  test("without the futures permission reads spot alone", async () => {
    on.account.permissions.futures = false;
    expect((await on.client.get(path)).status).toBe(200);
    for (const futures of ["/fapi/v1/income", "/dapi/v1/income", "/papi/v1/balance"]) {
      expect(await on.client.get(futures)).toMatchObject({ status: 401, body: { code: -2015 } });
    }
  });

  test("of portfolio margin has papi and loses fapi", async () => {
    on.account.permissions.portfolioMargin = true;
    expect(await on.client.get("/fapi/v1/income")).toMatchObject({ status: 401, body: { code: -2015 } });
    expect((await on.client.get("/papi/v1/um/income")).status).toBe(200);
    expect(await on.client.get("/sapi/v1/account/apiRestrictions")).toMatchObject({
      body: { enablePortfolioMarginTrading: true },
    });
  });

  test("that may trade and withdraw says so", async () => {
    Object.assign(on.account.permissions, { trading: true, withdrawals: true });
    expect(await on.client.get("/sapi/v1/account/apiRestrictions")).toMatchObject({
      body: { enableReading: true, enableSpotAndMarginTrading: true, enableWithdrawals: true },
    });
  });
});

describe("the time", () => {
  test.each([
    ["exactly recvWindow old", -5_000, {}, 200, null],
    ["older than recvWindow", -5_001, {}, 400, "Timestamp for this request is outside of the recvWindow."],
    ["older than the usual recvWindow, with a longer one", -9_000, { recvWindow: 10_000 }, 200, null],
    ["999 ms ahead", 999, {}, 200, null],
    ["1000 ms ahead", 1_000, {}, 400, "Timestamp for this request was 1000ms ahead of the server's time."],
  ] as const)("%s", async (_name, offMs, values, status, msg) => {
    const reply = await on.client.get(path, { ...values, timestamp: nowMs + offMs });
    expect(reply.status).toBe(status);
    if (msg !== null) expect(reply.body).toEqual({ code: -1021, msg });
  });

  test("of the venue can be off: the client is right and is refused", async () => {
    on.venue.clock.skew(7_000);
    expect(await on.client.get(path)).toMatchObject({ status: 400, body: { code: -1021 } });
    expect((await on.client.raw("/api/v3/time", "")).body).toEqual({ serverTime: nowMs + 7_000 });
    on.venue.clock.skew(-1_500);
    expect(await on.client.get(path)).toMatchObject({ status: 400, body: { code: -1021 } });
  });

  test("is mandatory, and recvWindow is at most a minute", async () => {
    expect(await on.client.raw(path, "signature=00")).toMatchObject({ status: 400, body: { code: -1102 } });
    expect(await on.client.get(path, { recvWindow: 60_001 })).toMatchObject({ status: 400, body: { code: -1131 } });
  });
});

describe("parameters", () => {
  test.each([
    ["twice", "symbol=BTCUSDT&symbol=ETHUSDT", -1101],
    ["empty", "symbol=", -1105],
    ["not a number", "symbol=BTCUSDT&fromId=abc", -1100],
    ["unknown on spot", "symbol=BTCUSDT&colour=red", -1104],
    ["missing", "limit=5", -1102],
    ["a symbol that was never listed", "symbol=NOPEUSDT", -1121],
    ["a limit of nothing", "symbol=BTCUSDT&limit=0", -1130],
  ])("%s", async (_name, values, code) => {
    const query = `${values}&timestamp=${nowMs}`;
    const reply = await on.client.raw("/api/v3/myTrades", `${query}&signature=${on.client.sign(query)}`);
    expect(reply).toMatchObject({ status: 400, body: { code } });
  });

  test("a path that does not exist", async () => {
    expect(await on.client.get("/fapi/v9/nothing")).toMatchObject({ status: 404, body: { code: -5000 } });
  });
});
