import { type Decimal, parseDecimal } from "../../executions/decimal.ts";
import type { Execution } from "../../executions/execution.ts";
import type { FuturesState } from "./cursor.ts";
import type { FuturesRoutes } from "./futures-routes.ts";
import { latenessMs } from "./progress.ts";
import { pagesMax, type Reading, rowsMax } from "./reading.ts";
import { type Income, Incomes } from "./rows.ts";
import { fromIncome, type Named } from "./to-execution.ts";
import { inWindows, type Window } from "./windows.ts";

/**
 * The income list: the only one of futures that needs no symbol. It names the symbols that were traded, and holds funding. Rows come late as fills
 * do, so the last half hour is read again each time.
 */
export interface IncomeSummary {
  /** Rows that were not read before. */
  newRows: number;
  /** What moved each asset, all types. */
  flows: Map<string, Decimal>;
  /** Symbols with new fills, and the ids that are told. */
  traded: Map<string, Set<string>>;
  /** Funding and fees that stand alone, by symbol, in order. */
  charges: Map<string, Execution[]>;
  /** Fills with a fee, as `SYMBOL/id`; true: it was paid, false: it was a rebate. The list of fills writes either sign. */
  paid: Map<string, boolean>;
  /** Fills that settled a contract. */
  settled: Set<string>;
  /** Settlements without a fill. */
  settlements: Income[];
  /** By symbol, since the list is complete. */
  realized: Map<string, Decimal>;
  /** Something was closed: it may have been by force. */
  hasClosed: boolean;
  transfers: { asset: string; amount: Decimal }[];
  /** Marks of the rows that will be read again. */
  recent: string[];
}

/** Types that are no part of a position's result. */
const otherTypes = new Set([
  ...["TRANSFER", "WELCOME_BONUS", "REFERRAL_KICKBACK", "COMMISSION_REBATE", "API_REBATE", "CONTEST_REWARD"],
  ...[
    "CROSS_COLLATERAL_TRANSFER",
    "OPTIONS_PREMIUM_FEE",
    "OPTIONS_SETTLE_PROFIT",
    "INTERNAL_TRANSFER",
    "AUTO_EXCHANGE",
  ],
  ...["COIN_SWAP_DEPOSIT", "COIN_SWAP_WITHDRAW", "POSITION_LIMIT_INCREASE_FEE", "STRATEGY_UMFUTURES_TRANSFER"],
  ...["FEE_RETURN", "BFUSD_REWARD", "CROSS_MARGIN_TRANSFER", "STRATEGY_TRANSFER", "FUTURES_PRESENT"],
]);
const recentMax = 600;

/** `span`: from before the last reading on; what was read before is told apart by `state.recentIncome`. */
export async function readIncome(
  reading: Reading,
  routes: FuturesRoutes,
  state: FuturesState,
  span: Window,
  namedOf: (symbol: string) => Named,
): Promise<IncomeSummary> {
  const summary = emptySummary();
  const known = new Set(state.recentIncome);
  const seen = new Set<string>();
  await inWindows(span, async (window) => {
    for (let page = 1; page <= pagesMax; page++) {
      const times = { startTime: window.fromMs, endTime: window.toMs };
      const rows = await reading.client.get(routes.income, { ...times, page, limit: rowsMax }, Incomes);
      for (const row of rows) {
        const mark = markOf(row);
        // A row that came in between pages moves the others: some come twice.
        if (seen.has(mark)) continue;
        seen.add(mark);
        if (row.time > span.toMs - latenessMs) summary.recent.push(mark);
        if (!known.has(mark)) take(reading, summary, row, { namedOf, sinceMs: state.sinceMs });
      }
      if (rows.length < rowsMax) break;
    }
    return [];
  });
  summary.recent = summary.recent.slice(-recentMax);
  for (const charges of summary.charges.values()) charges.sort((a, b) => a.executedAtMs - b.executedAtMs);
  return summary;
}

function emptySummary(): IncomeSummary {
  return {
    newRows: 0,
    flows: new Map(),
    traded: new Map(),
    charges: new Map(),
    paid: new Map(),
    settled: new Set(),
    settlements: [],
    realized: new Map(),
    hasClosed: false,
    transfers: [],
    recent: [],
  };
}

const markDigits = 7;
const marks = 36n ** BigInt(markDigits);

/** `tranId` is unique within a type only. Short, since some hundreds of them are kept. */
function markOf({ incomeType, tranId, tradeId, asset }: Income): string {
  const hash = BigInt(Bun.hash(`${incomeType}/${tranId}/${tradeId ?? ""}/${asset}`)) % marks;
  return hash.toString(36).padStart(markDigits, "0");
}

interface Taking {
  namedOf: (symbol: string) => Named;
  sinceMs: number;
}

function take(reading: Reading, summary: IncomeSummary, row: Income, { namedOf, sinceMs }: Taking): void {
  const { incomeType, asset } = row;
  const symbol = row.symbol ?? "";
  const income = parseDecimal(row.income);
  summary.newRows++;
  add(summary.flows, asset, income);
  switch (incomeType) {
    case "COMMISSION":
      if (tradeIdOf(row) !== null) summary.paid.set(`${symbol}/${tradeIdOf(row)}`, income < 0n);
      noteTrade(summary, row, symbol);
      break;
    case "REALIZED_PNL":
      summary.hasClosed = true;
      if (row.time >= sinceMs) add(summary.realized, symbol, income);
      noteTrade(summary, row, symbol);
      break;
    case "DELIVERED_SETTELMENT":
      if (row.time >= sinceMs) add(summary.realized, symbol, income);
      if (tradeIdOf(row) === null) summary.settlements.push(row);
      else summary.settled.add(`${symbol}/${tradeIdOf(row)}`);
      noteTrade(summary, row, symbol);
      break;
    case "FUNDING_FEE":
      charge(summary, symbol, fromIncome(namedOf(symbol), row, "funding"));
      break;
    case "INSURANCE_CLEAR":
      summary.hasClosed = true;
      if (symbol !== "") charge(summary, symbol, fromIncome(namedOf(symbol), row, "fee"));
      break;
    case "TRANSFER":
      summary.transfers.push({ asset, amount: income });
      break;
    default:
      if (otherTypes.has(incomeType)) break;
      reading.client.tools.context.log.warning("income_type_unknown", { broker: "binance", type: incomeType, asset });
  }
}

function noteTrade({ traded }: IncomeSummary, row: Income, symbol: string): void {
  if (symbol === "") return;
  const ids = traded.get(symbol) ?? new Set();
  const id = tradeIdOf(row);
  if (id !== null) ids.add(id);
  traded.set(symbol, ids);
}

function tradeIdOf({ tradeId }: Income): string | null {
  return tradeId === undefined || tradeId === null || !/^\d+$/.test(String(tradeId)) ? null : String(tradeId);
}

function charge(summary: IncomeSummary, symbol: string, execution: Execution): void {
  const list = summary.charges.get(symbol);
  if (list === undefined) summary.charges.set(symbol, [execution]);
  else list.push(execution);
}

function add(sums: Map<string, Decimal>, key: string, amount: Decimal): void {
  sums.set(key, (sums.get(key) ?? 0n) + amount);
}
