import type { Direction, Market } from "../executions/execution.ts";
import type { Amount } from "./amount.ts";
import type { ClosedTrade, Id } from "./closed-trade.ts";

/** The amounts of a trade, in the order in which they stand side by side. */
export const amountFields = [
  "netPnl",
  "grossPnl",
  "fees",
  "funding",
  "quantity",
  "contractSize",
  "entryPrice",
  "pnlInBaseCurrency",
  "rMultiple",
] as const satisfies readonly (keyof ClosedTrade)[];
export type AmountField = (typeof amountFields)[number];

/** An amount is two numbers, its lanes. */
const laneCount = 2;
export const amountsWidth = amountFields.length * laneCount;
export const placeOf = (field: AmountField): number => amountFields.indexOf(field) * laneCount;

/** What of a trade is neither time nor amount. */
export type TradeLabels = Pick<
  ClosedTrade,
  "accountId" | "broker" | "market" | "symbol" | "direction" | "pnlCurrency" | "baseCurrency"
>;

/**
 * A page of closed trades whose amounts and times were read already, in columns that are filled again with the next page: a user's
 * million trades leave no objects behind. They say the same as the page's `ClosedTrade`s.
 */
export class TradeColumns {
  readonly tradesMax: number;
  count = 0;
  readonly ids: Id[] = [];
  readonly accountIds: Id[] = [];
  readonly brokers: string[] = [];
  readonly markets: Market[] = [];
  readonly symbols: string[] = [];
  readonly directions: Direction[] = [];
  readonly pnlCurrencies: string[] = [];
  readonly baseCurrencies: (string | null)[] = [];
  readonly openedAtMs: Float64Array;
  readonly closedAtMs: Float64Array;
  /** `amountsWidth` numbers a trade. A high lane that is NaN: the amount is null. */
  readonly amounts: Float64Array;

  constructor(tradesMax: number) {
    this.tradesMax = tradesMax;
    this.openedAtMs = new Float64Array(tradesMax);
    this.closedAtMs = new Float64Array(tradesMax);
    this.amounts = new Float64Array(tradesMax * amountsWidth);
  }

  isKnown(index: number, place: number): boolean {
    return !Number.isNaN(this.amounts[index * amountsWidth + place]);
  }

  /** Not of a null. `place`: see `placeOf`. */
  readAmount(index: number, place: number, into: Amount): void {
    const at = index * amountsWidth + place;
    into.high = this.amounts[at] as number;
    into.low = this.amounts[at + 1] as number;
    into.wide = null;
  }

  readLabels(index: number, into: TradeLabels): void {
    into.accountId = this.accountIds[index] as Id;
    into.broker = this.brokers[index] as string;
    into.market = this.markets[index] as Market;
    into.symbol = this.symbols[index] as string;
    into.direction = this.directions[index] as Direction;
    into.pnlCurrency = this.pnlCurrencies[index] as string;
    into.baseCurrency = this.baseCurrencies[index] as string | null;
  }
}

/** A page of closed trades, to be gone through before the next one is asked for. */
export interface TradePage {
  readonly count: number;
  /** Null: only the list is there. */
  readonly columns: TradeColumns | null;
  /** The trades as objects; where there are columns too they are made now, which takes several times as long. */
  trades: () => readonly ClosedTrade[];
}

/** Trades that are there as objects. */
export function listPage(trades: readonly ClosedTrade[]): TradePage {
  return { count: trades.length, columns: null, trades: () => trades };
}
