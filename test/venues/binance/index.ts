import type { FillMarket } from "../ledger-rows.ts";
import { type StartOptions, startVenue, type Venue } from "../start.ts";
import { binanceApi } from "./api.ts";
import { type BinanceSettings, type BinanceState, defaultSettings } from "./state.ts";

export interface BinanceOptions extends StartOptions {
  settings?: Partial<BinanceSettings>;
}

export interface BinanceVenue extends Venue {
  /** Changed by tests as they go; limits, windows and ban rules only at the start. */
  settings: BinanceSettings;
  /** From then on the symbol is unknown: -1121, and not in exchangeInfo. */
  delist: (market: FillMarket, symbol: string, sinceMs?: number) => void;
  /** These candles of a spot symbol do not exist. */
  hideCandles: (symbol: string, fromMs: number, untilMs: number) => void;
}

/** Binance on loopback: spot, USD-M, COIN-M and, in small, portfolio margin. */
export async function startBinance(options: BinanceOptions = {}): Promise<BinanceVenue> {
  const settings: BinanceSettings = structuredClone({ ...defaultSettings, ...options.settings });
  const own = { settings, delisted: new Map<string, number>(), candleGaps: [] as BinanceState["candleGaps"] };
  const venue = await startVenue(options, "binance", (shared) => binanceApi(Object.assign(shared, own)));
  return {
    ...venue,
    settings,
    delist: (market, symbol, sinceMs = 0) => {
      own.delisted.set(`${market}:${symbol}`, sinceMs);
    },
    hideCandles: (symbol, fromMs, untilMs) => {
      own.candleGaps.push({ symbol, fromMs, untilMs });
    },
  };
}
