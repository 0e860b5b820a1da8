import { absolute, type Decimal, divideRounded } from "../../executions/decimal.ts";
import type { Direction } from "../../executions/execution.ts";
import type { Trade } from "../../trades/trade.ts";
import type { ClosedGroup, PlanSettings } from "./plan.ts";
import type { ClosedRow } from "./records.ts";
import { instrumentOf, positionId } from "./symbol.ts";

/**
 * A closed position as the report states it. Its money is the terminal's own, in the currency of the account: gross is the profit
 * column, and commission, fee, taxes and swap are signed there, so that a swap received stays one.
 */
export function toTrade(group: ClosedGroup, settings: PlanSettings): Trade {
  const { rows, ticket } = group;
  const [first] = rows;
  if (first === undefined) throw new RangeError("a trade of no rows");
  const instrument = instrumentOf(first.symbol, settings.market);
  const quantity = sumOf(rows, ({ volume }) => volume);
  const entryPrice = averageOf(rows, quantity, ({ entryPrice }) => entryPrice);
  const grossPnl = sumOf(rows, ({ profit }) => profit);
  const fees = -sumOf(rows, ({ commission, fee, taxes }) => commission + fee + taxes);
  const funding = -sumOf(rows, ({ swap }) => swap);
  const initialStop = group.stop ?? first.stop;
  const utcMs = (wallMs: number) => settings.zone.toUtcMs(wallMs).utcMs;
  // A row of no volume is an opposite ticket's, with times of its own.
  const sized = rows.filter(({ volume }) => volume !== 0n);
  const openedAtMs = utcMs(sized.reduce((ms, row) => Math.min(ms, row.openedWallMs), first.openedWallMs));
  // A clock that is set back can show the closing before the opening.
  const closedAtMs = Math.max(
    openedAtMs,
    utcMs(sized.reduce((ms, row) => Math.max(ms, row.closedWallMs), first.closedWallMs)),
  );
  return {
    externalId: positionId(first.symbol, instrument, ticket, settings.run),
    // More parts may be known to a later report, which then replaces this one; never the other way round.
    revision: rows.length,
    status: "closed",
    origin: "broker_reported",
    market: instrument.market,
    symbol: first.symbol,
    baseAsset: instrument.baseAsset,
    quoteAsset: instrument.quoteAsset,
    direction: first.direction,
    quantity,
    openQuantity: 0n,
    contractSize: null,
    entryPrice,
    exitPrice: averageOf(rows, quantity, ({ exitPrice }) => exitPrice),
    grossPnl,
    fees,
    funding,
    netPnl: grossPnl - fees - funding,
    pnlCurrency: settings.currency,
    openedAtMs,
    closedAtMs,
    initialStop,
    takeProfit: group.target ?? first.target,
    initialRisk: initialStop === null ? null : riskOf(rows, quantity, entryPrice, initialStop),
    costBasisMethod: null,
    executionCount: 0,
    flags: [],
    state: null,
    legs: [],
  };
}

/**
 * Money between entry and stop. A report says neither contract size nor exchange rate, but what a move of the price paid: profit /
 * (move x volume). Null where it cannot say: the price did not move, the profit contradicts the move, or the stop was moved past
 * the entry and is no risk any more.
 */
function riskOf(rows: readonly ClosedRow[], quantity: Decimal, entry: Decimal | null, stop: Decimal): Decimal | null {
  const [first] = rows;
  if (first === undefined || entry === null) return null;
  const distance = towards(first.direction, stop, entry);
  if (distance <= 0n) return null;
  let money = 0n;
  let moved = 0n;
  for (const { direction, entryPrice, exitPrice, volume, profit } of rows) {
    const move = towards(direction, entryPrice, exitPrice) * volume;
    if (move === 0n || profit === 0n || move < 0n !== profit < 0n) continue;
    money += absolute(profit);
    moved += absolute(move);
  }
  return moved === 0n ? null : divideRounded(distance * quantity * money, moved);
}

/** How far a price went in the position's favour. */
function towards(direction: Direction, from: Decimal, to: Decimal): Decimal {
  return direction === "long" ? to - from : from - to;
}

function sumOf(rows: readonly ClosedRow[], amount: (row: ClosedRow) => Decimal): Decimal {
  return rows.reduce((sum, row) => sum + amount(row), 0n);
}

/** Weighted by volume. */
function averageOf(rows: readonly ClosedRow[], quantity: Decimal, price: (row: ClosedRow) => Decimal): Decimal | null {
  if (quantity === 0n) return null;
  return divideRounded(
    rows.reduce((sum, row) => sum + price(row) * row.volume, 0n),
    quantity,
  );
}
