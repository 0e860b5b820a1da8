import type { VenueClock } from "./clock.ts";

export interface BanRules {
  /** Refused requests in one window until the ban: the first says slow down, the next ones are held against the client. */
  refusalsUntilBan: number;
  firstBanMs: number;
  banMsMax: number;
  /** Requests sent while banned, after which the ban starts again, twice as long. */
  sentWhileBannedMax: number;
}

export const defaultBanRules: BanRules = {
  refusalsUntilBan: 3,
  firstBanMs: 120_000,
  banMsMax: 3 * 86_400_000,
  sentWhileBannedMax: 10,
};

export type Verdict =
  | { kind: "free"; used: number }
  | { kind: "limited"; used: number; retryAfterSeconds: number }
  | { kind: "banned"; used: number; untilMs: number };

interface Window {
  number: number;
  used: number;
}

/** Weight in windows that start with the minute of the venue's clock. */
export class WeightWindows {
  readonly #windows = new Map<string, Window>();
  readonly #clock: VenueClock;
  readonly windowMs: number;

  constructor(clock: VenueClock, windowMs: number) {
    this.#clock = clock;
    this.windowMs = windowMs;
  }

  /** What was used in this window, the weight included. */
  add(key: string, weight: number): number {
    const window = this.#current(key);
    window.used += weight;
    return window.used;
  }

  used(key: string): number {
    return this.#current(key).used;
  }

  /** Until the next window, rounded up. */
  secondsLeft(): number {
    const nowMs = this.#clock.nowMs();
    return Math.ceil(((Math.floor(nowMs / this.windowMs) + 1) * this.windowMs - nowMs) / 1_000);
  }

  #current(key: string): Window {
    const number = Math.floor(this.#clock.nowMs() / this.windowMs);
    const found = this.#windows.get(key);
    if (found !== undefined && found.number === number) return found;
    const window = { number, used: 0 };
    this.#windows.set(key, window);
    return window;
  }
}

interface Offender {
  refusals: WeightRefusals;
  bannedUntilMs: number;
  bans: number;
  sentWhileBanned: number;
}

interface WeightRefusals {
  window: number;
  count: number;
}

/** Counts by address, not by key; who goes on after a refusal is banned, each time for longer. */
export class IpGuard {
  readonly windows: WeightWindows;
  readonly #clock: VenueClock;
  readonly #rules: BanRules;
  readonly #offenders = new Map<string, Offender>();

  constructor(clock: VenueClock, windowMs: number, rules: BanRules) {
    this.windows = new WeightWindows(clock, windowMs);
    this.#clock = clock;
    this.#rules = rules;
  }

  /** `key` is an address and what is counted together there. */
  check(key: string, weight: number, limit: number): Verdict {
    const banned = this.#whileBanned(key);
    if (banned !== null) return banned;
    const used = this.windows.add(key, weight);
    return used <= limit ? { kind: "free", used } : this.refuse(key, used);
  }

  /** A limit was passed, here or elsewhere. */
  refuse(key: string, used: number): Verdict {
    const offender = this.#offender(key);
    const window = Math.floor(this.#clock.nowMs() / this.windows.windowMs);
    if (offender.refusals.window !== window) offender.refusals = { window, count: 0 };
    offender.refusals.count++;
    if (offender.refusals.count <= this.#rules.refusalsUntilBan) {
      return { kind: "limited", used, retryAfterSeconds: this.windows.secondsLeft() };
    }
    return { kind: "banned", used, untilMs: this.#ban(offender) };
  }

  /** Null: not banned. Whoever goes on sending is banned anew. */
  bannedUntilMs(key: string): number | null {
    const until = this.#offenders.get(key)?.bannedUntilMs ?? 0;
    return until > this.#clock.nowMs() ? until : null;
  }

  ban(key: string, forMs: number): void {
    const offender = this.#offender(key);
    offender.bannedUntilMs = this.#clock.nowMs() + forMs;
    offender.bans++;
  }

  #whileBanned(key: string): Verdict | null {
    const offender = this.#offenders.get(key);
    if (offender === undefined || offender.bannedUntilMs <= this.#clock.nowMs()) return null;
    offender.sentWhileBanned++;
    if (offender.sentWhileBanned > this.#rules.sentWhileBannedMax) this.#ban(offender);
    return { kind: "banned", used: this.windows.used(key), untilMs: offender.bannedUntilMs };
  }

  #ban(offender: Offender): number {
    const lengthMs = Math.min(this.#rules.banMsMax, this.#rules.firstBanMs * 2 ** offender.bans);
    offender.bans++;
    offender.sentWhileBanned = 0;
    offender.bannedUntilMs = this.#clock.nowMs() + lengthMs;
    return offender.bannedUntilMs;
  }

  #offender(key: string): Offender {
    const found = this.#offenders.get(key);
    if (found !== undefined) return found;
    const offender = { refusals: { window: -1, count: 0 }, bannedUntilMs: 0, bans: 0, sentWhileBanned: 0 };
    this.#offenders.set(key, offender);
    return offender;
  }
}
