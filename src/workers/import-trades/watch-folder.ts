import { type Dirent, readdirSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Context } from "../../context.ts";
import { Failure, messageOf } from "../../errors.ts";
import { fileBytesMax } from "./files.ts";
import type { Done, WatchState, WatchStates } from "./watch-state.ts";

/** A file that a terminal publishes into the watched folder. */
export interface WatchedFile {
  path: string;
  name: string;
  /** The folder below the watched one that it lies in: the id of its account. Null: it lies in the watched folder itself. */
  account: string | null;
  bytes: number;
  modifiedMs: number;
}

/** What brokers' files end in; a report's pictures and whatever else lies there are nobody's. */
const endings = /\.(?:html?|xlsx|csv|tsv|txt)$/i;
/** Names of what is not finished, and of what programs put beside it. */
const passing = /^[.~]|~$|\.(?:tmp|part|crdownload)$/i;
const filesMax = 10_000;
/** Written to so shortly ago that more may come. */
const quietMs = 10_000;

/**
 * All files of the folder and of the folders right below it, the oldest first. Links are not followed: they lead anywhere.
 * @throws {Failure} settings: it cannot be read
 */
export function filesIn(folder: string): WatchedFile[] {
  const whole = resolve(folder);
  const files: WatchedFile[] = [];
  const add = (parent: string, account: string | null, entries: Dirent[]) => {
    for (const entry of entries) {
      if (files.length >= filesMax) throw tooMany(folder);
      if (passing.test(entry.name)) continue;
      const path = join(parent, entry.name);
      if (entry.isDirectory() && account === null) add(path, entry.name, list(path, folder));
      const stat = entry.isFile() && endings.test(entry.name) ? statSync(path, { throwIfNoEntry: false }) : undefined;
      if (stat === undefined) continue;
      files.push({ path, name: entry.name, account, bytes: stat.size, modifiedMs: Math.floor(stat.mtimeMs) });
    }
  };
  add(whole, null, list(whole, folder));
  return files.sort((a, b) => a.modifiedMs - b.modifiedMs || (a.path < b.path ? -1 : 1));
}

function list(path: string, folder: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (cause) {
    throw new Failure("settings", `The watched folder ${folder} cannot be read: ${messageOf(cause)}.`, {
      code: "watch_folder",
      subject: path,
      hint: "It must be there, and readable for the user of the workers (ami-worker as a service, which sees nothing below /home and /root).",
      cause,
    });
  }
}

function tooMany(folder: string): Failure {
  return new Failure("settings", `The watched folder ${folder} holds more than ${filesMax} files.`, {
    code: "watch_folder",
    subject: folder,
    hint: "Move away what is old: what was imported stays in the journal.",
  });
}

/** Whether it is as it was at its import. */
export function isAsBefore({ bytes, modifiedMs }: WatchedFile, state: WatchState | null): boolean {
  return state !== null && state.bytes === bytes && state.modifiedMs === modifiedMs;
}

/** Nobody writes to it: it is as the cycle before saw it, or its last change is a while ago. */
export function isStill(file: WatchedFile, state: WatchState | null, nowMs: number): boolean {
  return isAsBefore(file, state) || nowMs - file.modifiedMs >= quietMs;
}

/** Null: it was written to meanwhile, or taken away. */
export interface Snapshot {
  path: string;
  sha256: string;
}

/**
 * A copy that nobody writes to any more, with its SHA-256: a terminal writes its report anew in place.
 * @throws {Failure} data: too large
 */
export async function takeSnapshot(
  file: WatchedFile,
  to: string,
  { signal }: Pick<Context, "signal">,
): Promise<Snapshot | null> {
  if (file.bytes > fileBytesMax) {
    throw new Failure("data", `${file.name} is larger than ${fileBytesMax} bytes.`, {
      code: "file_too_large",
      subject: file.name,
      hint: "Publish a shorter period.",
    });
  }
  const hasher = new Bun.CryptoHasher("sha256");
  const copy = await open(to, "wx", 0o600);
  try {
    for await (const chunk of Bun.file(file.path).slice(0, file.bytes).stream()) {
      signal.throwIfAborted();
      hasher.update(chunk);
      await copy.writeFile(chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (statSync(file.path, { throwIfNoEntry: false }) === undefined) return null;
    throw new Failure("data", `${file.name} cannot be read: ${messageOf(error)}.`, {
      code: "cannot_open",
      subject: file.name,
      cause: error,
    });
  } finally {
    await copy.close();
  }
  const after = statSync(file.path, { throwIfNoEntry: false });
  const isSame = after?.size === file.bytes && Math.floor(after.mtimeMs) === file.modifiedMs;
  return isSame ? { path: to, sha256: hasher.digest("hex") } : null;
}

/** A file that was touched and not changed has only its new time noted. */
export function touch(file: WatchedFile, done: Done | null, states: WatchStates): void {
  const { path, bytes, modifiedMs } = file;
  states.write({ path, bytes, modifiedMs, done });
}
