import { formatDecimal, parseDecimal } from "../../executions/decimal.ts";
import type { Books } from "../metatrader/plan-deals.ts";

/** How far an account was read: everything before `fromMs`, and what a netting account held by then. */
export interface Cursor {
  unit: "positions" | "deals";
  fromMs: number;
  books: Books;
}

const version = 1;

export function writeCursor({ unit, fromMs, books }: Cursor): unknown {
  const held = [...books].filter(([, { long, short }]) => long !== 0n || short !== 0n);
  const text = held.map(([symbol, { long, short }]) => [symbol, formatDecimal(long), formatDecimal(short)]);
  return { v: version, unit, fromMs, books: text };
}

/** Null: none, or of a form that this version does not know: the account is read from its beginning, which stores nothing twice. */
export function readCursor(stored: unknown): Cursor | null {
  if (typeof stored !== "object" || stored === null) return null;
  const { v, unit, fromMs, books } = stored as Record<string, unknown>;
  if (v !== version || (unit !== "positions" && unit !== "deals")) return null;
  if (typeof fromMs !== "number" || !Number.isSafeInteger(fromMs) || !Array.isArray(books)) return null;
  const held: Books = new Map();
  for (const book of books as unknown[]) {
    if (!Array.isArray(book)) return null;
    const [symbol, long, short] = book as unknown[];
    if (typeof symbol !== "string" || !isAmount(long) || !isAmount(short)) return null;
    held.set(symbol, { long: parseDecimal(long), short: parseDecimal(short) });
  }
  return { unit, fromMs, books: held };
}

function isAmount(value: unknown): value is string {
  return typeof value === "string" && /^\d{1,30}(\.\d{1,18})?$/.test(value);
}
