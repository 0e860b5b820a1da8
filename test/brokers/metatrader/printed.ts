import { basename } from "node:path";
import type { Contents } from "../../../src/brokers/metatrader/contents.ts";
import { reportLimits } from "../../../src/brokers/metatrader/limits.ts";
import type { DealRow } from "../../../src/brokers/metatrader/records.ts";
import { openSource } from "../../../src/brokers/metatrader/source.ts";
import { absolute, type Decimal, formatDecimal, parseDecimal } from "../../../src/executions/decimal.ts";
import type { Execution } from "../../../src/executions/execution.ts";
import type { Metrics } from "../../../src/statistics/body.ts";
import type { ClosedTrade } from "../../../src/statistics/closed-trade.ts";
import { summarise } from "../../../src/statistics/summary.ts";
import { deriveTrades } from "../../../src/trades/derive.ts";
import { groupOf } from "../../../src/trades/group.ts";
import type { Trade } from "../../../src/trades/trade.ts";
import { statedPnlOf } from "../../../src/workers/import-trades/stated-pnl.ts";
import { stamp, trade } from "../../statistics/trades.ts";

/** What a report prints of itself: the cell behind a label, whatever kind of file it is; `loss trade: [2]` behind the second one called so. */
export async function printedIn(path: string): Promise<(label: string) => string> {
  const source = await openSource(path, basename(path), reportLimits);
  if (source === null) throw new Error(`${path} has no rows`);
  const cells: string[] = [];
  for await (const rows of source.rows) for (const row of rows) cells.push(...row.cells.filter((cell) => cell !== ""));
  return (label) => {
    const [, name = label, place = "1"] = /^(.*) \[(\d)\]$/.exec(label) ?? [];
    const places = [...cells.keys()].filter((index) => cells[index] === name);
    const at = places[Number(place) - 1];
    if (at === undefined) throw new Error(`${path} prints no "${label}"`);
    return cells[at + 1] ?? "";
  };
}

/** `105 (51.98%)` and ours of it: rounded to the digits that are printed, half away from zero, as terminals do. */
export function asPrinted(said: string, ours: readonly (string | number)[]): string {
  let index = 0;
  return said.replace(/-?\d+(?: \d{3})*(?:\.\d+)?/g, (number) => {
    const digits = /\.(\d+)/.exec(number)?.[1]?.length ?? 0;
    return grouped(rounded(parseDecimal(String(ours[index++] ?? "")), digits), number.includes(" "));
  });
}

function rounded(value: Decimal, digits: number): string {
  const unit = 10n ** BigInt(18 - digits);
  const whole = (absolute(value) + unit / 2n) / unit;
  const text = whole.toString().padStart(digits + 1, "0");
  const sign = value < 0n && whole > 0n ? "-" : "";
  return `${sign}${text.slice(0, text.length - digits)}${digits === 0 ? "" : `.${text.slice(-digits)}`}`;
}

function grouped(number: string, isGrouped: boolean): string {
  return isGrouped ? number.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, " ") : number;
}

/** A percentage of a fraction, as text. */
export function percent(fraction: string | undefined): string {
  return formatDecimal(parseDecimal(fraction ?? "0") * 100n);
}

/**
 * Terminals take a result of zero for a profit trade, in counts, streaks and runs. Ours is a breakeven, unless the user's band of them lies just
 * below zero: with this one our statistics count as a terminal does.
 */
export const zeroIsProfit = { min: "-0.000001", max: "-0.000001" };
export const zeroIsBreakeven = { min: "0", max: "0" };

export interface Summed {
  all: Metrics;
  long: Metrics | undefined;
  short: Metrics | undefined;
}

/** Through the statistics that users get. */
export function sumUp(trades: readonly ClosedTrade[], start: Decimal | null, band = zeroIsProfit): Summed {
  const user = {
    timezone: "UTC",
    base_currency: "USD",
    starting_balance: start === null ? null : formatDecimal(start),
    breakeven_band: band,
  };
  const section = summarise(trades, user, stamp).currencies[0];
  const of = (key: string) =>
    section?.breakdowns.find((part) => part.dimension === "direction" && part.key === key)?.metrics;
  const all = section?.periods[0]?.metrics;
  if (all === undefined) throw new Error("no trades");
  return { all, long: of("long"), short: of("short") };
}

/** A trade that the workers deliver, as the statistics read it back. */
export function closedOf(trades: readonly Trade[]): ClosedTrade[] {
  return trades.map(({ closedAtMs, netPnl, ...one }, index) =>
    trade({
      id: index + 1,
      symbol: one.symbol,
      direction: one.direction,
      openedAtMs: one.openedAtMs,
      closedAtMs: closedAtMs ?? 0,
      netPnl: netPnl === null ? null : formatDecimal(netPnl),
      grossPnl: one.grossPnl === null ? null : formatDecimal(one.grossPnl),
      fees: formatDecimal(one.fees),
      funding: formatDecimal(one.funding),
    }),
  );
}

export function derivedOf(executions: readonly Execution[]): Trade[] {
  const rules = { method: "fifo" as const, statedPnl: statedPnlOf, stepOf: () => null };
  return [...Map.groupBy(executions, groupOf).values()].flatMap((group) => deriveTrades(group, rules).trades);
}

/** The first deposit. */
export function depositOf({ entries }: Contents): Decimal {
  return entries.toSorted((a, b) => a.wallMs - b.wallMs)[0]?.amount ?? 0n;
}

/** MetaTrader 4 counts tickets: a partial close makes one more. Later deposits are not in its course. */
export function tickets({ closed }: Contents): ClosedTrade[] {
  return closed.map(({ ticket, direction, openedWallMs, closedWallMs, commission, fee, taxes, swap, profit }) =>
    unit(ticket, openedWallMs, closedWallMs, direction, commission + fee + taxes + swap + profit),
  );
}

export function resultOf({ profit, swap, commission, fee }: DealRow): Decimal {
  return profit + swap + commission + fee;
}

/** MetaTrader 5 counts closing deals: a position that is closed in parts is several. */
export function closingDeals({ deals }: Contents): ClosedTrade[] {
  return deals.filter(({ direction }) => direction !== "in").map(dealUnit);
}

/** Its entry deals' costs are losses of their own, of no trade. */
export function entryCosts({ deals }: Contents): Decimal {
  return deals.filter(({ direction }) => direction === "in").reduce((sum, deal) => sum + resultOf(deal), 0n);
}

/** Its balance drawdown runs over all deals, later deposits and charges too. */
export function balanceCourse({ deals, entries }: Contents): ClosedTrade[] {
  const [first, ...later] = entries.toSorted((a, b) => a.wallMs - b.wallMs);
  const money = later.map(({ id, wallMs, amount }) => unit(id, wallMs, wallMs, "long", amount));
  return first === undefined ? [] : [...deals.map(dealUnit), ...money];
}

function dealUnit(deal: DealRow): ClosedTrade {
  return unit(deal.deal, deal.wallMs, deal.wallMs, deal.side === "sell" ? "long" : "short", resultOf(deal));
}

function unit(id: string, openedAtMs: number, closedAtMs: number, direction: "long" | "short", net: Decimal) {
  return trade({ id: Number(id), openedAtMs, closedAtMs, direction, netPnl: formatDecimal(net) });
}
