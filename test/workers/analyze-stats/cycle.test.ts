import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Fault } from "../../../src/journal/serve/faults.ts";
import { acquireLock } from "../../../src/operation/lock.ts";
import { Stop } from "../../../src/operation/stop.ts";
import { statisticsOf } from "../../journal/samples.ts";
import { fakeClock } from "../../operation/fakes.ts";
import { temporaryFolders } from "../../operation/temporary-folder.ts";
import {
  addTrades,
  analyse,
  asked,
  bodiesOf,
  event,
  json,
  openJournal,
  type Served,
  serve,
  versionsOf,
} from "./run.ts";

const makeFolder = temporaryFolders();
let folder = "";
let served: Served;
beforeEach(() => {
  folder = makeFolder();
  served = serve();
});
afterEach(async () => {
  await served.close();
});

/** Users 1 to `count`, each with three trades. */
async function withUsers(count: number): Promise<void> {
  for (let id = 1; id <= count; id++) await addTrades(served.journal, id, ["10", "-4.5", `${id}`]);
}

const run = (...argv: string[]) => analyse(argv, { folder, platform: served.platform });

describe("whom a cycle is about", () => {
  test("users whose trades changed since their statistics; a second run has nothing to do", async () => {
    await withUsers(3);
    expect((await run()).code).toBe(0);
    expect(await versionsOf(served.journal)).toEqual({ 1: [1, 1], 2: [1, 1], 3: [1, 1] });
    await addTrades(served.journal, 2, ["7"]);
    const before = served.platform.requests.length;
    expect((await run()).code).toBe(0);
    expect(asked(served.platform).slice(before)).toEqual([
      "GET /ping",
      "GET /users",
      "GET /users/2/trades",
      "PUT /users/2/statistics",
      "POST /cycles",
    ]);
    expect(served.platform.requests[before + 1]?.query).toBe("?per_page=500&stale=1");
    const then = served.platform.requests.length;
    expect((await run()).code).toBe(0);
    expect(asked(served.platform).slice(then)).toEqual(["GET /ping", "GET /users"]);
  });

  test("those that waited longest come first", async () => {
    await withUsers(5);
    const computed: Record<number, string> = {
      1: "2026-02-03T00:00:00.000Z",
      2: "2026-02-01T00:00:00.000Z",
      4: "2026-02-02T00:00:00.000Z",
      5: "2026-01-31T00:00:00.000Z",
    };
    for (const [id, computed_at] of Object.entries(computed)) {
      await served.journal.putStatistics(Number(id), { ...statisticsOf(0), computed_at });
    }
    const users: (string | undefined)[] = [];
    const onRequest = ({ pathname }: URL) => {
      if (pathname.endsWith("/trades")) users.push(pathname.split("/").at(-2));
    };
    await analyse([], { folder, platform: served.platform, onRequest });
    expect(users).toEqual(["3", "5", "2", "4", "1"]);
  });

  test("one user alone, changed or not", async () => {
    await withUsers(3);
    await run();
    const before = served.platform.requests.length;
    expect((await run("--user", "2")).code).toBe(0);
    expect(asked(served.platform, /PUT/).slice(3)).toEqual(["PUT /users/2/statistics"]);
    expect(served.platform.requests.slice(before).map(({ query }) => query)).not.toContain("?per_page=500&stale=1");
  });

  test("everybody with --full", async () => {
    await withUsers(3);
    await run();
    await run("--full");
    expect(asked(served.platform, /PUT/)).toHaveLength(6);
  });

  test("a user that is not there is named, with those that are; nothing is computed", async () => {
    await withUsers(2);
    const ended = await run("--user", "9");
    expect(ended.code).toBe(64);
    expect(ended.error).toContain("The platform has no active user 9. It has 1, 2.");
    expect(asked(served.platform, /trades|PUT|POST/)).toEqual([]);
    expect(ended.output).toBe("");
  });

  test("--user and --full together are refused before anything is asked", async () => {
    const ended = await run("--user", "1", "--full");
    expect(ended.code).toBe(64);
    expect(asked(served.platform)).toEqual([]);
  });

  test("nobody where the worker is switched off, but for a person who asks", async () => {
    await withUsers(1);
    const off = { folder, platform: served.platform, environment: { STATS_ANALYZER_ENABLED: "false" } };
    const ended = await analyse([], off);
    expect(ended.code).toBe(0);
    expect(event(ended, "worker_disabled")).toMatchObject({ variable: "STATS_ANALYZER_ENABLED" });
    expect(asked(served.platform)).toEqual([]);
    expect((await analyse(["--user", "1"], off)).code).toBe(0);
    expect(asked(served.platform, /PUT/)).toHaveLength(1);
  });
});

describe("what is stored", () => {
  test("is of the trades' version from before they were read, so that what comes meanwhile is not missed", async () => {
    await served.close();
    served = serve([], {
      onRequest: ({ path }) => {
        if (path === "/users/1/trades") void addTrades(served.journal, 1, ["99"]);
      },
    });
    await withUsers(1);
    const ended = await run("--json");
    expect(json(ended).users).toMatchObject([
      { user_id: 1, status: "ok", trades: 3, based_on_version: 1, stale: true },
    ]);
    expect(event(ended, "cycle_completed")).toMatchObject({ users_stale_again: 1 });
    expect(await versionsOf(served.journal)).toEqual({ 1: [2, 1] });
  });

  test("are the figures by the user's own settings", async () => {
    await addTrades(served.journal, 1, ["100", "-0.5", "-50"], {
      user: {
        timezone: "Asia/Tokyo",
        starting_balance: "1000",
        breakeven_band: { min: "-1", max: "1" },
      },
    });
    await run();
    const whole = {
      period: "all",
      metrics: { trades: 3, wins: 1, losses: 1, breakevens: 1, net_pnl: "49.5", return_basis: "equity" },
    };
    const section = { currency: "USD", periods: expect.arrayContaining([expect.objectContaining({ period: "day" })]) };
    const [put] = bodiesOf(served.platform, "PUT");
    expect(put?.body).toMatchObject({
      timezone: "Asia/Tokyo",
      base_currency: "USD",
      engine_version: expect.any(String),
      currencies: [section],
      base: section,
    });
    const { base } = (put?.body ?? {}) as never as { base: { periods: unknown[] } };
    expect(base.periods[0]).toMatchObject(whole);
  });

  test("is nothing in a dry run, which leaves no trace", async () => {
    await withUsers(2);
    const ended = await run("--dry-run", "--json");
    expect(ended.code).toBe(0);
    expect(json(ended)).toMatchObject({ dry_run: true, summary: { successful: 2, total_trades: 6 } });
    expect(asked(served.platform, /PUT|POST/)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
    expect(await versionsOf(served.journal)).toEqual({ 1: [1, null], 2: [1, null] });
  });

  test("is dropped where others' are of a later state", async () => {
    await withUsers(1);
    await served.journal.putStatistics(1, statisticsOf(7));
    const ended = await run("--user", "1", "--json");
    expect(ended.code).toBe(0);
    expect(json(ended).users).toMatchObject([{ status: "skipped", error: { code: "stale_statistics" } }]);
    expect((await versionsOf(served.journal))[1]).toEqual([1, 7]);
    expect(event(ended, "user_skipped")).toMatchObject({ level: "info", user_id: 1 });
  });
});

describe("statistics that are too large", () => {
  const put = { method: "PUT", path: "/users/*/statistics" };

  test("are sent once more without their days, and say so", async () => {
    await withUsers(1);
    served.platform.addFault({ ...put, status: 413, times: 1 });
    const ended = await run("--json");
    expect(ended.code).toBe(0);
    const [whole, smaller, ...more] = bodiesOf(served.platform, "PUT").map(({ body }) => body as never as Sent);
    interface Sent {
      currencies: { periods: { period: string }[] }[];
      base: { periods: { period: string }[] };
      warnings: { code: string; count: number }[];
    }
    const kinds = (sent: Sent | undefined) =>
      [...(sent?.currencies ?? []), sent?.base].flatMap(
        (section) => section?.periods.map(({ period }) => period) ?? [],
      );
    expect(kinds(whole).filter((kind) => kind === "day")).toHaveLength(6);
    expect(kinds(smaller)).toEqual(kinds(whole).filter((kind) => kind !== "day"));
    expect(smaller?.warnings).toMatchObject([{ code: "days_left_out", count: 6 }]);
    expect(more).toEqual([]);
    expect(json(ended).users).toMatchObject([{ status: "ok", warnings: [{ code: "days_left_out" }] }]);
  });

  test("without days too are that user's error", async () => {
    await withUsers(3);
    served.platform.addFault({ ...put, path: "/users/2/statistics", status: 413 });
    const ended = await run("--json");
    expect(ended.code).toBe(3);
    expect(asked(served.platform, /PUT .*2/)).toHaveLength(2);
    expect(json(ended).users[1]).toMatchObject({ user_id: 2, error: { code: "statistics_too_large" } });
  });
});

describe("one user fails alone", () => {
  const wrongPage = (change: object) =>
    JSON.stringify({ data: [{ ...wrongTrade, ...change }], links: { next: null }, meta: { next_cursor: null } });
  const wrongTrade = {
    trade_id: 77,
    account_id: 2,
    broker: "binance",
    status: "closed",
    market: "linear",
    symbol: "BTCUSDT",
    direction: "long",
    quantity: "1",
    fees: "0",
    funding: "0",
    net_pnl: "1",
    pnl_currency: "USD",
    opened_at: "2026-01-05T10:00:00.000Z",
    closed_at: "2026-01-05T11:00:00.000Z",
  };
  const trades = { method: "GET", path: "/users/2/trades" };
  const put = { method: "PUT", path: "/users/2/statistics" };
  const faults: [string, Fault, string][] = [
    ["an amount that is none", { ...trades, status: 200, body: wrongPage({ net_pnl: "12 apples" }) }, "wrong_amount"],
    ["a trade of another shape", { ...trades, status: 200, body: wrongPage({ market: "moon" }) }, "platform_contract"],
    ["500 for its trades", { ...trades, status: 500 }, "platform_error"],
    [
      "statistics that are refused",
      { ...put, status: 422, body: '{"message":"no","errors":{"base":["No."]}}' },
      "statistics_refused",
    ],
    ["an answer that is no answer", { ...put, status: 418 }, "platform_contract"],
  ];

  test.each(faults)("%s", async (_name, fault, code) => {
    await withUsers(3);
    served.platform.addFault(fault);
    const ended = await run("--json");
    expect(ended.code).toBe(3);
    const { users, summary, status } = json(ended);
    expect(users).toMatchObject([{ status: "ok" }, { status: "error", error: { code } }, { status: "ok" }]);
    expect(summary).toMatchObject({ total_users: 3, successful: 2, failed: 1 });
    expect(status).toBe("partial");
    expect(event(ended, "user_failed")).toMatchObject({ level: "error", user_id: 2, code });
    expect(await versionsOf(served.journal)).toEqual({ 1: [1, 1], 2: [1, null], 3: [1, 1] });
  });

  test("a time zone that does not exist says whose it is and what to do", async () => {
    await withUsers(2);
    await addTrades(served.journal, 3, ["1"], { user: { timezone: "Mars/Phobos" } });
    const ended = await run("--json");
    expect(ended.code).toBe(3);
    expect(json(ended).users[2]).toMatchObject({
      error: { code: "user_settings", message: expect.stringContaining("Mars/Phobos"), hint: expect.any(String) },
    });
  });

  test("one that left meanwhile is passed over", async () => {
    await withUsers(3);
    served.platform.addFault({ ...trades, status: 404 });
    const ended = await run("--json");
    expect(ended.code).toBe(0);
    expect(json(ended).users[1]).toMatchObject({ status: "skipped", error: { code: "platform_gone" } });
  });

  test("more than half is a failure of the cycle", async () => {
    await withUsers(3);
    served.platform.addFault({ method: "GET", path: "/users/1/trades", status: 200, body: wrongPage({ fees: null }) });
    served.platform.addFault({ ...trades, status: 200, body: wrongPage({ fees: null }) });
    const ended = await run("--json");
    expect(ended.code).toBe(4);
    expect(json(ended).status).toBe("failed");
    expect(bodiesOf(served.platform, "POST")[0]?.body).toMatchObject({ status: "failed", summary: { failed: 2 } });
  });
});

describe("a platform that cannot be worked with stops the cycle", () => {
  const cases: [string, Fault, number, number][] = [
    ["away from the start", { path: "/ping", answer: "cut" }, 69, 0],
    ["away in mid-cycle", { path: "/users/*/trades", answer: "cut" }, 69, 0],
    ["502 for the statistics", { method: "PUT", status: 502 }, 69, 0],
    ["the key is refused", { path: "/ping", status: 401 }, 77, 0],
    ["the key may not write statistics", { method: "PUT", status: 403 }, 77, 0],
    ["a redirect", { path: "/users", redirect: "/login" }, 78, 0],
    ["users in HTML", { path: "/users", answer: "html" }, 69, 0],
    ["three users in a row with 500", { path: "/users/*/trades", status: 500 }, 69, 0],
    ["once away, then back", { path: "/users/*/trades", answer: "cut", times: 1 }, 0, 5],
    ["429 with Retry-After", { method: "PUT", status: 429, headers: { "Retry-After": "1" }, times: 2 }, 0, 5],
    ["503 with Retry-After", { path: "/users", status: 503, headers: { "Retry-After": "1" }, times: 1 }, 0, 5],
    ["stored, and the answer lost", { method: "PUT", answer: "cut", after: true, times: 1 }, 0, 5],
    ["the report is never taken", { path: "/cycles", status: 500 }, 0, 5],
  ];

  test.each(cases)("%s", async (_name, fault, code, stored) => {
    await withUsers(5);
    served.platform.addFault(fault);
    const ended = await run();
    expect({ code: ended.code, error: ended.code === code ? "" : ended.error }).toEqual({ code, error: "" });
    const done = Object.values(await versionsOf(served.journal)).filter(([, of]) => of !== null);
    expect(done).toHaveLength(stored);
    served.platform.clearFaults();
    expect((await run()).code).toBe(0);
    expect(Object.values(await versionsOf(served.journal))).toEqual(Array(5).fill([1, 1]));
  });
});

describe("told to end", () => {
  test("it finishes what is in hand, leaves the rest to the next run, and that is no failure", async () => {
    const stop = new AbortController();
    await served.close();
    served = serve([], {
      onRequest: ({ method }) => {
        if (method === "PUT") stop.abort(new Stop("SIGTERM"));
      },
    });
    await withUsers(12);
    const ended = await analyse(["--json"], { folder, platform: served.platform, signal: stop.signal });
    expect(ended.code).toBe(0);
    const { summary, users_waiting, users } = json(ended);
    expect(summary.successful).toBeGreaterThan(0);
    expect(summary.failed).toBe(0);
    expect(users_waiting).toBeGreaterThan(0);
    expect(users_waiting + users.length).toBe(12);
    expect(event(ended, "run_stopped")).toMatchObject({ by: "SIGTERM" });
    expect((await analyse([], { folder, platform: served.platform })).code).toBe(0);
    expect(Object.values(await versionsOf(served.journal))).toEqual(Array(12).fill([1, 1]));
  });
});

describe("a run is seen", () => {
  test("by the platform: one entry a user, without account and broker", async () => {
    await withUsers(2);
    await run();
    const [report] = bodiesOf(served.platform, "POST");
    expect(report?.body).toMatchObject({
      worker: "stats_analyzer",
      status: "success",
      cycle_id: expect.any(String),
      per_user_results: [
        { user_id: 1, account_id: null, broker: null, status: "ok", trades: 3, executions: 0, error: null },
        { user_id: 2, account_id: null, broker: null, status: "ok", trades: 3, executions: 0, error: null },
      ],
      summary: { total_users: 2, successful: 2, failed: 0, skipped: 0, total_trades: 6, buffered: 0 },
    });
    expect(served.journal.counts().cycles).toBe(1);
  });

  test("in the log, with the lines of the plan", async () => {
    await withUsers(2);
    const ended = await run();
    expect(event(ended, "cycle_completed")).toMatchObject({
      worker: "stats_analyzer",
      level: "info",
      trades_analyzed: 6,
      users_analyzed: 2,
      errors: 0,
      duration_seconds: expect.any(Number),
      user_ids: [1, 2],
    });
    expect(event(ended, "per_user_results")).toMatchObject({
      per_user_results: [
        { user_id: 1, status: "ok", trades: 3, duration_ms: expect.any(Number) },
        { user_id: 2, status: "ok", trades: 3, duration_ms: expect.any(Number) },
      ],
      summary: { total_users: 2, successful: 2, failed: 0, total_trades: 6 },
    });
    expect(readFileSync(join(folder, "logs/stats_analyzer.log"), "utf8")).toContain("cycle_completed");
  });

  test("in its status on disk", async () => {
    await withUsers(2);
    await run();
    const status = JSON.parse(readFileSync(join(folder, "data/stats_analyzer.status.json"), "utf8"));
    expect(status).toMatchObject({ worker: "stats_analyzer", exit_code: 0, accounts: { ok: 2, error: 0 } });
  });

  test("alone: another run holds the lock", async () => {
    await withUsers(1);
    const lock = { dataDir: join(folder, "data"), worker: "stats_analyzer", waitMs: 0, clock: fakeClock() };
    {
      using _held = await acquireLock(lock);
      const { code, error } = await run();
      expect({ code, error: code === 75 ? "" : error }).toEqual({ code: 75, error: "" });
      expect(asked(served.platform)).toEqual([]);
    }
    expect((await run()).code).toBe(0);
  });
});

test("on the embedded journal nothing has to be configured", async () => {
  const path = join(folder, "data/journal.sqlite");
  expect((await analyse([], { folder })).code).toBe(0);
  const journal = openJournal(path);
  await addTrades(
    journal,
    1,
    Array.from({ length: 1_203 }, (_, index) => `${(index % 7) - 3}`),
  );
  expect((await analyse([], { folder })).code).toBe(0);
  expect((await versionsOf(journal))[1]).toEqual([13, 13]);
  const stored = json(await analyse(["--user", "1", "--json"], { folder })).users[0];
  expect(stored).toMatchObject({ trades: 1_203, statistics: { currencies: [{ currency: "USD" }] } });
  journal.close();
  expect(existsSync(join(folder, "data/pending"))).toBeFalse();
});
