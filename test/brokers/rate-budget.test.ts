import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { openRateBudget, type RateBudget, type RateLimit } from "../../src/brokers/rate-budget.ts";
import { Failure } from "../../src/errors.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { virtualClock } from "./virtual-clock.ts";

const folder = temporaryFolders();
const minuteMs = 60_000;
/** A window, and what is on its way when it ends. */
const windowMs = minuteMs + 500;
const limits: RateLimit[] = [
  { pool: "spot", weight: 1_000, windowMs: minuteMs },
  { pool: "linear", weight: 500, windowMs: minuteMs },
  { pool: "user", weight: 100, windowMs: minuteMs, perAccount: true },
];

function open(
  changes: {
    dataDir?: string;
    deadlineMs?: number;
    signal?: AbortSignal;
    clock?: ReturnType<typeof virtualClock>;
  } = {},
) {
  const { dataDir = folder(), clock = virtualClock(), ...rest } = changes;
  return { dataDir, clock, budget: openRateBudget("acme", limits, { dataDir, clock, ...rest }) };
}

async function refusal(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Failure)) throw new Error(`expected a Failure, got ${String(error)}`);
  return error;
}

async function takeAll(budget: RateBudget, weights: readonly number[], accountId = "1", pool?: string): Promise<void> {
  for (const weight of weights) await budget.take(weight, accountId, pool);
}

describe("waits", () => {
  test("not while there is room, then until the oldest falls out of the window", async () => {
    const { budget, clock } = open();
    const startMs = clock.nowMs();
    await budget.take(900, "1");
    clock.advance(10_000);
    await budget.take(80, "1");
    expect(clock.nowMs() - startMs).toBe(10_000);
    await clock.drive(budget.take(20, "1"));
    expect(clock.nowMs() - startMs).toBe(windowMs);
    await clock.drive(budget.take(900, "1"));
    expect(clock.nowMs() - startMs).toBe(10_000 + windowMs);
  });

  test("each pool by itself, and users each by themselves", async () => {
    const { budget, clock } = open();
    const startMs = clock.nowMs();
    await takeAll(budget, [980]);
    await takeAll(budget, [490], "1", "linear");
    await takeAll(budget, [98], "1", "user");
    await takeAll(budget, [98], "2", "user");
    expect(clock.nowMs()).toBe(startMs);
    await clock.drive(budget.take(1, "2", "user"));
    expect(clock.nowMs() - startMs).toBe(windowMs);
  });

  test("never more than the limit in any window, whoever asks in whatever way", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 9_000 })), { maxLength: 60 }),
        async (asks) => {
          const { budget, clock } = open();
          const sent: [atMs: number, weight: number][] = [];
          for (const [weight, pauseMs] of asks) {
            clock.advance(pauseMs);
            await clock.drive(budget.take(weight, String(weight % 3)));
            sent.push([clock.nowMs(), weight]);
          }
          budget.close();
          for (const [endMs] of sent) {
            const inWindow = sent.filter(([atMs]) => atMs > endMs - minuteMs && atMs <= endMs);
            expect(inWindow.reduce((sum, [, weight]) => sum + weight, 0)).toBeLessThanOrEqual(1_000);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test("hardly longer than the limit makes it", async () => {
    const { budget, clock } = open();
    const startMs = clock.nowMs();
    await clock.drive(takeAll(budget, Array<number>(500).fill(20)));
    const leastMs = (500 * 20 * minuteMs) / 1_000 - minuteMs;
    expect(clock.nowMs() - startMs).toBeLessThan(leastMs * 1.1 + minuteMs);
  });

  test("a request that would never fit is a bug", async () => {
    const { budget } = open();
    expect(await budget.take(1_001, "1").catch((error: unknown) => error)).toBeInstanceOf(RangeError);
  });
});

describe("is fair", () => {
  test("an account that asks much does not keep the others waiting", async () => {
    const { budget, clock } = open();
    const served: string[] = [];
    const ask = async (accountId: string) => {
      await budget.take(490, accountId);
      served.push(accountId);
    };
    const all = [..."aaaa", "b", "c"].map(ask);
    await clock.drive(Promise.all(all));
    expect(served.join("")).toBe("aabcaa");
  });

  test("a small request does not pass a large one again and again", async () => {
    const { budget, clock } = open();
    await budget.take(900, "1");
    const served: string[] = [];
    const large = budget.take(800, "large").then(() => served.push("large"));
    const small = budget.take(10, "small").then(() => served.push("small"));
    await clock.drive(Promise.all([large, small]));
    expect(served).toEqual(["large", "small"]);
  });

  test("work that can wait has its share of what is free", async () => {
    const { budget, clock } = open();
    const spare = (weight: number, share = 0.2) => budget.hasSpare(weight, "1", { share });
    expect([spare(200), spare(150), spare(60, 0.3)]).toEqual([true, true, true]);
    await budget.take(980, "2");
    clock.advance(windowMs);
    await budget.take(200, "1", "linear");
    expect(budget.hasSpare(50, "1", { share: 0.5, pool: "linear" })).toBe(true);
    expect(budget.hasSpare(98, "1", { share: 0.98, pool: "user" })).toBe(true);
    await budget.take(1, "1", "user");
    expect(budget.hasSpare(98, "1", { share: 0.98, pool: "user" })).toBe(false); // nobody else takes of it
  });

  test("and a twentieth of what never is", async () => {
    const { budget, clock } = open();
    const spare = (weight: number) => budget.hasSpare(weight, "patient", { share: 0.4 });
    await budget.take(980, "1");
    const waiting = [budget.take(20, "2"), budget.take(20, "3")];
    expect([spare(20), spare(20), spare(20)]).toEqual([true, true, false]);
    clock.advance(minuteMs - 200);
    expect(spare(20)).toBe(false);
    clock.advance(300);
    expect(spare(20)).toBe(true);
    await clock.drive(Promise.all(waiting));
  });

  test("but nothing that would be too late, and nothing behind a queue of a whole window", async () => {
    const clock = virtualClock();
    const { budget } = open({ clock, deadlineMs: clock.nowMs() + 2 * windowMs });
    await budget.take(980, "1");
    expect(budget.hasSpare(20, "2", { share: 0.4 })).toBe(false);
    const { budget: free } = open({ clock });
    await free.take(980, "1");
    const queue = Array.from({ length: 5 }, (_, index) => free.take(200, String(index)));
    expect(free.hasSpare(20, "patient", { share: 0.4 })).toBe(false);
    await clock.drive(Promise.all(queue));
  });

  test("a search goes on at its pace while a thousand accounts ask all the time, and delays nobody much", async () => {
    const { budget, clock } = open();
    const endMs = clock.nowMs() + 30 * minuteMs;
    const served = { busy: 0, patient: 0 };
    const busy = async (accountId: string) => {
      while (clock.nowMs() < endMs) {
        await budget.take(20, accountId);
        served.busy += 20;
      }
    };
    const patient = async () => {
      while (clock.nowMs() < endMs) {
        if (budget.hasSpare(20, "patient", { share: 0.4 })) {
          await budget.take(20, "patient");
          served.patient += 20;
        } else await clock.sleep(1_000);
      }
    };
    const accounts = Array.from({ length: 24 }, (_, index) => busy(String(index)));
    await clock.drive(Promise.all([...accounts, patient()]));
    const share = served.patient / (served.patient + served.busy);
    expect([share > 0.03, share < 0.06]).toEqual([true, true]);
  });
});

describe("follows the venue", () => {
  test("what others used on this address counts", async () => {
    const { budget, clock } = open();
    const startMs = clock.nowMs();
    await budget.take(100, "1");
    budget.observe({ weight: 950, windowMs: minuteMs, atMs: clock.nowMs() });
    await clock.drive(budget.take(100, "1"));
    expect(clock.nowMs() - startMs).toBe(windowMs);
  });

  test("its count of what we sent ourselves does not count twice", async () => {
    const { budget, clock } = open();
    const startMs = clock.nowMs();
    for (let index = 1; index <= 9; index++) {
      await budget.take(100, "1");
      budget.observe({ weight: 100 * index, windowMs: minuteMs, atMs: clock.nowMs() });
    }
    budget.observe({ weight: 5_000, windowMs: 1_000, atMs: clock.nowMs() });
    budget.observe({ weight: 20, windowMs: minuteMs, atMs: clock.nowMs() }); // its minute has just begun anew
    await budget.take(80, "1");
    expect(clock.nowMs()).toBe(startMs);
    await clock.drive(budget.take(1, "1"));
    expect(clock.nowMs() - startMs).toBe(windowMs);
  });
});

describe("obeys bans", () => {
  test("to their end, in all pools", async () => {
    const { budget, clock } = open();
    const untilMs = clock.nowMs() + 120_000;
    budget.banUntil(untilMs);
    budget.banUntil(untilMs - 60_000); // a shorter one does not shorten it
    expect(budget.lastBanUntilMs()).toBe(untilMs);
    expect(budget.hasSpare(1, "1", { share: 1 })).toBe(false);
    await clock.drive(Promise.all([budget.take(1, "1"), budget.take(1, "1", "linear"), budget.take(1, "1", "user")]));
    expect(clock.nowMs()).toBe(untilMs);
  });

  test("of one pool, in that pool", async () => {
    const { budget, clock } = open();
    const startMs = clock.nowMs();
    budget.banUntil(startMs + 30_000, "linear");
    await budget.take(1, "1");
    expect(clock.nowMs()).toBe(startMs);
    await clock.drive(budget.take(1, "1", "linear"));
    expect(clock.nowMs()).toBe(startMs + 30_000);
  });

  test("that begin while others wait", async () => {
    const { budget, clock } = open();
    await budget.take(980, "1");
    const waiting = budget.take(1, "2");
    const untilMs = clock.nowMs() + 300_000;
    budget.banUntil(untilMs);
    await clock.drive(waiting);
    expect(clock.nowMs()).toBe(untilMs);
  });

  test("but not for ever: a misread header is no ban of a year", async () => {
    const { budget, clock } = open();
    budget.banUntil(clock.nowMs() + 365 * 86_400_000);
    expect(budget.lastBanUntilMs()).toBe(clock.nowMs() + 4 * 86_400_000);
  });
});

describe("ends", () => {
  test("at once when the cycle would be over before", async () => {
    const clock = virtualClock();
    const { budget } = open({ clock, deadlineMs: clock.nowMs() + 60_000 });
    budget.banUntil(clock.nowMs() + 61_000);
    const failure = await refusal(budget.take(1, "1"));
    expect([failure.kind, failure.detail.code, failure.detail.retryable]).toEqual(["data", "rate_limited", true]);
    expect(failure.message).toContain("2026-02-09T10:31:01.000Z");
  });

  test("with the cycle's signal", async () => {
    const stop = new AbortController();
    const { budget, clock } = open({ signal: stop.signal });
    await budget.take(980, "1");
    const waiting = [budget.take(1, "1"), budget.take(1, "2")].map((work) => work.catch((error: unknown) => error));
    stop.abort(new Error("stopped"));
    const ends = (await Promise.all([...waiting, budget.take(1, "3").catch((error: unknown) => error)])) as Error[];
    expect(ends.map(({ message }) => message)).toEqual(["stopped", "stopped", "stopped"]);
    expect(clock.nowMs()).toBe(virtualClock().nowMs());
  });
});

describe("is kept", () => {
  test("from run to run, bans too", async () => {
    const { budget, clock, dataDir } = open();
    const startMs = clock.nowMs();
    await budget.take(980, "1");
    budget.banUntil(startMs + 1_000, "linear");
    budget.close();
    const next = open({ dataDir, clock });
    await clock.drive(next.budget.take(1, "1", "linear"));
    expect(clock.nowMs() - startMs).toBe(1_000);
    await clock.drive(next.budget.take(20, "1"));
    expect(clock.nowMs() - startMs).toBe(windowMs);
  });

  test("in common by all who have it open, each venue by itself", async () => {
    const { budget, clock, dataDir } = open();
    const startMs = clock.nowMs();
    const other = openRateBudget("acme", limits, { dataDir, clock });
    const elsewhere = openRateBudget("other", limits, { dataDir, clock });
    await budget.take(500, "1");
    await other.take(480, "2");
    await elsewhere.take(980, "2");
    expect(clock.nowMs()).toBe(startMs);
    await clock.drive(budget.take(1, "1"));
    expect(clock.nowMs() - startMs).toBe(windowMs);
  });

  test("by several processes at once, which together stay within the limit", async () => {
    const dataDir = folder();
    const script = `
      import { openRateBudget } from ${JSON.stringify(join(import.meta.dir, "../../src/brokers/rate-budget.ts"))};
      const clock = { nowMs: () => 1000, sleep: () => Promise.reject(new Error("full")) };
      const budget = openRateBudget("acme", [{ pool: "spot", weight: 1000, windowMs: 60000 }], { dataDir: ${JSON.stringify(dataDir)}, clock });
      let taken = 0;
      for (;;) { try { await budget.take(7, "1"); taken += 7; } catch { break; } }
      process.stdout.write(String(taken));`;
    const runs = Array.from({ length: 3 }, () =>
      Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" }),
    );
    const taken = await Promise.all(runs.map(async (run) => Number(await new Response(run.stdout).text())));
    const total = taken.reduce((sum, weight) => sum + weight, 0);
    expect(total).toBe(980);
  });

  test("a damaged file is made anew, a folder that cannot be used is said", () => {
    const dataDir = folder();
    writeFileSync(
      join(dataDir, "rate-budget.sqlite"),
      "this is no database, and long enough to be looked at".repeat(40),
    );
    const { budget } = open({ dataDir });
    expect(budget.hasSpare(1, "1", { share: 1 })).toBe(true);
    writeFileSync(join(dataDir, "file"), "");
    expect(() => open({ dataDir: join(dataDir, "file") })).toThrow(/DATA_DIR|cannot be used/);
  });
});
