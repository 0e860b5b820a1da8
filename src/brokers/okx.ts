import "../jitless.ts";
import { type } from "arktype";
import { formatDecimal, fromProduct, multiply, parseDecimal } from "../executions/decimal.ts";
import type { Direction, Execution, ExecutionType, Market } from "../executions/execution.ts";
import type { CcxtClient } from "./ccxt/client.ts";
import { ipNotAllowed, keyExpired, permissionMissing, type Refusal, type Verdict } from "./ccxt/errors.ts";
import {
  dayMs,
  type Endpoint,
  type Exchange,
  hourMs,
  type Reading,
  type Stream,
  type Window,
} from "./ccxt/exchange.ts";
import { makeExecution } from "./ccxt/make-execution.ts";
import { leaveOut, listed, type Named } from "./ccxt/markets.ts";
import { collect } from "./ccxt/pages.ts";
import type { Booked } from "./ccxt/reconcile.ts";
import { Id, MaybeMoney, MaybeText, Milliseconds, Money, parseRounded } from "./ccxt/rows.ts";
import { noteUnread } from "./ccxt/unread.ts";
import type { MarketSymbol } from "./markets-cache.ts";

/**
 * OKX, REST v5: `trade/fills` has the last three days of all kinds of instrument, `trade/fills-history` three months of one kind a call; funding and
 * deliveries are bills. All are newest first, a hundred rows a page, and go on below a bill's id: ids only grow.
 */
const endpoints = {
  fills: { method: "privateGetTradeFills", costs: [["fills", 1]] },
  history: { method: "privateGetTradeFillsHistory", costs: [["fills-history", 1]] },
  bills: { method: "privateGetAccountBills", costs: [["bills", 1]] },
  archive: { method: "privateGetAccountBillsArchive", costs: [["bills", 1]] },
  instruments: { method: "publicGetPublicInstruments", costs: [["public", 1]], isPublic: true, bytesMax: 64_000_000 },
  time: { method: "publicGetPublicTime", costs: [["public", 1]], isPublic: true },
  config: { method: "privateGetAccountConfig", costs: [["config", 1]] },
} as const satisfies Record<string, Endpoint>;

const pageRows = 100;
/** A bit less than the three days and the seven days that the short lists have. */
const fillsKeptMs = 3 * dayMs - hourMs;
const billsKeptMs = 7 * dayMs - hourMs;
const funding = "8";
const delivery = "3";
/** In the notes: dated contracts were traded, and so deliveries can come; `hedge` where their positions have sides. */
const datedNote = "dated";

export const okx: Exchange = {
  id: "okx",
  title: "OKX",
  load: () => import("#ccxt/okx.js"),
  clock: { endpoint: endpoints.time, timeMs },
  judge,
  listMarkets,
  rights,
  unread: [
    {
      key: "options",
      markets: ["spot", "margin", "linear", "inverse"],
      message: "Options were traded on OKX, which this version does not read: a file export has them.",
    },
  ],
  books: { title: "bills", windowMs: 7 * dayMs, read: readBooked },
  streams: (reading) => [stream(reading)],
};

function stream(reading: Reading): Stream {
  return {
    key: "all",
    title: "trades and funding",
    windowMs: 30 * dayMs,
    keptMs: 90 * dayMs,
    read: async (window) => [...(await readFills(reading, window)), ...(await readBills(reading, window))],
  };
}

const Fill = type({
  instType: "'SPOT' | 'MARGIN' | 'SWAP' | 'FUTURES' | 'OPTION'",
  instId: "string > 0",
  billId: Id,
  ordId: MaybeText,
  "subType?": MaybeText,
  fillPx: Money,
  fillSz: Money,
  "fillPnl?": MaybeMoney,
  side: "'buy' | 'sell'",
  "posSide?": MaybeText,
  "execType?": MaybeText,
  feeCcy: MaybeText,
  fee: MaybeMoney,
  ts: Milliseconds,
});
type Fill = typeof Fill.infer;
const Fills = type({ data: Fill.array() });

async function readFills(reading: Reading, { fromMs, toMs }: Window): Promise<Execution[]> {
  const { client, account } = reading;
  const wanted = new Set(account.markets);
  const recentFromMs = Math.floor(client.nowMs()) - fillsKeptMs;
  const rows: Fill[] = [];
  if (fromMs < recentFromMs) {
    const span = { begin: fromMs, end: Math.min(toMs, recentFromMs - 1), limit: pageRows };
    for (const instType of kindsOf(wanted)) {
      rows.push(...(await pages((after) => client.get(endpoints.history, { instType, ...span, ...after }, Fills))));
    }
    // To tell of them.
    rows.push(...(await client.get(endpoints.history, { instType: "OPTION", ...span, limit: 1 }, Fills)).data);
  }
  if (toMs >= recentFromMs) {
    const span = { begin: Math.max(fromMs, recentFromMs), end: toMs, limit: pageRows };
    rows.push(...(await pages((after) => client.get(endpoints.fills, { ...span, ...after }, Fills))));
  }
  const executions: Execution[] = [];
  for (const row of rows) {
    const named = await namedOf(reading, row);
    if (named === null) noteUnread(reading, "options");
    if (named === null || !wanted.has(named.market)) continue;
    if (named.market !== "spot" && named.market !== "margin" && named.info?.contractSize == null) {
      leaveOut(reading, named);
      continue;
    }
    if (row.instType === "FUTURES") reading.state.notes.set(datedNote, isSided(row) ? "hedge" : "net");
    executions.push(toExecution(named, row));
  }
  return executions;
}

function kindsOf(wanted: ReadonlySet<Market>): Fill["instType"][] {
  const contracts = wanted.has("linear") || wanted.has("inverse");
  return [
    ...(wanted.has("spot") ? ["SPOT" as const] : []),
    ...(wanted.has("margin") ? ["MARGIN" as const] : []),
    ...(contracts ? ["SWAP" as const, "FUTURES" as const] : []),
  ];
}

/** `after` is an id and gives what is older. */
async function pages<Row extends { billId: string }>(
  ask: (after: { after?: string }) => Promise<{ data: Row[] }>,
): Promise<Row[]> {
  return await collect(async (cursor) => {
    const { data } = await ask(cursor === null ? {} : { after: cursor });
    return { rows: data, next: data.length < pageRows ? null : (data.at(-1)?.billId ?? null) };
  });
}

/** Null: options, which this connector does not read. */
async function namedOf(
  { markets }: Reading,
  { instType, instId }: Pick<Fill, "instType" | "instId">,
): Promise<Named | null> {
  if (instType === "SPOT") return await markets.named("spot", instId);
  if (instType === "MARGIN") return await markets.named("margin", instId);
  if (instType === "OPTION") return null;
  const market = isInverse(instId) ? "inverse" : "linear";
  const named = await markets.named(market, instId);
  return named.info === undefined ? { ...named, info: await ofFamily(markets, named) } : named;
}

/** `BTC-USD-SWAP`, `BTC-USD-260327`; `BTC-USD_UM-SWAP` is settled in dollars. */
function isInverse(instId: string): boolean {
  return instId.split("-")[1] === "USD";
}

/** A delivered contract is listed no more; the perpetual of its family has the same size. */
async function ofFamily(markets: Reading["markets"], { market, symbol }: Named): Promise<MarketSymbol | undefined> {
  const { symbols } = await markets.table(market);
  return symbols.get(`${symbol.split("-").slice(0, 2).join("-")}-SWAP`);
}

const codesOf = (type: ExecutionType, codes: readonly string[]) =>
  codes.map((code): [string, ExecutionType] => [code, type]);

const subTypes = new Map<string, ExecutionType>([
  ...codesOf("liquidation", ["100", "101", "102", "103", "104", "105", "106", "107"]),
  ...codesOf("adl", ["125", "126", "127", "128"]),
  ...codesOf("settlement", ["112", "113", "170", "171", "172"]),
]);

function toExecution(named: Named, row: Fill): Execution {
  return makeExecution(okx, named, row.billId, () => {
    const quantity = parseDecimal(row.fillSz);
    const price = parseDecimal(row.fillPx);
    const size = named.info?.contractSize == null ? null : parseDecimal(named.info.contractSize);
    const units = size === null ? quantity : fromProduct(multiply(quantity, size));
    const isContract = row.instType === "SWAP" || row.instType === "FUTURES";
    return {
      type: subTypes.get(row.subType ?? "") ?? "fill",
      side: row.side,
      positionSide: isContract && isSided(row) ? row.posSide : null,
      quantity,
      price,
      quoteQuantity: named.market === "inverse" ? units : fromProduct(multiply(units, price)),
      ...feeOf(row.fee, row.feeCcy),
      realizedPnl: isContract && row.fillPnl ? parseRounded(row.fillPnl) : null,
      orderId: row.ordId,
      liquidity: row.execType === "M" ? "maker" : row.execType === "T" ? "taker" : null,
      executedAtMs: row.ts,
    };
  });
}

function isSided(row: Fill): row is Fill & { posSide: Direction } {
  return row.posSide === "long" || row.posSide === "short";
}

/** Negative: paid. */
function feeOf(fee: string | null | undefined, asset: string | null): Pick<Execution, "fee" | "feeAsset"> {
  if (!fee) return { fee: null, feeAsset: null };
  return { fee: -parseRounded(fee), feeAsset: asset };
}

const Bill = type({
  billId: Id,
  instType: "string",
  instId: "string",
  type: "string",
  "subType?": MaybeText,
  ccy: "string > 0",
  "balChg?": MaybeMoney,
  "posBalChg?": MaybeMoney,
  "pnl?": MaybeMoney,
  "fee?": MaybeMoney,
  "sz?": MaybeMoney,
  "px?": MaybeMoney,
  ts: Milliseconds,
});
type Bill = typeof Bill.infer;
const Bills = type({ data: Bill.array() });

async function readBills(reading: Reading, window: Window): Promise<Execution[]> {
  const { account, state } = reading;
  const wanted = new Set(account.markets);
  if (!wanted.has("linear") && !wanted.has("inverse")) return [];
  const rows = await billsOf(reading, funding, window);
  if (state.notes.has(datedNote)) rows.push(...(await billsOf(reading, delivery, window)));
  const executions: Execution[] = [];
  for (const row of rows) {
    if (row.instType !== "SWAP" && row.instType !== "FUTURES") continue;
    const named = await namedOf(reading, { instType: row.instType, instId: row.instId });
    if (named === null || !wanted.has(named.market)) continue;
    const execution =
      row.type === funding ? fromFunding(named, row) : fromDelivery(named, row, state.notes.get(datedNote) === "hedge");
    if (execution !== null) executions.push(execution);
  }
  return executions;
}

async function billsOf({ client }: Reading, kind: string, { fromMs, toMs }: Window): Promise<Bill[]> {
  const recent = fromMs >= client.nowMs() - billsKeptMs;
  const span = { type: kind, begin: fromMs, end: toMs, limit: pageRows };
  return await pages((after) => client.get(recent ? endpoints.bills : endpoints.archive, { ...span, ...after }, Bills));
}

/** All that moved an account; `pnl` of a fill's bill is the fill's `fillPnl`, of funding it is the funding. */
async function readBooked(reading: Reading, wanted: ReadonlySet<Market>, { fromMs, toMs }: Window): Promise<Booked[]> {
  const { client, state } = reading;
  const booked: Booked[] = [];
  const kinds = state.notes.has(datedNote) ? (["SWAP", "FUTURES"] as const) : (["SWAP"] as const);
  for (const instType of kinds) {
    const span = { instType, begin: fromMs, end: toMs, limit: pageRows };
    const rows = await pages((after) => client.get(endpoints.archive, { ...span, ...after }, Bills));
    for (const { type: kind, instId, pnl } of rows) {
      if (kind === funding || !pnl) continue;
      const named = await namedOf(reading, { instType, instId });
      // Of a contract without a size no fill was taken either, and that was said.
      if (named?.info?.contractSize == null || !wanted.has(named.market)) continue;
      booked.push({ market: named.market, symbol: named.symbol, pnl: parseRounded(pnl) });
    }
  }
  return booked;
}

/** On an isolated position it moves the position's balance, not the account's; `pnl` has it either way. */
function fromFunding(named: Named, row: Bill): Execution {
  const amount = [row.pnl, row.balChg, row.posBalChg].find((text) => text && /[1-9]/.test(text)) ?? "0";
  return makeExecution(okx, named, row.billId, () => ({
    type: "funding",
    side: null,
    fee: -parseRounded(amount),
    feeAsset: row.ccy,
    executedAtMs: row.ts,
  }));
}

/** Closes what is open at the price of delivery. Where the fills have it, too, it has the same id. */
function fromDelivery(named: Named, row: Bill, isSided: boolean): Execution | null {
  if (row.subType !== "112" && row.subType !== "113") return null;
  if (!row.sz || !row.px) return null;
  const { sz, px } = row;
  return makeExecution(okx, named, row.billId, () => ({
    type: "settlement",
    side: row.subType === "112" ? "sell" : "buy",
    positionSide: isSided ? (row.subType === "112" ? "long" : "short") : null,
    quantity: parseDecimal(sz),
    price: parseDecimal(px),
    ...feeOf(row.fee, row.ccy),
    realizedPnl: row.pnl ? parseRounded(row.pnl) : null,
    executedAtMs: row.ts,
  }));
}

const Instruments = type({
  data: type({
    instType: "string",
    instId: "string > 0",
    baseCcy: "string",
    quoteCcy: "string",
    settleCcy: "string",
    ctVal: MaybeMoney,
    ctMult: MaybeMoney,
    ctType: "string",
    "expTime?": MaybeText,
    lotSz: MaybeMoney,
  }).array(),
});
type Instrument = (typeof Instruments.infer)["data"][number];

async function listMarkets(client: CcxtClient, market: Market): Promise<MarketSymbol[]> {
  if (market === "spot") {
    const { data } = await client.get(endpoints.instruments, { instType: "SPOT" }, Instruments);
    return data.map(({ instId, baseCcy, quoteCcy, lotSz }) =>
      listed({ symbol: instId, base: baseCcy, quote: quoteCcy, step: lotSz }),
    );
  }
  const contracts: Instrument[] = [];
  for (const instType of ["SWAP", "FUTURES"]) {
    contracts.push(...(await client.get(endpoints.instruments, { instType }, Instruments)).data);
  }
  return contracts.filter(({ ctType }) => ctType === market).map(toContract);
}

function toContract({ instId, settleCcy, ctVal, ctMult, expTime, lotSz }: Instrument): MarketSymbol {
  const [base = "", quote = ""] = instId.split("-");
  const size = ctVal === null ? null : fromProduct(multiply(parseDecimal(ctVal), parseDecimal(ctMult ?? "1")));
  return listed({
    symbol: instId,
    base,
    quote: quote.replace(/_UM$/, ""),
    settle: settleCcy,
    step: lotSz,
    contractSize: size === null ? null : formatDecimal(size),
    deliveryMs: Number(expTime ?? 0) || null,
  });
}

const Config = type({ data: type({ "perm?": "string" }).array() });

async function rights(client: CcxtClient) {
  const { data } = await client.get(endpoints.config, {}, Config);
  const rights = (data[0]?.perm ?? "read_only").split(",").map((right) => right.trim());
  return {
    canRead: rights.includes("read_only"),
    canTrade: rights.includes("trade"),
    canWithdraw: rights.includes("withdraw"),
  };
}

function judge({ code, message }: Refusal): Verdict | null {
  switch (code) {
    case "50001":
      return { kind: "transient", code: /maint|upgrad/i.test(message) ? "broker_maintenance" : "broker_unavailable" };
    case "50011":
    case "50061":
      return { kind: "limited", waitMs: 2_000 };
    case "50110":
      return ipNotAllowed;
    case "50119":
      return keyExpired;
    case "50120":
      return permissionMissing;
    default:
      return null;
  }
}

const Time = type({ data: [{ ts: Milliseconds }] });

function timeMs(answer: unknown): number | null {
  const time = Time(answer);
  return time instanceof type.errors ? null : time.data[0].ts;
}
