import type { Type } from "arktype";
import { parseDecimal } from "../../executions/decimal.ts";
import type { Execution } from "../../executions/execution.ts";
import type { SourcePage } from "../broker.ts";
import { failure } from "../broker-failure.ts";
import type { MarketTable } from "../markets-cache.ts";
import type { Parameters } from "./client.ts";
import type { CoinState, MovementKind } from "./cursor.ts";
import { type Endpoint, endpoints } from "./endpoints.ts";
import { NoEndpoint } from "./errors.ts";
import { dayMs, type Reading, toPage, warn } from "./reading.ts";
import { Conversions, Deposits, Dividends, DustLog, Withdrawals } from "./rows.ts";
import { fromConversion, fromDust } from "./to-execution.ts";

/**
 * What moves coins on spot without an order. Each list is read once, window by window from its beginning; what is not final yet holds its window
 * back. Converts and dust are executions; all of them explain balances, and so tell which symbols were traded.
 */
interface MovementList {
  /** Before then Binance has none. */
  beginsMs: number;
  windowMs: number;
  /** More rows than that cannot be had of one window: it is divided. */
  rowsMax: number;
  read: (reading: Reading, symbols: MarketTable, window: Window) => Promise<Movements>;
}

interface Window {
  fromMs: number;
  toMs: number;
}

interface Movements {
  executions: Execution[];
  flows: [asset: string, amount: bigint][];
  /** Rows there were, to tell whether there may be more. */
  rows: number;
  /** The first that is not final yet. */
  pendingMs: number | null;
}

/** What is still not final after so long never will be. */
const pendingMsMax = 7 * dayMs;
/** Windows of one list in one run; the next run goes on. */
const windowsMax = 200;
/** Rows of one second that are more than the list gives. */
const windowMsMin = 1_000;

const lists: Record<MovementKind, MovementList> = {
  conversions: { beginsMs: Date.UTC(2019, 10, 1), windowMs: 30 * dayMs - 1, rowsMax: 1_000, read: readConversions },
  dust: { beginsMs: Date.UTC(2020, 11, 1), windowMs: 90 * dayMs - 1, rowsMax: 100, read: readDust },
  deposits: { beginsMs: Date.UTC(2017, 6, 1), windowMs: 89 * dayMs, rowsMax: 1_000, read: readDeposits },
  withdrawals: { beginsMs: Date.UTC(2017, 6, 1), windowMs: 89 * dayMs, rowsMax: 1_000, read: readWithdrawals },
  dividends: { beginsMs: Date.UTC(2017, 6, 1), windowMs: 179 * dayMs, rowsMax: 500, read: readDividends },
};
const costs: Record<MovementKind, Endpoint> = {
  conversions: endpoints.conversions,
  dust: endpoints.dust,
  deposits: endpoints.deposits,
  withdrawals: endpoints.withdrawals,
  dividends: endpoints.dividends,
};

/**
 * Reads all lists up to now, or as far as the user's budget goes without waiting. `onlyBehind`: those alone that the way from their beginning is
 * not done of.
 */
export async function* readMovements(
  reading: Reading,
  state: CoinState,
  symbols: MarketTable,
  { onlyBehind = false } = {},
): AsyncGenerator<SourcePage> {
  const nowMs = reading.client.nowMs();
  for (const kind of Object.keys(lists) as MovementKind[]) {
    if (onlyBehind && isUpToDate(state.movedUntilMs[kind], nowMs)) continue;
    try {
      yield* readList(reading, state, symbols, kind);
    } catch (error) {
      if (!(error instanceof NoEndpoint)) throw error;
      reading.client.tools.context.log.debug("list_missing", { broker: "binance", list: kind, message: error.message });
    }
  }
}

/** Which lists were not yet read from their beginning to about now, and up to which day they were. */
export function listsBehind({ movedUntilMs }: CoinState, nowMs: number): string[] {
  return (Object.entries(movedUntilMs) as [MovementKind, number][])
    .filter(([, untilMs]) => !isUpToDate(untilMs, nowMs))
    .map(
      ([kind, untilMs]) =>
        `${kind} up to ${new Date(Math.max(untilMs, lists[kind].beginsMs)).toISOString().slice(0, 10)}`,
    );
}

function isUpToDate(untilMs: number, nowMs: number): boolean {
  return nowMs - untilMs < dayMs + pendingMsMax;
}

async function* readList(
  reading: Reading,
  state: CoinState,
  symbols: MarketTable,
  kind: MovementKind,
): AsyncGenerator<SourcePage> {
  const list = lists[kind];
  const nowMs = Math.floor(reading.client.nowMs());
  const earliestMs = Math.max(list.beginsMs, reading.importFromMs ?? 0);
  let span = list.windowMs;
  for (let count = 0; count < windowsMax; count++) {
    const fromMs = Math.max(state.movedUntilMs[kind] + 1, earliestMs);
    if (fromMs >= nowMs) return;
    // Only the window that ends now may wait for the budget: the long way from the beginning goes on in the next run.
    if (nowMs - fromMs > list.windowMs && !hasSpare(reading, costs[kind])) return;
    const toMs = Math.min(nowMs, fromMs + span);
    const found = await list.read(reading, symbols, { fromMs, toMs });
    if (found.rows >= list.rowsMax && toMs - fromMs > windowMsMin) {
      span = Math.floor((toMs - fromMs) / 2);
      continue;
    }
    if (found.rows >= list.rowsMax) warn(reading, kind, truncated(kind, fromMs));
    const heldBack = found.pendingMs !== null && nowMs - found.pendingMs < pendingMsMax;
    const isOld = toMs < state.fullReadMs && !isUpToDate(state.movedUntilMs[kind], nowMs);
    for (const [asset, amount] of found.flows) {
      if (isOld) state.ledger.addAccepted(asset, amount);
      else state.ledger.add(asset, amount);
    }
    state.movedUntilMs[kind] = heldBack ? Math.max(fromMs, found.pendingMs ?? 0) - 1 : toMs;
    yield await toPage(reading, found.executions);
    if (heldBack) return;
    span = list.windowMs;
  }
}

function truncated(kind: MovementKind, atMs: number) {
  const message = `Binance lists no more of the ${kind} of ${new Date(atMs).toISOString()}: some may be missing.`;
  return { code: "partial" as const, message };
}

/** Lists by user are dear: nine withdrawals a minute. */
function hasSpare({ client }: Reading, { pool, weight }: Endpoint): boolean {
  return (
    (pool !== "conversions" && pool !== "withdrawals") ||
    client.tools.budget.hasSpare(weight, client.accountId, { share: 0.95, pool })
  );
}

async function ask<T>({ client }: Reading, endpoint: Endpoint, parameters: Parameters, shape: Type<T>): Promise<T> {
  return await client.get(endpoint, parameters, shape);
}

const timesOf = ({ fromMs, toMs }: Window) => ({ startTime: fromMs, endTime: toMs });

/** A status is one of the known ones, or the list is not understood. */
function statusOf<T>(known: ReadonlyMap<number | string, T>, status: number | string, of: string): T {
  const meaning = known.get(status);
  if (meaning !== undefined) return meaning;
  throw failure(
    "broker_answer",
    `Binance gives a ${of} the status ${JSON.stringify(status)}, which is not known here.`,
    {
      hint: "Report this: nothing is skipped without knowing what it is.",
    },
  );
}

type Finality = "final" | "pending" | "void";
const conversionStatuses = new Map<string, Finality>([
  ["SUCCESS", "final"],
  ["ACCEPT_SUCCESS", "pending"],
  ["PROCESS", "pending"],
  ["FAIL", "void"],
  ["EXPIRED", "void"],
  ["CANCELED", "void"],
]);
const depositStatuses = new Map<number, Finality>([
  [0, "pending"],
  [1, "final"],
  [2, "void"],
  [6, "final"],
  [7, "void"],
  [8, "pending"],
]);
const withdrawalStatuses = new Map<number, Finality>([
  [0, "pending"],
  [1, "void"],
  [2, "pending"],
  [3, "void"],
  [4, "pending"],
  [5, "void"],
  [6, "final"],
]);

async function readConversions(reading: Reading, symbols: MarketTable, window: Window): Promise<Movements> {
  const answer = await ask(reading, endpoints.conversions, { ...timesOf(window), limit: 1_000 }, Conversions);
  const rows = (answer.list ?? []).sort((a, b) => a.createTime - b.createTime);
  const found = emptyMovements(answer.moreData === true ? Number.MAX_SAFE_INTEGER : rows.length);
  for (const row of rows) {
    const finality = statusOf(conversionStatuses, row.orderStatus, "conversion");
    if (finality === "pending") return { ...found, pendingMs: row.createTime };
    if (finality === "void") continue;
    found.executions.push(fromConversion(symbols, row));
    found.flows.push([row.fromAsset, -parseDecimal(row.fromAmount)], [row.toAsset, parseDecimal(row.toAmount)]);
  }
  return found;
}

async function readDust(reading: Reading, symbols: MarketTable, window: Window): Promise<Movements> {
  const log = await ask(reading, endpoints.dust, timesOf(window), DustLog);
  const found = emptyMovements(Math.max(log.total ?? 0, log.userAssetDribblets.length));
  for (const { operateTime, transId, userAssetDribbletDetails: details } of log.userAssetDribblets) {
    for (const detail of details) {
      const execution = fromDust(symbols, { transId: String(transId), operateTime }, detail);
      if (execution !== null) found.executions.push(execution);
      found.flows.push([detail.fromAsset, -parseDecimal(detail.amount)]);
      found.flows.push([detail.targetAsset ?? "BNB", parseDecimal(detail.transferedAmount)]);
    }
  }
  return found;
}

async function readDeposits(reading: Reading, _symbols: MarketTable, window: Window): Promise<Movements> {
  const rows = await ask(reading, endpoints.deposits, { ...timesOf(window), limit: 1_000 }, Deposits);
  const found = emptyMovements(rows.length);
  for (const row of rows.sort((a, b) => a.insertTime - b.insertTime)) {
    const finality = statusOf(depositStatuses, row.status, "deposit");
    if (finality === "pending") return { ...found, pendingMs: row.insertTime };
    if (finality === "final") found.flows.push([row.coin, parseDecimal(row.amount)]);
  }
  return found;
}

async function readWithdrawals(reading: Reading, _symbols: MarketTable, window: Window): Promise<Movements> {
  const answer = await ask(reading, endpoints.withdrawals, { ...timesOf(window), limit: 1_000 }, Withdrawals);
  const rows = answer.map((row) => ({ ...row, timeMs: Date.parse(`${row.applyTime.replace(" ", "T")}Z`) }));
  const found = emptyMovements(rows.length);
  for (const row of rows.sort((a, b) => a.timeMs - b.timeMs)) {
    const finality = statusOf(withdrawalStatuses, row.status, "withdrawal");
    if (finality === "pending") return { ...found, pendingMs: row.timeMs };
    if (finality === "final")
      found.flows.push([row.coin, -(parseDecimal(row.amount) + parseDecimal(row.transactionFee))]);
  }
  return found;
}

async function readDividends(reading: Reading, _symbols: MarketTable, window: Window): Promise<Movements> {
  const { rows, total } = await ask(reading, endpoints.dividends, { ...timesOf(window), limit: 500 }, Dividends);
  const found = emptyMovements(Math.max(rows.length, total ?? 0));
  for (const row of rows) found.flows.push([row.asset, parseDecimal(row.amount)]);
  return found;
}

function emptyMovements(rows: number): Movements {
  return { executions: [], flows: [], rows, pendingMs: null };
}
