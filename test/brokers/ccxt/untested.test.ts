import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AccountWarning } from "../../../src/brokers/broker.ts";
import type { ExchangeClass, Venue } from "../../../src/brokers/ccxt/exchange.ts";
import { untestedExchange } from "../../../src/brokers/ccxt/untested.ts";
import { untried } from "../../../src/brokers/ccxt/untried.ts";
import { ccxtVenues } from "../../../src/brokers/ccxt/venues.ts";
import { readThroughCcxt } from "../../../src/brokers/ccxt.ts";
import { findBroker } from "../../../src/brokers/index.ts";
import { openRateBudget } from "../../../src/brokers/rate-budget.ts";
import type { Context } from "../../../src/context.ts";
import { Failure } from "../../../src/errors.ts";
import { recordingLog } from "../../delivery/recording-log.ts";

const dayMs = 86_400_000;
const endMs = Date.UTC(2026, 1, 9);
const fromMs = endMs - 30 * dayMs;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "untested-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** How a venue's list of trades takes what it is asked for. */
type Ways = "takes an end" | "begins with the oldest" | "gives the latest" | "gives a hundred, the oldest first";

const trades = Array.from({ length: 730 }, (_, index) => ({
  id: `t${index}`,
  timestamp: fromMs + Math.floor((index * 29 * dayMs) / 730),
  symbol: "ETH/EUR",
  side: index % 2 === 0 ? "buy" : "sell",
  price: "2000.123456789012345",
  amount: "0.1",
}));

type Trade = (typeof trades)[number];

function exchangeOf(ways: Ways, all: readonly Trade[], limitMax: number): ExchangeClass {
  return class {
    readonly requiredCredentials = {};
    readonly options = {};
    readonly features = {
      spot: {
        fetchMyTrades: { limit: limitMax, symbolRequired: false, ...(ways === "takes an end" && { untilDays: 30 }) },
      },
    };
    setMarkets(): void {}
    fetchTime(): Promise<number> {
      return Promise.resolve(endMs);
    }
    fetchMarkets(): Promise<unknown> {
      return Promise.resolve([{ id: "ETH-EUR", symbol: "ETH/EUR", base: "ETH", quote: "EUR", spot: true }]);
    }
    fetchMyTrades(_symbol: unknown, since: number, limit: number, { until = Infinity }): Promise<unknown> {
      const found = all.filter(({ timestamp }) => timestamp >= since && timestamp <= until);
      const rows = ways === "gives a hundred, the oldest first" ? 100 : Math.min(limit, limitMax);
      return Promise.resolve(ways === "gives the latest" ? found.slice(-rows) : found.slice(0, rows));
    }
  } as unknown as ExchangeClass;
}

async function read(
  ways: Ways,
  all: readonly Trade[] = trades,
  limitMax = 100,
): Promise<{ ids: string[]; warnings: AccountWarning[]; error: unknown }> {
  const venue: Venue = {
    id: "nowhere",
    title: "Nowhere",
    markets: ["spot"],
    statedPnl: null,
    tested: false,
    limits: [{ pool: "address", weight: 1_000, windowMs: 1_000 }],
    load: () =>
      Promise.resolve(
        untestedExchange({ id: "nowhere", title: "Nowhere" }, () =>
          Promise.resolve({ default: exchangeOf(ways, all, limitMax) }),
        ),
      ),
  };
  const dataDir = mkdtempSync(join(folder, "data-"));
  let nowMs = endMs;
  const sleep = (ms: number) => {
    nowMs += ms;
    return Promise.resolve();
  };
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, sleep };
  const context = { clock, log: recordingLog(), signal: new AbortController().signal, random: () => 0.5 };
  const budget = openRateBudget("nowhere", venue.limits, { dataDir, clock });
  const tools = { context: context as unknown as Context, budget, cacheDir: join(dataDir, "cache"), venueUrl: null };
  const credentials = { apiKey: "the-key", apiSecret: "the-secret" };
  const account = { accountId: "1", markets: ["spot" as const], credentials, cursor: null, importFromMs: fromMs };
  const result: Awaited<ReturnType<typeof read>> = { ids: [], warnings: [], error: null };
  try {
    for await (const page of readThroughCcxt(venue, account, tools)) {
      result.ids.push(...page.executions.map(({ externalId }) => externalId));
      result.warnings.push(...(page.warnings ?? []));
    }
  } catch (error) {
    result.error = error;
  } finally {
    budget.close();
  }
  return result;
}

test.each<Ways>(["takes an end", "begins with the oldest", "gives a hundred, the oldest first"])(
  "a list that %s is read whole, each trade once",
  async (ways) => {
    const { ids, warnings, error } = await read(ways);
    expect(error).toBe(null);
    expect(ids).toEqual(trades.map(({ id }) => `nowhere:spot:ETH-EUR:${id}`));
    expect(warnings.map(({ code }) => code)).toEqual(["untested"]);
  },
);

test.each([99, 100, 101, 200, 300])(
  "an end that cannot be asked for, and %i trades: all of them, a full answer or not",
  async (count) => {
    const { ids, error } = await read("begins with the oldest", trades.slice(0, count));
    expect(error).toBe(null);
    expect(ids).toEqual(trades.slice(0, count).map(({ id }) => `nowhere:spot:ETH-EUR:${id}`));
  },
);

test("trades of one millisecond at the end of a full answer are all read", async () => {
  const atMs = trades[95]?.timestamp ?? 0;
  const crowded = trades
    .slice(0, 160)
    .map((trade, index) => (index >= 95 && index < 130 ? { ...trade, timestamp: atMs } : trade));
  const { ids, error } = await read("begins with the oldest", crowded);
  expect(error).toBe(null);
  expect(ids.toSorted()).toEqual(crowded.map(({ id }) => `nowhere:spot:ETH-EUR:${id}`).toSorted());
});

test("more of them in one millisecond than an answer holds is an error, and nothing is left out in silence", async () => {
  const atMs = trades[10]?.timestamp ?? 0;
  const { error } = await read(
    "begins with the oldest",
    trades.slice(0, 150).map((trade) => ({ ...trade, timestamp: atMs })),
  );
  expect(error).toMatchObject({
    message: expect.stringContaining("one millisecond"),
    detail: { code: "broker_answer" },
  });
});

test("a hundred trades of a list that gives the latest are all, where it would give more", async () => {
  const all = trades.slice(0, 100);
  expect(await read("gives the latest", all, 500)).toMatchObject({
    error: null,
    ids: all.map(({ id }) => `nowhere:spot:ETH-EUR:${id}`),
  });
  const { error } = await read("gives the latest", trades.slice(0, 101), 500);
  expect(error).toBeInstanceOf(Failure);
});

test("a list that gives the latest alone is refused: what lies before would be missing without a word", async () => {
  const { ids, error } = await read("gives the latest");
  expect(ids).toEqual([]);
  expect(error).toBeInstanceOf(Failure);
  expect(error).toMatchObject({
    message: "Nowhere gives no more than its last 100 trades: what was before cannot be read.",
    detail: { code: "broker_answer", retryable: false },
  });
});

test("whatever ccxt has is accepted, marked as untested, and loads", async () => {
  expect(untried.length).toBeGreaterThan(50);
  expect(new Set(ccxtVenues.map(({ id }) => id)).size).toBe(ccxtVenues.length);
  for (const { id, title } of untried) {
    expect(findBroker(id)?.broker.tested).toBe(false);
    expect(await Bun.file(join(import.meta.dir, `../../../node_modules/ccxt/js/src/${id}.js`)).exists()).toBe(true);
    expect(title).not.toBe("");
  }
});
