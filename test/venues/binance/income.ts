import { fixed } from "../amounts.ts";
import { dayMs } from "../clock.ts";
import type { VenueIncome } from "../ledger-rows.ts";
import { hash32 } from "../random.ts";
import { between, listByTime, page, shownAt } from "../shown.ts";
import { notValid, tooManyDays, tooOld } from "./errors.ts";
import { accountOf, type Call } from "./state.ts";

const weekMs = 7 * dayMs;

export interface IncomeRules {
  market: "linear" | "inverse";
  /** The longest window; null: as long as the retention. */
  windowDaysMax: number | null;
}

/**
 * `income`: the one list of futures that needs no symbol. 100 rows unless more are asked for, the last 7 days without times, 3 months back.
 * `tranId` is unique within its type only: a fill's PnL and its commission have the same one.
 */
export function incomeRows(call: Call, { market, windowDaysMax }: IncomeRules): unknown {
  const { parameters, state, nowMs } = call;
  const [symbol, incomeType] = [parameters.text("symbol"), parameters.text("incomeType")];
  const { startMs, endMs } = parameters.times();
  const limit = parameters.limit(100, 1_000, "refuse");
  const pageNumber = parameters.integer("page");
  if (pageNumber === 0) throw notValid("page");
  const until = endMs ?? nowMs;
  if (windowDaysMax !== null && startMs !== null && until - startMs > windowDaysMax * dayMs)
    throw tooManyDays(windowDaysMax);
  const keptMs = state.settings.retentionMs.income;
  const oldestMs = keptMs === null ? 0 : nowMs - keptMs;
  if (startMs !== null && keptMs !== null && startMs < oldestMs && state.settings.tooOld === "error")
    throw tooOld(keptMs / dayMs);
  const from = Math.max(startMs ?? until - weekMs, oldestMs);
  const list = listByTime(accountOf(call).ledger.income[market], (row) => hash32(`${row.incomeType}/${row.tranId}`));
  const ordered = shownAt(between(list, from, until), nowMs).filter(
    (row) => (symbol === null || row.symbol === symbol) && (incomeType === null || row.incomeType === incomeType),
  );
  if (pageNumber !== null) return ordered.slice((pageNumber - 1) * limit, pageNumber * limit).map(incomeRow);
  return page(ordered, limit, startMs === null ? "newest" : "oldest").map(incomeRow);
}

function incomeRow(row: VenueIncome): unknown {
  return {
    symbol: row.symbol,
    incomeType: row.incomeType,
    income: fixed(row.income, 8),
    asset: row.asset,
    time: row.timeMs,
    info: row.info === "" ? (row.tradeId === null ? "" : String(row.tradeId)) : row.info,
    tranId: row.tranId,
    tradeId: row.tradeId === null ? "" : String(row.tradeId),
  };
}
