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
type Ways = "takes an end" | "begins with the oldest" | "gives the latest";

const trades = Array.from({ length: 730 }, (_, index) => ({
  id: `t${index}`,
  timestamp: fromMs + Math.floor((index * 29 * dayMs) / 730),
  symbol: "ETH/EUR",
  side: index % 2 === 0 ? "buy" : "sell",
  price: "2000.123456789012345",
  amount: "0.1",
}));

function exchangeOf(ways: Ways): ExchangeClass {
  return class {
    readonly requiredCredentials = {};
    readonly options = {};
    readonly features = {
      spot: { fetchMyTrades: { limit: 100, symbolRequired: false, ...(ways === "takes an end" && { untilDays: 30 }) } },
    };
    setMarkets(): void {}
    fetchTime(): Promise<number> {
      return Promise.resolve(endMs);
    }
    fetchMarkets(): Promise<unknown> {
      return Promise.resolve([{ id: "ETH-EUR", symbol: "ETH/EUR", base: "ETH", quote: "EUR", spot: true }]);
    }
    fetchMyTrades(_symbol: unknown, since: number, limit: number, { until = Infinity }): Promise<unknown> {
      const found = trades.filter(({ timestamp }) => timestamp >= since && timestamp <= until);
      return Promise.resolve(ways === "gives the latest" ? found.slice(-limit) : found.slice(0, limit));
    }
  } as unknown as ExchangeClass;
}

async function read(ways: Ways): Promise<{ ids: string[]; warnings: AccountWarning[]; error: unknown }> {
  const venue: Venue = {
    id: "nowhere",
    title: "Nowhere",
    markets: ["spot"],
    statedPnl: null,
    tested: false,
    limits: [{ pool: "address", weight: 1_000, windowMs: 1_000 }],
    load: () =>
      Promise.resolve(
        untestedExchange({ id: "nowhere", title: "Nowhere" }, () => Promise.resolve({ default: exchangeOf(ways) })),
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

test.each<Ways>(["takes an end", "begins with the oldest"])(
  "a list that %s is read whole, each trade once",
  async (ways) => {
    const { ids, warnings, error } = await read(ways);
    expect(error).toBe(null);
    expect(ids).toEqual(trades.map(({ id }) => `nowhere:spot:ETH-EUR:${id}`));
    expect(warnings.map(({ code }) => code)).toEqual(["untested"]);
  },
);

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
