import { quoteAssets } from "../../executions/symbols.ts";
import type { MarketSymbol, MarketTable } from "../markets-cache.ts";
import type { CoinState } from "./cursor.ts";

/** Which symbols could have moved an asset: those that the account traded before, the latest first, and those that it could have traded. */

/** Null: all of them. `side`: which of the symbol's assets moved; `sinceHour`: only those traded since. */
export function knownTouching(
  { progress }: CoinState,
  { symbols }: MarketTable,
  touching: { moved: ReadonlySet<string>; side: "base" | "quote"; sinceHour?: number } | null,
): string[] {
  const found: { symbol: string; both: boolean; lastHour: number }[] = [];
  for (const [symbol, { gone, lastHour }] of progress) {
    const info = symbols.get(symbol);
    if (gone) continue;
    if (touching === null) found.push({ symbol, both: false, lastHour });
    else if (info !== undefined && lastHour >= (touching.sinceHour ?? 0)) {
      const base = touching.moved.has(info.base);
      const quote = touching.moved.has(info.quote);
      if (touching.side === "base" ? base : quote) found.push({ symbol, both: base && quote, lastHour });
    }
  }
  return found
    .sort((a, b) => Number(b.both) - Number(a.both) || b.lastHour - a.lastHour || (a.symbol < b.symbol ? -1 : 1))
    .map(({ symbol }) => symbol);
}

const quoteRank = new Map(quoteAssets.map((asset, index) => [asset, index]));

/** Others are quoted in it. */
export function isQuoteAsset(asset: string): boolean {
  return quoteRank.has(asset);
}

/**
 * Never traded so far: symbols whose base asset moved, where the other side is something that others are quoted in, or an asset that the account
 * has. First those of which both sides moved.
 */
export function candidatesOf(state: CoinState, table: MarketTable, moved: ReadonlySet<string>): string[] {
  if (moved.size === 0) return [];
  const held = state.ledger.totals;
  const rank = ({ quote }: MarketSymbol) => quoteRank.get(quote) ?? quoteAssets.length;
  return candidatesByBase(table, moved)
    .filter(
      ({ symbol, quote }) =>
        !state.progress.has(symbol) && (quoteRank.has(quote) || held.has(quote) || moved.has(quote)),
    )
    .sort(
      (a, b) =>
        Number(moved.has(b.quote)) - Number(moved.has(a.quote)) || rank(a) - rank(b) || (a.symbol < b.symbol ? -1 : 1),
    )
    .map(({ symbol }) => symbol);
}

function candidatesByBase({ symbols }: MarketTable, moved: ReadonlySet<string>): MarketSymbol[] {
  return [...symbols.values()].filter(({ base, listed }) => listed && moved.has(base));
}
