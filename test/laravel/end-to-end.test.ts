import { afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { StoredTrade, WireExecution } from "../../src/journal/wire.ts";
import { type Between, startProxy } from "../contract/proxy.ts";
import { buildMsMax, type Ended, executable, run } from "../executable/executable.ts";
import { all } from "../journal/samples.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { type BinanceVenue, startBinance } from "../venues/binance/index.ts";
import { dayMs } from "../venues/clock.ts";
import { truthOf } from "../venues/truth.ts";
import { at } from "./ask.ts";
import { artisan, type Copy, describeLaravel, type Laravel, openJournal, reset, startCopy } from "./instance.ts";

setDefaultTimeout(300_000);

const demo = resolve(import.meta.dir, "../../fixtures/demo");
const spot = "binance-spot-trades.csv";
const futures = "binance-futures-trades.csv";
const makeFolder = temporaryFolders();

/** What ends with a test. */
const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

/** Two files of one account: 61 executions, 20 trades. */
const uploads = {
  users: [{ user_id: 1, timezone: "Europe/Paris", base_currency: "USDT", starting_balance: "10000" }],
  accounts: [
    {
      account_id: 1,
      user_id: 1,
      broker: "binance",
      markets: ["spot", "linear"],
      source: {
        kind: "file",
        files: [futures, spot].map((name, index) => ({
          file_id: index + 1,
          name,
          text: readFileSync(join(demo, name), "utf8"),
        })),
      },
    },
  ],
};

interface World {
  platform: Laravel;
  proxy: Between;
  folder: string;
  /** A command of the executable, with the platform behind the proxy. */
  command: (argv: readonly string[], environment?: Record<string, string>) => Promise<Ended>;
  executions: (accountId: number) => Promise<WireExecution[]>;
  trades: (accountId: number) => Promise<StoredTrade[]>;
}

async function worldOf(platform: Laravel, seed: unknown): Promise<World> {
  await reset(platform, seed);
  const proxy = startProxy(platform.url);
  ending.push(() => proxy.stop());
  const folder = makeFolder();
  const { journal } = openJournal(platform);
  return {
    platform,
    proxy,
    folder,
    command: (argv, environment = {}) =>
      run([...argv, "--json"], {
        cwd: folder,
        environment: {
          LARAVEL_API_URL: proxy.url,
          LARAVEL_API_KEY: platform.key,
          CREDENTIALS_KEY: platform.credentialsKey,
          TRADE_IMPORTER_BATCH_SIZE: "10",
          MAX_RETRIES: "2",
          RETRY_BACKOFF_BASE: "0.01",
          ...environment,
        },
      }),
    executions: (accountId) => all(journal.executions(accountId)),
    trades: (accountId) => all(journal.userTrades(1, { accountId })),
  };
}

/** The code, and with another one all that was said. */
function ended({ code, error }: Ended, expected: number): void {
  expect({ code, error: code === expected ? "" : error }).toEqual({ code: expected, error: "" });
}

async function expectUploadsOnce(world: World): Promise<void> {
  const executions = await world.executions(1);
  expect(new Set(executions.map(({ external_id }) => external_id)).size).toBe(61);
  expect(executions).toHaveLength(61);
  expect(await world.trades(1)).toHaveLength(20);
}

const waiting = ({ folder }: World, name: string): string[] => {
  const path = join(folder, "data", name);
  return existsSync(path) ? readdirSync(path) : [];
};

/** A copy whose rate limit has windows of three seconds, so that a test can wait for one. */
const shortWindow = [
  "app/Providers/InternalApiServiceProvider.php",
  "return Limit::perMinute(config('internal.rate_per_minute'))->by($key);",
  "$limit = Limit::perMinute(config('internal.rate_per_minute'))->by($key); $limit->decayMinutes = 0.05; return $limit;",
] as const;

async function startAnother(...given: Parameters<typeof startCopy>): Promise<Copy> {
  const copy = await startCopy(...given);
  ending.push(copy.stop);
  return copy;
}

describeLaravel("the executable and a real Laravel", (platform) => {
  beforeAll(async () => {
    await executable();
  }, buildMsMax);

  describe("import", () => {
    test("a venue's history and uploaded files, then statistics; the second time there is nothing to do", async () => {
      const venue = await startVenue();
      const { apiKey: api_key, apiSecret: api_secret } = venue.account("a");
      const exchange = {
        account_id: 2,
        user_id: 1,
        broker: "binance",
        markets: ["spot", "linear"],
        cost_basis_method: "average",
        credentials: { api_key, api_secret },
      };
      const world = await worldOf(platform, { ...uploads, accounts: [...uploads.accounts, exchange] });
      const environment = { VENUE_URL_BINANCE: venue.url };
      for (let cycle = 0; cycle < 6; cycle++) {
        ended(await world.command(["import-trades"], environment), 0);
        rmSync(join(world.folder, "data/rate-budget.sqlite"), { force: true });
        venue.clock.advance(15 * 60_000);
      }
      await expectUploadsOnce(world);
      const fills = truthOf(venue.account("a")).fills.filter(({ market }) => market !== "inverse");
      const read = (await world.executions(2)).filter(({ execution_type }) => execution_type === "fill");
      expect(read).toHaveLength(fills.length);
      expect(new Set(read.map(({ external_id }) => external_id)).size).toBe(fills.length);
      expect((await world.trades(2)).length).toBeGreaterThan(5);

      ended(await world.command(["analyze-stats"]), 0);
      const { journal } = openJournal(platform);
      const [user] = await all(journal.users());
      expect(user).toMatchObject({ statistics: { based_on_version: user?.trades_version } });
      expect(await all(journal.users({ stale: true }))).toEqual([]);

      const before = world.proxy.log.length;
      const idle = await world.command(["import-trades"], environment);
      ended(idle, 0);
      expect(JSON.parse(idle.output)).toMatchObject({ summary: { total_executions: 0, total_trades: 0 } });
      const batches = world.proxy.log.slice(before).filter((line) => line.startsWith("POST /accounts"));
      expect(batches).toEqual([]);
      ended(await world.command(["analyze-stats"]), 0);
      expect(world.proxy.log.filter((line) => line.startsWith("PUT "))).toEqual(["PUT /users/1/statistics 200"]);
    });
  });

  test("`artisan down` in mid-import: what is in hand waits on disk, and `flush-buffer` delivers it after `up`", async () => {
    const world = await worldOf(platform, uploads);
    let batches = 0;
    world.proxy.before = async ({ method, path }) => {
      // Longer than a worker waits for one request.
      if (method === "POST" && path === "/accounts/1/trades" && ++batches === 3) {
        await artisan(platform, ["down", "--retry=600"]);
      }
    };
    try {
      ended(await world.command(["import-trades"]), 69);
    } finally {
      await artisan(platform, ["up"]);
    }
    expect(waiting(world, "pending").length).toBeGreaterThan(0);
    const stored = (await world.executions(1)).length;
    expect(stored).toBeLessThan(61);
    ended(await world.command(["flush-buffer"]), 0);
    expect((await world.executions(1)).length).toBeGreaterThan(stored);
    expect(waiting(world, "pending").filter((name) => name.endsWith(".json"))).toEqual([]);
    ended(await world.command(["import-trades"]), 0);
    await expectUploadsOnce(world);
  });

  test("a key that is revoked in mid-import ends it with 77; with a new one it goes on", async () => {
    const world = await worldOf(platform, uploads);
    const first = (await artisan(platform, ["worker-keys:make", "to-be-revoked-later"])).trim();
    let batches = 0;
    world.proxy.before = async ({ method, path }) => {
      if (method === "POST" && path === "/accounts/1/trades" && ++batches === 3) {
        await artisan(platform, ["worker-keys:revoke", "to-be-revoked-later"]);
      }
    };
    ended(await world.command(["import-trades"], { LARAVEL_API_KEY: first }), 77);
    const asked = world.proxy.log.length;
    ended(await world.command(["import-trades"], { LARAVEL_API_KEY: first }), 77);
    expect(world.proxy.log.slice(asked)).toEqual(["GET /ping 401"]);
    ended(await world.command(["import-trades"]), 0);
    await expectUploadsOnce(world);
  });

  test("the throttle of Laravel slows an import down, and fails nothing", async () => {
    const { platform: throttled } = await startAnother([shortWindow], { INTERNAL_API_RATE: "7" });
    const world = await worldOf(throttled, uploads);
    const imported = await world.command(["import-trades"]);
    ended(imported, 0);
    const refused = world.proxy.log.filter((line) => line.endsWith(" 429")).length;
    expect(refused).toBeGreaterThan(0);
    const retries = imported.lines.filter(({ event }) => event === "platform_retry");
    expect(retries).toHaveLength(refused);
    expect(retries.every(({ counted }) => counted === false)).toBe(true);
    await Bun.sleep(3_500); // the window of the throttle
    await expectUploadsOnce(world);
  });

  test("a platform that refuses whole batches: what it names is set aside, the rest is stored", async () => {
    const { platform: strict } = await startAnother([
      [
        "app/Http/Controllers/AccountTradeController.php",
        "        return new JsonResponse($action->store($account, $batch));",
        `        foreach ($batch->executions as $index => $item) {
            if (($item['symbol'] ?? null) === 'ETHUSDT') {
                $errors["executions.{$index}.symbol"] = ['The selected symbol is invalid.'];
            }
        }
        if (isset($errors)) {
            return new JsonResponse(['message' => 'The given data was invalid.', 'errors' => $errors], 422);
        }

        return new JsonResponse($action->store($account, $batch));`,
      ],
    ]);
    const world = await worldOf(strict, uploads);
    const imported = await world.command(["import-trades"]);
    expect(world.proxy.log.filter((line) => line === "POST /accounts/1/trades 422").length).toBeGreaterThan(0);
    const [account] = JSON.parse(imported.output).accounts as Record<string, unknown>[];
    const executions = await world.executions(1);
    expect(executions.length).toBeGreaterThan(0);
    expect(executions.filter(({ symbol }) => symbol === "ETHUSDT")).toEqual([]);
    expect(account).toMatchObject({ executions_new: executions.length, executions_rejected: 61 - executions.length });
    expect(waiting(world, "failed").length).toBeGreaterThan(0);
    const listed = (await all(openJournal(strict).journal.accounts({ includeAuthFailed: true })))[0];
    expect(listed).toMatchObject({ import_status: "needs_review" });
  });

  test("credentials that were encrypted with another key are read once the worker has it too", async () => {
    const { platform: rotated } = await startAnother([]);
    const venue = await startVenue();
    const { apiKey: api_key, apiSecret: api_secret } = venue.account("a");
    const account = {
      account_id: 1,
      user_id: 1,
      broker: "binance",
      markets: ["spot"],
      credentials: { api_key, api_secret },
    };
    const world = await worldOf(rotated, { users: uploads.users, accounts: [account] });
    const environment = { VENUE_URL_BINANCE: venue.url };
    const newKey = `base64:${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64")}`;
    appendFileSync(
      join(rotated.folder, "environment"),
      `export WORKER_CREDENTIALS_KEY=${newKey},${rotated.credentialsKey}\n`,
    );
    await artisan(rotated, ["accounts:encrypt-credentials"]);
    const refused = await world.command(["import-trades"], environment);
    ended(refused, 4);
    expect(at(JSON.parse(refused.output), "accounts", 0)).toMatchObject({ status: "error" });
    expect(await world.executions(1)).toEqual([]);
    const both = { ...environment, CREDENTIALS_KEY: `${newKey},${rotated.credentialsKey}` };
    ended(await world.command(["import-trades"], both), 0);
    expect((await world.executions(1)).length).toBeGreaterThan(0);
  });
});

async function startVenue(): Promise<BinanceVenue> {
  const endMs = Date.now();
  const world = { spotSymbols: 6, linearSymbols: 4, inverseSymbols: 2, startMs: endMs - 30 * dayMs, endMs };
  const generate = { fills: 120, symbols: 6 };
  const venue = await startBinance({ settings: { windowMs: 250 }, world, accounts: [{ id: "a", generate }] });
  ending.push(() => venue.stop());
  return venue;
}
