import type { Decimal } from "../executions/decimal.ts";
import type { Amount } from "./amount.ts";
import { compareIds, type Id } from "./closed-trade.ts";
import { orderByKey } from "./order.ts";

/** Rows stand in chunks, so that a million of them grow without being moved. */
export const chunkBits = 12;
const chunkRows = 2 ** chunkBits;
export const chunkMask = chunkRows - 1;

/** Numbers of a row, whole ones and others: a row is four of each, side by side, since whoever reads one reads them all. */
export const width = 4;
export const closedField = 0;
export const openedField = 1;
export const highField = 2;
export const lowField = 3;

/** The whole numbers by which rows are shared out. */
export const bucketField = 0;
export const dayField = 1;
export const slotField = 2;
export const outcomeField = 3;
export type Field = typeof bucketField | typeof dayField | typeof slotField;

/** A trade's place in the breakdowns that come from its times. */
export interface Slot {
  hour: number;
  session: number;
  holding: number;
}

/** What is kept of a trade; one object, filled again for each. */
export interface Row {
  closedAtMs: number;
  openedAtMs: number;
  bucket: number;
  day: number;
  slot: number;
  /** In the currency of the P&L. */
  outcome: number;
  /** R; NaN: none. */
  multiple: number;
}

/**
 * What is kept of each trade until the order of their closes is known: about 60 bytes a trade, since a user may have a million.
 * The rest is summed up as it comes.
 */
export class Rows {
  count = 0;
  readonly floats: Float64Array[] = [];
  readonly integers: Int32Array[] = [];
  /** From the first trade that has one. */
  readonly #multiples: Float64Array[] = [];
  readonly #wide = new Map<number, Decimal>();
  readonly #ids: Id[] = [];
  hasMultiples = false;
  /** The amount in the base currency; null: the same as the net P&L so far, or of no use. */
  base: AmountChunks | null = null;

  append(id: Id, row: Row, net: Amount): number {
    const index = this.count++;
    const place = (index & chunkMask) * width;
    if (place === 0) this.addChunk();
    const chunk = index >> chunkBits;
    const floats = this.floats[chunk] as Float64Array;
    floats[place + closedField] = row.closedAtMs;
    floats[place + openedField] = row.openedAtMs;
    floats[place + highField] = net.high;
    floats[place + lowField] = net.low;
    const integers = this.integers[chunk] as Int32Array;
    integers[place + bucketField] = row.bucket;
    integers[place + dayField] = row.day;
    integers[place + slotField] = row.slot;
    integers[place + outcomeField] = row.outcome;
    if (net.wide !== null) this.#wide.set(index, net.wide);
    if (!Number.isNaN(row.multiple)) this.setMultiple(index, row.multiple);
    this.#ids.push(id);
    return index;
  }

  private addChunk(): void {
    this.floats.push(new Float64Array(chunkRows * width));
    this.integers.push(new Int32Array(chunkRows * width));
    if (this.hasMultiples) this.#multiples.push(noMultiples());
  }

  private setMultiple(index: number, multiple: number): void {
    this.hasMultiples = true;
    while (this.#multiples.length < this.floats.length) this.#multiples.push(noMultiples());
    (this.#multiples[index >> chunkBits] as Float64Array)[index & chunkMask] = multiple;
  }

  read(index: number, row: Row): void {
    const floats = this.floats[index >> chunkBits] as Float64Array;
    const integers = this.integers[index >> chunkBits] as Int32Array;
    const place = (index & chunkMask) * width;
    row.closedAtMs = floats[place + closedField] as number;
    row.openedAtMs = floats[place + openedField] as number;
    row.bucket = integers[place + bucketField] as number;
    row.day = integers[place + dayField] as number;
    row.slot = integers[place + slotField] as number;
    row.outcome = integers[place + outcomeField] as number;
  }

  bucketOf(index: number): number {
    return (this.integers[index >> chunkBits] as Int32Array)[(index & chunkMask) * width + bucketField] as number;
  }

  /** One number of each row, in the order of `order`. */
  gather(field: Field, order: Uint32Array, into: Int32Array): void {
    const chunks = this.integers;
    for (let index = 0; index < order.length; index++) {
      const row = order[index] as number;
      into[index] = (chunks[row >> chunkBits] as Int32Array)[(row & chunkMask) * width + field] as number;
    }
  }

  multipleOf(index: number): number {
    return (this.#multiples[index >> chunkBits] as Float64Array)[index & chunkMask] as number;
  }

  readNet(index: number, into: Amount): void {
    const floats = this.floats[index >> chunkBits] as Float64Array;
    const place = (index & chunkMask) * width;
    into.high = floats[place + highField] as number;
    into.low = floats[place + lowField] as number;
    into.wide = Number.isNaN(into.high) ? (this.#wide.get(index) ?? null) : null;
  }

  /** From now on base amounts are kept apart: those of the rows before `count` are the same as the net P&L. */
  splitBase(count: number, scratch: Amount): AmountChunks {
    const base = new AmountChunks();
    for (let index = 0; index < count; index++) {
      this.readNet(index, scratch);
      base.set(index, scratch);
    }
    this.base = base;
    return base;
  }

  /** Row numbers by close, then open, then id. `keys` and `workspace` have a place for each row, and are overwritten. */
  closeOrder(keys: Float64Array, workspace: Uint32Array): Uint32Array {
    for (let index = 0; index < this.count; index++) keys[index] = this.closedAt(index);
    const order = orderByKey(keys, workspace);
    for (let start = 0; start < order.length; ) {
      let end = start + 1;
      const time = keys[order[start] as number];
      while (end < order.length && keys[order[end] as number] === time) end++;
      if (end - start > 1) order.subarray(start, end).sort((a, b) => this.compareTied(a, b));
      start = end;
    }
    return order;
  }

  /** Whole seconds from open to close, by row. */
  holdingSeconds(into: Float64Array): void {
    for (let index = 0; index < this.count; index++) {
      into[index] = Math.floor((this.closedAt(index) - this.openedAt(index)) / 1_000);
    }
  }

  private closedAt(index: number): number {
    return (this.floats[index >> chunkBits] as Float64Array)[(index & chunkMask) * width + closedField] as number;
  }

  private openedAt(index: number): number {
    return (this.floats[index >> chunkBits] as Float64Array)[(index & chunkMask) * width + openedField] as number;
  }

  private compareTied(a: number, b: number): number {
    const opened = this.openedAt(a) - this.openedAt(b);
    return opened === 0 ? compareIds(this.#ids[a] as Id, this.#ids[b] as Id) : opened;
  }
}

function noMultiples(): Float64Array {
  return new Float64Array(chunkRows).fill(Number.NaN);
}

/** Amounts by row. */
export class AmountChunks {
  readonly #chunks: Float64Array[] = [];
  readonly #wide = new Map<number, Decimal>();

  /** Rows are set in order. */
  set(index: number, amount: Amount): void {
    const chunk = index >> chunkBits;
    if (chunk === this.#chunks.length) this.#chunks.push(new Float64Array(chunkRows * 2));
    const floats = this.#chunks[chunk] as Float64Array;
    const place = (index & chunkMask) * 2;
    floats[place] = amount.high;
    floats[place + 1] = amount.low;
    if (amount.wide !== null) this.#wide.set(index, amount.wide);
  }

  read(index: number, into: Amount): void {
    const floats = this.#chunks[index >> chunkBits] as Float64Array;
    const place = (index & chunkMask) * 2;
    into.high = floats[place] as number;
    into.low = floats[place + 1] as number;
    into.wide = Number.isNaN(into.high) ? (this.#wide.get(index) ?? null) : null;
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
