import { Database } from "bun:sqlite";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { Failure, messageOf } from "../../errors.ts";

/** Says that a SQLite file is a journal: "AMIJ". */
const applicationId = 0x414d494a;
/** Of the tables below. Raised by one with each change, with a step in `upgrade`. */
const schemaVersion = 1;
const busyMsMax = 10_000;

/**
 * Amounts are text, as they were sent. Identifiers have the type ANY: the integer 7 and the text `acc_7` come back as they are.
 * `executed_at_ms` and `closed_at_ms` repeat a time as a number, to be compared whatever its fraction digits.
 */
const tables = `
CREATE TABLE users (
  user_id ANY NOT NULL PRIMARY KEY,
  status TEXT NOT NULL DEFAULT 'active',
  timezone TEXT NOT NULL,
  base_currency TEXT NOT NULL,
  starting_balance TEXT,
  breakeven_band TEXT,
  trades_version INTEGER NOT NULL DEFAULT 0,
  trades_changed_at_ms INTEGER,
  statistics TEXT,
  statistics_version INTEGER,
  statistics_computed_at TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
  account_id ANY NOT NULL PRIMARY KEY,
  user_id ANY NOT NULL REFERENCES users (user_id),
  broker TEXT NOT NULL,
  markets TEXT NOT NULL,
  label TEXT,
  status TEXT NOT NULL DEFAULT 'active',
  import_status TEXT NOT NULL DEFAULT 'ok',
  broker_timezone TEXT,
  cost_basis_method TEXT NOT NULL DEFAULT 'fifo',
  import_from TEXT,
  credentials TEXT,
  credentials_version INTEGER NOT NULL DEFAULT 1,
  fed_by_files INTEGER NOT NULL DEFAULT 0,
  checkpoint TEXT,
  checkpoint_version INTEGER NOT NULL DEFAULT 0,
  last_import_at TEXT,
  last_error TEXT,
  updated_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE files (
  number INTEGER PRIMARY KEY,
  file_id ANY NOT NULL UNIQUE,
  account_id ANY NOT NULL REFERENCES accounts (account_id),
  name TEXT NOT NULL,
  format TEXT,
  bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  uploaded_at_ms INTEGER NOT NULL,
  content BLOB NOT NULL,
  result TEXT
) STRICT;

CREATE TABLE executions (
  id INTEGER PRIMARY KEY,
  account_id ANY NOT NULL REFERENCES accounts (account_id),
  external_id TEXT NOT NULL,
  execution_type TEXT NOT NULL,
  market TEXT NOT NULL,
  symbol TEXT NOT NULL,
  base_asset TEXT,
  quote_asset TEXT,
  settle_asset TEXT,
  side TEXT,
  position_side TEXT,
  quantity TEXT,
  price TEXT,
  quote_quantity TEXT,
  contract_size TEXT,
  fee TEXT,
  fee_asset TEXT,
  fee_in_quote TEXT,
  realized_pnl TEXT,
  order_id TEXT,
  liquidity TEXT,
  executed_at TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  executed_at_ms INTEGER NOT NULL,
  UNIQUE (account_id, external_id)
) STRICT;
CREATE INDEX executions_by_symbol ON executions (account_id, symbol);

CREATE TABLE trades (
  trade_id INTEGER PRIMARY KEY,
  user_id ANY NOT NULL REFERENCES users (user_id),
  account_id ANY NOT NULL REFERENCES accounts (account_id),
  external_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  status TEXT NOT NULL,
  origin TEXT NOT NULL,
  market TEXT NOT NULL,
  symbol TEXT NOT NULL,
  base_asset TEXT,
  quote_asset TEXT,
  direction TEXT NOT NULL,
  quantity TEXT NOT NULL,
  open_quantity TEXT NOT NULL,
  contract_size TEXT,
  entry_price TEXT,
  exit_price TEXT,
  gross_pnl TEXT,
  fees TEXT NOT NULL,
  funding TEXT NOT NULL,
  net_pnl TEXT,
  pnl_currency TEXT NOT NULL,
  pnl_in_base_currency TEXT,
  base_currency TEXT,
  opened_at TEXT NOT NULL,
  closed_at TEXT,
  duration_seconds INTEGER,
  initial_stop TEXT,
  take_profit TEXT,
  initial_risk TEXT,
  r_multiple TEXT,
  cost_basis_method TEXT,
  execution_count INTEGER NOT NULL,
  flags TEXT NOT NULL,
  state TEXT,
  closed_at_ms INTEGER,
  UNIQUE (account_id, external_id)
) STRICT;
CREATE INDEX trades_by_user ON trades (user_id);
CREATE INDEX trades_by_status ON trades (account_id, status);

CREATE TABLE legs (
  trade_id INTEGER NOT NULL REFERENCES trades (trade_id),
  execution_id INTEGER NOT NULL REFERENCES executions (id),
  role TEXT NOT NULL,
  quantity TEXT,
  price TEXT,
  fee TEXT,
  pnl TEXT,
  PRIMARY KEY (trade_id, execution_id, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_keys (
  key TEXT NOT NULL PRIMARY KEY,
  body_sha256 TEXT NOT NULL,
  verdicts TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE cycles (
  cycle_id TEXT NOT NULL PRIMARY KEY,
  worker TEXT NOT NULL,
  status TEXT NOT NULL,
  finished_at TEXT NOT NULL,
  report TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** Opens the file, made where it is missing (0600, its folder 0700), with the tables of this version. */
export function openDatabase(path: string): Database {
  const file = path === ":memory:" ? path : madeFile(path);
  return guarded(path, () => {
    const database = new Database(file, { create: true, readwrite: true, strict: true });
    try {
      database.run(`PRAGMA busy_timeout = ${busyMsMax}`);
      upgrade(database, path);
      database.run("PRAGMA journal_mode = WAL");
      database.run("PRAGMA synchronous = FULL");
      database.run("PRAGMA foreign_keys = ON");
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function madeFile(path: string): string {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, "a", 0o600));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (/^(ENOSPC|EDQUOT|EIO)$/.test(code)) throw diskFailure(path, error, code);
    throw new Failure("settings", `The journal ${path} cannot be opened: ${messageOf(error)}.`, {
      subject: path,
      hint: "Check that the folder exists, that it is writable, and who owns it.",
      cause: error,
    });
  }
  return path;
}

/** In one transaction that starts as a writer, so that of two processes that open a new file one makes the tables. */
function upgrade(database: Database, path: string): void {
  const numberOf = (pragma: string): number => {
    const row: unknown = database.query(`PRAGMA ${pragma}`).values()[0]?.[0];
    return Number(row);
  };
  const identified = (): { version: number; application: number } => ({
    version: numberOf("user_version"),
    application: numberOf("application_id"),
  });
  const check = (): boolean => {
    const { version, application } = identified();
    if (application === applicationId && version === schemaVersion) return true;
    const objects = Number(database.query("SELECT count(*) FROM sqlite_schema").values()[0]?.[0]);
    if (application === 0 && version === 0 && objects === 0) return false;
    throw application === applicationId ? otherVersion(path, version) : noJournal(path);
  };
  if (check()) return;
  database
    .transaction(() => {
      if (check()) return;
      database.run(tables);
      database.run(`PRAGMA application_id = ${applicationId}`);
      database.run(`PRAGMA user_version = ${schemaVersion}`);
    })
    .immediate();
}

function otherVersion(path: string, version: number): Failure {
  return new Failure(
    "settings",
    `The journal ${path} has version ${version} of its tables, this program ${schemaVersion}.`,
    {
      code: "journal_version",
      subject: path,
      hint: "A newer ami-workers wrote it: use that one, or another file.",
    },
  );
}

function noJournal(path: string): Failure {
  return new Failure("settings", `${path} is a SQLite file, but no journal of ami-workers.`, {
    code: "no_journal",
    subject: path,
    hint: "Choose another file; nothing was changed in this one.",
  });
}

const unavailableCodes = ["SQLITE_BUSY", "SQLITE_LOCKED"];
const diskCodes = ["SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN"];
const settingsCodes = ["SQLITE_READONLY", "SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_PERM", "SQLITE_AUTH"];

/** Translates SQLite's own errors at the edge. Anything else is a bug and stays as it is. */
export function guarded<T>(path: string, use: () => T): T {
  try {
    return use();
  } catch (error) {
    throw translated(path, error);
  }
}

/** The same functions, with SQLite's errors translated. */
export function guardedAll<T extends object>(path: string, functions: T): T {
  const all: Record<string, unknown> = {};
  for (const [name, use] of Object.entries(functions) as [string, (...args: unknown[]) => unknown][]) {
    all[name] = (...args: unknown[]): unknown => {
      const result = guarded(path, () => use(...args));
      if (!(result instanceof Promise)) return result;
      return result.catch((error: unknown) => {
        throw translated(path, error);
      });
    };
  }
  return all as T;
}

function diskFailure(path: string, error: unknown, code: string): Failure {
  return new Failure("disk", `The journal ${path} cannot be written: ${messageOf(error)} (${code}).`, {
    code: "journal_unwritable",
    subject: path,
    hint: "Check the disk (df, dmesg): space, quota, health. What was not stored is read again in the next run.",
    retryable: true,
    cause: error,
  });
}

function translated(path: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const startsAny = (codes: string[]): boolean => codes.some((start) => code.startsWith(start));
  if (startsAny(unavailableCodes)) {
    return new Failure("unavailable", `The journal ${path} cannot be used now: ${messageOf(error)} (${code}).`, {
      code: "journal_unavailable",
      subject: path,
      hint: "Another process holds it; the next run tries again.",
      retryable: true,
      cause: error,
    });
  }
  if (startsAny(diskCodes)) return diskFailure(path, error, code);
  if (!startsAny(settingsCodes)) return error;
  return new Failure("settings", `The journal ${path} cannot be used: ${messageOf(error)} (${code}).`, {
    code: "journal_unusable",
    subject: path,
    hint: "Is it a journal of ami-workers, whole, and writable by this user?",
    cause: error,
  });
}
