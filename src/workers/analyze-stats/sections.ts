import type { Breakdown, Dimension, Metrics, Period, PeriodKind, StatisticsSection } from "../../statistics/body.ts";
import type { SectionPoints } from "./points.ts";
import type { Shown } from "./result.ts";

/** One currency's figures as they are shown: with the trades that they are of. */
export interface ShownSection {
  section: StatisticsSection;
  /** Of all time. */
  whole: Metrics;
  /** All currencies' trades together, in the user's own. */
  isTotal: boolean;
  points: SectionPoints;
}

/** What says most first: the total in the user's own currency, then the currencies with most trades. */
export function shownSections({ statistics, points }: Shown): ShownSection[] {
  const { base, base_currency, currencies } = statistics;
  const isBaseAlone = currencies.length === 1 && currencies[0]?.currency === base_currency;
  const parts = currencies
    .map((section) => shownSection(section, false, points.ofCurrency(section.currency)))
    .filter((shown) => shown !== null)
    .sort((a, b) => b.whole.trades - a.whole.trades);
  const total = base === null || isBaseAlone ? null : shownSection(base, true, points.inBase());
  return total === null ? parts : [total, ...parts];
}

function shownSection(section: StatisticsSection, isTotal: boolean, points: SectionPoints): ShownSection | null {
  const whole = section.periods.find(({ period }) => period === "all")?.metrics;
  return whole === undefined ? null : { section, whole, isTotal, points };
}

export function periodsOf({ section }: ShownSection, kind: PeriodKind): Period[] {
  return section.periods.filter(({ period }) => period === kind);
}

export function breakdownOf({ section }: ShownSection, dimension: Dimension): Breakdown[] {
  return section.breakdowns.filter((breakdown) => breakdown.dimension === dimension);
}

/** By net P&L, the best first. */
export function byNet(breakdowns: readonly Breakdown[]): Breakdown[] {
  return breakdowns.toSorted((a, b) => Number(b.metrics.net_pnl) - Number(a.metrics.net_pnl));
}
