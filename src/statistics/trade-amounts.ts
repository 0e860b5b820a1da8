import { DecimalError } from "../executions/decimal.ts";
import { Amount } from "./amount.ts";
import type { ClosedTrade } from "./closed-trade.ts";
import type { Costs } from "./totals.ts";
import { readVolume } from "./volume.ts";

/** The fields of a trade that are amount text. */
type AmountField =
  | "netPnl"
  | "grossPnl"
  | "fees"
  | "funding"
  | "quantity"
  | "contractSize"
  | "entryPrice"
  | "pnlInBaseCurrency"
  | "rMultiple";

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
