import "../../jitless.ts";
import { type } from "arktype";
import { loadMarkets, type MarketSymbol, type MarketTable } from "../markets-cache.ts";
import type { BinanceClient } from "./client.ts";
import { endpoints } from "./endpoints.ts";

/** `exchangeInfo` of the three kinds of market; margin trades what spot lists. About 15 MB on spot. */
const Filter = type({ filterType: "string", "stepSize?": "string" });
const SpotInfo = type({
  symbols: type({
    symbol: "string > 0",
    baseAsset: "string > 0",
    quoteAsset: "string > 0",
    "isMarginTradingAllowed?": "boolean",
    "filters?": Filter.array(),
  }).array(),
});
const FuturesInfo = type({
  symbols: type({
    symbol: "string > 0",
    baseAsset: "string > 0",
    quoteAsset: "string > 0",
    "marginAsset?": "string > 0",
    "deliveryDate?": "number.integer",
    "contractSize?": "number.integer > 0",
    "filters?": Filter.array(),
  }).array(),
});

export type BinanceMarket = "spot" | "linear" | "inverse";

const bytesMax = 128_000_000;
/** Perpetuals have a delivery date in the year 2100. */
const deliveryMsMax = Date.UTC(2099, 0, 1);

/** Once a run, and once a day for all runs. */
export function marketsOf(client: BinanceClient, market: BinanceMarket): Promise<MarketTable> {
  const { loaded } = client.venue;
  const key = `markets/${market}`;
  const known = loaded.get(key) as Promise<MarketTable> | undefined;
  if (known !== undefined) return known;
  const { cacheDir, context } = client.tools;
  const loading = loadMarkets({
    brokerId: "binance",
    market,
    cacheDir,
    context,
    fetch: () => fetchMarkets(client, market),
  });
  loaded.set(key, loading);
  loading.catch(() => loaded.delete(key)); // the next account tries again; this one hears of it where it awaits
  return loading;
}

async function fetchMarkets(client: BinanceClient, market: BinanceMarket): Promise<MarketSymbol[]> {
  if (market === "spot") {
    const { symbols } = await client.get(endpoints.spotMarkets, {}, SpotInfo, { bytesMax });
    return symbols.map((entry) => ({
      symbol: entry.symbol,
      base: entry.baseAsset,
      quote: entry.quoteAsset,
      settle: null,
      step: stepOf(entry.filters),
      contractSize: null,
      deliveryMs: null,
      listed: true,
      margin: entry.isMarginTradingAllowed === true,
    }));
  }
  const endpoint = market === "linear" ? endpoints.linearMarkets : endpoints.inverseMarkets;
  const { symbols } = await client.get(endpoint, {}, FuturesInfo, { bytesMax });
  return symbols.map((entry) => ({
    symbol: entry.symbol,
    base: entry.baseAsset,
    quote: entry.quoteAsset,
    settle: entry.marginAsset ?? (market === "linear" ? entry.quoteAsset : entry.baseAsset),
    step: stepOf(entry.filters),
    contractSize: market === "linear" ? "1" : entry.contractSize === undefined ? null : String(entry.contractSize),
    deliveryMs: entry.deliveryDate !== undefined && entry.deliveryDate < deliveryMsMax ? entry.deliveryDate : null,
    listed: true,
  }));
}

function stepOf(filters: readonly (typeof Filter.infer)[] = []): string | null {
  return filters.find(({ filterType }) => filterType === "LOT_SIZE")?.stepSize ?? null;
}
