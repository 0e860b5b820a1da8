import { contractVersion } from "../../../journal/fields.ts";
import { pingAnswerShape } from "../../../journal/wire.ts";
import { at, equal, refusal, shaped, status } from "./expect.ts";
import { type Point, Wrong } from "./point.ts";

const aheadMsMax = 30_000;

export const connectionPoints: readonly Point[] = [
  {
    name: "ping",
    expects: `200 with status "ok", time, contract_version ${contractVersion}, the key's abilities and limits.max_batch`,
    async run({ ask }) {
      const answer = status(await ask("/ping"), 200);
      shaped(answer, pingAnswerShape, answer.json, "the body");
      const [major] = String(at(answer.json, "data", "contract_version")).split(".");
      equal(answer, "the major version of data.contract_version", major, contractVersion.split(".")[0]);
    },
  },
  {
    name: "clock",
    expects:
      "data.time of GET /ping is UTC and within 30 seconds of the workers' clock: brokers refuse requests that are later",
    async run({ ask, context: { clock } }) {
      const answer = status(await ask("/ping"), 200);
      const aheadMs = Date.parse(String(at(answer.json, "data", "time"))) - clock.nowMs();
      if (Math.abs(aheadMs) <= aheadMsMax) return;
      throw new Wrong(`${answer.request}: data.time is ${Math.round(aheadMs / 1000)} s away from this machine's clock`);
    },
  },
  {
    name: "no-key",
    expects: "401 as JSON with a message, when there is no key",
    run: async ({ ask }) => void refusal(await ask("/ping", { key: null }), 401),
  },
  {
    name: "unknown-key",
    expects: "401 as JSON with a message, when the key is unknown",
    run: async ({ ask }) => void refusal(await ask("/accounts", { key: "platform-check-of-no-such-key" }), 401),
  },
  {
    name: "request-id",
    expects: "X-Request-Id of the request comes back, in errors too, so that both logs can be laid beside each other",
    async run({ ask, context }) {
      for (const [path, expected] of [
        ["/ping", 200],
        ["/platform-check/no-such-route", 404],
      ] as const) {
        const requestId = context.uuid();
        const answer = status(await ask(path, { requestId }), expected);
        equal(answer, "X-Request-Id", answer.headers.get("x-request-id"), requestId);
      }
    },
  },
  {
    name: "rate-limit-headers",
    expects: "X-RateLimit-Limit and X-RateLimit-Remaining, whole numbers, on every answer to a good key",
    async run({ ask }) {
      for (const path of ["/ping", "/users?per_page=1"]) {
        const answer = status(await ask(path), 200);
        for (const name of ["X-RateLimit-Limit", "X-RateLimit-Remaining"]) {
          const value = answer.headers.get(name);
          if (value === null || !/^\d+$/.test(value)) equal(answer, name, value, "a whole number");
        }
      }
    },
  },
  {
    name: "no-route",
    expects: "404 as JSON with a message, for a route that does not exist",
    run: async ({ ask }) => void refusal(await ask("/platform-check/no-such-route"), 404),
  },
  {
    name: "wrong-method",
    expects: "405 as JSON with a message, for a method that a route does not have",
    run: async ({ ask }) => void refusal(await ask("/ping", { method: "DELETE" }), 405),
  },
];
