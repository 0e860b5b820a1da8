import type { Context } from "../../context.ts";
import type { Execution, Market } from "../../executions/execution.ts";
import type { StatedPnl } from "../../trades/position.ts";
import type { AccountWarning, BrokerAccount } from "../broker.ts";
import type { MarketSymbol } from "../markets-cache.ts";
import type { RateLimit } from "../rate-budget.ts";
import type { CcxtClient } from "./client.ts";
import type { AccountState } from "./cursor.ts";
import type { Refusal, Verdict } from "./errors.ts";
import type { Markets } from "./markets.ts";
import type { Books } from "./reconcile.ts";

/** What is known of a venue without loading anything of it: the list in `venues.ts` is made of these. */
export interface Venue {
  id: string;
  title: string;
  markets: readonly Market[];
  statedPnl: StatedPnl;
  limits: readonly RateLimit[];
  /** False: ccxt has it and nobody has tried it here. */
  tested: boolean;
  /** Its ways, and with them the shapes of its answers. */
  load: () => Promise<Exchange>;
}

/** An exchange's ways: which lists it has, how far they reach, and what their rows mean. ccxt signs and knows its codes. */
export interface Exchange {
  id: string;
  title: string;
  /** ccxt's module of it, by a path that the bundler can see. */
  load: () => Promise<{ default: ExchangeClass }>;
  /** ccxt's own options. */
  options?: Record<string, unknown>;
  /** What tells the venue's time, without any key; null of an answer that does not. */
  clock: { endpoint: Endpoint; parameters?: Record<string, string>; timeMs: (answer: unknown) => number | null };
  /** What ccxt's classes do not say, or say wrongly; null: they are right. */
  judge?: (refusal: Refusal, nowMs: number) => Verdict | null;
  /** What it lists now of one market; public. */
  listMarkets: (client: CcxtClient, market: Market) => Promise<MarketSymbol[]>;
  /** Which market's table has the symbols of another: margin trades what spot lists. */
  tableOf?: (market: Market) => Market;
  /** What the key may do; asked once a day and before anything else. Left out: the venue does not say. */
  rights?: (client: CcxtClient) => Promise<KeyRights>;
  /** What accounts may have there that is not read: nobody shall miss it in silence. */
  unread?: readonly Unread[];
  /** What it booked itself, to compare with. Left out: it does not say, or nobody knows that it means the same. */
  books?: Books;
  streams: (reading: Reading) => AsyncIterable<Stream> | Iterable<Stream>;
}

export interface KeyRights {
  canRead: boolean;
  canTrade: boolean;
  canWithdraw: boolean;
}

export interface Unread {
  /** In the cursor's notes. */
  key: string;
  /** Asked for accounts of one of these alone. */
  markets: readonly Market[];
  message: string;
  /** Whether the account has it; asked once a day. Left out: rows of a list tell, which calls `noteUnread`. */
  isThere?: (client: CcxtClient) => Promise<boolean>;
}

/** One raw endpoint, by ccxt's name for it. */
export interface Endpoint {
  method: string;
  /** What a request takes of which pools. */
  costs: readonly (readonly [pool: string, weight: number])[];
  /** Public: asked without the key. */
  isPublic?: boolean;
  bytesMax?: number;
}

/** One list of an account that is read by time: oldest window first, whatever the order inside. */
export interface Stream {
  /** In the cursor: `linear`, `spot:BTCUSDT`. */
  key: string;
  /** For messages: `USDT futures`. */
  title: string;
  /** The longest span the venue answers at once; null: any. */
  windowMs: number | null;
  /** How far back the list reaches; null: to the beginning. */
  keptMs: number | null;
  /** Nobody has anything older, where that is known. */
  beginsMs?: number;
  /** It reaches further back; so much is read of it. */
  isCutShort?: boolean;
  /** A list for one symbol that was never traded is left out of the cursor's warnings. */
  isGuess?: boolean;
  /**
   * All that the venue takes as between `fromMs` and `toMs`, both inclusive, in any order.
   * @throws {TooManyRows} the span is then halved @throws {TooOld} it is then moved
   */
  read: (window: Window) => Promise<Execution[]>;
}

export interface Window {
  fromMs: number;
  toMs: number;
}

/** One account being read. */
export interface Reading {
  client: CcxtClient;
  account: Pick<BrokerAccount, "accountId" | "markets" | "importFromMs" | "knownSymbols">;
  state: AccountState;
  markets: Markets;
  /** By code and subject, each once. */
  warnings: Map<string, AccountWarning>;
  context: Context;
}

/** For lists that are asked by whole seconds: what lies outside is in the window before or after. */
export function isWithin({ fromMs, toMs }: Window, { executedAtMs }: Pick<Execution, "executedAtMs">): boolean {
  return executedAtMs >= fromMs && executedAtMs <= toMs;
}

/** More rows than are held in memory at once. */
export class TooManyRows extends Error {
  override readonly name = "TooManyRows";
}

/** The list does not reach back so far: only to `sinceMs`. */
export class TooOld extends Error {
  override readonly name = "TooOld";
  readonly sinceMs: number;

  constructor(sinceMs: number) {
    super(`the list begins at ${new Date(sinceMs).toISOString()}`);
    this.sinceMs = sinceMs;
  }
}

/** As much of a ccxt exchange as is used. Its methods for endpoints are made when it is constructed, so that they have no types. */
export interface ExchangeInstance {
  fetchImplementation: unknown;
  parseJson: (text: string) => unknown;
  milliseconds: () => number;
  seconds: () => number;
  microseconds: () => number;
  nonce: () => number;
  requiredCredentials: Record<string, boolean>;
  options: Record<string, unknown>;
  [method: string]: unknown;
}

export type ExchangeClass = new (config: Record<string, unknown>) => unknown;

export const minuteMs = 60_000;
export const hourMs = 3_600_000;
export const dayMs = 86_400_000;

export function warn(reading: Pick<Reading, "warnings">, subject: string, warning: AccountWarning): void {
  reading.warnings.set(`${warning.code}/${subject}`, warning);
}
