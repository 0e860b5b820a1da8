import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type EmbeddedJournal, openEmbeddedJournal } from "../../src/journal/embedded.ts";
import type { Journal } from "../../src/journal/journal.ts";
import { type LaravelSettings, openLaravelJournal } from "../../src/journal/laravel.ts";
import type { Fault } from "../../src/journal/serve/faults.ts";
import { type Platform, type PlatformSettings, servePlatform } from "../contract/platform.ts";
import { journalContract } from "./contract.ts";
import {
  all,
  batchOf,
  bought,
  cycleReport,
  executionOf,
  type FakeContext,
  fakeContext,
  funded,
  roundTrip,
  seed,
  sold,
} from "./samples.ts";
import { failureOf } from "./scripted.ts";

const key = "a-key-of-the-tests";

interface ExecutionsPage {
  data: { external_id: string }[];
  links: { next: string | null };
  meta: { next_cursor: string | null; [field: string]: unknown };
}

interface Served {
  journal: Journal;
  embedded: EmbeddedJournal;
  platform: Platform;
  context: FakeContext;
  close: () => Promise<void>;
}

async function serve(settings: Partial<PlatformSettings> = {}, client: Partial<LaravelSettings> = {}): Promise<Served> {
  const context = fakeContext();
  const embedded = openEmbeddedJournal(":memory:", context);
  await embedded.seed(seed);
  const nowMs = context.clock.nowMs;
  const platform = servePlatform(
    { journal: embedded, key, nowMs, ratePerMinute: 10_000, ...settings },
    { onPurpose: true },
  );
  const journal = openLaravelJournal(
    { url: platform.url, key, workerId: "w1@tests:1", retriesMax: 3, backoffBaseSeconds: 2, ...client },
    context,
  );
  const close = async (): Promise<void> => {
    journal.close();
    await platform.stop();
    embedded.close();
  };
  return { journal, embedded, platform, context, close };
}

journalContract("the platform over HTTP", serve);

let served: Served | null = null;
afterEach(async () => {
  await served?.close();
  served = null;
});
const open = async (...settings: Parameters<typeof serve>): Promise<Served> => {
  served = await serve(...settings);
  return served;
};

const fullBatch = () =>
  batchOf({
    executions: [bought, funded, sold],
    trades: [roundTrip],
    checkpoint: { v: 1, state: "after" },
    expectedCheckpointVersion: 0,
  });

describe("a bad day", () => {
  const days: [string, Fault][] = [
    ["500", { status: 500 }],
    ["500 after it was stored", { status: 500, after: true }],
    ["502", { status: 502 }],
    ["503", { status: 503, headers: { "Retry-After": "5" } }],
    ["504 after it was stored", { status: 504, after: true }],
    ["429", { status: 429, headers: { "Retry-After": "5" } }],
    ["a cut connection", { answer: "cut" }],
    ["a connection cut after it was stored", { answer: "cut", after: true }],
    ["HTML", { answer: "html" }],
    ["HTML after it was stored", { answer: "html", after: true }],
    ["an empty body", { answer: "empty", after: true }],
    ["half an answer", { answer: "truncated" }],
  ];

  test.each(days)("with %s twice: everything is stored, once", async (_name, fault) => {
    const { journal, embedded, platform } = await open();
    platform.addFault({ ...fault, path: "/accounts/*/trades", method: "POST", times: 2 });
    const outcome = await journal.postBatch(fullBatch());
    expect(outcome).toMatchObject({
      kind: "stored",
      result: { checkpointVersion: 1, executions: { created: 3 }, trades: { created: 1 } },
    });
    expect(embedded.counts()).toMatchObject({ executions: 3, trades: 1, legs: 3 });
    expect(embedded.store.account(1)).toMatchObject({ checkpoint_version: 1 });
    expect(new Set(platform.requests.map(({ body }) => body)).size).toBe(1);
  });

  test.each(days)("with %s for ever: not available, and stored once or not at all", async (_name, fault) => {
    const { journal, embedded, platform } = await open();
    platform.addFault(fault);
    expect(await failureOf(journal.postBatch(fullBatch()))).toMatchObject({ kind: "unavailable" });
    const through = fault.after === true || fault.answer === "truncated";
    expect(embedded.counts()).toMatchObject(through ? { executions: 3, trades: 1 } : { executions: 0, trades: 0 });
    platform.clearFaults();
    const later = await journal.postBatch({ ...fullBatch(), key: "another-run-with-another-key" });
    expect(later).toMatchObject(through ? { kind: "conflict", sameCheckpoint: true } : { kind: "stored" });
    expect(embedded.counts()).toMatchObject({ executions: 3, trades: 1, legs: 3 });
  });

  test("with an answer that comes too late: it is stored once", async () => {
    const { journal, embedded, platform } = await open({}, { timeoutMs: 40 });
    platform.addFault({ delayMs: 200, times: 1 });
    expect((await journal.postBatch(fullBatch())).kind).toBe("stored");
    expect(embedded.counts()).toMatchObject({ executions: 3, trades: 1 });
  });

  test("with a redirect is a wrong setting", async () => {
    const { journal, platform } = await open();
    platform.addFault({ redirect: "http://127.0.0.1:1/login" });
    expect(await failureOf(journal.ping())).toMatchObject({ kind: "settings" });
  });

  test("is over after its time, and passes by other requests", async () => {
    const { journal, platform, context } = await open({}, { retriesMax: 0 });
    platform.addFault({ status: 500, method: "post", path: "/cycles", forMs: 1000 });
    await journal.ping();
    expect(await failureOf(journal.postCycleReport(cycleReport))).toMatchObject({ kind: "unavailable" });
    context.nowMs += 1001;
    expect(await journal.postCycleReport(cycleReport)).toBe("created");
  });

  test("comes after as many good requests as it says", async () => {
    const { journal, platform } = await open({}, { retriesMax: 0 });
    platform.addFault({ status: 500, path: "/accounts/**", skip: 1, times: 1 });
    await all(journal.executions(1));
    await failureOf(all(journal.executions(1)));
    await all(journal.executions(1));
  });

  test("is set and ended over HTTP", async () => {
    const { journal, platform } = await open({}, { retriesMax: 0 });
    const faults = new URL("/__faults", platform.url);
    const set = await fetch(faults, { method: "POST", body: JSON.stringify([{ status: 418 }]) });
    expect(await set.json()).toEqual({ data: [{ status: 418 }] });
    expect(await failureOf(journal.ping())).toMatchObject({ kind: "data" });
    await fetch(faults, { method: "DELETE" });
    expect((await journal.ping()).status).toBe("ok");
    const wrong = await fetch(faults, { method: "POST", body: JSON.stringify({ sttus: 418 }) });
    expect([wrong.status, await wrong.text()]).toEqual([422, expect.stringContaining("no sttus")]);
  });
});

describe("the platform", () => {
  const ask = (
    platform: Platform,
    path: string,
    init: RequestInit & { headers?: Record<string, string> } = {},
  ): Promise<Response> =>
    fetch(platform.url + path, {
      ...init,
      headers: { Accept: "application/json", Authorization: `Bearer ${key}`, ...init.headers },
    });
  const post = (
    body: string,
    headers: Record<string, string> = {},
  ): RequestInit & { headers: Record<string, string> } => ({
    method: "POST",
    body,
    headers: { "Content-Type": "application/json", "Idempotency-Key": "a-key-by-hand", ...headers },
  });

  test("allows so many requests a minute, then says when", async () => {
    const { journal, platform, context } = await open({ ratePerMinute: 3 });
    for (let count = 0; count < 3; count++) await journal.ping();
    context.nowMs += 20_000;
    const refused = await ask(platform, "/ping");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("40");
    expect(refused.headers.get("x-ratelimit-limit")).toBe("3");
    expect(refused.headers.get("x-ratelimit-remaining")).toBe("0");
    expect(refused.headers.get("x-ratelimit-reset")).toBe(String(Date.parse("2026-03-01T10:01:00Z") / 1000));
    expect((await journal.ping()).status).toBe("ok");
    expect(context.sleptMs).toEqual([40_500]);
  });

  test("knows its key and its abilities", async () => {
    const { journal, platform } = await open({ abilities: ["accounts:read"] });
    expect(await all(journal.accounts())).toHaveLength(3);
    expect(await failureOf(journal.postBatch(fullBatch()))).toMatchObject({
      kind: "refused",
      detail: { code: "platform_forbidden" },
    });
    const stranger = await ask(platform, "/ping", { headers: { Authorization: "Bearer other" } });
    expect([stranger.status, await stranger.json()]).toEqual([401, { message: "Unauthenticated." }]);
  });

  test("echoes the request's id, or makes one", async () => {
    const { platform } = await open();
    expect(
      (await ask(platform, "/ping", { headers: { "X-Request-Id": "mine-0001" } })).headers.get("x-request-id"),
    ).toBe("mine-0001");
    expect((await ask(platform, "/ping")).headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("has no other routes and methods", async () => {
    const { platform } = await open();
    expect((await ask(platform, "/nothing")).status).toBe(404);
    const wrong = await ask(platform, "/ping", { method: "DELETE" });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET"]);
    expect(await wrong.json()).toEqual({
      message: "The DELETE method is not supported for this route. Supported methods: GET.",
    });
  });

  test.each([
    ["/accounts?per_page=501", "per_page"],
    ["/accounts?per_page=0", "per_page"],
    ["/accounts/1/trades?per_page=101", "per_page"],
    ["/accounts/1/trades?status=done", "status"],
    ["/accounts/1/executions?market=swap", "market"],
    ["/accounts/1/executions?executed_since=yesterday", "executed_since"],
    ["/users?stale=yes", "stale"],
    ["/users/1/trades?account_id=a%20b", "account_id"],
  ])("refuses %s", async (path, field) => {
    const { platform } = await open();
    const answer = await ask(platform, path);
    expect([answer.status, await answer.json()]).toEqual([
      422,
      { message: "The given data was invalid.", errors: { [field]: [expect.any(String)] } },
    ]);
  });

  test("pages by cursor, with the filters in the link", async () => {
    const { platform, embedded } = await open();
    await embedded.postBatch(batchOf({ executions: Array.from({ length: 5 }, (_, n) => executionOf(n)) }));
    const page = async (query: string): Promise<ExecutionsPage> =>
      (await (await ask(platform, `/accounts/1/executions?${query}`)).json()) as ExecutionsPage;
    const first = await page("per_page=2&market=spot");
    expect(first.data).toHaveLength(2);
    expect(first.meta).toEqual({
      path: `${platform.url}/accounts/1/executions`,
      per_page: "2",
      next_cursor: expect.any(String),
      prev_cursor: null,
    });
    const next = new URL(first.links.next ?? "");
    expect(Object.fromEntries(next.searchParams)).toEqual({
      per_page: "2",
      market: "spot",
      cursor: first.meta.next_cursor ?? "",
    });
    const second = await page(next.search.slice(1));
    expect(second.data.map(({ external_id }) => external_id)).toEqual([2, 3].map((n) => executionOf(n).external_id));
    const last = await page(`per_page=2&cursor=${second.meta.next_cursor}`);
    expect([last.data.length, last.meta.next_cursor, last.links.next]).toEqual([1, null, null]);
    const garbage = await page("per_page=2&cursor=garbage");
    expect(garbage.data).toEqual(first.data);
  });

  test("wants a key for a batch, quoted or not", async () => {
    const { platform } = await open();
    const body = JSON.stringify({ executions: [bought] });
    expect((await ask(platform, "/accounts/1/trades", post(body, { "Idempotency-Key": "" }))).status).toBe(400);
    expect((await ask(platform, "/accounts/1/trades", post(body, { "Idempotency-Key": "short" }))).status).toBe(400);
    expect((await ask(platform, "/accounts/1/trades", post(body, { "Idempotency-Key": '"quoted-key"' }))).status).toBe(
      200,
    );
    const replay = await ask(platform, "/accounts/1/trades", post(body, { "Idempotency-Key": "quoted-key" }));
    expect(replay.headers.get("idempotency-replayed")).toBe("true");
    const other = await ask(platform, "/accounts/1/trades", post("{}", { "Idempotency-Key": "quoted-key" }));
    expect([other.status, Object.keys((await other.json()) as object)]).toEqual([422, ["message"]]);
  });

  test.each([
    ["no content type", JSON.stringify({ executions: [bought] }), { "Content-Type": "text/plain" }],
    ["a compressed body", JSON.stringify({ executions: [bought] }), { "Content-Encoding": "gzip" }],
    ["no JSON", "{executions", {}],
  ])("sees no fields with %s, as PHP does", async (_name, body, headers) => {
    const { platform } = await open();
    const answer = await ask(platform, "/accounts/1/trades", post(body, headers));
    expect(answer.status).toBe(422);
    expect(Object.keys(((await answer.json()) as { errors: object }).errors)).toEqual(["executions", "trades"]);
  });

  test("refuses a body above its limit", async () => {
    const { platform } = await open({ bodyBytesMax: 1000 });
    expect((await ask(platform, "/cycles", post("x".repeat(1001)))).status).toBe(413);
  });

  test("signs its links: no key, another file or a late hour is not let in", async () => {
    const { journal, context } = await open();
    const account = (await all(journal.accounts({ broker: "csv" })))[0];
    const [first, second] = account?.source?.files ?? [];
    const link = new URL(first?.url ?? "");
    const get = (url: URL | string, headers = { Authorization: `Bearer ${key}` }): Promise<Response> =>
      fetch(url, { headers });
    expect(await (await get(link)).text()).toBe("time,symbol\n");
    expect((await get(link, { Authorization: "" })).status).toBe(401);
    expect(
      (await get(`${new URL(second?.url ?? "").origin}${new URL(second?.url ?? "").pathname}${link.search}`)).status,
    ).toBe(403);
    context.nowMs += 3_601_000;
    expect((await get(link)).status).toBe(403);
    if (first === undefined) throw new Error("no file");
    expect(await failureOf(journal.openFile(first))).toMatchObject({ kind: "data", detail: { code: "file_gone" } });
  });

  test("starts with the seed of the fixtures", async () => {
    const { embedded } = await open();
    const folder = new URL("../../fixtures/platform/", import.meta.url);
    const text = readFileSync(new URL("seed.json", folder), "utf8");
    const journal = openEmbeddedJournal(":memory:", fakeContext());
    await journal.seed(JSON.parse(text), (path) => readFileSync(new URL(path, folder)));
    expect(journal.counts()).toMatchObject({ users: 2, accounts: 3, files: 1 });
    const file = journal.store.account(1)?.source?.files[0];
    if (file === undefined) throw new Error("no file");
    expect(await new Response(await journal.openFile(file)).text()).toStartWith("time,symbol,side,quantity,price");
    expect(embedded.counts().files).toBe(2);
    journal.close();
  });
});
