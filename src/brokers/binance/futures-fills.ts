import { parseDecimal } from "../../executions/decimal.ts";
import type { Execution, ExecutionType } from "../../executions/execution.ts";
import { compareExecutions } from "../../executions/identify.ts";
import type { SourcePage } from "../broker.ts";
import { failure } from "../broker-failure.ts";
import { isSettlement } from "./contracts.ts";
import type { FuturesState } from "./cursor.ts";
import { SymbolGone } from "./errors.ts";
import type { FuturesRoutes } from "./futures-routes.ts";
import { advance, compareIds, hasRead, newProgress, type Progress, resumeId } from "./progress.ts";
import { pagesMax, type Reading, rowsMax, toPage, warn } from "./reading.ts";
import { type FuturesTrade, FuturesTrades } from "./rows.ts";
import { fromFuturesTrade, type Named } from "./to-execution.ts";

/** The fills of one futures symbol, with its funding among them. */
export interface SymbolReading {
  reading: Reading;
  routes: FuturesRoutes;
  state: FuturesState;
  named: Named;
  /** What happened later is left for the next run. */
  endMs: number;
  /** Funding and fees, in order; handed out once. */
  charges: Execution[];
  /** Of an order that the venue placed. */
  typeOf: (row: FuturesTrade) => ExecutionType | undefined;
  /** Of a fill that the income list tells the fee of. */
  paidOf: (row: FuturesTrade) => boolean | undefined;
  /** New fills that the income list names; late ones lie below what was read. */
  newIds: ReadonlySet<string>;
  /** A pass that was interrupted: some of the new ones were read before that. */
  isResumed: boolean;
  /** From here on the income list is complete, and so can be compared with. */
  comparableSinceMs: number;
}

const firstId = "1";

/** Ids of fills first, since `fromId` needs no window; where the answer does not reach back to what the income list names, window by window. */
export async function* readContract(request: SymbolReading, readsFills: boolean): AsyncGenerator<SourcePage> {
  const { reading, state, named, endMs } = request;
  const charges = [...request.charges];
  if (readsFills) {
    const known = state.progress.get(named.symbol);
    const progress = known ?? newProgress();
    for await (const rows of pagesOf(request, progress, known)) {
      const fresh = takeUp(request, progress, rows);
      const last = rows.at(-1);
      const executions = toExecutions(request, fresh);
      executions.push(
        ...charges.splice(0, charges.findLastIndex(({ executedAtMs }) => executedAtMs <= (last?.time ?? 0)) + 1),
      );
      if (executions.length > 0) yield await toPage(reading, executions);
    }
  }
  const rest = charges.filter(({ executedAtMs }) => executedAtMs <= endMs);
  if (rest.length > 0) yield await toPage(reading, rest.sort(compareExecutions));
}

function takeUp(request: SymbolReading, progress: Progress, rows: FuturesTrade[]): FuturesTrade[] {
  const { reading, state, named, endMs, newIds, isResumed } = request;
  const isNew = (id: string) => !hasRead(progress, id) || (!isResumed && newIds.has(id));
  const fresh = rows.filter((row) => isNew(String(row.id)) && row.time >= (reading.importFromMs ?? 0));
  advance(
    progress,
    rows.map(({ id, time }) => ({ id: String(id), timeMs: time })),
    endMs,
  );
  if (rows.length > 0) state.progress.set(named.symbol, progress);
  if (rows.some(({ time }) => time < state.sinceMs)) state.before = "something";
  return fresh;
}

/** Ascending by id; what happened after `endMs` is not in them. */
async function* pagesOf(
  request: SymbolReading,
  progress: Progress,
  known: Progress | undefined,
): AsyncGenerator<FuturesTrade[]> {
  const { endMs, named, isResumed } = request;
  let fromId = known === undefined ? firstId : resumeId(progress);
  const least = isResumed || known === undefined ? null : leastOf(request);
  if (least !== null && compareIds(least, fromId) < 0) fromId = least;
  for (let page = 0; page < pagesMax; page++) {
    const rows = await ask(request, { fromId });
    if (rows === null) return;
    if (page === 0 && known === undefined && !reachesBack(request, rows)) {
      yield* byWindows(request);
      return;
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    if (compareIds(String(rows[0]?.id ?? fromId), fromId) < 0) {
      throw failure(
        "broker_answer",
        `Binance gave fills of ${named.symbol} below id ${fromId}, from which they were asked for.`,
      );
    }
    const shown = rows.filter(({ time }) => time <= endMs);
    yield shown;
    if (rows.length < rowsMax || shown.length < rows.length) return;
    fromId = String(BigInt(last.id) + 1n);
  }
}

/** Whether the first page begins early enough to have the fills that the income list names. */
function reachesBack(request: SymbolReading, rows: readonly FuturesTrade[]): boolean {
  const least = leastOf(request);
  const first = rows[0];
  return least === null || (first !== undefined && compareIds(String(first.id), least) <= 0);
}

function leastOf({ newIds }: SymbolReading): string | null {
  let least: string | null = null;
  for (const id of newIds) if (least === null || compareIds(id, least) < 0) least = id;
  return least;
}

/** From the beginning of what the list keeps. Within a window by id, which loses nothing where a page ends within a millisecond. */
async function* byWindows(request: SymbolReading): AsyncGenerator<FuturesTrade[]> {
  const { routes, endMs, reading } = request;
  const keptMs = (routes.tradesDays ?? 365) * 86_400_000;
  const beginMs = Math.max(endMs - keptMs, reading.importFromMs ?? 0);
  for (let fromMs = beginMs; fromMs <= endMs; fromMs += routes.tradesWindowMs + 1) {
    const rows = await ask(request, { startTime: fromMs, endTime: Math.min(endMs, fromMs + routes.tradesWindowMs) });
    if (rows === null) return;
    const first = rows[0];
    if (first === undefined) continue;
    let fromId = String(first.id);
    for (let page = 0; page < pagesMax; page++) {
      const more = (await ask(request, { fromId })) ?? [];
      const last = more.at(-1);
      if (last === undefined) return;
      yield more.filter(({ time }) => time <= endMs);
      if (more.length < rowsMax) return;
      fromId = String(BigInt(last.id) + 1n);
    }
  }
}

/** All that the list still has, also what was read before. */
export async function allFills(request: SymbolReading): Promise<FuturesTrade[]> {
  const fills: FuturesTrade[] = [];
  for await (const rows of pagesOf({ ...request, newIds: new Set() }, newProgress(), undefined)) fills.push(...rows);
  return fills;
}

type From = { fromId: string } | { startTime: number; endTime: number };

/** Ascending by id. Null: the venue has the symbol no longer. */
async function ask(
  { reading, routes, state, named, newIds }: SymbolReading,
  from: From,
): Promise<FuturesTrade[] | null> {
  const { symbol } = named;
  try {
    const rows = await reading.client.get(routes.trades, { symbol, ...from, limit: rowsMax }, FuturesTrades);
    return rows.sort((a, b) => compareIds(String(a.id), String(b.id)));
  } catch (error) {
    if (!(error instanceof SymbolGone)) throw error;
    const known = state.progress.get(symbol);
    if (known === undefined && newIds.size === 0) return null; // it was only a guess
    state.progress.set(symbol, { ...(known ?? newProgress()), gone: true });
    const message = `Binance does not answer for ${symbol} any more (${routes.market}): its history may be incomplete, a CSV export has it.`;
    warn(reading, `${routes.market}/${symbol}`, { code: "symbol_gone", message });
    return null;
  }
}

function toExecutions(request: SymbolReading, rows: readonly FuturesTrade[]): Execution[] {
  const { named, state, typeOf, comparableSinceMs } = request;
  for (const row of rows) learnSign(request, row);
  return rows.map((row) => {
    const type = typeOf(row) ?? (isSettlement(named, row.time) ? "settlement" : "fill");
    const costIsNegative = row.commission.startsWith("-") === isPaid(request, row);
    const execution = fromFuturesTrade(withSize(named, row), row, { type, costIsNegative });
    if (row.time >= comparableSinceMs) addPnl(state, named.symbol, -parseDecimal(row.realizedPnl));
    return execution;
  });
}

export function addPnl({ pnlGaps }: FuturesState, symbol: string, amount: bigint): void {
  const gap = (pnlGaps.get(symbol) ?? 0n) + amount;
  if (gap === 0n) pnlGaps.delete(symbol);
  else pnlGaps.set(symbol, gap);
}

/**
 * A fee that was paid is negative in the documentation's sample and positive in what clients recorded. The income list tells which fees were
 * paid, and takers always pay: either shows how the list of fills writes it, for fills of which nothing tells.
 */
function learnSign({ state, paidOf }: SymbolReading, row: FuturesTrade): void {
  if (!/[1-9]/.test(row.commission)) return;
  const paid = paidOf(row) ?? (row.maker ? undefined : true);
  if (paid === undefined) return;
  state.feeSign = row.commission.startsWith("-") === paid ? "negative" : "positive";
}

/** Only few makers get a rebate: where nothing tells, it was paid. */
function isPaid({ state, paidOf }: SymbolReading, row: FuturesTrade): boolean {
  const paid = paidOf(row) ?? (row.maker ? undefined : true);
  if (paid !== undefined || state.feeSign === "unknown") return paid ?? true;
  return row.commission.startsWith("-") === (state.feeSign === "negative");
}

/** A delivered contract without kin: what a contract was worth follows from the fill itself, and sizes are whole numbers. */
function withSize(named: Named, { qty, price, baseQty }: FuturesTrade): Named {
  if (
    named.market === "linear" ||
    named.info === undefined ||
    named.info.contractSize !== null ||
    baseQty === undefined
  )
    return named;
  const unit = 10n ** 18n;
  const size = (parseDecimal(baseQty) * parseDecimal(price)) / parseDecimal(qty);
  return { ...named, info: { ...named.info, contractSize: String((size + unit / 2n) / unit) } };
}
