import type { Execution } from "../../executions/execution.ts";
import type { BatchResult } from "../../journal/journal.ts";
import type { Trade } from "../../trades/trade.ts";

/**
 * What is stored of one account, and the way to add to it. Two of them: `journal-ledger.ts` delivers to the platform, else to the
 * buffer; `dry-ledger.ts` reads the same platform and changes nothing.
 */
export interface Ledger {
  /** The version of the checkpoint that the platform has, as far as this run knows. */
  readonly checkpointVersion: number;
  /** False: trades are only counted, batches come without them. */
  readonly takesTrades: boolean;
  openTrades: () => Promise<Trade[]>;
  /** All trades of a group, open, closed and void. */
  groupTrades: (group: Group) => Promise<Trade[]>;
  /** Executions of a group from a time on (inclusive), in any order. */
  groupExecutions: (group: Group, sinceMs: number) => Promise<Execution[]>;
  deliver: (batch: Batch) => Promise<Delivered>;
}

export interface Group {
  market: string;
  symbol: string;
}

/** Before it is sealed: the domain's own values, since a dry run needs no text and no hash of them. */
export interface Batch {
  executions: Execution[];
  /** Perhaps stored already: whoever delivers says of each whether it was. */
  uncertain: boolean;
  trades: Trade[];
  /** Where it leads to; made when it is asked for. */
  checkpoint: () => { v: number; state: string };
}

export type Delivered =
  | { kind: "stored"; result: BatchResult }
  /** The platform cannot be reached: it waits on disk, and the account goes on when it is through. */
  | { kind: "buffered"; reason: string }
  /** Another worker moved the checkpoint, or the batch was too large: the next cycle starts from the platform's checkpoint. */
  | { kind: "dropped"; reason: string }
  /** The platform will never take it; it is in failed/. */
  | { kind: "refused"; reason: string }
  | { kind: "gone" };
