import { dirname, join } from "node:path";
import { codeOf, type Disk, systemDisk } from "./disk.ts";

/** Ending of a file that is being written: never read, and swept when its writer is gone. Before it stands the writer's process id. */
export const unfinishedEnding = ".tmp";
/** An unfinished file whose writer's process id lives on, perhaps as another program, is old after this. */
const unfinishedMsMax = 3_600_000;

/**
 * Writes a file that is either whole or not there, also after a power cut: written beside, length checked, synced, renamed, folder
 * synced. On a full disk `write` returns a short count before it throws, hence the loop and the check.
 * @throws the system's error (ENOSPC, EROFS, EIO); no file is left then
 */
export function writeDurably(path: string, content: string | Uint8Array, disk: Disk = systemDisk): void {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const beside = `${path}.${process.pid}${unfinishedEnding}`;
  try {
    withFile(beside, "w", disk, (file) => {
      for (let done = 0; done < bytes.length; ) {
        const count = disk.write(file, bytes, done);
        if (count <= 0) throw shortWrite(`nothing more could be written to ${beside}`);
        done += count;
      }
      const size = disk.size(file);
      if (size !== bytes.length) throw shortWrite(`${beside} has ${size} bytes instead of ${bytes.length}`);
    });
    disk.rename(beside, path);
  } catch (error) {
    removeQuietly(beside, disk);
    throw error;
  }
  syncFolder(dirname(path), disk);
}

/** Moves a file so that it is in one of the two folders after a crash. */
export function moveDurably(from: string, to: string, disk: Disk = systemDisk): void {
  disk.rename(from, to);
  syncFolder(dirname(to), disk);
  if (dirname(from) !== dirname(to)) syncFolder(dirname(from), disk);
}

/** Removes a file for good: without the sync it can be there again after a power cut. */
export function removeDurably(path: string, disk: Disk = systemDisk): void {
  disk.remove(path);
  syncFolder(dirname(path), disk);
}

/**
 * The names of unfinished files in a folder that were left by a process that is gone: nobody will finish them. Only such as
 * `writeDurably` makes; others' are others' business.
 */
export function abandonedIn(folder: string, nowMs: number, disk: Disk = systemDisk): string[] {
  return disk.list(folder).filter((name) => {
    const pid = /\.(\d+)\.tmp$/.exec(name)?.[1];
    if (pid === undefined) return false;
    if (Number(pid) === process.pid || !isAlive(Number(pid))) return true;
    return nowMs - (disk.look(join(folder, name))?.modifiedMs ?? nowMs) > unfinishedMsMax;
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0); // sends nothing
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM"; // another user's
  }
}

/** A disk that takes only a part, and says nothing. */
function shortWrite(message: string): Error {
  return Object.assign(new Error(message), { code: "ESHORTWRITE" });
}

/** The first error is the one to tell of: what cannot be removed now is swept later. */
function removeQuietly(path: string, disk: Disk): void {
  try {
    disk.remove(path);
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
  }
}

/** What was made, renamed or removed in it is so for good. */
export function syncFolder(path: string, disk: Disk = systemDisk): void {
  withFile(path, "r", disk, () => {});
}

function withFile(path: string, flags: "w" | "r", disk: Disk, use: (file: number) => void): void {
  const file = disk.open(path, flags);
  try {
    use(file);
    disk.sync(file);
  } finally {
    disk.close(file);
  }
}
