import { join } from "node:path";
import type { Context } from "../context.ts";
import { messageOf } from "../errors.ts";
import { type Decimal, DecimalError, parseDecimal } from "../executions/decimal.ts";
import type { Execution, Market } from "../executions/execution.ts";
import { readCache, writeCache } from "./cache-file.ts";

/** What a venue trades: fetched once a venue and day without any key, kept on disk, shared by all accounts and runs. */
export interface MarketSymbol {
  symbol: string;
  base: string;
  quote: string;
  /** What PnL is paid in; null on spot. */
  settle: string | null;
  /** Decimal text of the smallest change of a quantity. */
  step: string | null;
  /** Decimal text; base units (inverse: quote units) in one unit of quantity; null on spot. */
  contractSize: string | null;
  /** When the contract settles, or has settled; null: never. */
  deliveryMs: number | null;
  /** False: it was there once. */
  listed: boolean;
  /** Spot: may be traded on margin. */
  margin?: boolean;
}

export interface MarketTable {
  market: Market;
  fetchedAtMs: number;
  symbols: ReadonlyMap<string, MarketSymbol>;
}

export interface MarketsSource {
  brokerId: string;
  market: Market;
  cacheDir: string;
  context: Pick<Context, "clock" | "log">;
  /** All that the venue lists now. */
  fetch: () => Promise<MarketSymbol[]>;
}

const freshMs = 86_400_000;
const version = 1;

interface Stored {
  version: number;
  fetchedAtMs: number;
  symbols: MarketSymbol[];
}

/** Of today; where the venue does not answer, those of an earlier day. @throws what `fetch` throws, when there are none at all */
export async function loadMarkets(source: MarketsSource): Promise<MarketTable> {
  const { brokerId, market, cacheDir, context } = source;
  const path = pathOf(cacheDir, brokerId, market);
  const stored = readStored(path);
  const nowMs = context.clock.nowMs();
  if (stored !== null && nowMs - stored.fetchedAtMs < freshMs && nowMs >= stored.fetchedAtMs)
    return toTable(market, stored);
  try {
    const listed = await source.fetch();
    const table = { version, fetchedAtMs: nowMs, symbols: withFormer(listed, stored?.symbols ?? []) };
    if (!writeCache(path, table)) context.log.warning("cache_unwritable", { path });
    return toTable(market, table);
  } catch (error) {
    if (stored === null) throw error;
    context.log.warning("markets_outdated", { broker: brokerId, market, message: messageOf(error) });
    return toTable(market, stored);
  }
}

/**
 * The matcher's `stepOf` for the executions of one broker. It reads the cache when it is first asked, which is after the markets were
 * loaded, since a broker loads them before it hands out executions.
 */
export function stepLookup(
  brokerId: string,
  cacheDir: string,
): (execution: Pick<Execution, "market" | "symbol">) => Decimal | null {
  const tables = new Map<Market, Map<string, Decimal>>();
  return ({ market, symbol }) => {
    const kept = market === "margin" ? "spot" : market;
    let steps = tables.get(kept);
    if (steps === undefined) {
      const stored = readStored(pathOf(cacheDir, brokerId, kept));
      steps = stepsOf(stored?.symbols ?? []);
      if (stored !== null) tables.set(kept, steps);
    }
    return steps.get(symbol) ?? null;
  };
}

function stepsOf(symbols: readonly MarketSymbol[]): Map<string, Decimal> {
  const steps = new Map<string, Decimal>();
  for (const { symbol, step } of symbols) {
    try {
      if (step !== null) steps.set(symbol, parseDecimal(step));
    } catch (error) {
      if (!(error instanceof DecimalError)) throw error; // a step that is no number is none
    }
  }
  return steps;
}

/** Symbols that are gone stay known: executions of them still have to be taken apart. */
function withFormer(listed: MarketSymbol[], former: readonly MarketSymbol[]): MarketSymbol[] {
  const names = new Set(listed.map(({ symbol }) => symbol));
  return [
    ...listed,
    ...former.filter(({ symbol }) => !names.has(symbol)).map((symbol) => ({ ...symbol, listed: false })),
  ];
}

function pathOf(cacheDir: string, brokerId: string, market: Market): string {
  return join(cacheDir, "markets", `${brokerId}-${market}.json`);
}

function readStored(path: string): Stored | null {
  const value = readCache(path);
  if (typeof value !== "object" || value === null) return null;
  const { version: written, fetchedAtMs, symbols } = value as Partial<Stored>;
  if (written !== version || typeof fetchedAtMs !== "number" || !Array.isArray(symbols)) return null;
  return { version, fetchedAtMs, symbols };
}

function toTable(market: Market, { fetchedAtMs, symbols }: Stored): MarketTable {
  return { market, fetchedAtMs, symbols: new Map(symbols.map((symbol) => [symbol.symbol, symbol])) };
}
