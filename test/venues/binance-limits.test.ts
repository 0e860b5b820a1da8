import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { clientOf } from "./binance/client.ts";
import { nowMs, type Stage, stage } from "./fixtures.ts";

let on: Stage;
beforeEach(async () => {
  on = await stage({
    settings: { limits: { spot: 100, linear: 60, inverse: 100, portfolio: 100, sapiAddress: 20, sapiUid: 180_000 } },
  });
});
afterEach(() => on.venue.stop());

const trades = (symbol = "BTCUSDT") => on.client.get("/api/v3/myTrades", { symbol });
const used = (reply: { headers: Headers }): string | null => reply.headers.get("x-mbx-used-weight-1m");

describe("weight", () => {
  test.each([
    ["/api/v3/myTrades", { symbol: "BTCUSDT" }, 20],
    ["/api/v3/myTrades", { symbol: "BTCUSDT", orderId: 5 }, 5],
    ["/api/v3/account", {}, 20],
    ["/fapi/v1/userTrades", { symbol: "BTCUSDT" }, 5],
    ["/fapi/v1/income", {}, 30],
    ["/dapi/v1/userTrades", { symbol: "BTCUSD_PERP" }, 20],
    ["/dapi/v1/userTrades", { pair: "BTCUSD" }, 40],
    ["/dapi/v1/income", {}, 20],
    ["/fapi/v1/klines", { symbol: "BTCUSDT", interval: "1m", limit: 99 }, 1],
    ["/fapi/v1/klines", { symbol: "BTCUSDT", interval: "1m", limit: 1_000 }, 5],
  ])("%s %j costs %d", async (path, values, weight) => {
    expect(used(await on.client.get(path, values))).toBe(String(weight));
    expect(on.venue.log.entries.at(-1)).toMatchObject({ path, weight, status: 200 });
  });

  test("is counted by address: two keys share it, an error costs as much", async () => {
    const other = clientOf(on.venue, on.venue.addAccount({ id: "other" }));
    await trades();
    expect(used(await other.get("/api/v3/myTrades", { symbol: "NOPE" }))).toBe("40");
  });

  test("is counted for each API by itself", async () => {
    await trades();
    expect(used(await on.client.get("/fapi/v1/income"))).toBe("30");
    expect(used(await on.client.get("/dapi/v1/income"))).toBe("20");
  });

  test("starts anew with the minute of the venue's clock", async () => {
    on.venue.clock.set(nowMs + 59_999);
    expect(used(await trades())).toBe("20");
    on.venue.clock.advance(1);
    expect(used(await trades())).toBe("20");
  });
});

describe("too much", () => {
  const spend = async (times: number): Promise<number[]> => {
    const statuses: number[] = [];
    for (let index = 0; index < times; index++) statuses.push((await trades()).status);
    return statuses;
  };

  test("429 with the seconds to the next window, which helps", async () => {
    on.venue.clock.set(nowMs + 20_500);
    expect(await spend(5)).toEqual([200, 200, 200, 200, 200]);
    const refused = await trades();
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("40");
    expect(refused.body).toMatchObject({
      code: -1003,
      msg: expect.stringContaining("current limit is 100 request weight per 1 MINUTE"),
    });
    on.venue.clock.advance(39_500);
    expect((await trades()).status).toBe(200);
  });

  test("418 for whoever goes on, until the moment in the body", async () => {
    expect(await spend(9)).toEqual([200, 200, 200, 200, 200, 429, 429, 429, 418]);
    const banned = await on.client.raw("/api/v3/time", "");
    expect(banned.status).toBe(418);
    const untilMs = nowMs + 120_000;
    expect(banned.body).toEqual({
      code: -1003,
      msg: `Way too much request weight used; IP banned until ${untilMs}. Please use WebSocket Streams for live updates to avoid bans.`,
    });
    expect(banned.headers.get("retry-after")).toBe("0");
    expect((await on.client.get("/sapi/v1/capital/deposit/hisrec")).status).toBe(418);
    expect((await on.client.get("/fapi/v1/income")).status).toBe(200);
    on.venue.clock.set(untilMs - 1);
    expect((await trades()).status).toBe(418);
    on.venue.clock.set(untilMs);
    expect((await trades()).status).toBe(200);
  });

  test("each ban is twice as long, three days at most", async () => {
    const lengthsMs: number[] = [];
    for (let ban = 0; ban < 13; ban++) {
      await spend(9);
      const reply = await trades();
      const untilMs = Number(/until (\d+)/.exec(reply.text)?.[1]);
      lengthsMs.push(untilMs - on.venue.clock.nowMs());
      on.venue.clock.set(untilMs);
    }
    expect(lengthsMs.slice(0, 3)).toEqual([120_000, 240_000, 480_000]);
    expect(lengthsMs.at(-1)).toBe(3 * 86_400_000);
  });

  test("who sends on while banned is banned anew", async () => {
    await spend(9);
    await spend(10);
    const again = await trades();
    expect(again.text).toContain(`until ${nowMs + 240_000}`);
  });

  test("what Retry-After says of a ban can be chosen", async () => {
    await spend(9);
    on.venue.settings.retryAfterOnBan = "seconds";
    expect((await trades()).headers.get("retry-after")).toBe("120");
    on.venue.settings.retryAfterOnBan = "absent";
    expect((await trades()).headers.get("retry-after")).toBeNull();
  });
});

describe("sapi", () => {
  test("counts each endpoint by itself, by address", async () => {
    const first = await on.client.get("/sapi/v1/capital/config/getall");
    expect(first.headers.get("x-sapi-used-ip-weight-1m")).toBe("10");
    expect(first.headers.get("x-mbx-used-weight-1m")).toBeNull();
    expect((await on.client.get("/sapi/v1/capital/config/getall")).status).toBe(200);
    expect((await on.client.get("/sapi/v1/capital/config/getall")).status).toBe(429);
    expect((await on.client.get("/sapi/v1/asset/assetDividend")).headers.get("x-sapi-used-ip-weight-1m")).toBe("10");
  });

  test("some by client: withdrawals ten times a minute, and another client has its own", async () => {
    const path = "/sapi/v1/capital/withdraw/history";
    for (let index = 1; index <= 10; index++) {
      expect((await on.client.get(path)).headers.get("x-sapi-used-uid-weight-1m")).toBe(String(18_000 * index));
    }
    expect((await on.client.get(path)).status).toBe(429);
    const other = clientOf(on.venue, on.venue.addAccount({ id: "other" }));
    expect((await other.get(path)).status).toBe(200);
  });

  test("fiat orders twice, converts sixty times a minute", async () => {
    const fiat = () => on.client.get("/sapi/v1/fiat/orders", { transactionType: 0, beginTime: nowMs - 1 });
    expect([(await fiat()).status, (await fiat()).status, (await fiat()).status]).toEqual([200, 200, 429]);
    const converts = () => on.client.get("/sapi/v1/convert/tradeFlow", { startTime: nowMs - 1, endTime: nowMs });
    const statuses = await Promise.all(Array.from({ length: 61 }, converts));
    expect(statuses.filter(({ status }) => status === 200)).toHaveLength(60);
  });
});
