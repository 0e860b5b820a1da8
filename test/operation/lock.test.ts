import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/operation/clock.ts";
import { acquireLock, type LockOptions, readHolder } from "../../src/operation/lock.ts";
import { fakeClock } from "./fakes.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const temporaryFolder = temporaryFolders();

function options(dataDir: string, changes: Partial<LockOptions> = {}): LockOptions {
  return { dataDir, worker: "trade_importer", waitMs: 0, clock: fakeClock(), ...changes };
}

test("a second run is busy, and told by whom and since when; after the first one it gets the lock", async () => {
  const dataDir = join(temporaryFolder(), "data");
  const lock = await acquireLock(options(dataDir));
  const later = fakeClock();
  later.advance(90_000);
  await expect(acquireLock(options(dataDir, { clock: later }))).rejects.toMatchObject({
    kind: "busy",
    message:
      `Another run of trade_importer holds the lock: process ${process.pid} on ${hostname()}, ` +
      "since 2026-02-09T10:30:15.123Z (90 s).",
    detail: { code: "lock_busy", retryable: true },
  });
  lock.release();
  lock.release();
  expect(existsSync(join(dataDir, "trade_importer.lock.json"))).toBe(false);
  const second = await acquireLock(options(dataDir));
  second[Symbol.dispose]();
  (await acquireLock(options(dataDir))).release();
});

test("each worker has a lock of its own", async () => {
  const dataDir = temporaryFolder();
  using _first = await acquireLock(options(dataDir));
  using _second = await acquireLock(options(dataDir, { worker: "stats_analyzer" }));
  expect(existsSync(join(dataDir, "stats_analyzer.lock.json"))).toBe(true);
});

test("who has only just taken it, or left facts that cannot be read, is not named", async () => {
  const dataDir = temporaryFolder();
  using _lock = await acquireLock(options(dataDir));
  for (const text of ["", "{", "null", '{"pid":"1","host":"a","sinceMs":1}']) {
    writeFileSync(join(dataDir, "trade_importer.lock.json"), text);
    await expect(acquireLock(options(dataDir))).rejects.toThrow("Another run of trade_importer holds the lock.");
  }
});

describe("waiting", () => {
  test("gets the lock when it comes free in time", async () => {
    const dataDir = temporaryFolder();
    const first = await acquireLock(options(dataDir));
    const clock = fakeClock();
    const sleep = clock.sleep;
    clock.sleep = async (ms, signal) => {
      await sleep(ms, signal);
      if (clock.monotonicMs() >= 1_000) first.release();
    };
    const second = await acquireLock(options(dataDir, { clock, waitMs: 5_000 }));
    expect(clock.monotonicMs()).toBe(1_000);
    second.release();
  });

  test("ends when its time is up, to the millisecond", async () => {
    const dataDir = temporaryFolder();
    using _first = await acquireLock(options(dataDir));
    const clock = fakeClock();
    await expect(acquireLock(options(dataDir, { clock, waitMs: 1_100 }))).rejects.toMatchObject({ kind: "busy" });
    expect(clock.monotonicMs()).toBe(1_100);
  });

  test("ends with the signal's reason", async () => {
    const dataDir = temporaryFolder();
    using _first = await acquireLock(options(dataDir));
    const reason = new Error("stop");
    const waiting = acquireLock(options(dataDir, { waitMs: 5_000, signal: AbortSignal.abort(reason) }));
    await expect(waiting).rejects.toBe(reason);
  });
});

describe("a folder that cannot be used is a settings failure", () => {
  test("because it is a file", async () => {
    const file = join(temporaryFolder(), "data");
    writeFileSync(file, "");
    await expect(acquireLock(options(file))).rejects.toMatchObject({
      kind: "settings",
      detail: { subject: "DATA_DIR" },
    });
  });

  test("because the lock file is something else", async () => {
    const dataDir = temporaryFolder();
    mkdirSync(join(dataDir, "trade_importer.lock.sqlite"));
    await expect(acquireLock(options(dataDir))).rejects.toMatchObject({ kind: "settings" });
  });

  test("because the facts cannot be written, and the lock is free again", async () => {
    const dataDir = temporaryFolder();
    mkdirSync(join(dataDir, "trade_importer.lock.json.tmp"));
    await expect(acquireLock(options(dataDir))).rejects.toMatchObject({ kind: "settings" });
    rmSync(join(dataDir, "trade_importer.lock.json.tmp"), { recursive: true });
    const child = Bun.spawnSync([process.execPath, holderScript, dataDir, "once"]);
    expect(child.stdout.toString()).toBe("held\n");
  });
});

const holderScript = join(import.meta.dir, "lock-holder.ts");
const children: Bun.Subprocess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
});

/** Another process that has the lock and waits. */
async function holder(dataDir: string) {
  const child = Bun.spawn([process.execPath, holderScript, dataDir], { stdout: "pipe", stderr: "inherit" });
  children.push(child);
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  expect(new TextDecoder().decode(value)).toBe("held\n");
  return child;
}

describe("between processes", () => {
  test("the holder is named by its process id, and kill -9 frees the lock", async () => {
    const dataDir = temporaryFolder();
    const child = await holder(dataDir);
    await expect(acquireLock(options(dataDir))).rejects.toThrow(`process ${child.pid} on ${hostname()}`);
    expect(readHolder(join(dataDir, "trade_importer.lock.json"))?.pid).toBe(child.pid);
    child.kill("SIGKILL");
    await child.exited;
    const lock = await acquireLock(options(dataDir, { clock: systemClock }));
    expect(JSON.parse(readFileSync(join(dataDir, "trade_importer.lock.json"), "utf8")).pid).toBe(process.pid);
    lock.release();
  });

  test("garbage collection in a holder that has let go of its handle does not free it", async () => {
    const dataDir = temporaryFolder();
    await holder(dataDir);
    await expect(acquireLock(options(dataDir))).rejects.toMatchObject({ kind: "busy" });
  });
});
