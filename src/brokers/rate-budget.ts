import type { Clock } from "../context.ts";
import { Failure } from "../errors.ts";
import { openRateStore, type RateStore } from "./rate-budget-store.ts";

/** What a venue lets one machine ask of it: shared by all accounts and all runs, kept in DATA_DIR, corrected by the venue's own headers. */
export interface RateBudget {
  /**
   * Waits until the weight may be spent, in turns that are fair among accounts; nothing is sent while the venue has banned us.
   * `pool`: which of the venue's limits; left out: the first one.
   * @throws {Failure} `data` with code `rate_limited` when that is later than the cycle lasts
   */
  take: (weight: number, accountId: string, pool?: string) => Promise<void>;
  /**
   * For work that can wait: whether the weight is free now, nobody waits, and the pool would stay within `share` (0 to 1) of its limit. Where others
   * always wait, a twentieth of the pool is such work's all the same: it would never be done else.
   */
  hasSpare: (weight: number, accountId: string, options: { share: number; pool?: string }) => boolean;
  /** The venue's own count of what was used in its window. */
  observe: (used: { weight: number; windowMs: number; atMs: number; pool?: string }) => void;
  /** 429 and 418: nothing goes out before then; with a pool, nothing of that pool. */
  banUntil: (untilMs: number, pool?: string) => void;
  /** Until when the venue's last ban of all pools lasts or lasted, by any run of this machine; null: none known. */
  lastBanUntilMs: () => number | null;
  close: () => void;
}

export interface RateLimit {
  pool: string;
  /** What the venue allows in a window. */
  weight: number;
  windowMs: number;
  /** Counted by user, not by address. */
  perAccount?: boolean;
}

export interface RateBudgetOptions {
  dataDir: string;
  clock: Pick<Clock, "nowMs" | "sleep">;
  /** Whoever waits is let go with its reason when it is aborted. */
  signal?: AbortSignal;
  /** When the cycle ends: what would have to wait longer fails at once. Null: no end. */
  deadlineMs?: number | null;
}

/** Left to others on this address: a person's browser, another machine behind the same router. */
const reserve = 0.02;
/** Of a pool that is never free: for work that can wait. */
const patientShare = 0.05;
/** What is on its way when the venue's window changes counts in the next one. */
const windowSlackMs = 500;
/** The longest ban is 3 days; more is a misread header. */
const banMsMax = 4 * 86_400_000;

interface Waiter {
  weight: number;
  accountId: string;
  resolve: () => void;
  reject: (error: unknown) => void;
}

interface Pool {
  limit: RateLimit;
  waiting: Map<string, Waiter[]>;
  /** The number of each account's last turn: who waited longest for one comes next. */
  turns: Map<string, number>;
  turn: number;
  pumping: boolean;
}

/** One budget a venue and machine; several processes may have it open at once. @throws {Failure} `settings`: DATA_DIR cannot be used */
export function openRateBudget(venue: string, limits: readonly RateLimit[], options: RateBudgetOptions): RateBudget {
  const { clock, signal, deadlineMs = null } = options;
  const store = openRateStore(options.dataDir);
  const pools = new Map<string, Pool>();
  const poolOf = (name: string | undefined, accountId: string): [key: string, pool: Pool] => {
    const limit = limitOf(limits, name);
    const key = `${venue}/${limit.pool}${limit.perAccount === true ? `/${accountId}` : ""}`;
    let pool = pools.get(key);
    if (pool === undefined) {
      pool = { limit, waiting: new Map(), turns: new Map(), turn: 0, pumping: false };
      pools.set(key, pool);
    }
    return [key, pool];
  };
  const bansOf = (limit: RateLimit) => [`${venue}/*`, `${venue}/${limit.pool}`];
  const attempt = (key: string, { limit }: Pool, weight: number, allowed: number) =>
    takeNow(store, { key, bans: bansOf(limit), weight, allowed, windowMs: limit.windowMs, nowMs: clock.nowMs() });

  async function pump(key: string, pool: Pool): Promise<void> {
    pool.pumping = true;
    try {
      for (let waiter = next(pool); waiter !== null; waiter = next(pool)) {
        const freeAtMs = attempt(key, pool, waiter.weight, allowedOf(pool.limit, waiter.weight));
        if (freeAtMs === null) {
          leave(pool, waiter);
          waiter.resolve();
        } else if (deadlineMs !== null && freeAtMs > deadlineMs) {
          leave(pool, waiter);
          waiter.reject(tooLate(venue, freeAtMs));
        } else await clock.sleep(Math.max(1, freeAtMs - clock.nowMs()), signal);
      }
    } catch (error) {
      for (const waiters of pool.waiting.values()) for (const waiter of waiters) waiter.reject(error);
      pool.waiting.clear();
    } finally {
      pool.pumping = false;
    }
  }

  return {
    take(weight, accountId, name) {
      if (signal?.aborted === true) return Promise.reject(signal.reason);
      const [key, pool] = poolOf(name, accountId);
      return new Promise((resolve, reject) => {
        const waiters = pool.waiting.get(accountId) ?? [];
        waiters.push({ weight, accountId, resolve, reject });
        pool.waiting.set(accountId, waiters);
        if (!pool.pumping) void pump(key, pool);
      });
    },
    hasSpare(weight, accountId, { share, pool: name }) {
      const [key, { limit, waiting }] = poolOf(name, accountId);
      const nowMs = clock.nowMs();
      if (bannedUntilMs(store, bansOf(limit)) > nowMs) return false;
      const keptMs = limit.windowMs + windowSlackMs;
      const used = sum(store.transact(() => store.read(key, nowMs - keptMs)));
      const isFree = waiting.size === 0 && used + weight <= Math.floor(limit.weight * share);
      // A pool of the account's own is kept busy by nobody else.
      if (limit.perAccount === true) return isFree;
      // It takes its turn among the others, which may be two windows later: not so late that the account would fail for it.
      const queued = sum([...waiting.values()].flat());
      const isSoon = queued + weight <= limit.weight && (deadlineMs === null || nowMs + 2 * keptMs < deadlineMs);
      if (!isFree && !isSoon) return false;
      const allowed = isFree ? Number.POSITIVE_INFINITY : Math.max(weight, limit.weight * patientShare);
      return countPatient(store, { key: `${key}#patient`, weight, allowed, windowMs: limit.windowMs, nowMs });
    },
    observe({ weight, windowMs, atMs, pool: name }) {
      const limit = limitOf(limits, name);
      if (windowMs !== limit.windowMs || limit.perAccount === true) return;
      const key = `${venue}/${limit.pool}`;
      store.transact(() => {
        const used = sum(store.read(key, atMs - windowMs - windowSlackMs));
        if (weight > used) store.add(key, atMs, weight - used);
      });
    },
    banUntil(untilMs, name) {
      const until = Math.min(untilMs, clock.nowMs() + banMsMax);
      store.ban(name === undefined ? `${venue}/*` : `${venue}/${limitOf(limits, name).pool}`, until);
    },
    lastBanUntilMs: () => store.bannedUntil(`${venue}/*`),
    close: () => store.close(),
  };
}

function limitOf(limits: readonly RateLimit[], name: string | undefined): RateLimit {
  const limit = name === undefined ? limits[0] : limits.find(({ pool }) => pool === name);
  if (limit === undefined) throw new RangeError(`no such pool: ${name}`);
  return limit;
}

/** Never less than the one request that is asked for: else it would wait for ever. */
function allowedOf({ pool, weight: whole }: RateLimit, weight: number): number {
  if (weight > whole)
    throw new RangeError(`a request of weight ${weight} never fits into ${pool}, which allows ${whole}`);
  return Math.max(weight, Math.floor(whole * (1 - reserve)));
}

interface Take {
  key: string;
  bans: readonly string[];
  weight: number;
  allowed: number;
  windowMs: number;
  nowMs: number;
}

/** Null: it is taken. Else the earliest time at which it could be, as far as is known now. */
function takeNow(store: RateStore, { key, bans, weight, allowed, windowMs, nowMs }: Take): number | null {
  return store.transact(() => {
    const banEndMs = bannedUntilMs(store, bans);
    if (banEndMs > nowMs) return banEndMs;
    const keptMs = windowMs + windowSlackMs;
    const entries = store.read(key, nowMs - keptMs);
    let used = sum(entries);
    if (used + weight <= allowed) {
      store.add(key, nowMs, weight);
      store.forget(key, nowMs - keptMs);
      return null;
    }
    for (const entry of entries) {
      used -= entry.weight;
      if (used + weight <= allowed) return entry.atMs + keptMs;
    }
    return nowMs + keptMs;
  });
}

/** What such work was granted has a count of its own; the request itself is taken and counted as any other. */
function countPatient(store: RateStore, { key, weight, allowed, windowMs, nowMs }: Omit<Take, "bans">): boolean {
  return store.transact(() => {
    const sinceMs = nowMs - windowMs;
    if (sum(store.read(key, sinceMs)) + weight > allowed) return false;
    store.add(key, nowMs, weight);
    store.forget(key, sinceMs);
    return true;
  });
}

function bannedUntilMs(store: RateStore, bans: readonly string[]): number {
  return Math.max(...bans.map((ban) => store.bannedUntil(ban) ?? 0));
}

function sum(entries: readonly { weight: number }[]): number {
  return entries.reduce((total, { weight }) => total + weight, 0);
}

/** Of the account whose last turn is longest ago; of several without one, the first that came. */
function next({ waiting, turns }: Pool): Waiter | null {
  let chosen: Waiter | null = null;
  let oldest = Number.POSITIVE_INFINITY;
  for (const [accountId, [first]] of waiting) {
    const turn = turns.get(accountId) ?? 0;
    if (first === undefined || turn >= oldest) continue;
    chosen = first;
    oldest = turn;
  }
  return chosen;
}

/** Served or refused. */
function leave(pool: Pool, { accountId }: Waiter): void {
  const waiters = pool.waiting.get(accountId) ?? [];
  waiters.shift();
  if (waiters.length === 0) pool.waiting.delete(accountId);
  pool.turns.set(accountId, ++pool.turn);
}

function tooLate(venue: string, freeAtMs: number): Failure {
  return new Failure(
    "data",
    `${venue} allows the next request at ${new Date(freeAtMs).toISOString()}, after this cycle ends.`,
    {
      code: "rate_limited",
      hint: "Nothing to do: a later cycle goes on from here.",
      retryable: true,
    },
  );
}
