import type { Context } from "../../context.ts";
import type { Refusal } from "./errors.ts";
import { parseJson } from "./json.ts";

/** One request and its whole answer, bounded in time and bytes: a body that never ends, or never comes, is a failure like any other. */
export interface Answer {
  status: number;
  headers: Headers;
  /** Of 2xx. */
  value: unknown;
  /** Of everything else. */
  refusal: Refusal | null;
}

/** No answer that could be read. `timeout`: it took too long. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  readonly isTimeout: boolean;

  constructor(message: string, isTimeout = false) {
    super(message);
    this.isTimeout = isTimeout;
  }
}

/** An answer of more than that is none that was asked for. */
export class TooLarge extends Error {
  override readonly name = "TooLarge";
}

/** From the first byte sent to the last one received. */
export const requestMsMax = 20_000;
const messageCharactersMax = 300;

export interface Sending {
  url: string;
  headers: Record<string, string>;
  bytesMax: number;
  msMax: number;
}

/** @throws {NoAnswer} @throws {TooLarge} and the signal's reason, when the run is stopped */
export async function send(
  { url, headers, bytesMax, msMax }: Sending,
  { fetch, signal }: Pick<Context, "fetch" | "signal">,
): Promise<Answer> {
  const timeout = AbortSignal.timeout(msMax);
  try {
    // A redirect would carry the key to wherever it leads.
    const response = await fetch(url, { headers, redirect: "error", signal: AbortSignal.any([timeout, signal]) });
    const text = await readText(response, bytesMax);
    return toAnswer(response, text);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TooLarge) throw error;
    if (timeout.aborted) throw new NoAnswer(`no whole answer within ${msMax / 1_000} s`, true);
    throw new NoAnswer(reasonOf(error));
  }
}

/** Without the address, which is signed: of a `fetch` that fails only the system's code is told. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  return code !== "" ? `no connection (${code})` : "no connection, or it broke off";
}

async function readText(response: Response, bytesMax: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new TooLarge(`the answer has more than ${bytesMax} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
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
