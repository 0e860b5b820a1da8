import { afterEach, describe, expect, test } from "bun:test";
import type { BrokerAccount } from "../../../src/brokers/broker.ts";
import { Failure } from "../../../src/errors.ts";
import { formatDecimal } from "../../../src/executions/decimal.ts";
import type { Execution } from "../../../src/executions/execution.ts";
import { compareExecutions } from "../../../src/executions/identify.ts";
import { temporaryFolders } from "../../operation/temporary-folder.ts";
import type { AccountOptions } from "../../venues/account.ts";
import { type BinanceOptions, type BinanceVenue, startBinance } from "../../venues/binance/index.ts";
import { dayMs, hourMs, minuteMs } from "../../venues/clock.ts";
import { truthOf } from "../../venues/truth.ts";
import { type AccountReader, errorText, openReader, type ReaderOptions, type RunResult } from "./account-reader.ts";
import { expectedFills, expectedFunding, fillsOf, fundingOf, repeated } from "./compare.ts";

const folder = temporaryFolders();
const nowMs = Date.UTC(2026, 2, 1, 12);
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Scene {
  venue: BinanceVenue;
  reader: AccountReader;
}

async function scene(
  account: Omit<AccountOptions, "id">,
  options: BinanceOptions = {},
  more: Partial<ReaderOptions> = {},
): Promise<Scene> {
  const world = { spotSymbols: 30, linearSymbols: 12, inverseSymbols: 6 };
  const venue = await startBinance({ nowMs, world, accounts: [{ id: "a", ...account }], ...options });
  closing.push(() => venue.stop());
  const reader = openReader({ venue, dataDir: folder(), accountId: "a", ...more });
  closing.push(() => reader.close());
  return { venue, reader };
}

interface Imported {
  executions: Execution[];
  cursor: unknown;
  last: RunResult;
}

/** Cycle after cycle, a quarter of an hour apart. */
async function cycles(
  { venue, reader }: Scene,
  count: number,
  account: Partial<BrokerAccount> = {},
): Promise<Imported> {
  const executions: Execution[] = [];
  let cursor: unknown = account.cursor ?? null;
  let last: RunResult | null = null;
  for (let cycle = 0; cycle < count; cycle++) {
    if (cycle > 0) venue.clock.advance(15 * minuteMs);
    last = await reader.run({ ...account, cursor });
    expect(errorText(last)).toBeNull();
    executions.push(...last.executions);
    cursor = last.cursor;
  }
  if (last === null) throw new Error("no cycle");
  return { executions, cursor, last };
}

const days = (count: number) => ({ startMs: nowMs - count * dayMs });

describe("a whole account", () => {
  test.each([
    [
      "one-way, fees in BNB, fills shown late",
      { bnbFees: true, generate: { fills: 700, symbols: 30, late: 0.2, ...days(70) } },
    ],
    ["hedge mode, fees in what is received", { hedge: true, generate: { fills: 700, symbols: 30, ...days(70) } }],
  ])("%s: every fill, every funding, once and to the last digit", async (_name, account) => {
    const at = await scene(account);
    const { executions, cursor, last } = await cycles(at, 4);
    const truth = truthOf(at.venue.account("a"), { untilMs: nowMs });
    expect(fillsOf(executions)).toEqual(expectedFills(truth));
    expect(fundingOf(executions)).toEqual(expectedFunding(truth));
    expect(repeated(executions)).toEqual([]);
    expect(executions.filter(({ fee, feeInQuote }) => fee !== null && feeInQuote === null)).toEqual([]);
    expect(last.warnings).toEqual([]);
    expect(at.venue.log.count(429) + at.venue.log.count(418)).toBe(0);
    expect(JSON.stringify(cursor).length).toBeLessThan(10_000);
    const isConversion = ({ type }: Execution) => type === "conversion";
    const done = truth.conversions.filter(({ status }) => status === "SUCCESS").length;
    expect(executions.filter(isConversion).length).toBe(done + truth.dust.length);
  });

  test("in the order of time within each symbol, funding among the fills", async () => {
    const at = await scene({ generate: { fills: 300, symbols: 24, conversions: false, ...days(40) } });
    const { executions } = await cycles(at, 1, { markets: ["linear", "inverse"] });
    const groups = Map.groupBy(executions, ({ market, symbol }) => `${market} ${symbol}`);
    expect(groups.size).toBeGreaterThan(5);
    for (const group of groups.values()) expect(group).toEqual([...group].sort(compareExecutions));
    expect(executions.some(({ type }) => type === "funding")).toBe(true);
  });

  test("killed again and again it ends with the same, nothing lost", async () => {
    const at = await scene({ bnbFees: true, generate: { fills: 500, symbols: 25, ...days(60) } });
    const executions: Execution[] = [];
    let cursor: unknown = null;
    for (let kill = 0; kill < 20; kill++) {
      const run = await at.reader.run({ cursor }, { stopAfterPages: 1 + ((kill * 7) % 11) });
      expect(errorText(run)).toBeNull();
      executions.push(...run.executions);
      cursor = run.cursor;
    }
    const rest = await cycles(at, 4, { cursor });
    const truth = truthOf(at.venue.account("a"), { untilMs: nowMs });
    const again = repeated([...executions, ...rest.executions]);
    // What a page has, its cursor covers; of the symbol in hand the funding may come again.
    expect(again.filter((id) => !id.includes(":funding:"))).toEqual([]);
    expect(again.length).toBeLessThan(500);
    expect(fillsOf([...executions, ...rest.executions])).toEqual(expectedFills(truth));
    expect(fundingOf([...executions, ...rest.executions])).toEqual(expectedFunding(truth));
  });

  test("a symbol with several pages, whose ends lie within one millisecond", async () => {
    const at = await scene({});
    const { ledger } = at.venue.account("a");
    ledger.deposit({ asset: "USDT", amount: "1000000", atMs: nowMs - 40 * dayMs });
    for (let index = 0; index < 2_500; index++) {
      const side = index % 2 === 0 ? ("BUY" as const) : ("SELL" as const);
      const atMs = nowMs - 30 * dayMs + Math.floor(index / 40) * hourMs;
      for (const market of ["spot", "linear", "inverse"] as const) {
        const symbol = market === "inverse" ? "ETHUSD_PERP" : "ETHUSDT";
        ledger.fill({ market, symbol, side, quantity: market === "inverse" ? "2" : "0.1", atMs });
      }
    }
    const { executions } = await cycles(at, 1);
    expect(fillsOf(executions)).toEqual(expectedFills(truthOf(at.venue.account("a"))));
    expect(executions.length).toBe(7_500);
    expect(repeated(executions)).toEqual([]);
  });

  test("what the futures' lists no longer have is told, and found as far as it goes", async () => {
    const at = await scene({ generate: { fills: 400, symbols: 30, conversions: false, forced: false, ...days(150) } });
    const { executions, last } = await cycles(at, 3, { markets: ["linear"] });
    const truth = truthOf(at.venue.account("a"), { untilMs: nowMs });
    // A contract that was delivered before the income list begins is not named anywhere.
    const listed = (id: string) => !/_\d{6}/.test(id);
    const expected = Object.entries(expectedFills(truth)).filter(
      ([id]) => id.startsWith("binance:linear") && listed(id),
    );
    const found = Object.entries(fillsOf(executions)).filter(([id]) => listed(id));
    expect(new Map(found)).toEqual(new Map(expected));
    expect(last.warnings).toEqual([expect.objectContaining({ code: "partial", sinceMs: nowMs - 89 * dayMs })]);
  });

  test("nothing older than it is wanted", async () => {
    const at = await scene({ generate: { fills: 300, symbols: 15, conversions: false, ...days(60) } });
    const importFromMs = nowMs - 20 * dayMs;
    const { executions, last } = await cycles(at, 3, { importFromMs });
    const truth = truthOf(at.venue.account("a"), { untilMs: nowMs });
    expect(fillsOf(executions)).toEqual(expectedFills(truth, importFromMs));
    expect(fundingOf(executions)).toEqual(expectedFunding(truth, importFromMs));
    expect(last.warnings).toEqual([]);
  });
});

describe("a cycle", () => {
  test("with nothing new costs one request a market", async () => {
    const at = await scene({ bnbFees: true, generate: { fills: 200, symbols: 15, ...days(30) } });
    const { cursor } = await cycles(at, 6);
    at.venue.log.clear();
    await cycles(at, 1, { cursor });
    expect(at.venue.log.entries.map(({ path }) => path)).toEqual([
      "/fapi/v3/balance",
      "/dapi/v1/balance",
      "/api/v3/account",
    ]);
  });

  test("of an empty account, too", async () => {
    const at = await scene({});
    const { cursor, last } = await cycles(at, 6);
    expect(last.warnings).toEqual([]);
    at.venue.log.clear();
    await cycles(at, 1, { cursor });
    expect(at.venue.log.entries.map(({ path }) => path)).toEqual([
      "/fapi/v3/balance",
      "/dapi/v1/balance",
      "/api/v3/account",
    ]);
  });

  test.each([2 * hourMs, -2 * hourMs])(
    "by a clock that is %d ms off nothing is lost between runs",
    async (offsetMs) => {
      const at = await scene({ generate: { fills: 60, symbols: 8, conversions: false, ...days(20) } });
      const { ledger } = at.venue.account("a");
      const dataDir = folder();
      const executions: Execution[] = [];
      let cursor: unknown = null;
      for (let run = 0; run < 8; run++) {
        const reader = openReader({ venue: at.venue, dataDir, accountId: "a", clockOffsetMs: offsetMs });
        const result = await reader.run({ cursor });
        expect(errorText(result)).toBeNull();
        reader.close();
        executions.push(...result.executions);
        cursor = result.cursor;
        at.venue.clock.advance(15 * minuteMs);
        for (const market of ["spot", "linear"] as const) {
          const atMs = at.venue.clock.nowMs() - 5 * minuteMs;
          ledger.fill({ market, symbol: "ETHUSDT", side: "BUY", quantity: "0.1", atMs });
        }
      }
      const last = await cycles(at, 1, { cursor });
      const found = fillsOf([...executions, ...last.executions]);
      expect(found).toEqual(expectedFills(truthOf(at.venue.account("a"))));
    },
  );

  test("asks only symbols whose assets moved, and stops when the move is explained", async () => {
    const at = await scene({
      permissions: { futures: false },
      generate: { fills: 200, symbols: 20, markets: ["spot"], conversions: false, ...days(30) },
    });
    const { cursor } = await cycles(at, 6, { markets: ["spot"] });
    const { ledger } = at.venue.account("a");
    ledger.deposit({ asset: "USDT", amount: "5000", atMs: at.venue.clock.nowMs() - 1_000 });
    ledger.fill({
      market: "spot",
      symbol: "ETHUSDT",
      side: "BUY",
      quantity: "0.5",
      atMs: at.venue.clock.nowMs() - 500,
    });
    at.venue.log.clear();
    const { executions } = await cycles(at, 1, { markets: ["spot"], cursor });
    expect(executions.map(({ symbol, side }) => [symbol, side])).toEqual([["ETHUSDT", "buy"]]);
    expect(at.venue.log.of("/api/v3/myTrades").length).toBeLessThan(5);
  });

  test("finds a symbol traded for the first time, and a round trip that leaves only a little less money", async () => {
    const at = await scene({
      permissions: { futures: false },
      generate: { fills: 100, symbols: 8, markets: ["spot"], conversions: false, ...days(30) },
    });
    const { cursor } = await cycles(at, 6, { markets: ["spot"] });
    const { ledger } = at.venue.account("a");
    const fill = (symbol: string, side: "BUY" | "SELL", quantity: string, commission: string) =>
      ledger.fill({
        market: "spot",
        symbol,
        side,
        quantity,
        atMs: at.venue.clock.nowMs() - 60_000,
        commission: { amount: commission, asset: "USDT" },
      });
    fill("1INCHUSDT", "BUY", "3", "0.02");
    fill("BTCUSDT", "BUY", "0.001", "0.03");
    fill("BTCUSDT", "SELL", "0.001", "0.03");
    const { executions } = await cycles(at, 1, { markets: ["spot"], cursor });
    expect(executions.map(({ symbol, side }) => `${symbol} ${side}`).sort()).toEqual([
      "1INCHUSDT buy",
      "BTCUSDT buy",
      "BTCUSDT sell",
    ]);
  });

  test.each(["negative", "positive"] as const)(
    "a maker's fee and a maker's rebate, alone in their page, where a fee that is paid is %s",
    async (linearCommissionSign) => {
      const at = await scene({}, { settings: { linearCommissionSign } });
      const { ledger } = at.venue.account("a");
      const taken = { market: "linear", side: "BUY", quantity: "0.1" } as const;
      ledger.fill({ ...taken, symbol: "BTCUSDT", atMs: nowMs - 100 * dayMs, maker: true });
      ledger.fill({ ...taken, symbol: "BNBUSDT", atMs: nowMs - dayMs, maker: true });
      const { cursor, executions: first } = await cycles(at, 1, { markets: ["linear"] });
      const atMs = at.venue.clock.nowMs();
      const rebate = { amount: "-0.02", asset: "USDT" };
      ledger.fill({ ...taken, symbol: "ETHUSDT", atMs, maker: true, commission: rebate });
      ledger.fill({ ...taken, symbol: "BNBUSDT", atMs, maker: true });
      at.venue.clock.advance(15 * minuteMs);
      const { executions } = await cycles(at, 1, { markets: ["linear"], cursor });
      expect(fillsOf([...first, ...executions])).toEqual(expectedFills(truthOf(at.venue.account("a"))));
    },
  );

  test("finds what is shown late, on spot and on futures", async () => {
    const at = await scene({ generate: { fills: 100, symbols: 10, conversions: false, ...days(30) } });
    const { cursor } = await cycles(at, 6);
    const { ledger } = at.venue.account("a");
    const atMs = at.venue.clock.nowMs() - 10_000;
    const more = { quantity: "0.1", side: "BUY" as const };
    const late = { ...more, atMs, lateMs: 9 * minuteMs };
    const ids = [
      ledger.fill({ market: "spot", symbol: "ETHUSDT", ...late }),
      ledger.fill({ market: "spot", symbol: "ETHUSDT", ...more, atMs: atMs + 1 }),
      ledger.fill({ market: "linear", symbol: "ETHUSDT", ...late }),
      ledger.fill({ market: "linear", symbol: "ETHUSDT", ...more, atMs: atMs + 1 }),
    ].map(({ market, id }) => `binance:${market}:ETHUSDT:${id}`);
    const first = await cycles(at, 1, { cursor });
    expect(first.executions.map(({ externalId }) => externalId).sort()).toEqual([ids[1], ids[3]].sort() as string[]);
    at.venue.clock.advance(15 * minuteMs);
    const second = await cycles(at, 1, { cursor: first.cursor });
    expect(second.executions.map(({ externalId }) => externalId).sort()).toEqual([ids[0], ids[2]].sort() as string[]);
    at.venue.clock.advance(2 * hourMs);
    const third = await cycles(at, 2, { cursor: second.cursor });
    expect(third.executions).toEqual([]);
  });

  test("killed for hours in the middle of a pass, it finds what happened meanwhile in the first cycle that comes to its end", async () => {
    const at = await scene({});
    const { ledger } = at.venue.account("a");
    ledger.deposit({ asset: "USDT", amount: "100000", atMs: nowMs - 3 * dayMs });
    ledger.transfer({ from: "spot", to: "linear", asset: "USDT", amount: "50000", atMs: nowMs - 3 * dayMs });
    const trade = (lateMs = 0) => {
      const atMs = at.venue.clock.nowMs() - 60_000;
      for (const [index, symbol] of ["BTCUSDT", "ETHUSDT"].entries())
        ledger.fill({ market: "linear", symbol, side: "BUY", quantity: "0.1", atMs: atMs + index, lateMs });
    };
    trade();
    const account = { markets: ["linear"] as BrokerAccount["markets"] };
    const before = await cycles(at, 8, account);
    const executions = [...before.executions];
    let { cursor } = before;
    // The balance has moved and nothing says why yet: that is looked for for an hour.
    trade(4 * minuteMs);
    const waiting = await cycles(at, 1, { ...account, cursor });
    expect(waiting.executions).toEqual([]);
    cursor = waiting.cursor;
    for (let kill = 0; kill < 3; kill++) {
      at.venue.clock.advance(40 * minuteMs);
      trade();
      const killed = await at.reader.run({ ...account, cursor }, { stopAfterPages: 1 });
      executions.push(...killed.executions);
      cursor = killed.cursor;
    }
    at.venue.clock.advance(10 * minuteMs);
    executions.push(...(await cycles(at, 1, { ...account, cursor })).executions);
    expect(fillsOf(executions)).toEqual(expectedFills(truthOf(at.venue.account("a"))));
  });

  test("a symbol that the platform has executions of is asked for at once, whatever the balances say", async () => {
    const at = await scene({}, { world: { spotSymbols: 200, linearSymbols: 3, inverseSymbols: 3 } });
    const { ledger } = at.venue.account("a");
    const spec = at.venue.world.of("spot").findLast(({ quote }) => quote === "USDT");
    const symbol = spec?.symbol ?? "";
    ledger.deposit({ asset: "USDT", amount: "1000", atMs: nowMs - 9 * dayMs });
    for (const [index, side] of (["BUY", "SELL"] as const).entries()) {
      const commission = { amount: "0.01", asset: "USDT" };
      ledger.fill({ market: "spot", symbol, side, quantity: "7", atMs: nowMs - (8 - index) * dayMs, commission });
    }
    const importFromMs = nowMs - 10 * dayMs;
    const known = [
      { market: "spot" as const, symbol },
      { market: "spot" as const, symbol: "GONEUSDT" },
    ];
    const account = { markets: ["spot"] as BrokerAccount["markets"], importFromMs, knownSymbols: known };
    const { executions } = await cycles(at, 1, account);
    expect(executions.map((execution) => execution.symbol)).toEqual([symbol, symbol]);
    const [first] = at.venue.log.of("/api/v3/myTrades");
    expect(first?.parameters.symbol ?? JSON.stringify(first)).toContain(symbol);
  });

  test("finds in the background what left no trace in any balance of its own, within its share of the budget", async () => {
    const at = await scene(
      { permissions: { futures: false } },
      { world: { spotSymbols: 200, linearSymbols: 3, inverseSymbols: 3 } },
    );
    const { ledger } = at.venue.account("a");
    // From the funding wallet, which no list of spot shows: the money has a gap, whatever was bought with it. It is told once it has settled.
    ledger.transfer({ from: "funding", to: "spot", asset: "USDT", amount: "1000", atMs: nowMs - 9 * dayMs });
    const spec = [...at.venue.world.of("spot")]
      .sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
      .findLast(({ quote }) => quote === "USDT");
    if (spec === undefined) throw new Error("no symbol");
    for (const side of ["BUY", "SELL"] as const) {
      const commission = { amount: "0.01", asset: "USDT" };
      const quantity = spec.quantityDigits === 0 ? "7" : "0.7";
      ledger.fill({
        market: "spot",
        symbol: spec.symbol,
        side,
        quantity,
        atMs: nowMs - (side === "BUY" ? 8 : 7) * dayMs,
        commission,
      });
    }
    const first = await cycles(at, 1, { markets: ["spot"] });
    expect(first.executions).toEqual([]);
    expect(first.last.warnings).toContainEqual({
      code: "partial",
      message: expect.stringContaining("still being searched"),
    });
    expect(at.venue.log.of("/api/v3/myTrades").reduce((sum, { weight }) => sum + weight, 0)).toBeLessThanOrEqual(
      0.4 * 6_000,
    );
    at.venue.clock.advance(15 * minuteMs);
    const { executions, last } = await cycles(at, 7, { markets: ["spot"], cursor: first.cursor });
    expect(executions.map(({ symbol, side }) => [symbol, side])).toEqual([
      [spec.symbol, "buy"],
      [spec.symbol, "sell"],
    ]);
    expect(last.warnings).toEqual([{ code: "pnl_mismatch", message: expect.stringContaining("USDT +1000.") }]);
  });

  test("takes up a conversion and dust when they move a balance", async () => {
    const at = await scene({
      permissions: { futures: false },
      generate: { fills: 60, symbols: 8, markets: ["spot"], conversions: false, ...days(30) },
    });
    const { cursor } = await cycles(at, 6, { markets: ["spot"] });
    const { ledger } = at.venue.account("a");
    const atMs = at.venue.clock.nowMs() - 5_000;
    ledger.deposit({ asset: "USDT", amount: "1000", atMs });
    ledger.convert({ fromAsset: "USDT", fromAmount: "600", toAsset: "BNB", toAmount: "1.25", atMs: atMs + 1 });
    ledger.convert({
      fromAsset: "USDT",
      fromAmount: "7",
      toAsset: "BNB",
      toAmount: "1",
      atMs: atMs + 1,
      status: "FAIL",
    });
    ledger.convertDust({
      details: [{ fromAsset: "USDT", amount: "3", transferred: "0.0049", charge: "0.0001" }],
      atMs: atMs + 2,
    });
    const { executions, last } = await cycles(at, 1, { markets: ["spot"], cursor });
    const facts = executions.map(
      ({ externalId, type, side, quantity, quoteQuantity, price, fee, feeAsset, feeInQuote }) => ({
        kind: externalId.split(":").slice(1, 4).join(":"),
        type,
        side,
        amounts: [quantity, quoteQuantity, price, fee, feeInQuote].map((amount) =>
          amount === null ? null : formatDecimal(amount),
        ),
        feeAsset,
      }),
    );
    expect(facts).toEqual([
      {
        kind: "spot:BNBUSDT:convert",
        type: "conversion",
        side: "buy",
        amounts: ["1.25", "600", "480", "0", "0"],
        feeAsset: "USDT",
      },
      {
        kind: "spot:BNBUSDT:dust",
        type: "conversion",
        side: "buy",
        amounts: ["0.005", "3", "600", "0.0001", "0.06"],
        feeAsset: "BNB",
      },
    ]);
    expect(last.warnings).toEqual([]);
  });
});

describe("what is odd", () => {
  test("portfolio margin is read behind its own paths", async () => {
    const at = await scene({
      permissions: { portfolioMargin: true },
      generate: { fills: 200, symbols: 12, conversions: false, ...days(40) },
    });
    const { executions } = await cycles(at, 2, { markets: ["linear", "inverse"] });
    const truth = truthOf(at.venue.account("a"), { untilMs: nowMs });
    const expected = Object.entries(expectedFills(truth)).filter(([id]) => !id.startsWith("binance:spot"));
    expect(new Map(Object.entries(fillsOf(executions)))).toEqual(new Map(expected));
    expect(fundingOf(executions)).toEqual(expectedFunding(truth));
    expect(at.venue.log.of("/fapi/v1/income")).toEqual([]);
  });

  test("cross and isolated margin, with a liquidation in each", async () => {
    const at = await scene({ permissions: { margin: true } });
    const { ledger } = at.venue.account("a");
    ledger.deposit({ asset: "USDT", amount: "2000", atMs: nowMs - 3 * hourMs });
    for (const to of ["margin", "isolated/ETHUSDT"] as const)
      ledger.transfer({ from: "spot", to, asset: "USDT", amount: "1000", atMs: nowMs - 2 * hourMs });
    for (const [symbol, isolated] of [
      ["BTCUSDT", false],
      ["ETHUSDT", true],
    ] as const) {
      const order = { market: "margin", symbol, isolated } as const;
      ledger.fill({ ...order, side: "BUY", quantity: "0.01", atMs: nowMs - hourMs });
      ledger.fill({ ...order, side: "SELL", quantity: "0.005", atMs: nowMs - 1_000, kind: "liquidation" });
    }
    const first = await cycles(at, 3, { markets: ["margin"] });
    const truth = truthOf(at.venue.account("a"));
    expect(fillsOf(first.executions)).toEqual(expectedFills(truth));
    expect(first.executions.length).toBe(4);
    const order = { market: "margin", symbol: "ETHUSDT", isolated: true, side: "SELL", quantity: "0.001" } as const;
    const { id } = ledger.fill({ ...order, atMs: at.venue.clock.nowMs() - 5_000 });
    const { executions } = await cycles(at, 1, { markets: ["margin"], cursor: first.cursor });
    expect(executions.map(({ externalId }) => externalId)).toEqual([`binance:margin:ETHUSDT:${id}`]);
    expect(at.venue.log.count(400)).toBe(0);
  });

  test.each([
    ["linear", "BUY", "sell"],
    ["linear", "SELL", "buy"],
    ["inverse", "BUY", "sell"],
    ["inverse", "SELL", "buy"],
  ] as const)("a delivery that stands in the income list alone (%s, %s)", async (market, side, closing) => {
    const at = await scene({});
    const spec = at.venue.world.of(market).find(({ deliveryMs }) => deliveryMs !== null && deliveryMs > nowMs);
    if (spec === undefined) throw new Error("no contract");
    const { ledger } = at.venue.account("a");
    const fill = (quantity: string, price: string, atMs: number) =>
      ledger.fill({ market, symbol: spec.symbol, side, quantity, price, atMs });
    fill("2", "40000", nowMs - 3 * hourMs);
    fill("1", "50000", nowMs - 2 * hourMs);
    // Delivered at 64000: long 2 × 24000 + 14000; in coins 100 × (2/40000 + 1/50000 - 3/64000).
    const gain = market === "linear" ? "62000" : "0.0023125";
    const income = side === "BUY" ? gain : `-${gain}`;
    ledger.incomeEntry({
      market,
      symbol: spec.symbol,
      incomeType: "DELIVERED_SETTELMENT",
      income,
      asset: spec.settle,
      atMs: nowMs - hourMs,
    });
    const { executions, last } = await cycles(at, 2, { markets: [market] });
    const [settlement] = executions.filter(({ type }) => type === "settlement");
    if (settlement?.price == null || settlement.quantity === null || settlement.realizedPnl === null)
      throw new Error("no settlement");
    const amounts = [settlement.quantity, settlement.price, settlement.realizedPnl].map(formatDecimal);
    expect([executions.length, settlement.side, ...amounts]).toEqual([3, closing, "3", "64000", income]);
    expect(last.warnings).toEqual([]);
  });

  test("a key without futures: the other markets are read, and the account hears of it", async () => {
    const at = await scene({ permissions: { futures: false }, generate: { fills: 60, symbols: 8, ...days(20) } });
    const run = await at.reader.run({});
    if (!(run.error instanceof Failure)) throw new Error("expected a Failure");
    expect(run.error.detail.code).toBe("permission_missing");
    expect(run.executions.some(({ market }) => market === "spot")).toBe(true);
    expect(run.executions.every(({ market }) => market === "spot")).toBe(true);
  });

  test("a key that was never any good: nothing is read, and it does not look like an empty account", async () => {
    const at = await scene({ permissions: { reading: false } });
    const run = await at.reader.run({});
    expect(run.error).toMatchObject({ detail: { code: "broker_auth_failed", retryable: false } });
    expect(run.executions).toEqual([]);
    expect(at.venue.log.entries.map(({ path }) => path)).toEqual(["/api/v3/time", "/sapi/v1/account/apiRestrictions"]);
  });

  test("a key that may trade and withdraw is warned of in every cycle", async () => {
    const at = await scene({ permissions: { trading: true, withdrawals: true } });
    const { last } = await cycles(at, 6, { markets: ["spot"] });
    expect(last.warnings.map(({ code }) => code)).toEqual(["key_can_withdraw", "key_can_trade"]);
    expect(at.venue.log.of("/sapi/v1/account/apiRestrictions").length).toBe(1);
  });

  test("a symbol that is gone: the rest is read, and it is said", async () => {
    const at = await scene({
      permissions: { futures: false },
      generate: { fills: 60, symbols: 10, markets: ["spot"], conversions: false, ...days(20) },
    });
    const first = await cycles(at, 6, { markets: ["spot"] });
    at.venue.delist("spot", "ETHUSDT");
    at.venue.clock.advance(dayMs);
    const { last } = await cycles(at, 2, { markets: ["spot"], cursor: first.cursor });
    expect(last.warnings).toEqual([{ code: "symbol_gone", message: expect.stringContaining("ETHUSDT") }]);
  });

  test("a fee in BNB is worth the minute's price, or a neighbour's, and that is marked", async () => {
    const at = await scene({ bnbFees: true });
    const { ledger } = at.venue.account("a");
    const atMs = nowMs - 3 * hourMs;
    ledger.deposit({ asset: "USDT", amount: "1000", atMs: nowMs - dayMs });
    ledger.deposit({ asset: "BNB", amount: "1", atMs: nowMs - dayMs });
    const commission = { amount: "0.0001", asset: "BNB" };
    ledger.fill({ market: "spot", symbol: "ETHUSDT", side: "BUY", quantity: "0.01", atMs, commission });
    ledger.fill({ market: "spot", symbol: "ETHUSDT", side: "BUY", quantity: "0.01", atMs: atMs + hourMs, commission });
    at.venue.hideCandles("BNBUSDT", atMs + hourMs - 90_000, atMs + hourMs + 90_000);
    const { executions } = await cycles(at, 1, { markets: ["spot"] });
    const [exact, estimated] = executions;
    const bnb = at.venue.world.find("spot", "BNBUSDT");
    if (bnb === undefined || exact?.feeInQuote == null || estimated?.feeInQuote == null)
      throw new Error("a fee is missing");
    expect([exact.feeEstimated, estimated.feeEstimated]).toEqual([undefined, true]);
    const close = at.venue.world.priceAt(bnb, Math.ceil((atMs + 1) / minuteMs) * minuteMs);
    expect(Number(formatDecimal(exact.feeInQuote)) / (Number(formatDecimal(close)) * 0.0001)).toBeCloseTo(1, 3);
  });

  test("a ban in the middle ends the run, and the next one goes on after it", async () => {
    const at = await scene({ generate: { fills: 200, symbols: 12, conversions: false, ...days(30) } });
    at.venue.faults.add({ kind: "banned", forMs: 10 * minuteMs, path: "/api/v3/myTrades", skip: 3 });
    const banned = await at.reader.run({});
    expect(banned.error).toMatchObject({ detail: { code: "rate_limited", retryable: true } });
    const requests = at.venue.log.entries.length;
    const { executions } = await cycles(at, 4, { cursor: banned.cursor });
    const sent = at.venue.log.entries.slice(requests);
    expect(sent[0]?.atMs).toBeGreaterThanOrEqual(nowMs + 10 * minuteMs);
    expect(at.venue.log.count(418)).toBe(1);
    const truth = truthOf(at.venue.account("a"), { untilMs: nowMs });
    expect(fillsOf([...banned.executions, ...executions])).toEqual(expectedFills(truth));
  });

  test("a run that is stopped ends without an error, and its cursor lets the next one go on", async () => {
    const stop = new AbortController();
    const at = await scene(
      { generate: { fills: 200, symbols: 12, conversions: false, ...days(30) } },
      {},
      { signal: stop.signal },
    );
    const fetches: string[] = [];
    const stopping = openReader({
      venue: at.venue,
      dataDir: folder(),
      accountId: "a",
      signal: stop.signal,
      fetch: (url, init) => {
        if (fetches.push(String(url)) > 12) stop.abort(new Error("SIGTERM"));
        return fetch(url, init);
      },
    });
    closing.push(() => stopping.close());
    const stopped = await stopping.run({});
    expect(errorText(stopped)).toBeNull();
    const next = openReader({ venue: at.venue, dataDir: folder(), accountId: "a" });
    closing.push(() => next.close());
    const { executions } = await cycles({ venue: at.venue, reader: next }, 4, { cursor: stopped.cursor });
    const truth = truthOf(at.venue.account("a"), { untilMs: nowMs });
    expect(fillsOf([...stopped.executions, ...executions])).toEqual(expectedFills(truth));
  });

  test("a cursor of another form is no cursor: all is read again, and said", async () => {
    const at = await scene({
      permissions: { futures: false },
      generate: { fills: 40, symbols: 5, markets: ["spot"], conversions: false, ...days(20) },
    });
    const run = await at.reader.run({ markets: ["spot"], cursor: { v: 99 } });
    expect(errorText(run)).toBeNull();
    expect(at.reader.log.events()).toContain("cursor_unknown");
    expect(run.executions.length).toBeGreaterThan(20);
  });
});
