import type { Decimal } from "../../src/executions/decimal.ts";
import type { Amount } from "./amounts.ts";
import type { PositionSide } from "./positions.ts";
import type { WorldMarket } from "./world-symbols.ts";

export type FillMarket = WorldMarket | "margin";
export type FillKind = "fill" | "liquidation" | "adl" | "settlement";
/** Isolated margin has a wallet a pair. */
export type Wallet = "spot" | "margin" | "linear" | "inverse" | "funding" | `isolated/${string}`;
export type VenueSide = "BUY" | "SELL";

/** Anything that a list of the venue shows: some of it later than it happened. */
export interface Shown {
  timeMs: number;
  /** The lists show it from then on; balances have it from `timeMs`. */
  visibleFromMs: number;
}

export interface VenueFill extends Shown {
  market: FillMarket;
  symbol: string;
  /** Unique within market and symbol only. */
  id: number;
  orderId: bigint;
  side: VenueSide;
  positionSide: PositionSide;
  price: Decimal;
  /** Contracts where there is a contract size. */
  quantity: Decimal;
  /** Quote units; of inverse contracts base units. */
  value: Decimal;
  /** Paid: positive; a rebate: negative. */
  commission: Decimal;
  commissionAsset: string;
  /** In the settle asset, before commission; 0 on spot. */
  realizedPnl: Decimal;
  maker: boolean;
  kind: FillKind;
  isolated: boolean;
}

export interface VenueIncome extends Shown {
  market: "linear" | "inverse";
  symbol: string;
  incomeType: string;
  income: Decimal;
  asset: string;
  info: string;
  /** Unique within an income type only. */
  tranId: bigint;
  tradeId: number | null;
}

export interface VenueConversion extends Shown {
  quoteId: string;
  orderId: bigint;
  status: "SUCCESS" | "PROCESS" | "FAIL";
  fromAsset: string;
  fromAmount: Decimal;
  toAsset: string;
  toAmount: Decimal;
}

export interface VenueDust extends Shown {
  transId: bigint;
  /** One row an asset; what the client gets is `transferred`, after the charge. */
  details: { fromAsset: string; amount: Decimal; transferred: Decimal; charge: Decimal }[];
}

export interface VenueMovement extends Shown {
  id: string;
  kind: "deposit" | "withdrawal";
  asset: string;
  amount: Decimal;
  /** Of withdrawals, on top of the amount. */
  fee: Decimal;
  network: string;
  txId: string;
  status: number;
}

export interface VenueTransfer extends Shown {
  tranId: bigint;
  from: Wallet;
  to: Wallet;
  asset: string;
  amount: Decimal;
}

export interface VenueDividend extends Shown {
  id: number;
  tranId: bigint;
  asset: string;
  amount: Decimal;
  info: string;
}

export interface WalletEntry {
  timeMs: number;
  wallet: Wallet;
  asset: string;
  amount: Decimal;
}

export interface FillRequest {
  market: FillMarket;
  symbol: string;
  side: VenueSide;
  quantity: Amount;
  atMs: number;
  /** The market's price at that time when left out. */
  price?: Amount;
  positionSide?: PositionSide;
  maker?: boolean;
  kind?: FillKind;
  /** Several fills of one order share it; a new one when left out. */
  orderId?: bigint;
  /** The next of the symbol when left out; never smaller. */
  id?: number;
  /** Computed by the account's rates when left out. */
  commission?: { amount: Amount; asset: string };
  /** The lists show it so much later than it happened. */
  lateMs?: number;
  isolated?: boolean;
}
