import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure, messageOf } from "../errors.ts";

/** What is read in another form or order than it has stands here meanwhile; it is deleted when its scope ends. */
export interface TemporaryFolder extends AsyncDisposable {
  path: string;
  /** For the message: "A file that is not in order of time". */
  what: string;
}

/** `ami-workers-PURPOSE-…`, where a person may find it while it is in use. @throws {Failure} disk: `no_temporary_space` */
export async function temporaryFolder(purpose: "sort" | "sheet", what: string): Promise<TemporaryFolder> {
  let path: string;
  try {
    path = await mkdtemp(join(tmpdir(), `ami-workers-${purpose}-`));
  } catch (cause) {
    throw noRoom(what, cause);
  }
  return { path, what, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A new file of the folder, and its path. @throws {Failure} disk: `no_temporary_space` */
export async function writeTemporary(
  { path: folder, what }: TemporaryFolder,
  name: string,
  write: (file: FileHandle) => Promise<void>,
): Promise<string> {
  const path = join(folder, name);
  try {
    const file = await open(path, "wx", 0o600);
    try {
      await write(file);
    } finally {
      await file.close();
    }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw code === "ENOSPC" || code === "EDQUOT" ? noRoom(what, cause) : cause;
  }
  return path;
}

function noRoom(what: string, cause: unknown): Failure {
  return new Failure("disk", `${what} needs room in ${tmpdir()}: ${messageOf(cause)}`, {
    code: "no_temporary_space",
    subject: tmpdir(),
    hint: "Free some space there, or set TMPDIR to a folder that has as much room as the file is large.",
    retryable: true,
    cause,
  });
}
