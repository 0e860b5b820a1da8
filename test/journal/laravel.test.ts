import { describe, expect, test } from "bun:test";
import { inspect } from "node:util";
import { openLaravelJournal } from "../../src/journal/laravel.ts";
import type { PlatformFile } from "../../src/journal/wire.ts";
import { all, batchOf, bought, cycleReport, fakeContext, fileResult, sold, statisticsOf } from "./samples.ts";
import { failureOf, html, json, key, type Step, scripted, url } from "./scripted.ts";

const answer = {
  data: {
    account_id: 1,
    checkpoint_version: 8,
    executions: { received: 1, created: 1, duplicates: 0, rejected: 0 },
    trades: { received: 0, created: 0, updated: 0, duplicates: 0, rejected: 0 },
    results: { executions: [{ index: 0, external_id: bought.external_id, status: "created" }], trades: [] },
  },
};
const stored = (): Response => json(200, answer);
const ping = {
  data: {
    status: "ok",
    time: "2026-03-01T10:00:00.123Z",
    contract_version: "1.7",
    key: { abilities: ["*"] },
    limits: { max_batch: 100, rate_per_minute: 600 },
    something_new: true,
  },
};
const batch = batchOf({
  key: "0f8fad5b-d9cb",
  executions: [bought],
  checkpoint: { v: 1, state: "x" },
  expectedCheckpointVersion: 7,
});
const accountRest = {
  user_id: 1,
  broker: "csv",
  markets: [],
  status: "active",
  import_status: "ok",
  base_currency: "USD",
  timezone: "UTC",
  cost_basis_method: "fifo",
  credentials_version: 1,
  checkpoint: null,
  checkpoint_version: 0,
};
const reset = (): Error =>
  Object.assign(new TypeError("The socket connection was closed unexpectedly."), { code: "ECONNRESET" });
const cutBody = (): Response =>
  new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"data":{"account_id"'));
        controller.error(reset());
      },
    }),
  );

describe("a request", () => {
  test("carries what the contract asks for", async () => {
    const { journal, attempts } = scripted([stored()]);
    expect(await journal.postBatch(batch)).toMatchObject({ kind: "stored", replayed: false });
    const [attempt] = attempts;
    expect(attempt?.method).toBe("POST");
    expect(attempt?.url.href).toBe(`${url}/accounts/1/trades`);
    expect(attempt?.redirect).toBe("manual");
    expect(attempt?.body).toBe(batch.body);
    expect([...(attempt?.headers ?? [])].sort()).toEqual([
      ["accept", "application/json"],
      ["authorization", `Bearer ${key}`],
      ["content-type", "application/json"],
      ["idempotency-key", "0f8fad5b-d9cb"],
      ["x-request-id", "request-0001"],
      ["x-worker-id", "w1@host:4711"],
    ]);
  });

  test("without a body has no content type and no idempotency key", async () => {
    const { journal, attempts } = scripted([json(200, ping)]);
    await journal.ping();
    expect([...(attempts[0]?.headers.keys() ?? [])].sort()).toEqual([
      "accept",
      "authorization",
      "x-request-id",
      "x-worker-id",
    ]);
  });

  test("has the identifiers as they were received, and safe in a path", async () => {
    const gone = (): Response => json(404, { message: "" });
    const { journal, attempts } = scripted([gone(), gone()]);
    await journal.postFileResult("acc_4", 91, fileResult);
    await journal.postFileResult("a/../b", "x?y", fileResult);
    expect(attempts.map(({ url }) => url.href)).toEqual([
      `${url}/accounts/acc_4/files/91/result`,
      `${url}/accounts/a%2F..%2Fb/files/x%3Fy/result`,
    ]);
  });
});

describe("an unknown outcome", () => {
  const unknown: [string, () => Step][] = [
    ["500", () => json(500, { message: "Server Error" })],
    ["500 in HTML", () => html(500)],
    ["502", () => html(502)],
    ["504", () => html(504)],
    ["520 of a proxy", () => html(520)],
    ["408", () => json(408, { message: "" })],
    ["425", () => json(425, { message: "" })],
    ["a reset connection", () => reset()],
    ["a body that is cut", () => cutBody()],
    ["a body cut to half its JSON", () => new Response('{"data":{"account_id"', { status: 200 })],
    ["HTML with 200", () => html(200)],
    ["an empty body with 200", () => new Response("", { status: 200 })],
  ];

  test.each(unknown)(
    "%s is repeated with the same key and the same bytes, under a new request id",
    async (_name, step) => {
      const { journal, context, attempts } = scripted([step(), step(), stored()]);
      expect((await journal.postBatch(batch)).kind).toBe("stored");
      expect(attempts.map(({ body }) => body)).toEqual([batch.body, batch.body, batch.body]);
      expect(attempts.map(({ headers }) => headers.get("idempotency-key"))).toEqual(Array(3).fill("0f8fad5b-d9cb"));
      expect(attempts.map(({ headers }) => headers.get("x-request-id"))).toEqual([
        "request-0001",
        "request-0002",
        "request-0003",
      ]);
      expect(context.sleptMs).toEqual([1000, 2000]);
      expect(
        context.lines.map(({ level, event, fields }) => [
          level,
          event,
          fields.attempt,
          fields.delay_ms,
          fields.counted,
        ]),
      ).toEqual([
        ["warning", "platform_retry", 1, 1000, true],
        ["warning", "platform_retry", 2, 2000, true],
      ]);
    },
  );

  test.each(unknown)("%s four times is not available", async (name, step) => {
    const { journal, context, attempts } = scripted([step(), step(), step(), step()]);
    const failure = await failureOf(journal.postBatch(batch));
    // A 500 is the application's own answer to this batch; everything else may be what stands before it.
    const code = name.startsWith("500") ? "platform_error" : "platform_unavailable";
    expect(failure).toMatchObject({ kind: "unavailable", detail: { code, retryable: true } });
    expect(failure.message).toStartWith("POST /accounts/1/trades: no usable answer in 4 attempts; the last: ");
    expect(attempts).toHaveLength(4);
    expect(context.sleptMs).toEqual([1000, 2000, 4000]);
  });

  test.each([
    [0, [0, 0, 0]],
    [0.5, [1000, 2000, 4000]],
    [1 - Number.EPSILON, [1999, 3999, 7999]],
  ])("is repeated within twice the time of the time before: chance %f", async (random, sleptMs) => {
    const { journal, context } = scripted([html(502), html(502), html(502), stored()], {}, { random });
    await journal.postBatch(batch);
    expect(context.sleptMs).toEqual(sleptMs);
  });

  test("is never waited for above a minute", async () => {
    const steps = Array.from({ length: 11 }, () => html(502));
    const { journal, context } = scripted(steps, { retriesMax: 10 }, { random: 1 - Number.EPSILON });
    await failureOf(journal.postBatch(batch));
    expect(Math.max(...context.sleptMs)).toBe(59_999);
  });

  test("is not repeated with no retries", async () => {
    const { journal, attempts } = scripted([html(502)], { retriesMax: 0 });
    expect((await failureOf(journal.postBatch(batch))).message).toContain("in 1 attempt;");
    expect(attempts).toHaveLength(1);
  });
});

describe("a platform that says when", () => {
  const waits: [string, () => Response, number][] = [
    ["429 with seconds", () => json(429, { message: "Too Many Attempts." }, { "Retry-After": "57" }), 57_500],
    ["429 with a date", () => json(429, {}, { "Retry-After": "Sun, 01 Mar 2026 10:00:30 GMT" }), 30_500],
    ["429 with a date that passed", () => json(429, {}, { "Retry-After": "Sun, 01 Mar 2026 09:00:00 GMT" }), 1500],
    ["429 with zero seconds", () => json(429, {}, { "Retry-After": "0" }), 1500],
    ["429 with nothing", () => json(429, {}), 60_500],
    ["429 with nonsense", () => json(429, {}, { "Retry-After": "-5" }), 60_500],
    ["503 with seconds", () => html(503, { "Retry-After": "20" }), 20_500],
    ["503 with nothing", () => json(503, { message: "Service Unavailable" }), 60_500],
    ["409 of a key in work", () => json(409, { message: "Still being processed." }, { "Retry-After": "1" }), 1500],
  ];

  test.each(waits)("%s is waited for, and no failed attempt", async (_name, step, sleptMs) => {
    const { journal, context, attempts } = scripted([step(), stored()], { retriesMax: 0 });
    expect((await journal.postBatch(batch)).kind).toBe("stored");
    expect(context.sleptMs).toEqual([sleptMs]);
    expect(attempts.map(({ headers, body }) => [headers.get("idempotency-key"), body])).toEqual(
      Array(2).fill(["0f8fad5b-d9cb", batch.body]),
    );
    expect(context.lines).toMatchObject([{ event: "platform_retry", fields: { counted: false, delay_ms: sleptMs } }]);
  });

  test("too often is not available: five minutes of waiting are all", async () => {
    const steps = Array.from({ length: 10 }, () => json(503, {}));
    const { journal, context, attempts } = scripted(steps, { retriesMax: 0 });
    expect(await failureOf(journal.postBatch(batch))).toMatchObject({ kind: "unavailable" });
    expect(attempts).toHaveLength(5);
    expect(context.sleptMs).toEqual(Array(4).fill(60_500));
  });

  test("an hour is not available at once, and says so", async () => {
    const { journal, context } = scripted([html(503, { "Retry-After": "3600" })]);
    const failure = await failureOf(journal.postBatch(batch));
    expect(failure.message).toContain("503, asking to wait 3600 s");
    expect(context.sleptMs).toEqual([]);
  });

  test("between failed attempts does not start their count anew", async () => {
    const wait = (): Response => json(429, {}, { "Retry-After": "1" });
    const { journal, attempts } = scripted([html(502), wait(), html(502), wait(), html(502)], { retriesMax: 2 });
    await failureOf(journal.postBatch(batch));
    expect(attempts).toHaveLength(5);
  });
});

describe("a status that stops the cycle", () => {
  const stops: [string, () => Response, string, string][] = [
    ["401", () => json(401, { message: "Unauthenticated." }), "refused", "platform_unauthenticated"],
    [
      "403",
      () => json(403, { message: "This API key lacks the trades:write ability." }),
      "refused",
      "platform_forbidden",
    ],
    ["405", () => json(405, { message: "" }), "settings", "platform_wrong_url"],
    ["419", () => json(419, { message: "CSRF token mismatch." }), "settings", "platform_wrong_url"],
    ["301", () => html(301, { Location: "https://www.example.com/" }), "settings", "platform_wrong_url"],
    ["302", () => html(302, { Location: "/login" }), "settings", "platform_wrong_url"],
    ["308", () => html(308, { Location: "/login" }), "settings", "platform_wrong_url"],
  ];

  test.each(stops)("%s is a Failure, never repeated", async (_name, step, kind, code) => {
    const posts = scripted([step()]);
    expect(await failureOf(posts.journal.postBatch(batch))).toMatchObject({ kind, detail: { code, retryable: false } });
    const lists = scripted([step()]);
    expect(await failureOf(all(lists.journal.accounts()))).toMatchObject({ kind, detail: { code } });
    expect([posts.attempts.length, lists.attempts.length]).toEqual([1, 1]);
    expect(posts.context.sleptMs).toEqual([]);
  });

  test("a redirect says where to", async () => {
    const { journal } = scripted([html(302, { Location: "/login" })]);
    expect((await failureOf(journal.ping())).message).toBe(
      "GET /ping: the platform answers 302, a redirect to /login.",
    );
  });

  test("403 says which ability is missing", async () => {
    const { journal } = scripted([json(403, { message: "This API key lacks the reports:write ability." })]);
    expect((await failureOf(journal.postCycleReport(cycleReport))).message).toContain(
      "lacks the reports:write ability",
    );
  });

  test("404 of the ping and of a list of all is a wrong base URL", async () => {
    const missing = (): Response => json(404, { message: "" });
    for (const work of [
      scripted([missing()]).journal.ping(),
      all(scripted([missing()]).journal.accounts()),
      all<unknown>(scripted([missing()]).journal.users()),
    ]) {
      expect(await failureOf(work)).toMatchObject({ kind: "settings", detail: { code: "platform_wrong_url" } });
    }
  });

  test("another major version of the contract", async () => {
    const { journal } = scripted([json(200, { data: { contract_version: "2.0", everything: "else is new" } })]);
    expect(await failureOf(journal.ping())).toMatchObject({
      kind: "settings",
      detail: { code: "platform_contract_version" },
    });
  });

  test("a later minor version is none", async () => {
    const { journal } = scripted([json(200, ping)]);
    expect((await journal.ping()).contract_version).toBe("1.7");
  });
});

describe("a batch", () => {
  const outcomes: [string, () => Response, object][] = [
    ["404", () => json(404, { message: "No query results for model [App\\Models\\Account] 1" }), { kind: "gone" }],
    ["413", () => json(413, { message: "" }), { kind: "tooLarge" }],
    ["413 in HTML", () => html(413), { kind: "tooLarge" }],
    [
      "422 with errors",
      () =>
        json(422, {
          message: "The given data was invalid.",
          errors: { "executions.0.symbol": ["The symbol field is required."] },
        }),
      {
        kind: "invalid",
        message: "The given data was invalid.",
        errors: { "executions.0.symbol": ["The symbol field is required."] },
      },
    ],
    [
      "422 without errors",
      () => json(422, { message: "Already used." }),
      { kind: "invalid", message: "Already used.", errors: {} },
    ],
    [
      "422 with PHP's empty errors",
      () => json(422, { message: "Used.", errors: [] }),
      { kind: "invalid", message: "Used.", errors: {} },
    ],
    ["422 in HTML", () => html(422), { kind: "unexpected", status: 422, message: "" }],
    [
      "400",
      () => json(400, { message: "The Idempotency-Key header is required." }),
      { kind: "unexpected", status: 400, message: "The Idempotency-Key header is required." },
    ],
    [
      "409 with an unknown code",
      () => json(409, { message: "No.", code: "other" }, { "Retry-After": "1" }),
      { kind: "unexpected", status: 409, message: "No." },
    ],
    ["409 without anything", () => json(409, { message: "" }), { kind: "unexpected", status: 409, message: "" }],
    ["418", () => json(418, { message: "I'm a teapot" }), { kind: "unexpected", status: 418, message: "I'm a teapot" }],
    ["204", () => new Response(null, { status: 204 }), { kind: "unexpected", status: 204, message: "" }],
  ];

  test.each(outcomes)("answered %s comes back as a value", async (_name, step, outcome) => {
    const { journal, attempts } = scripted([step()]);
    expect(await journal.postBatch(batch)).toEqual(outcome as never);
    expect(attempts).toHaveLength(1);
  });

  test.each([
    ["the one sent, its keys in another order", { state: "x", v: 1 }, true],
    ["another one", { v: 1, state: "y" }, false],
    ["none", null, false],
    ["PHP's empty list", [], false],
  ])("in conflict with %s", async (_name, checkpoint, sameCheckpoint) => {
    const body = { message: "Moved.", code: "checkpoint_conflict", data: { checkpoint, checkpoint_version: 8 } };
    const { journal } = scripted([json(409, body)]);
    expect(await journal.postBatch(batch)).toEqual({
      kind: "conflict",
      checkpoint,
      checkpointVersion: 8,
      sameCheckpoint,
    });
  });

  test("replayed says so", async () => {
    const { journal } = scripted([json(200, answer, { "Idempotency-Replayed": "true" })]);
    expect(await journal.postBatch(batch)).toMatchObject({ kind: "stored", replayed: true });
  });

  test("partly rejected names the items", async () => {
    const rejected = structuredClone(answer);
    rejected.data.executions = { received: 1, created: 0, duplicates: 0, rejected: 1 };
    rejected.data.results.executions = [{ index: 0, external_id: bought.external_id, status: "rejected" }];
    const { journal } = scripted([json(200, { ...rejected, errors: { "executions.0.symbol": ["Required."] } })]);
    expect(await journal.postBatch(batch)).toMatchObject({
      kind: "stored",
      result: { executions: { rejected: 1 }, errors: { "executions.0.symbol": ["Required."] } },
    });
  });

  const wrong: [string, unknown][] = [
    ["of another shape", { data: { ok: true } }],
    ["that is no object", [1, 2]],
    ["with a result too few", { data: { ...answer.data, results: { executions: [], trades: [] } } }],
    [
      "with a result of another item",
      {
        data: {
          ...answer.data,
          results: { executions: [{ ...answer.data.results.executions[0], index: 1 }], trades: [] },
        },
      },
    ],
  ];
  test.each(wrong)("with an answer %s is a breach of the contract, not repeated", async (_name, body) => {
    const { journal, attempts } = scripted([json(200, body)]);
    expect(await failureOf(journal.postBatch(batch))).toMatchObject({
      kind: "data",
      detail: { code: "platform_contract" },
    });
    expect(attempts).toHaveLength(1);
  });

  test("of a million bytes is not even sent", async () => {
    const { journal, attempts } = scripted([]);
    expect(await journal.postBatch({ ...batch, body: "x".repeat(1_000_000) })).toEqual({ kind: "tooLarge" });
    expect(attempts).toEqual([]);
  });
});

describe("other writes", () => {
  test("answered with what the contract does not have are breaches of it", async () => {
    const teapot = (): Response => json(418, { message: "no" });
    const works = [
      scripted([teapot()]).journal.putStatistics(1, statisticsOf(0)),
      scripted([teapot()]).journal.postCycleReport(cycleReport),
      scripted([teapot()]).journal.postFileResult(1, 1, fileResult),
      scripted([json(409, { message: "", code: "new" })]).journal.setImportStatus(1, {
        import_status: "ok",
        observed_at: "2026-03-01T10:00:00.000Z",
        credentials_version: 1,
      }),
    ];
    for (const work of works) {
      expect(await failureOf(work)).toMatchObject({ kind: "data", detail: { code: "platform_contract" } });
    }
  });

  test("statistics that are too large come back as a value", async () => {
    expect(await scripted([html(413)]).journal.putStatistics(1, statisticsOf(0))).toEqual({ kind: "tooLarge" });
  });

  test("a cycle report is created or a duplicate", async () => {
    const said = (status: number, word: string): Response => json(status, { data: { cycle_id: "c", status: word } });
    const { journal } = scripted([said(201, "created"), said(200, "duplicate")]);
    expect(await journal.postCycleReport(cycleReport)).toBe("created");
    expect(await journal.postCycleReport(cycleReport)).toBe("duplicate");
  });
});

describe("a list", () => {
  const links = (next: string | null) => ({ first: null, last: null, prev: null, next });
  const executionsPage = (data: unknown[], rest: object): Response => json(200, { data, ...rest });

  test("goes on by meta.next_cursor, whatever the link says, with the same parameters", async () => {
    const { journal, attempts } = scripted([
      executionsPage([bought], { links: links("http://other.example/?cursor=no"), meta: { next_cursor: "a+/=" } }),
      executionsPage([sold], { links: links(null), meta: { next_cursor: null } }),
    ]);
    expect(await all(journal.executions(1, { market: "linear", executedSinceMs: 0 }))).toEqual([bought, sold]);
    expect(attempts.map(({ url }) => Object.fromEntries(url.searchParams))).toEqual([
      { per_page: "1000", market: "linear", executed_since: "1970-01-01T00:00:00.000Z" },
      { per_page: "1000", market: "linear", executed_since: "1970-01-01T00:00:00.000Z", cursor: "a+/=" },
    ]);
    expect(attempts.every(({ url }) => url.origin === "https://app.example.com")).toBe(true);
  });

  test("goes on by the link's cursor where there is none in meta", async () => {
    const { journal, attempts } = scripted([
      executionsPage([bought], {
        links: links("http://localhost/x?per_page=9&cursor=abc"),
        meta: { per_page: "1000" },
      }),
      executionsPage([sold], { links: links(null), meta: {} }),
    ]);
    expect(await all(journal.executions(1))).toHaveLength(2);
    expect(attempts[1]?.url.searchParams.get("cursor")).toBe("abc");
  });

  test("retries a page, and not the ones before", async () => {
    const { journal, attempts } = scripted([
      executionsPage([bought], { meta: { next_cursor: "two" } }),
      html(502),
      executionsPage([sold], { meta: { next_cursor: null } }),
    ]);
    expect(await all(journal.executions(1))).toEqual([bought, sold]);
    expect(attempts.map(({ url }) => url.searchParams.get("cursor"))).toEqual([null, "two", "two"]);
  });

  const breaches: [string, Response[], string][] = [
    [
      "a cursor that comes twice",
      [
        executionsPage([bought], { meta: { next_cursor: "a" } }),
        executionsPage([sold], { meta: { next_cursor: "a" } }),
      ],
      "a cursor comes a second time",
    ],
    [
      "an item that comes twice",
      [
        executionsPage([bought], { meta: { next_cursor: "a" } }),
        executionsPage([bought], { meta: { next_cursor: null } }),
      ],
      `item ${bought.external_id} comes a second time, on page 2`,
    ],
    [
      "a link without a cursor",
      [executionsPage([bought], { links: links("https://x.example/") })],
      "links.next has no cursor",
    ],
    ["no data", [json(200, { items: [] })], "data must be an array"],
    [
      "an item of another shape",
      [executionsPage([{ ...bought, price: 64000.1 }], {})],
      "page 1, item 0: price must be a",
    ],
    [
      "422",
      [json(422, { message: "Bad.", errors: { per_page: ["Too many."] } })],
      "it answers 422 Bad.; per_page: Too many.",
    ],
  ];
  test.each(breaches)("with %s is a breach of the contract", async (_name, steps, message) => {
    const failure = await failureOf(all(scripted(steps).journal.executions(1)));
    expect(failure).toMatchObject({ kind: "data", detail: { code: "platform_contract" } });
    expect(failure.message).toContain(message);
  });

  test("never shows what it found in an account: it may be a secret", async () => {
    const files = [{ file_id: 1, sha256: "signature-of-no-hash", url: "https://x/?signature=abc" }];
    const account = { account_id: 1, credentials: 1234567, source: { kind: "file", files } };
    for (const change of [{}, { ...accountRest, credentials: "enough" }, { ...accountRest, source: null }]) {
      const page = json(200, { data: [{ ...account, ...change }] });
      const failure = await failureOf(all(scripted([page]).journal.accounts()));
      expect(failure.message).toMatch(/must be/);
      expect(inspect(failure, { depth: 9 })).not.toMatch(/1234567|signature/);
    }
  });
});

describe("time", () => {
  test("without an answer is up after the timeout, for the body too", async () => {
    const never = (init: RequestInit): Promise<Response> =>
      new Promise((_resolve, reject) => init.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
    const silentBody = async (): Promise<Response> => new Response(new ReadableStream());
    const { journal, attempts } = scripted([never, silentBody, stored()], { timeoutMs: 5 });
    expect((await journal.postBatch(batch)).kind).toBe("stored");
    expect(attempts).toHaveLength(3);
  });

  test("is up too when the other side does not look at the signal", async () => {
    const deaf = (): Promise<Response> => new Promise(() => undefined);
    const { journal } = scripted([deaf], { timeoutMs: 5, retriesMax: 0 });
    expect((await failureOf(journal.ping())).message).toContain("no answer in 5 ms");
  });

  test("an answer above the bound is a breach of the contract", async () => {
    const { journal } = scripted([json(200, { data: "x".repeat(2000) })], { bodyBytesMax: 1000 });
    expect(await failureOf(journal.ping())).toMatchObject({ kind: "data", detail: { code: "platform_contract" } });
  });
});

describe("a run that is told to stop", () => {
  test("while it waits does not wait on", async () => {
    const { journal, context } = scripted([html(502)], {}, { onSleep: () => stop() });
    const stop = (): void => context.stop();
    expect(await failureOf(journal.postBatch(batch))).toMatchObject({
      kind: "unavailable",
      detail: { code: "interrupted" },
    });
  });

  test("reads nothing more", async () => {
    const { journal, context, attempts } = scripted([]);
    context.stop();
    expect(await failureOf(all(journal.accounts()))).toMatchObject({
      kind: "unavailable",
      detail: { code: "interrupted" },
    });
    expect(attempts).toEqual([]);
  });

  test("still writes once: what is in hand, and the report", async () => {
    const { journal, context, attempts } = scripted([stored(), html(502)]);
    context.stop();
    expect((await journal.postBatch(batch)).kind).toBe("stored");
    expect(await failureOf(journal.postCycleReport(cycleReport))).toMatchObject({ detail: { code: "interrupted" } });
    expect(attempts).toHaveLength(2);
  });

  test("gives a write that is on its way a grace, and a read none", async () => {
    const stopThen =
      (answered: boolean) =>
      async (init: RequestInit): Promise<Response> => {
        context.stop();
        if (answered) return stored();
        return await new Promise((_resolve, reject) =>
          init.signal?.addEventListener("abort", () => reject(init.signal?.reason)),
        );
      };
    let { journal, context } = scripted([(init) => stopThen(true)(init)]);
    expect((await journal.postBatch(batch)).kind).toBe("stored");
    ({ journal, context } = scripted([(init) => stopThen(false)(init)], { graceMs: 5 }));
    expect(await failureOf(journal.postBatch(batch))).toMatchObject({ detail: { code: "interrupted" } });
    ({ journal, context } = scripted([(init) => stopThen(false)(init)]));
    expect(await failureOf(journal.ping())).toMatchObject({ detail: { code: "interrupted" } });
  });
});

describe("a file", () => {
  const file: PlatformFile = {
    file_id: "fil_91",
    name: "trades.csv",
    format: null,
    bytes: 5,
    sha256: "0".repeat(64),
    uploaded_at: null,
    url: "https://app.example.com/files/91?signature=5f2b",
  };
  const text = async (stream: ReadableStream<Uint8Array>): Promise<string> => await new Response(stream).text();

  test.each([
    ["https://app.example.com/files/91?signature=5f2b", true],
    ["https://app.example.com:8443/files/91", false],
    ["http://app.example.com/files/91", false],
    ["https://files.example.com/91", false],
    ["https://app.example.com.evil.example/91", false],
    ["https://app.example.com@evil.example/91", false],
  ])("at %s gets the key: %p", async (link, sent) => {
    const { journal, attempts } = scripted([new Response("hello")]);
    expect(await text(await journal.openFile({ ...file, url: link }))).toBe("hello");
    expect(attempts[0]?.headers.get("authorization")).toBe(sent ? `Bearer ${key}` : null);
    expect(attempts[0]?.headers.has("x-worker-id")).toBe(sent);
    expect(attempts[0]?.redirect).toBe("manual");
  });

  test.each([403, 404, 410])("answered %i is gone", async (status) => {
    const { journal, attempts } = scripted([html(status)]);
    expect(await failureOf(journal.openFile(file))).toMatchObject({ kind: "data", detail: { code: "file_gone" } });
    expect(attempts).toHaveLength(1);
  });

  test("is retried until its first byte", async () => {
    const { journal, context } = scripted([html(502), json(429, {}, { "Retry-After": "2" }), new Response("hello")]);
    expect(await text(await journal.openFile(file))).toBe("hello");
    expect(context.sleptMs).toEqual([1000, 2500]);
  });

  test.each(["file:///etc/passwd", "data:text/plain,hello", "not a link"])("at %s is not opened", async (link) => {
    const { journal, attempts } = scripted([]);
    expect(await failureOf(journal.openFile({ ...file, url: link }))).toMatchObject({ kind: "data" });
    expect(attempts).toEqual([]);
  });

  test("that redirects is not followed", async () => {
    const { journal } = scripted([html(302, { Location: "https://evil.example/" })]);
    expect(await failureOf(journal.openFile(file))).toMatchObject({
      kind: "data",
      detail: { code: "file_unavailable" },
    });
  });

  test("with a key that is not known stops the cycle", async () => {
    const { journal } = scripted([json(401, { message: "Unauthenticated." })]);
    expect(await failureOf(journal.openFile(file))).toMatchObject({ kind: "refused" });
  });

  const broken: [string, () => Response, string, string][] = [
    ["breaks off", () => cutBody(), "unavailable", "file_cut"],
    ["is too short", () => new Response("hell"), "unavailable", "file_cut"],
    ["is too long", () => new Response("hello!"), "data", "file_mismatch"],
  ];
  test.each(broken)("that %s is an error of the stream", async (_name, step, kind, code) => {
    const { journal } = scripted([step()]);
    const stream = await journal.openFile({ ...file, bytes: code === "file_cut" ? 100 : 5 });
    expect(await failureOf(text(stream))).toMatchObject({ kind, detail: { code } });
  });

  test("that falls silent is cut after the timeout", async () => {
    const { journal } = scripted([new Response(new ReadableStream())], { timeoutMs: 5 });
    const failure = await failureOf(text(await journal.openFile(file)));
    expect(failure).toMatchObject({ kind: "unavailable", detail: { code: "file_cut" } });
  });
});

describe("the key", () => {
  test("is in no error, no cause and no log line", async () => {
    const echo = (status: number): Response => json(status, { message: `Bearer ${key} is not good`, trace: key });
    const works: [Step[], string][] = [
      [[echo(401)], "401"],
      [[echo(403)], "403"],
      [[echo(500), echo(500), echo(500), echo(500)], "500"],
      [[reset(), reset(), reset(), reset()], "network"],
      [Array.from({ length: 4 }, () => new Error(`Bearer ${key}`)), "an error that shows it"],
    ];
    for (const [steps, name] of works) {
      const { journal, context } = scripted(steps);
      const failure = await failureOf(journal.postBatch(batch));
      const shown = inspect([failure, failure.cause, failure.detail, context.lines], { depth: 9, showHidden: true });
      expect([name, shown.includes(key)]).toEqual([name, false]);
    }
    const { journal } = scripted([json(400, { message: `${key} twice: ${key}` })]);
    expect(await journal.postBatch(batch)).toEqual({ kind: "unexpected", status: 400, message: "[key] twice: [key]" });
  });

  test.each(["", "with blank", "line\nend", "schlüssel"])("%p cannot be used", (bad) => {
    const open = (): unknown =>
      openLaravelJournal({ url, key: bad, workerId: "w", retriesMax: 0, backoffBaseSeconds: 1 }, fakeContext());
    expect(open).toThrow(/LARAVEL_API_KEY/);
  });
});

describe("the base URL", () => {
  const open = (text: string, context = fakeContext()) =>
    openLaravelJournal({ url: text, key, workerId: "w", retriesMax: 0, backoffBaseSeconds: 1 }, context);

  test.each([
    ["not a url", /no http or https URL/],
    ["ftp://app.example.com", /no http or https URL/],
    ["https://me:secret@app.example.com/api", /user name or a password/],
    ["https://app.example.com/api?x=1", /query or a fragment/],
  ])("%s cannot be used", (text, message) => {
    expect(() => open(text)).toThrow(message);
  });

  test("is named without its last slashes", () => {
    expect(open("https://app.example.com/api/internal//").name).toBe(url);
  });

  test.each([
    ["http://app.example.com/api", 1],
    ["https://app.example.com/api", 0],
    ["http://127.0.0.1:8787/api", 0],
    ["http://localhost/api", 0],
    ["http://[::1]:80/api", 0],
  ])("%s is warned of: %i", (text, warnings) => {
    const context = fakeContext();
    open(text, context);
    expect(context.lines.filter(({ event }) => event === "platform_unencrypted")).toHaveLength(warnings);
  });
});
