import {
  closeSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";

/** The calls that are made to the disk, one a member, so that a test can pass a disk that fails at any of them. */
export interface Disk {
  open: (path: string, flags: "w" | "r") => number;
  /** May write less than it was given: on a full disk it does so before it throws. */
  write: (file: number, bytes: Uint8Array, from: number) => number;
  size: (file: number) => number;
  sync: (file: number) => void;
  close: (file: number) => void;
  rename: (from: string, to: string) => void;
  /** Nothing happens when it is not there. */
  remove: (path: string) => void;
  makeFolder: (path: string) => void;
  /** Names in no order; none when the folder is not there. */
  list: (folder: string) => string[];
  /** Null: it is not there. A symbolic link is looked at itself. */
  look: (path: string) => Seen | null;
  /** From the beginning, at most so many bytes. */
  read: (path: string, bytesMax: number) => Uint8Array;
  /** Null: not known. */
  space: (folder: string) => { freeBytes: number; totalBytes: number } | null;
}

export interface Seen {
  isFile: boolean;
  bytes: number;
  modifiedMs: number;
  /** Of the owner. */
  uid: number;
}

const fileMode = 0o600;
const folderMode = 0o700;

/** The machine's own. */
export const systemDisk: Disk = {
  open: (path, flags) => openSync(path, flags, fileMode),
  write: (file, bytes, from) => writeSync(file, bytes, from),
  size: (file) => fstatSync(file).size,
  sync: fsyncSync,
  close: closeSync,
  rename: renameSync,
  remove: (path) => rmSync(path, { force: true }),
  makeFolder: (path) => void mkdirSync(path, { recursive: true, mode: folderMode }),
  list(folder) {
    try {
      return readdirSync(folder);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return [];
      throw error;
    }
  },
  look(path) {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    return stat === undefined
      ? null
      : { isFile: stat.isFile(), bytes: stat.size, modifiedMs: stat.mtimeMs, uid: stat.uid };
  },
  read(path, bytesMax) {
    const file = openSync(path, "r");
    try {
      const bytes = new Uint8Array(Math.min(bytesMax, fstatSync(file).size));
      let done = 0;
      for (let count = -1; done < bytes.length && count !== 0; done += count) {
        count = readSync(file, bytes, done, bytes.length - done, done);
      }
      return bytes.subarray(0, done);
    } finally {
      closeSync(file);
    }
  },
  space(folder) {
    try {
      const { bavail, blocks, bsize } = statfsSync(folder);
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      return null; // the folder is not there yet, or the system does not say
    }
  },
};

/** The system's own word: `ENOSPC`, `EACCES`; undefined for what is no error of the system. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
