import { Amount } from "./amount.ts";
import { Block, blockSize } from "./block.ts";
import type { Course } from "./course.ts";
import {
  chunkBits,
  chunkMask,
  closedField,
  dayField,
  type Field,
  highField,
  lowField,
  openedField,
  outcomeField,
  type Rows,
  width,
} from "./rows.ts";
import type { LaneScale } from "./scale.ts";

/** Room for as many rows as there are: shared by all sections and groupings, since for a million rows it is 8 MB. */
export class Workspace {
  readonly list: Uint32Array;
  /** One of the numbers by which rows are shared out, side by side in the order in which they are passed. */
  readonly keys: Int32Array;

  constructor(rows: number) {
    this.list = new Uint32Array(rows);
    this.keys = new Int32Array(rows);
  }
}

export interface SectionRowsOptions {
  rows: Rows;
  /** In the base currency, with these outcomes by row; null: in the currency of the P&L. */
  baseOutcomes: Int8Array | null;
  scale: LaneScale;
  /** The section's rows by close, then open, then id. */
  byClose: Uint32Array;
  /** The same by holding time, shortest first, and the holding times by row. */
  byHolding: Uint32Array;
  holdingSeconds: Float64Array;
  workspace: Workspace;
}

/** The trades of one section, to be handed to courses block by block. */
export class SectionRows {
  readonly byClose: Uint32Array;
  readonly byHolding: Uint32Array;
  readonly holdingSeconds: Float64Array;
  readonly rows: Rows;
  readonly workspace: Workspace;
  #gatheredField: Field | null = null;
  #gatheredOrder: Uint32Array | null = null;
  readonly #baseOutcomes: Int8Array | null;
  readonly #scale: LaneScale;
  readonly #block = new Block();
  readonly #amount = new Amount();

  constructor({ rows, baseOutcomes, scale, byClose, byHolding, holdingSeconds, workspace }: SectionRowsOptions) {
    this.#baseOutcomes = baseOutcomes;
    this.#scale = scale;
    this.rows = rows;
    this.byClose = byClose;
    this.byHolding = byHolding;
    this.holdingSeconds = holdingSeconds;
    this.workspace = workspace;
  }

  /** The number of each row by which rows are shared out, in that order. Those gathered last are at hand. */
  keysOf(field: Field, order: Uint32Array): Int32Array {
    const { keys } = this.workspace;
    if (field === this.#gatheredField && order === this.#gatheredOrder) return keys;
    this.rows.gather(field, order, keys);
    this.#gatheredField = field;
    this.#gatheredOrder = order;
    return keys;
  }

  /** The rows that stand in `list` from `start` to before `end`, which are by close. */
  walk(course: Course, list: Uint32Array, { start, end }: { start: number; end: number }): void {
    const block = this.#block;
    for (let from = start; from < end; from += blockSize) {
      block.clear();
      block.count = Math.min(blockSize, end - from);
      this.fillPlain(block, list, from);
      this.fillAmounts(block, list, from);
      course.addBlock(block);
    }
  }

  private fillPlain(block: Block, list: Uint32Array, from: number): void {
    const { floats, integers } = this.rows;
    const { count, closedAtMs, openedAtMs, high, low, day, outcome } = block;
    let chunk = -1;
    let times: Float64Array = noFloats;
    let numbers: Int32Array = noIntegers;
    for (let index = 0; index < count; index++) {
      const row = list[from + index] as number;
      // Rows come by close, which is nearly the order they are kept in: the chunk is mostly the last one.
      if (row >> chunkBits !== chunk) {
        chunk = row >> chunkBits;
        times = floats[chunk] as Float64Array;
        numbers = integers[chunk] as Int32Array;
      }
      const place = (row & chunkMask) * width;
      closedAtMs[index] = times[place + closedField] as number;
      openedAtMs[index] = times[place + openedField] as number;
      high[index] = times[place + highField] as number;
      low[index] = times[place + lowField] as number;
      day[index] = numbers[place + dayField] as number;
      outcome[index] = numbers[place + outcomeField] as number;
    }
    if (!this.rows.hasMultiples) return;
    block.hasMultiples = true;
    for (let index = 0; index < count; index++) {
      block.multiple[index] = this.rows.multipleOf(list[from + index] as number);
    }
  }

  private fillAmounts(block: Block, list: Uint32Array, from: number): void {
    const scale = this.#scale;
    const { count, high, low, net } = block;
    if (scale.isWide || this.#baseOutcomes !== null) this.readAmounts(block, list, from);
    else
      for (let index = 0; index < count; index++)
        net[index] = scale.toNumber(high[index] as number, low[index] as number);
  }

  /** Amounts in the base currency, or too large for the lanes. */
  private readAmounts(block: Block, list: Uint32Array, from: number): void {
    const amount = this.#amount;
    const scale = this.#scale;
    const baseOutcomes = this.#baseOutcomes;
    for (let index = 0; index < block.count; index++) {
      const row = list[from + index] as number;
      this.readAmount(row, amount);
      block.net[index] = amount.toNumber();
      if (scale.isWide) amount.setDecimal(scale.fromDecimal(amount.toDecimal()));
      block.high[index] = amount.high;
      block.low[index] = amount.low;
      if (baseOutcomes !== null) block.outcome[index] = baseOutcomes[row] as number;
    }
  }

  private readAmount(number: number, into: Amount): void {
    const { rows } = this;
    if (this.#baseOutcomes === null || rows.base === null) rows.readNet(number, into);
    else rows.base.read(number, into);
  }
}

const noFloats = new Float64Array(0);
const noIntegers = new Int32Array(0);
