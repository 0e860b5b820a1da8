import { binanceLimits } from "./binance/endpoints.ts";
import { binance } from "./binance.ts";
import type { Broker } from "./broker.ts";
import { ccxtVenues, toBroker } from "./ccxt/venues.ts";
import { metaApiLimits } from "./metaapi/endpoints.ts";
import { metaapi } from "./metaapi/metaapi.ts";
import type { RateLimit } from "./rate-budget.ts";

/** Where executions come from by API, and what each venue allows one machine. */
export interface ListedBroker {
  broker: Broker;
  limits: readonly RateLimit[];
}

export const brokers: readonly ListedBroker[] = [
  { broker: binance, limits: binanceLimits },
  { broker: metaapi, limits: metaApiLimits },
  ...ccxtVenues.map((venue) => ({ broker: toBroker(venue), limits: venue.limits })),
];

export function findBroker(id: string): ListedBroker | null {
  return brokers.find(({ broker }) => broker.id === id) ?? null;
}
