import type { VenueAccount } from "../account.ts";
import type { Venue } from "../start.ts";

export interface BybitReply {
  status: number;
  headers: Headers;
  body: { retCode: number; retMsg: string; result: Record<string, unknown> };
}

/** Signs as the documentation says, for tests of the venue itself. `headers` replace what it would send. */
export function bybitClient(venue: Pick<Venue, "url" | "clock">, account: Pick<VenueAccount, "apiKey" | "apiSecret">) {
  return async (path: string, query = "", headers: Record<string, string> = {}): Promise<BybitReply> => {
    const timestamp = headers["x-bapi-timestamp"] ?? String(venue.clock.trueMs());
    const origin = `${timestamp}${account.apiKey}5000${query}`;
    const response = await fetch(`${venue.url}${path}${query === "" ? "" : `?${query}`}`, {
      headers: {
        "x-bapi-api-key": account.apiKey,
        "x-bapi-timestamp": timestamp,
        "x-bapi-recv-window": "5000",
        "x-bapi-sign": new Bun.CryptoHasher("sha256", account.apiSecret).update(origin).digest("hex"),
        ...headers,
      },
    });
    const text = await response.text();
    const body: BybitReply["body"] = text.startsWith("{")
      ? JSON.parse(text)
      : { retCode: -1, retMsg: text, result: {} };
    return { status: response.status, headers: response.headers, body };
  };
}
