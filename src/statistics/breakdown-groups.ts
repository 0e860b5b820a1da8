import { type Breakdown, type Dimension, dimensions, type Metrics } from "./body.ts";
import type { Bucket } from "./buckets.ts";
import type { CourseScope } from "./course.ts";
import { weekdayOf } from "./days.ts";
import { Group } from "./group.ts";
import { emptyTable, type Grouping, takeMedians, walkGroups } from "./grouping.ts";
import { holdingTimes } from "./holding.ts";
import {
  bucketField,
  dayField,
  type Field,
  holdingOfSlot,
  hourOfSlot,
  sessionOfSlot,
  slotField,
  slotsMax,
} from "./rows.ts";
import type { SectionRows } from "./section-rows.ts";
import type { SectionTotals } from "./section-totals.ts";
import { sessions } from "./sessions.ts";
import type { Totals } from "./totals.ts";

/** The dimensions that a bucket has a key in; symbols last: there can be thousands, of everything else a handful. */
const labels = ["market", "broker", "account", "direction", "symbol"] as const satisfies readonly Dimension[];
type Label = (typeof labels)[number];

interface Keyed extends Grouping {
  keys: string[];
  groups: Group[];
}

interface Options {
  scope: CourseScope;
  /** All of the user's. */
  buckets: readonly Bucket[];
  totals: SectionTotals;
  breakdownsMax: number;
}

/** The breakdowns of a section over all time: each key with its own streaks, drawdown and days. */
export class BreakdownGroups {
  readonly #scope: CourseScope;
  readonly #totals: SectionTotals;
  readonly #byDimension = new Map<Dimension, Keyed>();
  /** Symbols for which there was no room. */
  leftOut = 0;

  constructor({ scope, buckets, totals, breakdownsMax }: Options) {
    this.#scope = scope;
    this.#totals = totals;
    this.setWeekdays(totals);
    this.setSlots("hour", totals.hours, (hour) => String(hour).padStart(2, "0"), hourOfSlot);
    this.setSlots("session", totals.sessions, (index) => sessions[index] as string, sessionOfSlot);
    this.setSlots("holding_time", totals.holdings, (index) => holdingTimes[index] as string, holdingOfSlot);
    const own = buckets.filter(({ index }) => totals.buckets[index] !== undefined);
    for (const label of labels) {
      const used = [...this.#byDimension.values()].reduce((sum, { keys }) => sum + keys.length, 0);
      this.setLabels(label, { buckets: own, size: buckets.length, room: Math.max(0, breakdownsMax - used) });
    }
  }

  private setWeekdays(totals: SectionTotals): void {
    const days = [...totals.days.keys()];
    const first = days.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const last = days.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const keyed = this.keyed(dayField, days.length === 0 ? 0 : last - first + 1, first);
    const indexes = this.addKeys(keyed, totals.weekdays(), String);
    for (const day of days) keyed.table[day - first] = indexes[weekdayOf(day)] as number;
    this.#byDimension.set("weekday", keyed);
  }

  private setSlots(
    dimension: Dimension,
    sums: readonly (Totals | undefined)[],
    keyOf: (index: number) => string,
    ofSlot: (slot: number) => number,
  ): void {
    const keyed = this.keyed(slotField, slotsMax, 0);
    const indexes = this.addKeys(keyed, sums, keyOf);
    for (let slot = 0; slot < slotsMax; slot++) {
      const index = indexes[ofSlot(slot)];
      if (index !== undefined) keyed.table[slot] = index;
    }
    this.#byDimension.set(dimension, keyed);
  }

  /** The keys with most trades, as many as there is room for, by their text. */
  private setLabels(label: Label, { buckets, size, room }: { buckets: Bucket[]; size: number; room: number }): void {
    const byKey = Map.groupBy(buckets, (bucket) => bucket[label]);
    let keys = [...byKey.keys()];
    if (keys.length > room) {
      const trades = new Map(keys.map((key) => [key, this.tradesOf(byKey.get(key) ?? [])]));
      keys.sort((a, b) => (trades.get(b) ?? 0) - (trades.get(a) ?? 0) || (a < b ? -1 : 1));
      this.leftOut += keys.length - room;
      keys = keys.slice(0, room);
    }
    keys.sort();
    const keyed = this.keyed(bucketField, size, 0);
    for (const key of keys) {
      const members = byKey.get(key) ?? [];
      const isEveryDay = members.some((bucket) => bucket.isEveryDay);
      const group = new Group({ ...this.#scope, annualisationDays: isEveryDay ? 365 : 252 });
      for (const { index } of members) {
        group.totals.merge(this.#totals.buckets[index] as Totals);
        keyed.table[index] = keyed.groups.length;
      }
      keyed.keys.push(key);
      keyed.groups.push(group);
    }
    this.#byDimension.set(label, keyed);
  }

  private tradesOf(members: readonly Bucket[]): number {
    return members.reduce((sum, { index }) => sum + (this.#totals.buckets[index] as Totals).trades, 0);
  }

  private keyed(field: Field, size: number, offset: number): Keyed {
    return { field, offset, table: emptyTable(size), keys: [], groups: [] };
  }

  /** A group for each sum there is; where it went, by the index of the sum. */
  private addKeys(
    keyed: Keyed,
    sums: readonly (Totals | undefined)[],
    keyOf: (index: number) => string,
  ): (number | undefined)[] {
    const indexes: (number | undefined)[] = [];
    sums.forEach((totals, index) => {
      if (totals === undefined) return;
      const group = new Group(this.#scope);
      group.totals.merge(totals);
      indexes[index] = keyed.groups.length;
      keyed.keys.push(keyOf(index));
      keyed.groups.push(group);
    });
    return indexes;
  }

  walk(rows: SectionRows): void {
    for (const keyed of this.#byDimension.values()) if (!this.isWhole(keyed)) walkGroups(rows, keyed);
  }

  takeMedians(rows: SectionRows): void {
    for (const keyed of this.#byDimension.values()) if (!this.isWhole(keyed)) takeMedians(rows, keyed);
  }

  /** One key has all trades, as most users' market and broker have: it is the section's period `all` once more. */
  private isWhole({ groups }: Keyed): boolean {
    return groups.length === 1 && groups[0]?.totals.trades === this.#totals.trades;
  }

  write(whole: Metrics): Breakdown[] {
    const { null_reasons: told = {}, ...same } = whole;
    return dimensions.flatMap((dimension) => {
      const keyed = this.#byDimension.get(dimension);
      if (keyed === undefined) return [];
      const isWhole = this.isWhole(keyed);
      return keyed.keys.map((key, index) => ({
        dimension,
        key,
        metrics: isWhole ? same : (keyed.groups[index] as Group).metrics(told),
      }));
    });
  }
}
