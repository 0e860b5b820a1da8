import type { Log } from "../context.ts";
import { Failure } from "../errors.ts";
import { sealBatch } from "../journal/batch.ts";
import type { BatchOutcome, BatchResult, Journal, SealedBatch } from "../journal/journal.ts";
import type { Id, WireExecution, WireTrade } from "../journal/wire.ts";
import type { Buffer } from "./buffer.ts";

/** A batch before it is sealed. */
export interface Outgoing {
  accountId: Id;
  userId: Id;
  executions: WireExecution[];
  trades: WireTrade[];
  checkpoint?: { v: number; state: string } | undefined;
  expectedCheckpointVersion?: number | undefined;
}

export interface DeliveryTools {
  journal: Journal;
  buffer: Buffer;
  log: Log;
  /** A new Idempotency-Key. */
  uuid: () => string;
}

export type DeliveryOutcome =
  | { kind: "stored"; result: BatchResult }
  | { kind: "buffered"; reason: string }
  | { kind: "dropped"; reason: string }
  /** The platform will never take it: it is in failed/, for a person to look at. */
  | { kind: "refused"; reason: string }
  | { kind: "gone" };

/** Halving a batch of 100 ends after 7 rounds; quarantining ends when nothing is left. More rounds than this is a bug. */
const roundsMax = 16;

/**
 * Delivers a batch: to the platform, else to the buffer. Follows the contract's table: 413 is split, items that a 422 names are set aside
 * and the rest goes under a new key, a conflict of checkpoints drops the batch.
 * @throws {Failure} what stops the cycle; the batch is kept then
 */
export async function deliver(outgoing: Outgoing, tools: DeliveryTools, round = 0): Promise<DeliveryOutcome> {
  const sealed = sealBatch({ ...outgoing, key: tools.uuid() });
  let outcome: BatchOutcome;
  try {
    outcome = await tools.journal.postBatch(sealed);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    tools.buffer.keep(sealed, error.message);
    if (error.kind !== "unavailable") throw error;
    return { kind: "buffered", reason: error.message };
  }
  return await resolve(outcome, outgoing, sealed, tools, round);
}

/** What an answer means for the batch. Also for one that comes from the buffer. */
export async function resolve(
  outcome: BatchOutcome,
  outgoing: Outgoing,
  sealed: SealedBatch,
  tools: DeliveryTools,
  round = 0,
): Promise<DeliveryOutcome> {
  switch (outcome.kind) {
    case "stored":
      if (outcome.result.executions.rejected + outcome.result.trades.rejected > 0)
        setAsideRejected(outcome.result, outgoing, tools);
      return outcome;
    case "conflict":
      if (outcome.sameCheckpoint) return { kind: "stored", result: assumed(outgoing, outcome.checkpointVersion) };
      return { kind: "dropped", reason: "The checkpoint was moved by another worker" };
    case "gone":
      return { kind: "gone" };
    case "tooLarge":
      return await splitTooLarge(outgoing, tools, round);
    case "invalid":
      return await withoutInvalid(outcome, outgoing, sealed, tools, round);
    case "unexpected":
      return refuse(`${outcome.status} ${outcome.message}`, sealed, tools);
  }
}

function refuse(reason: string, sealed: SealedBatch, { buffer }: DeliveryTools): DeliveryOutcome {
  buffer.setAside(sealed, reason);
  return { kind: "refused", reason: `The platform refused a batch: ${reason}` };
}

/** An earlier attempt got through, so what it created is not known: everything may be new. */
function assumed({ executions, trades }: Outgoing, checkpointVersion: number): BatchResult {
  return {
    checkpointVersion,
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

/** 413: the executions alone, in halves, then the trades with the checkpoint. Too large even so: the next cycle makes smaller ones. */
async function splitTooLarge(outgoing: Outgoing, tools: DeliveryTools, round: number): Promise<DeliveryOutcome> {
  const { executions, trades, checkpoint } = outgoing;
  const alone = trades.length === 0 && checkpoint === undefined;
  const dropped: DeliveryOutcome = { kind: "dropped", reason: "A batch is too large for the platform even in parts" };
  if (round >= roundsMax || executions.length + (alone ? 0 : 1) <= 1) return dropped;
  if (!alone) {
    const facts = { accountId: outgoing.accountId, userId: outgoing.userId };
    const first = await deliverParts(halves({ ...facts, executions, trades: [] }), tools, round);
    if (first.kind !== "stored") return first;
    const second = await deliver({ ...outgoing, executions: [] }, tools, round + 1);
    return second.kind === "stored" ? { kind: "stored", result: joined([first.result, second.result]) } : second;
  }
  return await deliverParts(halves(outgoing), tools, round);
}

function halves(outgoing: Outgoing): Outgoing[] {
  const middle = Math.ceil(outgoing.executions.length / 2);
  const parts = [outgoing.executions.slice(0, middle), outgoing.executions.slice(middle)];
  return parts.filter((part) => part.length > 0).map((executions) => ({ ...outgoing, executions }));
}

async function deliverParts(parts: Outgoing[], tools: DeliveryTools, round: number): Promise<DeliveryOutcome> {
  const results: BatchResult[] = [];
  for (const part of parts) {
    const outcome = await deliver(part, tools, round + 1);
    if (outcome.kind !== "stored") return outcome;
    results.push(outcome.result);
  }
  return { kind: "stored", result: joined(results) };
}

function joined(results: BatchResult[]): BatchResult {
  const sum = (pick: (result: BatchResult) => number) => results.reduce((total, result) => total + pick(result), 0);
  return {
    checkpointVersion: results.at(-1)?.checkpointVersion ?? 0,
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

/** 422 of a platform that checks a whole batch at once: what it names is set aside, with the trades that need it; the rest goes again. */
async function withoutInvalid(
  outcome: Extract<BatchOutcome, { kind: "invalid" }>,
  outgoing: Outgoing,
  sealed: SealedBatch,
  tools: DeliveryTools,
  round: number,
): Promise<DeliveryOutcome> {
  const named = namedItems(outcome.errors);
  if (named.executions.size + named.trades.size === 0 || round >= roundsMax) {
    return refuse(`422 ${outcome.message} ${JSON.stringify(outcome.errors)}`, sealed, tools);
  }
  const bad = outgoing.executions.filter((_, index) => named.executions.has(index));
  const badIds = new Set(bad.map(({ external_id }) => external_id));
  const needsBad = ({ legs }: WireTrade) => legs.some(({ execution_id }) => badIds.has(execution_id));
  const badTrades = outgoing.trades.filter((trade, index) => named.trades.has(index) || needsBad(trade));
  setAside(bad, badTrades, outcome.errors, outgoing, tools);
  const rest: Outgoing = {
    ...outgoing,
    executions: outgoing.executions.filter((execution) => !bad.includes(execution)),
    trades: outgoing.trades.filter((trade) => !badTrades.includes(trade)),
  };
  if (rest.executions.length + rest.trades.length === 0) {
    return {
      kind: "stored",
      result: withRejected(joined([]), outgoing, rest, outgoing.expectedCheckpointVersion ?? 0),
    };
  }
  const delivered = await deliver(rest, tools, round + 1);
  if (delivered.kind !== "stored") return delivered;
  return { kind: "stored", result: withRejected(delivered.result, outgoing, rest, delivered.result.checkpointVersion) };
}

/** The result in the order of what was asked, the refused items in their places. */
function withRejected(result: BatchResult, asked: Outgoing, sent: Outgoing, checkpointVersion: number): BatchResult {
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

/** `executions.2.symbol` and `trades.0.legs.1.role` name items; `executions` alone does not. */
function namedItems(errors: Record<string, string[]>): { executions: Set<number>; trades: Set<number> } {
  const named = { executions: new Set<number>(), trades: new Set<number>() };
  for (const key of Object.keys(errors)) {
    const match = /^(executions|trades)\.(\d+)(\.|$)/.exec(key);
    if (match !== null) named[match[1] as "executions" | "trades"].add(Number(match[2]));
  }
  return named;
}

function setAsideRejected(result: BatchResult, outgoing: Outgoing, tools: DeliveryTools): void {
  const executions = outgoing.executions.filter((_, index) => result.executionResults[index]?.status === "rejected");
  const trades = outgoing.trades.filter((_, index) => result.tradeResults[index]?.status === "rejected");
  setAside(executions, trades, result.errors, outgoing, tools);
}

/** Refused items stay on disk with the platform's reasons: a person looks, and nothing is lost. */
function setAside(
  executions: WireExecution[],
  trades: WireTrade[],
  errors: Record<string, string[]>,
  { accountId, userId }: Outgoing,
  { buffer, uuid, log }: DeliveryTools,
): void {
  const sealed = sealBatch({ accountId, userId, key: uuid(), executions, trades });
  buffer.setAside(sealed, `refused by the platform: ${JSON.stringify(errors)}`);
  log.warning("items_rejected", {
    account_id: accountId,
    executions: executions.length,
    trades: trades.length,
    errors,
  });
}

export interface FlushCounts {
  delivered: number;
  dropped: number;
  failed: number;
}

/** Sends what waits on disk, oldest first. Stops at the first sign that the platform is away. @throws {Failure} */
export async function flushBuffer(tools: DeliveryTools): Promise<FlushCounts> {
  const counts: FlushCounts = { delivered: 0, dropped: 0, failed: 0 };
  for (const kept of tools.buffer.pending()) {
    const outcome = await tools.journal.postBatch(kept.batch);
    counts[await resolveKept(outcome, kept.batch, tools)]++;
    tools.buffer.remove(kept);
  }
  return counts;
}

async function resolveKept(
  outcome: BatchOutcome,
  batch: SealedBatch,
  tools: DeliveryTools,
): Promise<keyof FlushCounts> {
  const delivered = await resolve(outcome, openSealed(batch), batch, tools);
  switch (delivered.kind) {
    case "stored":
    case "buffered": // anew, in parts that have files of their own
      return "delivered";
    case "dropped":
      tools.log.info("batch_superseded", { batch: batch.key, account_id: batch.accountId, reason: delivered.reason });
      return "dropped";
    case "refused":
      return "failed";
    case "gone":
      tools.buffer.setAside(batch, "404 the platform does not have the account");
      return "failed";
  }
}

/** The bytes are our own, written by `sealBatch` and checked by the buffer's checksum. */
function openSealed({ accountId, userId, body }: SealedBatch): Outgoing {
  const batch = JSON.parse(body) as {
    executions?: WireExecution[];
    trades?: WireTrade[];
    checkpoint?: { v: number; state: string };
    expected_checkpoint_version?: number;
  };
  return {
    accountId,
    userId,
    executions: batch.executions ?? [],
    trades: batch.trades ?? [],
    checkpoint: batch.checkpoint,
    expectedCheckpointVersion: batch.expected_checkpoint_version,
  };
}
