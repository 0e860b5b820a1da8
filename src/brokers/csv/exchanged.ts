import { absolute, type Decimal, divide } from "../../executions/decimal.ts";
import type { Side } from "../../executions/execution.ts";
import { RowError } from "./dialect.ts";

/**
 * Ledgers say what came in and what went out, not which pair was traded. The asset that others are priced in is the quote: the one that
 * stands earlier in these lists.
 */
export const quotesOfCoinExchanges: readonly string[] = [
  // Currencies that even stablecoins are priced in.
  ...[
    "TRY",
    "BRL",
    "ARS",
    "COP",
    "MXN",
    "ZAR",
    "UAH",
    "RUB",
    "NGN",
    "PLN",
    "RON",
    "CZK",
    "IDRT",
    "BIDR",
    "BKRW",
    "BVND",
  ],
  ...["JPY", "USD", "USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USDP", "PAX", "USDS", "DAI", "UST"],
  ...["EUR", "GBP", "AUD", "CHF", "CAD"],
  ...["BTC", "XBT", "ETH", "BNB", "XRP", "TRX", "DOGE", "DOT", "SOL"],
];

/** Where currencies are priced against one another, and stablecoins in currencies. */
export const quotesOfCurrencyExchanges: readonly string[] = [
  ...["JPY", "CHF", "CAD", "USD", "AUD", "GBP", "EUR", "CZK", "SEK", "PLN", "NOK", "DKK", "SGD", "BRL"],
  ...["USDT", "USDC", "DAI", "PYUSD", "BTC", "XBT", "ETH", "DOT"],
];

export interface Leg {
  asset: string;
  /** Positive: it came in. */
  amount: Decimal;
}

export interface Exchanged {
  base: string;
  quote: string;
  side: Side;
  quantity: Decimal;
  quoteQuantity: Decimal;
  /** Rounded to 18 digits after the point. */
  price: Decimal;
}

/** What was exchanged for what: the legs of each asset summed up. @throws {RowError} it is not one asset for one other */
export function exchangedOf(legs: readonly Leg[], quotes: readonly string[]): Exchanged {
  const sums = sumsOf(legs);
  const incoming = [...sums].filter(([, amount]) => amount > 0n);
  const outgoing = [...sums].filter(([, amount]) => amount < 0n);
  const [[got, gotAmount] = [], ...moreIn] = incoming;
  const [[gave, gaveAmount] = [], ...moreOut] = outgoing;
  if (got === undefined || gave === undefined || gotAmount === undefined || gaveAmount === undefined) {
    throw new RowError("incomplete_trade", `only one side of a trade is there: ${listed(sums)}`);
  }
  if (moreIn.length > 0 || moreOut.length > 0) {
    throw new RowError("ambiguous_trade", `rows of several trades that cannot be told apart: ${listed(sums)}`);
  }
  const { base, quote } = pairOf(got, gave, quotes);
  const bought = base === got;
  const quantity = bought ? gotAmount : absolute(gaveAmount);
  const quoteQuantity = bought ? absolute(gaveAmount) : gotAmount;
  return {
    base,
    quote,
    side: bought ? "buy" : "sell",
    quantity,
    quoteQuantity,
    price: divide(quoteQuantity, quantity),
  };
}

/** What was converted, on spot: the spread is in the price, so there is no fee. `between`: what stands between the assets of a symbol. @throws {RowError} */
export function conversionDraft(legs: readonly Leg[], quotes: readonly string[], between: "" | "-") {
  const { base, quote, ...exchanged } = exchangedOf(legs, quotes);
  return {
    type: "conversion",
    market: "spot",
    symbol: `${base}${between}${quote}`,
    baseAsset: base,
    quoteAsset: quote,
    ...exchanged,
    fee: 0n,
    feeAsset: quote,
  } as const;
}

/** Which of two assets is priced in the other: the same whatever way they went. */
export function pairOf(a: string, b: string, quotes: readonly string[]): { base: string; quote: string } {
  const [rankA, rankB] = [rankOf(a, quotes), rankOf(b, quotes)];
  const isQuote = rankA === rankB ? a > b : rankA < rankB;
  return isQuote ? { base: b, quote: a } : { base: a, quote: b };
}

function rankOf(asset: string, quotes: readonly string[]): number {
  const index = quotes.indexOf(asset);
  return index < 0 ? quotes.length : index;
}

export function sumsOf(legs: readonly Leg[]): Map<string, Decimal> {
  const sums = new Map<string, Decimal>();
  for (const { asset, amount } of legs) sums.set(asset, (sums.get(asset) ?? 0n) + amount);
  return sums;
}

const listedMax = 6;

function listed(sums: ReadonlyMap<string, Decimal>): string {
  const parts = [...sums].map(([asset, amount]) => `${amount < 0n ? "-" : "+"}${asset}`);
  return parts.length === 0 ? "nothing" : parts.slice(0, listedMax).join(" ") + (parts.length > listedMax ? " …" : "");
}
