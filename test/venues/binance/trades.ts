import { formatDecimal } from "../../../src/executions/decimal.ts";
import { fixed } from "../amounts.ts";
import { dayMs } from "../clock.ts";
import type { FillMarket, VenueFill } from "../ledger-rows.ts";
import { byTime, page, shownAt } from "../shown.ts";
import type { SymbolSpec } from "../world-symbols.ts";
import { badCombination, missing, notValid, tooManyDays, tooManyHours, tooOld } from "./errors.ts";
import { accountOf, type Call, specOf } from "./state.ts";

const weekMs = 7 * dayMs;

/** `symbol` is a parameter of all of these. */
const spotCombinations = new Set([
  "",
  "orderId",
  "startTime",
  "endTime",
  "fromId",
  "startTime+endTime",
  "orderId+fromId",
]);

/** `/api/v3/myTrades`: 24 hours a window, the most recent 500 without one, and no list of symbols anywhere. */
export function spotTrades(call: Call, market: "spot" | "margin" = "spot"): unknown {
  const { parameters } = call;
  const spec = specOf(call, market, parameters.required("symbol"));
  const given = ["orderId", "startTime", "endTime", "fromId"].filter((name) => parameters.has(name)).join("+");
  const { startMs, endMs } = parameters.times();
  const limit = parameters.limit(500, 1_000, "cut");
  const [orderId, fromId] = [parameters.text("orderId"), parameters.integer("fromId")];
  if (!spotCombinations.has(given)) throw badCombination();
  if (startMs !== null && endMs !== null && endMs - startMs > dayMs) throw tooManyHours(24);
  const isolated = market === "margin" && parameters.text("isIsolated")?.toUpperCase() === "TRUE";
  const all = shown(call, market, spec).filter((fill) => fill.isolated === isolated);
  const ofOrder = orderId === null ? all : all.filter((fill) => String(fill.orderId) === orderId);
  const rows = select(call, ofOrder, { fromId, startMs, endMs, limit });
  return rows.map((fill) => spotRow(fill, spec));
}

/** `/fapi/v1/userTrades`: one symbol, 7 days a window and by default, `fromId` never with times, 6 months back. */
export function linearTrades(call: Call, windowMs = weekMs): unknown {
  const { parameters, state, nowMs } = call;
  const spec = specOf(call, "linear", parameters.required("symbol"));
  const { startMs, endMs } = parameters.times();
  const limit = parameters.limit(500, 1_000, "refuse");
  const [orderId, fromId] = [parameters.text("orderId"), parameters.integer("fromId")];
  if (fromId !== null && (startMs !== null || endMs !== null)) throw badCombination();
  if (startMs !== null && endMs !== null && endMs - startMs > windowMs) {
    throw windowMs === weekMs ? tooManyDays(7) : tooManyHours(24);
  }
  const keptMs = state.settings.retentionMs.linearTrades;
  const oldestMs = keptMs === null ? 0 : nowMs - keptMs;
  if (startMs !== null && keptMs !== null && startMs < oldestMs && state.settings.tooOld === "error")
    throw tooOld(keptMs / dayMs);
  const rows = shown(call, "linear", spec).filter((fill) => fill.timeMs >= oldestMs);
  const ofOrder = orderId === null ? rows : rows.filter((fill) => String(fill.orderId) === orderId);
  const window = fromId === null ? futuresWindow(startMs, endMs, windowMs, nowMs) : { startMs: null, endMs: null };
  return select(call, ofOrder, { fromId, ...window, limit }).map((fill) => linearRow(call, fill, spec));
}

/** `/dapi/v1/userTrades`: a symbol or a pair, 50 rows unless more are asked for. */
export function inverseTrades(call: Call): unknown {
  const { parameters, nowMs, state } = call;
  const [symbol, pair] = [parameters.text("symbol"), parameters.text("pair")];
  const { startMs, endMs } = parameters.times();
  const limit = parameters.limit(50, 1_000, "refuse");
  const [orderId, fromId] = [parameters.text("orderId"), parameters.integer("fromId")];
  if (symbol === null && pair === null) throw missing("symbol");
  if (symbol !== null && pair !== null) throw badCombination();
  if (pair !== null && fromId !== null) throw badCombination();
  if (fromId !== null && (startMs !== null || endMs !== null)) throw badCombination();
  if (startMs !== null && endMs !== null && endMs - startMs > weekMs) throw tooManyDays(7);
  const specs =
    symbol !== null
      ? [specOf(call, "inverse", symbol)]
      : state.world.of("inverse").filter((spec) => spec.pair === pair);
  if (specs.length === 0) throw notValid("pair");
  const rows = specs.flatMap((spec) => shown(call, "inverse", spec));
  const ofOrder = orderId === null ? rows : rows.filter((fill) => String(fill.orderId) === orderId);
  const window = fromId === null ? futuresWindow(startMs, endMs, weekMs, nowMs) : { startMs: null, endMs: null };
  return select(call, ofOrder, { fromId, ...window, limit }).map((fill) => inverseRow(call, fill));
}

function shown(call: Call, market: FillMarket, spec: SymbolSpec): VenueFill[] {
  return shownAt(accountOf(call).ledger.fillsOf(market, spec.symbol), call.nowMs);
}

/** Futures never look at more than the window: one end alone is completed to it, no end means the last of it. */
function futuresWindow(startMs: number | null, endMs: number | null, windowMs: number, nowMs: number) {
  if (startMs !== null) return { startMs, endMs: endMs ?? startMs + windowMs };
  // Without a start the newest rows are wanted, and the window's start is only a bound.
  return { startMs: null, endMs: endMs ?? nowMs, sinceMs: (endMs ?? nowMs) - windowMs };
}

interface Selection {
  fromId: number | null;
  startMs: number | null;
  endMs: number | null;
  sinceMs?: number;
  limit: number;
}

function select(
  call: Call,
  fills: readonly VenueFill[],
  { fromId, startMs, endMs, sinceMs = 0, limit }: Selection,
): VenueFill[] {
  const ordered = (rows: readonly VenueFill[]): VenueFill[] =>
    call.state.settings.sameMillisecond === "by-id" ? [...rows].sort(bySequence) : byTime(rows, (fill) => fill.id);
  if (fromId !== null) {
    const rows = fills.filter((fill) => fill.id >= fromId).sort((a, b) => a.id - b.id);
    return ordered(page(rows, limit, "oldest"));
  }
  const from = startMs ?? sinceMs;
  const rows = ordered(fills.filter((fill) => fill.timeMs >= from && (endMs === null || fill.timeMs <= endMs)));
  return page(rows, limit, startMs === null ? "newest" : "oldest");
}

function bySequence(a: VenueFill, b: VenueFill): number {
  return a.timeMs - b.timeMs || a.id - b.id;
}

function spotRow(fill: VenueFill, spec: SymbolSpec): unknown {
  return {
    symbol: spec.symbol,
    id: fill.id,
    orderId: fill.orderId,
    ...(fill.market === "spot" && { orderListId: -1 }),
    price: fixed(fill.price, 8),
    qty: fixed(fill.quantity, 8),
    ...(fill.market === "spot" && { quoteQty: fixed(fill.value, 8) }),
    commission: fixed(fill.commission, 8),
    commissionAsset: fill.commissionAsset,
    time: fill.timeMs,
    isBuyer: fill.side === "BUY",
    isMaker: fill.maker,
    isBestMatch: true,
    ...(fill.market === "margin" && { isIsolated: fill.isolated }),
  };
}

function futuresRow(fill: VenueFill, marginAsset: string) {
  return {
    symbol: fill.symbol,
    id: fill.id,
    orderId: fill.orderId,
    side: fill.side,
    price: formatDecimal(fill.price),
    realizedPnl: fill.realizedPnl === 0n ? "0" : fixed(fill.realizedPnl, 8),
    marginAsset,
    commissionAsset: fill.commissionAsset,
    time: fill.timeMs,
    positionSide: fill.positionSide,
    buyer: fill.side === "BUY",
    maker: fill.maker,
  };
}

function linearRow({ state }: Call, fill: VenueFill, spec: SymbolSpec): unknown {
  const commission = state.settings.linearCommissionSign === "negative" ? -fill.commission : fill.commission;
  return {
    ...futuresRow(fill, spec.settle),
    qty: fixed(fill.quantity, spec.quantityDigits),
    quoteQty: fixed(fill.value, spec.priceDigits + spec.quantityDigits),
    commission: fixed(commission, 8),
  };
}

function inverseRow(call: Call, fill: VenueFill): unknown {
  const spec = specOf(call, "inverse", fill.symbol);
  return {
    ...futuresRow(fill, spec.settle),
    pair: spec.pair,
    qty: fixed(fill.quantity, 0),
    baseQty: fixed(fill.value, 8),
    commission: fixed(fill.commission, 8),
  };
}
