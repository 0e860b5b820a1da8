import { dialects } from "../../brokers/csv/index.ts";
import type { Execution } from "../../executions/execution.ts";
import type { StatedPnl } from "../../trades/position.ts";

const byBroker = new Map<string, StatedPnl>(dialects.map(({ broker, statedPnl }) => [broker, statedPnl]));

/** How an execution's broker states its PnL: the first part of its id names the broker, also when it is read back from the platform. */
export function statedPnlOf({ externalId }: Pick<Execution, "externalId">): StatedPnl {
  if (externalId.startsWith(last.prefix)) return last.stated;
  const prefix = externalId.slice(0, externalId.indexOf(":") + 1);
  last = { prefix, stated: byBroker.get(prefix.slice(0, -1)) ?? null };
  return last.stated;
}

/** Most executions in a row are of one broker. */
let last: { prefix: string; stated: StatedPnl } = { prefix: ":", stated: null };
