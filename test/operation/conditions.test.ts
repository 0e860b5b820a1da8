import { describe, expect, test } from "bun:test";
import type { BufferState } from "../../src/delivery/buffer-state.ts";
import { Failure, type FailureKind } from "../../src/errors.ts";
import { bytesText, durationText, judge, type RunFacts } from "../../src/operation/conditions.ts";
import { noAccounts, noExecutions, type RunStatus } from "../../src/operation/run-status.ts";

const nowMs = Date.UTC(2026, 1, 9, 18);
const hourMs = 3_600_000;

const status = (change: Partial<RunStatus> = {}): RunStatus => ({
  worker: "trade_importer",
  version: "1",
  runId: "r",
  startedAtMs: nowMs - 1_000,
  finishedAtMs: nowMs,
  durationMs: 1_000,
  exitCode: 0,
  error: null,
  firstRunAtMs: nowMs - 48 * hourMs,
  lastSuccessAtMs: nowMs,
  failuresInARow: 0,
  accounts: noAccounts,
  executions: noExecutions,
  total: { ...noExecutions, runs: 1 },
  ...change,
});

const buffer = (change: Partial<BufferState> = {}): BufferState => ({
  files: 0,
  bytes: 0,
  oldestAgeMs: 0,
  failed: 0,
  quarantined: 0,
  unreadable: 0,
  totals: { files: 0, bytes: 0 },
  limits: { filesMax: 100, bytesMax: 1_000_000, freeBytesMin: 1_000 },
  freeBytes: 1_000_000,
  full: null,
  ...change,
});

function judged(change: Partial<RunFacts>) {
  const facts: RunFacts = {
    failure: null,
    ending: "ended",
    status: status(),
    intervalMinutes: 15,
    buffer: null,
    ...change,
  };
  const { judged: names, raised } = judge(facts);
  return { names: [...names].sort(), raised: raised.map(({ name }) => name), first: raised[0] };
}

const failed = (kind: FailureKind, code = "x") => new Failure(kind, "what happened", { code });
const all = ["data_dir_unwritable", "key_refused", "most_failed", "no_success"];

describe("a run", () => {
  test.each([
    ["done", { failure: null }, [], all],
    ["some failed", { failure: failed("some") }, [], all],
    ["most failed", { failure: failed("most") }, ["most_failed"], all],
    ["the key was refused", { failure: failed("refused") }, ["key_refused"], ["key_refused", "no_success"]],
    ["the platform is away", { failure: failed("unavailable") }, [], ["no_success"]],
    ["a wrong address", { failure: failed("settings") }, [], ["no_success"]],
    [
      "the lock cannot be written",
      { failure: failed("settings", "lock_unusable") },
      ["data_dir_unwritable"],
      ["data_dir_unwritable", "no_success"],
    ],
    [
      "the buffer cannot be written",
      { failure: failed("unavailable", "buffer_unwritable") },
      ["data_dir_unwritable"],
      ["data_dir_unwritable", "no_success"],
    ],
    ["stopped by a signal", { ending: "stopped" }, [], []],
    ["a bug", { ending: "crashed" }, [], ["no_success"]],
    ["no cycle", { intervalMinutes: null }, [], ["data_dir_unwritable", "key_refused"]],
  ] as [string, Partial<RunFacts>, string[], string[]][])("%s", (_name, facts, raised, names) => {
    expect(judged(facts)).toMatchObject({ raised, names });
  });

  test.each([
    ["within the hour", { lastSuccessAtMs: nowMs - hourMs, failuresInARow: 4 }, 15, false],
    ["beyond it", { lastSuccessAtMs: nowMs - hourMs - 1, failuresInARow: 5 }, 15, true],
    ["that was never", { lastSuccessAtMs: null, failuresInARow: 5 }, 15, true],
    [
      "that was never, on the first hour",
      { lastSuccessAtMs: null, firstRunAtMs: nowMs - 1, failuresInARow: 1 },
      15,
      false,
    ],
    ["within four of its long intervals", { lastSuccessAtMs: nowMs - 4 * hourMs, failuresInARow: 4 }, 60, false],
    ["beyond them", { lastSuccessAtMs: nowMs - 4 * hourMs - 1, failuresInARow: 4 }, 60, true],
    ["long ago, since the machine was off", { lastSuccessAtMs: nowMs - 99 * hourMs, failuresInARow: 0 }, 15, false],
  ])("a last success %s", (_name, change, intervalMinutes, raised) => {
    const failure = failed("unavailable");
    expect(judged({ status: status(change), intervalMinutes, failure }).raised).toEqual(raised ? ["no_success"] : []);
  });
});

describe("the buffer", () => {
  test.each([
    ["empty", {}, []],
    ["two hours old", { files: 1, oldestAgeMs: 2 * hourMs }, []],
    ["older", { files: 1, oldestAgeMs: 2 * hourMs + 1 }, ["buffer_old"]],
    ["with a failed batch", { failed: 1 }, ["batches_failed"]],
    ["with a damaged file", { quarantined: 1 }, ["files_quarantined"]],
    ["with another user's file", { unreadable: 1 }, ["files_unreadable"]],
    ["nearly so full of files", { totals: { files: 79, bytes: 0 } }, []],
    ["filling with files", { totals: { files: 80, bytes: 0 } }, ["buffer_filling"]],
    ["filling with bytes", { totals: { files: 1, bytes: 800_000 } }, ["buffer_filling"]],
    [
      "full: no other word about filling",
      { totals: { files: 100, bytes: 0 }, full: "it has 100 files" },
      ["buffer_full"],
    ],
    ["on a disk that gets full", { freeBytes: 1_999 }, ["disk_low"]],
    ["on a full disk", { freeBytes: 999, full: "the disk has 999 bytes left" }, ["buffer_full"]],
    ["on a disk that does not say", { freeBytes: null }, []],
  ] as [string, Partial<BufferState>, string[]][])("%s", (_name, change, raised) => {
    const found = judged({ buffer: buffer(change), ending: "stopped" });
    expect(found.raised).toEqual(raised as never);
    expect(found.names).toHaveLength(7);
  });

  test("every condition says what to do", () => {
    const worst = { files: 3, oldestAgeMs: 99 * hourMs, failed: 2, quarantined: 2, unreadable: 2, full: "it is" };
    const { raised } = judge({
      failure: failed("refused"),
      ending: "ended",
      status: status({ lastSuccessAtMs: null, failuresInARow: 9 }),
      intervalMinutes: 15,
      buffer: buffer(worst),
    });
    expect(raised).toHaveLength(7);
    for (const { title, detail, hint } of raised) {
      expect([title, detail, hint].map((text) => text.length > 10)).toEqual([true, true, true]);
      expect(title).not.toMatch(/\n|\.$/);
    }
  });
});

test("durations and sizes as people say them", () => {
  expect([0, 59_000, 119 * 60_000, 3 * hourMs, 72 * hourMs, -5].map(durationText)).toEqual([
    "0 min",
    "1 min",
    "119 min",
    "3 h",
    "3 days",
    "0 min",
  ]);
  expect([0, 1_023, 1_024, 10 * 1_024, 256 * 1_024 ** 2, 1.5 * 1_024 ** 3].map(bytesText)).toEqual([
    "0 bytes",
    "1023 bytes",
    "1.0 KiB",
    "10 KiB",
    "256 MiB",
    "1.5 GiB",
  ]);
});
