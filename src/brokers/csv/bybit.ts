import { type Decimal, one } from "../../executions/decimal.ts";
import type { Market } from "../../executions/execution.ts";
import { RowError } from "./dialect.ts";

/** What all exports of Bybit share. */
export interface BybitContract {
  market: Market;
  baseAsset: string;
  quoteAsset: string;
  settleAsset: string;
  contractSize: Decimal;
}

const option = /^([A-Z0-9]+)-\d{1,2}[A-Z]{3}\d{2}-[\d.]+-[CP](?:-(USDT|USDC))?$/;
const perpetual = /^([A-Z0-9]+)(PERP|USDT|USDC)$/;
const dated = /^([A-Z0-9]+?)(USDT|USDC)?-\d{1,2}[A-Z]{3}\d{2}$/;
/** Quantities are US dollars, and PnL is in the coin. */
const inverse = /^([A-Z0-9]+?)USD(?:[FGHJKMNQUVXZ]\d{2})?$/;

/** `BTCUSDT`, `BTCPERP` (in USDC), `BTCUSDT-26DEC25`, `BTCUSD` and `BTCUSDH26` (inverse), `BTC-26DEC25-90000-C`. @throws {RowError} */
export function contractOf(symbol: string, column: string): BybitContract {
  const settled = (market: Market, base: string, settle: string): BybitContract => ({
    market,
    baseAsset: base,
    quoteAsset: settle,
    settleAsset: settle,
    contractSize: one,
  });
  const [, underlying, optionSettle = "USDC"] = option.exec(symbol) ?? [];
  if (underlying !== undefined) return settled("option", underlying, optionSettle);
  const [, base, settle] = perpetual.exec(symbol) ?? dated.exec(symbol) ?? [];
  if (base !== undefined) return settled("linear", base, settle === undefined || settle === "PERP" ? "USDC" : settle);
  const [, coin] = inverse.exec(symbol) ?? [];
  if (coin !== undefined) return { ...settled("inverse", coin, coin), quoteAsset: "USD" };
  throw new RowError("unknown_symbol", "expected a contract of Bybit, such as BTCUSDT, BTCPERP or BTCUSD", column);
}

/** The newer exports write the time before the date. */
export const bybitTimes = [
  "YYYY-MM-DD hh:mm:ss",
  "hh:mm YYYY-MM-DD",
  "hh:mm:ss YYYY-MM-DD",
  "YYYY-MM-DD hh:mm",
] as const;
