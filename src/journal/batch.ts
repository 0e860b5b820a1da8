import { batchItemsMax, batchLegsMax, idempotencyKeyPattern } from "./fields.ts";
import type { SealedBatch } from "./journal.ts";
import type { Id, TradeBatch, WireExecution, WireTrade } from "./wire.ts";

export interface BatchContent {
  accountId: Id;
  userId: Id;
  /** Idempotency-Key: new for each batch, 8 to 255 characters of A-Z a-z 0-9 _ . : - */
  key: string;
  executions: readonly WireExecution[];
  trades: readonly WireTrade[];
  /** Null or left out: a batch of executions alone. */
  checkpoint?: object | null | undefined;
  /** The `checkpoint_version` that the checkpoint stands on; needed with a checkpoint. */
  expectedCheckpointVersion?: number | undefined;
}

/**
 * Makes the bytes of a batch, once. Its size is not looked at here: both journals answer `tooLarge` to a body that is too
 * large, and whoever delivers splits it. @throws {RangeError} what no platform would take, a bug of the caller
 */
export function sealBatch(content: BatchContent): SealedBatch {
  const { accountId, userId, key, executions, trades, checkpoint, expectedCheckpointVersion } = content;
  checkBounds(content);
  const batch: TradeBatch = {};
  if (executions.length > 0) batch.executions = [...executions];
  if (trades.length > 0) batch.trades = [...trades];
  if (checkpoint != null && expectedCheckpointVersion !== undefined) {
    batch.checkpoint = checkpoint;
    batch.expected_checkpoint_version = expectedCheckpointVersion;
  }
  return { accountId, userId, key, body: JSON.stringify(batch), executions: executions.length, trades: trades.length };
}

function checkBounds(content: BatchContent): void {
  const { key, executions, trades, checkpoint, expectedCheckpointVersion } = content;
  const legs = trades.reduce((sum, trade) => sum + trade.legs.length, 0);
  if (!idempotencyKeyPattern.test(key)) throw new RangeError("the key of a batch has 8 to 255 of A-Z a-z 0-9 _ . : -");
  if (executions.length + trades.length === 0) throw new RangeError("a batch has at least one item");
  if (executions.length > batchItemsMax)
    throw new RangeError(`${executions.length} executions, above ${batchItemsMax}`);
  if (trades.length > batchItemsMax) throw new RangeError(`${trades.length} trades, above ${batchItemsMax}`);
  if (legs > batchLegsMax) throw new RangeError(`${legs} legs, above ${batchLegsMax}`);
  if (checkpoint != null && expectedCheckpointVersion === undefined) {
    throw new RangeError("a checkpoint needs the version that it stands on");
  }
}

/** The checkpoint that a sealed batch, or another body, leads to. */
export function checkpointOf(body: string): object | null {
  const batch: unknown = JSON.parse(body);
  if (typeof batch !== "object" || batch === null || !("checkpoint" in batch)) return null;
  return typeof batch.checkpoint === "object" ? batch.checkpoint : null;
}

/** Whatever the order of the keys, which a database's JSON column may change. Without a checkpoint nothing is the same. */
export function sameCheckpoint(sent: object | null, stored: object | null): boolean {
  return sent !== null && stored !== null && Bun.deepEquals(sent, stored, true);
}
