import { readFileSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Context } from "../context.ts";
import { codeOf } from "../delivery/disk.ts";

/**
 * Where a small state may stand, the first choice first. A disk that became read-only must not make anybody forget what was told: then it
 * is in what systemd gives a unit until the next boot, or beside the logs.
 */
export function stateHomes(
  dataDir: string,
  logDir: string,
  { RUNTIME_DIRECTORY = "" }: Context["environment"],
): string[] {
  const [runtime = ""] = RUNTIME_DIRECTORY.split(":");
  return [...new Set([dataDir, runtime, logDir].filter((home) => home !== "").map((home) => resolve(home)))];
}

/** What the newest file of this name says; null: there is none that can be read. */
export function readState(name: string, homes: readonly string[]): string | null {
  let newest: { text: string; ms: number } | null = null;
  for (const home of homes) {
    try {
      const path = join(home, name);
      const ms = statSync(path).mtimeMs;
      if (newest === null || ms > newest.ms) newest = { text: readFileSync(path, "utf8"), ms };
    } catch (error) {
      if (codeOf(error) === undefined) throw error; // missing or not readable: as good as none
    }
  }
  return newest?.text ?? null;
}

/** Writes it where it can be written, and takes away what stands in the places after it. @throws the system's error: nowhere */
export function writeState(name: string, homes: readonly string[], write: (path: string) => void): void {
  let first: unknown = null;
  for (const [index, home] of homes.entries()) {
    try {
      write(join(home, name));
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      first ??= error;
      continue;
    }
    for (const other of homes.slice(index + 1)) removeQuietly(join(other, name));
    return;
  }
  throw first;
}

/** What stays is older than what has just been written. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
  }
}
