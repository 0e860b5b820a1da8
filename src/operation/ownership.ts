import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { Failure } from "../errors.ts";

export interface UserFacts {
  /** Undefined: the system has no users. */
  uid: number | undefined;
  /** Null: the folder is not there yet. */
  owner: number | null;
  /** Of a user's number; null: it has none. */
  nameOf: (uid: number) => string | null;
}

/**
 * What root writes into another user's folder, that user cannot read: batches would wait for ever and the log would end.
 * @throws {Failure} usage
 */
export function refuseForeignUser(dataDir: string, command: string, facts: UserFacts = factsOf(dataDir)): void {
  const { uid, owner, nameOf } = facts;
  if (uid !== 0 || owner === null || owner === 0) return;
  const user = nameOf(owner);
  throw new Failure(
    "usage",
    `${resolve(dataDir)} belongs to ${user ?? `user ${owner}`}, and this was called by root.`,
    {
      code: "foreign_user",
      subject: "DATA_DIR",
      hint: `Files of root would be in the workers' way. Call it as that user: sudo -u ${user ?? `'#${owner}'`} ami-workers ${command}`,
    },
  );
}

/** Null: the folder is not there. */
export function ownerOf(folder: string): number | null {
  return statSync(folder, { throwIfNoEntry: false })?.uid ?? null;
}

function factsOf(dataDir: string): UserFacts {
  return { uid: process.getuid?.(), owner: ownerOf(dataDir), nameOf };
}

function nameOf(uid: number): string | null {
  try {
    const lines = readFileSync("/etc/passwd", "utf8").split("\n");
    return lines.find((line) => line.split(":")[2] === String(uid))?.split(":")[0] ?? null;
  } catch {
    return null; // users of a directory service are not in it: the number does
  }
}
