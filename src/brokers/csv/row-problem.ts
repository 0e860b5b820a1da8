import { NormaliseError } from "../../executions/normalise.ts";
import { CellError, type Dialect, RowError } from "./dialect.ts";
import type { Field, Mapping } from "./header.ts";
import { type RowProblem, shorten } from "./report.ts";

/** `fieldIndex`: the column that was being read; negative: all were read. */
export function problemOf(
  error: unknown,
  mapping: Mapping | null,
  cells: readonly string[],
  fieldIndex: number,
  dialect: Dialect,
): Omit<RowProblem, "line"> {
  if (error instanceof CellError) {
    const field = mapping?.fields[fieldIndex];
    const said = field === undefined || field.index < 0 ? "" : (cells[field.index] ?? "").trim();
    const message = `expected ${error.message}, found ${said === "" ? "nothing" : `"${shorten(said)}"`}`;
    return { column: field?.name ?? null, code: error.code, said, message };
  }
  const key =
    error instanceof RowError
      ? error.column
      : error instanceof NormaliseError
        ? error.field === "executedAtMs"
          ? dialect.timeColumn
          : error.field
        : undefined;
  if (key === undefined) throw error;
  const { code, message } = error as RowError | NormaliseError;
  const named = mapping?.fields.find((found) => found.key === key);
  const field = named ?? (key === "quantity" ? mapping?.fields.find(isQuantity) : undefined);
  if (field === undefined || field.index < 0) return { column: null, code, said: null, message };
  const said = (cells[field.index] ?? "").trim();
  const found = message.includes("found") ? "" : `, found "${shorten(said)}"`;
  return { column: field.name, code, said, message: `${message}${found}` };
}

/** Where a dialect's quantity has another name, by generation. */
function isQuantity({ key, index }: Field): boolean {
  return index >= 0 && (key === "executed" || key === "amount");
}
