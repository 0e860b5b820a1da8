import { Amount } from "./amount.ts";
import { Block, blockSize } from "./block.ts";
import type { Course } from "./course.ts";
import type { AmountColumn, Rows } from "./rows.ts";
import type { LaneScale } from "./scale.ts";

export interface SectionRowsOptions {
  rows: Rows;
  /** In the section's currency, by row. */
  amounts: AmountColumn;
  outcomes: Int8Array;
  scale: LaneScale;
  /** The section's rows by close, then open, then id. */
  byClose: Uint32Array;
  /** The same by holding time, shortest first, and the holding times by row. */
  byHolding: Uint32Array;
  holdingSeconds: Float64Array;
}

/** The trades of one section, to be handed to courses block by block. */
export class SectionRows {
  readonly byClose: Uint32Array;
  readonly byHolding: Uint32Array;
  readonly holdingSeconds: Float64Array;
  readonly rows: Rows;
  readonly #options: SectionRowsOptions;
  readonly #block = new Block();
  readonly #amount = new Amount();

  constructor(options: SectionRowsOptions) {
    this.#options = options;
    this.rows = options.rows;
    this.byClose = options.byClose;
    this.byHolding = options.byHolding;
    this.holdingSeconds = options.holdingSeconds;
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
    const { closedAtMs, openedAtMs, day, multiple } = this.rows;
    const { outcomes } = this.#options;
    for (let index = 0; index < block.count; index++) {
      const row = list[from + index] as number;
      block.closedAtMs[index] = closedAtMs[row] as number;
      block.openedAtMs[index] = openedAtMs[row] as number;
      block.day[index] = day[row] as number;
      block.outcome[index] = outcomes[row] as number;
    }
    if (multiple === null) return;
    block.hasMultiples = true;
    for (let index = 0; index < block.count; index++) {
      block.multiple[index] = multiple[list[from + index] as number] as number;
    }
  }

  private fillAmounts(block: Block, list: Uint32Array, from: number): void {
    const { amounts, scale } = this.#options;
    if (scale.isWide) {
      for (let index = 0; index < block.count; index++) this.fillWide(block, index, list[from + index] as number);
      return;
    }
    const { high, low } = amounts;
    for (let index = 0; index < block.count; index++) block.high[index] = high[list[from + index] as number] as number;
    if (low === null) block.low.fill(0, 0, block.count);
    else
      for (let index = 0; index < block.count; index++) block.low[index] = low[list[from + index] as number] as number;
    for (let index = 0; index < block.count; index++) {
      block.net[index] = scale.toNumber(block.high[index] as number, block.low[index] as number);
    }
  }

  private fillWide(block: Block, index: number, row: number): void {
    const { amounts, scale } = this.#options;
    const amount = this.#amount;
    amounts.read(row, amount);
    block.net[index] = amount.toNumber();
    amount.setDecimal(scale.fromDecimal(amount.toDecimal()));
    block.high[index] = amount.high;
    block.low[index] = amount.low;
  }
}
