import type { Execution } from "../../executions/execution.ts";
import { pnlCurrencyOf } from "../../executions/execution.ts";
import { compareExecutions } from "../../executions/identify.ts";
import type { AccountWarning, BrokerAccount, SourcePage } from "../broker.ts";
import type { BinanceClient } from "./client.ts";
import { type AccountState, writeCursor } from "./cursor.ts";
import { worthOf } from "./rates.ts";
import { needsRate } from "./to-execution.ts";

/** One account being read: what its markets' readers share. */
export interface Reading {
  client: BinanceClient;
  state: AccountState;
  importFromMs: number | null;
  /** Of the platform's executions. */
  knownSymbols: NonNullable<BrokerAccount["knownSymbols"]>;
  /** By code and subject, each once. */
  warnings: Map<string, AccountWarning>;
}

/** Of the limit; the rest is for what is known to have happened. */
export const sweepShare = 0.4;
export const dayMs = 86_400_000;
export const rowsMax = 1_000;
/** A symbol with more fills than that is read on in the next cycle. */
export const pagesMax = 10_000;

export function warn(reading: Reading, subject: string, warning: AccountWarning): void {
  reading.warnings.set(`${warning.code}/${subject}`, warning);
}

/** In order, with their fees in the currency of the PnL, and the cursor that covers them. */
export async function toPage(reading: Reading, executions: Execution[]): Promise<SourcePage> {
  executions.sort(compareExecutions);
  for (const execution of executions) if (needsRate(execution)) await value(reading.client, execution);
  return { executions, cursor: writeCursor(reading.state) };
}

async function value(client: BinanceClient, execution: Execution): Promise<void> {
  const inAsset = pnlCurrencyOf(execution);
  if (execution.fee === null || execution.feeAsset === null || inAsset === null) return;
  const worth = await worthOf(client, {
    amount: execution.fee,
    asset: execution.feeAsset,
    inAsset,
    atMs: execution.executedAtMs,
  });
  if (worth === null) return;
  execution.feeInQuote = worth.amount;
  if (worth.estimated) execution.feeEstimated = true;
}
