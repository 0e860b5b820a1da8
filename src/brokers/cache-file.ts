import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Public market data on disk. Several processes may read and write a file at once: each sees a whole one. Nothing is synced: what a power cut
 * takes is fetched again.
 */
export function readCache(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return undefined; // not there yet, or not readable: the venue has it
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // damaged: the venue has it
  }
}

/** False: it could not be written, which costs a request next time. */
export function writeCache(path: string, value: unknown): boolean {
  const beside = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    writeFileSync(beside, JSON.stringify(value), { mode: 0o640 });
    renameSync(beside, path);
    return true;
  } catch {
    remove(beside);
    return false;
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Where nothing can be written, nothing needs removing.
  }
}
