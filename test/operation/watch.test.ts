import { beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../../src/context.ts";
import { Failure } from "../../src/errors.ts";
import { readRunStatus, runStatusPath, writeRunStatus } from "../../src/operation/run-status.ts";
import { Stop } from "../../src/operation/stop.ts";
import { type WatchOptions, watchRun } from "../../src/operation/watch.ts";
import { recordingLog } from "../delivery/recording-log.ts";
import { fakeClock, fakeTerminal } from "./fakes.ts";
import { temporaryFolders } from "./temporary-folder.ts";

/** Much is synced to a disk that others are busy with, too. */
setDefaultTimeout(30_000);

const makeFolder = temporaryFolders();
let folder = "";
let requests: string[] = [];
let fetchAnswers: () => Promise<Response> = async () => new Response("");
beforeEach(() => {
  folder = makeFolder();
  requests = [];
  fetchAnswers = async () => new Response("");
});

function tools(change: Partial<WatchOptions["config"]> = {}) {
  const clock = fakeClock();
  const log = recordingLog();
  const stop = new AbortController();
  const context: Context = {
    clock,
    log,
    random: () => 0.5,
    uuid: () => "uuid",
    fetch: async (input, init) => {
      requests.push(`${String(input)} ${init?.body ?? ""}`.replaceAll("\n", ";"));
      return await fetchAnswers();
    },
    signal: stop.signal,
    environment: {},
    terminal: fakeTerminal(),
  };
  const events: string[] = [];
  const options: WatchOptions = {
    worker: "toy_worker",
    runId: "run-1",
    config: {
      alerts: { mail: null, webhookUrl: null },
      healthcheckUrl: "https://hc.example/uuid?a=b",
      metricsDir: join(folder, "metrics"),
      dataDir: join(folder, "data"),
      log: { level: "info", dir: join(folder, "logs") },
      secrets: [],
      ...change,
    },
    intervalMinutes: 15,
    pings: true,
    async lock() {
      events.push("locked");
      return { [Symbol.dispose]: () => events.push("released") };
    },
  };
  return { context, options, log, clock, stop, events };
}
const statusOf = () => readRunStatus(join(folder, "data"), "toy_worker");

test("a run: locked, begun, told, released; in this order", async () => {
  const { context, options, events, log } = tools();
  await watchRun(options, context, async (watch) => {
    events.push("runs");
    watch.accounts.ok = 3;
    watch.executions.created = 7;
  });
  expect(events).toEqual(["locked", "runs", "released"]);
  expect(requests).toEqual([
    "https://hc.example/uuid/start?a=b&rid=run-1 ",
    "https://hc.example/uuid?a=b&rid=run-1 ok 3;partial 0;error 0;skipped 0;created 7;duplicates 0;rejected 0;buffered 0;",
  ]);
  expect(statusOf()).toMatchObject({ exitCode: 0, error: null, accounts: { ok: 3 }, total: { created: 7, runs: 1 } });
  expect(readdirSync(join(folder, "metrics"))).toEqual(["ami_workers_toy_worker.prom"]);
  expect(log.events()).toEqual([]);
});

test.each([
  [new Failure("some", "two failed", { code: "some_failed" }), 3, "some_failed", true],
  [new Failure("most", "all failed"), 4, "most", false],
  [new Failure("unavailable", "away"), 69, "unavailable", false],
  [new TypeError("x is undefined"), 70, "bug", false],
] as const)("%s: thrown on, and told", async (error, code, word, succeeded) => {
  const { context, options, clock } = tools();
  const run = watchRun(options, context, async () => {
    throw error;
  });
  await expect(run).rejects.toBe(error);
  expect(requests.at(-1)).toStartWith(`https://hc.example/uuid/${code}?a=b&rid=run-1`);
  expect(statusOf()).toMatchObject({
    exitCode: code,
    error: { code: word, message: error.message },
    lastSuccessAtMs: succeeded ? clock.nowMs() : null,
    failuresInARow: succeeded ? 0 : 1,
  });
});

test("failures in a row are counted over runs, and a success ends them", async () => {
  const away = new Failure("unavailable", "away");
  for (const error of [away, away, null, away]) {
    const { context, options } = tools();
    await watchRun(options, context, async () => {
      if (error !== null) throw error;
    }).catch(() => undefined);
  }
  expect(statusOf()).toMatchObject({ failuresInARow: 1, total: { runs: 4 } });
});

test("another run holds the lock: nothing is told, the other one tells", async () => {
  const { context, options } = tools();
  const busy = new Failure("busy", "Another run holds the lock");
  options.lock = async () => {
    throw busy;
  };
  await expect(watchRun(options, context, async () => undefined)).rejects.toBe(busy);
  expect([requests, existsSync(join(folder, "data"))]).toEqual([[], false]);
});

test("a lock that cannot be used is a failure like any other", async () => {
  const { context, options, log } = tools();
  options.lock = async () => {
    throw new Failure("settings", "The lock cannot be used", { code: "lock_unusable" });
  };
  await expect(watchRun(options, context, async () => undefined)).rejects.toMatchObject({ kind: "settings" });
  expect(requests).toHaveLength(1);
  expect(log.lines).toMatchObject([{ level: "critical", event: "alert", fields: { alert: "data_dir_unwritable" } }]);
});

describe("told to stop", () => {
  test.each([
    ["SIGTERM", null],
    ["deadline", 1_770_633_015_123],
  ] as const)("by %s", async (by, lastSuccessAtMs) => {
    const { context, options, stop } = tools();
    await watchRun(options, context, async () => stop.abort(new Stop(by)));
    expect(statusOf()).toMatchObject({ exitCode: 0, lastSuccessAtMs, failuresInARow: 0 });
    expect(requests.at(-1)).toStartWith("https://hc.example/uuid?a=b&rid=run-1");
  });
});

describe("what is told goes wrong", () => {
  test("pings: three tries each, then a warning", async () => {
    fetchAnswers = async () => new Response("", { status: 503 });
    const { context, options, log, clock } = tools();
    await watchRun(options, context, async () => undefined);
    expect(requests).toHaveLength(6);
    expect(log.lines.map(({ level, event }) => [level, event])).toEqual([
      ["warning", "ping_failed"],
      ["warning", "ping_failed"],
    ]);
    expect(clock.monotonicMs()).toBe(6_000);
  });

  test("a ping without a network", async () => {
    fetchAnswers = async () => {
      throw new TypeError("connection refused");
    };
    const { context, options, log } = tools();
    await watchRun(options, context, async () => undefined);
    expect(log.lines[0]?.fields.message).toBe("connection refused");
  });

  test("folders that cannot be written: warnings, and the run is as it was", async () => {
    writeFileSync(join(folder, "data"), "a file");
    writeFileSync(join(folder, "metrics"), "a file");
    const { context, options, log } = tools();
    await watchRun(options, context, async (watch) => {
      watch.buffer = () => {
        throw new Error("no buffer");
      };
    });
    expect(log.events().sort()).toEqual([
      "alert_state_not_kept",
      "buffer_not_measured",
      "metrics_not_written",
      "status_not_kept",
    ]);
    expect(log.lines.every(({ level }) => level === "warning")).toBe(true);
  });
});

describe("the status on disk", () => {
  test("comes back as it was, in the plan's spelling", async () => {
    const { context, options } = tools();
    await watchRun(options, context, async () => {
      throw new Failure("most", "all failed", { code: "most_failed" });
    }).catch(() => undefined);
    const before = statusOf();
    if (before === null) throw new Error("it was written");
    writeRunStatus(join(folder, "data"), before);
    expect(statusOf()).toEqual(before);
    const json = JSON.parse(readFileSync(runStatusPath(join(folder, "data"), "toy_worker"), "utf8"));
    expect(json).toMatchObject({
      v: 1,
      run_id: "run-1",
      started_at: "2026-02-09T10:30:15.123Z",
      last_success_at: null,
      failures_in_a_row: 1,
      error: { code: "most_failed" },
    });
  });

  test.each(["", "{}", "null", '{"v":1}', '{"v":9,"worker":"x"}'])("%j is as good as none", (text) => {
    mkdirSync(join(folder, "data"));
    writeFileSync(runStatusPath(join(folder, "data"), "toy_worker"), text);
    expect(statusOf()).toBeNull();
  });
});
