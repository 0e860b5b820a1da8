import "../../jitless.ts";
import { type } from "arktype";

/** The rows of Binance's lists, as far as they are read. Money is text; a JSON number in its place is refused. */
const Money = type("/^-?\\d{1,30}(\\.\\d{1,18}0*)?$/");
/** A bare number, text where it is above 2^53, or text. */
export const Id = type("number.integer >= 0 | /^\\d{1,24}$/");
const Time = type("number.integer > 0");

export const CoinTrades = type({
  id: Id,
  orderId: Id,
  price: Money,
  qty: Money,
  "quoteQty?": Money,
  commission: Money,
  commissionAsset: "string > 0",
  time: Time,
  isBuyer: "boolean",
  isMaker: "boolean",
}).array();
export type CoinTrade = (typeof CoinTrades.infer)[number];

export const FuturesTrades = type({
  id: Id,
  orderId: Id,
  side: "'BUY' | 'SELL'",
  price: Money,
  qty: Money,
  "quoteQty?": Money,
  "baseQty?": Money,
  realizedPnl: Money,
  commission: Money,
  commissionAsset: "string > 0",
  time: Time,
  positionSide: "'BOTH' | 'LONG' | 'SHORT'",
  maker: "boolean",
}).array();
export type FuturesTrade = (typeof FuturesTrades.infer)[number];

export const Incomes = type({
  "symbol?": "string | null",
  incomeType: "string > 0",
  income: Money,
  asset: "string > 0",
  time: Time,
  tranId: Id,
  "tradeId?": type("number.integer | string | null"),
}).array();
export type Income = (typeof Incomes.infer)[number];

export const ForcedOrders = type({ orderId: Id, symbol: "string > 0", clientOrderId: "string", time: Time }).array();

export const SpotAccount = type({ balances: type({ asset: "string > 0", free: Money, locked: Money }).array() });
export const MarginAccount = type({
  userAssets: type({ asset: "string > 0", free: Money, locked: Money, borrowed: Money }).array(),
});
const IsolatedAsset = type({ asset: "string > 0", free: Money, locked: Money, borrowed: Money });
export const IsolatedAccount = type({
  assets: type({ symbol: "string > 0", baseAsset: IsolatedAsset, quoteAsset: IsolatedAsset }).array(),
});
export const FuturesBalances = type({ asset: "string > 0", balance: Money }).array();
export const PortfolioBalances = type({
  asset: "string > 0",
  "crossMarginFree?": Money,
  "crossMarginLocked?": Money,
  "crossMarginBorrowed?": Money,
  "umWalletBalance?": Money,
  "cmWalletBalance?": Money,
}).array();

export const Restrictions = type({
  enableReading: "boolean",
  "enableWithdrawals?": "boolean",
  "enableInternalTransfer?": "boolean",
  "permitsUniversalTransfer?": "boolean",
  "enableSpotAndMarginTrading?": "boolean",
  "enableFutures?": "boolean",
  "enableVanillaOptions?": "boolean",
  "enablePortfolioMarginTrading?": "boolean",
});

export const Conversions = type({
  // Left out where there is none.
  "list?": type({
    orderId: Id,
    orderStatus: "string",
    fromAsset: "string > 0",
    fromAmount: Money,
    toAsset: "string > 0",
    toAmount: Money,
    createTime: Time,
  })
    .array()
    .or("null"),
  "moreData?": "boolean",
});
export type Conversion = NonNullable<(typeof Conversions.infer)["list"]>[number];

const DustDetail = type({
  fromAsset: "string > 0",
  amount: Money,
  transferedAmount: Money,
  serviceChargeAmount: Money,
  "targetAsset?": "string > 0 | null",
});
export type DustDetail = typeof DustDetail.infer;
export const DustLog = type({
  "total?": "number.integer",
  userAssetDribblets: type({ operateTime: Time, transId: Id, userAssetDribbletDetails: DustDetail.array() }).array(),
});
export const Deposits = type({ amount: Money, coin: "string > 0", status: "number.integer", insertTime: Time }).array();
export const Withdrawals = type({
  amount: Money,
  transactionFee: Money,
  coin: "string > 0",
  status: "number.integer",
  // UTC, without saying so.
  applyTime: "/^\\d{4}-\\d{2}-\\d{2} \\d{2}:\\d{2}:\\d{2}$/",
}).array();
export const Dividends = type({
  rows: type({ amount: Money, asset: "string > 0", divTime: Time }).array(),
  "total?": "number.integer",
});
export const Liquidations = type({
  rows: type({ orderId: Id, symbol: "string > 0" }).array(),
  "total?": "number.integer",
});
