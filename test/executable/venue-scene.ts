import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseDecimal } from "../../src/executions/decimal.ts";
import type { Execution } from "../../src/executions/execution.ts";
import { fromWireExecution } from "../../src/journal/convert.ts";
import { type EmbeddedJournal, openEmbeddedJournal } from "../../src/journal/embedded.ts";
import type { Account, StoredTrade } from "../../src/journal/wire.ts";
import { type Platform, servePlatform } from "../contract/platform.ts";
import { type BinanceOptions, type BinanceVenue, startBinance } from "../venues/binance/index.ts";
import type { LoggedRequest } from "../venues/request-log.ts";
import { type Ended, type Run, run } from "./executable.ts";

/** Binance on loopback, a platform that has one account for each of the venue's, and the executable between them. */
export interface Scene {
  venue: BinanceVenue;
  journal: EmbeddedJournal;
  platform: Platform;
  folder: string;
  /** What a run needs to find both. */
  runOf: (environment?: Record<string, string>) => Run;
  importOnce: (options?: ImportOptions) => Promise<Imported>;
  /** As if the venue's minute were over, here and there. */
  forgetBudget: () => void;
  putAccount: (venueId: string, change?: Record<string, unknown>) => void;
  account: (venueId: string) => Promise<Account>;
  executions: (venueId: string) => Promise<Execution[]>;
  trades: (venueId: string) => Promise<StoredTrade[]>;
  stop: () => Promise<void>;
}

export interface ImportOptions {
  argv?: readonly string[];
  environment?: Record<string, string>;
}

export interface Imported extends Ended {
  /** Of `--json`. */
  accounts: Record<string, unknown>[];
  /** What the venue was asked in this run. */
  requests: LoggedRequest[];
}

export interface SceneOptions extends BinanceOptions {
  folder: string;
  /** Of the accounts on the platform. */
  account?: Record<string, unknown>;
}

const key = "a-key-for-tests";

export async function openScene({ folder, account: common = {}, ...options }: SceneOptions): Promise<Scene> {
  const venue = await startBinance(options);
  const journal = openEmbeddedJournal(":memory:", { clock: { nowMs: Date.now } });
  journal.putUser({ user_id: 1, timezone: "Europe/Paris", base_currency: "USDT" });
  const platform = servePlatform({ journal, key, ratePerMinute: 1_000_000 });
  const ids = new Map<string, number>();
  const idOf = (venueId: string): number => {
    const id = ids.get(venueId) ?? ids.size + 1;
    ids.set(venueId, id);
    return id;
  };
  const putAccount: Scene["putAccount"] = (venueId, change = {}) => {
    const { apiKey, apiSecret } = venue.account(venueId);
    journal.putAccount({
      account_id: idOf(venueId),
      user_id: 1,
      broker: "binance",
      markets: ["spot", "linear", "inverse"],
      base_currency: "USDT",
      // The venue keeps positions at average cost.
      cost_basis_method: "average",
      credentials: { api_key: apiKey, api_secret: apiSecret },
      ...common,
      ...change,
    } as Parameters<EmbeddedJournal["putAccount"]>[0]);
  };
  for (const { id } of options.accounts ?? []) putAccount(id);
  const runOf: Scene["runOf"] = (environment = {}) => ({
    cwd: folder,
    environment: {
      LARAVEL_API_URL: platform.url,
      LARAVEL_API_KEY: key,
      VENUE_URL_BINANCE: venue.url,
      MAX_RETRIES: "1",
      RETRY_BACKOFF_BASE: "0.01",
      ...environment,
    },
  });
  return {
    venue,
    journal,
    platform,
    folder,
    runOf,
    putAccount,
    async importOnce({ argv = [], environment } = {}) {
      const before = venue.log.entries.length;
      const ended = await run(["import-trades", "--json", ...argv], runOf(environment));
      const { accounts = [] } = ended.output === "" ? {} : JSON.parse(ended.output);
      return { ...ended, accounts, requests: venue.log.entries.slice(before) };
    },
    forgetBudget: () => rmSync(join(folder, "data/rate-budget.sqlite"), { force: true }),
    async account(venueId) {
      for await (const account of journal.accounts({ includeAuthFailed: true })) {
        if (account.account_id === idOf(venueId)) return account;
      }
      throw new Error(`the platform has no account ${venueId}`);
    },
    async executions(venueId) {
      const all: Execution[] = [];
      for await (const wire of journal.executions(idOf(venueId))) all.push(fromWireExecution(wire));
      return all;
    },
    async trades(venueId) {
      const all: StoredTrade[] = [];
      for await (const trade of journal.accountTrades(idOf(venueId))) all.push(trade);
      return all;
    },
    async stop() {
      await platform.stop();
      await venue.stop();
      journal.close();
    },
  };
}

/** How often each path was asked. */
export function countOf(requests: readonly LoggedRequest[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { path } of requests) counts[path] = (counts[path] ?? 0) + 1;
  return counts;
}

/** Everything that runs wrote in a folder, by file. */
export function filesUnder(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  if (!existsSync(folder)) return files;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) {
      const path = join(entry.parentPath, entry.name);
      files.set(path, readFileSync(path, "latin1"));
    }
  }
  return files;
}

/** Gross PnL of an account's trades in contracts, by `market:symbol`. */
export function grossBySymbol(trades: readonly StoredTrade[]): Map<string, bigint> {
  const gross = new Map<string, bigint>();
  for (const { market, symbol, gross_pnl } of trades) {
    if (market === "spot" || market === "margin") continue;
    const name = `${market}:${symbol}`;
    gross.set(name, (gross.get(name) ?? 0n) + parseDecimal(gross_pnl ?? "0"));
  }
  return gross;
}
