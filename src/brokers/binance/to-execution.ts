import { type Decimal, DecimalError, divide, fromProduct, multiply, parseDecimal } from "../../executions/decimal.ts";
import type { Execution, ExecutionType } from "../../executions/execution.ts";
import { pnlCurrencyOf } from "../../executions/execution.ts";
import { externalIdOf } from "../../executions/identify.ts";
import { type Draft, NormaliseError, normalise } from "../../executions/normalise.ts";
import { quoteAssets } from "../../executions/symbols.ts";
import { failure } from "../broker-failure.ts";
import type { MarketSymbol, MarketTable } from "../markets-cache.ts";
import type { CoinTrade, Conversion, DustDetail, FuturesTrade, Income } from "./rows.ts";

/** Binance's rows as executions. Ids are its own: unique within market and symbol, and within the kind of entry. */
const broker = "binance";
const quoteRank = new Map(quoteAssets.map((asset, index) => [asset, index]));

export interface Named {
  market: "spot" | "margin" | "linear" | "inverse";
  symbol: string;
  /** Undefined: the venue does not list it any more; the assets are taken from its name. */
  info: MarketSymbol | undefined;
}

export function fromCoinTrade(named: Named, row: CoinTrade, type: ExecutionType = "fill"): Execution {
  return make(named, String(row.id), () => ({
    ...assetsOf(named),
    type,
    id: String(row.id),
    side: row.isBuyer ? "buy" : "sell",
    quantity: parseDecimal(row.qty),
    price: parseDecimal(row.price),
    quoteQuantity: row.quoteQty === undefined ? null : parseDecimal(row.quoteQty),
    fee: parseDecimal(row.commission),
    feeAsset: row.commissionAsset,
    orderId: String(row.orderId),
    liquidity: row.isMaker ? "maker" : "taker",
    executedAtMs: row.time,
  }));
}

/** `costIsNegative`: how this list writes a fee that was paid; see `FeeSign`. */
export function fromFuturesTrade(
  named: Named,
  row: FuturesTrade,
  { type, costIsNegative }: { type: ExecutionType; costIsNegative: boolean },
): Execution {
  return make(named, String(row.id), () => {
    const quantity = parseDecimal(row.qty);
    const commission = parseDecimal(row.commission);
    const contractSize = contractSizeOf(named);
    const inQuote = contractSize === null ? null : fromProduct(multiply(quantity, contractSize));
    return {
      ...assetsOf(named),
      type,
      id: String(row.id),
      side: row.side === "BUY" ? "buy" : "sell",
      positionSide: row.positionSide === "BOTH" ? null : row.positionSide === "LONG" ? "long" : "short",
      quantity,
      price: parseDecimal(row.price),
      quoteQuantity:
        named.market === "inverse" ? inQuote : row.quoteQty === undefined ? null : parseDecimal(row.quoteQty),
      contractSize,
      fee: costIsNegative ? -commission : commission,
      feeAsset: row.commissionAsset,
      realizedPnl: parseDecimal(row.realizedPnl),
      orderId: String(row.orderId),
      liquidity: row.maker ? "maker" : "taker",
      executedAtMs: row.time,
    };
  });
}

/** Funding, or a fee that stands alone: what was received is a negative amount. */
export function fromIncome(named: Named, row: Income, type: "funding" | "fee"): Execution {
  const id = `${type}:${row.tranId}`;
  return make(named, id, () => ({
    ...assetsOf(named),
    type,
    id,
    side: null,
    contractSize: contractSizeOf(named),
    fee: -parseDecimal(row.income),
    feeAsset: row.asset,
    executedAtMs: row.time,
  }));
}

/** A delivery that the list of fills does not have. */
export function fromSettlement(
  named: Named,
  row: Income,
  position: { net: Decimal; side: "long" | "short" | null; price: Decimal },
): Execution {
  const id = `settlement:${row.tranId}`;
  return make(named, id, () => ({
    ...assetsOf(named),
    type: "settlement",
    id,
    side: position.net > 0n ? "sell" : "buy",
    positionSide: position.side,
    quantity: position.net > 0n ? position.net : -position.net,
    price: position.price,
    contractSize: contractSizeOf(named),
    fee: 0n,
    feeAsset: row.asset,
    realizedPnl: parseDecimal(row.income),
    executedAtMs: row.time,
  }));
}

export function fromConversion(symbols: MarketTable, row: Conversion): Execution {
  const pair = pairOf(symbols, row.fromAsset, row.toAsset);
  const isBuy = pair.base === row.toAsset;
  const id = `convert:${row.orderId}`;
  return make({ market: "spot", symbol: pair.symbol, info: undefined }, id, () => {
    const quantity = parseDecimal(isBuy ? row.toAmount : row.fromAmount);
    const quoteQuantity = parseDecimal(isBuy ? row.fromAmount : row.toAmount);
    return {
      ...exchanged(pair, isBuy, quantity, quoteQuantity),
      id,
      fee: 0n,
      feeAsset: pair.quote,
      orderId: String(row.orderId),
      executedAtMs: row.createTime,
    };
  });
}

/** The charge is not in what was received: it comes on top. Null: too little to be worth the smallest unit of the target. */
export function fromDust(
  symbols: MarketTable,
  { transId, operateTime }: { transId: string; operateTime: number },
  row: DustDetail,
): Execution | null {
  const target = row.targetAsset ?? "BNB";
  const pair = pairOf(symbols, row.fromAsset, target);
  const isBuy = pair.base === target;
  const id = `dust:${transId}:${row.fromAsset}`;
  const named: Named = { market: "spot", symbol: pair.symbol, info: undefined };
  const [amount, received, charge] = guarded(named, id, () => [
    parseDecimal(row.amount),
    parseDecimal(row.transferedAmount) + parseDecimal(row.serviceChargeAmount),
    parseDecimal(row.serviceChargeAmount),
  ]);
  const [quantity, quoteQuantity] = isBuy ? [received, amount] : [amount, received];
  if (quantity === 0n) return null;
  return make(named, id, () => ({
    ...exchanged(pair, isBuy, quantity, quoteQuantity),
    id,
    fee: charge,
    feeAsset: target,
    orderId: transId,
    executedAtMs: operateTime,
  }));
}

type Pair = Pick<MarketSymbol, "symbol" | "base" | "quote">;

function exchanged(pair: Pair, isBuy: boolean, quantity: Decimal, quoteQuantity: Decimal) {
  return {
    type: "conversion" as const,
    baseAsset: pair.base,
    quoteAsset: pair.quote,
    side: isBuy ? ("buy" as const) : ("sell" as const),
    quantity,
    quoteQuantity,
    price: divide(quoteQuantity, quantity),
  };
}

/** The symbol that trades the two; without one, what is quoted in more often stands last, and both ways have one name. */
function pairOf({ symbols }: MarketTable, a: string, b: string): Pair {
  const listed = symbols.get(a + b) ?? symbols.get(b + a);
  if (listed !== undefined) return listed;
  const rank = (asset: string) => quoteRank.get(asset) ?? Number.POSITIVE_INFINITY;
  const isQuote = rank(a) === rank(b) ? a > b : rank(a) < rank(b);
  const [base, quote] = isQuote ? [b, a] : [a, b];
  return { symbol: base + quote, base, quote };
}

function assetsOf({ market, symbol, info }: Named) {
  if (info === undefined) return { market, symbol };
  return {
    market,
    symbol,
    baseAsset: info.base,
    quoteAsset: info.quote,
    ...(info.settle === null ? {} : { settleAsset: info.settle }),
  };
}

function contractSizeOf({ market, info }: Named): Decimal | null {
  if (market === "spot" || market === "margin") return null;
  if (info?.contractSize != null) return parseDecimal(info.contractSize);
  return market === "linear" ? parseDecimal("1") : null;
}

type Parts = Omit<Draft, "market" | "symbol"> & Partial<Pick<Draft, "market" | "symbol">>;

function make(named: Named, id: string, draft: () => Parts): Execution {
  const { market, symbol } = named;
  return guarded(named, id, () =>
    normalise({ market, symbol, ...draft() }, externalIdOf({ broker, market, symbol }, id)),
  );
}

function guarded<T>({ market, symbol }: Named, id: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DecimalError || error instanceof NormaliseError)) throw error;
    const reason = error instanceof DecimalError ? `expected ${error.message}` : error.message;
    throw failure("broker_answer", `Binance's ${market} entry ${symbol} ${id} cannot be read: ${reason}.`, {
      hint: "Report this with the entry as Binance shows it.",
    });
  }
}

/** Whether the fee needs a rate that is not in the execution itself. */
export function needsRate(execution: Execution): boolean {
  const { fee, feeAsset, feeInQuote } = execution;
  return fee !== null && fee !== 0n && feeAsset !== null && feeInQuote === null && pnlCurrencyOf(execution) !== null;
}
