import type { Context } from "../../context.ts";
import { type FetchBounds, fetchText } from "../bounded-fetch.ts";
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

export interface Bounds extends FetchBounds {
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
  { venueUrl, ...bounds }: Bounds,
  context: Pick<Context, "fetch" | "signal">,
): Promise<Answer> {
  const init = { method, headers, ...(body === undefined ? {} : { body }) };
  const { response, text } = await fetchText(atVenue(url, venueUrl), init, bounds, context);
  return { status: response.status, headers: response.headers, text };
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
