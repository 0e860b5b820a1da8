import type { Context } from "../../../context.ts";
import { contentHash } from "../../../journal/convert.ts";
import type { Account, Id, Ping, WireExecution, WireLeg, WireTrade } from "../../../journal/wire.ts";
import type { Answer, Ask } from "./ask.ts";
import { at, equal, shown, status } from "./expect.ts";
import { Wrong } from "./point.ts";

/** All that is stored begins with it. */
export const mark = "platform-check";

export interface CheckSettings {
  url: string;
  key: string;
  /** A second key, of fewer abilities. */
  limitedKey: string | null;
  /** The rate limit may be used up, which keeps this key out for a minute. */
  exhaustRateLimit: boolean;
}

/** What points are made with. */
export interface Tools {
  settings: CheckSettings;
  context: Context;
  ask: Ask;
  ping: Ping;
  /** The test account, as it was before the check. */
  account: Account;
  /** `/accounts/7` */
  path: string;
  /** `/users/3` */
  userPath: string;
  /** Its user has no other account: the statistics may be replaced. */
  ownUser: boolean;
  /** Of this run alone; a filter by it leaves out what earlier runs left behind. */
  symbol: string;
  /** A number that no other call of this run gave. */
  next: () => number;
  execution: (change?: Partial<WireExecution>) => WireExecution;
  /** Closed, with the legs of its executions. */
  trade: (executions: readonly WireExecution[], change?: Partial<WireTrade>) => WireTrade;
  /** Posts a batch to the test account under a key of its own. */
  post: (body: unknown, idempotencyKey?: string) => Promise<Answer>;
  /** Posts it, and it has to be stored. */
  store: (body: unknown) => Promise<Answer>;
  newKey: () => string;
  /** The account as it is now, with those that are refused. */
  readAccount: () => Promise<Record<string, unknown>>;
  readUser: () => Promise<Record<string, unknown>>;
  /** A list to its end. */
  readAll: (path: string, query?: Record<string, string>) => Promise<Listed>;
}

export interface Listed {
  items: Record<string, unknown>[];
  /** Of the first page. */
  answer: Answer;
}

const pagesMax = 1_000;

export function makeTools(given: Pick<Tools, "settings" | "context" | "ask" | "ping" | "account" | "ownUser">): Tools {
  const { ask, account, context } = given;
  const run = context.uuid().replaceAll("-", "").slice(0, 16);
  const symbol = `${mark}-${run}`.toUpperCase();
  let number = 0;
  const next = (): number => ++number;
  const path = `/accounts/${encodeURIComponent(account.account_id)}`;
  const userPath = `/users/${encodeURIComponent(account.user_id)}`;
  const newKey = (): string => `${mark}:${run}:${next()}`;
  const post: Tools["post"] = (body, idempotencyKey = newKey()) => ask(`${path}/trades`, { body, idempotencyKey });
  const readAll = (list: string, query: Record<string, string> = {}) => readPages(ask, list, query);
  const one = async (list: string, query: Record<string, string>, field: string, id: Id) => {
    const { items, answer } = await readAll(list, query);
    const found = items.find((item) => String(item[field]) === String(id));
    if (found === undefined) throw new Wrong(`${answer.request}: ${field} ${id} is not listed`);
    return found;
  };
  return {
    ...given,
    path,
    userPath,
    symbol,
    next,
    newKey,
    post,
    readAll,
    execution: (change = {}) => executionOf(`${mark}:${run}:${next()}`, symbol, change),
    trade: (executions, change = {}) => tradeOf(`trade:${mark}:${run}:${next()}`, symbol, executions, change),
    store: async (body) => status(await post(body), 200),
    readAccount: () =>
      one("/accounts", { include: "all", user_id: String(account.user_id) }, "account_id", account.account_id),
    readUser: () => one("/users", { per_page: "500" }, "user_id", account.user_id),
  };
}

function executionOf(external_id: string, symbol: string, change: Partial<WireExecution>): WireExecution {
  const execution: WireExecution = {
    external_id,
    execution_type: "fill",
    market: "spot",
    symbol,
    base_asset: "BTC",
    quote_asset: "USDT",
    settle_asset: null,
    side: "buy",
    position_side: null,
    quantity: "0.01000000",
    price: "64000.12",
    quote_quantity: "640.0012",
    contract_size: null,
    fee: "0.64000120",
    fee_asset: "USDT",
    fee_in_quote: "0.64000120",
    realized_pnl: null,
    order_id: null,
    liquidity: "taker",
    executed_at: "2026-02-28T08:00:00.123Z",
    content_hash: "",
    ...change,
  };
  return { ...execution, content_hash: change.content_hash ?? contentHash(execution) };
}

function tradeOf(
  external_id: string,
  symbol: string,
  executions: readonly WireExecution[],
  change: Partial<WireTrade>,
): WireTrade {
  const legs = executions.map(
    ({ external_id: execution_id, quantity, price, fee }, index): WireLeg => ({
      execution_id,
      role: index === 0 ? "entry" : "exit",
      quantity,
      price,
      fee,
      pnl: index === 0 ? null : "5.00",
    }),
  );
  return {
    external_id,
    revision: 1,
    status: "closed",
    origin: executions.length === 0 ? "broker_reported" : "derived",
    market: "spot",
    symbol,
    base_asset: "BTC",
    quote_asset: "USDT",
    direction: "long",
    quantity: "0.01000000",
    open_quantity: "0",
    contract_size: null,
    entry_price: "64000.12",
    exit_price: "64500.12",
    gross_pnl: "5.00",
    fees: "1.28",
    funding: "0",
    net_pnl: "3.72",
    pnl_currency: "USDT",
    pnl_in_base_currency: null,
    base_currency: null,
    opened_at: "2026-02-28T08:00:00.123Z",
    closed_at: "2026-02-28T17:30:00.456Z",
    duration_seconds: 34_200,
    initial_stop: null,
    take_profit: null,
    initial_risk: null,
    r_multiple: null,
    cost_basis_method: null,
    execution_count: executions.length,
    flags: [],
    state: null,
    legs,
    ...change,
  };
}

/** A cursor or an item that comes a second time is wrong: a worker would stop there. */
async function readPages(ask: Ask, path: string, query: Record<string, string>): Promise<Listed> {
  const items: Record<string, unknown>[] = [];
  const cursors = new Set<string>();
  let first: Answer | null = null;
  let cursor: string | null = null;
  for (let page = 1; page <= pagesMax; page++) {
    const parameters = new URLSearchParams({ ...query, ...(cursor === null ? {} : { cursor }) });
    const answer = status(await ask(parameters.size === 0 ? path : `${path}?${parameters}`), 200);
    first ??= answer;
    const data = at(answer.json, "data");
    if (!Array.isArray(data)) throw new Wrong(`${answer.request}: data is ${shown(data)}, not a list`);
    items.push(...(data as Record<string, unknown>[]));
    cursor = nextCursor(answer);
    if (cursor === null) return { items, answer: first };
    if (cursors.has(cursor))
      throw new Wrong(`${answer.request}: the cursor of page ${page} came before: the list has no end`);
    cursors.add(cursor);
  }
  throw new Wrong(`GET ${path}: more than ${pagesMax} pages`);
}

function nextCursor(answer: Answer): string | null {
  const own = at(answer.json, "meta", "next_cursor");
  if (typeof own === "string") return own;
  const link = at(answer.json, "links", "next");
  if (own === null || link === null) return null;
  equal(answer, "the type of links.next", typeof link, "string");
  const found = URL.parse(String(link), "http://localhost")?.searchParams.get("cursor");
  if (found) return found;
  throw new Wrong(`${answer.request}: links.next has no cursor, and there is no meta.next_cursor`);
}
