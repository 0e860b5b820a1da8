import type { Zone } from "../executions/zone.ts";
import { dayMs } from "./days.ts";
import { formatInstant } from "./instant.ts";

const hourMs = 3_600_000;
/** Wider than any offset from UTC. */
const offsetMsMax = 15 * hourMs;

/**
 * The days of a zone. A day starts at the first instant at which the zone's clock shows its date, or a later one: at 01:00 where
 * the clock skips midnight, and once where it goes back over midnight (Newfoundland until 2011), so that days are whole
 * stretches, one after the other, each instant in one. Samoa's 2011-12-30, which the date line took, is empty.
 */
export class LocalCalendar {
  readonly #zone: Zone;
  readonly #starts = new Map<number, number>();
  readonly #startTexts = new Map<number, string>();
  #day = 0;
  #startMs = 0;
  #endMs = 0;

  constructor(zone: Zone) {
    this.#zone = zone;
  }

  dayOf(utcMs: number): number {
    if (utcMs >= this.#startMs && utcMs < this.#endMs) return this.#day;
    let day = Math.floor((utcMs + this.#zone.offsetMsAt(utcMs)) / dayMs);
    // The clock was set back over midnight: the date on it is yesterday's again.
    if (utcMs >= this.startMsOf(day + 1)) day++;
    this.#day = day;
    this.#startMs = this.startMsOf(day);
    this.#endMs = this.startMsOf(day + 1);
    return day;
  }

  /** What the clock shows, 0 to 23. */
  hourOf(utcMs: number): number {
    this.dayOf(utcMs);
    if (this.#endMs - this.#startMs === dayMs) return Math.floor((utcMs - this.#startMs) / hourMs);
    const clockMs = utcMs + this.#zone.offsetMsAt(utcMs);
    return Math.floor((clockMs - Math.floor(clockMs / dayMs) * dayMs) / hourMs);
  }

  startMsOf(day: number): number {
    const known = this.#starts.get(day);
    if (known !== undefined) return known;
    const startMs = this.findStartMs(day);
    this.#starts.set(day, startMs);
    return startMs;
  }

  /** The same as text: periods share their borders, and users their zones. */
  startTextOf(day: number): string {
    const known = this.#startTexts.get(day);
    if (known !== undefined) return known;
    const text = formatInstant(this.startMsOf(day));
    this.#startTexts.set(day, text);
    return text;
  }

  /** The first instant at which the clock shows midnight of that day or later. */
  private findStartMs(day: number): number {
    const midnightMs = day * dayMs;
    let before = midnightMs - offsetMsMax;
    let after = midnightMs + offsetMsMax;
    const offsetBefore = this.#zone.offsetMsAt(before);
    const offsetAfter = this.#zone.offsetMsAt(after);
    if (offsetBefore === offsetAfter) return midnightMs - offsetBefore;
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.#zone.offsetMsAt(middle) === offsetBefore) before = middle;
      else after = middle;
    }
    // `after` is the first instant with the new offset.
    if (midnightMs - offsetBefore < after) return midnightMs - offsetBefore;
    return Math.max(after, midnightMs - offsetAfter);
  }
}

/** Calendars keep what they found, and users share zones. Bounded, should a caller have zones without end. */
const calendars = new Map<Zone, LocalCalendar>();
const calendarsMax = 500;

export function calendarOf(zone: Zone): LocalCalendar {
  const known = calendars.get(zone);
  if (known !== undefined) return known;
  const calendar = new LocalCalendar(zone);
  if (calendars.size < calendarsMax) calendars.set(zone, calendar);
  return calendar;
}
