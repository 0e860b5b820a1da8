import type { Fetch } from "../../src/context.ts";
import { type Exchange, offencesOf, unrefused } from "./exchange.ts";

/** What was not by the contract, collected until the test is over. */
export interface Watch {
  see: (exchange: Exchange) => void;
  /** Nothing is known of the answer: a fault took its place. */
  seeRequest: (request: Omit<Exchange, "answer">) => void;
  seen: () => number;
  /** @throws {Error} lists what was not by the contract */
  verify: () => void;
}

export interface Watched {
  /** Requests that the contract forbids may be sent, since the test does it on purpose, if the platform refuses them. */
  onPurpose: boolean;
}

const shownMax = 20;

export function makeWatch({ onPurpose }: Watched): Watch {
  const offences = new Map<string, number>();
  let seen = 0;
  const note = ({ method, path }: Omit<Exchange, "answer">, found: readonly string[]): void => {
    seen++;
    for (const offence of found) {
      const text = `${method} ${path}: ${offence}`;
      offences.set(text, (offences.get(text) ?? 0) + 1);
    }
  };
  const strict = (exchange: Exchange): string[] => {
    const { request, answer } = offencesOf(exchange);
    return [...request.map((offence) => `request: ${offence}`), ...answer.map((offence) => `answer: ${offence}`)];
  };
  return {
    see: (exchange) => note(exchange, onPurpose ? unrefused(exchange) : strict(exchange)),
    seeRequest: (request) => {
      const none = { status: 0, headers: new Headers(), body: "" };
      note(request, onPurpose ? [] : offencesOf({ ...request, answer: none }).request);
    },
    seen: () => seen,
    verify: () => {
      const list = [...offences].map(([text, times]) => (times === 1 ? text : `${text} (${times} times)`));
      offences.clear();
      if (list.length > 0) throw new Error(`not by the contract:\n  ${list.slice(0, shownMax).join("\n  ")}`);
    },
  };
}

/** A `fetch` that lets the watch see all that goes to the API at this base URL, and what comes back. */
export function watchedFetch(fetch: Fetch, baseUrl: string, watch: Watch): Fetch {
  return async (input, init = {}) => {
    const response = await fetch(input, init);
    const url = new URL(input instanceof Request ? input.url : input);
    const base = new URL(baseUrl);
    if (url.origin !== base.origin || !url.pathname.startsWith(`${base.pathname}/`)) return response;
    const { status, headers } = response;
    const bytes = await response.arrayBuffer();
    watch.see({
      method: init.method ?? "GET",
      path: url.pathname.slice(base.pathname.length),
      query: url.searchParams,
      headers: new Headers(init.headers),
      body: typeof init.body === "string" ? init.body : "",
      answer: { status, headers, body: new TextDecoder().decode(bytes) },
    });
    return new Response(bytes, { status, headers });
  };
}
