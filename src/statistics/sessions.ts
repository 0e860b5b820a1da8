import { parseZone } from "../executions/zone.ts";
import { dayMs } from "./days.ts";

/**
 * The session of a close, by the clocks of three cities, so that it follows their daylight saving time. The working days of the
 * cities overlap; the one that opened last has the trade. Every day of the week, since crypto trades on all of them.
 *
 * - `new_york`: 08:00 to 17:00 in New York (17:00 is where the currency market's day ends);
 * - `london`: 08:00 to 17:00 in London, until New York opens;
 * - `asia`: 09:00 to 18:00 in Tokyo (00:00 to 09:00 UTC), until London opens;
 * - `other`: the rest.
 */
export const sessions = ["asia", "london", "new_york", "other"] as const;
export type Session = (typeof sessions)[number];

const hourMs = 3_600_000;
/** Later ones first. */
const places = [
  { session: "new_york", zone: "America/New_York", fromHour: 8, toHour: 17 },
  { session: "london", zone: "Europe/London", fromHour: 8, toHour: 17 },
  { session: "asia", zone: "Asia/Tokyo", fromHour: 9, toHour: 18 },
] as const satisfies readonly { session: Session; zone: string; fromHour: number; toHour: number }[];
const cities = places.map((place) => ({ ...place, zone: parseZone(place.zone) }));

/** All borders are whole hours of UTC, so an hour has one session; the hour found last answers for closes near each other. */
export class SessionClock {
  #hour = Number.NaN;
  #index = 0;

  /** Index into `sessions`. */
  indexOf(utcMs: number): number {
    const hour = Math.floor(utcMs / hourMs);
    if (hour !== this.#hour) {
      this.#hour = hour;
      this.#index = sessions.indexOf(sessionOf(utcMs));
    }
    return this.#index;
  }
}

export function sessionOf(utcMs: number): Session {
  for (const { session, zone, fromHour, toHour } of cities) {
    const clockMs = utcMs + zone.offsetMsAt(utcMs);
    const hour = Math.floor((clockMs - Math.floor(clockMs / dayMs) * dayMs) / hourMs);
    if (hour >= fromHour && hour < toHour) return session;
  }
  return "other";
}
