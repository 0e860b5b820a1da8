import { type AccountOptions, VenueAccount } from "./account.ts";
import { createVenueClock, dayMs, type VenueClock } from "./clock.ts";
import { type Controlled, controlOf } from "./control.ts";
import type { Faults } from "./faults.ts";
import type { RequestLog } from "./request-log.ts";
import { serveVenue, type VenueApi } from "./server.ts";
import { makeWorld, type World, type WorldOptions } from "./world.ts";

/** What all venues are started with. */
export interface StartOptions {
  seed?: string;
  /** Freezes the venue's clock there; left out it runs with the machine's. */
  nowMs?: number;
  /** The year before now, unless a world is given. */
  world?: World | Partial<WorldOptions>;
  accounts?: readonly AccountOptions[];
  port?: number;
}

/** What all venues have for a test. */
export interface Venue {
  /** For `VENUE_URL_<ID>`. */
  url: string;
  clock: VenueClock;
  world: World;
  log: RequestLog;
  faults: Faults;
  accounts: ReadonlyMap<string, VenueAccount>;
  addAccount: (options: AccountOptions) => VenueAccount;
  /** `id` as it was given. @throws {Error} there is none */
  account: (id: string) => VenueAccount;
  /** Nothing but the system's status answers as usual. */
  setMaintenance: (on: boolean) => void;
  /** TCP connections opened so far. */
  connections: () => number;
  stop: () => Promise<void>;
}

/** What a venue's endpoints share. */
export interface Shared {
  world: World;
  clock: VenueClock;
  /** By API key. */
  byKey: Map<string, VenueAccount>;
  maintenance: boolean;
}

/** Starts a venue; `apiOf` makes its endpoints. */
export async function startVenue(
  options: StartOptions,
  name: string,
  apiOf: (shared: Shared) => VenueApi,
  steer?: Controlled["steer"],
): Promise<Venue> {
  const clock = createVenueClock(options.nowMs ?? null);
  const world = isWorld(options.world)
    ? options.world
    : makeWorld({ ...yearBefore(options, name, clock), ...options.world });
  const shared: Shared = { world, clock, byKey: new Map(), maintenance: false };
  const accounts = new Map<string, VenueAccount>();
  const addAccount = (request: AccountOptions): VenueAccount => {
    if (accounts.has(request.id)) throw new Error(`there is an account ${request.id} already`);
    const account = new VenueAccount(world, request);
    accounts.set(account.id, account);
    shared.byKey.set(account.apiKey, account);
    return account;
  };
  for (const request of options.accounts ?? []) addAccount(request);
  const parts = {
    clock,
    world,
    accounts,
    addAccount,
    account: (id: string): VenueAccount => {
      const account = accounts.get(id);
      if (account === undefined) throw new Error(`there is no account ${id}`);
      return account;
    },
    setMaintenance: (on: boolean): void => {
      shared.maintenance = on;
    },
  };
  const server = await serveVenue({
    api: apiOf(shared),
    clock,
    ...(options.port !== undefined && { port: options.port }),
    control: (request) => controlOf({ ...parts, ...server, steer }, request),
  });
  return { ...parts, ...server };
}

function isWorld(world: World | Partial<WorldOptions> | undefined): world is World {
  return world !== undefined && "ticksAt" in world;
}

function yearBefore(options: StartOptions, name: string, clock: VenueClock): WorldOptions {
  const endMs = clock.nowMs();
  return { seed: options.seed ?? name, startMs: endMs - 365 * dayMs, endMs };
}
