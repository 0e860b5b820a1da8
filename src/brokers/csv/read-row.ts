import type { Execution } from "../../executions/execution.ts";
import { externalIdOf, rowIdOf } from "../../executions/identify.ts";
import { type Draft, normalise } from "../../executions/normalise.ts";
import type { Trade } from "../../trades/trade.ts";
import { type ClosedPosition, closedTrade, tradeIdOf } from "./closed-position.ts";
import { RowError } from "./dialect.ts";

/** A row that was read, before its place among the others is known: an execution, a trade, or what its group is made of. */
export interface ReadRow {
  execution: Execution | null;
  trade: Trade | null;
  /** Of a dialect with groups: its values by their columns' keys. */
  values: Readonly<Record<string, unknown>> | null;
  /** Its place among the others. */
  atMs: number;
  line: number;
  /** Rows that it was made of. */
  rows: number;
  /** Its id is the row's and lacks the occurrence. */
  needsOccurrence: boolean;
}

const rounded = /(?:^|[-_:])\d+(?:[.,]\d+)?E\+\d+(?:[-_:]|$)/;

/** `8.38977E+18`: many ids became this one, so that it would make different executions one. @throws {RowError} */
function refuseRounded(id: string | null): void {
  if (id === null || !id.includes("E+") || !rounded.test(id)) return;
  throw new RowError(
    "rounded_id",
    "expected an id, which a spreadsheet rounded when it saved the file: export it again, and import it as it comes",
    "id",
  );
}

export function toReadRow(draft: Draft, broker: string, line: number, rows = 1): ReadRow {
  const venue = { broker, market: draft.market, symbol: draft.symbol };
  const needsOccurrence = draft.id === null;
  if (draft.id === null && draft.identity === undefined) {
    throw new Error(`a row of ${broker} has neither an id nor an identity`);
  }
  refuseRounded(draft.id);
  const externalId = draft.id === null ? rowIdOf(venue, draft.identity ?? []) : externalIdOf(venue, draft.id);
  const execution = normalise(draft, externalId);
  return { execution, trade: null, values: null, atMs: execution.executedAtMs, line, rows, needsOccurrence };
}

/** Its place is that of its row, whatever else it says of time. */
export function toReadTrade(
  closed: ClosedPosition,
  broker: string,
  { line, atMs }: Pick<ReadRow, "line" | "atMs">,
): ReadRow {
  refuseRounded(closed.id);
  const { externalId, isRowId } = tradeIdOf(closed, { broker, market: closed.market, symbol: closed.symbol });
  const trade = closedTrade(closed, externalId);
  return { execution: null, trade, values: null, atMs, line, rows: 1, needsOccurrence: isRowId };
}
