import type { Execution } from "../executions/execution.ts";
import { compareExecutions } from "../executions/identify.ts";
import { chargeGraceMs, Matcher, type MatchRules } from "./match.ts";
import type { Leg, Trade, TradeFlag } from "./trade.ts";

/** Late executions change the past: these trades hold, in place of what was delivered. */
export interface Derived {
  /** Every trade of the executions, with all its legs, revision 1. */
  trades: Trade[];
  /** Ids of executions that belong to no trade. */
  unpaired: string[];
  /** Knows the positions, to go on from. */
  matcher: Matcher;
}

/** Derives the trades of one group from nothing but its executions, in any order. */
export function deriveTrades(executions: readonly Execution[], rules: MatchRules): Derived {
  const matcher = new Matcher(rules);
  const unpaired: string[] = [];
  for (const execution of [...executions].sort(compareExecutions)) {
    if (!matcher.apply(execution)) unpaired.push(execution.externalId);
  }
  return { trades: matcher.takeChanges(), unpaired, matcher };
}

/**
 * From where a group must be derived anew when something came late at `lateMs`: the opening of the earliest trade that was not over
 * by then, of every trade that reaches into that span (long and short side by side, the other half of a flip), and of every trade that left dust,
 * since a later one can have sold it.
 */
export function deriveSinceMs(stored: readonly Trade[], lateMs: number): number {
  let sinceMs = lateMs;
  for (let round = 0; round <= stored.length; round++) {
    const earliest = stored.reduce(
      (earlier, trade) =>
        leavesDust(trade) || reaches(trade, sinceMs) ? Math.min(earlier, trade.openedAtMs) : earlier,
      sinceMs,
    );
    if (earliest === sinceMs) break;
    sinceMs = earliest;
  }
  return sinceMs;
}

function leavesDust({ status, origin, market, flags }: Trade): boolean {
  return status === "closed" && origin === "derived" && market === "spot" && flags.includes("dust_closed");
}

/** Still open at the time, or closed so shortly before that a funding then would be the trade's. */
function reaches(trade: Trade, sinceMs: number): boolean {
  if (trade.status === "void" || trade.origin !== "derived") return false;
  return (trade.closedAtMs ?? Number.POSITIVE_INFINITY) + chargeGraceMs >= sinceMs;
}

/**
 * What to deliver so that the stored trades of a group become the derived ones: the next revision of each that changed, new ones, and
 * `void` for each that no longer holds. `stored` are all of the group's trades, void ones too; those that were over before `sinceMs`
 * stay as they are.
 */
export function reviseStored(
  stored: readonly Trade[],
  {
    trades: derived,
    executions,
    sinceMs,
  }: { trades: readonly Trade[]; executions: readonly Execution[]; sinceMs: number },
): Trade[] {
  const revisions: Trade[] = [];
  const known = new Map(stored.map((trade) => [trade.externalId, trade]));
  for (const trade of derived) {
    const earlier = known.get(trade.externalId);
    known.delete(trade.externalId);
    // Stored executions do not say that their fee was valued by a neighbouring rate.
    const flag: TradeFlag = "estimated_fee";
    if (earlier?.flags.includes(flag) === true && !trade.flags.includes(flag))
      trade.flags = [...trade.flags, flag].sort();
    if (earlier === undefined) {
      revisions.push(trade);
      continue;
    }
    // Equal in every figure, it can still be made of other executions when some of the same moment lie beside it.
    const emptied = emptiedLegs(earlier, trade, executions);
    if (!sameTrade(earlier, trade) || emptied.length > 0) {
      revisions.push({ ...trade, legs: [...trade.legs, ...emptied], revision: earlier.revision + 1 });
    }
  }
  for (const trade of known.values()) {
    if (reaches(trade, sinceMs) && trade.openedAtMs >= sinceMs) revisions.push(withdrawn(trade));
  }
  return revisions;
}

/**
 * A stored leg cannot be taken away, only replaced: what lay in the earlier span of the trade and is no part of it any more becomes a leg of
 * nothing.
 */
function emptiedLegs(earlier: Trade, trade: Trade, executions: readonly Execution[]): Leg[] {
  const own = new Set(trade.legs.map(({ executionId }) => executionId));
  const book = executions.find(({ externalId }) => own.has(externalId))?.positionSide ?? null;
  const endMs = earlier.closedAtMs ?? Number.POSITIVE_INFINITY;
  return executions.flatMap((execution): Leg[] => {
    const { externalId, executedAtMs, type, side, positionSide } = execution;
    const alone = type === "funding" || type === "fee";
    const lastMs = alone ? endMs + chargeGraceMs : endMs;
    if (own.has(externalId) || type === "transfer" || executedAtMs < earlier.openedAtMs || executedAtMs > lastMs)
      return [];
    if (!alone && positionSide !== book) return [];
    const entry = (side === "buy") === (trade.direction === "long");
    const role = alone ? type : entry ? "entry" : "exit";
    return [{ executionId: externalId, role, quantity: alone ? null : 0n, price: null, fee: 0n, pnl: null }];
  });
}

function withdrawn(trade: Trade): Trade {
  return { ...trade, revision: trade.revision + 1, status: "void", closedAtMs: null, state: null, legs: [] };
}

/**
 * Everything but the revision, the legs, which are not read back, and `missing_conversion`, which the wire form adds for a base
 * currency without a rate.
 */
export function sameTrade(a: Trade, b: Trade): boolean {
  const flat = ({ revision: _revision, legs: _legs, flags, ...rest }: Trade) => ({
    ...rest,
    flags: flags
      .filter((flag) => flag !== "missing_conversion")
      .sort()
      .join(),
  });
  const [left, right] = [flat(a), flat(b)] as [Record<string, unknown>, Record<string, unknown>];
  return Object.keys(left).every((key) => left[key] === right[key]);
}

/** The contract takes this many legs in a batch; where a trade has more, a further revision brings the rest. */
export const legsPerRevisionMax = 1_000;

/** A trade of many legs as revisions of at most 1,000 each. */
export function splitLegs(trade: Trade): Trade[] {
  if (trade.legs.length <= legsPerRevisionMax) return [trade];
  const parts: Leg[][] = [];
  for (let start = 0; start < trade.legs.length; start += legsPerRevisionMax) {
    parts.push(trade.legs.slice(start, start + legsPerRevisionMax));
  }
  return parts.map((legs, index) => ({ ...trade, legs, revision: trade.revision + index }));
}
