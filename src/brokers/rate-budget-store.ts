import { Database } from "bun:sqlite";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure, messageOf } from "../errors.ts";

/** What was spent, and the bans, in one SQLite file that all processes of this machine share. */
export interface RateStore {
  /** All of it or nothing; another process waits meanwhile. */
  transact: <T>(work: () => T) => T;
  /** Spent after `sinceMs`, oldest first. */
  read: (key: string, sinceMs: number) => { atMs: number; weight: number }[];
  add: (key: string, atMs: number, weight: number) => void;
  /** Drops what was spent up to then. */
  forget: (key: string, untilMs: number) => void;
  /** A later end that is known already stays. */
  ban: (key: string, untilMs: number) => void;
  bannedUntil: (key: string) => number | null;
  close: () => void;
}

const fileName = "rate-budget.sqlite";
/** Entries are booked at the end of such a step, so that there are few of them. */
const stepMs = 100;
const busyMs = 5_000;
/** Without a reference the garbage collector closes a database. */
const held = new Set<Database>();

const schema = `
  CREATE TABLE IF NOT EXISTS spent (key TEXT NOT NULL, at_ms INTEGER NOT NULL, weight INTEGER NOT NULL, PRIMARY KEY (key, at_ms)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS bans (key TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
`;

/** @throws {Failure} `settings` */
export function openRateStore(dataDir: string): RateStore {
  const path = join(dataDir, fileName);
  const database = open(path, dataDir);
  held.add(database);
  const add = database.prepare<unknown, [string, number, number]>(
    "INSERT INTO spent VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET weight = weight + excluded.weight",
  );
  const read = database.prepare<{ atMs: number; weight: number }, [string, number]>(
    "SELECT at_ms AS atMs, weight FROM spent WHERE key = ? AND at_ms > ? ORDER BY at_ms",
  );
  const forget = database.prepare<unknown, [string, number]>("DELETE FROM spent WHERE key = ? AND at_ms <= ?");
  const ban = database.prepare<unknown, [string, number]>(
    "INSERT INTO bans VALUES (?, ?) ON CONFLICT DO UPDATE SET until_ms = max(until_ms, excluded.until_ms)",
  );
  const bannedUntil = database.prepare<{ untilMs: number }, [string]>(
    "SELECT until_ms AS untilMs FROM bans WHERE key = ?",
  );
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw unusable(path, error);
    }
  };
  return {
    transact: (work) => guarded(() => database.transaction(work).immediate()),
    read: (key, sinceMs) => read.all(key, sinceMs),
    add: (key, atMs, weight) => void add.run(key, Math.ceil(atMs / stepMs) * stepMs, weight),
    forget: (key, untilMs) => void forget.run(key, untilMs),
    ban: (key, untilMs) => guarded(() => void ban.run(key, Math.ceil(untilMs))),
    bannedUntil: (key) => bannedUntil.get(key)?.untilMs ?? null,
    close() {
      if (held.delete(database)) database.close();
    },
  };
}

/** A damaged file holds a minute's counts: it is made anew. */
function open(path: string, dataDir: string): Database {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o750 });
    return prepared(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code !== "SQLITE_NOTADB" && !code.startsWith("SQLITE_CORRUPT")) throw unusable(path, error);
  }
  try {
    for (const ending of ["", "-journal"]) rmSync(`${path}${ending}`, { force: true });
    return prepared(path);
  } catch (error) {
    throw unusable(path, error);
  }
}

/** Synced by nobody: after a power cut the last counts may be gone, after a crash of the process they are not. */
function prepared(path: string): Database {
  const database = new Database(path, { create: true, readwrite: true });
  try {
    database.run(`PRAGMA busy_timeout = ${busyMs}`);
    database.run("PRAGMA journal_mode = PERSIST");
    database.run("PRAGMA synchronous = OFF");
    database.run(schema);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function unusable(path: string, cause: unknown): Failure {
  if (cause instanceof Failure || cause instanceof RangeError) throw cause;
  return new Failure("settings", `The rate budget ${path} cannot be used: ${messageOf(cause)}.`, {
    code: "rate_budget_unusable",
    subject: "DATA_DIR",
    hint: "Check that the folder exists, belongs to the user of the workers, and has space.",
    cause,
  });
}
