import { beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { cycleReport, executionOf, reportedTrade, seed } from "../journal/samples.ts";
import { type Answer, ask, at, post } from "./ask.ts";
import { describeLaravel, reset } from "./instance.ts";

setDefaultTimeout(60_000);

/** Four PHP processes answer at the same time, as under FPM. */
describeLaravel("eight at once on fixtures/laravel", (platform) => {
  beforeEach(async () => await reset(platform, seed));

  const eight = (asked: (number: number) => ReturnType<typeof post>, path = "/accounts/1/trades"): Promise<Answer[]> =>
    Promise.all(Array.from({ length: 8 }, (_, number) => ask(platform, path, asked(number))));
  const sorted = (values: unknown[]): unknown[] => values.sort((a, b) => Number(a) - Number(b));
  const list = async (path: string): Promise<unknown[]> => at((await ask(platform, path)).body, "data") as unknown[];

  const executions = Array.from({ length: 40 }, (_, number) => executionOf(number));
  const trades = Array.from({ length: 20 }, (_, number) => reportedTrade(number));

  test("equal batches: one is created, seven are duplicates", async () => {
    const answers = await eight(() => post({ executions, trades }));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    const counts = (kind: string, name: string) => sorted(answers.map(({ body }) => at(body, "data", kind, name)));
    expect(counts("executions", "created")).toEqual([0, 0, 0, 0, 0, 0, 0, 40]);
    expect(counts("executions", "duplicates")).toEqual([0, 40, 40, 40, 40, 40, 40, 40]);
    expect(counts("trades", "created")).toEqual([0, 0, 0, 0, 0, 0, 0, 20]);
    expect(
      [await list("/accounts/1/executions"), await list("/accounts/1/trades")].map(({ length }) => length),
    ).toEqual([40, 20]);
    expect(await list("/users")).toMatchObject([{ trades_version: 1 }, { trades_version: 0 }]);
  });

  test("attempts at one batch under its key: one is processed, the rest get its answer or are asked to wait", async () => {
    // Many small ones: an attempt must not be processed again either when the first ends while it looks.
    for (let round = 0; round < 20; round++) {
      const key = `one-key-of-eight-attempts-${round}`;
      const attempt = () => post({ executions: [executionOf(round)] }, key);
      const answers = await eight(attempt);
      const processed = answers.filter(({ status, headers }) => status === 200 && !headers.has("idempotency-replayed"));
      expect(processed.map(({ body }) => at(body, "data", "executions", "created"))).toEqual([1]);
      for (const answer of answers.filter((each) => !processed.includes(each))) {
        if (answer.status === 200) expect(answer.body).toEqual(processed[0]?.body);
        else {
          expect([answer.status, answer.headers.get("retry-after")]).toEqual([409, "1"]);
          expect(Object.keys(answer.body as object)).toEqual(["message"]);
        }
      }
      const later = await ask(platform, "/accounts/1/trades", attempt());
      expect([later.body, later.headers.get("idempotency-replayed")]).toEqual([processed[0]?.body, "true"]);
    }
  });

  test("batches on one version of the checkpoint: one wins, and nothing of the others is stored", async () => {
    const answers = await eight((number) =>
      post({
        executions: [executionOf(number)],
        checkpoint: { v: 1, state: `${number}` },
        expected_checkpoint_version: 0,
      }),
    );
    expect(sorted(answers.map(({ status }) => status))).toEqual([200, 409, 409, 409, 409, 409, 409, 409]);
    const winner = answers.findIndex(({ status }) => status === 200);
    for (const { body } of answers.filter(({ status }) => status === 409)) {
      expect(body).toMatchObject({
        code: "checkpoint_conflict",
        data: { checkpoint: { v: 1, state: `${winner}` }, checkpoint_version: 1 },
      });
    }
    expect(await list("/accounts/1/executions")).toMatchObject([{ external_id: executionOf(winner).external_id }]);
  });

  test("revisions of one trade: the highest stays", async () => {
    await ask(platform, "/accounts/1/trades", post({ trades: [reportedTrade(1)] }));
    const answers = await eight((number) =>
      post({ trades: [reportedTrade(1, { revision: number + 2, fees: `${number + 2}` })] }),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(await list("/accounts/1/trades")).toMatchObject([{ revision: 9, fees: "9" }]);
    const updates = answers.filter(({ body }) => at(body, "data", "trades", "updated") === 1).length;
    expect(await list("/users")).toMatchObject([{ trades_version: 1 + updates }, { trades_version: 0 }]);
  });

  test("batches of different accounts: all are stored", async () => {
    const answers = await Promise.all(
      Array.from({ length: 9 }, (_, number) =>
        ask(
          platform,
          `/accounts/${1 + (number % 3)}/trades`,
          post({ executions: [executionOf(number)], trades: [reportedTrade(number)] }),
        ),
      ),
    );
    expect(answers.map(({ status, body }) => [status, at(body, "data", "executions", "created")])).toEqual(
      Array(9).fill([200, 1]),
    );
    expect(await list("/users")).toMatchObject([{ trades_version: 3 }, { trades_version: 6 }]);
  });

  test("reports of one cycle: one is created", async () => {
    const answers = await eight(() => ({ method: "POST", body: cycleReport }), "/cycles");
    expect(sorted(answers.map(({ status }) => status))).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
  });
});
