import type { Mapping } from "./header.ts";
import { type RowProblem, shorten } from "./report.ts";

/** What a row is, before its cells are looked at. */
export type RowKind =
  | { kind: "row" }
  /** Nothing to account for: a blank line, a header. */
  | { kind: "none" }
  | { kind: "skip"; reason: string }
  | { kind: "problem"; problem: Omit<RowProblem, "line"> };

export const row: RowKind = { kind: "row" };
export const none: RowKind = { kind: "none" };

/** Brokers' rows have some hundred. Patterns that look into cells would take minutes over a long one. */
export const rowCharactersMax = 10_000;
export const tooLong: RowKind = {
  kind: "problem",
  problem: {
    column: null,
    code: "too_long",
    said: null,
    message: `expected a row of at most ${rowCharactersMax} characters`,
  },
};

export function quoteProblem(code: "unclosed_quote" | "bad_quote"): RowKind {
  const message =
    code === "unclosed_quote" ? "a quote is not closed" : "text stands between a closing quote and the next delimiter";
  return { kind: "problem", problem: { column: null, code, said: null, message } };
}

export function unknownValue(expected: string, said: string): RowKind {
  const message = `expected ${expected}, found "${shorten(said)}"`;
  return { kind: "problem", problem: { column: null, code: "unknown_value", said, message } };
}

/** More cells than columns are none when they are empty: trailing delimiters. */
export function widthProblem(
  cells: readonly string[],
  { width }: Mapping,
): Extract<RowKind, { kind: "problem" }> | null {
  if (cells.length === width) return null;
  if (cells.length > width && cells.every((cell, index) => index < width || cell.trim() === "")) return null;
  const message = `expected ${width} columns, found ${cells.length}`;
  return { kind: "problem", problem: { column: null, code: "column_count", said: null, message } };
}

/** Files that were put together have it in the middle. */
export function isHeader(cells: readonly string[], header: readonly string[]): boolean {
  return header.length > 0 && header.every((name, index) => name.trim() === (cells[index] ?? "").trim());
}

export function list(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}
