import type { Broker } from "../broker.ts";
import type { Venue } from "./exchange.ts";
import { untried } from "./untried.ts";

/**
 * The exchanges that are read through ccxt, with what each allows: requests or weights in a window, by address or by account. Nothing of ccxt is
 * loaded with this list.
 */
const second = 1_000;

const tried: readonly Venue[] = [
  {
    id: "bybit",
    title: "Bybit",
    markets: ["spot", "linear", "inverse", "option"],
    statedPnl: "gross",
    tested: true,
    limits: [
      { pool: "address", weight: 600, windowMs: 5 * second },
      { pool: "account", weight: 50, windowMs: second, perAccount: true },
      { pool: "key", weight: 10, windowMs: second, perAccount: true },
    ],
    load: async () => (await import("../bybit.ts")).bybit,
  },
  {
    id: "okx",
    title: "OKX",
    markets: ["spot", "margin", "linear", "inverse"],
    statedPnl: "gross",
    tested: true,
    limits: [
      { pool: "public", weight: 10, windowMs: 2 * second },
      { pool: "fills", weight: 60, windowMs: 2 * second, perAccount: true },
      { pool: "fills-history", weight: 10, windowMs: 2 * second, perAccount: true },
      { pool: "bills", weight: 5, windowMs: 2 * second, perAccount: true },
      { pool: "config", weight: 5, windowMs: 2 * second, perAccount: true },
    ],
    load: async () => (await import("../okx.ts")).okx,
  },
  {
    id: "kraken",
    title: "Kraken",
    markets: ["spot", "margin"],
    statedPnl: null,
    tested: true,
    limits: [
      { pool: "public", weight: 1, windowMs: second },
      // A counter of 15 that falls by one in three seconds.
      { pool: "account", weight: 15, windowMs: 45 * second, perAccount: true },
    ],
    load: async () => (await import("../kraken.ts")).kraken,
  },
  {
    id: "kucoin",
    title: "KuCoin",
    markets: ["spot", "margin", "linear", "inverse"],
    statedPnl: null,
    tested: true,
    limits: [
      { pool: "public", weight: 2_000, windowMs: 30 * second },
      { pool: "spot", weight: 4_000, windowMs: 30 * second, perAccount: true },
      { pool: "futures", weight: 2_000, windowMs: 30 * second, perAccount: true },
    ],
    load: async () => (await import("../kucoin.ts")).kucoin,
  },
  {
    id: "bitget",
    title: "Bitget",
    markets: ["spot", "linear"],
    statedPnl: "gross",
    tested: true,
    limits: [
      { pool: "address", weight: 6_000, windowMs: 60 * second },
      { pool: "account", weight: 10, windowMs: second, perAccount: true },
      { pool: "slow", weight: 1, windowMs: second, perAccount: true },
    ],
    load: async () => (await import("../bitget.ts")).bitget,
  },
  {
    id: "gate",
    title: "Gate",
    markets: ["spot", "linear", "inverse"],
    statedPnl: null,
    tested: true,
    limits: [
      { pool: "public", weight: 200, windowMs: 10 * second },
      { pool: "spot", weight: 200, windowMs: 10 * second, perAccount: true },
      { pool: "futures", weight: 200, windowMs: 10 * second, perAccount: true },
    ],
    load: async () => (await import("../gate.ts")).gate,
  },
  {
    id: "mexc",
    title: "MEXC",
    markets: ["spot", "linear", "inverse"],
    statedPnl: "gross",
    tested: true,
    limits: [
      { pool: "spot", weight: 500, windowMs: 10 * second },
      { pool: "contract", weight: 20, windowMs: 2 * second },
    ],
    load: async () => (await import("../mexc.ts")).mexc,
  },
  {
    id: "coinbase",
    title: "Coinbase",
    markets: ["spot", "linear"],
    statedPnl: null,
    tested: true,
    limits: [
      { pool: "public", weight: 10, windowMs: second },
      { pool: "account", weight: 30, windowMs: second, perAccount: true },
    ],
    load: async () => (await import("../coinbase.ts")).coinbase,
  },
  {
    id: "hyperliquid",
    title: "Hyperliquid",
    markets: ["spot", "linear"],
    statedPnl: "gross",
    tested: true,
    limits: [{ pool: "address", weight: 1_200, windowMs: 60 * second }],
    load: async () => (await import("../hyperliquid.ts")).hyperliquid,
  },
];

export const ccxtVenues: readonly Venue[] = [...tried, ...untried];

/** A connector that loads what it needs when it is first read from. */
export function toBroker(venue: Venue): Broker {
  const { id, title, markets, statedPnl, tested } = venue;
  return {
    id,
    title,
    markets,
    statedPnl,
    tested,
    async *read(account, tools) {
      const { readThroughCcxt } = await import("../ccxt.ts");
      yield* readThroughCcxt(venue, account, tools);
    },
  };
}
