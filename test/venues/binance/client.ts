import type { VenueAccount } from "../account.ts";
import type { BinanceVenue } from "./index.ts";

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  body: unknown;
}

export type Values = Record<string, string | number>;

/** A client that signs as the documentation says, for tests of the venue itself. */
export interface Client {
  get: (path: string, values?: Values) => Promise<Reply>;
  post: (path: string, values?: Values) => Promise<Reply>;
  /** The query as it is, whatever is wrong with it. */
  raw: (path: string, query: string, headers?: Record<string, string>) => Promise<Reply>;
  sign: (query: string) => string;
}

export function clientOf(
  venue: Pick<BinanceVenue, "url" | "clock">,
  account: Pick<VenueAccount, "apiKey" | "apiSecret">,
): Client {
  const sign = (query: string): string => new Bun.CryptoHasher("sha256", account.apiSecret).update(query).digest("hex");
  const queryOf = (values: Values): string => {
    const all = { ...values, timestamp: values.timestamp ?? venue.clock.trueMs() };
    const query = Object.entries(all)
      .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
      .join("&");
    return `${query}&signature=${sign(query)}`;
  };
  const send = async (path: string, query: string, init: RequestInit = {}): Promise<Reply> => {
    const response = await fetch(`${venue.url}${path}${query === "" ? "" : `?${query}`}`, {
      headers: { "x-mbx-apikey": account.apiKey },
      redirect: "manual",
      ...init,
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parse(text) };
  };
  return {
    sign,
    get: (path, values = {}) => send(path, queryOf(values)),
    post: (path, values = {}) =>
      send(path, queryOf(values), { method: "POST", headers: { "x-mbx-apikey": account.apiKey } }),
    raw: (path, query, headers) => send(path, query, headers === undefined ? {} : { headers }),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Pages and halves of bodies are what some faults answer.
    return undefined;
  }
}
