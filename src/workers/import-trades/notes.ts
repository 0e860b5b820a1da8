import type { Execution } from "../../executions/execution.ts";
import { groupOf } from "../../trades/group.ts";
import { type CheckpointState, writeCheckpoint } from "./checkpoint.ts";

/** Notes that a group is to be derived anew since a time. */
export function noteDerive(derive: Map<string, number>, group: string, sinceMs: number): void {
  const noted = derive.get(group);
  if (noted === undefined || sinceMs < noted) derive.set(group, sinceMs);
}

/** What would have to be derived anew, were it never known what became of these executions. */
export function withNotes(derive: ReadonlyMap<string, number>, executions: readonly Execution[]): Map<string, number> {
  const noted = new Map(derive);
  for (const execution of executions) noteDerive(noted, groupOf(execution), execution.executedAtMs);
  return noted;
}

/** The checkpoint to send with executions whose trades only the answer confirms: made where somebody asks for it, a dry run does not. */
export function writeWithNotes(state: CheckpointState, executions: readonly Execution[]): { v: number; state: string } {
  const { derive } = state;
  state.derive = withNotes(derive, executions);
  try {
    return writeCheckpoint(state);
  } finally {
    state.derive = derive;
  }
}
