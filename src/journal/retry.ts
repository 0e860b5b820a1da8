/** One wait between two attempts at most, however often it failed. */
const backoffMsMax = 60_000;
/** Maintenance and rate limits without a `Retry-After`. */
export const waitMsDefault = 60_000;
/** `Retry-After: 0` must not become a busy loop. */
const waitMsMin = 1000;
/** Accounts that were told the same second do not come back in the same millisecond. */
const waitMsSpread = 1000;

/** Full jitter: anything from nothing to the doubled base. `failures` counts from 1. */
export function backoffMs(failures: number, baseSeconds: number, random: () => number): number {
  return Math.floor(random() * Math.min(backoffMsMax, baseSeconds * 1000 * 2 ** (failures - 1)));
}

/** `Retry-After` in seconds or as an HTTP date. Null: none, or nonsense. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  const value = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  if (!/^[A-Z][a-z]{2}/.test(value)) return null;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? null : Math.max(0, dateMs - nowMs);
}

/** How long to wait when the platform said how long. */
export function politeWaitMs(askedMs: number, random: () => number): number {
  return Math.max(waitMsMin, askedMs) + Math.floor(random() * waitMsSpread);
}
