import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeDurably } from "../../delivery/durable.ts";
import type { Execution } from "../../executions/execution.ts";
import { toWireExecution } from "../../journal/convert.ts";

/** What is known of one watched file: a file of DATA_DIR/watched each. Where it is gone or damaged the watched file is imported again, which stores nothing twice. */
export interface WatchState {
  path: string;
  bytes: number;
  modifiedMs: number;
  /** Null: it was seen while it was being written, and waits. */
  done: Done | null;
}

/** What an import of the file came to. */
export interface Done {
  sha256: string;
  /** What it was read by: with another zone or another version it is read again. */
  settings: string;
  /** Null: it was refused before an account was known. */
  account: string | null;
  /** Keys of the executions that are delivered. */
  delivered: string[];
}

const version = 1;
/** What a report can hold; a file of more is delivered as a whole when it grows. */
const deliveredMax = 200_000;

export class WatchStates {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = join(dataDir, "watched");
  }

  read(path: string): WatchState | null {
    let stored: unknown;
    try {
      stored = JSON.parse(readFileSync(this.#fileOf(path), "utf8"));
    } catch {
      return null; // none yet, or damaged
    }
    return isState(stored) && stored.path === path ? stored : null;
  }

  write(state: WatchState): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o750 });
    const delivered = state.done?.delivered ?? [];
    const done = state.done && { ...state.done, delivered: delivered.length > deliveredMax ? [] : delivered };
    writeDurably(this.#fileOf(state.path), JSON.stringify({ v: version, ...state, done }));
  }

  forget(path: string): void {
    rmSync(this.#fileOf(path), { force: true });
  }

  #fileOf(path: string): string {
    return join(this.#folder, `${new Bun.CryptoHasher("sha256").update(path).digest("hex").slice(0, 32)}.json`);
  }
}

function isState(stored: unknown): stored is WatchState {
  if (typeof stored !== "object" || stored === null) return false;
  const { v, path, bytes, modifiedMs, done } = stored as Record<string, unknown>;
  const isThere =
    v === version && typeof path === "string" && typeof bytes === "number" && typeof modifiedMs === "number";
  return isThere && (done === null || isDone(done));
}

function isDone(done: unknown): done is Done {
  if (typeof done !== "object" || done === null) return false;
  const { sha256, settings, account, delivered } = done as Record<string, unknown>;
  return (
    typeof sha256 === "string" &&
    typeof settings === "string" &&
    (account === null || typeof account === "string") &&
    Array.isArray(delivered) &&
    delivered.every((key) => typeof key === "string")
  );
}

const keyDigits = 20;

/** Which executions of a file are delivered already, with the content that they now have. */
export class DeliveryMemory {
  readonly #before: ReadonlySet<string>;
  readonly keys: string[] = [];

  constructor(before: readonly string[]) {
    this.#before = new Set(before);
  }

  isNew(execution: Execution): boolean {
    const key = toWireExecution(execution).content_hash.slice(0, keyDigits);
    this.keys.push(key);
    return !this.#before.has(key);
  }
}
