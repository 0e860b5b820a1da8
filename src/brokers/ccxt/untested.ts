import { join } from "node:path";
import type { Type } from "arktype";
import "../../jitless.ts";
import { type } from "arktype";
import { parseDecimal } from "../../executions/decimal.ts";
import type { Execution, Market } from "../../executions/execution.ts";
import { failure } from "../broker-failure.ts";
import { readCache, writeCache } from "../cache-file.ts";
import type { MarketSymbol } from "../markets-cache.ts";
import { type CcxtClient, publicClient } from "./client.ts";
import { SymbolGone } from "./errors.ts";
import {
  dayMs,
  type Endpoint,
  type Exchange,
  type ExchangeClass,
  type ExchangeInstance,
  isWithin,
  type Reading,
  type Stream,
  TooManyRows,
  type Window,
  warn,
} from "./exchange.ts";
import { makeExecution } from "./make-execution.ts";
import { leaveOut, listed } from "./markets.ts";
import { Id, MaybeMoney, MaybeText, Money, parseRounded } from "./rows.ts";

/**
 * A venue that ccxt has and nobody has tried here, read as ccxt reads it: `fetchMyTrades` in windows of a week at most, halved until an answer is short
 * enough to be whole, for a year. Fills only: funding, liquidations and sides of hedge mode are not told apart.
 */
export function untestedExchange(
  { id, title }: Pick<Exchange, "id" | "title">,
  load: () => Promise<{ default: ExchangeClass }>,
): Exchange {
  return {
    id,
    title,
    load,
    options: { fetchCurrencies: false, fetchMargins: false },
    clock: { endpoint: endpointOf("fetchTime"), timeMs: (answer) => (typeof answer === "number" ? answer : null) },
    listMarkets: async (client, market) =>
      (await tableOf(client)).filter((entry) => marketOf(entry) === market).map(toSymbol),
    streams,
  };
}

const endpointOf = (method: string): Endpoint => ({ method, costs: [["address", 1]], bytesMax: 64_000_000 });
const rowsMax = 100;
const daysMax = 7;
/** Of lists by symbol that is fifty requests each. */
const keptDaysMax = 365;
const quotes = ["USDT", "USDC", "USD", "EUR", "BTC", "ETH"];

/** What of ccxt's market is kept, and what ccxt itself needs of it; its numbers are text here. */
const CcxtMarket = type({
  id: "string > 0",
  symbol: "string > 0",
  base: "string > 0",
  quote: "string > 0",
  "settle?": "string | null | undefined",
  "spot?": "boolean | null | undefined",
  "swap?": "boolean | null | undefined",
  "future?": "boolean | null | undefined",
  "linear?": "boolean | null | undefined",
  "inverse?": "boolean | null | undefined",
  "active?": "boolean | null | undefined",
  "contractSize?": MaybeMoney,
  "expiry?": "number | null | undefined",
});
type CcxtMarket = typeof CcxtMarket.infer;
const CcxtMarkets = CcxtMarket.array();

function marketOf({ spot, swap, future, linear, inverse }: CcxtMarket): Market | null {
  if (spot === true) return "spot";
  if (swap !== true && future !== true) return null;
  return inverse === true ? "inverse" : linear === true ? "linear" : null;
}

function toSymbol(entry: CcxtMarket): MarketSymbol {
  const isSpot = entry.spot === true;
  return listed({
    symbol: entry.id,
    base: entry.base,
    quote: entry.quote,
    settle: isSpot ? null : (entry.settle ?? entry.quote),
    contractSize: isSpot ? null : (entry.contractSize ?? "1"),
    deliveryMs: entry.expiry ?? null,
  });
}

/** ccxt's own table, which its parsers need: once a run, and once a day for all runs. */
async function rawMarkets(client: CcxtClient): Promise<unknown[]> {
  const { venue, exchange, tools } = client;
  const known = venue.loaded.get("ccxt") as Promise<unknown[]> | undefined;
  if (known !== undefined) return await known;
  const loading = fetchRaw(client, join(tools.cacheDir, "markets", `${exchange.id}-ccxt.json`));
  venue.loaded.set("ccxt", loading);
  loading.catch(() => venue.loaded.delete("ccxt"));
  return await loading;
}

async function fetchRaw(client: CcxtClient, path: string): Promise<unknown[]> {
  const { clock } = client.tools.context;
  const stored = readCache(path) as { fetchedAtMs?: number; markets?: unknown[] } | undefined;
  if (Array.isArray(stored?.markets) && clock.nowMs() - (stored.fetchedAtMs ?? 0) < dayMs) return stored.markets;
  const answer = await publicClient(client).call(endpointOf("fetchMarkets"), []);
  const markets = (Array.isArray(answer) ? answer : []).map((market: object) => ({ ...market, info: {} }));
  // Without them no trade can be read, and that must not look like an account without trades.
  if (markets.length === 0) throw failure("broker_answer", `${client.exchange.title} lists no markets.`);
  writeCache(path, { fetchedAtMs: clock.nowMs(), markets });
  return markets;
}

async function tableOf(client: CcxtClient): Promise<CcxtMarket[]> {
  return shaped(client, CcxtMarkets, await rawMarkets(client));
}

/** What ccxt says of `fetchMyTrades` in one kind of market. */
const Feature = type({
  "limit?": "number.integer > 0 | undefined",
  "daysBack?": "number > 0 | undefined",
  "untilDays?": "number > 0 | undefined",
  "symbolRequired?": "boolean | undefined",
});
type Feature = typeof Feature.infer;

async function* streams(reading: Reading): AsyncGenerator<Stream> {
  const { client, account } = reading;
  const instance = await client.open();
  (instance.setMarkets as (markets: unknown) => void).call(instance, structuredClone(await rawMarkets(client)));
  const bySymbol = new Map((await tableOf(client)).map((entry) => [entry.symbol, entry]));
  for (const market of account.markets) {
    const listedHere = [...bySymbol.values()].filter((entry) => marketOf(entry) === market);
    const feature = featureOf(instance, market);
    if (listedHere.length === 0 || feature === null) {
      const message = `${client.exchange.title}: ${market} is not read by this version.`;
      warn(reading, market, { code: "partial", message });
      continue;
    }
    // Some of ccxt's methods hand on what they are given: the kind of market is set beside them.
    instance.options = {
      ...instance.options,
      defaultType: market === "spot" ? "spot" : "swap",
      defaultSubType: market,
    };
    const wanted = feature.symbolRequired === true ? await candidates(reading, market, listedHere) : [undefined];
    for (const symbol of wanted) yield stream(reading, { market, symbol, feature, bySymbol });
  }
}

function featureOf({ features }: ExchangeInstance, market: Market): Feature | null {
  const { spot, swap } = (features ?? {}) as { spot?: Features; swap?: Record<string, Features> };
  const feature: unknown = Feature((market === "spot" ? spot : swap?.[market])?.fetchMyTrades);
  return feature instanceof type.errors ? null : (feature as Feature);
}

type Features = { fetchMyTrades?: unknown } | undefined;

function stream(reading: Reading, asked: Asked): Stream {
  const { market, symbol, feature } = asked;
  return {
    key: symbol === undefined ? market : `${market}:${symbol}`,
    title: symbol === undefined ? `${market} trades` : `${symbol} trades`,
    windowMs: Math.min(feature.untilDays ?? daysMax, daysMax) * dayMs,
    keptMs: Math.min(feature.daysBack ?? keptDaysMax, keptDaysMax) * dayMs,
    isCutShort: (feature.daysBack ?? keptDaysMax) >= keptDaysMax,
    isGuess: symbol !== undefined,
    read: (window) => readTrades(reading, asked, window),
  };
}

const trades = endpointOf("fetchMyTrades");

const Balance = type({ total: "Record<string, unknown>" });

/** Coins with a balance against what coins are usually traded against, and what was traded before; of contracts those that are open. */
async function candidates(reading: Reading, market: Market, listedHere: readonly CcxtMarket[]): Promise<Set<string>> {
  const { client, state, account } = reading;
  const prefix = `${market}:`;
  const known = [...state.streams.keys()]
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
  const message = `${client.exchange.title} gives trades of one symbol at a time: those of coins that are held no more are not found.`;
  warn(reading, market, { code: "partial", message });
  const { total } = shaped(client, Balance, await client.call(endpointOf("fetchBalance"), []));
  const held = new Set(Object.keys(total).filter((asset) => /[1-9]/.test(String(total[asset]))));
  if (held.size === 0) checkShowsNone(client, amounts, "list of balances");
  const isCandidate = ({ base, quote }: CcxtMarket) =>
    market === "spot" ? held.has(base) && quotes.includes(quote) : false;
  const open = market === "spot" ? [] : await openContracts(client);
  const elsewhere = new Set(
    (account.knownSymbols ?? []).filter((entry) => entry.market === market).map(({ symbol }) => symbol),
  );
  known.push(...listedHere.filter(({ id }) => elsewhere.has(id)).map(({ symbol }) => symbol));
  return new Set([...known, ...listedHere.filter(isCandidate).map(({ symbol }) => symbol), ...open]);
}

const Positions = type({ symbol: "string > 0" }).array();

async function openContracts(client: CcxtClient): Promise<string[]> {
  const { has } = (await client.open()) as { has?: Record<string, unknown> };
  if (has?.fetchPositions !== true) return [];
  return shaped(client, Positions, await client.call(endpointOf("fetchPositions"), [])).map(({ symbol }) => symbol);
}

const Trade = type({
  id: Id,
  "order?": MaybeText,
  timestamp: "number.integer > 0",
  symbol: "string > 0",
  side: "'buy' | 'sell'",
  price: Money,
  amount: Money,
  "cost?": MaybeMoney,
  "takerOrMaker?": MaybeText,
  "fee?": type({ "cost?": MaybeMoney, "currency?": MaybeText }).or("null | undefined"),
});
type Trade = typeof Trade.infer;
const Trades = Trade.array();

interface Asked {
  market: Market;
  /** Undefined: all of the market. */
  symbol: string | undefined;
  feature: Feature;
  bySymbol: ReadonlyMap<string, CcxtMarket>;
}

async function readTrades(reading: Reading, asked: Asked, window: Window): Promise<Execution[]> {
  const { client } = reading;
  const { market, symbol, feature, bySymbol } = asked;
  const { fromMs, toMs } = window;
  const limit = Math.min(feature.limit ?? rowsMax, rowsMax);
  const until = feature.untilDays === undefined ? {} : { until: toMs };
  let rows: Trade[];
  try {
    const answer = await client.call(trades, [symbol, fromMs, limit, until]);
    rows = shaped(client, Trades, answer);
    if (rows.length === 0) checkShowsNone(client, emptyList, "list of trades");
  } catch (error) {
    if (error instanceof SymbolGone) return []; // listed no more
    throw error;
  }
  // Where something of later came, the venue takes no end, and so gave all before that: if it begins with the oldest.
  const goesBeyond = rows.some(({ timestamp }) => timestamp > toMs);
  let isWhole = rows.length < limit;
  if (!isWhole && feature.untilDays === undefined)
    isWhole = await checkBeginsWithOldest(reading, asked, rows, { fromMs, limit });
  if (!isWhole && !goesBeyond) throw new TooManyRows();
  return rows.flatMap((row) => {
    const entry = bySymbol.get(row.symbol);
    if (entry === undefined) leaveOut(reading, { market, symbol: row.symbol, info: undefined });
    if (entry === undefined || marketOf(entry) !== market) return [];
    const execution = toExecution(client.exchange, market, entry, row);
    return isWithin(window, execution) ? [execution] : [];
  });
}

const emptyList = /\[|\{\s*\}|\bnull\b/;
const amounts = /\d|\[|\{\s*\}|\bnull\b/;

/** What ccxt does not find in an answer is nothing to it, whatever the answer says. @throws {Failure} where that shows no sign of a list */
function checkShowsNone({ lastText, exchange }: CcxtClient, form: RegExp, what: string): void {
  if (lastText === null || form.test(lastText)) return;
  throw failure("broker_answer", `${exchange.title} answered without a ${what}.`, {
    hint: "Import a file export: ccxt does not understand what the venue says.",
  });
}

/**
 * A list that has no end to ask for and gives the latest of what is too much for one answer cannot be read: what lies before would be missed without
 * a word. A full answer does not show which it is, and can be all that there is, too; asked for less, the list shows at which end it begins. Where it
 * always gives as much, it is known by that nothing comes after what it gave. True: what it gave is all. @throws {Failure}
 */
async function checkBeginsWithOldest(
  { client, state }: Reading,
  { market, symbol, feature }: Asked,
  rows: readonly Trade[],
  { fromMs, limit }: { fromMs: number; limit: number },
): Promise<boolean> {
  const note = `oldest/${market}${symbol === undefined ? "" : `:${symbol}`}`;
  if (state.notes.has(note)) return false;
  const ask = async (sinceMs: number, count: number) =>
    shaped(client, Trades, await client.call(trades, [symbol, sinceMs, count, {}]));
  const times = rows.map(({ timestamp }) => timestamp);
  const [firstMs, lastMs] = [Math.min(...times), Math.max(...times)];
  const fewer = await ask(fromMs, Math.ceil(limit / 2));
  const takesLimit = fewer.length < rows.length;
  const known = new Set(rows.map(({ id }) => id));
  const isOldest = takesLimit
    ? fewer.some(({ timestamp }) => timestamp === firstMs) && fewer.every(({ id }) => known.has(id))
    : (await ask(lastMs, limit)).some(({ id, timestamp }) => timestamp >= lastMs && !known.has(id));
  if (isOldest) {
    state.notes.set(note, "1");
    return false;
  }
  const more = Math.min(feature.limit ?? limit, 2 * limit);
  if (takesLimit && more > limit && (await ask(fromMs, more)).length === rows.length) return true;
  throw failure(
    "broker_answer",
    `${client.exchange.title} gives no more than its last ${limit} trades${symbol === undefined ? "" : ` of ${symbol}`}: what was before cannot be read.`,
    { hint: "Import a file export of that time, and set the account's import to begin after it." },
  );
}

/** @throws {Failure} where ccxt gives another form than it says */
function shaped<const Shape extends Type>(client: CcxtClient, shape: Shape, value: unknown): Shape["infer"] {
  const result: unknown = shape(value);
  if (!(result instanceof type.errors)) return result as Shape["infer"];
  const what = client.redact(result.summary).slice(0, 300);
  throw failure("broker_answer", `ccxt reads ${client.exchange.title} otherwise than expected: ${what}`);
}

function toExecution(exchange: Exchange, market: Market, entry: CcxtMarket, row: Trade): Execution {
  return makeExecution(exchange, { market, symbol: entry.id, info: toSymbol(entry) }, row.id, () => ({
    side: row.side,
    quantity: parseDecimal(row.amount),
    price: parseDecimal(row.price),
    quoteQuantity: row.cost && market !== "inverse" ? parseRounded(row.cost) : null,
    fee: row.fee?.cost ? parseRounded(row.fee.cost) : null,
    feeAsset: row.fee?.cost ? (row.fee.currency ?? null) : null,
    orderId: row.order ?? null,
    liquidity: row.takerOrMaker === "maker" || row.takerOrMaker === "taker" ? row.takerOrMaker : null,
    executedAtMs: row.timestamp,
  }));
}
