import { Database } from "bun:sqlite";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Clock, Context } from "../context.ts";
import { Failure, messageOf } from "../errors.ts";

export interface LockOptions {
  dataDir: string;
  /** As in logs: `trade_importer`. One run of it at a time, by whatever started it. */
  worker: string;
  /** `--lock-wait`, in milliseconds: how long to wait for the other run. */
  waitMs: number;
  clock: Pick<Clock, "nowMs" | "monotonicMs" | "sleep">;
  signal?: AbortSignal;
}

export interface Lock extends Disposable {
  release: () => void;
}

export interface Holder {
  pid: number;
  host: string;
  sinceMs: number;
}

/** The lock of a worker's run, as its configuration and its `--lock-wait` say. @throws {Failure} as `acquireLock` */
export async function lockWorker(
  worker: string,
  lockWaitSeconds: number,
  { dataDir }: { dataDir: string },
  { clock, signal }: Pick<Context, "clock" | "signal">,
): Promise<Lock> {
  return await acquireLock({ dataDir, worker, waitMs: lockWaitSeconds * 1_000, clock, signal });
}

/**
 * Held by the kernel: it goes with the process, however that ends, and lies in the data folder, where no clean-up of
 * temporary files takes it away. SQLite is used because Bun has no other way to a file lock.
 * @throws {Failure} busy, naming the holder; settings, when the folder cannot be used.
 */
export async function acquireLock(options: LockOptions): Promise<Lock> {
  const { dataDir, worker, waitMs, clock, signal } = options;
  const path = join(dataDir, `${worker}.lock.sqlite`);
  const holderPath = join(dataDir, `${worker}.lock.json`);
  const database = openDatabase(dataDir, path);
  const startMs = clock.monotonicMs();
  try {
    while (!tryLock(database, path)) {
      const leftMs = waitMs - (clock.monotonicMs() - startMs);
      if (leftMs <= 0) throw busy(worker, readHolder(holderPath), clock.nowMs());
      await clock.sleep(Math.min(leftMs, pollMs), signal);
    }
    writeHolder(holderPath, { pid: process.pid, host: hostname(), sinceMs: clock.nowMs() });
  } catch (error) {
    database.close();
    throw error;
  }
  held.add(database);
  const release = () => {
    if (!held.delete(database)) return;
    removeHolder(holderPath);
    database.close();
  };
  return { release, [Symbol.dispose]: release };
}

const pollMs = 250;
/** Without a reference the garbage collector closes the database after a second or two, and the lock is gone. */
const held = new Set<Database>();

function openDatabase(dataDir: string, path: string): Database {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o750 });
    const database = new Database(path, { create: true, readwrite: true });
    database.run("PRAGMA busy_timeout = 0");
    return database;
  } catch (error) {
    throw unusable(path, error);
  }
}

/** Nothing is written: an exclusive transaction is begun and never ended. */
function tryLock(database: Database, path: string): boolean {
  try {
    // With a journal on disk SQLite would begin by writing one, which a full disk does not take.
    database.run("PRAGMA journal_mode = MEMORY");
    database.run("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code.startsWith("SQLITE_BUSY") || code === "SQLITE_LOCKED") return false;
    throw unusable(path, error);
  }
}

function unusable(path: string, cause: unknown): Failure {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const isDisk = /^(ENOSPC|EDQUOT|EIO|SQLITE_FULL|SQLITE_IOERR.*)$/.test(code);
  return new Failure(isDisk ? "disk" : "settings", `The lock ${path} cannot be used: ${messageOf(cause)}.`, {
    code: "lock_unusable",
    subject: "DATA_DIR",
    hint: "Check that the folder exists, belongs to the user of the workers, and has space; a damaged lock file can be deleted.",
    cause,
  });
}

/** For people, and for `doctor`; who really holds the lock only the kernel knows. */
function writeHolder(path: string, holder: Holder): void {
  try {
    writeFileSync(`${path}.tmp`, `${JSON.stringify(holder)}\n`, { mode: 0o640 });
    renameSync(`${path}.tmp`, path);
  } catch (error) {
    const isFull = error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
    if (!isFull) throw unusable(path, error);
    rmSync(`${path}.tmp`, { force: true }); // what waits on a full disk can still be delivered, and that makes room
  }
}

/** A run that has ended well does not fail because its name stays: the next one writes its own over it. */
function removeHolder(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}

/** Null: it has just taken the lock, or has just gone. */
export function readHolder(path: string): Holder | null {
  try {
    const holder: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isHolder(holder) ? holder : null;
  } catch {
    return null; // the message does without it
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== "object" || value === null) return false;
  if (!("pid" in value && "host" in value && "sinceMs" in value)) return false;
  return typeof value.pid === "number" && typeof value.host === "string" && typeof value.sinceMs === "number";
}

function busy(worker: string, holder: Holder | null, nowMs: number): Failure {
  const who = holder === null ? "" : `: process ${holder.pid} on ${holder.host}, since ${since(holder.sinceMs, nowMs)}`;
  return new Failure("busy", `Another run of ${worker} holds the lock${who}.`, {
    code: "lock_busy",
    hint: "It will end by itself; --lock-wait SECONDS waits for it.",
    retryable: true,
  });
}

function since(sinceMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - sinceMs) / 1000));
  return `${new Date(sinceMs).toISOString()} (${seconds} s)`;
}
