import { describe, expect, test } from "bun:test";
import type { Context } from "../../../src/context.ts";
import { Failure } from "../../../src/errors.ts";
import type { Journal } from "../../../src/journal/journal.ts";
import type { Account } from "../../../src/journal/wire.ts";
import { Stop } from "../../../src/operation/stop.ts";
import { type AccountJob, type AccountTools, importAccount } from "../../../src/workers/import-trades/account.ts";
import type { Ledger } from "../../../src/workers/import-trades/ledger.ts";
import { emptyCounts } from "../../../src/workers/import-trades/pairing.ts";
import { toResult } from "../../../src/workers/import-trades/result.ts";
import { importWithin } from "../../../src/workers/import-trades/time-limit.ts";
import { recordingLog } from "../../delivery/recording-log.ts";
import { fakeTerminal } from "../../operation/fakes.ts";

const limitMs = 180_000;
const endingMs = 12_000;

/** Time passes when the test says so; whoever sleeps is woken in its turn. */
function manualClock() {
  let nowMs = 0;
  const sleepers = new Set<{ untilMs: number; wake: () => void }>();
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep(ms: number, signal?: AbortSignal): Promise<void> {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const sleeper = { untilMs: nowMs + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", () => sleepers.delete(sleeper) && reject(signal.reason), { once: true });
      });
    },
    async pass(ms: number) {
      nowMs += ms;
      for (const sleeper of sleepers) if (sleeper.untilMs <= nowMs && sleepers.delete(sleeper)) sleeper.wake();
      await settle();
    },
    sleeping: () => sleepers.size,
  };
}

/** Lets everything run that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

const account = { account_id: 7, user_id: 42, broker: "binance", credentials_version: 1 } as Account;
const job: AccountJob = { account, files: [], venue: null };
const done = toResult(
  account,
  { counts: emptyCounts(), files: [], warnings: [] },
  { error: null, buffered: 0, durationMs: 0 },
);

function trial(
  importOne: typeof importAccount,
  { ms = limitMs as number | null, statusFails = null as Failure | null } = {},
) {
  const clock = manualClock();
  const log = recordingLog();
  const stop = new AbortController();
  const statuses: unknown[] = [];
  const delivered: unknown[] = [];
  const tools = {
    journal: {
      async setImportStatus(_id: unknown, patch: { error: { code: string } }) {
        if (statusFails !== null) throw statusFails;
        statuses.push(patch.error.code);
        return { kind: "stored" };
      },
    } as unknown as Journal,
    ledger: {
      checkpointVersion: 3,
      takesTrades: true,
      deliver: async (batch: unknown) => delivered.push(batch),
    } as unknown as Ledger,
    reports: true,
    context: { clock, log, signal: stop.signal, terminal: fakeTerminal() } as unknown as Context,
  } as AccountTools; // what is not here is not used before the account itself is read
  const result = importWithin(ms, job, tools, importOne);
  result.catch(() => undefined);
  return { result, clock, log, stop, statuses, delivered };
}

const hangs: typeof importAccount = () => new Promise(() => undefined);

test("in time: its own result, and nothing is left waiting", async () => {
  const { result, clock } = trial(async () => done);
  expect(await result).toBe(done);
  await settle();
  expect(clock.sleeping()).toBe(0);
});

test("out of time: told to stop, it ends in good order", async () => {
  const { result, clock, log } = trial(async (_job, { context }) => {
    await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    return done;
  });
  await clock.pass(limitMs - 1);
  expect(log.events()).toEqual([]);
  await clock.pass(1);
  expect(await result).toBe(done);
  expect(log.lines).toMatchObject([{ level: "warning", event: "account_time_limit", fields: { account_id: 7 } }]);
});

test("a broker that never answers is left behind, reported, and over within its time", async () => {
  const { result, clock, statuses, log } = trial(hangs);
  await clock.pass(limitMs);
  await clock.pass(endingMs);
  expect(await result).toMatchObject({ status: "error", error: { code: "account_time_limit", retryable: true } });
  expect(statuses).toEqual(["account_time_limit"]);
  expect(log.events()).toEqual(["account_time_limit", "account_failed"]);
});

test("what it still finds after that goes nowhere", async () => {
  let wake: () => void = () => undefined;
  let late: unknown = null;
  const { result, clock, delivered } = trial(async (_job, { ledger }) => {
    await ledger.deliver({} as never);
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
    late = await ledger.deliver({} as never).catch((error: unknown) => error);
    return done;
  });
  await clock.pass(limitMs);
  await clock.pass(endingMs);
  await result;
  wake();
  await settle();
  expect(late).toMatchObject({ name: "LeftBehind" });
  expect(delivered).toHaveLength(1);
});

test("without a limit it is the run's end that ends it", async () => {
  const { result, clock, stop } = trial(hangs, { ms: null });
  await clock.pass(limitMs * 10);
  stop.abort(new Stop("SIGTERM"));
  await settle();
  await clock.pass(endingMs);
  expect(await result).toMatchObject({ error: { code: "account_time_limit" } });
});

describe("whatever it throws", () => {
  test.each([
    ["a bug in a connector", new TypeError("undefined is not a function"), "bug"],
    ["a text", "nonsense", "bug"],
    ["a page of garbage", new Failure("data", "no JSON", { code: "broker_contract" }), "broker_contract"],
    [
      "an error of the platform's own, for this account",
      new Failure("unavailable", "500", { code: "platform_error" }),
      "platform_error",
    ],
  ])("%s is this account's result", async (_name, error, code) => {
    const { result, statuses } = trial(async () => {
      throw error;
    });
    expect(await result).toMatchObject({ account, status: "error", error: { code } });
    expect(statuses).toEqual([code]);
  });

  test.each([
    ["the key is refused", new Failure("refused", "401", { code: "platform_unauthenticated" })],
    ["the platform is away", new Failure("unavailable", "away", { code: "platform_unavailable" })],
    ["the address is wrong", new Failure("settings", "419", { code: "platform_wrong_url" })],
    ["the disk is full", new Failure("unavailable", "full", { code: "buffer_unwritable" })],
  ])("%s: that stops the cycle", async (_name, error) => {
    const { result, statuses } = trial(async () => {
      throw error;
    });
    await expect(result).rejects.toBe(error);
    expect(statuses).toEqual([]);
  });

  test("also where the platform answers its report with an error", async () => {
    const statusFails = new Failure("unavailable", "500", { code: "platform_error" });
    const { result, log } = trial(
      async () => {
        throw new TypeError("x");
      },
      { statusFails },
    );
    expect(await result).toMatchObject({ status: "error", error: { code: "bug" } });
    expect(log.events()).toEqual(["account_failed", "status_not_reported"]);
  });

  test("a checkpoint that cannot be read, before anything else is", async () => {
    const garbage = { ...job, account: { ...account, checkpoint: { v: 1, state: "garbage" } } as Account };
    const { result } = trial(async (_job, tools) => await importAccount(garbage, tools));
    expect(await result).toMatchObject({ status: "error" });
  });
});
