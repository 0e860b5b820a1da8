import { Failure } from "../errors.ts";
import type { SealedBatch } from "../journal/journal.ts";
import { accountKey, type Entry } from "./buffer.ts";
import { type DeliveryTools, isAnswered, send } from "./deliver.ts";

export interface FlushCounts {
  delivered: number;
  /** Worth nothing any more: the platform has a later checkpoint. */
  dropped: number;
  /** Moved to failed/. */
  failed: number;
  /** Still in pending/. */
  waiting: number;
}

export interface FlushResult extends FlushCounts {
  /** What ended it before its end: the platform is away, or refuses the key. */
  stopped: Failure | null;
}

export interface FlushTools extends DeliveryTools {
  signal: AbortSignal;
  /** Also what was kept for a platform of another address. */
  anyPlatform?: boolean;
  /** Told before each batch: how many are done, of how many. */
  onProgress?: (done: number, of: number) => void;
}

/** Counted attempts; then a batch is in failed/, for a person to look at. */
export const attemptsMax = 3;
/** So many accounts in a row, all answered with an error and none taken: the platform is ill, not the batches. */
const illAccountsMax = 3;

/**
 * Sends what waits on disk, oldest first, an account's batches in their order. An account whose batch is not taken waits; the others go on.
 * Ends at the first sign that the platform is away: a batch that did not get through, and then a ping neither.
 */
export async function flushBuffer(tools: FlushTools): Promise<FlushResult> {
  const { buffer, signal } = tools;
  const entries = mine(buffer.pending(), tools);
  const flush = new Flush(tools, entries.length);
  for (const [index, entry] of entries.entries()) {
    if (signal.aborted) break;
    tools.onProgress?.(index, entries.length);
    if (await flush.deliver(entry)) break;
  }
  return flush.end();
}

/** Accounts that have batches on disk for this platform: nothing more is fetched for them until these are through. */
export function waitingAccounts({ buffer, journal }: Pick<DeliveryTools, "buffer" | "journal">): Set<string> {
  const entries = buffer.pending().filter(({ platform }) => platform === journal.name);
  return new Set(entries.map(({ accountId }) => accountKey(accountId)));
}

function mine(entries: Entry[], { journal, log, anyPlatform = false }: FlushTools): Entry[] {
  if (anyPlatform) return entries;
  const others = entries.filter(({ platform }) => platform !== journal.name);
  if (others.length > 0) {
    log.warning("buffer_other_platform", {
      files: others.length,
      kept_for: [...new Set(others.map(({ platform }) => platform))].slice(0, 5),
      platform: journal.name,
      hint: "They wait. If the platform has a new address: ami-workers flush-buffer --any-platform.",
    });
  }
  return entries.filter(({ platform }) => platform === journal.name);
}

class Flush {
  readonly #tools: FlushTools;
  readonly #counts = { delivered: 0, dropped: 0, failed: 0 };
  readonly #of: number;
  /** Damaged, and set aside now, or delivered by another run meanwhile. */
  #missing = 0;
  readonly #blocked = new Set<string>();
  /** Answered with an error while nothing else was taken: it may be the platform. */
  #suspects: { entry: Entry; message: string }[] = [];
  #stopped: Failure | null = null;

  constructor(tools: FlushTools, of: number) {
    this.#tools = tools;
    this.#of = of;
  }

  /** True: nothing more can be delivered now. */
  async deliver(entry: Entry): Promise<boolean> {
    if (this.#blocked.has(accountKey(entry.accountId))) return false;
    const batch = this.#tools.buffer.open(entry);
    if (batch === null) {
      this.#missing++;
      return false;
    }
    let sent: Awaited<ReturnType<typeof send>>;
    try {
      sent = await send(batch, this.#tools);
    } catch (error) {
      this.#keep(entry, error); // what the platform refused of it cannot be set aside
      return false;
    }
    switch (sent.kind) {
      case "stored":
        this.#take(entry);
        return false;
      case "dropped":
        this.#drop(entry, batch, sent.reason);
        return false;
      case "refused":
        this.#fail(entry, sent.reason);
        return false;
      case "undelivered":
        return await this.#undelivered(entry, sent.failure);
    }
  }

  end(): FlushResult {
    this.#tools.buffer.settle();
    if (this.#stopped === null) this.#countSuspects();
    const { delivered, dropped, failed } = this.#counts;
    return {
      ...this.#counts,
      waiting: this.#of - this.#missing - delivered - dropped - failed,
      stopped: this.#stopped,
    };
  }

  #take(entry: Entry): void {
    this.#tools.buffer.delivered(entry);
    this.#counts.delivered++;
    this.#countSuspects();
  }

  #drop(entry: Entry, batch: SealedBatch, reason: string): void {
    this.#tools.log.info("batch_superseded", { batch: batch.key, account_id: batch.accountId, reason });
    this.#tools.buffer.delivered(entry);
    this.#counts.dropped++;
  }

  #fail(entry: Entry, reason: string): void {
    try {
      this.#tools.buffer.fail(entry, reason);
      this.#counts.failed++;
    } catch (error) {
      this.#keep(entry, error);
    }
  }

  /** A disk that takes nothing must not keep the others from being delivered: that is what makes room. */
  #keep(entry: Entry, error: unknown): void {
    if (!(error instanceof Failure) || error.detail.code !== "buffer_unwritable") throw error;
    this.#blocked.add(accountKey(entry.accountId));
    this.#tools.log.error("batch_not_set_aside", {
      batch: entry.key,
      account_id: entry.accountId,
      message: error.message,
    });
  }

  async #undelivered(entry: Entry, failure: Failure): Promise<boolean> {
    this.#blocked.add(accountKey(entry.accountId));
    const { kind, message, detail } = failure;
    const answered = isAnswered(failure);
    const ends = !answered && (kind !== "unavailable" || detail.code === "interrupted");
    if (ends) return this.#stop(failure);
    this.#tools.log.warning("batch_not_delivered", {
      batch: entry.key,
      account_id: entry.accountId,
      attempts: entry.attempts + (answered ? 1 : 0),
      counted: answered,
      message,
    });
    if (!answered) {
      const away = await this.#whyAway(failure);
      return away !== null && this.#stop(away);
    }
    this.#suspects.push({ entry, message });
    if (this.#counts.delivered > 0) this.#countSuspects();
    return this.#suspects.length >= illAccountsMax && this.#stop(failure);
  }

  #stop(failure: Failure): true {
    this.#stopped = failure;
    return true;
  }

  /** Another batch was taken, or there was none to compare with: it is the batch. */
  #countSuspects(): void {
    for (const { entry, message } of this.#suspects) {
      const attempts = this.#tools.buffer.noteAttempt(entry, message);
      if (attempts >= attemptsMax) this.#fail(entry, `${attempts} attempts, the last: ${message}`);
    }
    this.#suspects = [];
  }

  /** One batch may be cut off by something between here and the platform, again and again; the others must not wait for it. */
  async #whyAway(failure: Failure): Promise<Failure | null> {
    try {
      await this.#tools.journal.ping();
      return null;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return error.kind === "unavailable" ? failure : error;
    }
  }
}
