import type { Broker } from "../broker.ts";
import type { Venue } from "./exchange.ts";

/**
 * The exchanges that are read through ccxt, with what each allows: requests or weights in a window, by address or by account. Nothing of ccxt is
 * loaded with this list.
 */
const second = 1_000;

export const ccxtVenues: readonly Venue[] = [
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
];

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
