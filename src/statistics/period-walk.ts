import type { Period, PeriodKind } from "./body.ts";
import type { CourseScope, Step } from "./course.ts";
import {
  type DayFacts,
  type DaySpan,
  dayKey,
  factsOf,
  monthKey,
  monthSpan,
  quarterKey,
  quarterSpan,
  weekKey,
  weekSpan,
  yearKey,
  yearSpan,
} from "./days.ts";
import { Group } from "./group.ts";
import { formatInstant } from "./instant.ts";
import { type Reasons, sumMetrics } from "./metrics.ts";
import type { Totals } from "./totals.ts";

interface Span {
  /** Monday, month, quarter or year, by its number. */
  number: number;
  group: Group;
}

/** The groups of the periods that a day is part of. */
interface DayGroups {
  week: Group;
  month: Group;
  quarter: Group;
  year: Group;
}

/**
 * The periods of a section. Trades come by close, so a period is a stretch of them: weeks and months take each trade; quarters,
 * years and the whole are merged from months. Drawdowns and streaks start anew with each period, from the equity at its start.
 */
export class PeriodWalk {
  readonly all: Group;
  readonly #scope: CourseScope;
  readonly #dayTotals: ReadonlyMap<number, Totals>;
  readonly #days: DayFacts[] = [];
  readonly #weeks: Span[] = [];
  readonly #months: Span[] = [];
  readonly #quarters: Span[] = [];
  readonly #years: Span[] = [];
  readonly #byDay = new Map<number, DayGroups>();
  #day = Number.NaN;
  /** The one that is not yet merged into the longer periods. */
  #month: Group | null = null;

  constructor(scope: CourseScope, dayTotals: ReadonlyMap<number, Totals>) {
    this.#scope = scope;
    this.#dayTotals = dayTotals;
    this.all = new Group(scope);
  }

  add(step: Step): void {
    if (step.day !== this.#day) this.openDay(step.day);
    (this.#weeks[this.#weeks.length - 1] as Span).group.course.add(step);
    (this.#months[this.#months.length - 1] as Span).group.course.add(step);
  }

  private openDay(day: number): void {
    this.#day = day;
    const facts = factsOf(day);
    this.#days.push(facts);
    if (this.#months.at(-1)?.number !== facts.monthNumber) this.closeMonth();
    const quarter = this.spanOf(this.#quarters, facts.quarterNumber);
    const year = this.spanOf(this.#years, facts.year);
    const month = this.spanOf(this.#months, facts.monthNumber, true);
    this.#month = month;
    const week = this.spanOf(this.#weeks, facts.monday);
    this.#byDay.set(day, { week, month, quarter, year });
    const totals = this.#dayTotals.get(day);
    if (totals === undefined) throw new Error(`day ${day} has trades and no sums`);
    week.totals.merge(totals);
    month.totals.merge(totals);
  }

  private spanOf(spans: Span[], number: number, keepPoints = false): Group {
    const last = spans.at(-1);
    if (last?.number === number) return last.group;
    const group = new Group({ ...this.#scope, start: this.equity(), keepPoints });
    spans.push({ number, group });
    return group;
  }

  /** At this moment: the whole up to the last month, and the month so far. */
  private equity(): number | null {
    const { start, scale } = this.#scope;
    if (start === null) return null;
    const { course } = this.all;
    const month = this.#month?.course;
    return start + scale.toNumber(course.high + (month?.high ?? 0), course.low + (month?.low ?? 0));
  }

  /** Merges the month into its quarter, its year and the whole. */
  private closeMonth(): void {
    const month = this.#month;
    if (month === null) return;
    for (const group of [this.#quarters.at(-1)?.group, this.#years.at(-1)?.group, this.all]) {
      if (group === undefined) continue;
      group.totals.merge(month.totals);
      group.course.merge(month.course);
    }
    month.course.drawdown.dropPoints();
    this.#month = null;
  }

  /** After the last trade. */
  close(): void {
    this.closeMonth();
  }

  passHoldingTime(day: number, seconds: number): void {
    const groups = this.#byDay.get(day);
    if (groups === undefined) return;
    groups.week.passHoldingTime(seconds);
    groups.month.passHoldingTime(seconds);
    groups.quarter.passHoldingTime(seconds);
    groups.year.passHoldingTime(seconds);
    this.all.passHoldingTime(seconds);
  }

  /** The whole first, days last, each kind by time. */
  write(): Period[] {
    const first = this.#days[0];
    const last = this.#days.at(-1);
    if (first === undefined || last === undefined) return [];
    const whole = this.all.metrics(null);
    const told: Reasons = whole.null_reasons ?? {};
    const part = (
      period: PeriodKind,
      key: string,
      { firstDay, endDay }: DaySpan,
      metrics: Period["metrics"],
    ): Period => ({
      period,
      key,
      from: formatInstant(this.#scope.calendar.startMsOf(firstDay)),
      to: formatInstant(this.#scope.calendar.startMsOf(endDay)),
      metrics,
    });
    const parts = (
      kind: PeriodKind,
      spans: Span[],
      key: (n: number) => string,
      span: (n: number) => DaySpan,
    ): Period[] => spans.map(({ number, group }) => part(kind, key(number), span(number), group.metrics(told)));
    return [
      part("all", "all", { firstDay: first.day, endDay: last.day + 1 }, whole),
      ...parts("year", this.#years, yearKey, yearSpan),
      ...parts("quarter", this.#quarters, quarterKey, quarterSpan),
      ...parts("month", this.#months, monthKey, monthSpan),
      ...parts("week", this.#weeks, weekKey, weekSpan),
      ...this.#days.map(({ day }) =>
        part("day", dayKey(day), { firstDay: day, endDay: day + 1 }, sumMetrics(this.#dayTotals.get(day) as Totals)),
      ),
    ];
  }
}
