import type { Market } from "../../executions/execution.ts";
import { RowError } from "./dialect.ts";

/** What all exports of OKX share. */
export interface OkxInstrument {
  market: Market;
  baseAsset: string;
  quoteAsset: string;
  settleAsset: string | null;
}

const instrument = /^([A-Z0-9]+)[-_]([A-Z0-9]+)(?:-(SWAP|\d{6})(?:-[\d.]+-[CP])?)?$/i;

/** `BTC-USDT`, `BTC-USDT-SWAP`, `BTC-USD-SWAP` (inverse), `BTC-USDT-260327`, `BTC-USD-260327-90000-C`. @throws {RowError} */
export function instrumentOf(symbol: string, column: string): OkxInstrument {
  const [, base, quote, kind] = instrument.exec(symbol) ?? [];
  if (base === undefined || quote === undefined) {
    throw new RowError("unknown_symbol", "expected an instrument of OKX, such as BTC-USDT or BTC-USDT-SWAP", column);
  }
  const [baseAsset, quoteAsset] = [base.toUpperCase(), quote.toUpperCase()];
  if (kind === undefined) return { market: "spot", baseAsset, quoteAsset, settleAsset: null };
  if (/-[CP]$/i.test(symbol)) return { market: "option", baseAsset, quoteAsset, settleAsset: baseAsset };
  const isInverse = quoteAsset === "USD";
  return {
    market: isInverse ? "inverse" : "linear",
    baseAsset,
    quoteAsset,
    settleAsset: isInverse ? baseAsset : quoteAsset,
  };
}
