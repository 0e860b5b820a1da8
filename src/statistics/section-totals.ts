import { weekdayOf } from "./days.ts";
import type { Slot } from "./rows.ts";
import { type Costs, type Entry, Totals } from "./totals.ts";

export interface Place extends Slot {
  bucket: number;
  day: number;
}

/** The figures of one currency that need no order, summed up as the trades come. */
export class SectionTotals {
  readonly days = new Map<number, Totals>();
  /** By their index; holes where a bucket is of another section. */
  readonly buckets: (Totals | undefined)[] = [];
  readonly hours: (Totals | undefined)[] = [];
  readonly sessions: (Totals | undefined)[] = [];
  readonly holdings: (Totals | undefined)[] = [];
  trades = 0;
  /** Of all |net|, about: what running totals must be able to hold. */
  magnitude = 0;
  #day = Number.NaN;
  #dayTotals = new Totals();

  add(place: Place, entry: Entry, costs: Costs | null): void {
    this.trades++;
    this.magnitude += Math.abs(entry.net.toNumber());
    this.dayTotals(place.day).add(entry, costs);
    totalsAt(this.buckets, place.bucket).add(entry, costs);
    totalsAt(this.hours, place.hour).add(entry, costs);
    totalsAt(this.sessions, place.session).add(entry, costs);
    totalsAt(this.holdings, place.holding).add(entry, costs);
  }

  /** By weekday, 1 (Monday) to 7. */
  weekdays(): (Totals | undefined)[] {
    const weekdays: (Totals | undefined)[] = [];
    for (const [day, totals] of this.days) totalsAt(weekdays, weekdayOf(day)).merge(totals);
    return weekdays;
  }

  private dayTotals(day: number): Totals {
    if (day === this.#day) return this.#dayTotals;
    let totals = this.days.get(day);
    if (totals === undefined) {
      totals = new Totals();
      this.days.set(day, totals);
    }
    this.#day = day;
    this.#dayTotals = totals;
    return totals;
  }
}

function totalsAt(list: (Totals | undefined)[], index: number): Totals {
  const found = list[index];
  if (found !== undefined) return found;
  const made = new Totals();
  list[index] = made;
  return made;
}
