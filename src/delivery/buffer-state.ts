import { join } from "node:path";
import { codeOf, type Disk } from "./disk.ts";

export interface Limits {
  /** Of all three folders together. */
  filesMax: number;
  bytesMax: number;
  /** Left free on the disk for the system and the logs; on a small disk a twentieth of it. */
  freeBytesMin: number;
}

/** Days of an outage for hundreds of accounts, and small beside the smallest server's disk. */
export const defaultLimits: Limits = { filesMax: 20_000, bytesMax: 2 * 1024 ** 3, freeBytesMin: 256 * 1024 ** 2 };
const freeShareMin = 0.05;

/** Files and bytes of `pending/`, `failed/` and `quarantine/`. */
export interface Totals {
  files: number;
  bytes: number;
}

export interface BufferState {
  /** Batches that wait. */
  files: number;
  bytes: number;
  /** Of the oldest one that waits; 0 when none does. */
  oldestAgeMs: number;
  failed: number;
  quarantined: number;
  /** Files that this user cannot read, or that another user put there. */
  unreadable: number;
  totals: Totals;
  limits: Limits;
  freeBytes: number | null;
  /** Why nothing more is fetched; null: there is room. */
  full: string | null;
}

/** What cannot be looked at counts as nothing: whoever needs it reports it. */
export function measure(folder: string, disk: Disk): Totals {
  const totals: Totals = { files: 0, bytes: 0 };
  for (const name of ["pending", "failed", "quarantine"]) {
    try {
      for (const file of disk.list(join(folder, name))) {
        const seen = disk.look(join(folder, name, file));
        if (seen === null) continue;
        totals.files++;
        totals.bytes += seen.bytes;
      }
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
    }
  }
  return totals;
}

export function fullness(
  { files, bytes }: Totals,
  space: { freeBytes: number; totalBytes: number } | null,
  { filesMax, bytesMax, freeBytesMin }: Limits,
): string | null {
  if (files >= filesMax) return `it has ${files} files, and may have ${filesMax}`;
  if (bytes >= bytesMax) return `it has ${bytes} bytes, and may have ${bytesMax}`;
  if (space === null) return null;
  const least = Math.min(freeBytesMin, Math.floor(space.totalBytes * freeShareMin));
  if (space.freeBytes < least) return `the disk has ${space.freeBytes} bytes left, and ${least} stay free`;
  return null;
}
