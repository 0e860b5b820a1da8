import { executionFields, tradeFields } from "../../../journal/fields.ts";
import { accountTradeShape, executionShape, storedTradeShape, type WireExecution } from "../../../journal/wire.ts";
import { decimal, equal, invalid, shaped } from "./expect.ts";
import { type Point, Wrong } from "./point.ts";
import type { Listed, Tools } from "./tools.ts";

const amounts = new Set([
  ...["quantity", "price", "quote_quantity", "contract_size", "fee", "fee_in_quote", "realized_pnl", "open_quantity"],
  ...["entry_price", "exit_price", "gross_pnl", "fees", "funding", "net_pnl", "pnl_in_base_currency"],
  ...["initial_stop", "take_profit", "initial_risk", "r_multiple"],
]);

/** Field by field what was sent, amounts as numbers. */
function same(
  { answer }: Listed,
  fields: readonly string[],
  found: Record<string, unknown>,
  sent: Record<string, unknown>,
): void {
  for (const field of fields) {
    const expected = sent[field] ?? null;
    if (amounts.has(field)) decimal(answer, field, found[field] ?? null, expected as string | null);
    else if (/_at$/.test(field)) time(answer.request, field, found[field], expected);
    else equal(answer, field, found[field] ?? null, expected);
  }
}

/** Three digits or six of the same millisecond. */
function time(request: string, field: string, found: unknown, expected: unknown): void {
  if (found === expected || (found == null && expected === null)) return;
  const format = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/;
  const good = typeof found === "string" && format.test(found);
  if (good && Date.parse(found) === Date.parse(String(expected))) return;
  throw new Wrong(`${request}: ${field} is ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
}

function itemOf(list: Listed, external_id: string): Record<string, unknown> {
  const found = list.items.find((item) => item.external_id === external_id);
  if (found === undefined) throw new Wrong(`${list.answer.request}: ${external_id} is not listed`);
  return found;
}

/** In one second, latest first: a cursor on the time loses or repeats them, and an order by time turns them round. */
function inOneSecond({ execution }: Tools, count: number): WireExecution[] {
  return Array.from({ length: count }, (_, index) =>
    execution({ market: "cfd", executed_at: `2026-02-28T08:00:00.${String(900 - index).padStart(3, "0")}Z` }),
  );
}

export const listPoints: readonly Point[] = [
  {
    name: "execution",
    expects:
      "GET /accounts/{id}/executions gives an execution back with the fields it was posted with: amounts as text, nulls as null",
    async run(tools) {
      const sent = tools.execution({ order_id: "platform/check 1" });
      await tools.store({ executions: [sent] });
      const list = await tools.readAll(`${tools.path}/executions`, { symbol: tools.symbol });
      const found = itemOf(list, sent.external_id);
      shaped(list.answer, executionShape, found, "an item of data");
      same(list, executionFields, found, { ...sent });
    },
  },
  {
    name: "decimals",
    expects: "amounts of 30 digits before the point and 18 after come back exactly: text or DECIMAL columns, no floats",
    async run(tools) {
      const long = `${"123456789".repeat(3)}123.${"123456789".repeat(2)}`;
      const change = { quantity: long, price: "0.000000000000000001", fee: "-0.300000000000000004" };
      const sent = tools.execution(change);
      const trade = tools.trade([], { net_pnl: `-${long}`, fees: "0.1", gross_pnl: "0.30000000000000004" });
      await tools.store({ executions: [sent], trades: [trade] });
      const executions = await tools.readAll(`${tools.path}/executions`, { symbol: tools.symbol });
      const found = itemOf(executions, sent.external_id);
      for (const [field, value] of Object.entries(change)) decimal(executions.answer, field, found[field], value);
      const trades = await tools.readAll(`${tools.path}/trades`, { symbol: tools.symbol });
      const { net_pnl, fees, gross_pnl } = itemOf(trades, trade.external_id);
      decimal(trades.answer, "net_pnl", net_pnl, trade.net_pnl);
      decimal(trades.answer, "fees", fees, trade.fees);
      decimal(trades.answer, "gross_pnl", gross_pnl, trade.gross_pnl);
    },
  },
  {
    name: "times",
    expects: "times come back in UTC with Z and to the millisecond (Carbon's default formats drop it)",
    async run(tools) {
      const sent = tools.execution({ executed_at: "2026-02-28T23:59:59.987Z" });
      const trade = tools.trade([], { opened_at: "2026-02-28T00:00:00.001Z", closed_at: "2026-02-28T23:59:59.999Z" });
      await tools.store({ executions: [sent], trades: [trade] });
      const executions = await tools.readAll(`${tools.path}/executions`, { symbol: tools.symbol });
      const { executed_at } = itemOf(executions, sent.external_id);
      time(executions.answer.request, "executed_at", executed_at, sent.executed_at);
      const trades = await tools.readAll(`${tools.userPath}/trades`);
      const { opened_at, closed_at } = itemOf(trades, trade.external_id);
      time(trades.answer.request, "opened_at", opened_at, trade.opened_at);
      time(trades.answer.request, "closed_at", closed_at, trade.closed_at);
    },
  },
  {
    name: "trade",
    expects:
      "GET /accounts/{id}/trades gives a trade back as it was posted, with trade_id, user_id, account_id, broker and state",
    async run(tools) {
      const sent = tools.trade([], { flags: ["missing_conversion"], initial_stop: "60000", r_multiple: "0.915" });
      await tools.store({ trades: [sent] });
      const list = await tools.readAll(`${tools.path}/trades`, { symbol: tools.symbol, status: "closed" });
      const found = itemOf(list, sent.external_id);
      shaped(list.answer, accountTradeShape, found, "an item of data");
      same(list, tradeFields, found, { ...sent });
      const { account_id, user_id, broker } = tools.account;
      equal(
        list.answer,
        "whose it is",
        { account_id: found.account_id, user_id: found.user_id, broker: found.broker },
        { account_id, user_id, broker },
      );
    },
  },
  {
    name: "user-trade",
    expects: "GET /users/{id}/trades gives the user's trades with the same fields",
    async run(tools) {
      const sent = tools.trade([]);
      await tools.store({ trades: [sent] });
      const list = await tools.readAll(`${tools.userPath}/trades`, { account_id: String(tools.account.account_id) });
      const found = itemOf(list, sent.external_id);
      shaped(list.answer, storedTradeShape, found, "an item of data");
      same(list, tradeFields, found, { ...sent });
    },
  },
  {
    name: "execution-pages",
    expects: "executions in pages of two: each once, in the order of arrival (cursor on the integer id, not on a time)",
    async run(tools) {
      const sent = inOneSecond(tools, 7);
      await tools.store({ executions: sent });
      await paged(tools, `${tools.path}/executions`, { symbol: tools.symbol, market: "cfd" }, sent);
    },
  },
  {
    name: "trade-pages",
    expects: "trades in pages of two: each once, ordered by trade id (cursor on the integer id, not on a time)",
    async run(tools) {
      const sent = Array.from({ length: 7 }, (_, index) => {
        const closed_at = `2020-01-01T17:30:00.${String(900 - index).padStart(3, "0")}Z`;
        return tools.trade([], { market: "cfd", closed_at, opened_at: closed_at.replace("T17", "T08") });
      });
      await tools.store({ trades: sent });
      await paged(tools, `${tools.path}/trades`, { symbol: tools.symbol, market: "cfd" }, sent);
      await paged(tools, `${tools.userPath}/trades`, { closed_before: "2020-01-02T00:00:00.000Z" }, sent);
    },
  },
  {
    name: "execution-filters",
    expects: "executions by symbol, market and executed_since (inclusive, to the millisecond), on every page",
    async run(tools) {
      const [late, early] = inOneSecond(tools, 2);
      const other = tools.execution({ market: "margin" });
      if (late === undefined || early === undefined) return;
      await tools.store({ executions: [late, early, other] });
      const ids = async (query: Record<string, string>): Promise<Listed> =>
        tools.readAll(`${tools.path}/executions`, query);
      const margin = await ids({ market: "margin", symbol: tools.symbol });
      equal(margin.answer, "markets", [...new Set(margin.items.map(({ market }) => market))], ["margin"]);
      const since = await ids({ symbol: tools.symbol, market: "cfd", executed_since: late.executed_at, per_page: "2" });
      const found = new Set(since.items.map(({ external_id }) => external_id));
      equal(since.answer, "whether the execution of that millisecond is there", found.has(late.external_id), true);
      equal(since.answer, "whether one of the millisecond before is there", found.has(early.external_id), false);
    },
  },
  {
    name: "trade-filters",
    expects: "trades of a user by status, closed_since (inclusive) and closed_before (exclusive), to the millisecond",
    async run(tools) {
      const [first, second] = ["2026-02-28T12:00:00.500Z", "2026-02-28T12:00:00.501Z"];
      const trades = [tools.trade([], { closed_at: first }), tools.trade([], { closed_at: second })];
      await tools.store({ trades });
      const found = async (query: Record<string, string>): Promise<[Listed, boolean[]]> => {
        const list = await tools.readAll(`${tools.userPath}/trades`, { status: "closed", ...query });
        const ids = new Set(list.items.map(({ external_id }) => external_id));
        return [list, trades.map(({ external_id }) => ids.has(external_id))];
      };
      const [since, afterwards] = await found({ closed_since: second ?? "" });
      equal(since.answer, `whether those of ${first} and ${second} are there`, afterwards, [false, true]);
      const [before, earlier] = await found({ closed_before: second ?? "" });
      equal(before.answer, `whether those of ${first} and ${second} are there`, earlier, [true, false]);
    },
  },
  {
    name: "invalid-query",
    expects:
      "422 whose errors name the parameter, for a page size, status, market or time that the contract does not have",
    async run({ ask, path, userPath }) {
      invalid(await ask(`${path}/executions?per_page=1001`), "per_page");
      invalid(await ask(`${path}/trades?per_page=101`), "per_page");
      invalid(await ask(`${userPath}/trades?per_page=0`), "per_page");
      invalid(await ask(`${path}/trades?status=done`), "status");
      invalid(await ask(`${path}/executions?market=swap`), "market");
      invalid(await ask(`${path}/executions?executed_since=yesterday`), "executed_since");
      invalid(await ask("/users?stale=maybe"), "stale");
    },
  },
];

/** `few`: a query that leaves out most of what else was stored, so that there are not a hundred pages. */
async function paged(
  tools: Tools,
  path: string,
  few: Record<string, string>,
  sent: readonly { external_id: string }[],
): Promise<void> {
  const ids = sent.map(({ external_id }) => external_id);
  const wanted = new Set(ids);
  const list = await tools.readAll(path, { ...few, per_page: "2" });
  const found = list.items.map(({ external_id }) => String(external_id)).filter((id) => wanted.has(id));
  const twice = found.length - new Set(found).size;
  if (twice > 0) throw new Wrong(`${list.answer.request}: in pages of two, ${twice} items come a second time`);
  const missing = ids.filter((id) => !found.includes(id)).length;
  if (missing > 0)
    throw new Wrong(`${list.answer.request}: in pages of two, ${missing} of ${ids.length} items are missing`);
  equal(list.answer, "whether they come in the order of their ids", found.join() === ids.join(), true);
}
