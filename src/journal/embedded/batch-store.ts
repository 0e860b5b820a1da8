import type { Database, SQLQueryBindings } from "bun:sqlite";
import { sameCheckpoint } from "../batch.ts";
import {
  batchBytesMax,
  batchItemsMax,
  batchLegsMax,
  checkpointBytesMax,
  executionFields,
  idempotencyKeyPattern,
  tradeFields,
} from "../fields.ts";
import { parseTimestamp } from "../timestamp.ts";
import type { BatchAnswer, Id, WireExecution, WireTrade } from "../wire.ts";
import { checkExecution, checkTrade } from "./item-rules.ts";
import { addError, checkFields, type Errors, integer, isObject, list, object, optional } from "./rules.ts";

/** What the platform answers to a batch; `serve.ts` makes HTTP of it, the embedded journal a BatchOutcome. */
export type StoredBatch =
  | { kind: "answer"; answer: BatchAnswer; errors: Errors; replayed: boolean }
  | { kind: "conflict"; checkpoint: object | null; checkpointVersion: number; sameCheckpoint: boolean }
  | { kind: "gone" }
  | { kind: "tooLarge" }
  | { kind: "badKey" }
  | { kind: "invalid"; message: string; errors: Errors };

export interface PostedBatch {
  accountId: Id;
  key: string;
  body: string;
}

/** Keys are kept twice as long as the contract asks for. */
const keyMsMax = 48 * 3_600_000;

interface Envelope {
  executions: unknown[];
  trades: unknown[];
  checkpoint: object | null;
  expectedVersion: number | null;
}

/** What became of the items, short, as it is kept with the key: a letter an execution, and a trade's letter, id and revision. */
interface Verdicts {
  version: number;
  executions: string;
  trades: [letter: TradeLetter, tradeId: number, revision: number][];
  errors: Errors;
}

const executionStatuses = { c: "created", d: "duplicate", x: "duplicate", r: "rejected" } as const;
const tradeStatuses = { c: "created", u: "updated", d: "duplicate", r: "rejected" } as const;
type ExecutionLetter = keyof typeof executionStatuses;
type TradeLetter = keyof typeof tradeStatuses;

/** Stores batches. All of one in one transaction, or nothing. */
export function makeBatchStore(database: Database, nowMs: () => number) {
  const sql = prepared(database);

  const store = database.transaction((posted: PostedBatch): StoredBatch => {
    const account = sql.account.get(posted.accountId);
    if (account === null) return { kind: "gone" };
    const hash = new Bun.CryptoHasher("sha256").update(`${posted.accountId}\n${posted.body}`).digest("hex");
    const known = sql.key.get(posted.key);
    if (known !== null && known.body_sha256 !== hash) {
      return {
        kind: "invalid",
        message: "This Idempotency-Key was already used with another request body.",
        errors: {},
      };
    }
    const body = parsed(posted.body);
    if (known !== null) return answered(posted, body, JSON.parse(known.verdicts) as Verdicts, true);
    const errors: Errors = {};
    const envelope = checkEnvelope(body, errors);
    if (Object.keys(errors).length > 0) return { kind: "invalid", message: "The given data was invalid.", errors };
    if (envelope.checkpoint !== null && envelope.expectedVersion !== account.checkpoint_version) {
      const checkpoint = account.checkpoint === null ? null : (JSON.parse(account.checkpoint) as object);
      const same = sameCheckpoint(envelope.checkpoint, checkpoint);
      return { kind: "conflict", checkpoint, checkpointVersion: account.checkpoint_version, sameCheckpoint: same };
    }
    const verdicts: Verdicts = { version: account.checkpoint_version, executions: "", trades: [], errors };
    storeExecutions(posted.accountId, envelope.executions, verdicts);
    storeTrades({ accountId: posted.accountId, userId: account.user_id }, envelope.trades, verdicts);
    if (envelope.checkpoint !== null) {
      verdicts.version++;
      sql.checkpoint.run(JSON.stringify(envelope.checkpoint), verdicts.version, nowMs(), posted.accountId);
    }
    sql.keep.run(posted.key, hash, JSON.stringify(verdicts), nowMs());
    return answered(posted, body, verdicts, false);
  });

  function storeExecutions(accountId: Id, items: unknown[], verdicts: Verdicts): void {
    const seen = new Set<string>();
    for (const [index, item] of items.entries()) {
      const prefix = `executions.${index}.`;
      const execution = checkExecution(item, prefix, verdicts.errors);
      const repeated = execution !== null && seen.has(execution.external_id);
      if (repeated) addError(verdicts.errors, `${prefix}external_id`, "The :attribute field has a duplicate value.");
      if (execution === null || repeated) {
        verdicts.executions += "r" satisfies ExecutionLetter;
        continue;
      }
      seen.add(execution.external_id);
      verdicts.executions += storeExecution(accountId, execution);
    }
  }

  function storeExecution(accountId: Id, execution: WireExecution): ExecutionLetter {
    const values = executionFields.map((field) => execution[field]);
    const { changes } = sql.insertExecution.run(accountId, parseTimestamp(execution.executed_at), ...values);
    if (changes > 0) return "c";
    const stored = sql.execution.get(accountId, execution.external_id);
    return stored?.content_hash === execution.content_hash ? "d" : "x";
  }

  function storeTrades(owner: { accountId: Id; userId: Id }, items: unknown[], verdicts: Verdicts): void {
    const seen = new Set<string>();
    let changed = false;
    for (const [index, item] of items.entries()) {
      const prefix = `trades.${index}.`;
      const trade = checkTrade(item, prefix, verdicts.errors);
      const repeated = trade !== null && seen.has(trade.external_id);
      if (repeated) addError(verdicts.errors, `${prefix}external_id`, "The :attribute field has a duplicate value.");
      const executionIds = trade === null ? null : findLegs(owner.accountId, trade, prefix, verdicts.errors);
      if (trade === null || executionIds === null || repeated) {
        verdicts.trades.push(["r", 0, 0]);
        continue;
      }
      seen.add(trade.external_id);
      const verdict = storeTrade(owner, trade, executionIds);
      if (verdict[0] !== "d") changed = true;
      verdicts.trades.push(verdict);
    }
    if (changed) sql.changed.run(nowMs(), owner.userId);
  }

  /** The stored executions that the legs name; null: one is not stored. */
  function findLegs(accountId: Id, trade: WireTrade, prefix: string, errors: Errors): number[] | null {
    const ids: number[] = [];
    for (const [index, leg] of trade.legs.entries()) {
      const execution = sql.execution.get(accountId, leg.execution_id);
      if (execution === null) {
        const message = `The execution ${leg.execution_id} is not stored.`;
        addError(errors, `${prefix}legs.${index}.execution_id`, message);
      } else ids.push(execution.id);
    }
    return ids.length === trade.legs.length ? ids : null;
  }

  function storeTrade(
    owner: { accountId: Id; userId: Id },
    trade: WireTrade,
    executionIds: number[],
  ): Verdicts["trades"][0] {
    const stored = sql.trade.get(owner.accountId, trade.external_id);
    if (stored !== null && stored.revision >= trade.revision) return ["d", stored.trade_id, stored.revision];
    const closedAtMs = trade.closed_at === null ? null : parseTimestamp(trade.closed_at);
    const values = tradeFields.map((field) => (field === "flags" ? JSON.stringify(trade.flags) : trade[field]));
    let tradeId: number;
    if (stored === null) {
      const inserted = sql.insertTrade.run(owner.accountId, owner.userId, trade.state, closedAtMs, ...values);
      tradeId = Number(inserted.lastInsertRowid);
    } else {
      tradeId = stored.trade_id;
      sql.updateTrade.run(trade.state, closedAtMs, ...values, tradeId);
    }
    for (const [index, leg] of trade.legs.entries()) {
      sql.leg.run(tradeId, executionIds[index] as number, leg.role, leg.quantity, leg.price, leg.fee, leg.pnl);
    }
    return [stored === null ? "c" : "u", tradeId, trade.revision];
  }

  return {
    storeBatch(posted: PostedBatch): StoredBatch {
      if (!idempotencyKeyPattern.test(posted.key)) return { kind: "badKey" };
      if (Buffer.byteLength(posted.body) >= batchBytesMax) return { kind: "tooLarge" };
      return store.immediate(posted);
    },
    forgetOldKeys(): void {
      sql.forget.run(nowMs() - keyMsMax);
    },
  };
}

function prepared(database: Database) {
  const query = <Row>(text: string) => database.query<Row, SQLQueryBindings[]>(text);
  const marks = (count: number): string => Array.from({ length: count }, () => "?").join(", ");
  return {
    account: query<{ user_id: Id; checkpoint: string | null; checkpoint_version: number }>(
      "SELECT user_id, checkpoint, checkpoint_version FROM accounts WHERE account_id = ?",
    ),
    checkpoint: query(
      "UPDATE accounts SET checkpoint = ?, checkpoint_version = ?, updated_at_ms = ? WHERE account_id = ?",
    ),
    key: query<{ body_sha256: string; verdicts: string }>(
      "SELECT body_sha256, verdicts FROM idempotency_keys WHERE key = ?",
    ),
    keep: query("INSERT INTO idempotency_keys (key, body_sha256, verdicts, created_at_ms) VALUES (?, ?, ?, ?)"),
    forget: query("DELETE FROM idempotency_keys WHERE created_at_ms < ?"),
    execution: query<{ id: number; content_hash: string }>(
      "SELECT id, content_hash FROM executions WHERE account_id = ? AND external_id = ?",
    ),
    insertExecution: query(
      `INSERT INTO executions (account_id, executed_at_ms, ${executionFields.join(", ")})
       VALUES (${marks(executionFields.length + 2)}) ON CONFLICT (account_id, external_id) DO NOTHING`,
    ),
    trade: query<{ trade_id: number; revision: number }>(
      "SELECT trade_id, revision FROM trades WHERE account_id = ? AND external_id = ?",
    ),
    insertTrade: query(
      `INSERT INTO trades (account_id, user_id, state, closed_at_ms, ${tradeFields.join(", ")})
       VALUES (${marks(tradeFields.length + 4)})`,
    ),
    updateTrade: query(
      `UPDATE trades SET state = ?, closed_at_ms = ?, ${tradeFields.map((field) => `${field} = ?`).join(", ")}
       WHERE trade_id = ?`,
    ),
    leg: query(
      `INSERT OR REPLACE INTO legs (trade_id, execution_id, role, quantity, price, fee, pnl)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    changed: query("UPDATE users SET trades_version = trades_version + 1, trades_changed_at_ms = ? WHERE user_id = ?"),
  };
}

/** What PHP sees of a body that is no JSON object: no fields. */
function parsed(text: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(text);
    return isObject(body) ? body : {};
  } catch {
    return {};
  }
}

const envelopeRules = {
  executions: optional(list(batchItemsMax)),
  trades: optional(list(batchItemsMax)),
  checkpoint: optional(object(checkpointBytesMax)),
  expected_checkpoint_version: optional(integer(0)),
};

function checkEnvelope(body: Record<string, unknown>, errors: Errors): Envelope {
  const checked = checkFields(envelopeRules, body, errors);
  const executions = Array.isArray(checked.executions) ? checked.executions : [];
  const trades = Array.isArray(checked.trades) ? checked.trades : [];
  const legs = trades.reduce((sum: number, trade) => sum + (Array.isArray(trade?.legs) ? trade.legs.length : 0), 0);
  if (executions.length + trades.length === 0 && Object.keys(errors).length === 0) {
    addError(errors, "executions", "The :attribute field is required when trades is not present.");
    addError(errors, "trades", "The :attribute field is required when executions is not present.");
  }
  if (legs > batchLegsMax) addError(errors, "trades", `The :attribute must not have more than ${batchLegsMax} legs.`);
  const { checkpoint, expected_checkpoint_version: expectedVersion } = checked;
  if (checkpoint !== null && expectedVersion === null) {
    const message = "The :attribute field is required when checkpoint is present.";
    addError(errors, "expected_checkpoint_version", message);
  }
  return {
    executions,
    trades,
    checkpoint: checkpoint as object | null,
    expectedVersion: expectedVersion as number | null,
  };
}

function answered(
  posted: PostedBatch,
  body: Record<string, unknown>,
  verdicts: Verdicts,
  replayed: boolean,
): StoredBatch {
  const letters = [...verdicts.executions] as ExecutionLetter[];
  const executionIds = externalIds(body.executions);
  const tradeIds = externalIds(body.trades);
  const executions: BatchAnswer["data"]["results"]["executions"] = letters.map((letter, index) => {
    const status = executionStatuses[letter];
    const result = { index, external_id: executionIds[index] ?? null, status };
    return status === "duplicate" ? { ...result, differs: letter === "x" } : result;
  });
  const trades: BatchAnswer["data"]["results"]["trades"] = verdicts.trades.map(
    ([letter, trade_id, revision], index) => {
      const result = { index, external_id: tradeIds[index] ?? null, status: tradeStatuses[letter] };
      return letter === "r" ? result : { ...result, trade_id, revision };
    },
  );
  const answer: BatchAnswer = {
    data: {
      account_id: posted.accountId,
      checkpoint_version: verdicts.version,
      executions: {
        received: executions.length,
        created: countOf(executions, "created"),
        duplicates: countOf(executions, "duplicate"),
        rejected: countOf(executions, "rejected"),
      },
      trades: {
        received: trades.length,
        created: countOf(trades, "created"),
        updated: countOf(trades, "updated"),
        duplicates: countOf(trades, "duplicate"),
        rejected: countOf(trades, "rejected"),
      },
      results: { executions, trades },
    },
  };
  return { kind: "answer", answer, errors: verdicts.errors, replayed };
}

function countOf(results: readonly { status: string }[], status: string): number {
  return results.filter((result) => result.status === status).length;
}

function externalIds(items: unknown): (string | null)[] {
  if (!Array.isArray(items)) return [];
  return items.map((item) => (isObject(item) && typeof item.external_id === "string" ? item.external_id : null));
}
