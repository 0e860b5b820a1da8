import type { VenueAccount } from "../account.ts";
import { dayMs } from "../clock.ts";
import type { FillMarket } from "../ledger-rows.ts";
import { type BanRules, defaultBanRules } from "../rate-limits.ts";
import type { Shared } from "../start.ts";
import type { SymbolSpec } from "../world-symbols.ts";
import { invalidSymbol, keyRejected } from "./errors.ts";
import type { Parameters } from "./parameters.ts";

export interface BinanceSettings {
  /** Weight a window and address; the last two are of each `sapi` endpoint by itself. */
  limits: { spot: number; linear: number; inverse: number; portfolio: number; sapiAddress: number; sapiUid: number };
  windowMs: number;
  bans: BanRules;
  /** What `Retry-After` says during a ban: nothing useful, as clients saw, or the truth, as documented. */
  retryAfterOnBan: "zero" | "seconds" | "absent";
  /** How far back the lists reach; null: for ever. */
  retentionMs: { linearTrades: number | null; income: number | null };
  /** A window that lies before the retention: empty, or -4166. */
  tooOld: "empty" | "error";
  /** USD-M: a commission that is paid is negative in the documented sample, positive in what clients recorded. */
  linearCommissionSign: "negative" | "positive";
  /** Rows of one millisecond come in any order, also where a page ends. */
  sameMillisecond: "any-order" | "by-id";
}

export const defaultSettings: BinanceSettings = {
  limits: { spot: 6_000, linear: 2_400, inverse: 2_400, portfolio: 6_000, sapiAddress: 12_000, sapiUid: 180_000 },
  windowMs: 60_000,
  bans: defaultBanRules,
  retryAfterOnBan: "zero",
  retentionMs: { linearTrades: 183 * dayMs, income: 90 * dayMs },
  tooOld: "empty",
  linearCommissionSign: "negative",
  sameMillisecond: "any-order",
};

/** What all endpoints share. */
export interface BinanceState extends Shared {
  settings: BinanceSettings;
  /** `market:symbol` and since when it is gone. */
  delisted: Map<string, number>;
  /** Candles that do not exist: `symbol` on spot, from and until. */
  candleGaps: { symbol: string; fromMs: number; untilMs: number }[];
}

/** One request that passed the checks of its route. */
export interface Call {
  state: BinanceState;
  parameters: Parameters;
  nowMs: number;
  path: string;
  ip: string;
  /** Null on public endpoints. */
  account: VenueAccount | null;
}

export function accountOf(call: Call): VenueAccount {
  if (call.account === null) throw keyRejected(call.path, call.ip);
  return call.account;
}

export function isListed(state: BinanceState, market: FillMarket, symbol: string): boolean {
  const sinceMs = state.delisted.get(`${market}:${symbol}`);
  return sinceMs === undefined || state.clock.nowMs() < sinceMs;
}

/** @throws {BinanceError} -1121: never listed, or delisted */
export function specOf({ state }: Call, market: FillMarket, symbol: string): SymbolSpec {
  const spec = state.world.find(market === "margin" ? "spot" : market, symbol);
  if (spec === undefined || !isListed(state, market === "margin" ? "spot" : market, symbol)) throw invalidSymbol();
  return spec;
}
