import type { Market } from "../../executions/execution.ts";
import { loadMarkets, type MarketSymbol, type MarketTable } from "../markets-cache.ts";
import { type CcxtClient, publicClient } from "./client.ts";
import { type Reading, warn } from "./exchange.ts";

/** A symbol of a market, with what the venue lists of it; `info` undefined: it is not listed, and never was as far as is known. */
export interface Named {
  market: Market;
  symbol: string;
  info: MarketSymbol | undefined;
}

/** The venue's tables of symbols: loaded when the first row needs them, once a run, and once a day for all runs; without any key. */
export class Markets {
  readonly #client: CcxtClient;

  constructor(client: CcxtClient) {
    this.#client = client;
  }

  async table(market: Market): Promise<MarketTable> {
    const { venue, exchange, tools } = this.#client;
    const kept = exchange.tableOf?.(market) ?? (market === "margin" ? "spot" : market);
    const key = `markets/${kept}`;
    const known = venue.loaded.get(key) as Promise<MarketTable> | undefined;
    if (known !== undefined) return await known;
    const loading = loadMarkets({
      brokerId: exchange.id,
      market: kept,
      cacheDir: tools.cacheDir,
      context: tools.context,
      fetch: () => exchange.listMarkets(publicClient(this.#client), kept),
    });
    venue.loaded.set(key, loading);
    loading.catch(() => venue.loaded.delete(key)); // the next account tries again; this one hears of it where it awaits
    return await loading;
  }

  async named(market: Market, symbol: string): Promise<Named> {
    return { market, symbol, info: (await this.table(market)).symbols.get(symbol) };
  }
}

/** A contract whose size nobody tells cannot be counted: it is said so, and the rest is read. */
export function leaveOut(reading: Pick<Reading, "warnings" | "client">, { market, symbol }: Named): void {
  const { title } = reading.client.exchange;
  const message = `${title} does not list ${symbol} any more, and so what one contract of it is worth is not known: its trades are left out, a file export has them.`;
  warn(reading, `${market}/${symbol}`, { code: "symbol_gone", message });
}

/** A market symbol with what most lists leave out. */
export function listed(entry: Pick<MarketSymbol, "symbol" | "base" | "quote"> & Partial<MarketSymbol>): MarketSymbol {
  return { settle: null, step: null, contractSize: null, deliveryMs: null, listed: true, ...entry };
}
