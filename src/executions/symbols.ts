/**
 * What the symbols of exchanges are made of. Exchanges write pairs without a separator, so the quote asset is found by name;
 * what a row says itself (the unit beside an amount) always wins over the list.
 */
export interface Pair {
  base: string;
  quote: string;
}

export interface Contract extends Pair {
  settle: string;
  /** Inverse: quoted in USD, settled in the base asset (Binance COIN-M). */
  kind: "linear" | "inverse";
  /** `240628`; null: a perpetual. */
  delivery: string | null;
}

/** Assets that others are quoted in, on Binance and its kin. The longest that fits is taken. */
export const quoteAssets: readonly string[] = [
  // Stablecoins
  ...["USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USDP", "USDS", "USDSB", "BFUSD", "USD1", "USDE", "XUSD", "RLUSD"],
  ...["PAX", "DAI", "UST", "VAI", "SUSD", "AEUR", "EURI", "EURC", "BKRW", "BIDR", "IDRT", "BVND", "GUSD", "PYUSD"],
  // Coins
  ...["BTC", "ETH", "BNB", "XRP", "TRX", "DOGE", "DOT", "SOL"],
  // Currencies
  ...["USD", "EUR", "GBP", "AUD", "CAD", "CHF", "JPY", "TRY", "BRL", "RUB", "UAH", "NGN", "ZAR", "PLN", "RON", "ARS"],
  ...["MXN", "CZK", "COP", "IDR", "KRW", "INR", "NZD", "SEK", "NOK", "DKK", "HKD", "SGD", "CNH", "HUF", "ILS"],
];

const quoteSet = new Set(quoteAssets);
const quoteLengthMax = Math.max(...quoteAssets.map((asset) => asset.length));
const separated = /^([^/\-_.:\s]+)[/\-_.]([^/\-_.:\s]+)$/;
const anySeparator = /[/\-_.:\s]/;
const delivered = /^(.+)_(PERP|\d{6})$/;

/**
 * `BTCUSDT`, `BTC/USDT`, `EUR.USD` as base and quote; null when neither the hint nor the list knows the end of it.
 * `hint`: units seen in the row; one that does not fit the symbol is not used.
 */
export function splitSymbol(symbol: string, hint: { base?: string | null; quote?: string | null } = {}): Pair | null {
  const parts = separated.exec(symbol);
  if (parts?.[1] !== undefined && parts[2] !== undefined) return { base: parts[1], quote: parts[2] };
  const { base, quote } = hint;
  if (quote && symbol.length > quote.length && symbol.endsWith(quote)) {
    return { base: symbol.slice(0, -quote.length), quote };
  }
  if (base && symbol.length > base.length && symbol.startsWith(base)) {
    return { base, quote: symbol.slice(base.length) };
  }
  if (anySeparator.test(symbol)) return null;
  for (let length = Math.min(quoteLengthMax, symbol.length - 1); length > 0; length--) {
    const end = symbol.slice(-length);
    if (quoteSet.has(end)) return { base: symbol.slice(0, -length), quote: end };
  }
  return null;
}

/** `BTCUSDT` (perpetual), `ETHUSDT_240628` (delivery), `BTCUSD_PERP` and `BTCUSD_240628` (inverse); null when it is none. */
export function splitContract(symbol: string): Contract | null {
  const parts = delivered.exec(symbol);
  const pair = splitSymbol(parts?.[1] ?? symbol);
  if (pair === null) return null;
  const delivery = parts?.[2] === undefined || parts[2] === "PERP" ? null : parts[2];
  const inverse = parts !== null && pair.quote === "USD";
  return { ...pair, settle: inverse ? pair.base : pair.quote, kind: inverse ? "inverse" : "linear", delivery };
}
