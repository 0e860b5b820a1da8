import type { Execution } from "../../executions/execution.ts";
import type { BatchResult } from "../../journal/journal.ts";
import { groupOf } from "../../trades/group.ts";
import type { Trade } from "../../trades/trade.ts";
import type { Batch, Delivered, Group, Ledger } from "./ledger.ts";
import type { Preview } from "./preview.ts";

/**
 * The account as it would be: reads the platform through another ledger, changes nothing, and answers as if all had been stored. Remembers
 * the executions that were uncertain or late, and, with `keepsAll`, every one: what a second source of the same run may meet.
 */
export class DryLedger implements Ledger {
  readonly #stored: Ledger;
  readonly #keepsAll: boolean;
  /** Of the file that is being imported. */
  preview: Preview | null = null;
  /** Of groups with uncertain executions: what is stored, and what this run would have added. */
  readonly #storedIds = new Map<string, Set<string>>();
  readonly #kept = new Map<string, Execution[]>();
  readonly #trades = new Map<string, Trade>();

  constructor(stored: Ledger, { keepsAll }: { keepsAll: boolean }) {
    this.#stored = stored;
    this.#keepsAll = keepsAll;
  }

  get takesTrades(): boolean {
    return this.#keepsAll || this.preview?.wantsTrades === true;
  }

  get checkpointVersion(): number {
    return this.#stored.checkpointVersion;
  }

  async openTrades(): Promise<Trade[]> {
    return await this.#stored.openTrades();
  }

  async groupTrades(group: Group): Promise<Trade[]> {
    const trades = new Map((await this.#stored.groupTrades(group)).map((trade) => [trade.externalId, trade]));
    const key = `${group.market}|${group.symbol}`;
    for (const trade of this.#trades.values()) if (groupOf(trade) === key) trades.set(trade.externalId, trade);
    return [...trades.values()];
  }

  async groupExecutions(group: Group, sinceMs: number): Promise<Execution[]> {
    const stored = await this.#stored.groupExecutions(group, sinceMs);
    const ids = new Set(stored.map(({ externalId }) => externalId));
    const kept = this.#kept.get(`${group.market}|${group.symbol}`) ?? [];
    return [...stored, ...kept.filter((one) => one.executedAtMs >= sinceMs && !ids.has(one.externalId))];
  }

  async deliver({ executions, trades, uncertain }: Batch): Promise<Delivered> {
    const results = uncertain ? await this.#judge(executions) : [];
    this.preview?.seeTrades(trades);
    if (this.#keepsAll) {
      for (const trade of trades) this.#trades.set(trade.externalId, trade);
      if (!uncertain) for (const execution of executions) this.#keep(execution);
    }
    const duplicates = results.filter(({ status }) => status === "duplicate").length;
    return {
      kind: "stored",
      result: {
        checkpointVersion: this.checkpointVersion,
        executions: { created: executions.length - duplicates, duplicates, rejected: 0 },
        trades: { created: trades.length, updated: 0, duplicates: 0, rejected: 0 },
        executionResults: results,
        tradeResults: [],
        errors: {},
      },
    };
  }

  /** What the platform would say of them. */
  async #judge(executions: readonly Execution[]): Promise<BatchResult["executionResults"]> {
    const results: BatchResult["executionResults"] = [];
    for (const execution of executions) {
      const known = await this.#has(execution);
      results.push({ externalId: execution.externalId, status: known ? "duplicate" : "created", differs: false });
      if (!known) this.#keep(execution);
    }
    return results;
  }

  #keep(execution: Execution): void {
    const group = groupOf(execution);
    this.#storedIds.get(group)?.add(execution.externalId);
    const kept = this.#kept.get(group);
    if (kept === undefined) this.#kept.set(group, [execution]);
    else kept.push(execution);
  }

  async #has(execution: Execution): Promise<boolean> {
    const group = groupOf(execution);
    let ids = this.#storedIds.get(group);
    if (ids === undefined) {
      const stored = await this.#stored.groupExecutions(execution, 0);
      ids = new Set([...stored, ...(this.#kept.get(group) ?? [])].map(({ externalId }) => externalId));
      this.#storedIds.set(group, ids);
    }
    return ids.has(execution.externalId);
  }
}
