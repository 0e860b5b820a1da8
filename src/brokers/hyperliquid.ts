import "../jitless.ts";
import { type } from "arktype";
import { parseDecimal } from "../executions/decimal.ts";
import type { Execution, ExecutionType, Market } from "../executions/execution.ts";
import { failure } from "./broker-failure.ts";
import type { CcxtClient } from "./ccxt/client.ts";
import {
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

/**
 * Hyperliquid, `info`: public, by the address of a wallet, which stands in place of the key. Fills by time, oldest first, 2,000 an answer, of which the
 * last 10,000 are kept; perpetuals and spot in one list, funding in another of 500 rows. Perpetuals are counted in the base asset, in USDC.
 */
const info: Endpoint = { method: "publicPostInfo", costs: [["address", 20]], isPublic: true, bytesMax: 32_000_000 };

const fillsPerPage = 2_000;
const fundingPerPage = 500;
const fillsKept = 10_000;

export const hyperliquid: Exchange = {
  id: "hyperliquid",
  title: "Hyperliquid",
  load: () => import("#ccxt/hyperliquid.js"),
  clock: {
    endpoint: { ...info, costs: [["address", 2]] },
    parameters: { type: "exchangeStatus" },
    timeMs: (answer) => Number((answer as { time?: unknown }).time) || null,
  },
  listMarkets,
  streams: (reading) => [stream(reading)],
};

function stream(reading: Reading): Stream {
  const { apiKey } = reading.client;
  if (!/^0x[0-9a-fA-F]{40}$/.test(apiKey)) {
    throw failure("broker_auth_failed", "Hyperliquid is read by a wallet's address, and the account has none.", {
      hint: "Enter the address of the wallet, 0x and 40 digits, as the key; no secret is needed: enter the address again.",
    });
  }
  const read = async (window: Window) => [
    ...(await readFills(reading, window)),
    ...(await readFunding(reading, window)),
  ];
  return { key: "all", title: "fills", windowMs: null, keptMs: null, beginsMs: Date.UTC(2023, 0, 1), read };
}

const Fill = type({
  coin: "string > 0",
  px: Money,
  sz: Money,
  side: "'A' | 'B'",
  time: Milliseconds,
  dir: "string",
  closedPnl: MaybeMoney,
  oid: Id,
  crossed: "boolean",
  fee: MaybeMoney,
  tid: Id,
  hash: MaybeText,
  "feeToken?": MaybeText,
  "liquidation?": type({ "liquidatedUser?": MaybeText }).or("null"),
});
type Fill = typeof Fill.infer;
const Fills = Fill.array();

async function readFills(reading: Reading, window: Window): Promise<Execution[]> {
  const { client, account } = reading;
  const parameters = { type: "userFillsByTime", user: client.apiKey, aggregateByTime: false };
  const rows = await pages(window, fillsPerPage, async (startTime) => {
    return await charged(client, await client.get(info, { ...parameters, startTime, endTime: window.toMs }, Fills));
  });
  warnOfEnd(reading, rows);
  const executions: Execution[] = [];
  for (const row of rows) {
    const named = await namedOf(reading, row.coin);
    if (account.markets.includes(named.market)) executions.push(toExecution(named, row, client.apiKey));
  }
  return executions;
}

/** Each twenty rows of an answer cost one more. */
async function charged<Row>(client: CcxtClient, rows: Row[]): Promise<Row[]> {
  if (rows.length > 0) await client.tools.budget.take(Math.ceil(rows.length / 20), client.accountId, "address");
  return rows;
}

/**
 * Forward from the last time again, since a page can end within a millisecond; what came twice is told apart by its id.
 */
async function pages<Row extends { time: number }>(
  { fromMs }: Window,
  size: number,
  ask: (startTime: number) => Promise<Row[]>,
): Promise<Row[]> {
  const rows: Row[] = [];
  const pagesMax = 100;
  let startTime = fromMs;
  for (let page = 0; page < pagesMax; page++) {
    const found = await ask(startTime);
    rows.push(...found);
    if (found.length < size) return rows;
    const last = Math.max(...found.map(({ time }) => time));
    if (last === startTime)
      throw failure("broker_answer", "Hyperliquid has more fills in one millisecond than it gives.");
    startTime = last;
  }
  throw new TooManyRows();
}

/** Only the last ten thousand are kept: where so many came, there may have been more. */
function warnOfEnd(reading: Reading, rows: readonly Fill[]): void {
  const [first] = rows;
  if (rows.length < fillsKept || first === undefined) return;
  const sinceMs = Math.min(...rows.map(({ time }) => time));
  const day = new Date(sinceMs).toISOString().slice(0, 10);
  const message = `Hyperliquid keeps the last ${fillsKept} fills of a wallet: what was before ${day} is not in its API.`;
  warn(reading, "fills", { code: "partial", message, sinceMs });
}

/** `@107` and `PURR/USDC` are spot pairs, all else is a perpetual. */
async function namedOf({ markets }: Reading, coin: string): Promise<Named> {
  return await markets.named(coin.startsWith("@") || coin.includes("/") ? "spot" : "linear", coin);
}

function toExecution(named: Named, row: Fill, wallet: string): Execution {
  // A trade with oneself has one number on both sides; a conversion of dust has none.
  const id = row.tid === "0" ? `${row.time}-${row.oid}` : `${row.tid}-${row.oid}`;
  return makeExecution(hyperliquid, named, id, () => ({
    ...assetsOf(named),
    type: kindOf(row, wallet),
    side: row.side === "B" ? "buy" : "sell",
    quantity: parseDecimal(row.sz),
    price: parseDecimal(row.px),
    fee: row.fee === null ? null : parseRounded(row.fee), // a builder's part is in it
    feeAsset: row.fee === null ? null : (row.feeToken ?? "USDC"),
    realizedPnl: named.market === "spot" || row.closedPnl === null ? null : parseRounded(row.closedPnl),
    orderId: row.oid,
    liquidity: row.crossed ? "taker" : "maker",
    executedAtMs: row.time,
  }));
}

/** Who takes over what was liquidated has the mark, too. */
function kindOf({ dir, liquidation }: Fill, wallet: string): ExecutionType {
  if (/^Spot Dust Conversion$/.test(dir)) return "conversion";
  if (/deleverag/i.test(dir)) return "adl";
  if (/^Settlement/.test(dir)) return "settlement";
  if (/liquidat/i.test(dir)) return "liquidation";
  return liquidation?.liquidatedUser?.toLowerCase() === wallet.toLowerCase() ? "liquidation" : "fill";
}

const one = parseDecimal("1");

/** Markets of builders have the builder's name before the coin: `xyz:TSLA`. */
function assetsOf({ market, symbol, info: listing }: Named) {
  if (market === "linear") {
    const base = listing?.base ?? symbol.split(":").at(-1) ?? symbol;
    return { baseAsset: base, quoteAsset: "USDC", settleAsset: "USDC", contractSize: one };
  }
  // A pair that is listed no more has no name but its number; most are priced in USDC.
  return listing === undefined && symbol.startsWith("@") ? { baseAsset: symbol, quoteAsset: "USDC" } : {};
}

const Funding = type({
  time: Milliseconds,
  delta: { type: "string", coin: "string > 0", usdc: Money },
}).array();

/** Its hash is all zeros: one coin is charged once at a time. */
async function readFunding(reading: Reading, window: Window): Promise<Execution[]> {
  const { client, account } = reading;
  if (!account.markets.includes("linear")) return [];
  const parameters = { type: "userFunding", user: client.apiKey };
  const rows = await pages(window, fundingPerPage, async (startTime) => {
    return await charged(client, await client.get(info, { ...parameters, startTime, endTime: window.toMs }, Funding));
  });
  const executions: Execution[] = [];
  for (const { time, delta } of rows.filter((row) => row.delta.type === "funding")) {
    const named = await namedOf(reading, delta.coin);
    executions.push(
      makeExecution(hyperliquid, named, `funding:${time}`, () => ({
        ...assetsOf(named),
        type: "funding",
        side: null,
        fee: -parseRounded(delta.usdc),
        feeAsset: "USDC",
        executedAtMs: time,
      })),
    );
  }
  return executions;
}

const Meta = type({ universe: type({ name: "string > 0", "szDecimals?": "number.integer" }).array() });
const SpotMeta = type({
  universe: type({ name: "string > 0", index: "number.integer", tokens: "number.integer[]" }).array(),
  tokens: type({ name: "string > 0", index: "number.integer", "szDecimals?": "number.integer" }).array(),
});

async function listMarkets(client: CcxtClient, market: Market): Promise<MarketSymbol[]> {
  if (market === "linear") {
    const { universe } = await client.get(info, { type: "meta" }, Meta);
    return universe.map(({ name, szDecimals }) =>
      listed({ symbol: name, base: name, quote: "USDC", settle: "USDC", step: stepOf(szDecimals), contractSize: "1" }),
    );
  }
  const { universe, tokens } = await client.get(info, { type: "spotMeta" }, SpotMeta);
  const byIndex = new Map(tokens.map((token) => [token.index, token]));
  return universe.flatMap(({ name, tokens: [baseIndex = -1, quoteIndex = -1] }) => {
    const [base, quote] = [byIndex.get(baseIndex), byIndex.get(quoteIndex)];
    if (base === undefined || quote === undefined) return [];
    return [listed({ symbol: name, base: base.name, quote: quote.name, step: stepOf(base.szDecimals) })];
  });
}

function stepOf(digits: number | undefined): string | null {
  if (digits === undefined) return null;
  return digits === 0 ? "1" : `0.${"0".repeat(digits - 1)}1`;
}
