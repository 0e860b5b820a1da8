import { type Decimal, formatDecimal } from "../../../src/executions/decimal.ts";
import type { VenueAccount } from "../account.ts";
import { dayMs } from "../clock.ts";
import type { VenueFill, VenueIncome } from "../ledger-rows.ts";
import { shownAt } from "../shown.ts";
import type { World } from "../world.ts";
import type { SymbolSpec } from "../world-symbols.ts";
import { OkxError, parameterEmpty, parameterWrong } from "./errors.ts";
import { type InstrumentType, instrumentOf, marketsOf, sizeOf, typeOf } from "./names.ts";

const rowsMax = 100;

export interface ListQuery {
  account: VenueAccount;
  world: World;
  nowMs: number;
  parameters: ReadonlyMap<string, string>;
}

interface Row {
  /** Grows with time within the account. */
  billId: bigint;
  timeMs: number;
  type: InstrumentType;
  instrument: string;
  orderId: string;
  json: () => unknown;
  /** Of a fill: what it is in the list of bills. */
  bill?: { type: string };
}

/** `trade/fills` (3 days, any type) and `trade/fills-history` (3 months, one type). */
export function fillPage(query: ListQuery, list: "fills" | "fills-history"): unknown[] {
  const { parameters, nowMs, world } = query;
  const type = instrumentType(parameters.get("instType"));
  if (list === "fills-history" && type === null) throw parameterEmpty("instType");
  const instrument = parameters.get("instId");
  if (instrument !== undefined && !world.symbols.some((spec) => instrumentOf(spec) === instrument)) {
    throw new OkxError(200, 51_001, "Instrument ID does not exist");
  }
  const keptMs = (list === "fills" ? 3 : 92) * dayMs;
  const orderId = parameters.get("ordId");
  const rows = fillRows(query).filter(
    (row) =>
      row.timeMs >= nowMs - keptMs &&
      (type === null || row.type === type) &&
      (instrument === undefined || row.instrument === instrument) &&
      (orderId === undefined || row.orderId === orderId),
  );
  return page(rows, parameters);
}

/** `account/bills` (7 days) and `account/bills-archive` (3 months): here funding (8), transfers (1), and what contracts' fills made. */
export function billPage(query: ListQuery, list: "bills" | "bills-archive"): unknown[] {
  const { account, world, nowMs, parameters } = query;
  const keptMs = (list === "bills" ? 7 : 92) * dayMs;
  const type = parameters.get("type");
  const instType = instrumentType(parameters.get("instType"));
  const rows = [...account.ledger.income.linear, ...account.ledger.income.inverse].flatMap((income) => {
    const spec = world.find(income.market, income.symbol);
    const kind = income.incomeType === "FUNDING_FEE" ? "8" : income.incomeType === "TRANSFER" ? "1" : null;
    if (kind === null || (type !== undefined && type !== kind)) return [];
    if (instType !== null && (spec === undefined || typeOf(spec) !== instType)) return [];
    return shownAt([income], nowMs)
      .filter((row) => row.timeMs >= nowMs - keptMs)
      .map((row) => billRow(row, spec, kind));
  });
  const fills = fillRows(query).filter(
    (row) =>
      row.type === "SWAP" &&
      row.timeMs >= nowMs - keptMs &&
      (type === undefined || type === row.bill?.type) &&
      (instType === null || instType === row.type),
  );
  return page([...rows, ...fills.map((row) => ({ ...row, json: () => row.bill }))], parameters);
}

/**
 * Newest first, 100 rows at most. `after` goes on to older rows. `before` asks for newer ones, and gives the newest of all: whoever pages forward
 * with it jumps over what lies between.
 */
function page(rows: readonly Row[], parameters: ReadonlyMap<string, string>): unknown[] {
  const limit = Number(parameters.get("limit") ?? rowsMax);
  if (!Number.isInteger(limit) || limit < 1) throw parameterWrong("limit");
  const number = (name: string): bigint | null => {
    const text = parameters.get(name);
    if (text === undefined || text === "") return null;
    if (!/^\d{1,20}$/.test(text)) throw parameterWrong(name);
    return BigInt(text);
  };
  const [after, before, begin, end] = [number("after"), number("before"), number("begin"), number("end")];
  return rows
    .filter((row) => (after === null || row.billId < after) && (before === null || row.billId > before))
    .filter((row) => (begin === null || BigInt(row.timeMs) >= begin) && (end === null || BigInt(row.timeMs) <= end))
    .sort((a, b) => (a.billId < b.billId ? 1 : -1))
    .slice(0, Math.min(limit, rowsMax))
    .map((row) => row.json());
}

function instrumentType(text: string | undefined): InstrumentType | null {
  if (text === undefined || text === "") return null;
  const found = (["SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION"] as const).find((type) => type === text);
  if (found === undefined) throw parameterWrong("instType");
  return found;
}

function fillRows({ account, world, nowMs }: ListQuery): Row[] {
  const markets = new Set((["SPOT", "SWAP"] as const).flatMap(marketsOf));
  return world.symbols.flatMap((spec) => {
    if (!markets.has(spec.market)) return [];
    const fills = account.ledger.fillsOf(spec.market, spec.symbol);
    return shownAt(fills, nowMs).map((fill) => fillRow(fill, spec));
  });
}

/** The time, then the symbol and the fill's number: above 2^53, and in the order of time. */
function billIdOf(timeMs: number, text: string): bigint {
  const digest = new Bun.CryptoHasher("sha256").update(text).digest();
  return BigInt(timeMs) * 1_000_000n + (digest.readBigUInt64BE() % 1_000_000n);
}

function fillRow(fill: VenueFill, spec: SymbolSpec): Row {
  const billId = billIdOf(fill.timeMs, `${fill.market}/${fill.symbol}/${fill.id}`);
  const row = {
    billId,
    timeMs: fill.timeMs,
    type: typeOf(spec),
    instrument: instrumentOf(spec),
    orderId: String(fill.orderId),
  };
  const json = (): unknown => ({
    instType: row.type,
    instId: row.instrument,
    tradeId: String(fill.id),
    ordId: row.orderId,
    clOrdId: "",
    billId: String(billId),
    subType: subTypeOf(fill),
    tag: "",
    fillPx: formatDecimal(fill.price),
    fillSz: formatDecimal(sizeOf(spec, fill.quantity)),
    fillPnl: formatDecimal(fill.realizedPnl),
    fillTime: String(fill.timeMs),
    side: fill.side.toLowerCase(),
    posSide: spec.market === "spot" || fill.positionSide === "BOTH" ? "net" : fill.positionSide.toLowerCase(),
    execType: fill.maker ? "M" : "T",
    feeCcy: fill.commissionAsset,
    // Negative: paid.
    fee: formatDecimal(-fill.commission),
    ts: String(fill.timeMs),
  });
  const kinds = { fill: "2", liquidation: "5", adl: "9", settlement: "3" } as const;
  const bill = {
    billId: String(billId),
    instType: row.type,
    instId: row.instrument,
    type: kinds[fill.kind],
    subType: subTypeOf(fill),
    ccy: spec.settle ?? spec.quote,
    balChg: formatDecimal(fill.realizedPnl - fill.commission),
    pnl: formatDecimal(fill.realizedPnl),
    fee: formatDecimal(-fill.commission),
    sz: formatDecimal(sizeOf(spec, fill.quantity)),
    px: formatDecimal(fill.price),
    ordId: row.orderId,
    ts: String(fill.timeMs),
  };
  return { ...row, json, bill };
}

/** Liquidation, ADL and delivery are told apart by this alone; the odd one of each pair closes the other side. */
function subTypeOf(fill: VenueFill): string {
  const sold = fill.side === "SELL";
  if (fill.kind === "liquidation") return sold ? "104" : "105";
  if (fill.kind === "adl") return sold ? "125" : "126";
  if (fill.kind === "settlement") return sold ? "112" : "113";
  if (fill.positionSide === "LONG") return sold ? "5" : "3";
  if (fill.positionSide === "SHORT") return sold ? "4" : "6";
  return sold ? "2" : "1";
}

function billRow(income: VenueIncome, spec: SymbolSpec | undefined, kind: "1" | "8"): Row {
  const billId = billIdOf(income.timeMs, `${income.incomeType}/${income.tranId}`);
  const paid = income.income < 0n;
  const change: Decimal = income.income;
  const row = {
    billId,
    timeMs: income.timeMs,
    type: spec === undefined ? ("SPOT" as const) : typeOf(spec),
    instrument: spec === undefined ? "" : instrumentOf(spec),
    orderId: "",
  };
  const json = (): unknown => ({
    billId: String(billId),
    instType: spec === undefined ? "" : row.type,
    instId: row.instrument,
    type: kind,
    subType: kind === "8" ? (paid ? "173" : "174") : paid ? "12" : "11",
    ccy: income.asset,
    balChg: formatDecimal(change),
    pnl: kind === "8" ? formatDecimal(change) : "0",
    fee: "0",
    sz: "0",
    ordId: "",
    ts: String(income.timeMs),
  });
  return { ...row, json };
}
