import { join } from "node:path";
import type { Clock, Log } from "../context.ts";
import { Failure, messageOf } from "../errors.ts";
import type { SealedBatch } from "../journal/journal.ts";
import type { Id } from "../journal/wire.ts";
import { attemptsFileOf, batchFileOf, isAttemptsFile, removeAttempts, writeAttempts } from "./attempts.ts";
import { compareOrders, fileNameOf, type Order, orderOf, readBatch, toFileText } from "./batch-file.ts";
import { type BufferState, defaultLimits, fullness, type Limits, measure, type Totals } from "./buffer-state.ts";
import { codeOf, type Disk, systemDisk } from "./disk.ts";
import { abandonedIn, moveDurably, removeDurably, syncFolder, writeDurably } from "./durable.ts";
import { type Entry, type Oddity, type Scan, scan } from "./scan.ts";
import { covers, itemsOf } from "./supersede.ts";

export type { Entry, Oddity } from "./scan.ts";

export interface BufferOptions {
  clock: Pick<Clock, "nowMs">;
  log: Log;
  /** `Journal.name`: where the batches that are kept were to go. */
  platform?: string;
  disk?: Disk;
  limits?: Limits;
  /** Whose files are trusted; null: anybody's. */
  uid?: number | null;
}

const deliveriesPerSync = 64;

/** Of DATA_DIR: a run that dies leaves an unfinished file in any of them. */
const foldersSwept = ["", "pending", "failed", "cache/markets", "cache/rates"];

type FolderName = "pending" | "failed" | "quarantine";

/**
 * Batches that the platform could not take yet, a file each. What always holds:
 * 1. A file under its final name is whole: written beside, length checked, synced, renamed, folder synced.
 * 2. A batch leaves `pending/` only after the platform said yes, or said that it never will (then it is in `failed/`).
 * 3. A file is never written again; the body in it is the bytes that every attempt sends, under the same Idempotency-Key.
 *    How often it was tried stands in a file beside it.
 * 4. The files of an account go out in the order in which they came, also when the clock was set back in between.
 * 5. A file that is damaged or foreign stops no other: it is moved to `quarantine/`, bytes and all, and reported. One that cannot be
 *    read is reported and left.
 * 6. Nothing is ever dropped to make room: when it is full, `full()` says so and nothing more is fetched.
 * Whoever changes it holds the lock of the trade importer; two at once would only do work twice.
 */
export class Buffer {
  readonly #folder: string;
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #log: Log;
  readonly #platform: string;
  readonly #disk: Disk;
  readonly #limits: Limits;
  readonly #uid: number | null;
  readonly #reported = new Set<string>();
  #last: Order | null = null;
  #totals: Totals | null = null;
  /** Files of `pending/` that were removed since its last sync. */
  #unsynced = 0;

  /** `folder` is DATA_DIR; nothing is made there before there is something to keep. */
  constructor(folder: string, options: BufferOptions) {
    this.#folder = folder;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#platform = options.platform ?? "";
    this.#disk = options.disk ?? systemDisk;
    this.#limits = options.limits ?? defaultLimits;
    this.#uid = options.uid === undefined ? (process.getuid?.() ?? null) : options.uid;
  }

  /**
   * Keeps a batch for a later cycle. `attempts`: 1 when the platform answered with an error, 0 when it could not be reached.
   * @throws {Failure} unavailable, `buffer_unwritable`: nothing was kept, and the broker has to be read again
   */
  keep(batch: SealedBatch, reason: string, attempts = 0): void {
    this.#write("pending", batch, reason, attempts);
    this.#log.warning("batch_buffered", { ...factsOf(batch), reason });
  }

  /** Sets a batch aside that the platform refused for good: a person has to look. Each item is there once. @throws as `keep` */
  setAside(batch: SealedBatch, reason: string): void {
    const items = itemsOf(batch);
    const earlier = this.failed().entries.filter(({ accountId }) => accountId === batch.accountId);
    const covered = earlier.filter((entry) => {
      const other = this.open(entry);
      return other !== null && covers(items, itemsOf(other));
    });
    this.#write("failed", batch, reason, 0);
    for (const entry of covered) this.remove(entry);
    this.#log.error("batch_failed", { ...factsOf(batch), reason });
  }

  /** Oldest first. Damaged files are moved out of the way, unreadable ones reported. */
  pending(): Entry[] {
    const { entries, oddities } = this.#scan("pending");
    for (const oddity of oddities) this.#handle(oddity);
    return entries;
  }

  /** As it lies there; nothing is moved. */
  look(folder: FolderName): Scan {
    return this.#scan(folder);
  }

  failed(): Scan {
    return this.#scan("failed");
  }

  /** The batch itself. Null: it is not there any more, or it was damaged and is out of the way now. */
  open({ path, name, bytes }: Entry): SealedBatch | null {
    let content: Uint8Array;
    try {
      content = this.#disk.read(path, bytes);
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      if (codeOf(error) !== "ENOENT") this.#reportUnreadable(path, messageOf(error));
      return null;
    }
    try {
      return readBatch(content);
    } catch (error) {
      this.#quarantine(path, name, messageOf(error));
      return null;
    }
  }

  /** As `open`, but nothing is moved or told. */
  peek({ path, bytes }: Entry): SealedBatch | null {
    try {
      return readBatch(this.#disk.read(path, bytes));
    } catch {
      return null; // what is wrong with it the next run tells
    }
  }

  /** A person does not want it, batch or not. */
  drop({ path }: Pick<Entry, "path">): void {
    this.#orFull(path, () => removeDurably(path, this.#disk));
    this.#totals = null;
    this.#quietly("buffer_file_not_removed", path, () => removeAttempts(path, this.#disk));
  }

  /**
   * It was delivered. The folder is synced for many at once, and by `settle`: one that is there again after a power cut does no harm, since
   * the platform knows its key, and a sync each would take as long as a delivery.
   */
  delivered(entry: Entry): void {
    this.#quietly("buffer_file_not_removed", entry.path, () => {
      this.#disk.remove(entry.path);
      this.#totals = null;
      if (this.#disk.look(attemptsFileOf(entry.path)) !== null) this.#disk.remove(attemptsFileOf(entry.path));
    });
    if (++this.#unsynced >= deliveriesPerSync) this.settle();
  }

  /** What was delivered is gone for good. */
  settle(): void {
    if (this.#unsynced === 0) return;
    this.#unsynced = 0;
    const folder = join(this.#folder, "pending");
    this.#quietly("buffer_not_synced", folder, () => syncFolder(folder, this.#disk));
  }

  /** It is worth nothing any more. */
  remove(entry: Entry): void {
    this.#quietly("buffer_file_not_removed", entry.path, () => {
      removeDurably(entry.path, this.#disk);
      this.#totals = null;
      removeAttempts(entry.path, this.#disk);
    });
  }

  /** Counts an attempt that failed, and says how many these are now. */
  noteAttempt(entry: Entry, error: string): number {
    const attempts = entry.attempts + 1;
    const lastAttemptMs = this.#clock.nowMs();
    this.#quietly("attempt_not_noted", entry.path, () =>
      writeAttempts(entry.path, { attempts, lastError: error, lastAttemptMs }, this.#disk),
    );
    Object.assign(entry, { attempts, lastError: error, lastAttemptMs });
    return attempts;
  }

  /** From `pending/` to `failed/`. @throws {Failure} unavailable, `buffer_unwritable` */
  fail(entry: Entry, reason: string): void {
    const target = join(this.#makeFolder("failed"), entry.name);
    const count = { attempts: entry.attempts, lastError: reason, lastAttemptMs: this.#clock.nowMs() };
    // Where a full disk does not take the reason, the log has it, and the batch is out of the others' way all the same.
    this.#quietly("attempt_not_noted", target, () => writeAttempts(target, count, this.#disk));
    this.#orFull(target, () => this.#move(entry.path, target));
    this.#quietly("buffer_file_not_removed", entry.path, () => removeAttempts(entry.path, this.#disk));
    this.#log.error("batch_failed", { ...factsOf(entry), attempts: entry.attempts, reason });
  }

  /** From `failed/` back to `pending/`, with all its attempts before it. @throws {Failure} unavailable, `buffer_unwritable` */
  retry(entry: Entry): void {
    const target = join(this.#makeFolder("pending"), entry.name);
    this.#orFull(target, () => {
      removeAttempts(entry.path, this.#disk);
      this.#move(entry.path, target);
    });
  }

  /** Once a run, under the lock: what crashes left behind, and counts that belong to no batch. */
  sweep(): void {
    for (const folder of foldersSwept.map((name) => join(this.#folder, name))) {
      const names = this.#list(folder);
      const present = new Set(names);
      const orphans = names.filter((name) => isAttemptsFile(name) && !present.has(batchFileOf(name)));
      const unfinished = names.length === 0 ? [] : abandonedIn(folder, this.#clock.nowMs(), this.#disk);
      for (const name of [...orphans, ...unfinished]) {
        const path = join(folder, name);
        this.#quietly("buffer_file_not_removed", path, () => removeDurably(path, this.#disk));
        this.#log.info("buffer_swept", { file: path });
      }
    }
  }

  /** Why nothing more should be fetched; null: there is room. */
  full(): string | null {
    this.#totals ??= measure(this.#folder, this.#disk);
    return fullness(this.#totals, this.#disk.space(this.#folder), this.#limits);
  }

  /** For alerts, metrics and people. */
  state(): BufferState {
    const { entries, oddities } = this.#scan("pending");
    const failed = this.#scan("failed");
    const totals = measure(this.#folder, this.#disk);
    const space = this.#disk.space(this.#folder);
    const oldestMs = entries.reduce(
      (oldest, { createdAtMs }) => Math.min(oldest, createdAtMs),
      Number.MAX_SAFE_INTEGER,
    );
    return {
      files: entries.length,
      bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0),
      oldestAgeMs: entries.length === 0 ? 0 : Math.max(0, this.#clock.nowMs() - oldestMs),
      failed: failed.entries.length,
      quarantined: this.#list(join(this.#folder, "quarantine")).length,
      unreadable: [...oddities, ...failed.oddities].filter(({ kind }) => kind === "unreadable").length,
      totals,
      limits: this.#limits,
      freeBytes: space?.freeBytes ?? null,
      full: fullness(totals, space, this.#limits),
    };
  }

  #scan(name: FolderName): Scan {
    try {
      return scan(join(this.#folder, name), { disk: this.#disk, uid: this.#uid });
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      this.#reportUnreadable(join(this.#folder, name), messageOf(error));
      return { entries: [], oddities: [] };
    }
  }

  #list(folder: string): string[] {
    try {
      return this.#disk.list(folder);
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      this.#reportUnreadable(folder, messageOf(error));
      return [];
    }
  }

  #write(folderName: "pending" | "failed", batch: SealedBatch, reason: string, attempts: number): void {
    const folder = this.#makeFolder(folderName);
    const createdAtMs = this.#clock.nowMs();
    const order = this.#nextOrder(createdAtMs);
    const path = join(folder, fileNameOf(batch, order));
    const text = toFileText(batch, { platform: this.#platform, createdAtMs, reason, attempts });
    this.#orFull(path, () => writeDurably(path, text, this.#disk));
    this.#totals = null;
  }

  /** After all that is there, also when the clock was set back. */
  #nextOrder(nowMs: number): Order {
    this.#last ??= this.#list(join(this.#folder, "pending"))
      .filter((name) => name.endsWith(".json"))
      .map(orderOf)
      .filter(([ms]) => ms !== Number.MAX_SAFE_INTEGER)
      .reduce<Order>((last, order) => (compareOrders(order, last) > 0 ? order : last), [0, 0]);
    const [lastMs, lastCount] = this.#last;
    this.#last = nowMs > lastMs ? [nowMs, 0] : [lastMs, lastCount + 1];
    return this.#last;
  }

  #makeFolder(name: FolderName): string {
    const folder = join(this.#folder, name);
    this.#orFull(folder, () => this.#disk.makeFolder(folder));
    return folder;
  }

  #move(from: string, to: string): void {
    try {
      moveDurably(from, to, this.#disk);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error; // another run has moved or delivered it
    }
    this.#totals = null;
  }

  #orFull(path: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      throw new Failure("unavailable", `The buffer cannot be written (${path}): ${messageOf(error)}.`, {
        code: "buffer_unwritable",
        subject: "DATA_DIR",
        hint: "Nothing is lost: what was in hand is read again. Check that DATA_DIR has space and belongs to the workers' user.",
        retryable: true,
        cause: error,
      });
    }
  }

  /** What may fail without harm is told and leaves the run alone. */
  #quietly(event: string, path: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      this.#log.warning(event, { file: path, message: messageOf(error) });
    }
  }

  #handle({ kind, path, name, reason }: Oddity): void {
    if (kind === "damaged") this.#quarantine(path, name, reason);
    else this.#reportUnreadable(path, reason);
  }

  #quarantine(path: string, name: string, reason: string): void {
    try {
      const folder = join(this.#folder, "quarantine");
      this.#disk.makeFolder(folder);
      const target = this.#freePath(join(folder, name));
      moveDurably(path, target, this.#disk);
      this.#totals = null;
      this.#quietly("buffer_file_not_removed", path, () => removeAttempts(path, this.#disk));
      this.#log.error("buffer_file_damaged", { file: name, moved_to: target, reason });
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      if (codeOf(error) !== "ENOENT")
        this.#reportUnreadable(path, `${reason}; it cannot be moved: ${messageOf(error)}`);
    }
  }

  /** Nothing in quarantine is written over. */
  #freePath(path: string): string {
    const copiesMax = 1_000;
    if (this.#disk.look(path) === null) return path;
    for (let copy = 2; copy < copiesMax; copy++) {
      if (this.#disk.look(`${path}.${copy}`) === null) return `${path}.${copy}`;
    }
    return `${path}.${this.#clock.nowMs()}`;
  }

  #reportUnreadable(path: string, reason: string): void {
    if (this.#reported.has(path)) return;
    this.#reported.add(path);
    this.#log.error("buffer_file_unreadable", {
      file: path,
      reason,
      hint: "Give it to the workers' user: chown ami-worker: FILE. Nothing else waits for it.",
    });
  }
}

/** Accounts are told apart as the platform does: the number 7 is not the text "7". */
export function accountKey(accountId: Id): string {
  return `${typeof accountId}:${accountId}`;
}

function factsOf({ accountId, userId, key, executions, trades }: Omit<SealedBatch, "body">) {
  return { account_id: accountId, user_id: userId, batch: key, executions, trades };
}
