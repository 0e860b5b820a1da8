import type { Database, SQLQueryBindings } from "bun:sqlite";
import { executionFields, tradeFields } from "../fields.ts";
import type { AccountFilter, AccountTradeFilter, ExecutionFilter, UserFilter, UserTradeFilter } from "../journal.ts";
import { formatTimestamp } from "../timestamp.ts";
import type { Account, AccountTrade, Id, StoredTrade, User, WireExecution } from "../wire.ts";
import { type AccountRow, accountOf, type FileRow, fileOf } from "./account-rows.ts";

/** Where a page ends: the key of its last item. Null: the start, or the end. */
export type Position = Id | null;

export interface PageOf<T> {
  items: T[];
  next: Position;
}

export interface PageAsked {
  after: Position;
  limit: number;
}

type Condition = [sql: string, ...values: SQLQueryBindings[]] | null;

const executionColumns = executionFields.map((field) => `executions.${field}`).join(", ");
const tradeColumns = tradeFields.map((field) => `trades.${field}`).join(", ");

/** The lists of the contract, a page at a time, each in the order of its own key. */
export function makeLists(database: Database) {
  /** Rows after a position, as many as asked for and one more, which says that there is a next page. */
  function page<Row extends object, T>(
    select: string,
    key: { column: string; of: (row: Row) => Id },
    conditions: Condition[],
    { after, limit }: PageAsked,
    toItem: (row: Row) => T,
  ): PageOf<T> {
    const used = conditions.filter((condition) => condition !== null);
    if (after !== null) used.push([`${key.column} > ?`, after]);
    const where = used.length === 0 ? "" : `WHERE ${used.map(([sql]) => sql).join(" AND ")}`;
    const values = used.flatMap(([, ...bound]) => bound);
    const text = `${select} ${where} ORDER BY ${key.column} LIMIT ?`;
    const rows = database.query<Row, SQLQueryBindings[]>(text).all(...values, limit + 1);
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return { items: rows.slice(0, limit).map(toItem), next: last === undefined ? null : key.of(last) };
  }

  const files = database.query<FileRow, [Id]>(
    `SELECT file_id, name, format, bytes, sha256, uploaded_at_ms FROM files
     WHERE account_id = ? AND result IS NULL ORDER BY number`,
  );
  const withFiles = (row: AccountRow): Account =>
    accountOf(row, row.fed_by_files ? files.all(row.account_id).map(fileOf) : null);

  const accountSelect = `SELECT accounts.*, users.base_currency, users.timezone FROM accounts JOIN users USING (user_id)`;
  const oneAccount = database.query<AccountRow, [Id]>(`${accountSelect} WHERE account_id = ?`);
  const oneUser = database.query<{ user_id: Id }, [Id]>("SELECT user_id FROM users WHERE user_id = ?");
  const tradesFrom = "FROM trades JOIN accounts USING (account_id)";
  const owner = "trades.trade_id, trades.user_id, trades.account_id, accounts.broker";
  const byTrade = { column: "trades.trade_id", of: (row: TradeRow) => row.trade_id };

  return {
    account(accountId: Id): Account | null {
      const row = oneAccount.get(accountId);
      return row === null ? null : withFiles(row);
    },

    hasUser(userId: Id): boolean {
      return oneUser.get(userId) !== null;
    },

    accounts({ broker, userId, includeAuthFailed }: AccountFilter, asked: PageAsked): PageOf<Account> {
      const conditions: Condition[] = [
        ["accounts.status = 'active' AND users.status = 'active'"],
        includeAuthFailed ? null : ["accounts.import_status <> 'auth_failed'"],
        broker === undefined ? null : ["accounts.broker = ?", broker],
        userId === undefined ? null : ["accounts.user_id = ?", userId],
      ];
      const key = { column: "accounts.account_id", of: (row: AccountRow) => row.account_id };
      return page(accountSelect, key, conditions, asked, withFiles);
    },

    executions(accountId: Id, filter: ExecutionFilter, asked: PageAsked): PageOf<WireExecution> {
      const { market, symbol, executedSinceMs } = filter;
      const conditions: Condition[] = [
        ["executions.account_id = ?", accountId],
        market === undefined ? null : ["executions.market = ?", market],
        symbol === undefined ? null : ["executions.symbol = ?", symbol],
        executedSinceMs === undefined ? null : ["executions.executed_at_ms >= ?", executedSinceMs],
      ];
      const key = { column: "executions.id", of: (row: ExecutionRow) => row.id };
      const select = `SELECT executions.id, ${executionColumns} FROM executions`;
      return page(select, key, conditions, asked, ({ id: _, ...execution }: ExecutionRow): WireExecution => execution);
    },

    accountTrades(accountId: Id, filter: AccountTradeFilter, asked: PageAsked): PageOf<AccountTrade> {
      const { status, market, symbol } = filter;
      const conditions: Condition[] = [
        ["trades.account_id = ?", accountId],
        status === undefined ? ["trades.status <> 'void'"] : ["trades.status = ?", status],
        market === undefined ? null : ["trades.market = ?", market],
        symbol === undefined ? null : ["trades.symbol = ?", symbol],
      ];
      const select = `SELECT ${owner}, ${tradeColumns}, trades.state ${tradesFrom}`;
      return page(select, byTrade, conditions, asked, (row: AccountTradeRow): AccountTrade => withFlags(row));
    },

    userTrades(userId: Id, filter: UserTradeFilter, asked: PageAsked): PageOf<StoredTrade> {
      const { status, accountId, closedSinceMs, closedBeforeMs } = filter;
      const conditions: Condition[] = [
        ["trades.user_id = ?", userId],
        status === undefined ? ["trades.status <> 'void'"] : ["trades.status = ?", status],
        accountId === undefined ? null : ["trades.account_id = ?", accountId],
        closedSinceMs === undefined ? null : ["trades.closed_at_ms >= ?", closedSinceMs],
        closedBeforeMs === undefined ? null : ["trades.closed_at_ms < ?", closedBeforeMs],
      ];
      const select = `SELECT ${owner}, ${tradeColumns} ${tradesFrom}`;
      return page(select, byTrade, conditions, asked, (row: TradeRow): StoredTrade => withFlags(row));
    },

    users({ stale, changedSinceMs }: UserFilter, asked: PageAsked): PageOf<User> {
      const conditions: Condition[] = [
        ["status = 'active'"],
        stale ? ["(statistics_version IS NULL OR trades_version > statistics_version)"] : null,
        changedSinceMs === undefined ? null : ["trades_changed_at_ms >= ?", changedSinceMs],
      ];
      const select = `SELECT user_id, timezone, base_currency, starting_balance, breakeven_band, trades_version,
        trades_changed_at_ms, statistics_version, statistics_computed_at FROM users`;
      return page(select, { column: "user_id", of: (row: UserRow) => row.user_id }, conditions, asked, userOf);
    },
  };
}

export type Lists = ReturnType<typeof makeLists>;

interface ExecutionRow extends WireExecution {
  id: number;
}

type TradeRow = Omit<StoredTrade, "flags"> & { flags: string };
type AccountTradeRow = Omit<AccountTrade, "flags"> & { flags: string };

function withFlags<Row extends { flags: string }>(row: Row): Omit<Row, "flags"> & Pick<StoredTrade, "flags"> {
  return { ...row, flags: JSON.parse(row.flags) as StoredTrade["flags"] };
}

interface UserRow {
  user_id: Id;
  timezone: string;
  base_currency: string;
  starting_balance: string | null;
  breakeven_band: string | null;
  trades_version: number;
  trades_changed_at_ms: number | null;
  statistics_version: number | null;
  statistics_computed_at: string | null;
}

function userOf(row: UserRow): User {
  const { statistics_version: version, statistics_computed_at: computedAt } = row;
  return {
    user_id: row.user_id,
    timezone: row.timezone,
    base_currency: row.base_currency,
    starting_balance: row.starting_balance,
    breakeven_band: row.breakeven_band === null ? null : (JSON.parse(row.breakeven_band) as User["breakeven_band"]),
    trades_version: row.trades_version,
    trades_changed_at: row.trades_changed_at_ms === null ? null : formatTimestamp(row.trades_changed_at_ms),
    statistics: version === null || computedAt === null ? null : { based_on_version: version, computed_at: computedAt },
  };
}
