import { Failure } from "../errors.ts";
import { Amount } from "./amount.ts";
import type { BreakevenBand } from "./band.ts";
import { breakdownsMax, type Period, periodsMax, type StatisticsSection, type StatisticsWarning } from "./body.ts";
import { BreakdownWalk } from "./breakdown-walk.ts";
import type { Bucket } from "./buckets.ts";
import type { LocalCalendar } from "./calendar.ts";
import type { CourseScope, Step } from "./course.ts";
import { PeriodWalk } from "./period-walk.ts";
import { type LaneScale, narrowScale, narrowSumMax, wideScale, wideSumMax } from "./scale.ts";
import type { SectionTotals } from "./section-totals.ts";

export interface SectionOptions {
  currency: string;
  calendar: LocalCalendar;
  band: BreakevenBand;
  /** In the section's currency; null: not known. */
  start: number | null;
  /** All of the user's. */
  buckets: readonly Bucket[];
  totals: SectionTotals;
}

/** One currency's trades, by close: its periods and its breakdowns. */
export class Section {
  readonly currency: string;
  readonly trades: number;
  readonly #band: BreakevenBand;
  readonly #scale: LaneScale;
  readonly #periods: PeriodWalk;
  readonly #breakdowns: BreakdownWalk;

  constructor({ currency, calendar, band, start, buckets, totals }: SectionOptions) {
    this.currency = currency;
    this.trades = totals.trades;
    this.#band = band;
    this.#scale = scaleFor(totals.magnitude, currency);
    // One axis for all periods: a month without a crypto trade would else change it for that month.
    const isEveryDay = buckets.some((bucket) => bucket.isEveryDay && totals.buckets[bucket.index] !== undefined);
    const scope: CourseScope = { calendar, start, scale: this.#scale, annualisationDays: isEveryDay ? 365 : 252 };
    this.#periods = new PeriodWalk(scope, totals.days);
    this.#breakdowns = new BreakdownWalk({
      scope,
      buckets,
      totals,
      breakdownsMax,
    });
  }

  /** `step` has everything but the amounts and the outcome, which are this section's. */
  add(step: Step, net: Amount, { bucket, slot }: { bucket: number; slot: number }): void {
    step.outcome = this.#band.outcomeOf(net);
    step.net = net.toNumber();
    if (this.#scale.isWide) {
      scaled.setDecimal(this.#scale.fromDecimal(net.toDecimal()));
      step.high = scaled.high;
      step.low = scaled.low;
    } else {
      step.high = net.high;
      step.low = net.low;
    }
    this.#periods.add(step);
    this.#breakdowns.add(step, bucket, slot);
  }

  /** After the last trade. */
  close(): void {
    this.#periods.close();
  }

  /** All trades once more, the shortest first. */
  passHoldingTime(place: { bucket: number; day: number; slot: number; seconds: number }): void {
    this.#periods.passHoldingTime(place.day, place.seconds);
    this.#breakdowns.passHoldingTime(place);
  }

  write(warnings: StatisticsWarning[]): StatisticsSection {
    const periods = this.#periods.write();
    const breakdowns = this.#breakdowns.write(periods[0]?.metrics.null_reasons ?? {});
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

/** Reused: amounts in the wide scale. */
const scaled = new Amount();
