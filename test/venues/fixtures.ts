import type { VenueAccount } from "./account.ts";
import { type Client, clientOf } from "./binance/client.ts";
import { type BinanceOptions, type BinanceVenue, startBinance } from "./binance/index.ts";
import { makeWorld, type World } from "./world.ts";

/** Where the venue's own tests stand in time. */
export const nowMs = Date.UTC(2026, 5, 1, 12);
export const yearMs = 365 * 86_400_000;

/** One for all tests: nothing changes it. */
export const world: World = makeWorld({ seed: "tests", startMs: nowMs - yearMs, endMs: nowMs });

export interface Stage {
  venue: BinanceVenue;
  account: VenueAccount;
  client: Client;
}

/** A venue whose clock stands still, with one empty account. */
export async function stage(options: BinanceOptions = {}): Promise<Stage> {
  const venue = await startBinance({ nowMs, world, ...options });
  const account = venue.addAccount({ id: "trader" });
  return { venue, account, client: clientOf(venue, account) };
}

/** Rows as the venue sends them. @throws {Error} no list came */
export function rowsOf(body: unknown): Record<string, unknown>[] {
  if (!Array.isArray(body)) throw new Error(`a list was expected, not ${JSON.stringify(body)}`);
  return body;
}

/** A field of an object that came from the venue; undefined: not there. */
export function field(body: unknown, name: string): unknown {
  return typeof body === "object" && body !== null ? Reflect.get(body, name) : undefined;
}

/** The ids of rows, in the order of the page. */
export function idsOf(body: unknown): number[] {
  return rowsOf(body).map((row) => Number(row.id));
}
