import type { Decimal } from "../../executions/decimal.ts";
import type { Execution, Market } from "../../executions/execution.ts";
import type { Zone } from "../../executions/zone.ts";
import type { Trade } from "../../trades/trade.ts";
import type { RowProblem } from "../csv/report.ts";
import type { ClosedRow } from "./records.ts";
import type { RunId } from "./symbol.ts";

/** Rows that are one round trip: a whole position, or the tickets that partial closes made of it. The first one opened it. */
export interface ClosedGroup {
  /** Of the order that opened it. */
  ticket: string;
  rows: readonly ClosedRow[];
  /** Rows of the file that it is made of. */
  lines: readonly number[];
  /** What the opening order asked for; null: the report does not say, and the closed row's own levels hold. */
  stop: Decimal | null;
  target: Decimal | null;
}

/** What becomes of each row: every data row of the report stands in exactly one of the lists, once. */
export interface Plan {
  trades: PlannedTrade[];
  /** `line`: the row that it accounts for; null: another execution of the same row does. */
  executions: { execution: Execution; line: number | null }[];
  skipped: { line: number; reason: string }[];
  problems: RowProblem[];
}

/** A trade by what orders it: it is made when its page is, since all of a large report's trades would fill the memory. */
export interface PlannedTrade extends Pick<Trade, "externalId" | "openedAtMs"> {
  closedAtMs: number;
  group: ClosedGroup;
}

/** What rows need to become trades and executions. */
export interface PlanSettings {
  zone: Zone;
  currency: string;
  /** Of symbols that are no currency pair. */
  market: Market | undefined;
  run: RunId;
}

/** In the order of closing: a total one. */
export function compareTrades(a: PlannedTrade, b: PlannedTrade): number {
  const byTime = a.closedAtMs - b.closedAtMs || a.openedAtMs - b.openedAtMs;
  return byTime || (a.externalId < b.externalId ? -1 : a.externalId > b.externalId ? 1 : 0);
}

export function emptyPlan(): Plan {
  return { trades: [], executions: [], skipped: [], problems: [] };
}

const earliestMs = Date.UTC(2000, 0, 1);
const latestMs = Date.UTC(2100, 0, 1);

/** False: no terminal was running then, so that the row is damaged. */
export function isPlausible(atMs: number): boolean {
  return atMs >= earliestMs && atMs < latestMs;
}

export function rowProblem(line: number, code: string, message: string, said: string | null = null): RowProblem {
  return { line, column: null, code, said, message };
}
