/**
 * How far one symbol was read. Ids only grow, but the lists show some fills minutes late: so it is read again from the last id that is old enough,
 * and the ids after it are kept, to know what is new.
 */
export interface Progress {
  /** Everything up to this id was read, for good. "0": nothing. */
  stableId: string;
  /** Read above it, ascending. */
  recentIds: string[];
  /** Hour of the last fill, from 1970: what was traded last is asked first. */
  lastHour: number;
  /** The venue has the symbol no longer. */
  gone: boolean;
}

/** Fills are shown at most so late. Longer than any delay that was seen: 10 minutes. */
export const latenessMs = 30 * 60_000;
export const hourMs = 3_600_000;
/** Of a symbol traded very often the oldest are dropped: a late one among them is then missed until its neighbours are read again. */
const recentIdsMax = 150;

export function newProgress(): Progress {
  return { stableId: "0", recentIds: [], lastHour: 0, gone: false };
}

export function hasRead({ stableId, recentIds }: Progress, id: string): boolean {
  return compareIds(id, stableId) <= 0 || recentIds.includes(id);
}

/** Where to go on reading. */
export function resumeId({ stableId }: Progress): string {
  return String(BigInt(stableId) + 1n);
}

/** Takes up what was read, in the order of ids. */
export function advance(progress: Progress, read: readonly { id: string; timeMs: number }[], nowMs: number): void {
  const ids = new Set(progress.recentIds);
  for (const { id, timeMs } of read) {
    if (timeMs <= nowMs - latenessMs && compareIds(id, progress.stableId) > 0) progress.stableId = id;
    else ids.add(id);
    progress.lastHour = Math.max(progress.lastHour, Math.floor(timeMs / hourMs));
  }
  progress.recentIds = [...ids].filter((id) => compareIds(id, progress.stableId) > 0).sort(compareIds);
  shorten(progress, recentIdsMax);
}

/** Keeps so many of the recent ids; those before them count as read for good. */
export function shorten(progress: Progress, idsMax: number): void {
  const dropped = progress.recentIds.splice(0, Math.max(0, progress.recentIds.length - idsMax));
  progress.stableId = dropped.at(-1) ?? progress.stableId;
}

/** Ids are digits without leading zeros: longer is larger. */
export function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** `BTCUSDT:28457:9f3k:1.2`: id, hour and the distances of the recent ids, without quotation marks, which would be escaped twice. */
export function writeProgress(all: ReadonlyMap<string, Progress>): string {
  return [...all]
    .map(([symbol, { stableId, recentIds, lastHour, gone }]) => {
      let before = BigInt(stableId);
      const distances = recentIds.map((id) => {
        const distance = BigInt(id) - before;
        before = BigInt(id);
        return distance.toString(36);
      });
      const parts = [
        symbol,
        BigInt(stableId).toString(36),
        lastHour.toString(36),
        distances.join("."),
        gone ? "x" : "",
      ];
      return parts.join(":").replace(/:+$/, "");
    })
    .join(",");
}

/** @throws {RangeError} of what `writeProgress` did not write */
export function readProgress(text: string): Map<string, Progress> {
  const all = new Map<string, Progress>();
  for (const entry of text === "" ? [] : text.split(",")) {
    const [symbol = "", id = "0", hour = "0", distances = "", gone = ""] = entry.split(":");
    const stableId = fromBase36(id);
    const recentIds: string[] = [];
    let before = stableId;
    for (const distance of distances === "" ? [] : distances.split(".")) {
      before += fromBase36(distance);
      recentIds.push(String(before));
    }
    if (symbol === "") throw new RangeError("a symbol is missing");
    all.set(symbol, { stableId: String(stableId), recentIds, lastHour: Number(fromBase36(hour)), gone: gone === "x" });
  }
  return all;
}

function fromBase36(text: string): bigint {
  if (!/^[0-9a-z]{1,24}$/.test(text)) throw new RangeError("a number is missing");
  let value = 0n;
  for (const digit of text) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return value;
}
