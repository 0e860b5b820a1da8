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
  return [...rows].sort((a, b) => a.timeMs - b.timeMs || mix32(idOf(a)) - mix32(idOf(b)) || idOf(a) - idOf(b));
}

/** The oldest, or the most recent, of rows in the order of time; always oldest first. */
export function page<T>(rows: readonly T[], limit: number, from: "oldest" | "newest"): T[] {
  return from === "oldest" ? rows.slice(0, limit) : rows.slice(-limit);
}
