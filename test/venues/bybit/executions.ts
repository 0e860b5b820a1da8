import { absolute, type Decimal, formatDecimal, minimum, parseDecimal } from "../../../src/executions/decimal.ts";
import type { VenueAccount } from "../account.ts";
import { dayMs } from "../clock.ts";
import type { VenueFill, VenueIncome } from "../ledger-rows.ts";
import { hash32, mix32 } from "../random.ts";
import { shownAt } from "../shown.ts";
import type { World } from "../world.ts";
import type { SymbolSpec } from "../world-symbols.ts";
import { BybitError, parametersWrong } from "./errors.ts";
import { type Category, execIdOf, sizeOf, specByName, symbolOf, uuidOf } from "./names.ts";

const windowMsMax = 7 * dayMs;

/** What an account's kind keeps: unified two years, classic half a year. */
export const retentionMs = { unified: 730 * dayMs, classic: 180 * dayMs } as const;

export interface ExecutionQuery {
  account: VenueAccount;
  world: World;
  nowMs: number;
  keptMs: number;
  parameters: ReadonlyMap<string, string>;
}

/**
 * `/v5/execution/list`: one category a call, newest first, 7 days a window and by default, 50 rows and at most 100, then by cursor. Rows of one
 * millisecond come in any order. Funding stands among the fills unless a type is asked for, and a cursor comes with the last page too.
 */
export function executionPage(query: ExecutionQuery): { category: string; list: unknown[]; nextPageCursor: string } {
  const { parameters } = query;
  const category = categoryOf(parameters);
  const limit = limitOf(parameters);
  const window = windowOf(query);
  const [symbol, type, orderId] = [parameters.get("symbol"), parameters.get("execType"), parameters.get("orderId")];
  if (symbol !== undefined && category !== "option" && specByName(query.world, category, symbol) === undefined) {
    throw new BybitError(10_001, "symbol invalid");
  }
  const rows = rowsOf(query, category)
    .filter((row) => row.timeMs >= window.startMs && row.timeMs <= window.endMs)
    .filter((row) => symbol === undefined || symbolOf(row.spec) === symbol)
    .filter((row) => (type === undefined || row.type === type) && (orderId === undefined || row.orderId === orderId))
    .sort((a, b) => b.timeMs - a.timeMs || mix32(a.order) - mix32(b.order));
  const start = startOf(rows, parameters.get("cursor"));
  const page = rows.slice(start, start + limit);
  const last = page.at(-1);
  return {
    category,
    list: page.map((row) => row.json()),
    nextPageCursor: last === undefined ? "" : encodeURIComponent(`${last.id}:${last.timeMs}`),
  };
}

const logTypes: Record<string, string> = {
  Trade: "TRADE",
  BustTrade: "LIQUIDATION",
  AdlTrade: "ADL",
  Delivery: "DELIVERY",
  Funding: "SETTLEMENT",
};

/** `/v5/account/transaction-log` of contracts: as the executions, 50 rows at most; what a fill made is its `cashFlow`, funding stands apart. */
export function transactionLog(query: ExecutionQuery): { list: unknown[]; nextPageCursor: string } {
  const { parameters } = query;
  const category = categoryOf(parameters);
  const limit = Math.min(50, Number(parameters.get("limit") ?? 20));
  const window = windowOf(query);
  const rows = rowsOf(query, category)
    .filter((row) => row.timeMs >= window.startMs && row.timeMs <= window.endMs)
    .sort((a, b) => b.timeMs - a.timeMs || mix32(a.order) - mix32(b.order));
  const start = startOf(rows, parameters.get("cursor"));
  const page = rows.slice(start, start + limit);
  const last = page.at(-1);
  const list = page.map((row) => {
    const json = row.json() as Record<string, string>;
    const isFunding = row.type === "Funding";
    return {
      id: `log_${row.id}`,
      symbol: json.symbol,
      category,
      side: json.side,
      transactionTime: json.execTime,
      type: logTypes[row.type],
      transSubType: "",
      qty: json.execQty,
      currency: row.spec.settle,
      tradePrice: json.execPrice,
      funding: isFunding ? formatDecimal(-parseDecimal(json.execFee ?? "0")) : "",
      fee: isFunding ? "0" : json.execFee,
      cashFlow: json.execPnl,
      tradeId: row.id,
      orderId: row.orderId,
    };
  });
  return { list, nextPageCursor: last === undefined ? "" : encodeURIComponent(`${last.id}:${last.timeMs}`) };
}

interface Row {
  spec: SymbolSpec;
  id: string;
  orderId: string;
  type: string;
  timeMs: number;
  order: number;
  json: () => unknown;
}

const types = { fill: "Trade", liquidation: "BustTrade", adl: "AdlTrade", settlement: "Delivery" } as const;

export function categoryOf(parameters: ReadonlyMap<string, string>): Category {
  const category = parameters.get("category");
  if (category === "spot" || category === "linear" || category === "inverse" || category === "option") return category;
  throw new BybitError(10_001, category === undefined ? "params error: category is required" : "Illegal category");
}

function limitOf(parameters: ReadonlyMap<string, string>): number {
  const limit = Number(parameters.get("limit") ?? 50);
  if (!Number.isInteger(limit) || limit < 1) throw parametersWrong("limit");
  return Math.min(limit, 100);
}

function windowOf({ parameters, nowMs, keptMs }: ExecutionQuery): { startMs: number; endMs: number } {
  const [start, end] = ["startTime", "endTime"].map((name) => {
    const text = parameters.get(name);
    if (text !== undefined && !/^\d{13}$/.test(text)) throw parametersWrong(name);
    return text === undefined ? null : Number(text);
  });
  const endMs = end ?? (start === null || start === undefined ? nowMs : start + windowMsMax);
  const startMs = start ?? endMs - windowMsMax;
  if (startMs > endMs) throw new BybitError(10_001, "startTime should be less than endTime");
  if (endMs - startMs > windowMsMax)
    throw new BybitError(10_001, "The time range between startTime and endTime cannot exceed 7 days");
  if (startMs < nowMs - keptMs) throw new BybitError(10_001, `Can't query order earlier than ${keptMs / dayMs} days`);
  return { startMs, endMs };
}

function startOf(rows: readonly Row[], cursor: string | undefined): number {
  if (cursor === undefined || cursor === "") return 0;
  // It is given out encoded, and sent back as it came or encoded once more.
  const [id, time] = decodeURIComponent(cursor).split(":");
  const index = rows.findIndex((row) => row.id === id && row.timeMs === Number(time));
  if (index < 0) throw new BybitError(10_001, "Invalid cursor");
  return index + 1;
}

function rowsOf(query: ExecutionQuery, category: Category): Row[] {
  if (category === "option") return [];
  const { account, world, nowMs } = query;
  const fills = world.of(category).flatMap((spec) => {
    const shown = shownAt(account.ledger.fillsOf(category, spec.symbol), nowMs);
    return withClosedSizes(account.ledger.fillsOf(category, spec.symbol), shown).map(({ fill, closed }) =>
      fillRow(spec, fill, closed),
    );
  });
  if (category === "spot") return fills;
  const funding = shownAt(account.ledger.income[category], nowMs).filter((row) => row.incomeType === "FUNDING_FEE");
  return [...fills, ...funding.flatMap((row) => fundingRow(world, row))];
}

/** Which part of each fill closed something: it is all that tells the sides of hedge mode apart here. */
function withClosedSizes(
  all: readonly VenueFill[],
  shown: readonly VenueFill[],
): { fill: VenueFill; closed: Decimal }[] {
  const held = new Map<string, Decimal>();
  const wanted = new Set(shown);
  const rows: { fill: VenueFill; closed: Decimal }[] = [];
  for (const fill of all) {
    const before = held.get(fill.positionSide) ?? 0n;
    const signed = fill.side === "BUY" ? fill.quantity : -fill.quantity;
    held.set(fill.positionSide, before + signed);
    const closing = fill.market !== "spot" && before !== 0n && before < 0n !== signed < 0n;
    const size = absolute(before);
    const closed = closing ? minimum(size, fill.quantity) : 0n;
    if (wanted.has(fill)) rows.push({ fill, closed });
  }
  return rows;
}

function fillRow(spec: SymbolSpec, fill: VenueFill, closed: Decimal): Row {
  const id = execIdOf(fill);
  const orderId = spec.market === "spot" ? String(fill.orderId) : uuidOf(`order/${fill.orderId}`);
  return { spec, id, orderId, type: types[fill.kind], timeMs: fill.timeMs, order: fill.id, json };

  function json(): unknown {
    return {
      symbol: symbolOf(spec),
      orderId,
      orderLinkId: "",
      side: fill.side === "BUY" ? "Buy" : "Sell",
      orderPrice: formatDecimal(fill.price),
      orderQty: formatDecimal(sizeOf(spec, fill.quantity)),
      leavesQty: "0",
      createType:
        fill.kind === "liquidation" ? "CreateByLiq" : fill.kind === "adl" ? "CreateByAdl_PassThrough" : "CreateByUser",
      orderType: fill.maker ? "Limit" : "Market",
      stopOrderType: "UNKNOWN",
      execFee: formatDecimal(fill.commission),
      execFeeV2: "",
      feeCurrency: spec.market === "spot" ? fill.commissionAsset : "",
      execId: id,
      execPrice: formatDecimal(fill.price),
      execQty: formatDecimal(sizeOf(spec, fill.quantity)),
      execType: types[fill.kind],
      execValue: formatDecimal(fill.value),
      execPnl: formatDecimal(fill.realizedPnl),
      execTime: String(fill.timeMs),
      isMaker: fill.maker,
      feeRate: "0.0005",
      tradeIv: "",
      markIv: "",
      markPrice: formatDecimal(fill.price),
      indexPrice: "",
      underlyingPrice: "",
      blockTradeId: "",
      closedSize: formatDecimal(sizeOf(spec, closed)),
      seq: 4_688_000_000 + fill.id,
    };
  }
}

/** A positive `execFee` was paid. */
function fundingRow(world: World, row: VenueIncome): Row[] {
  const spec = world.find(row.market, row.symbol);
  if (spec === undefined) return [];
  const id = uuidOf(`funding/${row.market}/${row.tranId}`);
  const json = (): unknown => ({
    symbol: symbolOf(spec),
    orderId: `${row.timeMs / 1_000}-${row.symbol}`,
    orderLinkId: "",
    side: row.income < 0n ? "Buy" : "Sell",
    orderPrice: "0",
    orderQty: "0",
    leavesQty: "0",
    orderType: "UNKNOWN",
    stopOrderType: "UNKNOWN",
    execFee: formatDecimal(-row.income),
    feeCurrency: "",
    execId: id,
    execPrice: formatDecimal(world.priceAt(spec, row.timeMs)),
    execQty: "1",
    execType: "Funding",
    execValue: "0",
    execPnl: "0",
    execTime: String(row.timeMs),
    isMaker: false,
    feeRate: "0.0001",
    closedSize: "0",
    seq: 0,
  });
  const order = hash32(id);
  return [{ spec, id, orderId: "", type: "Funding", timeMs: row.timeMs, order, json }];
}
