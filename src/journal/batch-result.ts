import type { BatchResult } from "./journal.ts";
import type { BatchAnswer } from "./wire.ts";

/** The platform's answer to a batch in the project's words. `errors` stands beside `data`. */
export function toBatchResult({ data }: BatchAnswer, errors: Record<string, string[]>): BatchResult {
  const { executions, trades, results } = data;
  return {
    checkpointVersion: data.checkpoint_version,
    executions: { created: executions.created, duplicates: executions.duplicates, rejected: executions.rejected },
    trades: {
      created: trades.created,
      updated: trades.updated,
      duplicates: trades.duplicates,
      rejected: trades.rejected,
    },
    executionResults: results.executions.map(({ external_id, status, differs }) => ({
      externalId: external_id,
      status,
      differs: differs ?? false,
    })),
    tradeResults: results.trades.map(({ external_id, status }) => ({ externalId: external_id, status })),
    errors,
  };
}
