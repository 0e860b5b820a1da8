import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { attemptsFileOf, isAttemptsFile, readAttempts } from "./attempts.ts";
import {
  compareOrders,
  fileBytesMax,
  type Header,
  headerBytesMax,
  type Order,
  orderOf,
  readHeader,
} from "./batch-file.ts";
import { codeOf, type Disk } from "./disk.ts";
import { unfinishedEnding } from "./durable.ts";

/** A batch on disk, as far as its first lines say. */
export interface Entry extends Header {
  name: string;
  path: string;
  bytes: number;
  order: Order;
  /** Counted attempts until now, and what the last one said. */
  attempts: number;
  lastError: string;
  lastAttemptMs: number | null;
}

/** A file in the buffer that is no batch, or cannot be read. */
export interface Oddity {
  name: string;
  path: string;
  bytes: number;
  modifiedMs: number;
  /** `damaged`: no batch of ours, or not all of one. `unreadable`: perhaps a good one, but not for this user. */
  kind: "damaged" | "unreadable";
  reason: string;
}

export interface Scan {
  /** Oldest first. */
  entries: Entry[];
  oddities: Oddity[];
}

/** Looks at every file of a folder, without reading the batches. `uid`: whose files are trusted; null: anybody's. */
export function scan(folder: string, { disk, uid }: { disk: Disk; uid: number | null }): Scan {
  const found: Scan = { entries: [], oddities: [] };
  const names = disk.list(folder);
  const counted = new Set(names.filter(isAttemptsFile));
  for (const name of names) {
    if (isOurBusiness(name)) look(join(folder, name), name, counted, found, { disk, uid });
  }
  found.entries.sort((a, b) => compareOrders(a.order, b.order) || (a.name < b.name ? -1 : 1));
  return found;
}

/** Hidden files (`.gitkeep`) are nobody's batch; unfinished ones are the sweep's. */
function isOurBusiness(name: string): boolean {
  return !name.startsWith(".") && !name.endsWith(unfinishedEnding) && !isAttemptsFile(name);
}

function look(
  path: string,
  name: string,
  counted: ReadonlySet<string>,
  found: Scan,
  { disk, uid }: { disk: Disk; uid: number | null },
): void {
  const seen = disk.look(path);
  if (seen === null) return; // delivered or moved meanwhile
  const odd = (kind: Oddity["kind"], reason: string) =>
    found.oddities.push({ name, path, bytes: seen.bytes, modifiedMs: seen.modifiedMs, kind, reason });
  if (!seen.isFile) {
    odd("damaged", "it is no file");
    return;
  }
  if (uid !== null && seen.uid !== uid) {
    odd("unreadable", `it belongs to user ${seen.uid}, not to ${uid}`);
    return;
  }
  if (seen.bytes > fileBytesMax) {
    odd("damaged", `it has ${seen.bytes} bytes, more than any batch`);
    return;
  }
  try {
    const header = readHeader(disk.read(path, headerBytesMax), seen.bytes);
    const later = counted.has(attemptsFileOf(name)) ? readAttempts(path, disk) : null;
    found.entries.push({
      ...header,
      name,
      path,
      bytes: seen.bytes,
      order: orderOf(name),
      attempts: later?.attempts ?? header.attempts,
      lastError: later?.lastError ?? header.reason,
      lastAttemptMs: later?.lastAttemptMs ?? null,
    });
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    odd(codeOf(error) === undefined ? "damaged" : "unreadable", messageOf(error));
  }
}
