import { type StartOptions, startVenue, type Venue } from "../start.ts";
import { type BybitSettings, bybitApi, defaultBybitSettings } from "./api.ts";

export interface BybitVenue extends Venue {
  settings: BybitSettings;
}

/** Bybit v5 on loopback, as far as its windows, its cursor and its ways of refusing go. */
export async function startBybit(
  options: StartOptions & { settings?: Partial<BybitSettings> } = {},
): Promise<BybitVenue> {
  const settings = { ...defaultBybitSettings, ...options.settings };
  const venue = await startVenue(options, "bybit", (shared) => bybitApi(shared, settings));
  return { ...venue, settings };
}
