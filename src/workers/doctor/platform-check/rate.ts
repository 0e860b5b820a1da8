import { askOnce } from "./ask.ts";
import { equal, refusal } from "./expect.ts";
import { type Point, Untested, Wrong } from "./point.ts";

const requestsMax = 5_000;

export const ratePoints: readonly Point[] = [
  {
    name: "exhausted",
    expects:
      "over the rate limit: 429 as JSON, with Retry-After (seconds), X-RateLimit-Limit, X-RateLimit-Remaining 0 and X-RateLimit-Reset",
    async run({ settings, ping, context }) {
      if (!settings.exhaustRateLimit) {
        throw new Untested("the limit would be used up, and the key kept out for a minute: --exhaust-rate-limit");
      }
      const allowed = ping.limits.rate_per_minute ?? 600;
      if (allowed > requestsMax)
        throw new Untested(`${allowed} requests a minute are more than the ${requestsMax} of this check`);
      for (let sent = 0; sent <= allowed; sent++) {
        const response = await askOnce(settings, "/ping", context);
        if (response.status !== 429) continue;
        const answer = {
          request: "GET /ping",
          status: 429,
          headers: response.headers,
          json: await response.json(),
          bytes: new Uint8Array(),
        };
        refusal(answer, 429);
        for (const name of ["Retry-After", "X-RateLimit-Limit", "X-RateLimit-Reset"]) {
          const value = response.headers.get(name);
          if (value === null || !/^\d+$/.test(value)) equal(answer, name, value, "a whole number");
        }
        equal(answer, "X-RateLimit-Remaining", response.headers.get("x-ratelimit-remaining"), "0");
        return;
      }
      throw new Wrong(`GET /ping: ${allowed + 1} requests were answered; limits.rate_per_minute says ${allowed}`);
    },
  },
];
