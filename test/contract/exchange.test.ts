import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Fetch } from "../../src/context.ts";
import { openEmbeddedJournal } from "../../src/journal/embedded.ts";
import type { Journal } from "../../src/journal/journal.ts";
import { openLaravelJournal } from "../../src/journal/laravel.ts";
import { servePlatform } from "../../src/journal/serve.ts";
import {
  all,
  batchOf,
  bought,
  cycleReport,
  fakeContext,
  fileResult,
  funded,
  reportedTrade,
  roundTrip,
  seed,
  sold,
  statisticsOf,
} from "../journal/samples.ts";
import { type Exchange, offencesOf, unrefused } from "./exchange.ts";
import { Contract, contract, contractPath } from "./openapi.ts";
import { watchedFetch } from "./watch.ts";

let stop: () => Promise<void> = async () => undefined;
afterEach(async () => await stop());

/** All that the client and the development platform say to each other, each operation once or more. */
async function conversation(): Promise<Exchange[]> {
  const exchanges: Exchange[] = [];
  const embedded = openEmbeddedJournal(":memory:", fakeContext());
  await embedded.seed(seed);
  const platform = servePlatform({ journal: embedded, key: "a-key-of-the-tests", ratePerMinute: 10_000 });
  stop = async () => {
    await platform.stop();
    embedded.close();
  };
  const watch = { see: (exchange: Exchange) => void exchanges.push(exchange), seeRequest: () => undefined };
  const context = fakeContext({
    fetch: watchedFetch(fetch as Fetch, platform.url, { ...watch, seen: () => 0, verify: () => undefined }),
  });
  const settings = { url: platform.url, key: "a-key-of-the-tests", workerId: "w1@tests:1" };
  await speak(openLaravelJournal({ ...settings, retriesMax: 0, backoffBaseSeconds: 0 }, context));
  return exchanges;
}

async function speak(journal: Journal): Promise<void> {
  await journal.ping();
  const accounts = await all(journal.accounts({ includeAuthFailed: true }));
  const checkpoint = { v: 1, state: "{}" };
  const first = batchOf({
    executions: [bought, funded, sold],
    trades: [roundTrip],
    checkpoint,
    expectedCheckpointVersion: 0,
  });
  await journal.postBatch(first);
  await journal.postBatch(first);
  await journal.postBatch(batchOf({ executions: [bought], trades: [roundTrip, reportedTrade(1)] }));
  const patch = { import_status: "ok" as const, observed_at: "2026-03-01T10:00:00.123Z", credentials_version: 1 };
  await journal.setImportStatus(1, { ...patch, checkpoint: { v: 2 }, expected_checkpoint_version: 1 });
  await journal.setImportStatus(1, { ...patch, checkpoint: { v: 3 }, expected_checkpoint_version: 1 });
  await all(journal.accountTrades(1, { status: "closed" }));
  await all(journal.executions(1, { executedSinceMs: 0, market: "linear" }));
  await all(journal.users({ stale: true }));
  await all(journal.userTrades(1, { accountId: 1, closedSinceMs: 0, closedBeforeMs: 2e12 }));
  await all(journal.closedTrades(1));
  await journal.putStatistics(1, statisticsOf(1));
  await journal.putStatistics(1, statisticsOf(0));
  await journal.postFileResult(3, accounts[2]?.source?.files[0]?.file_id ?? "", fileResult);
  await journal.postFileResult(3, 999, fileResult);
  await journal.postCycleReport(cycleReport);
  await journal.postCycleReport(cycleReport);
}

function offencesOfAll(exchanges: readonly Exchange[], against: Contract = contract): string[] {
  return exchanges.flatMap((exchange) => {
    const { request, answer } = offencesOf(exchange, against);
    return [...request, ...answer].map((offence) => `${exchange.method} ${exchange.path} ${offence}`);
  });
}

describe("a conversation of client and platform", () => {
  test("has every operation of the contract, and is by it", async () => {
    const exchanges = await conversation();
    expect(offencesOfAll(exchanges)).toEqual([]);
    const operations = Object.entries(contract.document.paths).flatMap(([path, item]) =>
      Object.keys(item)
        .filter((key) => key !== "parameters")
        .map((method) => `${method.toUpperCase()} ${path}`),
    );
    const spoken = new Set(exchanges.map(({ method, path }) => `${method} ${path.replace(/\/(\d+)(?=\/|$)/g, "/*")}`));
    expect(operations.map((operation) => operation.replace(/\{\w+\}/g, "*")).filter((one) => !spoken.has(one))).toEqual(
      [],
    );
  });

  /** The contract changes, client and platform do not. */
  test.each([
    [
      "a renamed field of an answer",
      /duplicates: \{ type: integer \}/g,
      "duplicate_count: { type: integer }",
      /POST \/accounts\/1\/trades .*duplicates/,
    ],
    ["a renamed field of a request", "observed_at: { $ref", "seen_at: { $ref", /PATCH .*observed_at/],
    [
      "a new required field",
      "required: [data, links, meta]",
      "required: [data, links, meta, total]",
      /GET \/accounts .*total/,
    ],
    [
      "another type",
      "checkpoint_version: { type: integer, minimum: 0,",
      "checkpoint_version: { type: string,",
      /checkpoint_version must be string/,
    ],
    ["fewer digits", "(\\.\\d{1,18})?$', examples", "(\\.\\d{1,2})?$', examples", /quantity must match pattern/],
    ["a word fewer", "enum: [created, duplicate] }", "enum: [created] }", /POST \/cycles .*status/],
    ["a lower limit", "minimum: 1, maximum: 500, default", "minimum: 1, maximum: 400, default", /query per_page/],
    [
      "a parameter fewer",
      "{ name: closed_before, in: query",
      "{ name: closed_until, in: query",
      /query closed_before is none/,
    ],
    ["a status fewer", "'201': { description: Stored", "'202': { description: Stored", /201 is none of/],
    [
      "a header more",
      "&ok_headers\n            X-Request-Id",
      "&ok_headers\n            X-Region: { schema: { type: string } }\n            X-Request-Id",
      /header X-Region is missing/,
    ],
  ])("does not fit any more after %s", async (_name, before, after, offence) => {
    const text = readFileSync(contractPath, "utf8");
    const changed = text.replace(before, () => after);
    expect(changed).not.toBe(text);
    const offences = offencesOfAll(await conversation(), new Contract(changed));
    expect(offences.filter((text) => offence.test(text))).not.toEqual([]);
  });

  /** Client or platform change, the contract does not. */
  test("does not fit any more after a change of either side", async () => {
    const exchanges = await conversation();
    const batch = exchanges.find(({ method, path }) => method === "POST" && path === "/accounts/1/trades");
    if (batch === undefined) throw new Error("no batch was sent");
    const withBody = (change: (body: Record<string, unknown>) => void): Exchange => {
      const body = JSON.parse(batch.body) as Record<string, unknown>;
      change(body);
      return { ...batch, body: JSON.stringify(body) };
    };
    const withAnswer = (answer: Partial<Exchange["answer"]>): Exchange => ({
      ...batch,
      answer: { ...batch.answer, ...answer },
    });
    const bare = new Headers(batch.answer.headers);
    bare.delete("x-ratelimit-remaining");
    bare.set("x-request-id", "another-than-was-sent");
    expect([
      offencesOf(withBody((body) => Object.assign(body, { account: 1 }))),
      offencesOf(withBody((body) => delete body.expected_checkpoint_version)),
      offencesOf(withAnswer({ status: 207 })),
      offencesOf(withAnswer({ body: '{"data": ' })),
      offencesOf(withAnswer({ headers: bare })),
    ]).toEqual([
      { request: ["body / has a field that is not in the contract: account"], answer: [] },
      {
        request: ["body / must have property expected_checkpoint_version when property checkpoint is present"],
        answer: [],
      },
      { request: [], answer: ["207 is none of the operation's statuses"] },
      { request: [], answer: ["a 200 whose body is no JSON"] },
      { request: [], answer: ["header X-RateLimit-Remaining is missing", "header X-Request-Id is not the request's"] },
    ]);
  });

  test("may have what the contract forbids, where the platform refuses it", async () => {
    const exchanges = await conversation();
    const batch = exchanges.find(({ method, path }) => method === "POST" && path === "/accounts/1/trades");
    if (batch === undefined) throw new Error("no batch was sent");
    const body = JSON.stringify({ ...JSON.parse(batch.body), executions: [bought, { ...funded, fee: 0.5 }, sold] });
    expect(unrefused({ ...batch, body })).toContain("request: body /executions/1/fee must be string");
    const refusing = JSON.stringify({ ...JSON.parse(batch.answer.body), errors: { "executions.1.fee": ["No."] } });
    expect(unrefused({ ...batch, body, answer: { ...batch.answer, body: refusing } })).toEqual([]);
  });
});
