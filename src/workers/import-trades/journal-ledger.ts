import { type DeliveryTools, deliver } from "../../delivery/deliver.ts";
import type { Execution } from "../../executions/execution.ts";
import { fromWireExecution, fromWireTrade, toWireExecution, toWireTrade } from "../../journal/convert.ts";
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
    return [...(await this.#trades(group)), ...(await this.#trades({ ...group, status: "void" }))].filter(isFirst);
  }

  async groupExecutions({ market, symbol }: Group, sinceMs: number): Promise<Execution[]> {
    const executions: Execution[] = [];
    const filter = { market, symbol, executedSinceMs: sinceMs };
    for await (const wire of this.#tools.journal.executions(this.#account.account_id, filter)) {
      executions.push(fromWireExecution(wire));
    }
    return executions;
  }

  async deliver({ executions, trades, checkpoint }: Batch): Promise<Delivered> {
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
    if (outcome.kind === "stored") this.#checkpointVersion = outcome.result.checkpointVersion;
    return outcome;
  }

  async #trades(filter: { status?: "open" | "void"; market?: string; symbol?: string }): Promise<Trade[]> {
    const trades: Trade[] = [];
    for await (const wire of this.#tools.journal.accountTrades(this.#account.account_id, filter)) {
      trades.push(fromWireTrade(wire));
    }
    return trades;
  }
}

/** The list without a status has open and closed trades; a platform may give void ones with it. */
function isFirst(trade: Trade, index: number, all: Trade[]): boolean {
  return all.findIndex(({ externalId }) => externalId === trade.externalId) === index;
}
