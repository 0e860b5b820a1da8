import type { VenueAccount } from "../account.ts";
import type { Venue } from "../start.ts";

export interface OkxReply {
  status: number;
  body: { code: string; msg: string; data: Record<string, string>[] };
}

/** Signs as the documentation says, for tests of the venue itself. `headers` replace what it would send. */
export function okxClient(
  venue: Pick<Venue, "url" | "clock">,
  account: Pick<VenueAccount, "apiKey" | "apiSecret" | "passphrase">,
) {
  return async (path: string, query = "", headers: Record<string, string> = {}): Promise<OkxReply> => {
    const timestamp = headers["ok-access-timestamp"] ?? new Date(venue.clock.trueMs()).toISOString();
    const target = query === "" ? path : `${path}?${query}`;
    const response = await fetch(`${venue.url}${target}`, {
      headers: {
        "ok-access-key": account.apiKey,
        "ok-access-passphrase": account.passphrase,
        "ok-access-timestamp": timestamp,
        "ok-access-sign": new Bun.CryptoHasher("sha256", account.apiSecret)
          .update(`${timestamp}GET${target}`)
          .digest("base64"),
        ...headers,
      },
    });
    const body: OkxReply["body"] = JSON.parse(await response.text());
    return { status: response.status, body };
  };
}
