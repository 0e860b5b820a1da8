import { formatDecimal, formatProduct, parseDecimal, parseProduct } from "../../executions/decimal.ts";
import type { Execution } from "../../executions/execution.ts";
import { compareExecutions, numericIdOf } from "../../executions/identify.ts";
import type { Lot } from "../../trades/lots.ts";

/**
 * The account's checkpoint: how far its executions are paired into trades, and the connector's own cursor. The platform keeps it unread;
 * it goes through PHP arrays there, so everything is JSON text in one string member.
 */
export interface CheckpointState {
  /** Group to the last execution that was paired. All that is stored and not later is in its trades, or named in `derive`. */
  paired: Map<string, Mark>;
  /** For groups without a mark of their own: all marks that did not fit, folded into the latest. */
  folded: Mark | null;
  /**
   * Groups in which executions may have been stored without their trades, and since when: to be derived anew. Written in the same
   * transaction as those executions, so that a crash in between cannot hide them.
   */
  derive: Map<string, number>;
  /** What the closed trades of groups left over, as `trades/dust.ts` says; as of the last that was paired. */
  dust: ReadonlyMap<string, Readonly<Lot>>;
  /** The connector's: how far the broker was read. */
  cursor: unknown;
  /** Raised with each checkpoint, so that two are never the same: a conflict can tell ours from another worker's. */
  sequence: number;
}

/** A place in the order of executions. */
export type Mark = Pick<Execution, "executedAtMs" | "externalId" | "side">;

/** The contract keeps 64 KB; what is left is for escaping, since the state is text inside JSON. */
const stateCharactersMax = 40_000;
/** A hundred characters each at most. Of more groups the oldest is forgotten, and its sale is of unknown origin until it is derived anew. */
const dustGroupsMax = 150;
const version = 1;

/**
 * Another export of the same fill can have its time in whole seconds: up to this long after the last paired execution
 * a new one may be that fill again. The platform knows; see `settle` in `pairing.ts`.
 */
export const seamMs = 1_000;

export function emptyState(): CheckpointState {
  return { paired: new Map(), folded: null, derive: new Map(), dust: new Map(), cursor: null, sequence: 0 };
}

/**
 * Of a form that this version does not know: nothing is taken for certainly new, so that nothing is paired twice. The platform
 * then says of each execution whether it has it.
 */
export function uncertainState(): CheckpointState {
  const end: Mark = { executedAtMs: Number.MAX_SAFE_INTEGER - seamMs, externalId: "", side: null };
  return { ...emptyState(), folded: end };
}

export function readCheckpoint(checkpoint: unknown): CheckpointState {
  if (checkpoint === null || checkpoint === undefined) return emptyState();
  const { v, state: text } = checkpoint as { v?: unknown; state?: unknown };
  if (v !== version || typeof text !== "string") return uncertainState();
  let state: unknown;
  try {
    state = JSON.parse(text);
  } catch {
    return uncertainState();
  }
  return isStored(state) ? fromStored(state) : uncertainState();
}

interface Stored {
  paired: Record<string, StoredMark>;
  folded: StoredMark | null;
  derive: Record<string, number>;
  dust?: Record<string, StoredDust>;
  cursor: unknown;
  sequence: number;
}

type StoredDust = [quantity: string, value: string];
type StoredMark = [executedAtMs: number, externalId: string, side: "buy" | "sell" | null];

function isStored(value: unknown): value is Stored {
  if (typeof value !== "object" || value === null) return false;
  const { paired, folded, derive, dust = {}, sequence } = value as Record<string, unknown>;
  const isObject = (part: unknown): part is object => typeof part === "object" && part !== null && !Array.isArray(part);
  return (
    Number.isSafeInteger(sequence) &&
    isObject(paired) &&
    Object.values(paired).every(isMark) &&
    (folded === null || isMark(folded)) &&
    isObject(derive) &&
    Object.values(derive).every((sinceMs) => Number.isSafeInteger(sinceMs)) &&
    isObject(dust) &&
    Object.values(dust).every(isDust)
  );
}

function isDust(value: unknown): value is StoredDust {
  if (!Array.isArray(value) || value.length !== 2) return false;
  return value.every((text) => typeof text === "string" && /^-?\d{1,20}(\.\d{1,36})?$/.test(text));
}

function isMark(value: unknown): value is StoredMark {
  return (
    Array.isArray(value) &&
    Number.isSafeInteger(value[0]) &&
    typeof value[1] === "string" &&
    (value[2] === null || value[2] === "buy" || value[2] === "sell")
  );
}

function fromStored(stored: Stored): CheckpointState {
  const mark = ([executedAtMs, externalId, side]: StoredMark): Mark => ({ executedAtMs, externalId, side });
  return {
    paired: new Map(Object.entries(stored.paired).map(([group, entry]) => [group, mark(entry)])),
    folded: stored.folded === null ? null : mark(stored.folded),
    derive: new Map(Object.entries(stored.derive)),
    dust: new Map(Object.entries(stored.dust ?? {}).map(([group, entry]) => [group, dustOf(entry)])),
    cursor: stored.cursor,
    sequence: stored.sequence,
  };
}

function dustOf([quantity, value]: StoredDust): Lot {
  return { quantity: parseDecimal(quantity), value: parseProduct(value), fee: 0n };
}

/** The checkpoint to send. Where not all marks fit, the oldest are folded into one, which is later than each of them. */
export function writeCheckpoint(state: CheckpointState): { v: number; state: string } {
  state.sequence++;
  let text = stringify(state.paired, state);
  if (text.length > stateCharactersMax) {
    const newestFirst = [...state.paired].sort(([, a], [, b]) => compareMarks(b, a));
    let kept = newestFirst.length;
    while (kept > 0 && text.length > stateCharactersMax) {
      kept = Math.floor(kept * 0.8);
      const folded = newestFirst[kept]?.[1] ?? null;
      if (folded !== null && (state.folded === null || compareMarks(folded, state.folded) > 0)) state.folded = folded;
      text = stringify(new Map(newestFirst.slice(0, kept)), state);
    }
    state.paired = new Map(newestFirst.slice(0, kept));
  }
  return { v: version, state: text };
}

function stringify(paired: Map<string, Mark>, { folded, derive, dust, cursor, sequence }: CheckpointState): string {
  const mark = ({ executedAtMs, externalId, side }: Mark): StoredMark => [executedAtMs, externalId, side];
  const stored: Stored = {
    paired: Object.fromEntries([...paired].map(([group, entry]) => [group, mark(entry)])),
    folded: folded === null ? null : mark(folded),
    derive: Object.fromEntries(derive),
    ...(dust.size === 0 ? {} : { dust: storedDust(dust) }),
    cursor,
    sequence,
  };
  return JSON.stringify(stored);
}

function storedDust(dust: CheckpointState["dust"]): Record<string, StoredDust> {
  const latest = [...dust].slice(-dustGroupsMax);
  return Object.fromEntries(
    latest.map(([group, { quantity, value }]) => [group, [formatDecimal(quantity), formatProduct(value)]]),
  );
}

export function compareMarks(a: Mark, b: Mark): number {
  return compareExecutions(a, b);
}

/** The last execution of a group that is in its trades. */
export function markOf(state: CheckpointState, group: string): Mark | null {
  return state.paired.get(group) ?? state.folded;
}

/**
 * Whether an execution is certainly none that was stored before: well after the last paired one, or, near it, with a higher number of the
 * broker's own.
 */
export function isBeyond(execution: Execution, mark: Mark | null): boolean {
  if (mark === null) return true;
  if (execution.executedAtMs > mark.executedAtMs + seamMs) return true;
  if (execution.executedAtMs < mark.executedAtMs) return false;
  const [id, last] = [numericIdOf(execution.externalId), numericIdOf(mark.externalId)];
  if (id === null || last === null || groupPrefix(execution.externalId) !== groupPrefix(mark.externalId)) return false;
  return id.length === last.length ? id > last : id.length > last.length;
}

function groupPrefix(externalId: string): string {
  return externalId.slice(0, externalId.lastIndexOf(":"));
}
