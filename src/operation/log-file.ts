import { closeSync, fchmodSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

export interface LogFile {
  write: (text: string) => void;
  close: () => void;
}

export interface LogFileOptions {
  dir: string;
  name: string;
  /** Told once; from then on the file gets nothing more. A log never breaks the run that it tells of. */
  onFailure: (path: string, error: unknown) => void;
}

const fileMode = 0o640;
const folderMode = 0o750;

/** Opened at the first line, so that a command with nothing to say leaves nothing behind. */
export function createLogFile({ dir, name, onFailure }: LogFileOptions): LogFile {
  const path = join(dir, name);
  let file: number | null = null;
  let failed = false;
  return {
    write(text) {
      if (failed) return;
      try {
        file ??= openForAppend(dir, path);
        writeWhole(file, Buffer.from(text));
      } catch (error) {
        failed = true;
        onFailure(path, error);
      }
    },
    close() {
      if (file !== null) closeSync(file);
      file = null;
      failed = true;
    },
  };
}

function openForAppend(dir: string, path: string): number {
  mkdirSync(dir, { recursive: true, mode: folderMode });
  try {
    const file = openSync(path, "ax", fileMode);
    fchmodSync(file, fileMode); // a unit's UMask=0077 would keep the log readers' group out
    return file;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    return openSync(path, "a");
  }
}

/** On a full disk a write first comes back short and only the next one fails. */
function writeWhole(file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) {
    const count = writeSync(file, bytes, written);
    if (count === 0) throw new Error("nothing more could be written");
    written += count;
  }
}
