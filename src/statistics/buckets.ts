import type { Direction, Market } from "../executions/execution.ts";
import type { ClosedTrade, Id } from "./closed-trade.ts";

/** Trades that are alike in everything but their time and amounts: what they add up to is summed once, and shared out at the end. */
export interface Bucket {
  readonly index: number;
  readonly currency: string;
  readonly symbol: string;
  readonly market: Market;
  readonly broker: string;
  readonly account: string;
  readonly direction: Direction;
  /** Its market trades at weekends. */
  readonly isEveryDay: boolean;
}

type Labels = Pick<ClosedTrade, "pnlCurrency" | "symbol" | "market" | "broker" | "accountId" | "direction">;

export class Buckets {
  readonly list: Bucket[] = [];
  readonly #bySymbol = new Map<string, { bucket: Bucket; accountId: Id }[]>();
  #last: { bucket: Bucket; accountId: Id } | null = null;

  of(trade: Labels): Bucket {
    if (this.#last !== null && this.#last.bucket.symbol === trade.symbol && matches(this.#last, trade)) {
      return this.#last.bucket;
    }
    let known = this.#bySymbol.get(trade.symbol);
    if (known === undefined) {
      known = [];
      this.#bySymbol.set(trade.symbol, known);
    }
    for (const entry of known) {
      if (!matches(entry, trade)) continue;
      this.#last = entry;
      return entry.bucket;
    }
    const bucket: Bucket = {
      index: this.list.length,
      currency: trade.pnlCurrency,
      symbol: trade.symbol,
      market: trade.market,
      broker: trade.broker,
      account: String(trade.accountId),
      direction: trade.direction,
      isEveryDay: tradesEveryDay(trade.market, trade.pnlCurrency),
    };
    this.#last = { bucket, accountId: trade.accountId };
    known.push(this.#last);
    this.list.push(bucket);
    return bucket;
  }
}

function matches({ bucket, accountId }: { bucket: Bucket; accountId: Id }, trade: Labels): boolean {
  return (
    bucket.direction === trade.direction &&
    accountId === trade.accountId &&
    bucket.market === trade.market &&
    bucket.currency === trade.pnlCurrency &&
    bucket.broker === trade.broker
  );
}

/** Crypto's markets are open on all days, and so are options that settle in crypto: in nothing that ISO 4217 knows. */
export function tradesEveryDay(market: Market, pnlCurrency: string): boolean {
  switch (market) {
    case "spot":
    case "margin":
    case "linear":
    case "inverse":
      return true;
    case "option":
      return !isStateCurrency(pnlCurrency);
    case "forex":
    case "cfd":
    case "stock":
    case "future":
      return false;
  }
}

let stateCurrencies: ReadonlySet<string> | null = null;

function isStateCurrency(currency: string): boolean {
  stateCurrencies ??= new Set(Intl.supportedValuesOf("currency"));
  return stateCurrencies.has(currency);
}
