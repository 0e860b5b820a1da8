import "../jitless.ts";
import { type } from "arktype";
import { absolute, fromProduct, multiply, parseDecimal } from "../executions/decimal.ts";
import type { Direction, Execution, ExecutionType, Market, Side } from "../executions/execution.ts";
import { failure } from "./broker-failure.ts";
import type { CcxtClient } from "./ccxt/client.ts";
import { ipNotAllowed, type Refusal, type Verdict } from "./ccxt/errors.ts";
import {
  dayMs,
  type Endpoint,
  type Exchange,
  isWithin,
  type Reading,
  type Stream,
  type Window,
} from "./ccxt/exchange.ts";
import { makeExecution } from "./ccxt/make-execution.ts";
import { leaveOut, listed, type Named } from "./ccxt/markets.ts";
import { collect, collectNumbered } from "./ccxt/pages.ts";
import { Id, MaybeMoney, MaybeText, Money, parseRounded, Seconds } from "./ccxt/rows.ts";
import type { MarketSymbol } from "./markets-cache.ts";

/**
 * Gate, REST v4: `spot/my_trades` in windows of 30 days, a thousand rows a page by number; perpetual contracts one settlement asset a call, half a
 * year, a hundred rows a page by offset; funding from the account book. Newest first, asked by whole seconds.
 */
const endpoints = {
  spot: { method: "privateSpotGetMyTrades", costs: [["spot", 1]] },
  futures: { method: "privateFuturesGetSettleMyTradesTimerange", costs: [["futures", 1]] },
  book: { method: "privateFuturesGetSettleAccountBook", costs: [["futures", 1]] },
  pairs: { method: "publicSpotGetCurrencyPairs", costs: [["public", 1]], isPublic: true, bytesMax: 32_000_000 },
  contracts: {
    method: "publicFuturesGetSettleContracts",
    costs: [["public", 1]],
    isPublic: true,
    bytesMax: 32_000_000,
  },
  time: { method: "publicSpotGetTime", costs: [["public", 1]], isPublic: true },
  delivery: { method: "privateDeliveryGetSettleAccounts", costs: [["futures", 1]] },
  account: { method: "privateFuturesGetSettleAccounts", costs: [["futures", 1]] },
} as const satisfies Record<string, Endpoint>;

const spotRows = 1_000;
const futuresRows = 100;
const settles = { usdt: "linear", btc: "inverse" } as const;
type Settle = keyof typeof settles;

export const gate: Exchange = {
  id: "gate",
  title: "Gate",
  load: () => import("#ccxt/gate.js"),
  clock: {
    endpoint: endpoints.time,
    timeMs: (answer) => Number((answer as { server_time?: unknown }).server_time) || null,
  },
  judge,
  listMarkets,
  unread: [
    {
      key: "dated",
      markets: ["linear"],
      message: "This Gate account has traded dated futures, which this version does not read: a file export has them.",
      isThere: hasDated,
    },
  ],
  streams,
};

function* streams(reading: Reading): Generator<Stream> {
  const wanted = reading.account.markets;
  if (wanted.includes("spot")) {
    const read = (window: Window) => readSpot(reading, window);
    yield {
      key: "spot",
      title: "spot trades",
      windowMs: 29 * dayMs,
      keptMs: null,
      beginsMs: Date.UTC(2017, 9, 1),
      read,
    };
  }
  for (const settle of Object.keys(settles) as Settle[]) {
    if (!wanted.includes(settles[settle])) continue;
    const read = (window: Window) => readFutures(reading, settle, window);
    yield {
      key: settle,
      title: `contracts settled in ${settle.toUpperCase()}`,
      windowMs: 29 * dayMs,
      keptMs: 179 * dayMs,
      read,
    };
  }
}

const Delivery = type({
  "total?": MaybeMoney,
  "history?": type({ "pnl?": MaybeMoney, "fee?": MaybeMoney }).or("null"),
});

/** Money in the wallet of dated futures, or what was ever made or paid in it. */
async function hasDated(client: CcxtClient): Promise<boolean> {
  const { total, history } = await client.get(endpoints.delivery, { settle: "usdt" }, Delivery);
  return [total, history?.pnl, history?.fee].some((amount) => /[1-9]/.test(amount ?? ""));
}

/** A list asked by whole seconds, both inclusive. */
function secondsOf({ fromMs, toMs }: Window) {
  return { from: Math.floor(fromMs / 1_000), to: Math.ceil(toMs / 1_000) };
}

const SpotRow = type({
  id: Id,
  create_time: Seconds,
  "create_time_ms?": "string | number",
  currency_pair: "string > 0",
  side: "'buy' | 'sell'",
  "role?": MaybeText,
  amount: Money,
  price: Money,
  order_id: MaybeText,
  "fee?": MaybeMoney,
  "fee_currency?": MaybeText,
  "point_fee?": MaybeMoney,
  "gt_fee?": MaybeMoney,
});
type SpotRow = typeof SpotRow.infer;
const SpotTrades = SpotRow.array();

async function readSpot(reading: Reading, window: Window): Promise<Execution[]> {
  const { client, markets } = reading;
  const span = { ...secondsOf(window), limit: spotRows };
  const rows = await collectNumbered(spotRows, (page) => client.get(endpoints.spot, { ...span, page }, SpotTrades));
  const executions: Execution[] = [];
  for (const row of rows) {
    const named = await markets.named("spot", row.currency_pair);
    executions.push(
      makeExecution(gate, named, row.id, () => ({
        side: row.side,
        quantity: parseDecimal(row.amount),
        price: parseDecimal(row.price),
        quoteQuantity: fromProduct(multiply(parseDecimal(row.amount), parseDecimal(row.price))),
        ...spotFeeOf(row),
        orderId: row.order_id,
        liquidity: liquidityOf(row.role),
        executedAtMs: millisecondsOf(row),
      })),
    );
  }
  return executions.filter((execution) => isWithin(window, execution));
}

/** In the pair's assets, or instead of that in GT or in points. */
function spotFeeOf({
  fee,
  fee_currency: asset,
  gt_fee: gt,
  point_fee: points,
}: SpotRow): Pick<Execution, "fee" | "feeAsset"> {
  const isPaid = (text: string | null | undefined): text is string => text != null && /[1-9]/.test(text);
  if (isPaid(fee)) return { fee: parseRounded(fee), feeAsset: asset ?? null };
  if (isPaid(gt)) return { fee: parseRounded(gt), feeAsset: "GT" };
  if (isPaid(points)) return { fee: parseRounded(points), feeAsset: "POINT" };
  return { fee: fee == null ? null : 0n, feeAsset: asset ?? null };
}

/** `1691702924010.071000`: milliseconds with a fraction. */
function millisecondsOf({ create_time: seconds, create_time_ms: precise }: SpotRow): number {
  const [, ms] = /^(\d{13})(?:\.|$)/.exec(String(precise ?? "")) ?? [];
  return ms === undefined ? seconds : Number(ms);
}

function liquidityOf(text: string | null | undefined): "maker" | "taker" | null {
  return text === "maker" || text === "taker" ? text : null;
}

const FuturesRow = type({
  "id?": MaybeText,
  "trade_id?": MaybeText,
  create_time: Seconds,
  contract: "string > 0",
  order_id: MaybeText,
  size: Money,
  price: Money,
  "role?": MaybeText,
  "close_size?": MaybeMoney,
  "text?": MaybeText,
  "fee?": MaybeMoney,
  "point_fee?": MaybeMoney,
});
type FuturesRow = typeof FuturesRow.infer;
const FuturesTrades = FuturesRow.array();

async function readFutures(reading: Reading, settle: Settle, window: Window): Promise<Execution[]> {
  const { client, markets } = reading;
  const span = { settle, ...secondsOf(window), limit: futuresRows };
  const rows = await collectOffsets((offset) => client.get(endpoints.futures, { ...span, offset }, FuturesTrades));
  const executions: Execution[] = [];
  const isDual = rows.length > 0 && (await isDualMode(reading, settle));
  for (const row of rows) {
    const named = await markets.named(settles[settle], row.contract);
    if (named.info?.contractSize == null) leaveOut(reading, named);
    else executions.push(toExecution(named, row, isDual));
  }
  executions.push(...(await readFunding(reading, settle, window)));
  return executions.filter((execution) => isWithin(window, execution));
}

const Account = type({ "in_dual_mode?": "boolean" });

/** Hedge mode is the whole wallet's; its fills do not name the side, but say how much of a position they closed. */
async function isDualMode({ client, state }: Reading, settle: Settle): Promise<boolean> {
  const key = `dual/${settle}`;
  const today = Math.floor(client.nowMs() / dayMs).toString(36);
  const [mode, day] = (state.notes.get(key) ?? ":").split(":");
  if (day === today) return mode === "d";
  const { in_dual_mode: isDual = false } = await client.get(endpoints.account, { settle }, Account);
  state.notes.set(key, `${isDual ? "d" : "s"}:${today}`);
  return isDual;
}

function positionSideOf(side: Side, closeSize: string | null | undefined, isDual: boolean): Direction | null {
  if (!isDual || closeSize == null) return null;
  return (side === "buy") === /[1-9]/.test(closeSize) ? "short" : "long";
}

/** By how many rows came before: pages of less than was asked for are the last. */
async function collectOffsets<Row>(ask: (offset: number) => Promise<readonly Row[]>): Promise<Row[]> {
  return await collect(async (cursor) => {
    const offset = Number(cursor ?? "0");
    const rows = await ask(offset);
    return { rows, next: rows.length < futuresRows ? null : String(offset + rows.length) };
  });
}

/** A negative size was sold. Fees are in what the contract is settled in. */
function toExecution(named: Named, row: FuturesRow, isDual: boolean): Execution {
  const id = row.trade_id ?? row.id;
  if (id === undefined || id === null) throw failure("broker_answer", `A fill of Gate's ${row.contract} has no id.`);
  if (named.info?.contractSize == null) {
    throw failure(
      "broker_answer",
      `Gate does not list ${row.contract}, and so what one contract of it is worth is not known.`,
    );
  }
  const contractSize = parseDecimal(named.info.contractSize);
  return makeExecution(gate, named, id, () => {
    const signed = parseDecimal(row.size);
    const quantity = absolute(signed);
    const price = parseDecimal(row.price);
    const units = fromProduct(multiply(quantity, contractSize));
    const side = signed < 0n ? "sell" : "buy";
    return {
      type: kindOf(row.text),
      side,
      positionSide: positionSideOf(side, row.close_size, isDual),
      quantity,
      price,
      quoteQuantity: named.market === "inverse" ? units : fromProduct(multiply(units, price)),
      ...futuresFeeOf(named, row),
      orderId: row.order_id,
      liquidity: liquidityOf(row.role),
      executedAtMs: row.create_time,
    };
  });
}

function futuresFeeOf({ info }: Named, { fee, point_fee: points }: FuturesRow): Pick<Execution, "fee" | "feeAsset"> {
  const settle = info?.settle ?? null;
  if (points != null && /[1-9]/.test(points) && !/[1-9]/.test(fee ?? ""))
    return { fee: parseRounded(points), feeAsset: "POINT" };
  return fee == null ? { fee: null, feeAsset: null } : { fee: parseRounded(fee), feeAsset: settle };
}

/** What placed the order. */
function kindOf(text: string | null | undefined): ExecutionType {
  if (text == null) return "fill";
  if (/^(liquidat|liq-|insurance)/.test(text)) return "liquidation";
  if (/^(auto_delever|adl)/.test(text)) return "adl";
  return /^(settle|delist)/.test(text) ? "settlement" : "fill";
}

const Book = type({
  time: Seconds,
  change: Money,
  type: "string",
  "text?": MaybeText,
  "contract?": MaybeText,
  "id?": MaybeText,
}).array();

async function readFunding({ client, markets }: Reading, settle: Settle, window: Window): Promise<Execution[]> {
  const span = { settle, ...secondsOf(window), type: "fund", limit: futuresRows };
  const rows = await collectOffsets((offset) => client.get(endpoints.book, { ...span, offset }, Book));
  const executions: Execution[] = [];
  for (const row of rows.filter((entry) => entry.type === "fund")) {
    const contract = row.contract ?? row.text?.split(":")[0] ?? "";
    const named = await markets.named(settles[settle], contract);
    // One contract is charged once at a time: where there is no id, that is one.
    const id = `funding:${row.id ?? row.time}`;
    executions.push(
      makeExecution(gate, named, id, () => ({
        type: "funding",
        side: null,
        fee: -parseRounded(row.change),
        feeAsset: named.info?.settle ?? settle.toUpperCase(),
        executedAtMs: row.time,
      })),
    );
  }
  return executions;
}

const Pairs = type({
  id: "string > 0",
  base: "string > 0",
  quote: "string > 0",
  "amount_precision?": "number.integer",
}).array();
const Contracts = type({
  name: "string > 0",
  "type?": MaybeText,
  quanto_multiplier: Money,
  "order_size_min?": MaybeMoney,
}).array();

async function listMarkets(client: CcxtClient, market: Market): Promise<MarketSymbol[]> {
  if (market === "spot") {
    const pairs = await client.get(endpoints.pairs, {}, Pairs);
    return pairs.map(({ id, base, quote, amount_precision: digits = 8 }) =>
      listed({ symbol: id, base, quote, step: digits === 0 ? "1" : `0.${"0".repeat(digits - 1)}1` }),
    );
  }
  const settle = market === "inverse" ? "btc" : "usdt";
  const contracts = await client.get(endpoints.contracts, { settle }, Contracts);
  return contracts.flatMap(({ name, quanto_multiplier: size }) => {
    const [base = name, quote = ""] = name.split("_");
    // In BTC are settled inverse contracts of one US dollar, and quanto ones, whose result no price alone tells.
    if (market === "inverse" && base !== "BTC") return [];
    const contractSize = /[1-9]/.test(size) ? size : "1";
    return [listed({ symbol: name, base, quote, settle: settle.toUpperCase(), step: "1", contractSize })];
  });
}

function judge({ code, message }: Refusal): Verdict | null {
  switch (code) {
    case "IP_FORBIDDEN":
      return ipNotAllowed;
    case "REQUEST_EXPIRED":
      return { kind: "clock" };
    case "USER_NOT_FOUND":
      return { kind: "no_wallet" };
    case "TOO_MANY_REQUESTS":
    case "TOO_FAST":
      return { kind: "limited", waitMs: 10_000 };
    case "INVALID_PARAM_VALUE":
      return /timestamp|expired/i.test(message) ? { kind: "clock" } : null;
    default:
      return null;
  }
}
