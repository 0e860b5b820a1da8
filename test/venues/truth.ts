import { formatDecimal } from "../../src/executions/decimal.ts";
import type { VenueAccount } from "./account.ts";
import type { VenueFill, Wallet } from "./ledger-rows.ts";

/** Everything that happened in an account, in decimal text: what an importer is compared with. */
export interface Truth {
  accountId: string;
  fills: TrueFill[];
  income: TrueIncome[];
  /** Sum of realised PnL by `market:symbol`, before fees and funding. */
  realizedPnl: Record<string, string>;
  /** Sum of funding by `market:symbol`. */
  funding: Record<string, string>;
  conversions: {
    quoteId: string;
    orderId: string;
    status: string;
    fromAsset: string;
    fromAmount: string;
    toAsset: string;
    toAmount: string;
    timeMs: number;
  }[];
  /** One row an asset of a conversion. */
  dust: { transId: string; fromAsset: string; amount: string; transferred: string; charge: string; timeMs: number }[];
  movements: {
    id: string;
    kind: "deposit" | "withdrawal";
    asset: string;
    amount: string;
    fee: string;
    timeMs: number;
  }[];
  /** By wallet and asset; zeros left out. */
  balances: Record<"spot" | "margin" | "linear" | "inverse" | "funding", Record<string, string>>;
}

export interface TrueFill {
  market: string;
  symbol: string;
  id: string;
  orderId: string;
  side: "buy" | "sell";
  positionSide: "long" | "short" | null;
  price: string;
  quantity: string;
  /** Quote units; of inverse contracts base units. */
  value: string;
  /** Paid: positive. */
  fee: string;
  feeAsset: string;
  /** Null on spot and margin. */
  realizedPnl: string | null;
  liquidity: "maker" | "taker";
  type: "fill" | "liquidation" | "adl" | "settlement";
  timeMs: number;
  visibleFromMs: number;
}

export interface TrueIncome {
  market: "linear" | "inverse";
  symbol: string;
  incomeType: string;
  tranId: string;
  income: string;
  asset: string;
  tradeId: string | null;
  timeMs: number;
}

/** `untilMs`: only what had happened by then; all when left out. `visible`: only what the lists show by then. */
export function truthOf(account: VenueAccount, { untilMs = Number.POSITIVE_INFINITY, visible = false } = {}): Truth {
  const { ledger } = account;
  const within = (row: { timeMs: number; visibleFromMs: number }): boolean =>
    (visible ? row.visibleFromMs : row.timeMs) <= untilMs;
  const fills = [...ledger.fills.values()]
    .flat()
    .filter(within)
    .sort((a, b) => a.timeMs - b.timeMs);
  const income = [...ledger.income.linear, ...ledger.income.inverse].filter(within).sort((a, b) => a.timeMs - b.timeMs);
  const funding = income.filter((row) => row.incomeType === "FUNDING_FEE");
  return {
    accountId: account.id,
    fills: fills.map(trueFill),
    income: income.map((row) => ({
      market: row.market,
      symbol: row.symbol,
      incomeType: row.incomeType,
      tranId: String(row.tranId),
      income: formatDecimal(row.income),
      asset: row.asset,
      tradeId: row.tradeId === null ? null : String(row.tradeId),
      timeMs: row.timeMs,
    })),
    realizedPnl: sums(fills.filter(isFutures).map((fill) => [`${fill.market}:${fill.symbol}`, fill.realizedPnl])),
    funding: sums(funding.map((row) => [`${row.market}:${row.symbol}`, row.income])),
    conversions: ledger.conversions.filter(within).map((row) => ({
      quoteId: row.quoteId,
      orderId: String(row.orderId),
      status: row.status,
      fromAsset: row.fromAsset,
      fromAmount: formatDecimal(row.fromAmount),
      toAsset: row.toAsset,
      toAmount: formatDecimal(row.toAmount),
      timeMs: row.timeMs,
    })),
    dust: ledger.dust.filter(within).flatMap((row) =>
      row.details.map((detail) => ({
        transId: String(row.transId),
        fromAsset: detail.fromAsset,
        amount: formatDecimal(detail.amount),
        transferred: formatDecimal(detail.transferred),
        charge: formatDecimal(detail.charge),
        timeMs: row.timeMs,
      })),
    ),
    movements: ledger.movements.filter(within).map((row) => ({
      id: row.id,
      kind: row.kind,
      asset: row.asset,
      amount: formatDecimal(row.amount),
      fee: formatDecimal(row.fee),
      timeMs: row.timeMs,
    })),
    balances: {
      spot: balances("spot"),
      margin: balances("margin"),
      linear: balances("linear"),
      inverse: balances("inverse"),
      funding: balances("funding"),
    },
  };

  function balances(wallet: Wallet): Record<string, string> {
    const all = [...ledger.balancesAt(wallet, untilMs)].filter(([, amount]) => amount !== 0n);
    return Object.fromEntries(all.map(([asset, amount]) => [asset, formatDecimal(amount)]));
  }
}

function isFutures(fill: VenueFill): boolean {
  return fill.market === "linear" || fill.market === "inverse";
}

function trueFill(fill: VenueFill): TrueFill {
  return {
    market: fill.market,
    symbol: fill.symbol,
    id: String(fill.id),
    orderId: String(fill.orderId),
    side: fill.side === "BUY" ? "buy" : "sell",
    positionSide: fill.positionSide === "BOTH" ? null : fill.positionSide === "LONG" ? "long" : "short",
    price: formatDecimal(fill.price),
    quantity: formatDecimal(fill.quantity),
    value: formatDecimal(fill.value),
    fee: formatDecimal(fill.commission),
    feeAsset: fill.commissionAsset,
    realizedPnl: isFutures(fill) ? formatDecimal(fill.realizedPnl) : null,
    liquidity: fill.maker ? "maker" : "taker",
    type: fill.kind,
    timeMs: fill.timeMs,
    visibleFromMs: fill.visibleFromMs,
  };
}

function sums(parts: [string, bigint][]): Record<string, string> {
  const totals = new Map<string, bigint>();
  for (const [key, amount] of parts) totals.set(key, (totals.get(key) ?? 0n) + amount);
  return Object.fromEntries([...totals].map(([key, amount]) => [key, formatDecimal(amount)]));
}
