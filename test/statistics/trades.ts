import { parseZone } from "../../src/executions/zone.ts";
import { BreakevenBand } from "../../src/statistics/band.ts";
import { calendarOf } from "../../src/statistics/calendar.ts";
import type { ClosedTrade } from "../../src/statistics/closed-trade.ts";
import type { AnnualisationDays } from "../../src/statistics/daily.ts";
import { RunSummary } from "../../src/statistics/run-summary.ts";
import type { StatisticsUser, SummaryStamp } from "../../src/statistics/summary.ts";

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

export const stamp: SummaryStamp = { engineVersion: "1.0.0", computedAtMs: 0, basedOnVersion: 3 };
export const user: StatisticsUser = { timezone: "UTC", base_currency: "USD" };

let lastId = 0;

/** A closed trade of one hour, flat, with what the test is about. */
export function trade(change: Partial<ClosedTrade> = {}): ClosedTrade {
  const closedAtMs = change.closedAtMs ?? Date.parse("2026-01-05T12:00:00Z");
  const netPnl = change.netPnl === undefined ? "0" : change.netPnl;
  return {
    id: ++lastId,
    accountId: 1,
    broker: "metatrader",
    market: "forex",
    symbol: "EURUSD",
    direction: "long",
    openedAtMs: closedAtMs - hourMs,
    closedAtMs,
    quantity: "1",
    contractSize: null,
    entryPrice: "1",
    grossPnl: netPnl,
    fees: "0",
    funding: "0",
    netPnl,
    pnlCurrency: "USD",
    pnlInBaseCurrency: netPnl,
    baseCurrency: "USD",
    rMultiple: null,
    ...change,
  };
}

/** One trade a day, Monday to Friday, from 2024-12-16 (a Monday) on, closed at noon UTC. */
export function weekdayTrades(nets: readonly (string | number)[]): ClosedTrade[] {
  const firstMs = Date.parse("2024-12-16T12:00:00Z");
  return nets.map((net, index) =>
    trade({ netPnl: text(net), closedAtMs: firstMs + (Math.floor(index / 5) * 7 + (index % 5)) * dayMs }),
  );
}

/** The text of a number to 18 places, without an exponent; text as it is. */
export function text(value: string | number): string {
  const short = String(value);
  return short.includes("e") || /\.\d{19}/.test(short) ? Number(value).toFixed(18) : short;
}

interface RunOptions {
  start?: number | null;
  band?: { min: string; max: string } | null;
  annualisationDays?: AnnualisationDays;
  timezone?: string;
}

/** All trades in one run, for the unrounded figures. */
export function runOf(trades: readonly ClosedTrade[], options: RunOptions = {}): RunSummary {
  const { start = null, band = null, annualisationDays = 252, timezone = "UTC" } = options;
  const scope = { calendar: calendarOf(parseZone(timezone)), band: new BreakevenBand(band), annualisationDays };
  const run = new RunSummary(scope, start);
  for (const one of trades) run.add(one);
  return run;
}

export function runOfNets(nets: readonly (string | number)[], options: RunOptions = {}): RunSummary {
  return runOf(weekdayTrades(nets), options);
}
