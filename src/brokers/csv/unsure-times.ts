import type { Zone } from "../../executions/zone.ts";
import { clockText } from "./times.ts";

/** A time of which the file's clock leaves open which instant it is: in the hour that it shows twice in autumn, or never in spring. */
export interface UnsureTime {
  /** As the file's clock showed it: `2026-10-25 02:30:00`. */
  clock: string;
  kind: "ambiguous" | "gap";
}

export interface UnsureTimesOfFile {
  /** Whose clock it is. */
  zone: string;
  times: readonly UnsureTime[];
}

/** More of them are not listed. */
const timesMax = 1_000;

/** Finds them while a file's times are read. Times are read more than once, so each is kept once. */
export class UnsureTimes {
  readonly #zone: Zone;
  readonly #found = new Map<number, UnsureTime["kind"]>();

  constructor(zone: Zone) {
    this.#zone = zone;
  }

  toUtcMs(wallClockMs: number): number {
    const { utcMs, kind } = this.#zone.toUtcMs(wallClockMs);
    if (kind !== "exact" && this.#found.size < timesMax) this.#found.set(wallClockMs, kind);
    return utcMs;
  }

  /** In the order of the clock; null: there are none. */
  get all(): UnsureTimesOfFile | null {
    if (this.#found.size === 0) return null;
    const sorted = [...this.#found].sort(([a], [b]) => a - b);
    const times = sorted.map(([wallClockMs, kind]) => ({ clock: clockText(wallClockMs), kind }));
    return { zone: this.#zone.name, times };
  }
}

/** What to tell the user, who alone can know better. */
export function unsureTimesText({ zone, times }: UnsureTimesOfFile): string {
  const said = (["ambiguous", "gap"] as const).flatMap((kind) => {
    const [first, ...others] = times.filter((time) => time.kind === kind);
    if (first === undefined) return [];
    const more = others.length === 0 ? "" : ` and ${others.length} more`;
    return kind === "ambiguous"
      ? [`The clock of ${zone} showed ${first.clock}${more} twice, and the earlier instant was taken.`]
      : [`The clock of ${zone} never showed ${first.clock}${more}: is --timezone right?`];
  });
  return said.join(" ");
}
