import type { Context } from "../context.ts";
import type { Execution, Market } from "../executions/execution.ts";
import type { StatedPnl } from "../trades/position.ts";
import type { Trade } from "../trades/trade.ts";
import type { RateBudget } from "./rate-budget.ts";

/** The contract of a connector: reads one account's executions from a broker's API. `index.ts` lists them. */
export interface Broker {
  /** As accounts name it, and first in the ids of its executions: `binance`. */
  id: string;
  title: string;
  markets: readonly Market[];
  /** How its executions state their PnL. */
  statedPnl: StatedPnl;
  /** False: ccxt has it and we have not tried it; its accounts carry the warning `untested`. */
  tested: boolean;
  /**
   * Everything new for one account, page by page. Within a market and symbol executions come in the order of `compareExecutions`, funding among
   * fills; what comes late all the same is sorted in by the importer. A page's cursor covers all pages so far: it is stored with them in one
   * transaction and comes back as `account.cursor`. Stops, with a cursor that lets the next cycle go on, when `context.signal` is aborted.
   * @throws {Failure} `data` for what is wrong with the account, with one of `brokerErrorCodes` as its code
   */
  read: (account: BrokerAccount, tools: BrokerTools) => AsyncIterable<SourcePage>;
}

export interface BrokerAccount {
  /** For logs and for fair shares of the budget. */
  accountId: string;
  markets: readonly Market[];
  /** In memory only while the account is imported; in no log, error, file or cache. */
  credentials: Credentials;
  /** What an earlier page ended with; null at first. Made of JSON values. */
  cursor: unknown;
  /** Nothing older is wanted; null: everything that the broker still has. */
  importFromMs: number | null;
  /**
   * What the platform has executions of, of a file or of an earlier import, though the cursor may not know of it: where a venue lists trades of one
   * symbol at a time, these are asked for, too.
   */
  knownSymbols?: readonly { market: Market; symbol: string }[];
}

export interface Credentials {
  apiKey: string;
  apiSecret: string;
  /** OKX, KuCoin, Bitget. */
  passphrase?: string;
}

export interface BrokerTools {
  context: Context;
  /** The venue's, shared by all accounts and runs of this machine. */
  budget: RateBudget;
  /** DATA_DIR/cache: public market data, never an account's. */
  cacheDir: string;
  /** VENUE_URL_<ID>: where all of the venue's hosts are, for tests, proxies and mirrors; null: at the venue. */
  venueUrl: string | null;
}

export interface SourcePage {
  executions: Execution[];
  /** Closed positions as the broker reports them, whole: `origin` is `broker_reported`. One that comes again as it was is no change. */
  trades?: Trade[];
  /** Left out: this page cannot be gone on from. */
  cursor?: unknown;
  /** What the account's owner should know; each is reported once a cycle. */
  warnings?: AccountWarning[];
}

/** `partial`: history is complete only from `sinceMs` on, or some symbols are still to come. */
export interface AccountWarning {
  code:
    | "partial"
    | "untested"
    | "key_can_trade"
    | "key_can_withdraw"
    | "pnl_mismatch"
    | "symbol_gone"
    | "clock_off"
    | "unsure_time";
  message: string;
  sinceMs?: number;
}

/** What errors mean, the same for every broker; the status that the account gets. */
export const brokerErrorCodes = {
  broker_auth_failed: "auth_failed",
  key_expired: "auth_failed",
  ip_not_allowed: "auth_failed",
  permission_missing: "auth_failed",
  rate_limited: "rate_limited",
  broker_unavailable: "broker_unavailable",
  broker_maintenance: "broker_unavailable",
  clock_off: "broker_unavailable",
  timeout: "broker_unavailable",
  broker_answer: "needs_review",
} as const;
export type BrokerErrorCode = keyof typeof brokerErrorCodes;
