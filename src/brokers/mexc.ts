import "../jitless.ts";
import { type } from "arktype";
import { parseDecimal } from "../executions/decimal.ts";
import type { Execution, Market } from "../executions/execution.ts";
import type { CcxtClient } from "./ccxt/client.ts";
import { ipNotAllowed, keyExpired, permissionMissing, type Refusal, SymbolGone, type Verdict } from "./ccxt/errors.ts";
import {
  dayMs,
  type Endpoint,
  type Exchange,
  type Reading,
  type Stream,
  TooManyRows,
  type Window,
  warn,
} from "./ccxt/exchange.ts";
import { makeExecution } from "./ccxt/make-execution.ts";
import { listed, type Named } from "./ccxt/markets.ts";
import { Id, MaybeMoney, MaybeText, Milliseconds, Money, parseRounded } from "./ccxt/rows.ts";
import type { MarketSymbol } from "./markets-cache.ts";
import { readDeals } from "./mexc/futures.ts";

/**
 * MEXC, REST: spot `myTrades` for one symbol a call, newest first, a hundred rows and no pages, a week a window, a month of history; so symbols have to
 * be found: those of coins with a balance, and those that were traded before. Futures are in `mexc/futures.ts`.
 */
const endpoints = {
  trades: { method: "spotPrivateGetMyTrades", costs: [["spot", 10]] },
  account: { method: "spotPrivateGetAccount", costs: [["spot", 10]] },
  symbols: { method: "spotPublicGetExchangeInfo", costs: [["spot", 10]], isPublic: true, bytesMax: 64_000_000 },
  contracts: { method: "contractPublicGetDetail", costs: [["contract", 1]], isPublic: true, bytesMax: 32_000_000 },
  time: { method: "spotPublicGetTime", costs: [["spot", 1]], isPublic: true },
} as const satisfies Record<string, Endpoint>;

const tradesMax = 100;
const quotes = ["USDT", "USDC", "EUR", "BTC", "ETH"];
/** What the account held when all its symbols were last read: as long as it holds the same, nothing was traded. */
const heldNote = "held";
const allAskedAgainMs = dayMs;

export const mexc: Exchange = {
  id: "mexc",
  title: "MEXC",
  load: () => import("#ccxt/mexc.js"),
  options: { recvWindow: 10_000 },
  clock: {
    endpoint: endpoints.time,
    timeMs: (answer) => Number((answer as { serverTime?: unknown }).serverTime) || null,
  },
  judge,
  listMarkets,
  tableOf: (market) => (market === "inverse" ? "linear" : market),
  streams,
};

async function* streams(reading: Reading): AsyncGenerator<Stream> {
  const wanted = reading.account.markets;
  if (wanted.includes("linear") || wanted.includes("inverse")) {
    const read = (window: Window) => readDeals(reading, window);
    yield { key: "futures", title: "futures", windowMs: 30 * dayMs, keptMs: 89 * dayMs, read };
  }
  if (wanted.includes("spot")) yield* spotStreams(reading);
}

const Account = type({ balances: type({ asset: "string > 0", free: Money, locked: Money }).array() });

/** One request where nothing moved; else one a symbol. All once a day. */
async function* spotStreams(reading: Reading): AsyncGenerator<Stream> {
  const { client, state, markets, account } = reading;
  const { balances } = await client.get(endpoints.account, {}, Account);
  const totals = balances
    .map(({ asset, free, locked }) => [asset, parseDecimal(free) + parseDecimal(locked)] as const)
    .filter(([, total]) => total !== 0n);
  const held = (
    BigInt(
      Bun.hash(
        totals
          .map(([asset, total]) => `${asset}=${total}`)
          .sort()
          .join(),
      ),
    ) %
    36n ** 8n
  ).toString(36);
  const [before, askedAt = "0"] = (state.notes.get(heldNote) ?? ":").split(":");
  const nowMs = Math.floor(client.nowMs());
  const isDue = nowMs - (Number.parseInt(askedAt, 36) || 0) >= allAskedAgainMs;
  if (before === held && !isDue) return;
  const { symbols } = await markets.table("spot");
  const assets = new Set(totals.map(([asset]) => asset));
  const known = [...state.streams.keys()]
    .filter((key) => key.startsWith("spot:"))
    .map((key) => key.slice("spot:".length));
  for (const { market, symbol } of account.knownSymbols ?? [])
    if (market === "spot" && symbols.has(symbol)) known.push(symbol);
  for (const symbol of new Set([...known, ...candidates(symbols.values(), assets)])) yield spotStream(reading, symbol);
  state.notes.set(heldNote, `${held}:${nowMs.toString(36)}`);
  const message =
    "MEXC gives trades of one symbol at a time: those of coins that were bought and sold completely before the first import are not found.";
  warn(reading, "spot", { code: "partial", message });
}

/** Coins are traded against few others. */
function candidates(listedSymbols: Iterable<MarketSymbol>, assets: ReadonlySet<string>): string[] {
  return [...listedSymbols]
    .filter(({ base, quote, listed: isListed }) => isListed && assets.has(base) && quotes.includes(quote))
    .map(({ symbol }) => symbol);
}

function spotStream(reading: Reading, symbol: string): Stream {
  return {
    key: `spot:${symbol}`,
    title: `${symbol} trades`,
    windowMs: 7 * dayMs,
    keptMs: 29 * dayMs,
    isGuess: true,
    read: async (window) => await readTrades(reading, await reading.markets.named("spot", symbol), window),
  };
}

const Trades = type({
  id: Id,
  orderId: MaybeText,
  price: Money,
  qty: Money,
  "quoteQty?": MaybeMoney,
  "commission?": MaybeMoney,
  "commissionAsset?": MaybeText,
  time: Milliseconds,
  isBuyer: "boolean",
  isMaker: "boolean",
}).array();

/** A full page may be cut off: a shorter window then is asked for. */
async function readTrades({ client }: Reading, named: Named, { fromMs, toMs }: Window): Promise<Execution[]> {
  const { symbol } = named;
  try {
    const rows = await client.get(
      endpoints.trades,
      { symbol, startTime: fromMs, endTime: toMs, limit: tradesMax },
      Trades,
    );
    if (rows.length >= tradesMax) throw new TooManyRows();
    return rows.map((row) =>
      makeExecution(mexc, named, row.id, () => ({
        side: row.isBuyer ? "buy" : "sell",
        quantity: parseDecimal(row.qty),
        price: parseDecimal(row.price),
        quoteQuantity: row.quoteQty ? parseRounded(row.quoteQty) : null,
        fee: row.commission ? parseRounded(row.commission) : null,
        feeAsset: row.commission ? (row.commissionAsset ?? null) : null,
        orderId: row.orderId,
        liquidity: row.isMaker ? "maker" : "taker",
        executedAtMs: row.time,
      })),
    );
  } catch (error) {
    if (error instanceof SymbolGone) return []; // listed no more
    throw error;
  }
}

const ExchangeInfo = type({
  symbols: type({
    symbol: "string > 0",
    baseAsset: "string > 0",
    quoteAsset: "string > 0",
    "baseSizePrecision?": MaybeMoney,
  }).array(),
});
const Contracts = type({
  data: type({
    symbol: "string > 0",
    baseCoin: "string > 0",
    quoteCoin: "string > 0",
    settleCoin: "string > 0",
    contractSize: Money,
    "volUnit?": MaybeMoney,
  }).array(),
});

async function listMarkets(client: CcxtClient, market: Market): Promise<MarketSymbol[]> {
  if (market === "spot") {
    const { symbols } = await client.get(endpoints.symbols, {}, ExchangeInfo);
    return symbols.map(({ symbol, baseAsset, quoteAsset, baseSizePrecision = null }) =>
      listed({ symbol, base: baseAsset, quote: quoteAsset, step: baseSizePrecision }),
    );
  }
  const { data } = await client.get(endpoints.contracts, {}, Contracts);
  return data.map(({ symbol, baseCoin, quoteCoin, settleCoin, contractSize, volUnit = null }) =>
    listed({ symbol, base: baseCoin, quote: quoteCoin, settle: settleCoin, step: volUnit, contractSize }),
  );
}

function judge({ code, message }: Refusal): Verdict | null {
  switch (code) {
    case "402":
      return keyExpired;
    case "406":
    case "700006":
      return ipNotAllowed;
    case "700007":
    case "701":
    case "703":
      return permissionMissing;
    case "510":
    case "429":
      return { kind: "limited", waitMs: 5_000 };
    case "10072":
      return { kind: "permanent", code: "broker_auth_failed", hint: "Enter the API key again." };
    case "600":
    case "2011":
      return /symbol|contract/i.test(message) ? { kind: "symbol_gone" } : null;
    default:
      return null;
  }
}
