import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bybit } from "../../../src/brokers/bybit.ts";
import { CcxtClient } from "../../../src/brokers/ccxt/client.ts";
import type { Endpoint, Exchange } from "../../../src/brokers/ccxt/exchange.ts";
import { ccxtVenues } from "../../../src/brokers/ccxt/venues.ts";
import { coinbase } from "../../../src/brokers/coinbase.ts";
import { gate } from "../../../src/brokers/gate.ts";
import { kraken } from "../../../src/brokers/kraken.ts";
import { kucoin } from "../../../src/brokers/kucoin.ts";
import { openRateBudget, type RateBudget } from "../../../src/brokers/rate-budget.ts";
import type { Context, Fetch } from "../../../src/context.ts";
import { Failure } from "../../../src/errors.ts";
import { recordingLog } from "../../delivery/recording-log.ts";
import { startBybit } from "../../venues/bybit/index.ts";
import { virtualClock } from "../virtual-clock.ts";

interface Sent {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: string | undefined;
}

let dataDir: string;
let budget: RateBudget;
let sent: Sent[];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "client-"));
  sent = [];
});
afterEach(() => {
  budget.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const credentials = { apiKey: "the-api-key", apiSecret: "dGhlLWFwaS1zZWNyZXQ=", passphrase: "the-passphrase" };

function open(
  exchange: Exchange,
  answer: (request: Sent, init?: RequestInit) => Response | Promise<Response>,
  options: object = {},
) {
  const limits = ccxtVenues.find(({ id }) => id === exchange.id)?.limits ?? [];
  const clock = virtualClock();
  budget = openRateBudget(exchange.id, limits, { dataDir, clock });
  const log = recordingLog();
  const fetch: Fetch = (input, init) => {
    const request = {
      url: String(input),
      method: init?.method ?? "GET",
      headers: { ...(init?.headers as Record<string, string>) },
      body: init?.body as string | undefined,
    };
    sent.push(request);
    return Promise.resolve(answer(request, init));
  };
  const context = { clock, log, fetch, signal: new AbortController().signal, random: () => 0.5 } as unknown as Context;
  const tools = { context, budget, cacheDir: join(dataDir, "cache"), venueUrl: null };
  const client = new CcxtClient({ exchange, accountId: "1", credentials, tools, ...options });
  return { client, log, ask: (endpoint: Endpoint) => clock.drive(caught(client.request(endpoint, {}))) };
}

/** What it came to: the answer, or the error. */
async function caught(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    return error;
  }
}

const json = (body: unknown, init?: ResponseInit) => new Response(JSON.stringify(body), init);
const time: Endpoint = { method: "publicGetV5MarketTime", costs: [["address", 1]] };
const list: Endpoint = { method: "privateGetV5ExecutionList", costs: [["address", 1]] };
const codeOf = (error: unknown) => (error instanceof Failure ? error.detail.code : error);

describe("sending", () => {
  test("a request is this program's own: its name, no redirect, nothing of ccxt's limiter", async () => {
    const { ask } = open(bybit, () => json({ retCode: 0, result: {} }));
    await ask(list);
    expect(sent[0]?.headers["User-Agent"]).toStartWith("ami-workers/");
    expect(sent[0]?.headers["X-BAPI-API-KEY"]).toBe(credentials.apiKey);
  });

  test("numbers keep all their digits", async () => {
    const body = '{"retCode":0,"a":0.1234567890123456789,"b":12345678901234567890,"c":7,"d":1e-7,"e":"0.10"}';
    const { ask } = open(bybit, () => new Response(body));
    expect(await ask(time)).toEqual({
      retCode: 0,
      a: "0.1234567890123456789",
      b: "12345678901234567890",
      c: 7,
      d: "1e-7",
      e: "0.10",
    });
  });

  test("VENUE_URL takes the place of every host, and the paths are kept", async () => {
    const { client, ask } = open(kucoin, () => json({ code: "200000", data: 1 }));
    (client.tools as { venueUrl: string | null }).venueUrl = "http://127.0.0.1:9000/proxy";
    await ask({ method: "futuresPrivateGetFills", costs: [["futures", 5]] });
    expect(sent[0]?.url).toBe("http://127.0.0.1:9000/proxy/api/v1/fills");
  });

  test("a body that never ends is cut off, and the request sent again; an answer that never comes is a timeout", async () => {
    const venue = await startBybit();
    const { client } = open(
      bybit,
      ({ url }, init) => globalThis.fetch(url.replace(/^https:\/\/[^/]+/, venue.url), init),
      { requestMsMax: 150 },
    );
    venue.faults.add({ kind: "hang-body" });
    const endpoint = { ...time, costs: [] };
    const clock = client.tools.context.clock as ReturnType<typeof virtualClock>;
    expect(await clock.drive(client.request(endpoint, {}))).toMatchObject({ retCode: 0 });
    expect(sent).toHaveLength(2);
    venue.faults.add({ kind: "hang", times: 9 });
    expect(codeOf(await clock.drive(caught(client.request(endpoint, {}))))).toBe("timeout");
    expect(sent).toHaveLength(6);
    await venue.stop();
  });

  test("an answer of too many bytes is none", async () => {
    const { ask } = open(bybit, () => new Response("x".repeat(2_000)));
    expect(codeOf(await ask({ ...time, bytesMax: 1_000 }))).toBe("broker_answer");
  });
});

describe("a venue that wants silence", () => {
  const startMs = Date.UTC(2026, 1, 9, 10, 30);
  test.each([
    ["says 418 and nothing else", 418, {}, "", 120_000],
    ["says for how long", 418, { "retry-after": "600" }, "", 600_000],
    ["says until when in its body", 418, { "retry-after": "0" }, `IP banned until ${startMs + 900_000}`, 900_000],
    ["says so under another status", 429, {}, `Way too many requests; IP banned until ${startMs + 900_000}.`, 900_000],
  ])("%s is not asked again before", async (_name, status, headers, message, forMs) => {
    const { ask } = open(gate, () => json({ label: "BANNED", message }, { status, headers }));
    expect(codeOf(await ask({ method: "publicSpotGetTime", costs: [["public", 1]] }))).toBe("rate_limited");
    expect(sent).toHaveLength(1);
    expect(budget.lastBanUntilMs()).toBe(startMs + forMs);
  });

  test("in seconds or by a time is waited for", async () => {
    const date = new Date(startMs).toUTCString();
    for (const after of ["90", new Date(startMs + 90_000).toUTCString()]) {
      sent = [];
      const answer = () =>
        sent.length > 1 ? json({ server_time: 1 }) : json({}, { status: 429, headers: { date, "retry-after": after } });
      const { client, ask } = open(gate, answer);
      await ask({ method: "publicSpotGetTime", costs: [["public", 1]] });
      expect(sent).toHaveLength(2);
      expect(client.tools.context.clock.nowMs() - startMs).toBe(90_000);
      budget.close();
      rmSync(join(dataDir, "rate-budget.sqlite"));
    }
  });
});

describe("what errors mean", () => {
  const everywhere: [string, Exchange, Endpoint, () => Response, string][] = [
    [
      "Kraken's wrong key",
      kraken,
      signed("privatePostTradesHistory"),
      () => json({ error: ["EAPI:Invalid key"] }),
      "broker_auth_failed",
    ],
    [
      "Kraken's wrong signature",
      kraken,
      signed("privatePostTradesHistory"),
      () => json({ error: ["EAPI:Invalid signature"] }),
      "broker_auth_failed",
    ],
    [
      "Kraken's missing right",
      kraken,
      signed("privatePostTradesHistory"),
      () => json({ error: ["EGeneral:Permission denied"] }),
      "permission_missing",
    ],
    [
      "Kraken's lockout",
      kraken,
      signed("privatePostTradesHistory"),
      () => json({ error: ["EGeneral:Temporary lockout"] }),
      "rate_limited",
    ],
    [
      "Kraken's number",
      kraken,
      signed("privatePostTradesHistory"),
      () => json({ error: ["EAPI:Invalid nonce"] }),
      "broker_unavailable",
    ],
    [
      "KuCoin's wrong key",
      kucoin,
      signed("privateGetFills", "spot"),
      () => json({ code: "400003", msg: "KC-API-KEY not exists" }, { status: 401 }),
      "broker_auth_failed",
    ],
    [
      "KuCoin's address",
      kucoin,
      signed("privateGetFills", "spot"),
      () => json({ code: "400006", msg: "The requested ip address is not in the api whitelist" }, { status: 401 }),
      "ip_not_allowed",
    ],
    [
      "KuCoin's missing right",
      kucoin,
      signed("privateGetFills", "spot"),
      () => json({ code: "400007", msg: "Access denied, require more permission." }, { status: 403 }),
      "permission_missing",
    ],
    [
      "Gate's wrong key",
      gate,
      signed("privateSpotGetMyTrades", "spot"),
      () => json({ label: "INVALID_KEY", message: "Invalid key provided" }, { status: 401 }),
      "broker_auth_failed",
    ],
    [
      "Gate's address",
      gate,
      signed("privateSpotGetMyTrades", "spot"),
      () => json({ label: "IP_FORBIDDEN", message: "Your IP is not in whitelist" }, { status: 403 }),
      "ip_not_allowed",
    ],
    [
      "Gate's limit",
      gate,
      signed("privateSpotGetMyTrades", "spot"),
      () => json({ label: "TOO_MANY_REQUESTS", message: "Request Rate Limit Exceeded" }, { status: 429 }),
      "rate_limited",
    ],
    [
      "Coinbase's bare word",
      coinbase,
      signed("v3PrivateGetBrokerageOrdersHistoricalFills"),
      () => new Response("Unauthorized\n", { status: 401 }),
      "broker_auth_failed",
    ],
    [
      "a country that is shut out",
      bybit,
      list,
      () =>
        new Response(
          "<html>The Amazon CloudFront distribution is configured to block access from your country.</html>",
          { status: 403 },
        ),
      "broker_unavailable",
    ],
    ["too many requests", bybit, list, () => json({ retCode: 10006, retMsg: "Too many visits!" }), "rate_limited"],
    ["an answer nobody knows", bybit, list, () => json({ retCode: 77_777, retMsg: "Something new" }), "broker_answer"],
  ];
  test.each(everywhere)("%s", async (_name, exchange, endpoint, answer, code) => {
    const { ask } = open(exchange, answer);
    const error = await ask(endpoint);
    expect(codeOf(error)).toBe(code);
    expect((error as Failure).message).not.toContain("http");
    expect((error as Failure).cause).toBeUndefined();
  });

  test("a secret that nothing can be signed with is the account's, and nothing is sent", async () => {
    const { client } = open(kraken, () => json({}), {
      credentials: { apiKey: "key", apiSecret: "\u{1F512} no base64 at all" },
    });
    const error = await caught(client.request(signed("privatePostTradesHistory"), {}));
    expect(codeOf(error)).toBe("broker_auth_failed");
    expect(sent).toEqual([]);
  });

  test("a missing passphrase is said before anything is sent", async () => {
    const { ask } = open(kucoin, () => json({}), { credentials: { apiKey: "key", apiSecret: "secret" } });
    expect(codeOf(await ask(signed("privateGetFills", "spot")))).toBe("broker_auth_failed");
    expect(sent).toEqual([]);
  });

  test("what a venue quotes of the key is not told", async () => {
    const { ask } = open(bybit, () =>
      json({ retCode: 10004, retMsg: `error sign! origin_string[1770633000000${credentials.apiKey}10000]` }),
    );
    const error = (await ask(list)) as Failure;
    expect(error.message).toContain("error sign! origin_string[1770633000000[redacted]10000]");
    expect(error.detail.brokerCode).toBe("10004");
  });
});

function signed(method: string, pool = "account"): Endpoint {
  return { method, costs: [[pool, 1]] };
}

test("Kraken's numbers grow, also within a millisecond and after one was refused", async () => {
  const { client } = open(kraken, () =>
    json(sent.length === 1 ? { error: ["EAPI:Invalid nonce"] } : { error: [], result: {} }),
  );
  await client.request(signed("privatePostTradesHistory"), {});
  await client.request(signed("privatePostTradesHistory"), {});
  const nonces = sent.map(({ body }) => Number(new URLSearchParams(body).get("nonce")));
  expect(nonces).toHaveLength(3);
  expect(nonces).toEqual([...new Set(nonces)].toSorted((a, b) => a - b));
});

test("a private key that was copied with its line ends written out signs", async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const pem = String(privateKey.export({ type: "sec1", format: "pem" }));
  for (const apiSecret of [pem, pem.replaceAll("\n", "\\n")]) {
    const { ask } = open(coinbase, () => json({ fills: [], cursor: "" }), {
      credentials: { apiKey: "organizations/o/apiKeys/k", apiSecret },
    });
    expect(await ask(signed("v3PrivateGetBrokerageOrdersHistoricalFills"))).toEqual({ fills: [], cursor: "" });
    expect(sent.at(-1)?.headers.Authorization).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
    budget.close();
  }
});
