import { parseDecimal } from "../../src/executions/decimal.ts";
import type { Execution } from "../../src/executions/execution.ts";
import type { MatchRules } from "../../src/trades/match.ts";
import type { StatedPnl } from "../../src/trades/position.ts";

/** Text where a person writes numbers: `fill({ side: "buy", quantity: "0.01", price: "64000.12" })`. */
export interface Given {
  id?: number | string;
  type?: Execution["type"];
  market?: Execution["market"];
  symbol?: string;
  base?: string;
  quote?: string;
  settle?: string | null;
  side?: "buy" | "sell" | null;
  positionSide?: "long" | "short" | null;
  quantity?: string | null;
  price?: string | null;
  contractSize?: string | null;
  fee?: string | null;
  feeAsset?: string | null;
  feeInQuote?: string | null;
  realizedPnl?: string | null;
  atMs?: number;
}

export const startMs = Date.UTC(2026, 0, 5, 9);

let next = 1;

export function fill(given: Given): Execution {
  const { market = "linear", symbol = "BTCUSDT", id = next++, base = "BTC", quote = "USDT" } = given;
  const decimal = (text: string | null | undefined) => (text == null ? null : parseDecimal(text));
  const settle =
    given.settle === undefined ? (market === "spot" ? null : market === "inverse" ? base : quote) : given.settle;
  const currency = settle ?? quote;
  const feeAsset = given.feeAsset ?? (given.fee == null ? null : currency);
  const known = feeAsset === currency ? given.fee : null;
  return {
    externalId: `venue:${market}:${symbol}:${id}`,
    type: given.type ?? "fill",
    market,
    symbol,
    baseAsset: base,
    quoteAsset: quote,
    settleAsset: settle,
    side: given.side ?? null,
    positionSide: given.positionSide ?? null,
    quantity: decimal(given.quantity),
    price: decimal(given.price),
    quoteQuantity: null,
    contractSize: decimal(given.contractSize),
    fee: decimal(given.fee),
    feeAsset,
    feeInQuote: decimal(given.feeInQuote === undefined ? known : given.feeInQuote),
    realizedPnl: decimal(given.realizedPnl),
    orderId: null,
    liquidity: null,
    executedAtMs: given.atMs ?? startMs + (typeof id === "number" ? id : 0) * 1_000,
  };
}

export function rules({
  method = "fifo",
  stated = null,
  step = null,
}: {
  method?: MatchRules["method"];
  stated?: StatedPnl;
  step?: string | null;
} = {}): MatchRules {
  return { method, statedPnl: () => stated, stepOf: () => (step === null ? null : parseDecimal(step)) };
}
