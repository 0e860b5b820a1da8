import { parseDecimal } from "../../executions/decimal.ts";
import { type ClosedTrade, compareIds, type Id } from "../../statistics/closed-trade.ts";
import { Extremes, type NotableTrade } from "./extremes.ts";

/** The trades of one section, by close, then open, then id: as the figures go through them. */
export interface SectionPoints {
  count: number;
  openedAtMs: Float64Array;
  closedAtMs: Float64Array;
  /** For drawing and counting alone: what is shown as an amount comes from the figures or from the trade's own text. */
  net: Float64Array;
  /** R; NaN: none. */
  multiple: Float64Array;
  best: readonly NotableTrade[];
  worst: readonly NotableTrade[];
}

/**
 * What the figures do not keep and a person wants to see: the course trade by trade, distributions, the best and the worst. About 60
 * bytes a trade, so it is made only for a user that somebody looks at.
 */
export class TradePoints {
  readonly #baseCurrency: string;
  readonly #openedAtMs = new Column();
  readonly #closedAtMs = new Column();
  readonly #net = new Column();
  /** NaN: not known. */
  readonly #base = new Column();
  readonly #multiple = new Column();
  readonly #currency = new Column();
  readonly #ids: Id[] = [];
  readonly #currencies: string[] = [];
  readonly #extremes = new Map<string, Extremes>();
  readonly #baseExtremes = new Extremes();

  constructor(baseCurrency: string) {
    this.#baseCurrency = baseCurrency;
  }

  /** Leaves out what the figures leave out. */
  add(trade: ClosedTrade): void {
    const { netPnl, pnlCurrency } = trade;
    if (netPnl === null || !(trade.closedAtMs >= trade.openedAtMs)) return;
    const base = this.baseOf(trade, netPnl);
    this.#ids.push(trade.id);
    this.#openedAtMs.push(trade.openedAtMs);
    this.#closedAtMs.push(trade.closedAtMs);
    this.#net.push(Number(netPnl));
    this.#base.push(base === null ? Number.NaN : Number(base));
    this.#multiple.push(trade.rMultiple === null ? Number.NaN : Number(trade.rMultiple));
    this.#currency.push(this.indexOf(pnlCurrency));
    this.extremesOf(pnlCurrency).add(trade, netPnl);
    if (base !== null) this.#baseExtremes.add(trade, base);
  }

  /** The rule of the figures: an amount in the base currency needs no rate, and nothing is nothing in every currency. */
  private baseOf(trade: ClosedTrade, netPnl: string): string | null {
    if (trade.pnlCurrency === this.#baseCurrency || parseDecimal(netPnl) === 0n) return netPnl;
    return trade.baseCurrency === this.#baseCurrency ? trade.pnlInBaseCurrency : null;
  }

  private indexOf(currency: string): number {
    const index = this.#currencies.indexOf(currency);
    return index < 0 ? this.#currencies.push(currency) - 1 : index;
  }

  private extremesOf(currency: string): Extremes {
    let extremes = this.#extremes.get(currency);
    if (extremes === undefined) {
      extremes = new Extremes();
      this.#extremes.set(currency, extremes);
    }
    return extremes;
  }

  /** The trades whose P&L is in that currency. */
  ofCurrency(currency: string): SectionPoints {
    const index = this.#currencies.indexOf(currency);
    const rows = this.rows((row) => this.#currency.at(row) === index);
    return this.section(rows, this.#net, this.extremesOf(currency));
  }

  /** All trades, in the base currency; for a user whose amounts in it are all known. */
  inBase(): SectionPoints {
    return this.section(
      this.rows((row) => !Number.isNaN(this.#base.at(row))),
      this.#base,
      this.#baseExtremes,
    );
  }

  private rows(isWanted: (row: number) => boolean): Uint32Array {
    const rows = new Uint32Array(this.#ids.length);
    let count = 0;
    for (let row = 0; row < rows.length; row++) if (isWanted(row)) rows[count++] = row;
    return rows.subarray(0, count).sort((a, b) => this.compare(a, b));
  }

  private compare(a: number, b: number): number {
    return (
      this.#closedAtMs.at(a) - this.#closedAtMs.at(b) ||
      this.#openedAtMs.at(a) - this.#openedAtMs.at(b) ||
      compareIds(this.#ids[a] as Id, this.#ids[b] as Id)
    );
  }

  private section(rows: Uint32Array, net: Column, { best, worst }: Extremes): SectionPoints {
    return {
      count: rows.length,
      openedAtMs: this.#openedAtMs.pick(rows),
      closedAtMs: this.#closedAtMs.pick(rows),
      net: net.pick(rows),
      multiple: this.#multiple.pick(rows),
      best,
      worst,
    };
  }
}

/** Numbers, as many as come. */
class Column {
  #values = new Float64Array(64);
  #count = 0;

  push(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#count * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = value;
  }

  at(index: number): number {
    return this.#values[index] as number;
  }

  pick(indexes: Uint32Array): Float64Array {
    const picked = new Float64Array(indexes.length);
    for (let index = 0; index < indexes.length; index++) picked[index] = this.at(indexes[index] as number);
    return picked;
  }
}
