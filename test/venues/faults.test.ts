import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { clientOf } from "./binance/client.ts";
import { startBinance } from "./binance/index.ts";
import { createVenueClock } from "./clock.ts";
import { field, nowMs, rowsOf, type Stage, stage, world } from "./fixtures.ts";

let on: Stage;
beforeEach(async () => {
  on = await stage();
});
afterEach(() => on.venue.stop());

const account = () => on.client.get("/api/v3/account");
const thrown = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
    return "nothing";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
};

describe("faults on command", () => {
  test.each([
    [{ kind: "status", status: 500, body: "oops" }, 500, "oops"],
    [{ kind: "error", code: -2015, message: "no", status: 401 }, 401, '{"code":-2015,"msg":"no"}'],
    [{ kind: "html" }, 502, expect.stringContaining("<title>502 Bad Gateway</title>")],
    [{ kind: "maintenance" }, 503, expect.stringContaining('"code":-1001')],
    [{ kind: "rate-limited", retryAfterSeconds: 7 }, 429, expect.stringContaining('"code":-1003')],
    [{ kind: "banned", forMs: 5_000 }, 418, expect.stringContaining(`banned until ${nowMs + 5_000}`)],
    [{ kind: "empty" }, 200, ""],
    [{ kind: "redirect", to: "http://127.0.0.1:1/" }, 302, ""],
  ] as const)("%j", async (fault, status, text) => {
    on.venue.faults.add(fault);
    const reply = await account();
    expect(reply.status).toBe(status);
    expect(reply.text).toEqual(text);
    expect(on.venue.log.entries.at(-1)).toMatchObject({ status, fault: fault.kind });
  });

  test("half a body as if it were all", async () => {
    const whole = (await account()).text;
    on.venue.faults.add({ kind: "cut-json" });
    const reply = await account();
    expect([reply.status, reply.text]).toEqual([200, whole.slice(0, Math.floor(whole.length / 2))]);
    expect(reply.body).toBeUndefined();
  });

  test("half a body of announced length, then the end of the connection", async () => {
    on.venue.faults.add({ kind: "half-body" });
    expect(await thrown(account())).toBe("ECONNRESET");
    expect((await account()).status).toBe(200);
  });

  test("a connection that is reset, before and after the venue counted the request", async () => {
    on.venue.faults.add({ kind: "reset", times: 20, path: "/fapi/" });
    expect(await thrown(on.client.get("/fapi/v1/income"))).toBe("ECONNRESET");
    on.venue.faults.add({ kind: "reset-after", times: 20, path: "/api/" });
    expect(await thrown(account())).toBe("ECONNRESET");
    const weights = on.venue.log.entries.map(({ path, weight, status }) => `${path} ${weight} ${status}`);
    expect([...new Set(weights)]).toEqual(["/fapi/v1/income 0 0", "/api/v3/account 20 0"]);
  });

  test("no answer, and an answer that stalls in its body", async () => {
    on.venue.faults.add({ kind: "hang" });
    const query = `timestamp=${nowMs}`;
    const url = `${on.venue.url}/api/v3/account?${query}&signature=${on.client.sign(query)}`;
    const ask = async (): Promise<string> => {
      const aborter = new AbortController();
      const pending = fetch(url, { headers: { "x-mbx-apikey": on.account.apiKey }, signal: aborter.signal });
      while (on.venue.log.entries.at(-1)?.fault == null) await Bun.sleep(1);
      aborter.abort();
      return thrown(pending);
    };
    expect(await ask()).toBe("20");
    on.venue.log.clear();
    on.venue.faults.add({ kind: "hang-body" });
    const response = await fetch(url, { headers: { "x-mbx-apikey": on.account.apiKey } });
    const reader = response.body?.getReader();
    const first = await reader?.read();
    const announced = Number(response.headers.get("content-length"));
    expect(first?.value).toHaveLength(Math.floor(announced / 2));
    await reader?.cancel();
  });

  test("an answer that waits for a gate", async () => {
    const gate = Promise.withResolvers<void>();
    on.venue.faults.add({ kind: "gate", until: gate.promise });
    const order: string[] = [];
    const late = account().then(() => order.push("late"));
    await on.client.get("/fapi/v1/income");
    order.push("early");
    gate.resolve();
    await late;
    expect(order).toEqual(["early", "late"]);
  });

  test("an answer that comes later", async () => {
    on.venue.faults.add({ kind: "delay", ms: 1 });
    expect((await account()).status).toBe(200);
    expect(on.venue.faults.struck()).toBe(1);
  });
});

describe("whom a fault strikes", () => {
  test("a path, a key, after so many, so often, until it is taken back", async () => {
    const other = clientOf(on.venue, on.venue.addAccount({ id: "other" }));
    const remove = on.venue.faults.add({
      kind: "html",
      path: /myTrades|account/,
      apiKey: on.account.apiKey,
      skip: 1,
      times: 2,
    });
    const statuses = async (client: typeof other) => [
      (await client.get("/api/v3/account")).status,
      (await client.get("/fapi/v1/income")).status,
    ];
    expect(await statuses(other)).toEqual([200, 200]);
    expect(await statuses(on.client)).toEqual([200, 200]);
    expect(await statuses(on.client)).toEqual([502, 200]);
    remove();
    expect(await statuses(on.client)).toEqual([200, 200]);
    on.venue.faults.add({ kind: "html", times: Number.POSITIVE_INFINITY });
    expect(await statuses(on.client)).toEqual([502, 502]);
    on.venue.faults.clear();
    expect(await statuses(on.client)).toEqual([200, 200]);
  });

  test("a ban is a real one: it lasts until its end", async () => {
    on.venue.faults.add({ kind: "banned", forMs: 5_000 });
    expect([(await account()).status, (await account()).status]).toEqual([418, 418]);
    on.venue.clock.advance(5_000);
    expect((await account()).status).toBe(200);
  });
});

describe("what a test can see", () => {
  test("every request, in order, without its signature; connections are counted", async () => {
    await on.client.get("/api/v3/myTrades", { symbol: "BTCUSDT", fromId: 7 });
    await on.client.get("/sapi/v1/convert/tradeFlow", { startTime: 1, endTime: 2 });
    expect(on.venue.log.entries).toMatchObject([
      {
        number: 1,
        atMs: nowMs,
        method: "GET",
        path: "/api/v3/myTrades",
        parameters: { symbol: "BTCUSDT", fromId: "7", timestamp: String(nowMs) },
        apiKey: on.account.apiKey,
        accountId: "trader",
        weight: 20,
        uidWeight: 0,
        status: 200,
        ip: "127.0.0.1",
        fault: null,
      },
      { number: 2, weight: 0, uidWeight: 3_000 },
    ]);
    expect(Object.keys(on.venue.log.entries[0]?.parameters ?? {})).not.toContain("signature");
    expect(on.venue.log.of("/sapi/")).toHaveLength(1);
    expect(on.venue.log.count(200)).toBe(2);
    expect(on.venue.connections()).toBeGreaterThanOrEqual(1);
  });

  test("two venues of one seed are the same", async () => {
    const again = await startBinance({ nowMs, world, accounts: [{ id: "x", generate: { fills: 50 } }] });
    const first = on.venue.addAccount({ id: "x", generate: { fills: 50 } });
    const values = { symbol: "BTCUSDT" };
    const one = await clientOf(on.venue, first).get("/api/v3/myTrades", values);
    const two = await clientOf(again, again.account("x")).get("/api/v3/myTrades", values);
    expect(two.text).toBe(one.text);
    expect(one.text.length).toBeGreaterThan(100);
    await again.stop();
  });
});

describe("steering from another process", () => {
  const control = async (path: string, body?: unknown): Promise<unknown> => {
    const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    return (await fetch(`${on.venue.url}/_venue/${path}`, init)).json();
  };

  test("faults, clock, maintenance, accounts, log and truth", async () => {
    await control("faults", { kind: "html", path: "/api/" });
    expect((await account()).status).toBe(502);
    expect(rowsOf(await control("log"))).toHaveLength(1);
    await control("log/clear", {});
    expect(await control("log")).toEqual([]);
    expect(await control("clock", { advanceMs: 500 })).toEqual({ nowMs: nowMs + 500 });
    await control("maintenance", { on: true });
    expect((await account()).status).toBe(503);
    await control("maintenance", { on: false });
    const added = await control("accounts", { id: "far", generate: { fills: 20 } });
    expect(added).toMatchObject({ id: "far", apiKey: expect.stringMatching(/^[A-Za-z0-9]{64}$/) });
    expect(rowsOf(await control("accounts")).map((row) => row.id)).toEqual(["trader", "far"]);
    const truth = await control("truth?account=far");
    expect(rowsOf(field(truth, "fills")).filter((row) => row.type !== "settlement")).toHaveLength(20);
    expect(rowsOf(field(await control("truth?account=far&untilMs=0"), "fills"))).toEqual([]);
  });
});

test("a venue as a process of its own says where it is and with which keys, and can be steered", async () => {
  const options = ["--accounts", "2", "--fills", "30", "--symbols", "6", "--now-ms", String(nowMs)];
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/serve.ts`, "binance", ...options], { stdout: "pipe" });
  try {
    const reader = child.stdout.getReader();
    let line = "";
    while (!line.includes("\n")) line += new TextDecoder().decode((await reader.read()).value);
    const { url, accounts } = JSON.parse(line);
    expect(rowsOf(accounts).map((row) => row.id)).toEqual(["account-1", "account-2"]);
    const client = clientOf({ url, clock: createVenueClock(nowMs) }, accounts[0]);
    const post = (path: string, body: unknown) =>
      fetch(`${url}/_venue/${path}`, { method: "POST", body: JSON.stringify(body) });
    const fill = { market: "spot", symbol: "BTCUSDT", side: "BUY", quantity: "1", price: "5", atMs: nowMs };
    const added = await (await post("fills", { account: "account-1", fill })).json();
    const rows = rowsOf((await client.get("/api/v3/myTrades", { symbol: "BTCUSDT" })).body);
    expect(rows.at(-1)).toMatchObject({ id: field(added, "id"), qty: "1.00000000", price: "5.00000000" });
    await post("delist", { market: "spot", symbol: "BTCUSDT" });
    expect((await client.get("/api/v3/myTrades", { symbol: "BTCUSDT" })).body).toMatchObject({ code: -1121 });
    await post("permissions", { account: "account-1", futures: false });
    expect((await client.get("/fapi/v1/income")).status).toBe(401);
    expect((await post("nothing", {})).status).toBe(404);
  } finally {
    child.kill();
    await child.exited;
  }
});

test("a clock stands still, jumps, runs, and can be off", () => {
  let machineMs = 1_000;
  const clock = createVenueClock(500, () => machineMs);
  machineMs += 10;
  expect(clock.nowMs()).toBe(500);
  clock.advance(5);
  clock.skew(-100);
  expect([clock.trueMs(), clock.nowMs()]).toEqual([505, 405]);
  clock.run();
  machineMs += 7;
  expect(clock.trueMs()).toBe(512);
  clock.advance(1);
  expect(clock.trueMs()).toBe(513);
  clock.set(9);
  expect(clock.trueMs()).toBe(9);
});
