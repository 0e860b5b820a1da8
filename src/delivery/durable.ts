import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

const fileMode = 0o600;
const folderMode = 0o700;
/** Ending of a file that is being written: never read, swept when it is old. */
export const unfinishedEnding = ".tmp";

/**
 * Writes a file that is either whole or not there, also after a power cut: written beside, length checked, synced, renamed, folder
 * synced. On a full disk `writeSync` returns a short count before it throws, hence the loop and the check.
 * @throws the system's error (ENOSPC, EROFS, EIO); no file is left then
 */
export function writeDurably(path: string, text: string): void {
  const bytes = new TextEncoder().encode(text);
  const beside = `${path}${unfinishedEnding}`;
  try {
    withFile(beside, "w", (file) => {
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
      const { size } = fstatSync(file);
      if (size !== bytes.length) throw new Error(`${beside} has ${size} bytes instead of ${bytes.length}`);
    });
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** Moves a file so that it is in one of the two folders after a crash. */
export function moveDurably(from: string, to: string): void {
  renameSync(from, to);
  syncFolder(dirname(to));
  if (dirname(from) !== dirname(to)) syncFolder(dirname(from));
}

/** Removes a file for good: without the sync it can be there again after a power cut. */
export function removeDurably(path: string): void {
  rmSync(path, { force: true });
  syncFolder(dirname(path));
}

export function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: folderMode });
}

function syncFolder(path: string): void {
  withFile(path, "r", () => {});
}

function withFile(path: string, flags: string, use: (file: number) => void): void {
  const file = openSync(path, flags, fileMode);
  try {
    use(file);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
