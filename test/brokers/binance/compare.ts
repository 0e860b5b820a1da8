import { formatDecimal } from "../../../src/executions/decimal.ts";
import type { Execution } from "../../../src/executions/execution.ts";
import type { Truth } from "../../venues/truth.ts";

/** What of an execution the venue knows, by id: as it should be, and as it was read. */
export type Facts = Record<string, Record<string, string | number | null>>;

const text = (amount: bigint | null) => (amount === null ? null : formatDecimal(amount));

export function expectedFills(truth: Truth, sinceMs = 0): Facts {
  const facts: Facts = {};
  for (const fill of truth.fills) {
    if (fill.timeMs < sinceMs) continue;
    facts[`binance:${fill.market}:${fill.symbol}:${fill.id}`] = {
      type: fill.type,
      side: fill.side,
      positionSide: fill.positionSide,
      price: fill.price,
      quantity: fill.quantity,
      fee: fill.fee,
      feeAsset: fill.feeAsset,
      realizedPnl: fill.realizedPnl,
      orderId: fill.orderId,
      liquidity: fill.liquidity,
      executedAtMs: fill.timeMs,
    };
  }
  return facts;
}

export function expectedFunding(truth: Truth, sinceMs = 0): Facts {
  const facts: Facts = {};
  for (const row of truth.income) {
    if (row.incomeType !== "FUNDING_FEE" || row.timeMs < sinceMs) continue;
    const amount = row.income.startsWith("-") ? row.income.slice(1) : `-${row.income}`;
    facts[`binance:${row.market}:${row.symbol}:funding:${row.tranId}`] = {
      type: "funding",
      fee: amount,
      feeAsset: row.asset,
      executedAtMs: row.timeMs,
    };
  }
  return facts;
}

const isFill = ({ externalId }: Execution) => /^binance:[a-z]+:[^:]+:\d+$/.test(externalId);

/** @throws where one was handed out twice with another content */
export function fillsOf(executions: readonly Execution[]): Facts {
  const facts: Facts = {};
  for (const execution of executions.filter(isFill)) {
    const { type, side, positionSide, feeAsset, orderId, liquidity, executedAtMs } = execution;
    const amounts = {
      price: text(execution.price),
      quantity: text(execution.quantity),
      fee: text(execution.fee),
      realizedPnl: text(execution.realizedPnl),
    };
    put(facts, execution, { type, side, positionSide, feeAsset, orderId, liquidity, executedAtMs, ...amounts });
  }
  return facts;
}

export function fundingOf(executions: readonly Execution[]): Facts {
  const facts: Facts = {};
  for (const execution of executions.filter(({ type }) => type === "funding")) {
    const { type, feeAsset, executedAtMs } = execution;
    put(facts, execution, { type, fee: text(execution.fee), feeAsset, executedAtMs });
  }
  return facts;
}

function put(facts: Facts, { externalId }: Execution, fact: Facts[string]): void {
  const known = facts[externalId];
  if (known !== undefined && !Bun.deepEquals(known, fact))
    throw new Error(`${externalId} came twice, and not the same`);
  facts[externalId] = fact;
}

/** Ids that came more than once. */
export function repeated(executions: readonly Execution[]): string[] {
  const seen = new Set<string>();
  return executions.flatMap(({ externalId }) => {
    if (seen.has(externalId)) return [externalId];
    seen.add(externalId);
    return [];
  });
}
