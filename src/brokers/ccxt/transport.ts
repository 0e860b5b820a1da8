import type { Context } from "../../context.ts";
import { atVenue } from "../venue-url.ts";

/**
 * What ccxt sends through: one request and its whole answer, bounded in time and bytes. ccxt's own timer ends at the headers, and its errors quote
 * the signed address.
 */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

/** No answer that could be read. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  readonly isTimeout: boolean;

  constructor(message: string, isTimeout = false) {
    super(message);
    this.isTimeout = isTimeout;
  }
}

/** An answer of more bytes is none that was asked for. */
export class TooLarge extends Error {
  override readonly name = "TooLarge";
}

export const requestMsMax = 20_000;

export interface Bounds {
  bytesMax: number;
  msMax: number;
  venueUrl: string | null;
}

interface Init {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** @throws {NoAnswer} @throws {TooLarge} and the signal's reason, when the run is stopped */
export async function send(
  url: string,
  { method = "GET", headers = {}, body }: Init,
  { bytesMax, msMax, venueUrl }: Bounds,
  { fetch, signal }: Pick<Context, "fetch" | "signal">,
): Promise<Answer> {
  const timeout = AbortSignal.timeout(msMax);
  try {
    const response = await fetch(atVenue(url, venueUrl), {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      redirect: "error", // it would carry the key to wherever it leads
      signal: AbortSignal.any([timeout, signal]),
    });
    return { status: response.status, headers: response.headers, text: await readText(response, bytesMax) };
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

/** The answer as ccxt wants it. */
export function toResponse({ status, headers, text }: Answer) {
  return { status, statusText: "", headers, text: () => Promise.resolve(text) };
}

/**
 * JSON with every number that a float would change as its own text: fractions, and integers above 2^53. So no amount passes through a float, and
 * ids keep their last digits. Undefined: no JSON, which is what ccxt expects then.
 */
export function parseJson(text: string): unknown {
  try {
    return mayLose.test(text) ? JSON.parse(text, keepText as Reviver) : JSON.parse(text);
  } catch {
    return undefined; // a page of a gateway, or half a body: the caller has the text
  }
}

type Reviver = (key: string, value: unknown) => unknown;

/** Inside of a text too, which costs time and nothing else. */
const mayLose = /[0-9]{16}|[0-9][.eE]/;

function keepText(_key: string, value: unknown, context: { source?: string }): unknown {
  return typeof value === "number" && !/^-?\d{1,15}$/.test(context.source ?? "") ? context.source : value;
}
