import type { Body } from "../control.ts";
import type { FillMarket } from "../ledger-rows.ts";
import type { VenueApi } from "../server.ts";
import { type Shared, type StartOptions, startVenue, type Venue } from "../start.ts";
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
  const delisted: BinanceState["delisted"] = new Map();
  const candleGaps: BinanceState["candleGaps"] = [];
  const own: Pick<BinanceVenue, "settings" | "delist" | "hideCandles"> = {
    settings,
    delist: (market, symbol, sinceMs = 0) => {
      delisted.set(`${market}:${symbol}`, sinceMs);
    },
    hideCandles: (symbol, fromMs, untilMs) => {
      candleGaps.push({ symbol, fromMs, untilMs });
    },
  };
  const apiOf = (shared: Shared): VenueApi => binanceApi(Object.assign(shared, { settings, delisted, candleGaps }));
  const venue = await startVenue(options, "binance", apiOf, (action, body) => steer(own, action, body));
  return { ...venue, ...own };
}

function steer(venue: Pick<BinanceVenue, "settings" | "delist" | "hideCandles">, action: string, body: Body): boolean {
  switch (action) {
    case "delist":
      venue.delist(body.market as FillMarket, String(body.symbol), Number(body.sinceMs ?? 0));
      return true;
    case "candle-gaps":
      venue.hideCandles(String(body.symbol), Number(body.fromMs), Number(body.untilMs));
      return true;
    case "settings":
      Object.assign(venue.settings, body);
      return true;
    default:
      return false;
  }
}
