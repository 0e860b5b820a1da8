import type { SealedBatch } from "../journal/journal.ts";

/** What a batch holds: facts by their id, trades by id and revision. */
export interface Items {
  ids: ReadonlySet<string>;
  /** It leads somewhere: the account was read from the checkpoint before it, and will be again. */
  hasCheckpoint: boolean;
}

export function itemsOf({ body }: SealedBatch): Items {
  const batch: unknown = JSON.parse(body); // our own bytes
  const { executions, trades, checkpoint } = batch as Record<string, unknown>;
  const ids = new Set<string>();
  for (const { external_id } of listOf(executions)) ids.add(`execution ${String(external_id)}`);
  for (const { external_id, revision } of listOf(trades)) ids.add(`trade ${String(external_id)} ${String(revision)}`);
  return { ids, hasCheckpoint: checkpoint !== undefined };
}

/**
 * Whether `earlier` is worth nothing beside `later`. An account whose batch is refused is read again from the same checkpoint in every
 * cycle, and what is refused then holds all that was refused before: without this `failed/` would grow by a file a cycle.
 */
export function covers(later: Items, earlier: Items): boolean {
  return later.hasCheckpoint === earlier.hasCheckpoint && earlier.ids.isSubsetOf(later.ids);
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value : [];
}
