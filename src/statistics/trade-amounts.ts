import { DecimalError } from "../executions/decimal.ts";
import type { Market } from "../executions/execution.ts";
import { Amount } from "./amount.ts";
import type { ClosedTrade } from "./closed-trade.ts";
import type { Costs } from "./totals.ts";
import { type AmountField, placeOf, type TradeColumns } from "./trade-columns.ts";
import { readVolume } from "./volume.ts";

/** Where each of them stands in columns. */
const place = {
  netPnl: placeOf("netPnl"),
  grossPnl: placeOf("grossPnl"),
  fees: placeOf("fees"),
  funding: placeOf("funding"),
  quantity: placeOf("quantity"),
  contractSize: placeOf("contractSize"),
  entryPrice: placeOf("entryPrice"),
  rMultiple: placeOf("rMultiple"),
};

/** A trade's amounts, read again and again into the same objects: a million trades make no garbage here. */
export class TradeAmounts {
  readonly net = new Amount();
  readonly base = new Amount();
  readonly #fees = new Amount();
  readonly #funding = new Amount();
  readonly costs: Costs = { gross: null, fees: this.#fees, funding: this.#funding, volume: null };
  /** R; NaN: none. */
  multiple = Number.NaN;
  readonly #gross = new Amount();
  readonly #volume = new Amount();
  readonly #quantity = new Amount();
  readonly #contractSize = new Amount();
  readonly #price = new Amount();
  readonly #multiple = new Amount();

  /** All but the amount in the base currency. @throws {DecimalError} with trade and field */
  read(trade: ClosedTrade, netPnl: string): void {
    const { costs } = this;
    this.readField(trade, "netPnl", netPnl, this.net);
    this.readField(trade, "fees", trade.fees, this.#fees);
    this.readField(trade, "funding", trade.funding, this.#funding);
    costs.gross = trade.grossPnl === null ? null : this.readField(trade, "grossPnl", trade.grossPnl, this.#gross);
    costs.volume = this.readVolume(trade);
    this.multiple = Number.NaN;
    if (trade.rMultiple === null) return;
    this.multiple = this.readField(trade, "rMultiple", trade.rMultiple, this.#multiple).toNumber();
  }

  /** The same of columns. */
  readColumns(columns: TradeColumns, index: number, market: Market): void {
    const { costs } = this;
    columns.readAmount(index, place.netPnl, this.net);
    columns.readAmount(index, place.fees, this.#fees);
    columns.readAmount(index, place.funding, this.#funding);
    costs.gross = this.readColumn(columns, index, place.grossPnl, this.#gross);
    costs.volume = this.readColumnVolume(columns, index, market);
    this.multiple = this.readColumn(columns, index, place.rMultiple, this.#multiple)?.toNumber() ?? Number.NaN;
  }

  private readColumnVolume(columns: TradeColumns, index: number, market: Market): Amount | null {
    const price = this.readColumn(columns, index, place.entryPrice, this.#price);
    if (price === null) return null;
    const contractSize = this.readColumn(columns, index, place.contractSize, this.#contractSize);
    columns.readAmount(index, place.quantity, this.#quantity);
    return readVolume(this.#volume, { market, quantity: this.#quantity, contractSize, price }) ? this.#volume : null;
  }

  private readColumn(columns: TradeColumns, index: number, at: number, into: Amount): Amount | null {
    if (!columns.isKnown(index, at)) return null;
    columns.readAmount(index, at, into);
    return into;
  }

  /** @throws {DecimalError} with trade and field */
  readBase(trade: ClosedTrade, pnlInBaseCurrency: string): void {
    this.readField(trade, "pnlInBaseCurrency", pnlInBaseCurrency, this.base);
  }

  private readVolume(trade: ClosedTrade): Amount | null {
    if (trade.entryPrice === null) return null;
    const { contractSize } = trade;
    const isKnown = readVolume(this.#volume, {
      market: trade.market,
      quantity: this.readField(trade, "quantity", trade.quantity, this.#quantity),
      contractSize:
        contractSize === null ? null : this.readField(trade, "contractSize", contractSize, this.#contractSize),
      price: this.readField(trade, "entryPrice", trade.entryPrice, this.#price),
    });
    return isKnown ? this.#volume : null;
  }

  private readField(trade: ClosedTrade, field: AmountField, text: string, into: Amount): Amount {
    try {
      into.read(text);
    } catch (error) {
      if (!(error instanceof DecimalError)) throw error;
      throw new DecimalError(`trade ${trade.id}: ${field} is not ${error.message} (was "${text}")`);
    }
    return into;
  }
}
