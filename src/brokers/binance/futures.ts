import { formatDecimal } from "../../executions/decimal.ts";
import type { ExecutionType } from "../../executions/execution.ts";
import type { SourcePage } from "../broker.ts";
import type { MarketTable } from "../markets-cache.ts";
import { contractOf, formerDeliveries } from "./contracts.ts";
import type { FuturesState } from "./cursor.ts";
import { NoEndpoint } from "./errors.ts";
import { addPnl, readContract, type SymbolReading } from "./futures-fills.ts";
import type { FuturesRoutes } from "./futures-routes.ts";
import { type IncomeSummary, readIncome } from "./income.ts";
import { hourMs, latenessMs } from "./progress.ts";
import { dayMs, type Reading, sweepShare, toPage, warn } from "./reading.ts";
import { ForcedOrders, type FuturesTrade } from "./rows.ts";
import { settlementsOf } from "./settlement.ts";
import { inHalves, inWindows, type Window } from "./windows.ts";

/**
 * One futures market. Idle, it costs one request: the balances, which every fill with a fee and all funding move. Else the income list says which
 * symbols have something new, and these are read in a pass, symbol by symbol; a pass that is interrupted goes on where it was.
 */
export async function* readFutures(
  reading: Reading,
  routes: FuturesRoutes,
  state: FuturesState,
  table: MarketTable,
): AsyncGenerator<SourcePage> {
  const nowMs = Math.floor(reading.client.nowMs());
  const isDue = nowMs - state.fullReadMs >= dayMs;
  const isSettled = state.pass === null && state.ledger.unexplained().size === 0;
  // Where a balance waits for its entry, the list is what has to be asked.
  const moved = isDue || !isSettled || (await observe(reading, routes, state));
  if (moved) {
    const balancesMs = isSettled && !isDue ? nowMs : null;
    // One that was interrupted ends where it was to end, and the balances know what came after it: a second pass does, too.
    const wasInterrupted = state.pass !== null;
    let fresh = yield* readPass(reading, routes, state, table, nowMs);
    if (wasInterrupted) fresh = (yield* readPass(reading, routes, state, table, nowMs)) || fresh;
    if (balancesMs === null && (fresh || isDue)) await observe(reading, routes, state);
    // What the balance was before the first entry is not known; where entries are recent, more of them may be on their way.
    if (state.fullReadMs === 0 && state.recentIncome.length === 0) state.ledger.accept();
    if (isDue) state.fullReadMs = nowMs;
    state.ledger.settle(nowMs, hourMs);
  }
  if (state.before === "unknown" && state.ledger.unexplained().size === 0)
    state.before = state.ledger.gaps.size > 0 ? "something" : "nothing";
  yield* sweep(reading, routes, state, table, nowMs);
  note(reading, routes, state, nowMs);
  yield await toPage(reading, []);
}

/** True: something moved, or nobody can tell. */
async function observe({ client }: Reading, routes: FuturesRoutes, { ledger }: FuturesState): Promise<boolean> {
  try {
    ledger.observe(await routes.balances(client));
    return ledger.unexplained().size > 0;
  } catch (error) {
    if (!(error instanceof NoEndpoint)) throw error;
    return true;
  }
}

/** True: there was something new. */
async function* readPass(
  reading: Reading,
  routes: FuturesRoutes,
  state: FuturesState,
  table: MarketTable,
  nowMs: number,
): AsyncGenerator<SourcePage, boolean> {
  const isFirst = state.untilMs === 0;
  const isResumed = state.pass !== null;
  const earliestMs = Math.max(nowMs - routes.incomeDays * dayMs, reading.importFromMs ?? 0);
  state.pass ??= { fromMs: Math.max(earliestMs, state.untilMs - latenessMs), toMs: nowMs, done: "" };
  const { pass } = state;
  if (isFirst) state.sinceMs = Math.max(pass.fromMs, nowMs - routes.incomeDaysSure * dayMs);
  else if (!isResumed && earliestMs > state.untilMs) {
    // It was not read for so long that the list has lost what lies between.
    state.sinceMs = earliestMs;
    state.before = "something";
  }
  const span = { fromMs: pass.fromMs, toMs: pass.toMs };
  const namedOf = (symbol: string) => contractOf(table, symbol);
  const income = await readIncome(reading, routes, state, span, namedOf);
  const forced = income.hasClosed
    ? await readForced(reading, routes, forcedSpan(state, routes, isFirst, reading))
    : new Map();
  const symbols = [...new Set([...income.traded.keys(), ...income.charges.keys()])].sort();
  for (const symbol of symbols) {
    if (symbol <= pass.done || state.progress.get(symbol)?.gone === true) continue;
    const base = { reading, routes, state, named: namedOf(symbol), endMs: pass.toMs, isResumed };
    const request = requestOf(base, income, forced);
    yield* readContract(request, income.traded.has(symbol));
    yield* readSettlements(request, income);
    pass.done = symbol;
  }
  finish(reading, state, income);
  return income.newRows > 0;
}

/** Forced orders belong to fills, which the first time reach further back than the income list. */
function forcedSpan(
  { pass, untilMs }: FuturesState,
  routes: FuturesRoutes,
  isFirst: boolean,
  { importFromMs }: Reading,
): Window {
  const toMs = pass?.toMs ?? untilMs;
  const fromMs = isFirst
    ? Math.max(toMs - (routes.tradesDays ?? routes.incomeDays) * dayMs, importFromMs ?? 0)
    : (pass?.fromMs ?? 0);
  return { fromMs, toMs };
}

async function* readSettlements(request: SymbolReading, { settlements }: IncomeSummary): AsyncGenerator<SourcePage> {
  const { reading, state, named } = request;
  const rows = settlements.filter(({ symbol }) => symbol === named.symbol);
  const executions = await settlementsOf(request, rows);
  for (const { realizedPnl, executedAtMs } of executions) {
    if (realizedPnl !== null && executedAtMs >= state.sinceMs) addPnl(state, named.symbol, -realizedPnl);
  }
  if (executions.length > 0) yield await toPage(reading, executions);
}

type Forced = ReadonlyMap<string, ExecutionType>;

function requestOf(
  base: Pick<SymbolReading, "reading" | "routes" | "state" | "named" | "endMs"> & { isResumed: boolean },
  income: IncomeSummary,
  forced: Forced,
): SymbolReading {
  const { symbol } = base.named;
  return {
    ...base,
    charges: income.charges.get(symbol) ?? [],
    newIds: income.traded.get(symbol) ?? new Set(),
    comparableSinceMs: base.state.sinceMs,
    paidOf: (row: FuturesTrade) => income.paid.get(`${symbol}/${row.id}`),
    typeOf: (row: FuturesTrade) =>
      income.settled.has(`${symbol}/${row.id}`) ? "settlement" : forced.get(`${symbol}/${row.orderId}`),
  };
}

function finish(reading: Reading, state: FuturesState, income: IncomeSummary): void {
  for (const [asset, amount] of income.flows) state.ledger.add(asset, amount);
  for (const [symbol, amount] of income.realized) addPnl(state, symbol, amount);
  // What came into this wallet went out of spot, nearly always.
  for (const { asset, amount } of income.transfers) reading.state.spot?.ledger.add(asset, -amount);
  state.recentIncome = income.recent;
  state.untilMs = state.pass?.toMs ?? state.untilMs;
  state.pass = null;
}

const forcedRowsMax = 100;

/** Orders that the venue placed, by symbol and id. In the list of fills nothing tells them. */
async function readForced({ client }: Reading, routes: FuturesRoutes, span: Window): Promise<Forced> {
  const types = new Map<string, ExecutionType>();
  const read = async ({ fromMs, toMs }: Window) => {
    const times = { startTime: fromMs, endTime: toMs };
    return await client.get(routes.forced, { ...times, limit: forcedRowsMax }, ForcedOrders);
  };
  for (const { symbol, orderId, clientOrderId } of await inWindows(span, (window) =>
    inHalves(window, forcedRowsMax, read),
  )) {
    const type = /^adl_autoclose/i.test(clientOrderId)
      ? "adl"
      : /^settlement_/i.test(clientOrderId)
        ? "settlement"
        : "liquidation";
    types.set(`${symbol}/${orderId}`, type);
  }
  return types;
}

/** Symbols that the income list does not name, because they were traded before it begins. Once, with what the budget has to spare. */
async function* sweep(
  reading: Reading,
  routes: FuturesRoutes,
  state: FuturesState,
  table: MarketTable,
  endMs: number,
): AsyncGenerator<SourcePage> {
  const { client, importFromMs } = reading;
  const { weight, pool } = routes.trades;
  if (importFromMs !== null && importFromMs >= state.sinceMs) state.sweptTo = null;
  const names = new Set([...table.symbols.keys(), ...formerDeliveries(table, endMs, routes.tradesDays ?? 365)]);
  for (const symbol of [...names].sort()) {
    if (state.sweptTo === null) return;
    if (symbol <= state.sweptTo) continue;
    if (!state.progress.has(symbol)) {
      if (!client.tools.budget.hasSpare(weight, client.accountId, { share: sweepShare, pool })) return;
      yield* readFormer({ reading, routes, state, named: contractOf(table, symbol), endMs });
    }
    state.sweptTo = symbol;
  }
  state.sweptTo = null;
}

async function* readFormer(
  base: Pick<SymbolReading, "reading" | "routes" | "state" | "named" | "endMs">,
): AsyncGenerator<SourcePage> {
  const { reading, routes, state, endMs } = base;
  let forced: Forced | null = null;
  const request: SymbolReading = {
    ...base,
    charges: [],
    paidOf: () => undefined,
    newIds: new Set(),
    isResumed: false,
    comparableSinceMs: state.sinceMs,
    typeOf: (row) => forced?.get(`${base.named.symbol}/${row.orderId}`),
  };
  for await (const page of readContract(request, true)) {
    if (forced === null && page.executions.some(({ realizedPnl }) => realizedPnl !== null && realizedPnl !== 0n)) {
      const fromMs = Math.max(endMs - (routes.tradesDays ?? routes.incomeDays) * dayMs, reading.importFromMs ?? 0);
      forced = await readForced(reading, routes, { fromMs, toMs: endMs });
      for (const execution of page.executions) {
        const type = forced.get(`${execution.symbol}/${execution.orderId}`);
        if (type !== undefined) execution.type = type;
      }
    }
    yield page;
  }
}

/** What the account's owner should know of it, in every run. */
function note(reading: Reading, routes: FuturesRoutes, state: FuturesState, nowMs: number): void {
  const { market } = routes;
  const since = new Date(state.sinceMs).toISOString().slice(0, 10);
  if (state.sweptTo !== null) {
    const message = `Symbols of ${market} that were traded before ${since} are still being searched for.`;
    warn(reading, market, { code: "partial", message, sinceMs: state.sinceMs });
  } else if (state.before === "something" && (reading.importFromMs ?? 0) < state.sinceMs) {
    const message = `Binance lists funding and traded symbols of ${market} since ${since}; what is older may be missing.`;
    warn(reading, market, { code: "partial", message, sinceMs: state.sinceMs });
  }
  // Rows may still be on their way.
  if (state.ledger.unexplained().size > 0 || nowMs - state.untilMs < 0) return;
  const gaps = [...state.pnlGaps].slice(0, 10).map(([symbol, gap]) => `${symbol} ${formatDecimal(gap)}`);
  if (gaps.length === 0) return;
  const message = `Realised PnL of ${market} in the income list differs from that of the fills: ${gaps.join(", ")}.`;
  warn(reading, market, { code: "pnl_mismatch", message });
}
