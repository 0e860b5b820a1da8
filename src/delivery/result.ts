import type { BatchResult } from "../journal/journal.ts";
import type { Outgoing } from "./deliver.ts";

/** An earlier attempt got through, so what it created is not known: everything may be new. */
export function assumedResult({ executions, trades }: Outgoing, checkpointVersion: number): BatchResult {
  return {
    checkpointVersion,
    assumed: true,
    executions: { created: executions.length, duplicates: 0, rejected: 0 },
    trades: { created: trades.length, updated: 0, duplicates: 0, rejected: 0 },
    executionResults: executions.map(({ external_id }) => ({
      externalId: external_id,
      status: "created",
      differs: false,
    })),
    tradeResults: trades.map(({ external_id }) => ({ externalId: external_id, status: "created" })),
    errors: {},
  };
}

/** Of parts of one batch, in their order. */
export function joinResults(results: BatchResult[]): BatchResult {
  const sum = (pick: (result: BatchResult) => number) => results.reduce((total, result) => total + pick(result), 0);
  return {
    checkpointVersion: results.at(-1)?.checkpointVersion ?? 0,
    ...(results.some(({ assumed }) => assumed) && { assumed: true }),
    executions: {
      created: sum((result) => result.executions.created),
      duplicates: sum((result) => result.executions.duplicates),
      rejected: sum((result) => result.executions.rejected),
    },
    trades: {
      created: sum((result) => result.trades.created),
      updated: sum((result) => result.trades.updated),
      duplicates: sum((result) => result.trades.duplicates),
      rejected: sum((result) => result.trades.rejected),
    },
    executionResults: results.flatMap((result) => result.executionResults),
    tradeResults: results.flatMap((result) => result.tradeResults),
    errors: Object.assign({}, ...results.map((result) => result.errors)),
  };
}

/** The result in the order of what was asked, the refused items in their places. */
export function withRejected(
  result: BatchResult,
  asked: Outgoing,
  sent: Outgoing,
  checkpointVersion: number,
): BatchResult {
  const executions = new Map(result.executionResults.map((entry) => [entry.externalId, entry]));
  const trades = new Map(result.tradeResults.map((entry) => [entry.externalId, entry]));
  return {
    ...result,
    checkpointVersion,
    executions: {
      ...result.executions,
      rejected: result.executions.rejected + asked.executions.length - sent.executions.length,
    },
    trades: { ...result.trades, rejected: result.trades.rejected + asked.trades.length - sent.trades.length },
    executionResults: asked.executions.map(
      ({ external_id }) =>
        executions.get(external_id) ?? { externalId: external_id, status: "rejected", differs: false },
    ),
    tradeResults: asked.trades.map(
      ({ external_id }) => trades.get(external_id) ?? { externalId: external_id, status: "rejected" },
    ),
  };
}
