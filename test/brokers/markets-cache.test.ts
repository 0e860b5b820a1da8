import { describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadMarkets, type MarketSymbol, stepLookup } from "../../src/brokers/markets-cache.ts";
import { recordingLog } from "../delivery/recording-log.ts";
import { fakeClock } from "../operation/fakes.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";

const folder = temporaryFolders();
const symbol = (name: string, step: string | null = "0.001"): MarketSymbol => ({
  ...{
    symbol: name,
    base: name.slice(0, 3),
    quote: name.slice(3),
    settle: null,
    step,
    contractSize: null,
    deliveryMs: null,
    listed: true,
  },
});

function source(cacheDir: string, fetch: () => Promise<MarketSymbol[]>, clock = fakeClock()) {
  const log = recordingLog();
  return {
    log,
    clock,
    load: () => loadMarkets({ brokerId: "acme", market: "spot", cacheDir, context: { clock, log }, fetch }),
  };
}

describe("markets", () => {
  test("are fetched once a day for all runs", async () => {
    const cacheDir = folder();
    let fetched = 0;
    const fetch = async () => [symbol(`BTC${++fetched}`)];
    const { load, clock } = source(cacheDir, fetch);
    expect([...(await load()).symbols.keys()]).toEqual(["BTC1"]);
    clock.advance(86_399_000);
    expect([...(await source(cacheDir, fetch, clock).load()).symbols.keys()]).toEqual(["BTC1"]);
    clock.advance(1_000);
    expect((await load()).symbols.get("BTC2")?.listed).toBe(true);
    expect(fetched).toBe(2);
  });

  test("that are gone stay known", async () => {
    const cacheDir = folder();
    let listed = [symbol("BTCUSD"), symbol("OLDUSD")];
    const { load, clock } = source(cacheDir, async () => listed);
    await load();
    listed = [symbol("BTCUSD")];
    clock.advance(86_400_000);
    const { symbols } = await load();
    expect([symbols.get("BTCUSD")?.listed, symbols.get("OLDUSD")?.listed]).toEqual([true, false]);
  });

  test("of yesterday are better than none, none is an error, and a damaged file is none", async () => {
    const cacheDir = folder();
    const down = async (): Promise<MarketSymbol[]> => {
      throw new Error("down");
    };
    expect(
      await source(cacheDir, down)
        .load()
        .catch((error: Error) => error.message),
    ).toBe("down");
    const { load, clock } = source(cacheDir, async () => [symbol("BTCUSD")]);
    await load();
    clock.advance(2 * 86_400_000);
    const later = source(cacheDir, down, clock);
    expect((await later.load()).symbols.size).toBe(1);
    expect(later.log.events()).toEqual(["markets_outdated"]);
    writeFileSync(join(cacheDir, "markets/acme-spot.json"), '{"version":1,"fetchedAtMs":1');
    expect(await later.load().catch((error: Error) => error.message)).toBe("down");
    expect(readdirSync(join(cacheDir, "markets"))).toEqual(["acme-spot.json"]);
  });

  test("that cannot be kept are said, and used all the same", async () => {
    const cacheDir = folder();
    writeFileSync(join(cacheDir, "markets"), "a file where a folder should be");
    const { load, log } = source(cacheDir, async () => [symbol("BTCUSD")]);
    expect((await load()).symbols.size).toBe(1);
    expect(log.events()).toEqual(["cache_unwritable"]);
  });
});

test("steps are there once the markets are, also for margin", async () => {
  const cacheDir = folder();
  expect(stepLookup("acme", cacheDir)({ market: "spot", symbol: "BTCUSD" })).toBeNull();
  await source(cacheDir, async () => [symbol("BTCUSD"), symbol("ETHUSD", null), symbol("XRPUSD", "much")]).load();
  const stepOf = stepLookup("acme", cacheDir);
  expect(stepOf({ market: "spot", symbol: "BTCUSD" })).toBe(10n ** 15n);
  expect(stepOf({ market: "margin", symbol: "BTCUSD" })).toBe(10n ** 15n);
  expect(stepOf({ market: "spot", symbol: "ETHUSD" })).toBeNull();
  expect(stepOf({ market: "spot", symbol: "XRPUSD" })).toBeNull();
  expect(stepOf({ market: "linear", symbol: "BTCUSD" })).toBeNull();
});
