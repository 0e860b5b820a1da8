import { checkpointOf, sameCheckpoint } from "./batch.ts";
import { toBatchResult } from "./batch-result.ts";
import type { ApiAnswer } from "./http.ts";
import type { BatchOutcome, SealedBatch, StatisticsOutcome, StatusOutcome } from "./journal.ts";
import { checked, contractFailure, readAccount } from "./read.ts";
import {
  batchAnswerShape,
  conflictDataShape,
  dataShape,
  type ImportStatusPatch,
  statisticsStoredShape,
} from "./wire.ts";

/** What the platform's answers mean, one function a request. Statuses that are the same for all are `http.ts`'s. */

/** The JSON of a 200 or 201; anything else is no answer that the contract has here. */
export function taken(answer: ApiAnswer, where: string): unknown {
  if (answer.status === 200 || answer.status === 201) return answer.json;
  throw contractFailure(where, `it answers ${answer.status} ${answer.message}`.trimEnd() + errorsText(answer));
}

export function batchOutcome(answer: ApiAnswer, batch: SealedBatch, where: string): BatchOutcome {
  switch (answer.status) {
    case 200:
    case 201:
      return stored(answer, batch, where);
    case 404:
      return { kind: "gone" };
    case 413:
      return { kind: "tooLarge" };
    case 409:
      return answer.code === "checkpoint_conflict" ? batchConflict(answer, batch, where) : unexpected(answer);
    case 422:
      return answer.json === undefined ? unexpected(answer) : { kind: "invalid", ...validationOf(answer) };
    default:
      return unexpected(answer);
  }
}

function stored(answer: ApiAnswer, batch: SealedBatch, where: string): BatchOutcome {
  const body = checked(batchAnswerShape, answer.json, where);
  const { executions, trades } = body.data.results;
  if (!areInOrder(executions, batch.executions) || !areInOrder(trades, batch.trades)) {
    throw contractFailure(where, "data.results does not have one entry for each item, in the order sent");
  }
  const replayed = answer.headers.get("idempotency-replayed") === "true";
  return { kind: "stored", result: toBatchResult(body, validationOf(answer).errors), replayed };
}

function areInOrder(results: readonly { index: number }[], sent: number): boolean {
  return results.length === sent && results.every((result, index) => result.index === index);
}

function batchConflict(answer: ApiAnswer, batch: SealedBatch, where: string): BatchOutcome {
  const { checkpoint = null, checkpoint_version } = conflictOf(answer, where);
  if (checkpoint_version == null) throw contractFailure(where, "a checkpoint_conflict has no data.checkpoint_version");
  return {
    kind: "conflict",
    checkpoint,
    checkpointVersion: checkpoint_version,
    sameCheckpoint: sameCheckpoint(checkpointOf(batch.body), checkpoint),
  };
}

export function statusOutcome(answer: ApiAnswer, patch: ImportStatusPatch, where: string): StatusOutcome {
  const { status, code } = answer;
  if (status === 404) return { kind: "gone" };
  if (status === 422 && answer.json !== undefined) return { kind: "invalid", ...validationOf(answer) };
  if (status === 409 && code === "credentials_conflict") return { kind: "conflict", code, sameCheckpoint: false };
  if (status === 409 && code === "checkpoint_conflict") {
    const { checkpoint = null } = conflictOf(answer, where);
    return { kind: "conflict", code, sameCheckpoint: sameCheckpoint(patch.checkpoint ?? null, checkpoint) };
  }
  return { kind: "stored", account: readAccount(checked(dataShape, taken(answer, where), where).data, where) };
}

export function statisticsOutcome(answer: ApiAnswer, where: string): StatisticsOutcome {
  const { status, code } = answer;
  if (status === 404) return { kind: "gone" };
  if (status === 413) return { kind: "tooLarge" };
  if (status === 422 && answer.json !== undefined) return { kind: "invalid", ...validationOf(answer) };
  if (status === 409 && code === "stale_statistics") {
    const { based_on_version } = conflictOf(answer, where);
    if (based_on_version == null) throw contractFailure(where, "stale_statistics has no data.based_on_version");
    return { kind: "newer", basedOnVersion: based_on_version };
  }
  return { kind: "stored", stale: checked(statisticsStoredShape, taken(answer, where), where).data.stale };
}

function conflictOf(answer: ApiAnswer, where: string): typeof conflictDataShape.infer {
  const data = checked(dataShape, answer.json, where).data;
  return checked(conflictDataShape, data, where);
}

/** Laravel's `message` and `errors`; PHP writes an empty object as `[]`. */
function validationOf(answer: ApiAnswer): { message: string; errors: Record<string, string[]> } {
  const errors: Record<string, string[]> = {};
  const { json } = answer;
  const given = typeof json === "object" && json !== null && "errors" in json ? json.errors : null;
  if (typeof given === "object" && given !== null && !Array.isArray(given)) {
    for (const [key, messages] of Object.entries(given)) {
      errors[key] = (Array.isArray(messages) ? messages : [messages]).map(String);
    }
  }
  return { message: answer.message, errors };
}

const errorsShownMax = 3;

function errorsText(answer: ApiAnswer): string {
  const errors = Object.entries(validationOf(answer).errors).slice(0, errorsShownMax);
  return errors.map(([key, messages]) => `; ${key}: ${messages.join(" ").slice(0, 200)}`).join("");
}

function unexpected({ status, message }: ApiAnswer): BatchOutcome {
  return { kind: "unexpected", status, message };
}
