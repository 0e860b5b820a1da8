import type { Database, SQLQueryBindings } from "bun:sqlite";
import { Failure } from "../../errors.ts";
import type { Market } from "../../executions/execution.ts";
import type { Account, Id, PlatformFile, User } from "../wire.ts";
import { fileOf } from "./account-rows.ts";
import { idOf } from "./ids.ts";
import type { Lists } from "./lists.ts";

/** What a platform's user interface does: users, accounts, uploads. Only the embedded journal has it. */
export interface UserEntry extends Pick<User, "user_id" | "timezone" | "base_currency"> {
  starting_balance?: string | null;
  breakeven_band?: User["breakeven_band"];
}

export interface AccountEntry extends Pick<Account, "account_id" | "user_id" | "broker" | "markets"> {
  label?: string | null;
  status?: Account["status"];
  import_status?: Account["import_status"];
  broker_timezone?: string | null;
  cost_basis_method?: Account["cost_basis_method"];
  import_from?: string | null;
  credentials?: Account["credentials"];
  credentials_version?: number;
  checkpoint?: object | null;
  checkpoint_version?: number;
  /** The account lists its uploads in `source`. */
  fed_by_files?: boolean;
}

/** An account to import local files into. */
export interface WantedAccount {
  broker: string;
  /** 1 when left out. */
  userId?: Id;
  /** That account; left out: the user's one of this broker and label, else a new one. */
  accountId?: Id;
  label?: string | null;
  markets?: readonly Market[];
  /** Of a new user: an existing one's stands. */
  baseCurrency: string;
  /** Of a new user: an existing one's stands. */
  timezone: string;
  brokerTimezone?: string | null;
  costBasisMethod?: Account["cost_basis_method"];
}

export interface Upload {
  name: string;
  bytes: Uint8Array;
  /** The dialect, if the user chose one. */
  format?: string | null;
  fileId?: Id;
}

const userIdDefault = 1;

export function makeOwners(database: Database, lists: Lists, nowMs: () => number) {
  const query = <Row>(text: string) => database.query<Row, SQLQueryBindings[]>(text);
  const sql = {
    putUser: query(
      `INSERT INTO users (user_id, timezone, base_currency, starting_balance, breakeven_band) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (user_id) DO UPDATE SET timezone = excluded.timezone, base_currency = excluded.base_currency,
       starting_balance = excluded.starting_balance, breakeven_band = excluded.breakeven_band`,
    ),
    putAccount: query(
      `INSERT OR REPLACE INTO accounts (account_id, user_id, broker, markets, label, status, import_status, broker_timezone,
       cost_basis_method, import_from, credentials, credentials_version, fed_by_files, checkpoint, checkpoint_version,
       last_import_at, last_error, updated_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    find: query<{ account_id: Id }>(
      "SELECT account_id FROM accounts WHERE user_id = ? AND broker = ? AND label IS ? ORDER BY account_id LIMIT 1",
    ),
    nextAccount: query<{ id: number }>(
      "SELECT coalesce(max(account_id), 0) + 1 AS id FROM accounts WHERE typeof(account_id) = 'integer'",
    ),
    hasTrades: query("SELECT 1 FROM trades WHERE account_id = ? LIMIT 1"),
    addFile: query(
      `INSERT INTO files (file_id, account_id, name, format, bytes, sha256, uploaded_at_ms, content)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    nextFile: query<{ id: number }>(
      "SELECT coalesce(max(file_id), 0) + 1 AS id FROM files WHERE typeof(file_id) = 'integer'",
    ),
    fedByFiles: query("UPDATE accounts SET fed_by_files = 1 WHERE account_id = ?"),
    content: query<{ content: Uint8Array }>("SELECT content FROM files WHERE file_id = ?"),
  };

  function putUser(user: UserEntry): void {
    const { user_id, timezone, base_currency, starting_balance = null, breakeven_band: band = null } = user;
    sql.putUser.run(
      idOf(user_id),
      timezone,
      base_currency,
      starting_balance,
      band === null ? null : JSON.stringify(band),
    );
  }

  /** Replaces what is named, keeps the rest of an account that is there. New credentials raise their version. */
  function putAccount(entry: AccountEntry): Account {
    const accountId = idOf(entry.account_id);
    const stored = lists.account(accountId);
    const value = <K extends keyof AccountEntry & keyof Account>(name: K, otherwise: Account[K]): Account[K] => {
      const given = entry[name] as Account[K] | undefined;
      if (given !== undefined) return given;
      return stored === null ? otherwise : stored[name];
    };
    const credentials = value("credentials", null);
    const renewed = stored !== null && JSON.stringify(stored.credentials) !== JSON.stringify(credentials);
    const version = entry.credentials_version ?? (stored === null ? 1 : stored.credentials_version + (renewed ? 1 : 0));
    const checkpoint = value("checkpoint", null);
    const importStatus = renewed && stored.import_status === "auth_failed" ? "ok" : value("import_status", "ok");
    sql.putAccount.run(
      accountId,
      idOf(entry.user_id),
      entry.broker,
      JSON.stringify(entry.markets),
      value("label", null),
      value("status", "active"),
      importStatus,
      value("broker_timezone", null),
      value("cost_basis_method", "fifo"),
      value("import_from", null),
      credentials === null ? null : JSON.stringify(credentials),
      version,
      (entry.fed_by_files ?? (stored !== null && stored.source !== null)) ? 1 : 0,
      checkpoint === null ? null : JSON.stringify(checkpoint),
      value("checkpoint_version", 0),
      stored?.last_import_at ?? null,
      stored?.last_error == null ? null : JSON.stringify(stored.last_error),
      nowMs(),
    );
    return present(accountId);
  }

  const ensureAccount = database.transaction((wanted: WantedAccount): Account => {
    const { broker, label = null, costBasisMethod } = wanted;
    const askedId = wanted.accountId === undefined ? null : idOf(wanted.accountId);
    const asked = askedId === null ? null : lists.account(askedId);
    const userId = wanted.userId === undefined ? (asked?.user_id ?? userIdDefault) : idOf(wanted.userId);
    if (asked !== null) checkAsked(asked, wanted, userId);
    if (!lists.hasUser(userId)) {
      putUser({ user_id: userId, timezone: wanted.timezone, base_currency: wanted.baseCurrency });
    }
    const found = asked ?? (askedId === null ? findAccount(userId, broker, label) : null);
    if (found !== null && costBasisMethod !== undefined) checkMethod(found, costBasisMethod);
    const accountId = found?.account_id ?? askedId ?? sql.nextAccount.get()?.id ?? 1;
    return putAccount({
      account_id: accountId,
      user_id: userId,
      broker,
      markets: [...new Set([...(found?.markets ?? []), ...(wanted.markets ?? [])])],
      label: wanted.label === undefined ? (found?.label ?? null) : label,
      ...(wanted.brokerTimezone === undefined ? {} : { broker_timezone: wanted.brokerTimezone }),
      ...(costBasisMethod === undefined ? {} : { cost_basis_method: costBasisMethod }),
    });
  });

  function findAccount(userId: Id, broker: string, label: string | null): Account | null {
    const row = sql.find.get(userId, broker, label);
    return row === null ? null : lists.account(row.account_id);
  }

  /** The open lots of its trades were made by the method that it has. */
  function checkMethod(account: Account, method: Account["cost_basis_method"]): void {
    if (account.cost_basis_method === method || sql.hasTrades.get(account.account_id) === null) return;
    const message = `Account ${account.account_id} has trades paired by ${account.cost_basis_method}, not by ${method}.`;
    throw new Failure("usage", message, {
      code: "cost_basis_method_differs",
      subject: `account ${account.account_id}`,
      hint: "Import into another account, or leave the method as it is.",
    });
  }

  function present(accountId: Id): Account {
    const account = lists.account(accountId);
    if (account === null) throw new Error(`account ${accountId} is not there after it was stored`);
    return account;
  }

  return {
    putUser,
    putAccount,
    ensureAccount: (wanted: WantedAccount): Account => ensureAccount.immediate(wanted),

    addFile(accountId: Id, { name, bytes, format = null, fileId }: Upload): PlatformFile {
      const file = {
        file_id: fileId === undefined ? (sql.nextFile.get()?.id ?? 1) : idOf(fileId),
        name,
        format,
        bytes: bytes.length,
        sha256: new Bun.CryptoHasher("sha256").update(bytes).digest("hex"),
        uploaded_at_ms: nowMs(),
      };
      sql.addFile.run(file.file_id, idOf(accountId), name, format, file.bytes, file.sha256, file.uploaded_at_ms, bytes);
      sql.fedByFiles.run(idOf(accountId));
      return fileOf(file);
    },

    /** Null: no such file. */
    fileContent(fileId: Id): Uint8Array<ArrayBuffer> | null {
      const row = sql.content.get(fileId);
      return row === null ? null : new Uint8Array(row.content);
    },
  };
}

function checkAsked(account: Account, { broker }: WantedAccount, userId: Id): void {
  if (account.broker === broker && account.user_id === userId) return;
  const is = `Account ${account.account_id} is of broker ${account.broker} and user ${account.user_id}`;
  throw new Failure("usage", `${is}, not of ${broker} and ${userId}.`, {
    code: "account_differs",
    subject: `account ${account.account_id}`,
    hint: "Name another account, or leave the account out: one is made for the broker.",
  });
}
