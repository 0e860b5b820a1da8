import type { Decimal } from "./decimal.ts";

/** What is traded and how it is settled; the contract's `Market`. */
export const markets = ["spot", "margin", "linear", "inverse", "option", "forex", "cfd", "stock", "future"] as const;
export type Market = (typeof markets)[number];

export const executionTypes = [
  "fill",
  "liquidation",
  "adl",
  "settlement",
  "funding",
  "fee",
  "conversion",
  "transfer",
] as const;
export type ExecutionType = (typeof executionTypes)[number];

export type Side = "buy" | "sell";
export type Direction = "long" | "short";

/** One fill, or another entry of the broker's ledger, as the broker reports it: an immutable fact, known by `externalId` in its account. */
export interface Execution {
  /** `binance:spot:BTCUSDT:28457`. Never made of a converted time, a fee or a PnL. See `identify.ts`. */
  externalId: string;
  type: ExecutionType;
  market: Market;
  /** As the broker writes it. */
  symbol: string;
  baseAsset: string | null;
  quoteAsset: string | null;
  /** What PnL is paid in; null on spot (then it is the quote asset). */
  settleAsset: string | null;
  /** buy: the base asset comes in. Null for funding and fee only. */
  side: Side | null;
  /** Hedge mode only. */
  positionSide: Direction | null;
  /** Positive; in contracts where there is a contract size, else in the base asset. Null for funding and fee only. */
  quantity: Decimal | null;
  /** Null for funding, fee and transfer only. */
  price: Decimal | null;
  quoteQuantity: Decimal | null;
  /** Base units (inverse: quote units) in one unit of quantity; null on spot. */
  contractSize: Decimal | null;
  /** Positive: paid; negative: a rebate. Of funding and fee entries: the whole amount, negative when received. */
  fee: Decimal | null;
  feeAsset: string | null;
  /** The fee in the currency of the PnL at the time; null: no rate known. */
  feeInQuote: Decimal | null;
  /** `feeInQuote` comes from a neighbouring time, since there is no rate of the time itself. */
  feeEstimated?: boolean;
  /** As the broker states it; `statedPnlBasis` of the broker says whether fees are in it. */
  realizedPnl: Decimal | null;
  orderId: string | null;
  liquidity: "maker" | "taker" | null;
  /** Milliseconds since 1970, UTC. */
  executedAtMs: number;
}

/** The currency of the PnL: what it settles in, else the quote asset. */
export function pnlCurrencyOf(execution: Pick<Execution, "settleAsset" | "quoteAsset">): string | null {
  return execution.settleAsset ?? execution.quoteAsset;
}
