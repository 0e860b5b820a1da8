import { failure } from "../broker-failure.ts";
import { TooManyRows } from "./exchange.ts";

export interface Page<Row> {
  rows: readonly Row[];
  /** What asks for the next page; null: this is the last. */
  next: string | null;
}

/** In one window; more are held in memory by nobody. */
export const rowsMax = 20_000;
const pagesMax = 2_000;

/** All pages of one window. @throws {TooManyRows} @throws {Failure} the venue gives the same page for ever */
export async function collect<Row>(ask: (cursor: string | null) => Promise<Page<Row>>): Promise<Row[]> {
  const rows: Row[] = [];
  const seen = new Set<string>();
  let cursor: string | null = null;
  for (let page = 0; page < pagesMax; page++) {
    const answer: Page<Row> = await ask(cursor);
    rows.push(...answer.rows);
    if (answer.next === null) return rows;
    if (rows.length >= rowsMax) throw new TooManyRows();
    if (seen.has(answer.next)) break;
    seen.add(answer.next);
    cursor = answer.next;
  }
  throw failure("broker_answer", "The venue gives the same page again and again.", {
    hint: "Report this: its pages are not asked for as it wants.",
  });
}

/** Pages with numbers, from 1; a page that is not full is the last. */
export async function collectNumbered<Row>(
  size: number,
  ask: (page: number) => Promise<readonly Row[]>,
): Promise<Row[]> {
  return await collect(async (cursor) => {
    const page = Number(cursor ?? "1");
    const rows = await ask(page);
    return { rows, next: rows.length < size ? null : String(page + 1) };
  });
}
