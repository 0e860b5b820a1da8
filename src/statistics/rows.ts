import type { Decimal } from "../executions/decimal.ts";
import type { Amount } from "./amount.ts";
import { compareIds, type Id } from "./closed-trade.ts";
import { orderByKey } from "./order.ts";

const rowsMin = 256;
/** From here on columns grow by a quarter: doubling would keep half of them empty. */
const doublingMax = 65_536;

/** A trade's place in the breakdowns that come from its times. */
export interface Slot {
  hour: number;
  session: number;
  holding: number;
}

/**
 * What is kept of each trade until the order of their closes is known: columns of about 50 bytes a trade, since a user may have
 * a million. The rest is summed up as it comes.
 */
export class Rows {
  count = 0;
  #capacity = 0;
  closedAtMs = new Float64Array(0);
  openedAtMs = new Float64Array(0);
  bucket = new Int32Array(0);
  day = new Int32Array(0);
  slot = new Int32Array(0);
  /** In the currency of the P&L. */
  outcome = new Int8Array(0);
  /** Lazily: until a trade has one there is none to keep. */
  multiple: Float64Array | null = null;
  readonly net = new AmountColumn();
  /** The amount in the base currency; null: the same as `net` so far, or of no use. */
  base: AmountColumn | null = null;
  readonly #ids: Id[] = [];

  /** A new row; the caller fills its columns. */
  append(id: Id): number {
    if (this.count === this.#capacity) this.grow();
    this.#ids.push(id);
    return this.count++;
  }

  setMultiple(row: number, multiple: number): void {
    this.multiple ??= new Float64Array(this.#capacity).fill(Number.NaN);
    this.multiple[row] = multiple;
  }

  /** From now on base amounts are kept apart: so far they were the same as `net`. */
  splitBase(): AmountColumn {
    this.base ??= this.net.clone();
    return this.base;
  }

  /** Row numbers by close, then open, then id. */
  closeOrder(): Uint32Array {
    const closed = this.closedAtMs;
    const order = orderByKey(closed.subarray(0, this.count));
    for (let start = 0; start < order.length; ) {
      let end = start + 1;
      const time = closed[order[start] as number];
      while (end < order.length && closed[order[end] as number] === time) end++;
      if (end - start > 1) order.subarray(start, end).sort((a, b) => this.compareTied(a, b));
      start = end;
    }
    return order;
  }

  /** Whole seconds from open to close, by row. */
  holdingSeconds(): Float64Array {
    const seconds = new Float64Array(this.count);
    for (let row = 0; row < this.count; row++) {
      seconds[row] = Math.floor(((this.closedAtMs[row] as number) - (this.openedAtMs[row] as number)) / 1_000);
    }
    return seconds;
  }

  private compareTied(a: number, b: number): number {
    const opened = (this.openedAtMs[a] as number) - (this.openedAtMs[b] as number);
    return opened === 0 ? compareIds(this.#ids[a] as Id, this.#ids[b] as Id) : opened;
  }

  private grow(): void {
    const old = this.#capacity;
    const capacity = old < doublingMax ? Math.max(rowsMin, old * 2) : Math.ceil(old * 1.25);
    this.#capacity = capacity;
    this.closedAtMs = new Float64Array(resized(this.closedAtMs.buffer, capacity * 8));
    this.openedAtMs = new Float64Array(resized(this.openedAtMs.buffer, capacity * 8));
    this.bucket = new Int32Array(resized(this.bucket.buffer, capacity * 4));
    this.day = new Int32Array(resized(this.day.buffer, capacity * 4));
    this.slot = new Int32Array(resized(this.slot.buffer, capacity * 4));
    this.outcome = new Int8Array(resized(this.outcome.buffer, capacity));
    if (this.multiple !== null) {
      this.multiple = new Float64Array(resized(this.multiple.buffer, capacity * 8)).fill(Number.NaN, old);
    }
  }
}

/** Moves the bytes: what was there is free at once, not when the collector comes by. */
function resized(buffer: ArrayBufferLike, bytes: number): ArrayBuffer {
  return (buffer as ArrayBuffer).transfer(bytes);
}

/** Amounts as lanes; the low one only from the first that needs it, the wide ones apart. */
export class AmountColumn {
  high = new Float64Array(0);
  low: Float64Array | null = null;
  readonly #wide = new Map<number, Decimal>();

  /** Rows are set in order. */
  set(row: number, amount: Amount): void {
    if (row >= this.high.length) this.grow(row + 1);
    this.high[row] = amount.high;
    if (amount.low !== 0) {
      this.low ??= new Float64Array(this.high.length);
      this.low[row] = amount.low;
    }
    if (amount.wide !== null) this.#wide.set(row, amount.wide);
  }

  read(row: number, into: Amount): void {
    into.high = this.high[row] as number;
    into.low = this.low === null ? 0 : (this.low[row] as number);
    into.wide = Number.isNaN(into.high) ? (this.#wide.get(row) ?? null) : null;
  }

  clone(): AmountColumn {
    const copy = new AmountColumn();
    copy.high = this.high.slice();
    copy.low = this.low?.slice() ?? null;
    for (const [row, value] of this.#wide) copy.#wide.set(row, value);
    return copy;
  }

  private grow(rows: number): void {
    const old = this.high.length;
    const capacity = Math.max(rows, old < doublingMax ? Math.max(rowsMin, old * 2) : Math.ceil(old * 1.25));
    this.high = new Float64Array(resized(this.high.buffer, capacity * 8));
    if (this.low !== null) this.low = new Float64Array(resized(this.low.buffer, capacity * 8));
  }
}

/** Hour, session and holding time in one number. */
export function packSlot({ hour, session, holding }: Slot): number {
  return hour | (session << 5) | (holding << 7);
}

export const hourOfSlot = (slot: number): number => slot & 31;
export const sessionOfSlot = (slot: number): number => (slot >> 5) & 3;
export const holdingOfSlot = (slot: number): number => slot >> 7;
/** One more than any slot. */
export const slotsMax = 1 << 10;
