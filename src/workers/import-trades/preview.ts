import type { BrokerFile, FilePage } from "../../brokers/files.ts";
import type { Execution } from "../../executions/execution.ts";
import { pnlCurrencyOf } from "../../executions/execution.ts";
import type { Trade } from "../../trades/trade.ts";

/** What a dry run says of one file beside its counts. */
export interface FilePreview {
  broker: string;
  /** As the file names it. */
  account: string | null;
  zone: BrokerFile["zone"];
  markets: string[];
  symbols: string[];
  /** There were more symbols than are listed. */
  symbolsTruncated: boolean;
  /** Of the PnL. */
  currencies: string[];
  executions: Counts;
  /** The first in the order of their opening; of a long file the first that are closed. */
  firstTrades: Trade[];
}

/** Of executions and of trades that the broker reports whole. */
export interface Counts {
  created: number;
  duplicates: number;
  rejected: number;
}

export const firstTradesMax = 5;
export const symbolsMax = 200;
/** Enough of any file to find some that are closed: their revisions cost time, and memory. */
const batchesMax = 50;
const tradesMax = 1_000;

/** Looks on while a file is imported, and keeps little of it, however long it is. */
export class Preview {
  readonly #markets = new Set<string>();
  readonly #symbols = new Set<string>();
  readonly #currencies = new Set<string>();
  #symbolsTruncated = false;
  readonly #trades = new Map<string, Trade>();
  #closed = 0;
  #batches = 0;
  /** As a symbol was seen last: of nearly every row nothing is new. */
  readonly #seen = new Map<string, { market: string; currency: string | null }>();

  /** Whether trades are still looked for: making their revisions takes time. */
  get wantsTrades(): boolean {
    return this.#closed < firstTradesMax && this.#batches < batchesMax && this.#trades.size < tradesMax;
  }

  seePage({ executions, trades }: FilePage): void {
    for (const execution of executions) this.#see(execution, pnlCurrencyOf(execution));
    for (const trade of trades) this.#see(trade, trade.pnlCurrency);
  }

  #see({ market, symbol }: Pick<Execution, "market" | "symbol">, currency: string | null): void {
    const before = this.#seen.get(symbol);
    if (before !== undefined && before.market === market && before.currency === currency) return;
    if (before !== undefined || this.#seen.size < symbolsMax) this.#seen.set(symbol, { market, currency });
    this.#markets.add(market);
    if (currency !== null && this.#currencies.size < symbolsMax) this.#currencies.add(currency);
    if (this.#symbols.size < symbolsMax) this.#symbols.add(symbol);
    else this.#symbolsTruncated ||= !this.#symbols.has(symbol);
  }

  /** A batch of revisions, on its way to the journal. */
  seeTrades(trades: readonly Trade[]): void {
    if (!this.wantsTrades) return;
    this.#batches++;
    for (const trade of trades) {
      const before = this.#trades.get(trade.externalId);
      if (before?.status === "closed") this.#closed--;
      if (trade.status === "void") this.#trades.delete(trade.externalId);
      else this.#trades.set(trade.externalId, { ...trade, legs: [], state: null });
      if (trade.status === "closed") this.#closed++;
    }
  }

  end({ format, account, zone }: BrokerFile, executions: Counts): FilePreview {
    // Whether an open one is open at the end of the file is not known where no more of them were looked at.
    const known = [...this.#trades.values()].filter(({ status }) => status === "closed" || this.wantsTrades);
    known.sort((a, b) => a.openedAtMs - b.openedAtMs || (a.externalId < b.externalId ? -1 : 1));
    return {
      broker: format.broker,
      account,
      zone,
      markets: [...this.#markets].sort(),
      symbols: [...this.#symbols].sort(),
      symbolsTruncated: this.#symbolsTruncated,
      currencies: [...(format.currency === null ? this.#currencies : [format.currency])].sort(),
      executions,
      firstTrades: known.slice(0, firstTradesMax),
    };
  }
}
