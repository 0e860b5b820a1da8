import { type DeliveryTools, deliver } from "../../delivery/deliver.ts";
import type { Execution } from "../../executions/execution.ts";
import { fromWireExecution, fromWireTrade, toWireExecution, toWireTrade } from "../../journal/convert.ts";
import type { BatchResult } from "../../journal/journal.ts";
import type { Account } from "../../journal/wire.ts";
import type { Trade } from "../../trades/trade.ts";
import type { Batch, Delivered, Group, Ledger } from "./ledger.ts";

/** The account on the platform: batches go there, or to the buffer when it cannot be reached. */
export class JournalLedger implements Ledger {
  readonly takesTrades = true;
  readonly #account: Account;
  readonly #tools: DeliveryTools;
  #checkpointVersion: number;

  constructor(account: Account, tools: DeliveryTools) {
    this.#account = account;
    this.#tools = tools;
    this.#checkpointVersion = account.checkpoint_version;
  }

  get checkpointVersion(): number {
    return this.#checkpointVersion;
  }

  async openTrades(): Promise<Trade[]> {
    return await this.#trades({ status: "open" });
  }

  async groupTrades(group: Group): Promise<Trade[]> {
    // The list without a status has open and closed trades; a platform may give void ones with it.
    const all = [...(await this.#trades(group)), ...(await this.#trades({ ...group, status: "void" }))];
    return [...new Map(all.map((trade) => [trade.externalId, trade])).values()];
  }

  async groupExecutions({ market, symbol }: Group, sinceMs: number): Promise<Execution[]> {
    const executions: Execution[] = [];
    const filter = { market, symbol, executedSinceMs: sinceMs };
    for await (const wire of this.#tools.journal.executions(this.#account.account_id, filter)) {
      executions.push(fromWireExecution(wire));
    }
    return executions;
  }

  async deliver({ executions: given, trades, checkpoint }: Batch): Promise<Delivered> {
    // The embedded journal answers without leaving this process: signals and the deadline get their turn here.
    await new Promise((resolve) => setImmediate(resolve));
    const first = new Map(given.map((execution, index) => [execution.externalId, index]));
    const executions = given.filter(({ externalId }, index) => first.get(externalId) === index);
    const settings = { baseCurrency: this.#account.base_currency };
    const outcome = await deliver(
      {
        accountId: this.#account.account_id,
        userId: this.#account.user_id,
        executions: executions.map(toWireExecution),
        trades: trades.map((trade) => toWireTrade(trade, settings)),
        checkpoint: checkpoint(),
        expectedCheckpointVersion: this.#checkpointVersion,
      },
      this.#tools,
    );
    if (outcome.kind !== "stored") return outcome;
    this.#checkpointVersion = outcome.result.checkpointVersion;
    return { kind: "stored", result: forAll(given, executions, outcome.result) };
  }

  async #trades(filter: { status?: "open" | "void"; market?: string; symbol?: string }): Promise<Trade[]> {
    const trades: Trade[] = [];
    for await (const wire of this.#tools.journal.accountTrades(this.#account.account_id, filter)) {
      trades.push(fromWireTrade(wire));
    }
    return trades;
  }
}

/** An id stands once in a batch: whoever came under the same one is told that it is there already. */
function forAll(given: readonly Execution[], sent: readonly Execution[], result: BatchResult): BatchResult {
  if (given.length === sent.length) return result;
  const verdicts = new Map(sent.map((execution, index) => [execution, result.executionResults[index]]));
  return {
    ...result,
    executions: { ...result.executions, duplicates: result.executions.duplicates + given.length - sent.length },
    executionResults: given.map(
      (execution) =>
        verdicts.get(execution) ?? { externalId: execution.externalId, status: "duplicate", differs: true },
    ),
  };
}
