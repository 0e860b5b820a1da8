import { formatDecimal } from "../../../src/executions/decimal.ts";
import { fixed } from "../amounts.ts";
import { dayMs } from "../clock.ts";
import type { VenueMovement } from "../ledger-rows.ts";
import { shownAt } from "../shown.ts";
import { BinanceError, missing, movementsTooLong, notValid } from "./errors.ts";
import { accountOf, type Call } from "./state.ts";

const movementWindowMs = 90 * dayMs;
const convertWindowMs = 30 * dayMs;
const dustRecordsMax = 100;

/** Newest first, 90 days a window and by default; a start alone reaches until now. */
function movements(call: Call, kind: "deposit" | "withdrawal"): VenueMovement[] {
  const { parameters, nowMs } = call;
  const [coin, status] = [parameters.text("coin"), parameters.integer("status")];
  const offset = parameters.integer("offset") ?? 0;
  const limit = parameters.limit(1_000, 1_000, "refuse");
  const { startMs, endMs } = parameters.times();
  const until = endMs ?? nowMs;
  const from = startMs ?? until - movementWindowMs;
  if (until - from > movementWindowMs) throw movementsTooLong();
  return shownAt(accountOf(call).ledger.movements, nowMs)
    .filter((row) => row.kind === kind && row.timeMs >= from && row.timeMs <= until)
    .filter((row) => (coin === null || row.asset === coin) && (status === null || row.status === status))
    .sort((a, b) => b.timeMs - a.timeMs)
    .slice(offset, offset + limit);
}

/** `/sapi/v1/capital/deposit/hisrec`: times in milliseconds. */
export function deposits(call: Call): unknown {
  return movements(call, "deposit").map((row) => ({
    id: row.id,
    amount: formatDecimal(row.amount),
    coin: row.asset,
    network: row.network,
    status: row.status,
    address: `0x${row.txId.slice(2, 42)}`,
    addressTag: "",
    txId: row.txId,
    insertTime: row.timeMs,
    completeTime: row.timeMs,
    transferType: 0,
    confirmTimes: "12/12",
    unlockConfirm: 12,
    walletType: 0,
  }));
}

/** `/sapi/v1/capital/withdraw/history`: times as text, in UTC, to the second. */
export function withdrawals(call: Call): unknown {
  return movements(call, "withdrawal").map((row) => ({
    id: row.id,
    amount: formatDecimal(row.amount),
    transactionFee: formatDecimal(row.fee),
    coin: row.asset,
    status: row.status,
    address: `0x${row.txId.slice(2, 42)}`,
    txId: row.txId,
    applyTime: utcText(row.timeMs),
    network: row.network,
    transferType: 0,
    info: "",
    confirmNo: 3,
    walletType: 0,
    txKey: "",
    completeTime: utcText(row.timeMs + 60_000),
  }));
}

function utcText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}

/** `/sapi/v1/convert/tradeFlow`: more than 30 days is no error but an empty list. */
export function conversions(call: Call): unknown {
  const { parameters, nowMs } = call;
  const startTime = parameters.requiredInteger("startTime");
  const endTime = parameters.requiredInteger("endTime");
  const limit = parameters.limit(100, 1_000, "refuse");
  const tooLong = endTime - startTime > convertWindowMs;
  const rows = shownAt(accountOf(call).ledger.conversions, nowMs)
    .filter((row) => !tooLong && row.timeMs >= startTime && row.timeMs <= endTime)
    .sort((a, b) => a.timeMs - b.timeMs);
  const list = rows.slice(0, limit).map((row) => ({
    quoteId: row.quoteId,
    orderId: row.orderId,
    orderStatus: row.status,
    fromAsset: row.fromAsset,
    fromAmount: formatDecimal(row.fromAmount),
    toAsset: row.toAsset,
    toAmount: formatDecimal(row.toAmount),
    ratio: ratio(row.toAmount, row.fromAmount),
    inverseRatio: ratio(row.fromAmount, row.toAmount),
    createTime: row.timeMs,
  }));
  return { list, startTime, endTime, limit, moreData: rows.length > limit };
}

function ratio(a: bigint, b: bigint): string {
  return b === 0n ? "0" : formatDecimal(((a * 10n ** 8n) / b) * 10n ** 10n);
}

/** `/sapi/v1/asset/dribblet`: the last 100 conversions, newest first; the ids of the outside and the inside differ, as they do on the venue. */
export function dust(call: Call): unknown {
  const { parameters, nowMs } = call;
  parameters.text("accountType");
  const { startMs, endMs } = parameters.times();
  const rows = shownAt(accountOf(call).ledger.dust, nowMs)
    .filter((row) => (startMs === null || row.timeMs >= startMs) && (endMs === null || row.timeMs <= endMs))
    .sort((a, b) => b.timeMs - a.timeMs)
    .slice(0, dustRecordsMax);
  return {
    total: rows.length,
    userAssetDribblets: rows.map((row) => ({
      operateTime: row.timeMs,
      totalTransferedAmount: fixed(total(row.details.map((detail) => detail.transferred)), 8),
      totalServiceChargeAmount: fixed(total(row.details.map((detail) => detail.charge)), 8),
      transId: row.transId,
      userAssetDribbletDetails: row.details.map((detail) => ({
        transId: row.transId,
        serviceChargeAmount: fixed(detail.charge, 8),
        amount: formatDecimal(detail.amount),
        operateTime: row.timeMs,
        transferedAmount: fixed(detail.transferred, 8),
        fromAsset: detail.fromAsset,
      })),
    })),
  };
}

function total(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}

/** `/sapi/v1/asset/assetDividend`: newest first, 20 unless more are asked for. */
export function dividends(call: Call): unknown {
  const { parameters, nowMs } = call;
  const asset = parameters.text("asset");
  const limit = parameters.limit(20, 500, "refuse");
  const { startMs, endMs } = parameters.times();
  if (startMs !== null && (endMs ?? nowMs) - startMs > 180 * dayMs) {
    throw new BinanceError(400, -6021, "Query time range too large");
  }
  const rows = shownAt(accountOf(call).ledger.dividends, nowMs)
    .filter((row) => (startMs === null || row.timeMs >= startMs) && (endMs === null || row.timeMs <= endMs))
    .filter((row) => asset === null || row.asset === asset)
    .sort((a, b) => b.timeMs - a.timeMs);
  return {
    rows: rows.slice(0, limit).map((row) => ({
      id: row.id,
      amount: fixed(row.amount, 8),
      asset: row.asset,
      divTime: row.timeMs,
      enInfo: row.info,
      tranId: row.tranId,
    })),
    total: rows.length,
  };
}

const walletNames = {
  MAIN: "spot",
  UMFUTURE: "linear",
  CMFUTURE: "inverse",
  MARGIN: "margin",
  FUNDING: "funding",
} as const;

/** `/sapi/v1/asset/transfer`: of one direction, newest first, 10 a page. */
export function transfers(call: Call): unknown {
  const { parameters, nowMs } = call;
  const type = parameters.required("type");
  const [from, to] = type.split("_").map((name) => Object.entries(walletNames).find(([known]) => known === name)?.[1]);
  if (from === undefined || to === undefined) throw notValid("type");
  const size = parameters.integer("size") ?? 10;
  const current = parameters.integer("current") ?? 1;
  if (size < 1 || size > 100 || current < 1) throw notValid(size < 1 || size > 100 ? "size" : "current");
  const { startMs, endMs } = parameters.times();
  const rows = shownAt(accountOf(call).ledger.transfers, nowMs)
    .filter((row) => row.from === from && row.to === to)
    .filter((row) => row.timeMs >= (startMs ?? nowMs - 7 * dayMs) && row.timeMs <= (endMs ?? nowMs))
    .sort((a, b) => b.timeMs - a.timeMs);
  return {
    total: rows.length,
    rows: rows.slice((current - 1) * size, current * size).map((row) => ({
      asset: row.asset,
      amount: formatDecimal(row.amount),
      type,
      status: "CONFIRMED",
      tranId: row.tranId,
      timestamp: row.timeMs,
    })),
  };
}

/** `/sapi/v1/capital/config/getall`: all coins, those with digits for a name too. */
export function coins(call: Call): unknown {
  const balances = accountOf(call).ledger.balancesAt("spot", call.nowMs);
  const assets = new Set([
    ...call.state.world.of("spot").flatMap((spec) => [spec.base, spec.quote]),
    ...balances.keys(),
  ]);
  return [...assets].map((coin) => ({
    coin,
    depositAllEnable: true,
    free: formatDecimal(balances.get(coin) ?? 0n),
    freeze: "0",
    ipoable: "0",
    ipoing: "0",
    isLegalMoney: false,
    locked: "0",
    name: coin,
    networkList: [],
    storage: "0",
    trading: true,
    withdrawAllEnable: true,
    withdrawing: "0",
  }));
}

/** `/sapi/v1/fiat/orders` and `payments`: `beginTime`, not `startTime`; without rows there is no `data` at all. */
export function fiat(call: Call): unknown {
  const { parameters } = call;
  const type = parameters.required("transactionType");
  if (type !== "0" && type !== "1") throw missing("transactionType");
  for (const name of ["beginTime", "endTime", "page", "rows"]) parameters.integer(name);
  return { code: "000000", message: "success", total: 0, success: true };
}

/** Simple Earn's lists: 30 days a window. */
export function earnRewards(call: Call): unknown {
  const { startMs, endMs } = call.parameters.times();
  if (startMs !== null && (endMs ?? call.nowMs) - startMs > 30 * dayMs) {
    throw new BinanceError(400, -6021, "Query time range too large");
  }
  return { rows: [], total: 0 };
}
