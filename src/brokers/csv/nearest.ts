import type { Dialect } from "./dialect.ts";
import { nameOf } from "./header.ts";

/** More would be read by nobody. */
const nearestMax = 3;
/** A header that has less of a dialect's names is not a near miss: "Date" and "Price" stand in most files. */
const shareMin = 0.5;

/** A dialect that a header is nearly of: by its generation with the largest share of names that are there. */
export interface NearMiss {
  id: string;
  /** All names of that generation, as the broker writes them, and those that are missing. */
  names: readonly string[];
  missing: readonly string[];
}

/** The dialects whose header is most like this one, nearest first. `found`: the names in the file, as `nameOf` makes them. */
export function nearestDialects(found: ReadonlySet<string>, known: readonly Dialect[]): NearMiss[] {
  const misses = known.flatMap(({ id, headers }) => {
    const generations = headers.map((names) => ({
      id,
      names,
      missing: names.filter((name) => !found.has(nameOf(name))),
    }));
    return generations.toSorted((a, b) => shareOf(b) - shareOf(a)).slice(0, 1);
  });
  return misses
    .filter((miss) => shareOf(miss) >= shareMin)
    .toSorted((a, b) => shareOf(b) - shareOf(a))
    .slice(0, nearestMax);
}

function shareOf({ names, missing }: NearMiss): number {
  return (names.length - missing.length) / names.length;
}
