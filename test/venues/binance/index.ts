import { type AccountOptions, VenueAccount } from "../account.ts";
import { createVenueClock, dayMs, type VenueClock } from "../clock.ts";
import { controlOf } from "../control.ts";
import type { Faults } from "../faults.ts";
import type { FillMarket } from "../ledger-rows.ts";
import type { RequestLog } from "../request-log.ts";
import { serveVenue } from "../server.ts";
import { makeWorld, type World, type WorldOptions } from "../world.ts";
import { binanceApi } from "./api.ts";
import { type BinanceSettings, type BinanceState, defaultSettings } from "./state.ts";

export interface BinanceOptions {
  seed?: string;
  /** Freezes the venue's clock there; left out it runs with the machine's. */
  nowMs?: number;
  /** The year before now, unless the world is given. */
  world?: World | Partial<WorldOptions>;
  settings?: Partial<BinanceSettings>;
  accounts?: readonly AccountOptions[];
  port?: number;
}

export interface BinanceVenue {
  /** For `VENUE_URL_BINANCE`. */
  url: string;
  clock: VenueClock;
  world: World;
  /** Changed by tests as they go. */
  settings: BinanceSettings;
  log: RequestLog;
  faults: Faults;
  accounts: ReadonlyMap<string, VenueAccount>;
  addAccount: (options: AccountOptions) => VenueAccount;
  /** `id` as it was given. @throws {Error} there is none */
  account: (id: string) => VenueAccount;
  /** From then on the symbol is unknown: -1121, and not in exchangeInfo. */
  delist: (market: FillMarket, symbol: string, sinceMs?: number) => void;
  /** These candles of a spot symbol do not exist. */
  hideCandles: (symbol: string, fromMs: number, untilMs: number) => void;
  /** Every endpoint but the system's status answers -1001. */
  setMaintenance: (on: boolean) => void;
  /** TCP connections opened so far. */
  connections: () => number;
  stop: () => Promise<void>;
}

/** Binance on loopback: spot, USD-M, COIN-M and, in small, portfolio margin. */
export async function startBinance(options: BinanceOptions = {}): Promise<BinanceVenue> {
  const clock = createVenueClock(options.nowMs ?? null);
  const world = isWorld(options.world) ? options.world : makeWorld({ ...worldTimes(options, clock), ...options.world });
  const state: BinanceState = {
    world,
    clock,
    settings: { ...defaultSettings, ...options.settings },
    accounts: new Map(),
    delisted: new Map(),
    candleGaps: [],
    maintenance: false,
  };
  const accounts = new Map<string, VenueAccount>();
  const addAccount = (request: AccountOptions): VenueAccount => {
    if (accounts.has(request.id)) throw new Error(`there is an account ${request.id} already`);
    const account = new VenueAccount(world, request);
    accounts.set(account.id, account);
    state.accounts.set(account.apiKey, account);
    return account;
  };
  for (const request of options.accounts ?? []) addAccount(request);
  const venue: Omit<BinanceVenue, "url" | "log" | "faults" | "connections" | "stop"> = {
    clock,
    world,
    settings: state.settings,
    accounts,
    addAccount,
    account: (id) => {
      const account = accounts.get(id);
      if (account === undefined) throw new Error(`there is no account ${id}`);
      return account;
    },
    delist: (market, symbol, sinceMs = 0) => state.delisted.set(`${market}:${symbol}`, sinceMs),
    hideCandles: (symbol, fromMs, untilMs) => state.candleGaps.push({ symbol, fromMs, untilMs }),
    setMaintenance: (on) => {
      state.maintenance = on;
    },
  };
  const server = await serveVenue({
    api: binanceApi(state),
    clock,
    ...(options.port !== undefined && { port: options.port }),
    control: (request) =>
      controlOf({ ...venue, log: server.log, faults: server.faults, connections: server.connections }, request),
  });
  return { ...venue, ...server };
}

function isWorld(world: World | Partial<WorldOptions> | undefined): world is World {
  return world !== undefined && "ticksAt" in world;
}

function worldTimes(options: BinanceOptions, clock: VenueClock): WorldOptions {
  const endMs = clock.nowMs();
  return { seed: options.seed ?? "binance", startMs: endMs - 365 * dayMs, endMs };
}
