import { expect } from "bun:test";
import type { Execution } from "../../../src/executions/execution.ts";
import { groupOf } from "../../../src/trades/group.ts";
import type { Leg, Trade } from "../../../src/trades/trade.ts";
import type { Batch, Delivered, Group, Ledger } from "../../../src/workers/import-trades/ledger.ts";

export class Crash extends Error {}

/** The platform's rules in memory, with a crash before or after any delivery: what a platform holds then is what counts. */
export class MemoryPlatform {
  readonly executions = new Map<string, Execution>();
  readonly trades = new Map<string, Trade>();
  readonly legs = new Map<string, Map<string, Leg>>();
  checkpoint: { v: number; state: string } | null = null;
  checkpointVersion = 0;
  deliveries = 0;
  /** Trades that came twice in one batch: it takes the first. */
  repeated = 0;
  /** Ids that it finds invalid. */
  readonly refused = new Set<string>();

  /** One worker's run; it crashes at the delivery that `crash` says true to. */
  ledger(crash: (delivery: number) => "before" | "after" | null = () => null): Ledger {
    let version = this.checkpointVersion;
    const platform = this;
    return {
      takesTrades: true,
      get checkpointVersion() {
        return version;
      },
      openTrades: async () => [...this.trades.values()].filter(({ status }) => status === "open"),
      groupTrades: async (group) => [...this.trades.values()].filter((trade) => isIn(group, trade)),
      groupExecutions: async (group, sinceMs) =>
        [...this.executions.values()].filter((one) => isIn(group, one) && one.executedAtMs >= sinceMs),
      async deliver(batch): Promise<Delivered> {
        const when = crash(platform.deliveries++);
        if (when === "before") throw new Crash();
        const delivered = platform.#store(batch, version);
        if (delivered.kind === "stored") version = delivered.result.checkpointVersion;
        if (when === "after") throw new Crash();
        return delivered;
      },
    };
  }

  /** The account's status at the end of a cycle, with the checkpoint where it moved. */
  report(checkpoint: { v: number; state: string } | null): void {
    if (checkpoint === null) return;
    this.checkpoint = checkpoint;
    this.checkpointVersion++;
  }

  #store({ executions, trades, checkpoint }: Batch, version: number): Delivered {
    expect(executions.length).toBeLessThanOrEqual(100);
    expect(trades.length).toBeLessThanOrEqual(100);
    if (version !== this.checkpointVersion) return { kind: "dropped", reason: "conflict" };
    const executionResults = executions.map((execution) => {
      if (this.refused.has(execution.externalId)) {
        return { externalId: execution.externalId, status: "rejected" as const, differs: false };
      }
      const known = this.executions.has(execution.externalId);
      if (!known) this.executions.set(execution.externalId, execution);
      return {
        externalId: execution.externalId,
        status: known ? ("duplicate" as const) : ("created" as const),
        differs: false,
      };
    });
    const first = new Map(trades.toReversed().map((trade) => [trade.externalId, trade]));
    this.repeated += trades.length - first.size;
    for (const trade of trades) if (first.get(trade.externalId) === trade) this.#storeTrade(trade);
    this.checkpoint = checkpoint();
    this.checkpointVersion++;
    const created = executionResults.filter(({ status }) => status === "created").length;
    const rejected = executionResults.filter(({ status }) => status === "rejected").length;
    return {
      kind: "stored",
      result: {
        checkpointVersion: this.checkpointVersion,
        executions: { created, duplicates: executions.length - created - rejected, rejected },
        trades: { created: trades.length, updated: 0, duplicates: 0, rejected: 0 },
        executionResults,
        tradeResults: [],
        errors: {},
      },
    };
  }

  #storeTrade(trade: Trade): void {
    const before = this.trades.get(trade.externalId);
    if (before !== undefined && trade.revision <= before.revision) return;
    if (trade.legs.some(({ executionId }) => this.refused.has(executionId))) return;
    for (const { executionId } of trade.legs) expect(this.executions.has(executionId)).toBe(true);
    this.trades.set(trade.externalId, trade);
    const legs = this.legs.get(trade.externalId) ?? new Map<string, Leg>();
    for (const leg of trade.legs) legs.set(`${leg.executionId}|${leg.role}`, leg);
    this.legs.set(trade.externalId, legs);
  }
}

function isIn({ market, symbol }: Group, item: Pick<Execution, "market" | "symbol">): boolean {
  return groupOf(item) === `${market}|${symbol}`;
}
