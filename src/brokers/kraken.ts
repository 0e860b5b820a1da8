import "../jitless.ts";
import { type } from "arktype";
import { parseDecimal } from "../executions/decimal.ts";
import type { Execution } from "../executions/execution.ts";
import type { CcxtClient } from "./ccxt/client.ts";
import type { Refusal, Verdict } from "./ccxt/errors.ts";
import {
  type Endpoint,
  type Exchange,
  isWithin,
  minuteMs,
  type Reading,
  type Stream,
  TooManyRows,
  type Window,
} from "./ccxt/exchange.ts";
import { makeExecution } from "./ccxt/make-execution.ts";
import { listed, type Named } from "./ccxt/markets.ts";
import { collect } from "./ccxt/pages.ts";
import { MaybeMoney, MaybeText, Money, parseRounded, Seconds } from "./ccxt/rows.ts";
import type { MarketSymbol } from "./markets-cache.ts";

/**
 * Kraken, REST: `TradesHistory`, spot and margin in one list, newest first, fifty rows a page by offset, whole seconds, all history. A request's
 * number has to grow, so that one key sends one request at a time. Fees are in the quote asset.
 */
const endpoints = {
  trades: { method: "privatePostTradesHistory", costs: [["account", 2]] },
  pairs: { method: "publicGetAssetPairs", costs: [["public", 1]], isPublic: true, bytesMax: 32_000_000 },
  time: { method: "publicGetTime", costs: [["public", 1]], isPublic: true },
  key: { method: "privatePostGetApiKeyInfo", costs: [["account", 1]] },
} as const satisfies Record<string, Endpoint>;

const pageRows = 50;
const rowsPerWindow = 500;

export const kraken: Exchange = {
  id: "kraken",
  title: "Kraken",
  load: () => import("#ccxt/kraken.js"),
  clock: { endpoint: endpoints.time, timeMs },
  judge,
  listMarkets,
  streams: (reading) => [stream(reading)],
};

function stream(reading: Reading): Stream {
  const read = (window: Window) => readTrades(reading, window);
  return { key: "all", title: "trades", windowMs: null, keptMs: null, beginsMs: Date.UTC(2011, 6, 28), read };
}

const Row = type({
  ordertxid: MaybeText,
  pair: "string > 0",
  time: Seconds,
  type: "'buy' | 'sell'",
  ordertype: "string",
  price: Money,
  "cost?": MaybeMoney,
  fee: MaybeMoney,
  vol: Money,
  "margin?": MaybeMoney,
  "misc?": MaybeText,
  "maker?": "boolean",
});
type Row = typeof Row.infer;
const Trades = type({ result: { trades: type.Record("string", Row), "count?": "number | string" } });

async function readTrades(reading: Reading, { fromMs, toMs }: Window): Promise<Execution[]> {
  const { client, account } = reading;
  const wanted = new Set(account.markets);
  // `start` is exclusive. Not consolidated: else a row grows while its order is being filled.
  const span = { start: Math.floor(fromMs / 1_000) - 1, end: Math.ceil(toMs / 1_000), consolidate_taker: false };
  const rows = await collect(async (cursor) => {
    const { result } = await client.get(endpoints.trades, { ...span, ofs: Number(cursor ?? "0") }, Trades);
    // A page takes seconds: what was read of a shorter window is not lost when the run ends.
    if (cursor === null && Number(result.count ?? 0) > rowsPerWindow && toMs > fromMs) throw new TooManyRows();
    const page = Object.entries(result.trades);
    return { rows: page, next: page.length < pageRows ? null : String(Number(cursor ?? "0") + page.length) };
  });
  const executions: Execution[] = [];
  for (const [id, row] of rows) {
    const market = isMargin(row) ? "margin" : "spot";
    if (!wanted.has(market)) continue;
    executions.push(toExecution(await reading.markets.named(market, row.pair), id, row));
  }
  return executions.filter((execution) => isWithin({ fromMs, toMs }, execution));
}

/** What opens a position on margin states the margin; what closes one says so. */
function isMargin({ margin, misc }: Row): boolean {
  return (margin != null && /[1-9]/.test(margin)) || /\bclos(ing|ed)\b/.test(misc ?? "");
}

function toExecution(named: Named, id: string, row: Row): Execution {
  return makeExecution(kraken, named, id, () => {
    const { base, quote } = named.info ?? splitPair(row.pair);
    return {
      type: row.ordertype.startsWith("liquidation") ? "liquidation" : "fill",
      ...(base === null ? {} : { baseAsset: base, quoteAsset: quote }),
      side: row.type,
      quantity: parseDecimal(row.vol),
      price: parseDecimal(row.price),
      quoteQuantity: row.cost ? parseRounded(row.cost) : null,
      fee: row.fee === null ? null : parseRounded(row.fee),
      feeAsset: row.fee === null ? null : quote,
      orderId: row.ordertxid,
      liquidity: row.maker === undefined ? null : row.maker ? "maker" : "taker",
      executedAtMs: row.time,
    };
  });
}

/** A pair that is listed no more, by its name: `XXBTZUSD` has four letters an asset, X and Z before coins and currencies. */
function splitPair(pair: string): { base: string; quote: string } | { base: null; quote: null } {
  const [, coin, money] = /^X([A-Z]{3})[XZ]([A-Z]{3})$/.exec(pair) ?? [];
  if (coin !== undefined && money !== undefined) return { base: coin, quote: money };
  const [, base, quote] =
    /^([A-Z0-9.]{2,10}?)(?:X|Z)?(USDT|USDC|USD|EUR|XBT|ETH|GBP|CAD|JPY|CHF|AUD|DAI)$/.exec(pair) ?? [];
  return base === undefined || quote === undefined ? { base: null, quote: null } : { base, quote };
}

const Pairs = type({
  result: type.Record("string", {
    altname: "string > 0",
    "wsname?": "string > 0",
    base: "string > 0",
    quote: "string > 0",
    "lot_decimals?": "number.integer >= 0",
  }),
});

/** Rows name a pair by its id or by its other name: both are kept. `wsname` has the assets as people know them, `XBT/USD`. */
async function listMarkets(client: CcxtClient): Promise<MarketSymbol[]> {
  const { result } = await client.get(endpoints.pairs, {}, Pairs);
  const symbols = new Map<string, MarketSymbol>();
  for (const [id, { altname, wsname, base, quote, lot_decimals: digits = 8 }] of Object.entries(result)) {
    const [baseAsset = base, quoteAsset = quote] = wsname?.split("/") ?? [];
    const step = digits === 0 ? "1" : `0.${"0".repeat(digits - 1)}1`;
    for (const symbol of [altname, id])
      symbols.set(symbol, listed({ symbol, base: baseAsset, quote: quoteAsset, step }));
  }
  return [...symbols.values()];
}

function judge({ message }: Refusal, nowMs: number): Verdict | null {
  if (/invalid nonce/i.test(message)) return { kind: "nonce" };
  if (/temporary lockout/i.test(message)) return { kind: "banned", untilMs: nowMs + 15 * minuteMs };
  if (/rate limit exceeded|too many requests/i.test(message)) return { kind: "limited", waitMs: 10_000 };
  if (/invalid signature/i.test(message)) {
    return {
      kind: "permanent",
      code: "broker_auth_failed",
      hint: "Enter the API secret again: it does not belong to the key.",
    };
  }
  return null;
}

const Time = type({ result: { unixtime: "number.integer > 0" } });

function timeMs(answer: unknown): number | null {
  const time = Time(answer);
  // Whole seconds: the middle of it.
  return time instanceof type.errors ? null : time.result.unixtime * 1_000 + 500;
}
