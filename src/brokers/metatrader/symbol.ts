import type { Market } from "../../executions/execution.ts";
import { externalIdOf, type Venue } from "../../executions/identify.ts";

/** How MetaTrader's symbols and tickets become markets, assets and ids; the same for reports and for live deals. */
export const metatrader = "metatrader";

export interface Instrument {
  market: Market;
  /** Of a currency pair its first currency, else the symbol itself where it is short enough for an asset. */
  baseAsset: string | null;
  /** Of a currency pair; null: the symbol does not say. */
  quoteAsset: string | null;
}

/** The contract's limit; `Volatility 100 (1s) Index` is longer. */
const assetCharactersMax = 24;

const currencies = new Set(
  (
    "USD EUR GBP JPY CHF AUD NZD CAD SEK NOK DKK PLN CZK HUF RON BGN HRK ISK TRY RUB RUR UAH KZT GEL ZAR MXN BRL ARS CLP COP PEN " +
    "CNH CNY HKD SGD TWD KRW THB MYR IDR PHP INR VND ILS SAR AED QAR KWD BHD OMR JOD EGP NGN KES MAD TND LKR PKR"
  ).split(" "),
);

/** `EURUSD`, with what brokers write around it: `EURUSDm`, `eurusd.`, `EURUSD.r`, `EURUSD_i`, `#EURUSD`, `EUR/USD`. */
const pair = /^[#.!_]?([A-Za-z]{3})\/?([A-Za-z]{3})(?:[._\-+#!^@][\w.+#!-]{0,12}|[a-z]{1,6}|[+#!^])?$/;

/**
 * A pair of two currencies is forex; metals, coins, shares and indices are contracts for difference, unless the account says another
 * market. The market stands in the ids: to change it doubles the trades.
 */
export function instrumentOf(symbol: string, other: Market = "cfd"): Instrument {
  const [, base, quote] = pair.exec(symbol) ?? [];
  const [baseAsset, quoteAsset] = [base?.toUpperCase(), quote?.toUpperCase()];
  const isForex =
    baseAsset !== undefined &&
    quoteAsset !== undefined &&
    baseAsset !== quoteAsset &&
    currencies.has(baseAsset) &&
    currencies.has(quoteAsset);
  if (isForex) return { market: "forex", baseAsset, quoteAsset };
  const asset = symbol.length <= assetCharactersMax ? symbol : null;
  return { market: other === "forex" ? "cfd" : other, baseAsset: asset, quoteAsset: null };
}

function venueOf(symbol: string, { market }: Instrument): Venue {
  return { broker: metatrader, market, symbol };
}

/** Of a run of the strategy tester, whose tickets start from one each time; null: a real account. */
export type RunId = string | null;

function idIn(run: RunId, id: string): string {
  return run === null ? id : `tester-${run}:${id}`;
}

/** `metatrader:forex:EURUSD:771401`. Several executions of one deal: `part` stands before its number. */
export function dealId(
  symbol: string,
  instrument: Instrument,
  deal: string,
  part: DealPart,
  run: RunId = null,
): string {
  return externalIdOf(venueOf(symbol, instrument), idIn(run, part === null ? deal : `${part}:${deal}`));
}

/** `swap`: the swap that a deal books; `flip`: what an `in/out` deal opens, behind what it closes. */
export type DealPart = "swap" | "flip" | null;

/** `trade:metatrader:forex:EURUSD:551203`, of the position's or the first order's ticket. */
export function positionId(symbol: string, instrument: Instrument, ticket: string, run: RunId = null): string {
  return `trade:${externalIdOf(venueOf(symbol, instrument), idIn(run, ticket))}`;
}
