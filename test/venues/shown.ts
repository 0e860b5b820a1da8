import { mix32 } from "./random.ts";

interface Row {
  timeMs: number;
  visibleFromMs: number;
}

/** What a list shows at this moment: what has happened, and is not still on its way from the matching engine. */
export function shownAt<T extends Row>(rows: readonly T[], nowMs: number): T[] {
  return rows.filter((row) => row.visibleFromMs <= nowMs && row.timeMs <= nowMs);
}

/**
 * In the order of time; rows of one millisecond in an order that is not that of their ids, the same each time. A page can end between them: who
 * goes on after the last id of a page has lost the smaller ones of that millisecond.
 */
export function byTime<T extends Row>(rows: readonly T[], idOf: (row: T) => number): T[] {
  const keyed = rows.map((row) => ({ row, timeMs: row.timeMs, id: idOf(row) }));
  keyed.sort((a, b) => a.timeMs - b.timeMs || mix32(a.id) - mix32(b.id) || a.id - b.id);
  return keyed.map(({ row }) => row);
}

const orderedLists = new WeakMap<readonly Row[], { length: number; ordered: readonly Row[] }>();

/** The same of a list of a ledger, which only grows: it is put in order once, and again when it has grown. */
export function listByTime<T extends Row>(list: readonly T[], idOf: (row: T) => number): readonly T[] {
  const known = orderedLists.get(list);
  if (known !== undefined && known.length === list.length) return known.ordered as readonly T[];
  const ordered = byTime(list, idOf);
  orderedLists.set(list, { length: list.length, ordered });
  return ordered;
}

/** The part of rows in the order of time that lies between, both ends included. */
export function between<T extends Row>(ordered: readonly T[], fromMs: number, untilMs: number): T[] {
  return ordered.slice(firstAfter(ordered, fromMs - 1), firstAfter(ordered, untilMs));
}

/** The index of the first row later than that. */
export function firstAfter(ordered: readonly { timeMs: number }[], ms: number): number {
  let [low, high] = [0, ordered.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ordered[middle]?.timeMs ?? 0) <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The oldest, or the most recent, of rows in the order of time; always oldest first. */
export function page<T>(rows: readonly T[], limit: number, from: "oldest" | "newest"): T[] {
  return from === "oldest" ? rows.slice(0, limit) : rows.slice(-limit);
}
