import type { Context } from "../../context.ts";
import { type FetchBounds, fetchText, NoAnswer } from "../bounded-fetch.ts";
import type { Refusal } from "./errors.ts";
import { parseJson } from "./json.ts";

/** A whole answer of the venue. */
export interface Answer {
  status: number;
  headers: Headers;
  /** Of 2xx. */
  value: unknown;
  /** Of everything else. */
  refusal: Refusal | null;
}

const messageCharactersMax = 300;

export interface Sending extends FetchBounds {
  url: string;
  headers: Record<string, string>;
}

/** @throws {NoAnswer} @throws {TooLarge} and the signal's reason, when the run is stopped */
export async function send(
  { url, headers, ...bounds }: Sending,
  context: Pick<Context, "fetch" | "signal">,
): Promise<Answer> {
  const { response, text } = await fetchText(url, { headers }, bounds, context);
  return toAnswer(response, text);
}

function toAnswer({ ok, status, headers }: Response, text: string): Answer {
  let value: unknown;
  let isJson = true;
  try {
    value = parseJson(text);
  } catch {
    isJson = false; // a page of a gateway, or half a body
  }
  if (ok && isJson) return { status, headers, value, refusal: null };
  if (ok) throw new NoAnswer(`the answer is no JSON: ${excerpt(text)}`);
  const { code, msg } = (typeof value === "object" && value !== null ? value : {}) as { code?: unknown; msg?: unknown };
  const retryAfter = Number(headers.get("retry-after") ?? Number.NaN);
  const refusal: Refusal = {
    status,
    code: typeof code === "number" ? code : null,
    message: typeof msg === "string" ? msg.slice(0, messageCharactersMax) : excerpt(text),
    retryAfterMs: Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter * 1_000 : null,
  };
  return { status, headers, value: undefined, refusal };
}

function excerpt(text: string): string {
  const plain = text
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  return plain === "" ? "an empty body" : plain.slice(0, 120);
}
