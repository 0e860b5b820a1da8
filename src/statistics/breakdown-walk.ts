import { type Breakdown, type Dimension, dimensions } from "./body.ts";
import type { Bucket } from "./buckets.ts";
import type { Course, CourseScope, Step } from "./course.ts";
import { weekdayOf } from "./days.ts";
import { Group } from "./group.ts";
import { holdingTimes } from "./holding.ts";
import type { Reasons } from "./metrics.ts";
import { holdingOfSlot, hourOfSlot, sessionOfSlot } from "./rows.ts";
import type { SectionTotals } from "./section-totals.ts";
import { sessions } from "./sessions.ts";
import type { Totals } from "./totals.ts";

/** The dimensions that a bucket has a key in. */
const labels = ["symbol", "market", "broker", "account", "direction"] as const satisfies readonly Dimension[];

interface KeyedGroup {
  key: string;
  group: Group;
}

interface Options {
  scope: CourseScope;
  buckets: readonly Bucket[];
  totals: SectionTotals;
  breakdownsMax: number;
}

/** The breakdowns of a section over all time. Trades come by close, since a key has its own drawdown, streaks and days. */
export class BreakdownWalk {
  readonly #groups = new Map<Dimension, KeyedGroup[]>();
  /** By bucket: the groups of its labels. */
  readonly #ofBucket: Group[][] = [];
  readonly #coursesOfBucket: Course[][] = [];
  readonly #hours: (Group | undefined)[];
  readonly #sessions: (Group | undefined)[];
  readonly #holdings: (Group | undefined)[];
  readonly #weekdays: (Group | undefined)[];
  /** Keys for which there is no room. */
  leftOut = 0;

  constructor({ scope, buckets, totals, breakdownsMax }: Options) {
    const timed = (dimension: Dimension, list: readonly (Totals | undefined)[], key: (index: number) => string) =>
      this.timedGroups(scope, dimension, list, key);
    this.#weekdays = timed("weekday", totals.weekdays(), String);
    this.#hours = timed("hour", totals.hours, (hour) => String(hour).padStart(2, "0"));
    this.#sessions = timed("session", totals.sessions, (index) => sessions[index] as string);
    this.#holdings = timed("holding_time", totals.holdings, (index) => holdingTimes[index] as string);
    let room = breakdownsMax;
    for (const list of this.#groups.values()) room -= list.length;
    // Symbols last: there can be thousands of them, of everything else a handful.
    for (const label of labels.toReversed()) room -= this.labelGroups(label, { scope, buckets, totals, room });
  }

  private timedGroups(
    scope: CourseScope,
    dimension: Dimension,
    list: readonly (Totals | undefined)[],
    key: (index: number) => string,
  ): (Group | undefined)[] {
    const groups: (Group | undefined)[] = [];
    const keyed: KeyedGroup[] = [];
    list.forEach((totals, index) => {
      if (totals === undefined) return;
      const group = new Group(scope);
      group.totals.merge(totals);
      groups[index] = group;
      keyed.push({ key: key(index), group });
    });
    this.#groups.set(dimension, keyed);
    return groups;
  }

  /** The keys with most trades, as many as there is room for. */
  private labelGroups(
    label: (typeof labels)[number],
    { scope, buckets, totals, room }: Pick<Options, "scope" | "buckets" | "totals"> & { room: number },
  ): number {
    const byKey = new Map<string, Bucket[]>();
    for (const bucket of buckets) {
      if (totals.buckets[bucket.index] === undefined) continue;
      const same = byKey.get(bucket[label]);
      if (same === undefined) byKey.set(bucket[label], [bucket]);
      else same.push(bucket);
    }
    const tradesOf = (members: readonly Bucket[]): number =>
      members.reduce((sum, { index }) => sum + (totals.buckets[index]?.trades ?? 0), 0);
    let kept = [...byKey];
    if (kept.length > room) {
      const ranked = kept.map(([key, members]) => ({ key, members, trades: tradesOf(members) }));
      ranked.sort((a, b) => b.trades - a.trades || compareText(a.key, b.key));
      kept = ranked.slice(0, Math.max(0, room)).map(({ key, members }) => [key, members]);
      this.leftOut += byKey.size - kept.length;
    }
    kept.sort(([a], [b]) => compareText(a, b));
    this.#groups.set(
      label,
      kept.map(([key, members]) => ({ key, group: this.labelGroup(scope, totals, members) })),
    );
    return kept.length;
  }

  private labelGroup(scope: CourseScope, totals: SectionTotals, members: readonly Bucket[]): Group {
    const isEveryDay = members.some((bucket) => bucket.isEveryDay);
    const group = new Group({ ...scope, annualisationDays: isEveryDay ? 365 : 252 });
    for (const { index } of members) {
      group.totals.merge(totals.buckets[index] as Totals);
      const groups = this.#ofBucket[index] ?? [];
      const courses = this.#coursesOfBucket[index] ?? [];
      groups.push(group);
      courses.push(group.course);
      this.#ofBucket[index] = groups;
      this.#coursesOfBucket[index] = courses;
    }
    return group;
  }

  add(step: Step, bucket: number, slot: number): void {
    const courses = this.#coursesOfBucket[bucket];
    if (courses !== undefined)
      for (let index = 0; index < courses.length; index++) (courses[index] as Course).add(step);
    this.#weekdays[weekdayOf(step.day)]?.course.add(step);
    this.#hours[hourOfSlot(slot)]?.course.add(step);
    this.#sessions[sessionOfSlot(slot)]?.course.add(step);
    this.#holdings[holdingOfSlot(slot)]?.course.add(step);
  }

  passHoldingTime({
    bucket,
    day,
    slot,
    seconds,
  }: {
    bucket: number;
    day: number;
    slot: number;
    seconds: number;
  }): void {
    const groups = this.#ofBucket[bucket];
    if (groups !== undefined)
      for (let index = 0; index < groups.length; index++) (groups[index] as Group).passHoldingTime(seconds);
    this.#weekdays[weekdayOf(day)]?.passHoldingTime(seconds);
    this.#hours[hourOfSlot(slot)]?.passHoldingTime(seconds);
    this.#sessions[sessionOfSlot(slot)]?.passHoldingTime(seconds);
    this.#holdings[holdingOfSlot(slot)]?.passHoldingTime(seconds);
  }

  write(told: Reasons): Breakdown[] {
    return dimensions.flatMap((dimension) =>
      (this.#groups.get(dimension) ?? []).map(({ key, group }) => ({ dimension, key, metrics: group.metrics(told) })),
    );
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
