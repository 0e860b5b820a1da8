import type { Log } from "../context.ts";
import { Failure } from "../errors.ts";
import { sealBatch } from "../journal/batch.ts";
import type { BatchOutcome, BatchResult, Journal, SealedBatch } from "../journal/journal.ts";
import type { Id, WireExecution, WireTrade } from "../journal/wire.ts";
import type { Buffer } from "./buffer.ts";
import { assumedResult, joinResults, withRejected } from "./result.ts";

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
  /** The platform does not have the account any more; the batch is in failed/. */
  | { kind: "gone" };

/** What became of a batch and of all parts that it was sent in. `undelivered`: the batch as a whole has to be kept. */
type Sent =
  | Extract<DeliveryOutcome, { kind: "stored" | "dropped" }>
  | { kind: "refused"; reason: string }
  | { kind: "undelivered"; failure: Failure };

/** Halving a batch of 100 ends after 7 rounds; quarantining ends when nothing is left. More rounds than this is a bug. */
const roundsMax = 16;
const loggedIdsMax = 100;
const goneReason = "404 the platform does not have the account";

/**
 * Delivers a batch: to the platform, else to the buffer. Follows the contract's table: 413 is split, items that a 422 names are set aside
 * and the rest goes under a new key, a conflict of checkpoints drops the batch, what is refused for good is in failed/.
 * @throws {Failure} what stops the cycle; the batch is kept then
 */
export async function deliver(outgoing: Outgoing, tools: DeliveryTools): Promise<DeliveryOutcome> {
  const sealed = sealBatch({ ...outgoing, key: tools.uuid() });
  const sent = await send(sealed, tools, outgoing);
  switch (sent.kind) {
    case "undelivered": {
      const { failure } = sent;
      tools.buffer.keep(sealed, failure.message, isAnswered(failure) ? 1 : 0);
      if (failure.kind !== "unavailable") throw failure;
      return { kind: "buffered", reason: failure.message };
    }
    case "refused":
      tools.buffer.setAside(sealed, sent.reason);
      return sent.reason === goneReason
        ? { kind: "gone" }
        : { kind: "refused", reason: `The platform refused a batch: ${sent.reason}` };
    default:
      return sent;
  }
}

/**
 * Whether the platform itself answered this request, with an error that another try can mend: such an attempt counts. One that could not
 * reach it, or that it put off (429, 503), does not: an evening without the platform fails no batch.
 */
export function isAnswered({ kind, detail }: Failure): boolean {
  return detail.code === "platform_error" || (kind === "data" && detail.code === "platform_contract");
}

/** Sends a batch that was sealed before, and its parts where the platform wants parts. Keeps nothing. */
export async function send(
  sealed: SealedBatch,
  tools: DeliveryTools,
  outgoing: Outgoing = openSealed(sealed),
  round = 0,
): Promise<Sent> {
  let outcome: BatchOutcome;
  try {
    outcome = await tools.journal.postBatch(sealed);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { kind: "undelivered", failure: error };
  }
  switch (outcome.kind) {
    case "stored":
      if (outcome.result.executions.rejected + outcome.result.trades.rejected > 0)
        setAsideRejected(outcome.result, outgoing, tools);
      return { kind: "stored", result: outcome.result };
    case "conflict":
      if (outcome.sameCheckpoint) return { kind: "stored", result: assumedResult(outgoing, outcome.checkpointVersion) };
      return { kind: "dropped", reason: "The checkpoint was moved by another worker" };
    case "gone":
      return { kind: "refused", reason: goneReason };
    case "tooLarge":
      return await splitTooLarge(outgoing, tools, round);
    case "invalid":
      return await withoutInvalid(outcome, outgoing, tools, round);
    case "unexpected":
      return { kind: "refused", reason: `${outcome.status} ${outcome.message}`.trimEnd() };
  }
}

async function sendPart(part: Outgoing, tools: DeliveryTools, round: number): Promise<Sent> {
  return await send(sealBatch({ ...part, key: tools.uuid() }), tools, part, round + 1);
}

/**
 * 413: the executions alone, in halves, then the trades with the checkpoint, in halves too. Where one item by itself is too large, the batch
 * as a whole is a person's: nothing of ours is that long, so it is a limit in front of the platform.
 */
async function splitTooLarge(outgoing: Outgoing, tools: DeliveryTools, round: number): Promise<Sent> {
  const { accountId, userId, executions, trades } = outgoing;
  if (round >= roundsMax || executions.length + trades.length <= 1) {
    return { kind: "refused", reason: tooLargeReason(outgoing) };
  }
  if (executions.length === 0 || trades.length === 0) return await sendParts(halves(outgoing), tools, round);
  const first = await sendParts(halves({ accountId, userId, executions, trades: [] }), tools, round);
  if (first.kind !== "stored") return first;
  const second = await sendPart({ ...outgoing, executions: [] }, tools, round);
  return second.kind === "stored" ? { kind: "stored", result: joinResults([first.result, second.result]) } : second;
}

function tooLargeReason({ executions, trades }: Outgoing): string {
  const [item] = [...executions, ...trades];
  const what = item === undefined ? "even a checkpoint alone is" : `even ${item.external_id} alone is`;
  return `413 ${what} too large for the platform: its limit of a request's size is to be raised (a proxy's, PHP's post_max_size)`;
}

/** Of one kind of items. A checkpoint goes with the last part: it leads beyond all of them. */
function halves({ checkpoint, expectedCheckpointVersion, ...outgoing }: Outgoing): Outgoing[] {
  const { executions, trades } = outgoing;
  const middle = Math.ceil((executions.length + trades.length) / 2);
  const parts = [
    { ...outgoing, executions: executions.slice(0, middle), trades: trades.slice(0, middle) },
    { ...outgoing, executions: executions.slice(middle), trades: trades.slice(middle) },
  ].filter((part) => part.executions.length + part.trades.length > 0);
  return parts.map((part, index) =>
    index === parts.length - 1 ? { ...part, checkpoint, expectedCheckpointVersion } : part,
  );
}

async function sendParts(parts: Outgoing[], tools: DeliveryTools, round: number): Promise<Sent> {
  const results: BatchResult[] = [];
  for (const part of parts) {
    const sent = await sendPart(part, tools, round);
    if (sent.kind !== "stored") return sent;
    results.push(sent.result);
  }
  return { kind: "stored", result: joinResults(results) };
}

/** 422 of a platform that checks a whole batch at once: what it names is set aside, with the trades that need it; the rest goes again. */
async function withoutInvalid(
  outcome: Extract<BatchOutcome, { kind: "invalid" }>,
  outgoing: Outgoing,
  tools: DeliveryTools,
  round: number,
): Promise<Sent> {
  const named = namedItems(outcome.errors);
  if (named.executions.size + named.trades.size === 0 || round >= roundsMax) {
    return { kind: "refused", reason: `422 ${outcome.message} ${JSON.stringify(outcome.errors)}` };
  }
  const bad = outgoing.executions.filter((_, index) => named.executions.has(index));
  const badIds = new Set(bad.map(({ external_id }) => external_id));
  const needsBad = ({ legs }: WireTrade) => legs.some(({ execution_id }) => badIds.has(execution_id));
  const badTrades = outgoing.trades.filter((trade, index) => named.trades.has(index) || needsBad(trade));
  if (bad.length + badTrades.length === 0) {
    return { kind: "refused", reason: `422 ${outcome.message} names items that were not sent` };
  }
  setAside(bad, badTrades, outcome.errors, outgoing, tools);
  const rest: Outgoing = {
    ...outgoing,
    executions: outgoing.executions.filter((execution) => !bad.includes(execution)),
    trades: outgoing.trades.filter((trade) => !badTrades.includes(trade)),
  };
  if (rest.executions.length + rest.trades.length === 0) {
    const version = outgoing.expectedCheckpointVersion ?? 0;
    return { kind: "stored", result: withRejected(joinResults([]), outgoing, rest, version) };
  }
  const sent = await sendPart(rest, tools, round);
  if (sent.kind !== "stored") return sent;
  return { kind: "stored", result: withRejected(sent.result, outgoing, rest, sent.result.checkpointVersion) };
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
  if (executions.length + trades.length > 0) setAside(executions, trades, result.errors, outgoing, tools);
}

/** Refused items stay on disk with the platform's reasons: a person looks, and nothing is lost. */
function setAside(
  executions: WireExecution[],
  trades: WireTrade[],
  errors: Record<string, string[]>,
  { accountId, userId }: Outgoing,
  { buffer, uuid, log }: DeliveryTools,
): void {
  log.warning("items_rejected", {
    account_id: accountId,
    executions: executions.length,
    trades: trades.length,
    external_ids: [...executions, ...trades].slice(0, loggedIdsMax).map(({ external_id }) => external_id),
    errors,
  });
  const sealed = sealBatch({ accountId, userId, key: uuid(), executions, trades });
  buffer.setAside(sealed, `refused by the platform: ${JSON.stringify(errors)}`);
}

/** The bytes are our own, written by `sealBatch` and checked by the buffer's checksum. */
export function openSealed({ accountId, userId, body }: SealedBatch): Outgoing {
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
