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
