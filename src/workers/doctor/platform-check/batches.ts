import { batchAnswerShape } from "../../../journal/wire.ts";
import type { Answer } from "./ask.ts";
import { at, equal, errorsOf, invalid, member, refusal, shaped, status } from "./expect.ts";
import { type Point, Wrong } from "./point.ts";
import type { Tools } from "./tools.ts";

const parallel = 4;

/** What is stored of this run, in order of arrival. */
export async function storedIds({ readAll, path, symbol }: Tools, list: "executions" | "trades"): Promise<unknown[]> {
  const { items } = await readAll(`${path}/${list}`, { symbol });
  return items.map(({ external_id }) => external_id);
}

export const batchPoints: readonly Point[] = [
  {
    name: "created",
    expects:
      "200 with counts, and one result an item in the order of the request, each `created`; the trade's with trade_id and revision",
    async run({ execution, trade, post, account }) {
      const executions = [execution(), execution({ side: "sell" })];
      const answer = status(await post({ executions, trades: [trade(executions)] }), 200);
      shaped(answer, batchAnswerShape, answer.json, "the body");
      member(answer, "data.account_id", account.account_id);
      member(answer, "data.executions", { received: 2, created: 2, duplicates: 0, rejected: 0 });
      member(answer, "data.trades", { received: 1, created: 1, updated: 0, duplicates: 0, rejected: 0 });
      for (const [index, { external_id }] of executions.entries()) {
        member(answer, `data.results.executions.${index}`, { index, external_id, status: "created" });
      }
      member(answer, "data.results.trades.0.status", "created");
      member(answer, "data.results.trades.0.revision", 1);
      equal(
        answer,
        "that the result has a trade_id",
        at(answer.json, "data", "results", "trades", 0, "trade_id") != null,
        true,
      );
    },
  },
  {
    name: "duplicate",
    expects:
      "the same items under another key: 200, every one a duplicate, with differs false; nothing is stored twice",
    async run(tools) {
      const executions = [tools.execution(), tools.execution({ side: "sell" })];
      const body = { executions, trades: [tools.trade(executions)] };
      await tools.store(body);
      const again = status(await tools.post(body), 200);
      member(again, "data.executions", { received: 2, created: 0, duplicates: 2, rejected: 0 });
      member(again, "data.trades", { received: 1, created: 0, updated: 0, duplicates: 1, rejected: 0 });
      member(again, "data.results.executions.0.differs", false);
      const ids = await storedIds(tools, "executions");
      equal(
        again,
        "how often the execution is stored",
        ids.filter((id) => id === executions[0]?.external_id).length,
        1,
      );
    },
  },
  {
    name: "differs",
    expects:
      "an execution with a stored id and another content_hash: a duplicate with differs true; the stored one stays as it is",
    async run(tools) {
      const first = tools.execution();
      await tools.store({ executions: [first] });
      const other = tools.execution({ external_id: first.external_id, price: "1.5" });
      const answer = status(await tools.post({ executions: [other] }), 200);
      member(answer, "data.results.executions.0", {
        index: 0,
        external_id: first.external_id,
        status: "duplicate",
        differs: true,
      });
      const { items, answer: list } = await tools.readAll(`${tools.path}/executions`, { symbol: tools.symbol });
      const stored = items.find(({ external_id }) => external_id === first.external_id);
      equal(list, "content_hash of the stored one", stored?.content_hash, first.content_hash);
    },
  },
  {
    name: "invalid-item",
    expects:
      "one bad item among good ones: 200 with that one `rejected` and named under errors as executions.1.<field>; or a 422 that names it so and stores nothing",
    async run(tools) {
      const [first, bad, last] = [tools.execution(), tools.execution(), tools.execution()];
      const answer = await tools.post({ executions: [first, { ...bad, symbol: null }, last] });
      await rejectedOrRefused(tools, answer, "executions.1.symbol", [first, last]);
      if (answer.status === 200)
        member(answer, "data.executions", { received: 3, created: 2, duplicates: 0, rejected: 1 });
    },
  },
  {
    name: "number-for-text",
    expects:
      "an amount that is a JSON number is refused (200 with the item rejected, or 422), since it has been through a float",
    async run(tools) {
      const good = tools.execution();
      const answer = await tools.post({ executions: [good, { ...tools.execution(), quantity: 0.1 }] });
      await rejectedOrRefused(tools, answer, "executions.1.quantity", [good]);
    },
  },
  {
    name: "unknown-leg",
    expects: "a trade whose leg names an execution that is not stored is refused as trades.0.legs.0.execution_id",
    async run(tools) {
      const answer = await tools.post({ trades: [tools.trade([tools.execution()])] });
      await rejectedOrRefused(tools, answer, "trades.0.legs.0.execution_id", []);
    },
  },
  {
    name: "twice-in-one",
    expects: "an external_id that stands twice in one list is refused the second time: executions.1.external_id",
    async run(tools) {
      const one = tools.execution();
      const answer = await tools.post({ executions: [one, { ...one, price: "2" }] });
      await rejectedOrRefused(tools, answer, "executions.1.external_id", [one]);
    },
  },
  {
    name: "empty",
    expects: "a batch of nothing: 422 whose errors name executions and trades",
    run: async ({ post }) => invalid(await post({}), "executions", "trades"),
  },
  {
    name: "too-many",
    expects: "more executions than limits.max_batch: 422 whose errors name executions; nothing is stored",
    async run(tools) {
      const executions = Array.from({ length: tools.ping.limits.max_batch + 1 }, () => tools.execution());
      const answer = await tools.post({ executions });
      invalid(answer, "executions");
      const ids = new Set(await storedIds(tools, "executions"));
      equal(
        answer,
        "how many of them are stored",
        executions.filter(({ external_id }) => ids.has(external_id)).length,
        0,
      );
    },
  },
  {
    name: "full",
    expects: "as many executions and trades as limits.max_batch, in one request: 200",
    async run({ execution, trade, post, ping }) {
      const executions = Array.from({ length: ping.limits.max_batch }, () => execution());
      const trades = executions.map((one) => trade([one]));
      const answer = status(await post({ executions, trades }), 200);
      member(answer, "data.executions.created", executions.length);
      member(answer, "data.trades.created", trades.length);
    },
  },
  {
    name: "unknown-field",
    expects: "fields that the platform does not know are ignored, so that the contract can grow",
    async run({ execution, post }) {
      const answer = status(
        await post({ executions: [{ ...execution(), something_new: [1] }], something_new: {} }),
        200,
      );
      member(answer, "data.executions.created", 1);
    },
  },
  {
    name: "race",
    expects: "the same batch from several workers at once: each 200, every execution created once, nothing is a 500",
    async run({ execution, trade, post }) {
      const executions = [execution(), execution()];
      const body = { executions, trades: [trade(executions)] };
      const answers = await Promise.all(Array.from({ length: parallel }, () => post(body)));
      for (const answer of answers) status(answer, 200);
      const created = answers.map(({ json }) => Number(at(json, "data", "executions", "created")));
      const [first] = answers;
      if (first !== undefined)
        equal(first, `executions created by ${parallel} at once`, sum(created), executions.length);
    },
  },
  {
    name: "no-json",
    expects: "a body that is no JSON: 422 or 400 as JSON, never a 500",
    async run({ post }) {
      refusal(await post('{"executions": ['), 422, 400);
    },
  },
];

/** Both are allowed: the item alone, or the whole batch. @param good what is stored in the first case, and not in the second */
async function rejectedOrRefused(
  tools: Tools,
  answer: Answer,
  field: string,
  good: readonly { external_id: string }[],
): Promise<void> {
  if (answer.status === 422) invalid(answer, field);
  else status(answer, 200, 422);
  const named = Object.keys(errorsOf(answer));
  if (!named.some((key) => key === field || key.startsWith(`${field}.`))) {
    throw new Wrong(
      `${answer.request}: a ${answer.status} whose \`errors\` name ${named.join(", ") || "nothing"}, not ${field}`,
    );
  }
  const [list = "", index = ""] = field.split(".");
  if (answer.status === 200) member(answer, `data.results.${list}.${index}.status`, "rejected");
  const ids = new Set(await storedIds(tools, "executions"));
  const stored = good.filter(({ external_id }) => ids.has(external_id)).length;
  equal(answer, "how many of the good items are stored", stored, answer.status === 200 ? good.length : 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
