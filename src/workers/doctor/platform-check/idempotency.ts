import { storedIds } from "./batches.ts";
import { equal, errorsOf, member, refusal, status } from "./expect.ts";
import { type Point, Wrong } from "./point.ts";

export const idempotencyPoints: readonly Point[] = [
  {
    name: "missing-key",
    expects: "400 as JSON with a message, when there is no Idempotency-Key or it is malformed",
    async run({ ask, path, execution }) {
      const body = { executions: [execution()] };
      refusal(await ask(`${path}/trades`, { body }), 400);
      refusal(await ask(`${path}/trades`, { body, idempotencyKey: "short" }), 400);
    },
  },
  {
    name: "replay",
    expects: "the same key and bytes again: the first answer, counts and all, with Idempotency-Replayed: true",
    async run({ post, newKey, execution }) {
      const body = { executions: [execution()] };
      const key = newKey();
      const first = status(await post(body, key), 200);
      const again = status(await post(body, key), 200);
      equal(again, "the answer to the repeat", again.json, first.json);
      equal(again, "Idempotency-Replayed", again.headers.get("idempotency-replayed"), "true");
      equal(first, "Idempotency-Replayed of the first", first.headers.get("idempotency-replayed"), null);
    },
  },
  {
    name: "quoted-key",
    expects: 'the key as a quoted string ("key") is the same key',
    async run({ post, newKey, execution }) {
      const body = { executions: [execution()] };
      const key = newKey();
      await post(body, key);
      const again = status(await post(body, `"${key}"`), 200);
      equal(again, "Idempotency-Replayed", again.headers.get("idempotency-replayed"), "true");
    },
  },
  {
    name: "other-body",
    expects: "a key that was used with another body: 422 without errors; nothing of it is stored",
    async run(tools) {
      const key = tools.newKey();
      const other = tools.execution();
      status(await tools.post({ executions: [tools.execution()] }, key), 200);
      const answer = refusal(await tools.post({ executions: [other] }, key), 422);
      if (Object.keys(errorsOf(answer)).length > 0) throw new Wrong(`${answer.request}: a 422 with errors`);
      const ids = await storedIds(tools, "executions");
      equal(answer, "whether the other body was stored", ids.includes(other.external_id), false);
    },
  },
  {
    name: "failures-are-not-kept",
    expects: "only 2xx answers are kept: after a 422 the same key may be used, also with another body",
    async run({ post, newKey, execution }) {
      const key = newKey();
      refusal(await post({}, key), 422);
      const answer = status(await post({ executions: [execution()] }, key), 200);
      member(answer, "data.executions.created", 1);
      equal(answer, "Idempotency-Replayed", answer.headers.get("idempotency-replayed"), null);
    },
  },
  {
    name: "race",
    expects:
      "the same request twice at once: one 200, the other the same 200 or a 409 with Retry-After and without code; created once",
    async run(tools) {
      const one = tools.execution();
      const key = tools.newKey();
      const body = { executions: [one] };
      const answers = await Promise.all([tools.post(body, key), tools.post(body, key), tools.post(body, key)]);
      for (const answer of answers) {
        status(answer, 200, 409);
        if (answer.status !== 409) member(answer, "data.executions.created", 1);
        else if (answer.headers.get("retry-after") === null)
          throw new Wrong(`${answer.request}: a 409 without Retry-After`);
      }
      const ids = await storedIds(tools, "executions");
      const [first] = answers;
      if (first) equal(first, "how often it is stored", ids.filter((id) => id === one.external_id).length, 1);
    },
  },
];
