import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { formatDecimal, parseDecimal } from "../../src/executions/decimal.ts";
import { expectedFills, expectedFunding, fillsOf, fundingOf } from "../brokers/binance/compare.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import type { KeyPermissions } from "../venues/account.ts";
import { dayMs, hourMs, minuteMs } from "../venues/clock.ts";
import type { Fault } from "../venues/faults.ts";
import { truthOf } from "../venues/truth.ts";
import { buildMsMax, executable } from "./executable.ts";
import { countOf, filesUnder, grossBySymbol, openScene, type Scene, type SceneOptions } from "./venue-scene.ts";

const makeFolder = temporaryFolders();
const runsMsMax = 120_000;
const opened: Scene[] = [];
beforeAll(async () => {
  await executable();
}, buildMsMax);
afterEach(async () => {
  for (const scene of opened.splice(0)) await scene.stop();
});

/** What the venue counts in a minute it counts in a quarter of a second here, so that a test can go on after one. */
const settings = { windowMs: 250 };

async function scene(options: Omit<SceneOptions, "folder">): Promise<Scene> {
  const made = await openScene({ settings, ...options, folder: makeFolder() });
  opened.push(made);
  return made;
}

/** Cycle after cycle until the account is fully read: some lists may be asked only so often a minute. */
async function importAll(at: Scene, venueId = "a", cyclesMax = 8): Promise<void> {
  for (let cycle = 0; cycle < cyclesMax; cycle++) {
    const { code, error } = await at.importOnce();
    expect({ code, error: code === 0 ? "" : error }).toEqual({ code: 0, error: "" });
    if ((await at.account(venueId)).import_status === "ok") return;
    at.forgetBudget();
    at.venue.clock.advance(15 * minuteMs);
  }
  throw new Error(`not done: ${JSON.stringify((await at.account(venueId)).last_error)}`);
}

describe("a generated account of three markets", () => {
  // Its own time: this machine's clock is off by months, and that is corrected.
  const endMs = Date.UTC(2026, 2, 1, 12);
  test.each([
    ["one-way, fees in BNB", { hedge: false, bnbFees: true }, 2_500],
    ["hedge mode, fees in what is received", { hedge: true, bnbFees: false }, 1_000],
  ])(
    "%s: every fill once, PnL as the venue has it, and no secret anywhere",
    async (_name, account, fills) => {
      const world = { spotSymbols: 40, linearSymbols: 20, inverseSymbols: 8, startMs: endMs - 80 * dayMs, endMs };
      const generate = { fills, symbols: 60, late: 0.05 };
      const at = await scene({ nowMs: endMs + hourMs, world, accounts: [{ id: "a", ...account, generate }] });
      at.venue.clock.run();
      await importAll(at);

      const truth = truthOf(at.venue.account("a"));
      const executions = await at.executions("a");
      expect(fillsOf(executions)).toEqual(expectedFills(truth));
      expect(fundingOf(executions)).toEqual(expectedFunding(truth));
      const converted = truth.conversions.filter(({ status }) => status === "SUCCESS").length + truth.dust.length;
      expect(executions.filter(({ type }) => type === "conversion")).toHaveLength(converted);

      await expectPnlOf(at);
      await expectNoSecrets(at);
      expect(at.venue.log.count(429) + at.venue.log.count(418)).toBe(0);

      const { last_error } = await at.account("a");
      expect(last_error).toMatchObject({ code: "clock_off" });
      at.venue.clock.advance(hourMs);
      await at.importOnce(); // what may still have been on its way is now taken for what it is
      const idle = await at.importOnce();
      expect(idle.accounts).toMatchObject([{ status: "ok", executions_read: 0 }]);
      expect(countOf(idle.requests)).toEqual({
        "/api/v3/time": 1, // a run, whatever number of accounts
        "/fapi/v3/balance": 1,
        "/dapi/v1/balance": 1,
        "/api/v3/account": 1,
      });
    },
    runsMsMax,
  );

  /** By symbol, to the last digit. */
  async function expectPnlOf(at: Scene): Promise<void> {
    const trades = await at.trades("a");
    const truth = truthOf(at.venue.account("a"));
    const ours = [...grossBySymbol(trades)].map(([name, amount]): [string, string] => [name, formatDecimal(amount)]);
    const theirs = Object.entries(truth.realizedPnl);
    expect(new Map(ours)).toEqual(new Map(theirs));
    expect(trades.filter(({ flags }) => flags.includes("pnl_mismatch"))).toEqual([]);
    const contracts = trades.filter(({ market }) => market !== "spot");
    expect(contracts.filter(({ flags }) => flags.includes("unknown_origin"))).toEqual([]);
    const funding = contracts.reduce((sum, trade) => sum + parseDecimal(trade.funding), 0n);
    const theirFunding = Object.values(truth.funding).reduce((sum, amount) => sum + parseDecimal(amount), 0n);
    expect(formatDecimal(funding)).toBe(formatDecimal(-theirFunding));
  }

  async function expectNoSecrets(at: Scene): Promise<void> {
    const { apiKey, apiSecret } = at.venue.account("a");
    const last = await at.importOnce({ environment: { LOG_LEVEL: "DEBUG" } });
    const written = new Map([
      ...filesUnder(at.folder),
      ["standard output", last.output],
      ["standard error", last.error],
      ...at.platform.requests.map(({ path, body }, index) => [`${path} ${index}`, body] as const),
    ]);
    expect([...written.keys()].some((path) => path.includes("cache/markets"))).toBe(true);
    expect([...written.keys()].some((path) => path.includes("logs/"))).toBe(true);
    const secrets = [apiKey, apiSecret, encodeURIComponent(apiSecret), "signature="];
    const found = [...written].filter(([, text]) => secrets.some((secret) => text.includes(secret)));
    expect(found.map(([name]) => name)).toEqual([]);
  }
});

describe("an account that is traded on", () => {
  const order = { side: "BUY", quantity: "0.1" } as const;

  test(
    "new fills are taken up, late ones too, and where they belong",
    async () => {
      const at = await scene({ accounts: [{ id: "a" }], ...small() });
      const { ledger } = at.venue.account("a");
      const startMs = at.venue.clock.nowMs();
      ledger.deposit({ asset: "USDT", amount: "100000", atMs: startMs - 3 * dayMs });
      ledger.transfer({ from: "spot", to: "linear", asset: "USDT", amount: "50000", atMs: startMs - 3 * dayMs });
      for (const market of ["spot", "linear"] as const)
        ledger.fill({ market, symbol: "ETHUSDT", ...order, atMs: startMs - 2 * dayMs });
      await importAll(at);
      expect(await at.executions("a")).toHaveLength(2);

      const atMs = at.venue.clock.nowMs() - 5_000;
      for (const market of ["spot", "linear"] as const) {
        ledger.fill({ market, symbol: "ETHUSDT", ...order, atMs, price: "3100", lateMs: 9 * minuteMs });
        ledger.fill({
          market,
          symbol: "ETHUSDT",
          ...order,
          side: "SELL",
          quantity: "0.2",
          atMs: atMs + 1,
          price: "3200",
        });
      }
      const first = await at.importOnce();
      expect(first.accounts).toMatchObject([{ executions_new: 2, executions_duplicate: 0 }]);
      at.venue.clock.advance(15 * minuteMs);
      const second = await at.importOnce();
      expect(second.accounts).toMatchObject([{ executions_new: 2 }]);
      expect(fillsOf(await at.executions("a"))).toEqual(expectedFills(truthOf(at.venue.account("a"))));
      const trades = (await at.trades("a")).filter(({ market }) => market === "linear");
      expect(trades).toMatchObject([{ status: "closed", quantity: "0.2", open_quantity: "0", execution_count: 3 }]);
      expect(new Map([...grossBySymbol(trades)].map(([name, amount]) => [name, formatDecimal(amount)]))).toEqual(
        new Map(Object.entries(truthOf(at.venue.account("a")).realizedPnl)),
      );
    },
    runsMsMax,
  );

  test(
    "a symbol that the venue has no longer is told, and the others go on",
    async () => {
      const at = await scene({ accounts: [{ id: "a" }], ...small() });
      const { ledger } = at.venue.account("a");
      const startMs = at.venue.clock.nowMs();
      ledger.deposit({ asset: "USDT", amount: "100000", atMs: startMs - 3 * dayMs });
      for (const symbol of ["ETHUSDT", "BTCUSDT"])
        ledger.fill({ market: "spot", symbol, ...order, atMs: startMs - dayMs });
      await importAll(at);
      at.venue.delist("spot", "ETHUSDT");
      at.venue.clock.advance(dayMs);
      ledger.fill({ market: "spot", symbol: "BTCUSDT", ...order, atMs: at.venue.clock.nowMs() - 1_000 });
      const { code, accounts } = await at.importOnce();
      expect([code, accounts]).toMatchObject([0, [{ status: "ok", executions_new: 1 }]]);
      const { import_status, last_error } = await at.account("a");
      expect([import_status, last_error?.message]).toEqual(["ok", expect.stringContaining("ETHUSDT")]);
    },
    runsMsMax,
  );
});

describe("a key that is refused stops its account until another is entered, and no other account", () => {
  const cases: [string, { permissions?: Partial<KeyPermissions>; secret?: string; key?: string }, string][] = [
    ["an invalid key", { key: "x".repeat(64) }, "broker_auth_failed"],
    ["a wrong secret", { secret: "y".repeat(64) }, "broker_auth_failed"],
    ["a key that may not read", { permissions: { reading: false } }, "broker_auth_failed"],
    ["an address that is not on its list", { permissions: { ipAllowList: ["203.0.113.7"] } }, "broker_auth_failed"],
    ["no right to futures", { permissions: { futures: false } }, "permission_missing"],
    ["expired", { permissions: { expiresAtMs: 1 } }, "key_expired"],
  ];
  test.each(cases)(
    "%s",
    async (_name, { permissions, secret, key }, code) => {
      const at = await scene({ accounts: [{ id: "good" }, { id: "bad" }], ...small() });
      const { apiKey, apiSecret, permissions: granted } = at.venue.account("bad");
      if (code === "key_expired") expect((await at.importOnce()).code).toBe(0); // it worked before
      const before = { ...granted };
      Object.assign(granted, permissions);
      at.putAccount("bad", { credentials: { api_key: key ?? apiKey, api_secret: secret ?? apiSecret } });
      const first = await at.importOnce();
      expect([first.code, (await at.account("bad")).import_status]).toEqual([3, "auth_failed"]);
      expect((await at.account("bad")).last_error).toMatchObject({ code, retryable: false });
      expect((await at.account("good")).import_status).not.toBe("auth_failed");

      const second = await at.importOnce();
      expect(second.code).toBe(0);
      expect(second.requests.filter((request) => request.apiKey === (key ?? apiKey))).toEqual([]);

      Object.assign(granted, before);
      at.putAccount("bad", { credentials: { api_key: apiKey, api_secret: apiSecret, passphrase: "" } });
      const third = await at.importOnce();
      expect(third.code).toBe(0);
      expect(third.requests.some((request) => request.apiKey === apiKey)).toBe(true);
      expect(JSON.stringify([first.lines, second.lines, third.lines])).not.toContain(apiSecret);
    },
    runsMsMax,
  );
});

describe("a venue that has a bad day", () => {
  const account = { id: "a", generate: { fills: 80, symbols: 12, conversions: false } };

  test(
    "5xx, pages of a gateway, half a body and broken connections: asked again, and everything is there once",
    async () => {
      const at = await scene({ accounts: [account], ...small() });
      const faults: Fault[] = [
        { kind: "status", status: 503, path: "/api/v3/time" },
        { kind: "html", path: "/fapi/v1/income" },
        { kind: "half-body", path: "/fapi/v1/userTrades", skip: 1 },
        { kind: "cut-json", path: "/dapi/v1/income" },
        { kind: "reset", path: "/dapi/v1/userTrades" },
        { kind: "empty", path: "/api/v3/myTrades", skip: 2 },
        { kind: "error", status: 500, code: -1001, message: "Internal error", path: "/api/v3/account" },
      ];
      for (const fault of faults) at.venue.faults.add(fault);
      await importAll(at);
      expect(at.venue.faults.struck()).toBe(faults.length);
      const truth = truthOf(at.venue.account("a"));
      expect(fillsOf(await at.executions("a"))).toEqual(expectedFills(truth));
      expect(fundingOf(await at.executions("a"))).toEqual(expectedFunding(truth));
    },
    runsMsMax,
  );

  test(
    "in maintenance: the account is told so, keeps what was read, and goes on afterwards",
    async () => {
      const at = await scene({ accounts: [account], ...small() });
      at.venue.faults.add({ kind: "maintenance", path: "/api/v3/myTrades", skip: 3, times: Number.POSITIVE_INFINITY });
      at.venue.faults.add({
        kind: "status",
        status: 200,
        body: '{"status":1,"msg":"system_maintenance"}',
        path: "/sapi/v1/system/status",
      });
      const down = await at.importOnce();
      expect(down.code).toBe(4);
      expect(await at.account("a")).toMatchObject({
        import_status: "broker_unavailable",
        last_error: { code: "broker_maintenance", retryable: true },
      });
      const before = await at.executions("a");
      expect(before.some(({ market }) => market === "spot")).toBe(true);
      at.venue.faults.clear();
      await importAll(at);
      expect(fillsOf(await at.executions("a"))).toEqual(expectedFills(truthOf(at.venue.account("a"))));
      const linear = at.venue.log.entries.filter(({ path }) => path === "/fapi/v1/income");
      expect(linear).toHaveLength(1); // what was read before is not read again
    },
    runsMsMax,
  );

  test(
    "a ban is obeyed to its end, by the next run too",
    async () => {
      const at = await scene({ accounts: [account], ...small() });
      at.venue.faults.add({ kind: "banned", forMs: hourMs, path: "/api/v3/myTrades", skip: 3 });
      const first = await at.importOnce();
      expect(first.code).toBe(4);
      expect(await at.account("a")).toMatchObject({
        import_status: "rate_limited",
        last_error: { code: "rate_limited", retryable: true },
      });
      expect(first.requests.filter(({ status }) => status === 418)).toHaveLength(1);
      const next = await at.importOnce();
      expect([next.code, next.requests]).toEqual([4, []]);
      expect(await at.account("a")).toMatchObject({ import_status: "rate_limited" });
      expect(at.venue.log.count(418)).toBe(1);
    },
    runsMsMax,
  );
});

test(
  "a platform that goes away in mid-import: what was read waits on disk, then goes through, and nothing is asked twice for it",
  async () => {
    const account = { id: "a", generate: { fills: 300, symbols: 12 } };
    const at = await scene({ accounts: [account], ...small() });
    at.platform.addFault({ method: "POST", path: "/accounts/*/trades", skip: 2, answer: "cut" });
    const away = await at.importOnce({ environment: { TRADE_IMPORTER_BATCH_SIZE: "20" } });
    expect(away.code).toBe(69);
    expect(readdirSync(join(at.folder, "data/pending"))).toHaveLength(1);
    const { apiKey, apiSecret } = at.venue.account("a");
    for (const [name, text] of filesUnder(join(at.folder, "data")))
      expect([name, text.includes(apiKey) || text.includes(apiSecret)]).toEqual([name, false]);
    at.platform.clearFaults();
    await importAll(at);
    expect(readdirSync(join(at.folder, "data/pending"))).toEqual([]);
    expect(fillsOf(await at.executions("a"))).toEqual(expectedFills(truthOf(at.venue.account("a"))));
    expect(await at.executions("a")).toHaveLength(
      new Set((await at.executions("a")).map(({ externalId }) => externalId)).size,
    );
  },
  runsMsMax,
);

/** A world that ends a day ago, by this machine's clock; the lists of years before it are not asked for. */
function small(): Pick<SceneOptions, "world" | "account"> {
  const endMs = Date.now() - dayMs;
  const startMs = endMs - 60 * dayMs;
  const import_from = new Date(startMs - dayMs).toISOString();
  return { world: { spotSymbols: 14, linearSymbols: 6, inverseSymbols: 4, startMs, endMs }, account: { import_from } };
}
