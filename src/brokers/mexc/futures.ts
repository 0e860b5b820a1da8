import "../../jitless.ts";
import { type } from "arktype";
import { fromProduct, multiply, parseDecimal } from "../../executions/decimal.ts";
import type { Direction, Execution, ExecutionType, Market, Side } from "../../executions/execution.ts";
import { failure } from "../broker-failure.ts";
import { SymbolGone } from "../ccxt/errors.ts";
import { type Endpoint, isWithin, type Reading, type Window } from "../ccxt/exchange.ts";
import { makeExecution } from "../ccxt/make-execution.ts";
import { leaveOut, type Named } from "../ccxt/markets.ts";
import { collectNumbered } from "../ccxt/pages.ts";
import { Id, MaybeMoney, MaybeText, Milliseconds, Money, parseRounded } from "../ccxt/rows.ts";

/**
 * MEXC's futures: deals for one contract a call, a hundred rows a page by number, 90 days of history. Which contracts were traded the list of positions
 * says, those that are open and those that were closed. Funding is one list for all, newest first.
 */
const endpoints = {
  deals: { method: "contractPrivateGetOrderListOrderDeals", costs: [["contract", 1]] },
  funding: { method: "contractPrivateGetPositionFundingRecords", costs: [["contract", 1]] },
  closed: { method: "contractPrivateGetPositionListHistoryPositions", costs: [["contract", 1]] },
  open: { method: "contractPrivateGetPositionOpenPositions", costs: [["contract", 1]] },
} as const satisfies Record<string, Endpoint>;

const exchange = { id: "mexc", title: "MEXC" };
const pageRows = 100;

export async function readDeals(reading: Reading, window: Window): Promise<Execution[]> {
  const wanted = new Set(reading.account.markets);
  const executions: Execution[] = [];
  for (const symbol of await tradedIn(reading, window)) {
    const named = await namedContract(reading, symbol);
    if (!wanted.has(named.market)) continue;
    if (named.info === undefined) leaveOut(reading, named);
    else executions.push(...(await dealsOf(reading, named, window)));
  }
  executions.push(...(await fundingIn(reading, window, wanted)));
  return executions.filter((execution) => isWithin(window, execution));
}

/** The table has all contracts: those settled in their base coin are inverse. */
async function namedContract({ markets }: Reading, symbol: string): Promise<Named> {
  const { info } = await markets.named("linear", symbol);
  const isInverse = info === undefined ? symbol.endsWith("_USD") : info.settle === info.base;
  return { market: isInverse ? "inverse" : "linear", symbol, info };
}

const Position = type({ symbol: "string > 0", "updateTime?": Milliseconds, "createTime?": Milliseconds });
const OpenPositions = type({ "data?": Position.array().or("null") });
const ClosedPositions = type({ "data?": Position.array().or("null") });

/** Of closed positions the list begins with the one that changed last. */
async function tradedIn({ client }: Reading, { fromMs }: Window): Promise<Set<string>> {
  const { data: open } = await client.get(endpoints.open, {}, OpenPositions);
  const closed = await collectNumbered(pageRows, async (page) => {
    const { data } = await client.get(endpoints.closed, { page_num: page, page_size: pageRows }, ClosedPositions);
    const rows = data ?? [];
    const young = rows.filter(({ updateTime }) => (updateTime ?? Number.POSITIVE_INFINITY) >= fromMs);
    return young.length < rows.length ? young : rows;
  });
  return new Set([...(open ?? []), ...closed].map(({ symbol }) => symbol));
}

const Deal = type({
  id: Id,
  symbol: "string > 0",
  side: "1 | 2 | 3 | 4 | '1' | '2' | '3' | '4'",
  vol: Money,
  price: Money,
  "fee?": MaybeMoney,
  "feeCurrency?": MaybeText,
  "profit?": MaybeMoney,
  "category?": MaybeText,
  "positionMode?": MaybeText,
  "orderId?": MaybeText,
  "taker?": "boolean",
  "isTaker?": "boolean",
  timestamp: Milliseconds,
});
type Deal = typeof Deal.infer;
const Deals = type({ "data?": Deal.array().or("null") });

async function dealsOf({ client }: Reading, named: Named, { fromMs, toMs }: Window): Promise<Execution[]> {
  const span = { symbol: named.symbol, start_time: fromMs, end_time: toMs, page_size: pageRows };
  try {
    const rows = await collectNumbered(pageRows, async (page) => {
      return (await client.get(endpoints.deals, { ...span, page_num: page }, Deals)).data ?? [];
    });
    return rows.map((row) => toExecution(named, row));
  } catch (error) {
    if (error instanceof SymbolGone) return []; // listed no more
    throw error;
  }
}

const sides: Record<string, { side: Side; positionSide: Direction }> = {
  "1": { side: "buy", positionSide: "long" },
  "2": { side: "buy", positionSide: "short" },
  "3": { side: "sell", positionSide: "short" },
  "4": { side: "sell", positionSide: "long" },
};
const hedgeMode = "1";
const categories: Record<string, ExecutionType> = { "1": "fill", "2": "liquidation", "3": "liquidation", "4": "adl" };

function toExecution(named: Named, row: Deal): Execution {
  const sided = sides[String(row.side)];
  const kind = categories[row.category ?? "1"];
  if (sided === undefined || kind === undefined) {
    throw failure(
      "broker_answer",
      `MEXC's deal ${row.symbol} ${row.id} has the category "${row.category}", which this version does not know.`,
    );
  }
  const contractSize = parseDecimal(named.info?.contractSize ?? "1");
  return makeExecution(exchange, named, row.id, () => {
    const quantity = parseDecimal(row.vol);
    const price = parseDecimal(row.price);
    const units = fromProduct(multiply(quantity, contractSize));
    const isTaker = row.taker ?? row.isTaker;
    return {
      type: kind,
      side: sided.side,
      positionSide: row.positionMode === hedgeMode ? sided.positionSide : null,
      quantity,
      price,
      quoteQuantity: named.market === "inverse" ? units : fromProduct(multiply(units, price)),
      fee: row.fee ? parseRounded(row.fee) : null,
      feeAsset: row.fee ? (row.feeCurrency ?? named.info?.settle ?? null) : null,
      realizedPnl: row.profit ? parseRounded(row.profit) : null,
      orderId: row.orderId ?? null,
      liquidity: isTaker === undefined ? null : isTaker ? "taker" : "maker",
      executedAtMs: row.timestamp,
    };
  });
}

const Funding = type({
  data: {
    resultList: type({ id: Id, symbol: "string > 0", funding: Money, settleTime: Milliseconds }).array(),
  },
});

/** Its list takes no times: it is read until it is older than the window. */
async function fundingIn(reading: Reading, { fromMs }: Window, wanted: ReadonlySet<Market>): Promise<Execution[]> {
  const { client } = reading;
  const rows = await collectNumbered(pageRows, async (page) => {
    const { data } = await client.get(endpoints.funding, { page_num: page, page_size: pageRows }, Funding);
    const young = data.resultList.filter(({ settleTime }) => settleTime >= fromMs);
    return young.length < data.resultList.length ? young : data.resultList;
  });
  const executions: Execution[] = [];
  for (const row of rows) {
    const named = await namedContract(reading, row.symbol);
    if (!wanted.has(named.market)) continue;
    const { info } = named;
    executions.push(
      makeExecution(exchange, named, `funding:${row.id}`, () => ({
        type: "funding",
        side: null,
        // Positive: received.
        fee: -parseRounded(row.funding),
        feeAsset: info?.settle ?? row.symbol.split("_")[named.market === "inverse" ? 0 : 1] ?? null,
        executedAtMs: row.settleTime,
      })),
    );
  }
  return executions;
}
