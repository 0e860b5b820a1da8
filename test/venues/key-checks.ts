import type { VenueAccount } from "./account.ts";

/** Why a key is refused, whatever the venue calls it. */
export type KeyFault = "unknown" | "expired" | "address" | "permission";

/** Null: the key may read. `futures`: it must be allowed to see derivatives. */
export function keyFault(
  account: VenueAccount | undefined,
  at: { ip: string; nowMs: number; futures: boolean },
): KeyFault | null {
  if (account === undefined) return "unknown";
  const { expiresAtMs, ipAllowList, reading, futures } = account.permissions;
  if (expiresAtMs !== null && at.nowMs >= expiresAtMs) return "expired";
  if (ipAllowList !== null && !ipAllowList.includes(at.ip)) return "address";
  return !reading || (at.futures && !futures) ? "permission" : null;
}
