import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock, Log } from "../context.ts";
import { messageOf } from "../errors.ts";
import type { SealedBatch } from "../journal/journal.ts";
import { makeFolder, moveDurably, removeDurably, unfinishedEnding, writeDurably } from "./durable.ts";

/**
 * Batches that the platform could not take yet, a file each. What always holds:
 * 1. A file under its final name is whole: `writeDurably`, and the SHA-256 of what goes out is inside.
 * 2. A batch leaves `pending/` only after the platform said yes, or said that it never will (then it is in `failed/`).
 * 3. A file is never rewritten; the body in it is the bytes that every attempt sends, under the same Idempotency-Key.
 * 4. The files of an account go out in the order in which they came.
 * 5. A file that cannot be read stops no other: it is moved to `quarantine/` and reported.
 */
export class Buffer {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #sequence = 0;

  /** `folder` is DATA_DIR; nothing is made there before there is something to keep. */
  constructor(folder: string, { clock, log }: { clock: Clock; log: Log }) {
    this.#folder = folder;
    this.#clock = clock;
    this.#log = log;
  }

  /** Keeps a batch for a later cycle. @throws the system's error when it cannot be written: then nothing was kept */
  keep(batch: SealedBatch, reason: string): void {
    this.#write("pending", batch, reason);
    this.#log.warning("batch_buffered", { ...factsOf(batch), reason });
  }

  /** Sets a batch aside that the platform refused for good: a person has to look. */
  setAside(batch: SealedBatch, reason: string): void {
    this.#write("failed", batch, reason);
    this.#log.error("batch_failed", { ...factsOf(batch), reason });
  }

  /** Oldest first. Damaged files are moved out of the way. */
  pending(): Kept[] {
    const folder = join(this.#folder, "pending");
    if (!existsSync(folder)) return [];
    const names = readdirSync(folder).filter((name) => !name.endsWith(unfinishedEnding));
    return names.sort(byAge).flatMap((name) => this.#read(folder, name) ?? []);
  }

  remove({ path }: Kept): void {
    removeDurably(path);
  }

  fail(kept: Kept, reason: string): void {
    this.setAside(kept.batch, reason);
    removeDurably(kept.path);
  }

  #write(folderName: "pending" | "failed", batch: SealedBatch, reason: string): void {
    const folder = join(this.#folder, folderName);
    makeFolder(folder);
    const nowMs = this.#clock.nowMs();
    writeDurably(join(folder, this.#nameOf(batch, nowMs)), toText(batch, reason, nowMs));
  }

  /** `2026-02-09_10-30_user42_1770633015123-0001_<key>.json`: minute and user for people, milliseconds and count for the order. */
  #nameOf({ userId, key }: SealedBatch, nowMs: number): string {
    const [date = "", time = ""] = new Date(nowMs).toISOString().split("T");
    const user = String(userId).replace(/[^A-Za-z0-9-]/g, "-");
    const minute = time.slice(0, 5).replace(":", "-");
    const order = `${nowMs}-${String(this.#sequence++).padStart(4, "0")}`;
    return `${date}_${minute}_user${user}_${order}_${key.replace(/[^A-Za-z0-9-]/g, "-").slice(-36)}.json`;
  }

  #read(folder: string, name: string): Kept | null {
    const path = join(folder, name);
    try {
      return { path, batch: fromText(readFileSync(path, "utf8")) };
    } catch (error) {
      this.#quarantine(path, name, messageOf(error));
      return null;
    }
  }

  #quarantine(path: string, name: string, reason: string): void {
    const folder = join(this.#folder, "quarantine");
    try {
      makeFolder(folder);
      moveDurably(path, join(folder, name));
      this.#log.error("buffer_file_damaged", { file: name, moved_to: folder, reason });
    } catch (error) {
      this.#log.error("buffer_file_unreadable", { file: path, reason, move: messageOf(error) });
    }
  }
}

export interface Kept {
  path: string;
  batch: SealedBatch;
}

interface BufferFile {
  v: 1;
  user_id: SealedBatch["userId"];
  account_id: SealedBatch["accountId"];
  idempotency_key: string;
  created_at: string;
  reason: string;
  executions: number;
  trades: number;
  /** Of what goes out: account, user, key and body. */
  sha256: string;
  body: string;
}

function toText(batch: SealedBatch, reason: string, nowMs: number): string {
  const file: BufferFile = {
    v: 1,
    user_id: batch.userId,
    account_id: batch.accountId,
    idempotency_key: batch.key,
    created_at: new Date(nowMs).toISOString(),
    reason,
    executions: batch.executions,
    trades: batch.trades,
    sha256: checksum(batch),
    body: batch.body,
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function fromText(text: string): SealedBatch {
  const file: unknown = JSON.parse(text);
  if (!isBufferFile(file)) throw new Error("it is not a batch of version 1");
  const batch: SealedBatch = {
    userId: file.user_id,
    accountId: file.account_id,
    key: file.idempotency_key,
    body: file.body,
    executions: file.executions,
    trades: file.trades,
  };
  if (checksum(batch) !== file.sha256) throw new Error("its checksum does not match its content");
  return batch;
}

function isBufferFile(value: unknown): value is BufferFile {
  if (typeof value !== "object" || value === null) return false;
  const file = value as Record<keyof BufferFile, unknown>;
  const isId = (id: unknown) => typeof id === "string" || Number.isSafeInteger(id);
  return (
    file.v === 1 &&
    isId(file.user_id) &&
    isId(file.account_id) &&
    typeof file.idempotency_key === "string" &&
    typeof file.body === "string" &&
    typeof file.sha256 === "string" &&
    Number.isSafeInteger(file.executions) &&
    Number.isSafeInteger(file.trades)
  );
}

function checksum({ userId, accountId, key, body, executions, trades }: SealedBatch): string {
  const content = JSON.stringify([userId, accountId, key, body, executions, trades]);
  return new Bun.CryptoHasher("sha256").update(content).digest("hex");
}

/** By the milliseconds and the count in the name; a file of another name comes last. */
function byAge(a: string, b: string): number {
  const [left, right] = [ageOf(a), ageOf(b)];
  return left < right ? -1 : left > right ? 1 : a < b ? -1 : 1;
}

function ageOf(name: string): string {
  return /_(\d{13,}-\d{4,})_/.exec(name)?.[1] ?? "~";
}

function factsOf(batch: SealedBatch) {
  const { accountId, userId, key, executions, trades } = batch;
  return { account_id: accountId, user_id: userId, batch: key, executions, trades };
}
