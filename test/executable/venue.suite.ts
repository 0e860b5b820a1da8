import { afterAll, beforeAll, expect, test } from "bun:test";
import { formatDecimal, parseDecimal } from "../../src/executions/decimal.ts";
import { expectedFills, expectedFunding, fillsOf, fundingOf } from "../brokers/binance/compare.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { dayMs, hourMs, minuteMs } from "../venues/clock.ts";
import type { Fault } from "../venues/faults.ts";
import { type Random, seeded } from "../venues/random.ts";
import { truthOf } from "../venues/truth.ts";
import { buildMsMax, type Ended, executable, start } from "./executable.ts";
import { filesUnder, grossBySymbol, type Imported, openScene, type Scene } from "./venue-scene.ts";

/** What takes minutes: scripts/venue-test. */
const makeFolder = temporaryFolders();
const suiteMsMax = 900_000;
const stopMsMax = 120_000;
const opened: Scene[] = [];
beforeAll(async () => {
  await executable();
}, buildMsMax);
afterAll(async () => {
  for (const scene of opened) await scene.stop();
}, stopMsMax);

const yearEndMs = Date.UTC(2026, 2, 1, 12);
const yearStartMs = yearEndMs - 365 * dayMs;
/** The venue keeps funding for 90 days: the first visit is early enough, the others follow every four weeks. */
const visits = Array.from({ length: 13 }, (_, index) => yearEndMs - (12 - index) * 28 * dayMs + hourMs);
const killsMin = 20;
const attemptsMax = 8;
const cyclesMax = 12;

test.concurrent(
  "a year of an account, killed twenty times at random moments: everything once, and PnL as the venue has it",
  async () => {
    const random = seeded("moments");
    const account = { id: "a", hedge: true, bnbFees: true, generate: { fills: 20_000, late: 0.02 } };
    const at = await openScene({
      folder: makeFolder(),
      seed: "year",
      nowMs: visits[0] ?? yearEndMs,
      world: { startMs: yearStartMs, endMs: yearEndMs },
      accounts: [account],
      settings: { windowMs: 250 },
    });
    opened.push(at);
    let kills = 0;
    for (const [index, visitMs] of visits.entries()) {
      at.venue.clock.set(visitMs);
      at.venue.clock.run();
      // A run can be over before its moment comes: then the next ones end sooner.
      const wanted = Math.ceil((killsMin * (index + 1)) / visits.length);
      for (let attempt = 0; attempt < attemptsMax && (attempt === 0 || kills < wanted); attempt++) {
        if (await killedAt(at, attempt === 0 ? random.pick([10, 60, 120, 240]) : 3, random)) kills++;
        at.forgetBudget();
        at.venue.clock.advance(15 * minuteMs);
      }
      // One run goes to its end; what came late, and lists that may be asked only so often, are the next visit's.
      await importWhole(at);
    }
    await importAll(at);
    expect(kills).toBeGreaterThanOrEqual(killsMin);

    const truth = truthOf(at.venue.account("a"));
    expect(truth.fills.length).toBeGreaterThanOrEqual(20_000);
    const executions = await at.executions("a");
    expect(new Set(executions.map(({ externalId }) => externalId)).size).toBe(executions.length);
    expect(fillsOf(executions)).toEqual(expectedFills(truth));
    expect(fundingOf(executions)).toEqual(expectedFunding(truth));
    const converted = truth.conversions.filter(({ status }) => status === "SUCCESS").length + truth.dust.length;
    expect(executions.filter(({ type }) => type === "conversion")).toHaveLength(converted);
    await expectPnl(at);
    expectNoSecrets(at);
    expect(at.venue.log.count(429) + at.venue.log.count(418)).toBe(0);
  },
  suiteMsMax,
);

/** Starts a run and kills it after up to so many requests, to the venue or to the platform. False: it was over before. */
async function killedAt(at: Scene, requestsMax: number, random: Random): Promise<boolean> {
  const done = () => at.venue.log.entries.length + at.platform.requests.length;
  const moment = done() + random.integer(1, requestsMax);
  const { child, ended } = await start(["import-trades"], at.runOf());
  while (child.exitCode === null && done() < moment) await Bun.sleep(1);
  const inTime = child.exitCode === null;
  child.kill("SIGKILL");
  keep(at, await ended());
  return inTime;
}

/** What all runs of a scene said. */
const said = new Map<Scene, string[]>();
function keep(at: Scene, { output, error }: Pick<Ended, "output" | "error">): void {
  said.set(at, [...(said.get(at) ?? []), output, error]);
}

/** One run. */
async function importOnce(at: Scene): Promise<Imported> {
  const imported = await at.importOnce({ environment: { LOG_LEVEL: "DEBUG" } });
  keep(at, imported);
  return imported;
}

async function importWhole(at: Scene): Promise<Imported> {
  const imported = await importOnce(at);
  const { code, error } = imported;
  expect({ code, error: code === 0 ? "" : error }).toEqual({ code: 0, error: "" });
  at.forgetBudget();
  at.venue.clock.advance(15 * minuteMs);
  return imported;
}

/** A quarter of an hour between cycles, until there is nothing more. */
async function importAll(at: Scene): Promise<void> {
  for (let cycle = 0; cycle < cyclesMax; cycle++) {
    const { accounts } = await importWhole(at);
    if ((await at.account("a")).import_status === "ok" && accounts[0]?.executions_read === 0) return;
  }
  throw new Error(`not done: ${JSON.stringify((await at.account("a")).last_error)}`);
}

/** Of contracts by symbol, to the last digit; and no trade that began before it. */
async function expectPnl(at: Scene): Promise<void> {
  const trades = await at.trades("a");
  const truth = truthOf(at.venue.account("a"));
  const ours = [...grossBySymbol(trades)].map(([name, amount]): [string, string] => [name, formatDecimal(amount)]);
  expect(new Map(ours)).toEqual(new Map(Object.entries(truth.realizedPnl)));
  expect(trades.filter(({ flags }) => flags.includes("pnl_mismatch"))).toEqual([]);
  const contracts = trades.filter(({ market }) => market !== "spot");
  expect(contracts.filter(({ flags }) => flags.includes("unknown_origin"))).toEqual([]);
  const funding = contracts.reduce((sum, trade) => sum + parseDecimal(trade.funding), 0n);
  const theirs = Object.values(truth.funding).reduce((sum, amount) => sum + parseDecimal(amount), 0n);
  expect(formatDecimal(funding)).toBe(formatDecimal(-theirs));
}

/** In files (logs, buffer, cache, rate budget, run status), in what the runs said, and in what went to the platform. */
function expectNoSecrets(at: Scene): void {
  const { apiKey, apiSecret } = at.venue.account("a");
  const written = new Map([
    ...filesUnder(at.folder),
    ...(said.get(at) ?? []).map((text, index) => [`said ${index}`, text] as const),
    ...at.platform.requests.map(({ path, body }, index) => [`${path} ${index}`, body] as const),
  ]);
  expect([...written.keys()].some((path) => path.includes("cache/markets"))).toBe(true);
  expect([...written.keys()].some((path) => path.includes("logs/"))).toBe(true);
  expect((said.get(at) ?? []).join("").length).toBeGreaterThan(100);
  const secrets = [apiKey, apiSecret, encodeURIComponent(apiSecret), btoa(apiSecret), "signature="];
  const found = [...written].filter(([, text]) => secrets.some((secret) => text.includes(secret)));
  expect(found.map(([name]) => name)).toEqual([]);
}

/** An account of the last two months, by this machine's clock. */
async function small(fills: number, ids = ["a"]): Promise<Scene> {
  const endMs = Date.now() - dayMs;
  const startMs = endMs - 60 * dayMs;
  const at = await openScene({
    folder: makeFolder(),
    accounts: ids.map((id) => ({ id, generate: { fills, symbols: 12, conversions: false } })),
    world: { spotSymbols: 14, linearSymbols: 6, inverseSymbols: 4, startMs, endMs },
    account: { import_from: new Date(startMs - dayMs).toISOString() },
  });
  opened.push(at);
  return at;
}

async function expectAll(at: Scene): Promise<void> {
  expect(fillsOf(await at.executions("a"))).toEqual(expectedFills(truthOf(at.venue.account("a"))));
  expect(fundingOf(await at.executions("a"))).toEqual(expectedFunding(truthOf(at.venue.account("a"))));
  expectNoSecrets(at);
}

test.concurrent(
  "asked for fewer requests, nothing of that market goes out before the venue's next minute",
  async () => {
    const at = await small(80);
    at.venue.faults.add({ kind: "rate-limited", path: "/api/v3/myTrades", skip: 3, retryAfterSeconds: 0 });
    const { code, requests } = await importOnce(at);
    expect(code).toBe(0);
    const refused = requests.findIndex(({ status }) => status === 429);
    const [limited, ...later] = requests.slice(refused).filter(({ path }) => path.startsWith("/api/"));
    expect(limited?.status).toBe(429);
    const nextMinuteMs = (Math.floor((limited?.atMs ?? 0) / minuteMs) + 1) * minuteMs;
    expect(Math.min(...later.map(({ atMs }) => atMs))).toBeGreaterThanOrEqual(nextMinuteMs);
    expect(at.venue.log.count(429)).toBe(1);
    await expectAll(at);
  },
  suiteMsMax,
);

test.concurrent(
  "banned in the middle: the next run waits until the ban is over, and goes on",
  async () => {
    const at = await small(80);
    at.venue.faults.add({ kind: "banned", forMs: 130_000, path: "/api/v3/myTrades", skip: 3 });
    const first = await importOnce(at);
    expect([first.code, await at.account("a")]).toMatchObject([
      4,
      { import_status: "rate_limited", last_error: { code: "rate_limited" } },
    ]);
    const banEndMs = (first.requests.find(({ status }) => status === 418)?.atMs ?? 0) + 130_000;
    const second = await importOnce(at);
    expect([second.code, await at.account("a")]).toMatchObject([0, { import_status: "ok", last_error: null }]);
    expect(second.requests[0]?.atMs).toBeGreaterThanOrEqual(banEndMs);
    expect(at.venue.log.count(418)).toBe(1);
    await expectAll(at);
  },
  suiteMsMax,
);

test.concurrent(
  "a venue that hangs, before its answer and in the middle of one: asked again in time, and everything is there",
  async () => {
    const at = await small(80);
    at.venue.faults.add({ kind: "hang", path: "/fapi/v1/income" });
    at.venue.faults.add({ kind: "hang-body", path: "/api/v3/myTrades", skip: 2 });
    expect((await importOnce(at)).code).toBe(0);
    expect(at.venue.faults.struck()).toBe(2);
    await expectAll(at);
  },
  suiteMsMax,
);

test.concurrent(
  "a venue that never answers costs its account its time, and the account is told",
  async () => {
    const at = await small(80);
    at.venue.faults.add({ kind: "hang", path: "/fapi/v1/userTrades", times: Number.POSITIVE_INFINITY });
    const hung = await importOnce(at);
    expect(hung.code).toBe(4);
    expect(await at.account("a")).toMatchObject({
      import_status: "broker_unavailable",
      last_error: { code: "timeout" },
    });
    at.venue.faults.clear();
    expect((await importOnce(at)).code).toBe(0);
    await expectAll(at);
  },
  suiteMsMax,
);

/** What an account has, and what it may take beyond it to come to its end. */
const accountMsMax = 180_000 + 20_000;

test.concurrent(
  "one account's requests hang, another's take longer than there is time: each is over within its own, and the third is imported",
  async () => {
    const at = await small(80, ["hangs", "crawls", "a"]);
    const always = { times: Number.POSITIVE_INFINITY };
    at.venue.faults.add({ kind: "hang", apiKey: at.venue.account("hangs").apiKey, ...always });
    at.venue.faults.add({ kind: "delay", ms: 9_500, apiKey: at.venue.account("crawls").apiKey, ...always });
    const { code, accounts } = await importOnce(at);
    expect(code).toBe(3);
    const took = accounts.map(({ duration_ms }) => Number(duration_ms));
    expect(took.filter((ms) => ms > accountMsMax)).toEqual([]);
    expect(await at.account("hangs")).toMatchObject({ import_status: "broker_unavailable" });
    expect(accounts[2]).toMatchObject({ status: "ok" });
    await expectAll(at);
    // What the slow one had until then is kept, and once its requests are answered the others come.
    at.venue.faults.clear();
    expect((await importOnce(at)).code).toBe(0);
    for (const id of ["hangs", "crawls"])
      expect(fillsOf(await at.executions(id))).toEqual(expectedFills(truthOf(at.venue.account(id))));
  },
  suiteMsMax,
);

test.concurrent(
  "a venue of which every fifth answer is broken",
  async () => {
    const at = await small(400);
    const kinds: Fault[] = [
      { kind: "status", status: 500 },
      { kind: "half-body" },
      { kind: "html", status: 504 },
      { kind: "reset-after" },
      { kind: "cut-json" },
    ];
    for (let index = 0; index < 60; index++) {
      const kind = kinds[index % kinds.length];
      if (kind !== undefined) at.venue.faults.add({ ...kind, skip: 4 * (index + 1) });
    }
    for (let cycle = 0; cycle < cyclesMax; cycle++) {
      const { code } = await importOnce(at);
      if (code === 0 && (await at.account("a")).import_status === "ok") break;
    }
    expect(at.venue.faults.struck()).toBeGreaterThan(5);
    await expectAll(at);
  },
  suiteMsMax,
);
