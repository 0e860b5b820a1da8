import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type } from "arktype";
import { BinanceClient, type ClientOptions } from "../../../src/brokers/binance/client.ts";
import { binanceLimits, endpoints } from "../../../src/brokers/binance/endpoints.ts";
import { NoEndpoint, NoWallet, SymbolGone } from "../../../src/brokers/binance/errors.ts";
import { openRateBudget, type RateBudget } from "../../../src/brokers/rate-budget.ts";
import type { Clock, Context, Fetch } from "../../../src/context.ts";
import { Failure } from "../../../src/errors.ts";
import { type RecordingLog, recordingLog } from "../../delivery/recording-log.ts";
import { temporaryFolders } from "../../operation/temporary-folder.ts";
import { type BinanceVenue, startBinance } from "../../venues/binance/index.ts";
import { clockBeside } from "../../venues/clock.ts";

const folder = temporaryFolders();
/** Each test has a day of its own, so that no ban of another one lasts. */
let nowMs = Date.UTC(2026, 1, 9, 10, 30, 15, 123);
const Anything = type("unknown");
let venue: BinanceVenue;

beforeAll(async () => {
  venue = await startBinance({ nowMs, accounts: [{ id: "a" }, { id: "b" }] });
});
afterAll(() => venue.stop());
beforeEach(() => {
  nowMs += 86_400_000;
  venue.faults.clear();
  venue.clock.set(nowMs);
  venue.clock.skew(0);
  venue.log.clear();
});

interface Setting {
  client: BinanceClient;
  budget: RateBudget;
  log: RecordingLog;
  clock: Clock;
}

function setting(changes: Partial<ClientOptions> & { fetch?: Fetch; signal?: AbortSignal } = {}): Setting {
  // Right, whatever the venue's shows.
  const clock = clockBeside(venue.clock);
  const log = recordingLog();
  const { fetch = globalThis.fetch as Fetch, signal = new AbortController().signal, ...options } = changes;
  const context = { clock, log, fetch, signal, random: () => 1 } as unknown as Context;
  const budget = openRateBudget("binance", binanceLimits, { dataDir: folder(), clock, signal });
  const tools = { context, budget, cacheDir: folder(), venueUrl: venue.url };
  const credentials = venue.account("a");
  return {
    client: new BinanceClient({ accountId: "a", credentials, tools, hasWorked: false, ...options }),
    budget,
    log,
    clock,
  };
}

const account = (client: BinanceClient) => client.get(endpoints.spotAccount, {}, Anything);

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Failure)) throw new Error(`expected a Failure, got ${String(error)}`);
  return error;
}

describe("signs", () => {
  test("what the venue takes, with symbols that need encoding", async () => {
    const { client } = setting();
    const rows = await client.get(
      endpoints.spotTrades,
      { symbol: "币安人生USDT", fromId: "0", limit: 1_000 },
      Anything,
    );
    expect(rows).toEqual([]);
    expect(venue.log.entries.map(({ status, parameters }) => [status, parameters.symbol])).toEqual([
      [200, "币安人生USDT"],
    ]);
  });

  test("nothing of what is public", async () => {
    const { client } = setting({ credentials: null });
    await client.get(endpoints.spotTime, {}, Anything);
    expect(venue.log.entries[0]).toMatchObject({ path: "/api/v3/time", apiKey: null, parameters: {} });
  });
});

describe("says what went wrong", () => {
  test.each([
    [-2014, 401, "broker_auth_failed"],
    [-2015, 401, "broker_auth_failed"],
    [-2008, 401, "broker_auth_failed"],
    [-1022, 400, "broker_auth_failed"],
    [-1002, 401, "permission_missing"],
    [-4109, 401, "permission_missing"],
    [-1100, 400, "broker_answer"],
    [-9999, 400, "broker_answer"],
    [-1127, 400, "broker_answer"],
  ])("%d is %s %s, and is not asked twice", async (code, status, expected) => {
    const { client } = setting();
    venue.faults.add({ kind: "error", code, message: "as the venue says", status, times: Number.POSITIVE_INFINITY });
    const failure = await failureOf(account(client));
    expect([failure.kind, failure.detail.code, failure.detail.brokerCode]).toEqual(["data", expected, String(code)]);
    expect(failure.detail.retryable).toBe(false);
    expect(failure.message).toContain("as the venue says");
    expect(venue.log.entries.length).toBe(1);
  });

  test.each([
    ["a key that never was", { apiKey: "x".repeat(64), apiSecret: "y" }, "broker_auth_failed", "-2015"],
    ["a key cut short", { apiKey: "short", apiSecret: "y" }, "broker_auth_failed", "-2014"],
  ])("%s", async (_name, credentials, code, brokerCode) => {
    const failure = await failureOf(account(setting({ credentials }).client));
    expect([failure.detail.code, failure.detail.brokerCode]).toEqual([code, brokerCode]);
    expect(failure.detail.hint).toMatch(/API key again|new key/);
  });

  test("a secret that is another key's", async () => {
    const credentials = { apiKey: venue.account("a").apiKey, apiSecret: venue.account("b").apiSecret };
    const failure = await failureOf(account(setting({ credentials }).client));
    expect([failure.detail.code, failure.detail.brokerCode]).toEqual(["broker_auth_failed", "-1022"]);
  });

  test("an expired key is known by having worked", async () => {
    venue.faults.add({ kind: "error", code: -2008, message: "Invalid Api-Key ID.", status: 401 });
    expect((await failureOf(account(setting({ hasWorked: true }).client))).detail.code).toBe("key_expired");
  });

  test("an address that is not on the list is told with the address", async () => {
    const message = "Invalid API-key, IP, or permissions for action, request ip: 192.0.2.7";
    venue.faults.add({ kind: "error", code: -2015, message, status: 401 });
    const failure = await failureOf(account(setting().client));
    expect(failure.detail.code).toBe("ip_not_allowed");
    expect(failure.message).toContain("192.0.2.7");
  });

  test("a key that works elsewhere lacks a permission", async () => {
    const { client } = setting();
    await account(client);
    venue.faults.add({ kind: "error", code: -2015, message: "Invalid API-key", status: 401, path: "/fapi" });
    const failure = await failureOf(client.get(endpoints.linearIncome, {}, Anything));
    expect(failure.detail.code).toBe("permission_missing");
  });

  test("a key that has just worked there is banned in disguise: nothing goes out for a while", async () => {
    const { client, budget, clock } = setting();
    await account(client);
    venue.faults.add({ kind: "error", code: -2015, message: "Invalid API-key", status: 401 });
    const failure = await failureOf(account(client));
    expect([failure.detail.code, failure.detail.retryable]).toEqual(["rate_limited", true]);
    expect(budget.lastBanUntilMs()).toBeGreaterThan(clock.nowMs());
  });

  test("soon after a ban a refused key proves nothing", async () => {
    const { client, budget, clock } = setting();
    budget.banUntil(clock.nowMs() - 60_000);
    venue.faults.add({ kind: "error", code: -2015, message: "Invalid API-key", status: 401 });
    expect((await failureOf(account(client))).detail.code).toBe("rate_limited");
  });

  test.each([
    [-1121, SymbolGone],
    [-3003, NoWallet],
    [-11_001, NoWallet],
    [-5000, NoEndpoint],
  ])("%d is for the caller to decide on", async (code, kind) => {
    venue.faults.add({ kind: "error", code, message: "as the venue says", status: 400 });
    const error: unknown = await account(setting().client).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(kind);
  });

  test("an answer of another shape", async () => {
    const { client } = setting();
    const failure = await failureOf(client.get(endpoints.spotTime, {}, type({ serverTime: "string" })));
    expect(failure.detail.code).toBe("broker_answer");
    expect(failure.message).toContain("serverTime must be a string");
  });
});

describe("tries again", () => {
  test.each([
    ["a 502 in HTML", { kind: "html", status: 502 }],
    ["a 500", { kind: "status", status: 500 }],
    ["half a body", { kind: "half-body" }],
    ["half of the JSON", { kind: "cut-json" }],
    ["an empty body", { kind: "empty" }],
    ["a page for people", { kind: "html", status: 200 }],
    ["-1001", { kind: "error", code: -1001, message: "Internal error", status: 503 }],
    ["a redirect, which is not followed", { kind: "redirect", to: "http://127.0.0.1:1/" }],
  ] as const)("after %s", async (_name, fault) => {
    const { client, clock } = setting();
    const startMs = clock.nowMs();
    venue.faults.add({ ...fault, times: 2 });
    expect(await account(client)).toMatchObject({ accountType: "SPOT" });
    expect(venue.faults.struck()).toBeGreaterThan(0);
    expect(clock.nowMs() - startMs).toBe(1_000 + 2_000);
    venue.faults.clear();
  });

  test("after a cut connection, if Bun has not done so itself", async () => {
    const { client } = setting();
    venue.faults.add({ kind: "reset", times: 3 });
    expect(await account(client)).toMatchObject({ accountType: "SPOT" });
    expect(venue.faults.struck()).toBeGreaterThan(0);
  });

  test("but not for ever", async () => {
    const { client } = setting();
    venue.faults.add({ kind: "status", status: 502, times: Number.POSITIVE_INFINITY, path: "/api" });
    const failure = await failureOf(account(client));
    expect([failure.detail.code, failure.detail.retryable]).toEqual(["broker_unavailable", true]);
    expect(venue.log.of("/api").length).toBe(4);
  });

  test("and tells maintenance from a failure", async () => {
    const { client } = setting();
    venue.setMaintenance(true);
    const failure = await failureOf(account(client));
    venue.setMaintenance(false);
    expect([failure.detail.code, failure.message]).toEqual([
      "broker_maintenance",
      expect.stringContaining("is in maintenance and gave no answer to /api/v3/account"),
    ]);
  });

  test.each(["hang", "hang-body"] as const)("what hangs (%s) is given up", async (kind) => {
    const { client } = setting({ requestMsMax: 30 });
    venue.faults.add({ kind, times: Number.POSITIVE_INFINITY });
    const failure = await failureOf(account(client));
    expect([failure.detail.code, failure.detail.retryable]).toEqual(["timeout", true]);
    venue.faults.clear();
  });

  test("a body without end is cut off", async () => {
    const { client } = setting({ fetch: () => Promise.resolve(new Response(endless())) });
    const failure = await failureOf(account(client));
    expect([failure.detail.code, failure.message]).toEqual([
      "broker_answer",
      expect.stringContaining("more than 16000000 bytes"),
    ]);
  });

  test("what is stopped ends with the reason of the stop", async () => {
    const stop = new AbortController();
    const { client } = setting({ signal: stop.signal });
    venue.faults.add({ kind: "hang" });
    const work = account(client).catch((error: unknown) => error);
    await Bun.sleep(5);
    stop.abort(new Error("stopped"));
    expect(await work).toEqual(new Error("stopped"));
  });
});

function endless(): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(1_000_000).fill(32);
  return new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
}

describe("obeys", () => {
  test("a ban before it asks what time it is, and does not take the wait for a wrong clock", async () => {
    const { client, budget, log } = setting();
    budget.banUntil(nowMs + 40_000);
    await client.checkClock();
    expect(venue.log.entries.map(({ path }) => path)).toEqual(["/api/v3/time"]);
    expect(venue.clock.trueMs()).toBe(nowMs + 40_000);
    expect([client.venue.clockOffsetMs, log.events()]).toEqual([0, []]);
  });

  test("429: the pool waits for the venue's next minute, and the request goes out again", async () => {
    const { client, clock, log } = setting();
    venue.faults.add({ kind: "rate-limited", retryAfterSeconds: 0 });
    await account(client);
    expect(new Date(clock.nowMs()).toISOString()).toEndWith("T10:31:01.000Z");
    expect(log.events()).toEqual(["rate_limited"]);
  });

  test("Retry-After, when it says more", async () => {
    const { client, clock } = setting();
    venue.faults.add({ kind: "rate-limited", retryAfterSeconds: 90 });
    await account(client);
    expect(clock.nowMs() - nowMs).toBe(90_000);
  });

  test("418: never again before the end that its body names", async () => {
    const { client, budget } = setting();
    venue.faults.add({ kind: "banned", forMs: 600_000 });
    const failure = await failureOf(account(client));
    expect([failure.detail.code, failure.message]).toEqual(["rate_limited", expect.stringContaining("T10:40:15.123Z")]);
    expect(budget.lastBanUntilMs()).toBe(nowMs + 600_000);
    expect(venue.log.entries.length).toBe(1);
    venue.clock.set(nowMs + 600_001);
    await account(setting().client);
  });

  test("403 of the firewall", async () => {
    const { client, budget } = setting();
    venue.faults.add({ kind: "status", status: 403, body: "<html>Request blocked</html>" });
    expect((await failureOf(account(client))).detail.code).toBe("rate_limited");
    expect(budget.lastBanUntilMs()).toBe(nowMs + 300_000);
  });

  test("its usage headers: what others spent at this address is not spent again", async () => {
    const { client, clock } = setting();
    venue.faults.add({ kind: "status", status: 200, body: "{}", headers: { "x-mbx-used-weight-1m": "5870" } });
    await account(client);
    await account(client);
    expect(clock.nowMs() - nowMs).toBeGreaterThanOrEqual(60_000);
  });
});

describe("a wrong clock", () => {
  test.each([-90_000, 45_000])("that is %d ms off is measured once and corrected", async (skewMs) => {
    const { client, log } = setting();
    venue.clock.skew(skewMs);
    await account(client);
    await account(client);
    expect(venue.log.entries.map(({ path, status }) => `${path} ${status}`)).toEqual([
      "/api/v3/account 400",
      "/api/v3/time 200",
      "/api/v3/account 200",
      "/api/v3/account 200",
    ]);
    expect(log.lines).toEqual([
      { level: "warning", event: "clock_off", fields: expect.objectContaining({ offset_ms: skewMs }) },
    ]);
  });

  test("that the correction does not help is the account's failure", async () => {
    venue.faults.add({
      kind: "error",
      code: -1021,
      message: "Timestamp",
      status: 400,
      times: Number.POSITIVE_INFINITY,
      path: "/api/v3/account",
    });
    const failure = await failureOf(account(setting().client));
    expect([failure.detail.code, failure.detail.retryable]).toEqual(["clock_off", true]);
  });
});

describe("never tells", () => {
  test("key, secret or signature, in no error and no log line, whatever fails", async () => {
    const { apiKey, apiSecret } = venue.account("a");
    const faults = [
      { kind: "error", code: -2015, message: "no", status: 401 },
      { kind: "error", code: -1100, message: "no", status: 400 },
      { kind: "status", status: 502 },
      { kind: "reset" },
      { kind: "redirect", to: "http://127.0.0.1:1/" },
      { kind: "banned", forMs: 1 },
    ] as const;
    for (const fault of faults) {
      const { client, log } = setting();
      venue.faults.add({ ...fault, times: Number.POSITIVE_INFINITY, path: "/api/v3/account" });
      const failure = await failureOf(account(client));
      const told = Bun.inspect([failure, failure.detail, failure.cause, log.lines]);
      for (const secret of [apiKey, apiSecret, "signature="]) expect(told).not.toContain(secret);
      venue.faults.clear();
      venue.clock.advance(200_000);
    }
    const { client } = setting({ fetch: (url) => Promise.reject(new Error(`cannot fetch ${String(url)}`)) });
    expect(Bun.inspect(await failureOf(account(client)))).not.toContain("signature");
  });
});
