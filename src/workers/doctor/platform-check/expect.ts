import { isDeepStrictEqual } from "node:util";
import { Failure } from "../../../errors.ts";
import { parseDecimal } from "../../../executions/decimal.ts";
import { checked } from "../../../journal/read.ts";
import type { Answer } from "./ask.ts";
import { Wrong } from "./point.ts";

/** What points say about answers. Each of them throws `Wrong` with what was found. */
const shownMax = 200;

export function status(answer: Answer, ...expected: number[]): Answer {
  if (expected.includes(answer.status)) return answer;
  throw new Wrong(`${answer.request}: ${describe(answer)}, not ${expected.join(" or ")}`);
}

/** A status from 400 up, as Laravel has it: JSON with a message. */
export function refusal(answer: Answer, ...expected: number[]): Answer {
  status(answer, ...expected);
  const type = answer.headers.get("content-type") ?? "no content type";
  if (typeof at(answer.json, "message") === "string" && type.startsWith("application/json")) return answer;
  throw new Wrong(`${answer.request}: a ${answer.status} without a JSON body that has a message (${type})`);
}

/** A 422 whose `errors` name these fields. */
export function invalid(answer: Answer, ...fields: string[]): void {
  refusal(answer, 422);
  const errors = errorsOf(answer);
  const missing = fields.filter(
    (field) => !Object.keys(errors).some((key) => key === field || key.startsWith(`${field}.`)),
  );
  if (missing.length === 0) return;
  const named = Object.keys(errors).join(", ") || "nothing";
  throw new Wrong(`${answer.request}: a 422 whose \`errors\` name ${named}, not ${missing.join(" and ")}`);
}

export function errorsOf({ json }: Answer): Record<string, unknown> {
  const errors = at(json, "errors");
  return typeof errors === "object" && errors !== null ? (errors as Record<string, unknown>) : {};
}

/** @param what what it is, at the place where it was found: `data.checkpoint_version` */
export function equal(answer: Answer, what: string, found: unknown, expected: unknown): void {
  if (isDeepStrictEqual(found, expected)) return;
  throw new Wrong(`${answer.request}: ${what} is ${shown(found)}, not ${shown(expected)}`);
}

/** The member at a path of names and indices: `member(answer, "data.executions.created", 3)`. */
export function member(answer: Answer, path: string, expected: unknown): void {
  equal(answer, path, at(answer.json, ...path.split(".")), expected);
}

/** The same number, as text: a `DECIMAL` column may add zeros at the end. */
export function decimal(answer: Answer, what: string, found: unknown, expected: string | null): void {
  if (found === expected) return;
  if (typeof found === "string" && expected !== null && sameNumber(found, expected)) return;
  const asNumber = typeof found === "number" ? ", a JSON number" : "";
  throw new Wrong(`${answer.request}: ${what} is ${shown(found)}${asNumber}, not the text ${shown(expected)}`);
}

function sameNumber(first: string, second: string): boolean {
  try {
    return parseDecimal(first) === parseDecimal(second);
  } catch (error) {
    if (error instanceof Failure || error instanceof RangeError || error instanceof SyntaxError) return false;
    throw error;
  }
}

/** The shape that the workers read it by. */
export function shaped(answer: Answer, shape: Parameters<typeof checked>[0], value: unknown, where: string): void {
  try {
    checked(shape, value, `${answer.request}, ${where}`);
  } catch (error) {
    if (error instanceof Failure) throw new Wrong(error.message.replace(/\.$/, ""));
    throw error;
  }
}

export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null ? (inner as Record<string | number, unknown>)[key] : undefined,
    value,
  );
}

export function shown(value: unknown): string {
  const text = value === undefined ? "missing" : JSON.stringify(value);
  return text.length > shownMax ? `${text.slice(0, shownMax)}...` : text;
}

function describe({ status: found, headers, json }: Answer): string {
  const location = headers.get("location");
  const message = at(json, "message");
  const errors = Object.entries((at(json, "errors") as object | undefined) ?? {}).slice(0, 2);
  const parts = [
    location === null ? "" : `to ${location.split("?")[0]}`,
    typeof message === "string" && message !== "" ? `"${message.slice(0, shownMax)}"` : "",
    ...errors.map(([field, texts]) => `${field}: ${shown(texts)}`),
    json === undefined ? `with a body that is no JSON (${headers.get("content-type") ?? "no content type"})` : "",
  ];
  return [`${found}`, ...parts.filter(Boolean)].join(" ");
}
