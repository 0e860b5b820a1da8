import { ccxtVenues } from "../../brokers/ccxt/venues.ts";
import { dialects } from "../../brokers/csv/index.ts";
import type { Execution } from "../../executions/execution.ts";
import type { StatedPnl } from "../../trades/position.ts";

/** Brokers' ids, and how they state PnL; an exchange states it in its API as in its files. */
const byBroker = new Map<string, StatedPnl>([
  // Trades that are reported whole say their PnL themselves.
  ...dialects
    .filter(({ statedPnl, toTrade }) => statedPnl !== null && toTrade === undefined)
    .map(({ broker, idBroker, statedPnl }) => [idBroker ?? broker, statedPnl] as const),
  ["binance", "gross"],
  ...ccxtVenues.map(({ id, statedPnl }) => [id, statedPnl] as const),
  ["metatrader", "booked"],
]);

/** How an execution's broker states its PnL: the first part of its id names the broker, also when it is read back from the platform. */
export function statedPnlOf({ externalId }: Pick<Execution, "externalId">): StatedPnl {
  if (externalId.startsWith(lastPrefix)) return lastAnswer;
  const broker = externalId.slice(0, externalId.indexOf(":"));
  lastAnswer = byBroker.get(broker) ?? null;
  lastPrefix = `${broker}:`;
  return lastAnswer;
}

/** Nearly always the same broker as the time before. */
let lastPrefix = ":";
let lastAnswer: StatedPnl = null;
