import { Database } from "bun:sqlite";
import { beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { bought, executionOf, funded, reportedTrade, roundTrip, seed, sold, stillOpen } from "../journal/samples.ts";
import { type Answer, ask, at, errorKeys, post } from "./ask.ts";
import { describeLaravel, reset } from "./instance.ts";

setDefaultTimeout(60_000);

describeLaravel("fixtures/laravel stores", (platform) => {
  beforeEach(async () => await reset(platform, seed));
  const send = (body: unknown, key?: string): Promise<Answer> => ask(platform, "/accounts/1/trades", post(body, key));
  const storedIds = async (): Promise<unknown[]> =>
    (at((await ask(platform, "/accounts/1/executions")).body, "data") as unknown[]).map((item) =>
      at(item, "external_id"),
    );

  test("a batch, and answers as the contract's example does", async () => {
    const { status, body } = await send({
      executions: [bought, funded, sold],
      trades: [roundTrip],
      checkpoint: { v: 1, state: '{"linear":{"BTCUSDT":"104891"}}' },
      expected_checkpoint_version: 0,
    });
    expect([status, body]).toEqual([
      200,
      {
        data: {
          account_id: 1,
          checkpoint_version: 1,
          executions: { received: 3, created: 3, duplicates: 0, rejected: 0 },
          trades: { received: 1, created: 1, updated: 0, duplicates: 0, rejected: 0 },
          results: {
            executions: [bought, funded, sold].map(({ external_id }, index) => ({
              index,
              external_id,
              status: "created",
            })),
            trades: [{ index: 0, external_id: roundTrip.external_id, status: "created", trade_id: 1, revision: 1 }],
          },
        },
      },
    ]);
  });

  test("what is right of a batch, and says what is wrong with the rest", async () => {
    await send({ executions: [bought, sold], trades: [reportedTrade(1, { revision: 3 })] });
    const { status, body } = await send({
      executions: [
        executionOf(1),
        bought,
        { ...sold, content_hash: "0".repeat(64) },
        { ...executionOf(2), symbol: null, quantity: 0.5 },
        "no object",
        { ...executionOf(3), external_id: 7 },
        executionOf(1, { price: "1" }),
      ],
      trades: [
        reportedTrade(1, { revision: 4 }),
        reportedTrade(2),
        { ...reportedTrade(1), revision: 5 },
        { ...stillOpen, legs: [{ execution_id: executionOf(2).external_id, role: "entry" }] },
      ],
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      data: {
        executions: { received: 7, created: 1, duplicates: 2, rejected: 4 },
        trades: { received: 4, created: 1, updated: 1, duplicates: 0, rejected: 2 },
        results: {
          executions: [
            { status: "created" },
            { status: "duplicate", differs: false },
            { status: "duplicate", differs: true },
            { status: "rejected", external_id: executionOf(2).external_id },
            { status: "rejected", external_id: null },
            { status: "rejected", external_id: null },
            { status: "rejected", external_id: executionOf(1).external_id },
          ],
          trades: [
            { status: "updated", trade_id: 1, revision: 4 },
            { status: "created", trade_id: 2, revision: 1 },
            { status: "rejected" },
            { status: "rejected" },
          ],
        },
      },
    });
    expect(at(body, "errors")).toEqual({
      "executions.3.symbol": ["The symbol field is required."],
      "executions.3.quantity": [expect.stringContaining("must be a string")],
      "executions.4": [expect.any(String)],
      "executions.5.external_id": ["The external id must be a string."],
      "executions.6.external_id": ["The external id field has a duplicate value."],
      "trades.2.external_id": ["The external id field has a duplicate value."],
      "trades.3.legs.0.execution_id": [`The execution ${executionOf(2).external_id} is not stored.`],
    });
    expect(await storedIds()).toEqual([bought.external_id, sold.external_id, executionOf(1).external_id]);
  });

  describe("under its key", () => {
    test("only what has one", async () => {
      const body = { executions: [bought] };
      for (const key of [null, "short", "with blanks in it", '"one quote', "x".repeat(256)]) {
        const answer = await ask(platform, "/accounts/1/trades", { body, headers: { "Idempotency-Key": key } });
        expect([answer.status, errorKeys(answer)]).toEqual([400, []]);
      }
      expect(await storedIds()).toEqual([]);
    });

    test("once: the first answer comes again, quoted or not, with a request id of its own", async () => {
      const first = await send({ executions: [bought] }, "the-same-key");
      const again = await send({ executions: [bought] }, '"the-same-key"');
      expect([again.status, again.body]).toEqual([first.status, first.body]);
      expect([first, again].map(({ headers }) => headers.get("idempotency-replayed"))).toEqual([null, "true"]);
      expect(again.headers.get("x-request-id")).not.toBe(first.headers.get("x-request-id"));
      expect(again.headers.get("x-ratelimit-limit")).not.toBeNull();
    });

    test("and no other bytes or account", async () => {
      await send({ executions: [bought] }, "the-same-key");
      const other = [
        await send({ executions: [sold] }, "the-same-key"),
        await ask(platform, "/accounts/2/trades", post({ executions: [bought] }, "the-same-key")),
      ];
      for (const { status, body } of other) {
        expect([status, Object.keys(body as object)]).toEqual([422, ["message"]]);
      }
      expect(await storedIds()).toEqual([bought.external_id]);
    });

    test("as often as it takes, while it fails", async () => {
      const body = { executions: [bought], checkpoint: { v: 1 }, expected_checkpoint_version: 1 };
      expect((await send(body, "one-key-all-along")).status).toBe(409);
      await send({ executions: [sold], checkpoint: { v: 1 }, expected_checkpoint_version: 0 });
      expect(await send(body, "one-key-all-along")).toMatchObject({
        status: 200,
        body: { data: { checkpoint_version: 2, executions: { created: 1 } } },
      });
    });
  });

  describe("a checkpoint", () => {
    test.each([
      ["text", { v: 1, state: '{"spot":{"BTCUSDT":"28457"}}' }],
      ["what PHP makes a list of", { "0": "x", "1": "y" }],
      ["empty objects and lists", { a: {}, b: [], c: { d: {} } }],
      ["blanks and nothing", { padded: "  x  ", empty: "", missing: null }],
      ["other scripts and slashes", { name: 'größe/日本 \u2028 "quoted"' }],
      ["nothing at all", {}],
    ])("of %s as it came", async (_name, checkpoint) => {
      const { body } = await send({ executions: [bought], checkpoint, expected_checkpoint_version: 0 });
      expect(at(body, "data", "checkpoint_version")).toBe(1);
      const account = at((await ask(platform, "/accounts?broker=binance")).body, "data", 0);
      expect(at(account, "checkpoint")).toEqual(checkpoint);
      const late = await send({ executions: [sold], checkpoint: { v: 2 }, expected_checkpoint_version: 0 });
      expect([late.status, late.body]).toEqual([
        409,
        {
          message: "The checkpoint was changed by another worker.",
          code: "checkpoint_conflict",
          data: { checkpoint, checkpoint_version: 1 },
        },
      ]);
    });

    test.each([
      ["a list", [1, 2]],
      ["text", "28457"],
      ["more than 64 KB", { state: "x".repeat(65_536) }],
    ])("not of %s", async (_name, checkpoint) => {
      const answer = await send({ executions: [bought], checkpoint, expected_checkpoint_version: 0 });
      expect([answer.status, errorKeys(answer)]).toEqual([422, ["checkpoint"]]);
    });
  });

  test("a time to its last digit, and three of them where there are no more", async () => {
    const times = ["2026-03-01T10:00:00Z", "2026-03-01T10:00:00.5Z", "2026-03-01T10:00:00.123456Z"];
    await send({ executions: times.map((executed_at, index) => executionOf(index, { executed_at })) });
    const read = async (query: string): Promise<unknown[]> =>
      (at((await ask(platform, `/accounts/1/executions${query}`)).body, "data") as unknown[]).map((item) =>
        at(item, "executed_at"),
      );
    const [whole, half, exact] = ["2026-03-01T10:00:00.000Z", "2026-03-01T10:00:00.500Z", times[2]];
    expect(await read("")).toEqual([whole, half, exact]);
    expect(await read("?executed_since=2026-03-01T10:00:00.123456Z")).toEqual([half, exact]);
    expect(await read("?executed_since=2026-03-01T10:00:00.123457Z")).toEqual([half]);
  });

  test.each([
    ["revision", "2", 1.5],
    ["execution_count", true, -1],
    ["state", { lots: [] }, "ß".repeat(32_768)],
  ])("no %s of another type or size", async (field, ...values) => {
    for (const value of values) {
      const answer = await send({ trades: [{ ...stillOpen, legs: [], [field]: value }] });
      expect([answer.status, errorKeys(answer)]).toEqual([200, [`trades.0.${field}`]]);
    }
  });

  test("a leg anew when it comes again, and those of earlier revisions stay", async () => {
    await send({ executions: [bought, funded, sold], trades: [roundTrip] });
    const leg = { ...roundTrip.legs[0], fee: "9.99" };
    const { body } = await send({ trades: [{ ...roundTrip, revision: 2, legs: [leg] }] });
    expect(body).toMatchObject({ data: { trades: { updated: 1 } } });
    const database = new Database(join(platform.folder, "database.sqlite"), { readonly: true });
    const legs = database.query("SELECT role, fee FROM legs ORDER BY id").all();
    database.close();
    expect(legs).toEqual([
      { role: "entry", fee: "9.99" },
      { role: "funding", fee: roundTrip.legs[1]?.fee ?? "" },
      { role: "exit", fee: roundTrip.legs[2]?.fee ?? "" },
    ]);
  });
});
