import { splitContract } from "../../executions/symbols.ts";
import type { MarketSymbol, MarketTable } from "../markets-cache.ts";
import type { Named } from "./to-execution.ts";

const deliveryHourUtc = 8;
const dayMs = 86_400_000;

/** A contract by its name, also when it was delivered and the venue lists it no more: its size is that of its kin, its date stands in its name. */
export function contractOf(table: MarketTable, symbol: string): Named {
  const market = table.market === "inverse" ? "inverse" : "linear";
  return { market, symbol, info: table.symbols.get(symbol) ?? former(table, symbol) };
}

/** Whether a fill at this time is the venue's settlement of the contract. */
export function isSettlement({ info }: Named, timeMs: number): boolean {
  return info?.deliveryMs != null && timeMs >= info.deliveryMs;
}

/**
 * Contracts that were delivered and are listed no more: of each pair with quarterly contracts those of the last quarters, which end on the last
 * Friday of March, June, September and December.
 */
export function formerDeliveries(table: MarketTable, nowMs: number, daysBack: number): string[] {
  const stems = new Set([...table.symbols.keys()].flatMap((symbol) => /^(.+)_\d{6}$/.exec(symbol)?.[1] ?? []));
  const found: string[] = [];
  const earliestMs = nowMs - daysBack * dayMs;
  const { year, month } = { year: new Date(earliestMs).getUTCFullYear(), month: new Date(earliestMs).getUTCMonth() };
  for (let count = 0; ; count++) {
    const fridayMs = lastFridayMs(year, Math.floor(month / 3) * 3 + 2 + 3 * count);
    if (fridayMs > nowMs) return found;
    const date = new Date(fridayMs).toISOString().slice(2, 10).replaceAll("-", "");
    if (fridayMs >= earliestMs) found.push(...[...stems].map((stem) => `${stem}_${date}`));
  }
}

/** `month` counts from 0, and on into the next years. */
function lastFridayMs(year: number, month: number): number {
  const lastDayMs = Date.UTC(year, month + 1, 0);
  const friday = 5;
  return lastDayMs - ((new Date(lastDayMs).getUTCDay() - friday + 7) % 7) * dayMs;
}

function former(table: MarketTable, symbol: string): MarketSymbol | undefined {
  const parts = splitContract(symbol);
  if (parts === null) return undefined;
  const kin = [...table.symbols.values()].find(({ base, quote }) => base === parts.base && quote === parts.quote);
  return {
    symbol,
    base: parts.base,
    quote: parts.quote,
    settle: kin?.settle ?? parts.settle,
    step: null,
    contractSize: kin?.contractSize ?? null,
    deliveryMs: deliveryMsOf(parts.delivery),
    listed: false,
  };
}

/** `240628`: that day at 8:00 UTC. */
function deliveryMsOf(date: string | null): number | null {
  const [, year = "", month = "", day = ""] = /^(\d\d)(\d\d)(\d\d)$/.exec(date ?? "") ?? [];
  return year === "" ? null : Date.UTC(2000 + Number(year), Number(month) - 1, Number(day), deliveryHourUtc);
}
