import { Failure } from "../errors.ts";
import { breakdownsMax, type Period, periodsMax, type StatisticsSection, type StatisticsWarning } from "./body.ts";
import { BreakdownGroups } from "./breakdown-groups.ts";
import type { Bucket } from "./buckets.ts";
import type { LocalCalendar } from "./calendar.ts";
import type { CourseScope } from "./course.ts";
import { PeriodGroups } from "./period-groups.ts";
import { type LaneScale, narrowScale, narrowSumMax, wideScale, wideSumMax } from "./scale.ts";
import type { SectionRows } from "./section-rows.ts";
import type { SectionTotals } from "./section-totals.ts";

export interface SectionOptions {
  currency: string;
  calendar: LocalCalendar;
  /** In the section's currency; null: not known. */
  start: number | null;
  /** All of the user's. */
  buckets: readonly Bucket[];
  totals: SectionTotals;
}

/** One currency's trades: its periods and its breakdowns. */
export class Section {
  readonly currency: string;
  readonly scale: LaneScale;
  readonly #periods: PeriodGroups;
  readonly #breakdowns: BreakdownGroups;

  constructor({ currency, calendar, start, buckets, totals }: SectionOptions) {
    this.currency = currency;
    this.scale = scaleFor(totals.magnitude, currency);
    // One axis for all periods: a month without a crypto trade would else change it for that month.
    const isEveryDay = buckets.some((bucket) => bucket.isEveryDay && totals.buckets[bucket.index] !== undefined);
    const scope: CourseScope = { calendar, start, scale: this.scale, annualisationDays: isEveryDay ? 365 : 252 };
    this.#periods = new PeriodGroups(scope, totals.days);
    this.#breakdowns = new BreakdownGroups({ scope, buckets, totals, breakdownsMax });
  }

  walk(rows: SectionRows): void {
    this.#periods.walk(rows);
    this.#breakdowns.walk(rows);
    this.#periods.takeMedians(rows);
    this.#breakdowns.takeMedians(rows);
  }

  write(warnings: StatisticsWarning[]): StatisticsSection {
    const periods = this.#periods.write();
    const whole = periods[0]?.metrics;
    const breakdowns = whole === undefined ? [] : this.#breakdowns.write(whole);
    const cut = periods.length - periodsMax;
    if (cut > 0) warnings.push(...leaveOutOldest(periods, cut, this.currency));
    const { leftOut } = this.#breakdowns;
    if (leftOut > 0) {
      warnings.push({
        code: "breakdowns_left_out",
        message: `${this.currency}: the ${leftOut} symbols with the fewest trades are left out of the breakdowns: ${breakdownsMax} fit`,
        count: leftOut,
      });
    }
    return { currency: this.currency, periods, breakdowns };
  }
}

/** Of the shortest periods, which stand last, the oldest. */
function leaveOutOldest(periods: Period[], cut: number, currency: string): StatisticsWarning[] {
  const warnings: StatisticsWarning[] = [];
  let rest = cut;
  for (const kind of ["day", "week", "month"] as const) {
    if (rest <= 0) break;
    const first = periods.findIndex(({ period }) => period === kind);
    const count = periods.filter(({ period }) => period === kind).length;
    const removed = periods.splice(first, Math.min(count, rest));
    rest -= removed.length;
    warnings.push({
      code: `${kind}s_left_out`,
      message: `${currency}: the ${removed.length} oldest ${kind}s are left out: ${periodsMax} periods fit`,
      count: removed.length,
    });
  }
  return warnings;
}

function scaleFor(magnitude: number, currency: string): LaneScale {
  if (magnitude < narrowSumMax) return narrowScale;
  if (magnitude < wideSumMax) return wideScale;
  throw new Failure("data", `The net P&L in ${currency} adds up to more than 10^21 (was ${magnitude}).`, {
    code: "amount_too_large",
    hint: "Look for a trade with a wrong amount.",
  });
}
