import type { Execution, Market } from "../../executions/execution.ts";
import type { BatchResult } from "../../journal/journal.ts";
import { deriveSinceMs, deriveTrades, reviseStored, sameTrade, splitLegs } from "../../trades/derive.ts";
import { groupOf } from "../../trades/group.ts";
import { chargeGraceMs, Matcher, type MatchRules } from "../../trades/match.ts";
import { StateUnusable } from "../../trades/state.ts";
import type { Trade } from "../../trades/trade.ts";
import { type CheckpointState, compareMarks, isBeyond, type Mark, markOf, writeCheckpoint } from "./checkpoint.ts";
import { chunkTrades, lotBytesPerBatchMax } from "./chunk-trades.ts";
import type { Batch, Delivered, Group, Ledger } from "./ledger.ts";
import { noteDerive, withNotes, writeWithNotes } from "./notes.ts";

export interface PairingLimits {
  /** TRADE_IMPORTER_BATCH_SIZE. */
  executionsPerBatchMax: number;
  /** The platform's limit. */
  tradesPerBatchMax: number;
}

/** What one account's import came to. */
export interface PairingCounts {
  /** Executions, and trades reported whole, that the platform took as new, had already, or refused. */
  created: number;
  duplicates: number;
  /** Of these, stored with another content: the same fill from another export, or an id that the source gave twice. */
  differing: number;
  rejected: number;
  /** Trades that the platform refused. */
  rejectedTrades: number;
  /** Funding, fees and transfers that belong to no trade. */
  unpaired: number;
  opened: number;
  closed: number;
  /** Trades that late executions changed or withdrew. */
  revised: number;
  net: Map<string, bigint>;
  batches: number;
}

export function emptyCounts(): PairingCounts {
  return {
    created: 0,
    duplicates: 0,
    differing: 0,
    rejected: 0,
    rejectedTrades: 0,
    unpaired: 0,
    opened: 0,
    closed: 0,
    revised: 0,
    net: new Map(),
    batches: 0,
  };
}

/** Not everything could be delivered: the account stops here and goes on in a later cycle. */
export class AccountStopped extends Error {
  override readonly name = "AccountStopped";
  readonly delivered: Exclude<Delivered, { kind: "stored" }>;

  constructor(delivered: Exclude<Delivered, { kind: "stored" }>) {
    super(delivered.kind === "gone" ? "The platform does not have the account any more" : delivered.reason);
    this.delivered = delivered;
  }
}

/** The text of a lot in a trade's state, at most: three numbers of up to 40 digits. */
const bytesPerLot = 120;
/** An execution changes at most two trades: a flip, or funding with long and short open. */
const tradesPerExecutionMax = 2;

/**
 * Pairs one account's executions and delivers them in batches. Each execution goes one of two ways:
 * - certainly new and in order: paired with the open trades, delivered with the trades that it changed;
 * - perhaps stored already, or late: delivered alone, with a note in the checkpoint that its group may have to be derived anew. Where the
 *   platform did not have it, the group's trades are derived from all its stored executions.
 */
export class Pairing {
  readonly #ledger: Ledger;
  readonly #state: CheckpointState;
  readonly #matcher: Matcher;
  readonly #rules: MatchRules;
  readonly #limits: PairingLimits;
  readonly counts: PairingCounts;
  /** Groups to be derived at the end: their executions are delivered alone until then. */
  readonly #deriving = new Set<string>();
  /** Marks as they were before the source that is being read. */
  #marksBefore = new Map<string, Mark | null>();
  /** The state is another than the platform's. */
  #moved = false;
  #restored = false;
  readonly #reported = new Map<string, Map<string, Trade>>();
  #forward: Execution[] = [];
  #unsettled = new Map<string, Execution>();
  #unsettledGroups = new Set<string>();

  constructor(ledger: Ledger, state: CheckpointState, rules: MatchRules, limits: PairingLimits) {
    this.#ledger = ledger;
    this.#state = state;
    this.#rules = rules;
    this.#limits = limits;
    this.#matcher = new Matcher(rules);
    for (const [group, dust] of state.dust) this.#matcher.dust.restore(group, dust);
    state.dust = this.#matcher.dust.lots; // as it changes: each checkpoint is of what was paired by then
    for (const group of state.derive.keys()) this.#deriving.add(group);
    this.counts = emptyCounts();
  }

  /** A new stream of executions begins, in order within itself: what was paired before may come again in it. */
  beginSource(): void {
    this.#marksBefore = new Map();
    this.#matcher.wantsLegs = this.#ledger.takesTrades;
  }

  /**
   * One page of executions, and the connector's cursor that it leads to, if it has one: the cursor moves with a batch that is delivered
   * after all of the page. @throws {AccountStopped}
   */
  async take(executions: readonly Execution[], cursor?: unknown): Promise<void> {
    await this.#takeAll(executions);
    if (cursor === undefined) return;
    await this.#settle();
    this.#state.cursor = cursor;
    this.#moved = true;
  }

  async #takeAll(executions: readonly Execution[]): Promise<void> {
    if (!this.#restored && executions.length > 0) await this.#restore();
    for (const execution of executions) {
      const group = groupOf(execution);
      let uncertain = this.#deriving.has(group) || !this.#isNext(group, execution);
      if (!uncertain && this.#unsettledGroups.has(group)) {
        await this.#settle();
        uncertain = this.#deriving.has(group);
      }
      if (uncertain) await this.#hold(group, execution);
      else this.#pair(group, execution);
      if (this.#isFull()) await this.#deliverForward();
    }
  }

  async #hold(group: string, execution: Execution): Promise<void> {
    const { externalId } = execution;
    // An id stands once in a batch.
    if (this.#unsettled.has(externalId) || this.#unsettled.size >= this.#limits.executionsPerBatchMax)
      await this.#settle();
    this.#unsettled.set(externalId, execution);
    this.#unsettledGroups.add(group);
  }

  /**
   * Trades that the broker reports whole: new ones, and the next revision of one that the broker now reports otherwise. A trade that is stored as
   * it is counts as a duplicate. @throws {AccountStopped}
   */
  async takeReported(trades: readonly Trade[]): Promise<void> {
    const changed: Trade[] = [];
    for (const [group, reported] of Map.groupBy(trades, groupOf)) {
      const stored = await this.#storedOf(group);
      for (const trade of reported) {
        const before = stored.get(trade.externalId);
        if (before !== undefined && sameTrade(before, trade)) {
          this.counts.duplicates++;
          continue;
        }
        const revised = { ...trade, revision: (before?.revision ?? 0) + 1 };
        changed.push(revised);
        stored.set(trade.externalId, revised);
        if (before === undefined) this.counts.created++;
        this.#countRevisions(before === undefined ? [] : [before], [revised]);
      }
    }
    for (const batch of chunkTrades(changed, this.#limits.tradesPerBatchMax)) {
      await this.#deliver({ executions: [], trades: batch, uncertain: false });
    }
  }

  /** Read once a group and run; what this run adds is in it. */
  async #storedOf(group: string): Promise<Map<string, Trade>> {
    let stored = this.#reported.get(group);
    if (stored === undefined) {
      const trades = await this.#ledger.groupTrades(parseGroup(group));
      stored = new Map(
        trades.filter(({ origin }) => origin === "broker_reported").map((trade) => [trade.externalId, trade]),
      );
      this.#reported.set(group, stored);
    }
    return stored;
  }

  /** Delivers what is in hand and derives anew what late executions changed. @throws {AccountStopped} */
  async finish(): Promise<void> {
    await this.#settle();
    await this.#deliverForward();
    for (const [group, sinceMs] of [...this.#state.derive]) {
      await this.#derive(group, sinceMs);
      this.#deriving.delete(group);
    }
    const { opened, closed, net } = this.#matcher.totals;
    this.counts.opened += opened;
    this.counts.closed += closed;
    for (const [currency, amount] of net) this.#addNet(currency, amount);
    this.#matcher.totals.opened = 0;
    this.#matcher.totals.closed = 0;
    net.clear();
  }

  /** The checkpoint where it moved since the last delivered batch; null: the platform has it. */
  undelivered(): { v: number; state: string } | null {
    return this.#moved ? writeCheckpoint(this.#state) : null;
  }

  /** Open trades are read once, when there is something to pair. */
  async #restore(): Promise<void> {
    this.#restored = true;
    for (const trade of await this.#ledger.openTrades()) {
      if (trade.origin !== "derived") continue;
      try {
        this.#matcher.restore(trade);
      } catch (error) {
        if (!(error instanceof StateUnusable)) throw error;
        this.#deriveLater(groupOf(trade), trade.openedAtMs);
      }
    }
  }

  #deriveLater(group: string, sinceMs: number): void {
    this.#deriving.add(group);
    this.#moved = true;
    noteDerive(this.#state.derive, group, sinceMs);
  }

  #isNext(group: string, execution: Execution): boolean {
    let before = this.#marksBefore.get(group);
    if (before === undefined) {
      before = markOf(this.#state, group);
      this.#marksBefore.set(group, before);
    }
    if (!isBeyond(execution, before)) return false;
    const last = this.#state.paired.get(group);
    return last === undefined || last === before || compareMarks(execution, last) > 0;
  }

  #pair(group: string, execution: Execution): void {
    if (!this.#matcher.apply(execution, group)) this.#keepUnpaired(group, execution);
    this.#mark(group, execution);
    this.#forward.push(execution);
  }

  /**
   * Marks, not executions: these hold on to the text of the file that they came from. Changed in place where nobody else has it, since each
   * execution of a file moves one.
   */
  #mark(group: string, { executedAtMs, externalId, side }: Execution): void {
    const { paired } = this.#state;
    const mark = paired.get(group);
    if (mark === undefined || mark === this.#marksBefore.get(group)) {
      paired.set(group, { executedAtMs, externalId, side });
      return;
    }
    mark.executedAtMs = executedAtMs;
    mark.externalId = externalId;
    mark.side = side;
  }

  /** Funding soon after a close belongs to the closed trade, which only its group's executions can tell across cycles. */
  #keepUnpaired(group: string, execution: Execution): void {
    const before = this.#marksBefore.get(group) ?? null;
    const charge = execution.type === "funding" || execution.type === "fee";
    if (charge && before !== null && execution.executedAtMs - before.executedAtMs <= chargeGraceMs) {
      this.#deriveLater(group, execution.executedAtMs);
    } else this.counts.unpaired++;
  }

  #isFull(): boolean {
    return (
      this.#forward.length >= this.#limits.executionsPerBatchMax ||
      this.#matcher.changes + tradesPerExecutionMax > this.#limits.tradesPerBatchMax ||
      this.#matcher.changedLots * bytesPerLot > lotBytesPerBatchMax
    );
  }

  async #deliverForward(): Promise<void> {
    const executions = this.#forward;
    if (executions.length === 0) return;
    this.#forward = [];
    let trades: Trade[] = [];
    if (this.#ledger.takesTrades) trades = this.#matcher.takeChanges();
    else this.#matcher.countChanges();
    this.#matcher.wantsLegs = this.#ledger.takesTrades;
    // Only the answer tells whether these trades are right. Where it is not heard, because the run dies or the batch waits on disk, the
    // note in the batch's own checkpoint has them derived anew.
    const result = await this.#deliver({ executions, trades, uncertain: false });
    this.#moved = true; // without these notes
    if (result.executionResults.length === 0 && !result.assumed) return;
    // Not taken as new, so not what its trades were made of: refused, or an id that was there with another content. A trade with a refused
    // execution is refused as a whole, hence all that the batch has of the group.
    const answered = withNotes(this.#state.derive, executions);
    for (const [index, execution] of executions.entries()) {
      const status = result.executionResults[index]?.status ?? "created";
      const group = groupOf(execution);
      if (status !== "created" || result.assumed) {
        this.#deriveLater(group, answered.get(group) ?? execution.executedAtMs);
      }
    }
  }

  /** Asks the platform, by delivering them, which of the uncertain executions it did not have. */
  async #settle(): Promise<void> {
    const executions = [...this.#unsettled.values()];
    if (executions.length === 0) return;
    this.#unsettled = new Map();
    const groups = this.#unsettledGroups;
    this.#unsettledGroups = new Set();
    const noted = new Set(this.#state.derive.keys());
    this.#state.derive = withNotes(this.#state.derive, executions);
    // What was paired but is not delivered yet must not lie behind the checkpoint that this batch carries.
    await this.#deliverForward();
    const result = await this.#deliver({ executions, trades: [], uncertain: true });
    for (const [index, execution] of executions.entries()) {
      if (result.executionResults[index]?.status === "created") this.#deriving.add(groupOf(execution));
    }
    for (const group of groups) {
      if (!this.#deriving.has(group) && !noted.has(group)) this.#state.derive.delete(group);
    }
    this.#moved = true;
  }

  async #deliver(batch: Omit<Batch, "checkpoint">): Promise<BatchResult> {
    const { executions } = batch;
    let delivered: Delivered | null = null;
    try {
      delivered = await this.#ledger.deliver({ ...batch, checkpoint: () => writeWithNotes(this.#state, executions) });
    } finally {
      if (delivered?.kind !== "stored") this.#state.derive = withNotes(this.#state.derive, executions);
    }
    this.counts.batches++;
    if (delivered.kind !== "stored") throw new AccountStopped(delivered);
    this.#moved = false;
    this.counts.created += delivered.result.executions.created;
    this.counts.duplicates += delivered.result.executions.duplicates;
    for (const { differs } of delivered.result.executionResults) if (differs) this.counts.differing++;
    this.counts.rejected += delivered.result.executions.rejected;
    this.counts.rejectedTrades += delivered.result.trades.rejected;
    return delivered.result;
  }

  async #derive(group: string, lateMs: number): Promise<void> {
    const key = parseGroup(group);
    const stored = (await this.#ledger.groupTrades(key)).filter(({ origin }) => origin === "derived");
    const sinceMs = deriveSinceMs(stored, lateMs);
    const executions = await this.#ledger.groupExecutions(key, sinceMs);
    const derived = deriveTrades(executions, this.#rules);
    this.counts.unpaired += derived.unpaired.length;
    const revisions = reviseStored(stored, { trades: derived.trades, executions, sinceMs });
    this.#countRevisions(stored, revisions);
    for (const execution of executions) {
      const last = this.#state.paired.get(group);
      if (last === undefined || compareMarks(execution, last) > 0) this.#mark(group, execution);
    }
    const dust = derived.matcher.dust.lots.get(group);
    if (dust === undefined) this.#matcher.dust.forget(group);
    else this.#matcher.dust.restore(group, dust);
    const batches = chunkTrades(revisions.flatMap(splitLegs), this.#limits.tradesPerBatchMax);
    for (const [index, trades] of batches.entries()) {
      if (index === batches.length - 1) this.#state.derive.delete(group);
      await this.#deliver({ executions: [], trades, uncertain: false });
    }
    if (this.#state.derive.delete(group)) this.#moved = true;
    this.#takeUp(group, stored, derived.matcher, revisions);
  }

  /** The matcher goes on from the derived open trades. */
  #takeUp(group: string, stored: readonly Trade[], derived: Matcher, revisions: readonly Trade[]): void {
    const delivered = new Map(stored.map(({ externalId, revision }) => [externalId, revision]));
    for (const trade of revisions) delivered.set(trade.externalId, splitLegs(trade).at(-1)?.revision ?? trade.revision);
    this.#matcher.adopt(group, derived, (externalId) => delivered.get(externalId) ?? 1);
  }

  #countRevisions(stored: Trade[], revisions: Trade[]): void {
    const known = new Map(stored.map((trade) => [trade.externalId, trade]));
    for (const trade of revisions) {
      const before = known.get(trade.externalId);
      if (before === undefined) this.counts.opened++;
      else this.counts.revised++;
      if (trade.status === "closed" && before?.status !== "closed") this.counts.closed++;
      const now = trade.status === "closed" ? (trade.netPnl ?? 0n) : 0n;
      const then = before?.status === "closed" ? (before.netPnl ?? 0n) : 0n;
      if (now !== then) this.#addNet(trade.pnlCurrency, now - then);
    }
  }

  #addNet(currency: string, amount: bigint): void {
    this.counts.net.set(currency, (this.counts.net.get(currency) ?? 0n) + amount);
  }
}

function parseGroup(group: string): Group {
  const bar = group.indexOf("|");
  return { market: group.slice(0, bar) as Market, symbol: group.slice(bar + 1) };
}
