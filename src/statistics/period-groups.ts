import type { Metrics, Period, PeriodKind } from "./body.ts";
import type { CourseScope } from "./course.ts";
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
import { ExactSum } from "./exact-sum.ts";
import { Group } from "./group.ts";
import { emptyTable, type Grouping, takeMedians, walkGroups } from "./grouping.ts";
import { type Reasons, sumMetrics } from "./metrics.ts";
import { dayField } from "./rows.ts";
import type { SectionRows } from "./section-rows.ts";
import type { Totals } from "./totals.ts";

/** Periods of one kind, by time. */
interface Kind {
  period: PeriodKind;
  /** Monday, month, quarter or year, each as its number. */
  numbers: number[];
  groups: Group[];
  table: Uint32Array;
  numberOf: (facts: DayFacts) => number;
  keyOf: (number: number) => string;
  spanOf: (number: number) => DaySpan;
}

/**
 * The periods of a section. Weeks and months are walked trade by trade; quarters, years and the whole are merged from months.
 * Drawdowns and streaks start anew with each period, from the equity at its start.
 */
export class PeriodGroups {
  readonly #scope: CourseScope;
  readonly #days: readonly { facts: DayFacts; totals: Totals }[];
  readonly #all: Kind;
  readonly #years: Kind;
  readonly #quarters: Kind;
  readonly #months: Kind;
  readonly #weeks: Kind;

  constructor(scope: CourseScope, dayTotals: ReadonlyMap<number, Totals>) {
    this.#scope = scope;
    const numbers = [...dayTotals.keys()].sort((a, b) => a - b);
    this.#days = numbers.map((day) => ({ facts: factsOf(day), totals: dayTotals.get(day) as Totals }));
    const size = numbers.length === 0 ? 0 : (numbers.at(-1) as number) - this.firstDay + 1;
    const kind = (
      period: PeriodKind,
      numberOf: Kind["numberOf"],
      keyOf: Kind["keyOf"],
      spanOf: Kind["spanOf"],
    ): Kind => ({ period, numbers: [], groups: [], table: emptyTable(size), numberOf, keyOf, spanOf });
    this.#all = kind(
      "all",
      () => 0,
      () => "all",
      () => ({ firstDay: this.firstDay, endDay: this.firstDay + size }),
    );
    this.#years = kind("year", (facts) => facts.year, yearKey, yearSpan);
    this.#quarters = kind("quarter", (facts) => facts.quarterNumber, quarterKey, quarterSpan);
    this.#months = kind("month", (facts) => facts.monthNumber, monthKey, monthSpan);
    this.#weeks = kind("week", (facts) => facts.monday, weekKey, weekSpan);
    const total = new ExactSum();
    for (const { facts, totals } of this.#days) {
      const start = scope.start === null ? null : scope.start + total.toNumber();
      for (const one of this.kinds) {
        const group = this.place(one, facts, start);
        if (one === this.#weeks || one === this.#months) group.totals.merge(totals);
      }
      total.merge(totals.net);
    }
    this.forMonths(({ totals }, longer) => longer.totals.merge(totals));
  }

  private get firstDay(): number {
    return this.#days[0]?.facts.day ?? 0;
  }

  private get kinds(): Kind[] {
    return [this.#all, this.#years, this.#quarters, this.#months, this.#weeks];
  }

  /** Days come in order. */
  private place(kind: Kind, facts: DayFacts, start: number | null): Group {
    const number = kind.numberOf(facts);
    if (kind.numbers.at(-1) !== number) {
      kind.numbers.push(number);
      kind.groups.push(new Group({ ...this.#scope, start, keepPoints: kind.period === "month" }));
    }
    kind.table[facts.day - this.firstDay] = kind.groups.length - 1;
    return kind.groups.at(-1) as Group;
  }

  walk(rows: SectionRows): void {
    walkGroups(rows, this.groupingOf(this.#weeks));
    walkGroups(rows, this.groupingOf(this.#months));
    this.mergeMonths();
  }

  takeMedians(rows: SectionRows): void {
    for (const kind of this.kinds) takeMedians(rows, this.groupingOf(kind));
  }

  private groupingOf({ table, groups }: Kind): Grouping {
    return { field: dayField, offset: this.firstDay, table, groups };
  }

  private mergeMonths(): void {
    this.forMonths(({ course }, longer) => longer.course.merge(course));
    for (const { course } of this.#months.groups) course.drawdown.dropPoints();
  }

  /** Each month with its quarter, its year and the whole. */
  private forMonths(merge: (month: Group, longer: Group) => void): void {
    this.#months.groups.forEach((month, index) => {
      const facts = factsOf(monthSpan(this.#months.numbers[index] as number).firstDay);
      for (const kind of [this.#quarters, this.#years, this.#all]) {
        merge(month, kind.groups[kind.numbers.indexOf(kind.numberOf(facts))] as Group);
      }
    });
  }

  /** The whole first, days last, each kind by time. */
  write(): Period[] {
    const whole = this.#all.groups[0]?.metrics(null);
    if (whole === undefined) return [];
    const told: Reasons = whole.null_reasons ?? {};
    const parts = ({ period, numbers, groups, keyOf, spanOf }: Kind): Period[] =>
      numbers.map((number, index) =>
        this.part(period, keyOf(number), spanOf(number), (groups[index] as Group).metrics(told)),
      );
    return [
      this.part("all", "all", this.#all.spanOf(0), whole),
      ...parts(this.#years),
      ...parts(this.#quarters),
      ...parts(this.#months),
      ...parts(this.#weeks),
      ...this.#days.map(({ facts: { day }, totals }) =>
        this.part("day", dayKey(day), { firstDay: day, endDay: day + 1 }, sumMetrics(totals)),
      ),
    ];
  }

  private part(period: PeriodKind, key: string, { firstDay, endDay }: DaySpan, metrics: Metrics): Period {
    const { calendar } = this.#scope;
    return { period, key, from: calendar.startTextOf(firstDay), to: calendar.startTextOf(endDay), metrics };
  }
}
