import type { Pair } from "../../executions/symbols.ts";

/** What both exports of Kraken share: its names of assets and pairs. */

/** Assets of Kraken's first years have a letter before their name: X for coins, Z for currencies. */
const prefixed: ReadonlySet<string> = new Set([
  ...["XETC", "XETH", "XLTC", "XMLN", "XREP", "XXBT", "XXDG", "XXLM", "XXMR", "XXRP", "XZEC", "XICN", "XXVN", "XXTZ"],
  ...[
    "ZUSD",
    "ZEUR",
    "ZGBP",
    "ZCAD",
    "ZJPY",
    "ZAUD",
    "ZKRW",
    "ZCHF",
    "ZPLN",
    "ZSEK",
    "ZDKK",
    "ZMXN",
    "ZARS",
    "ZCLP",
    "ZCOP",
  ],
]);

const ownNames = new Map<string, string>(Object.entries({ XBT: "BTC", XDG: "DOGE" }));

/** What is behind a point says where it lies: `EUR.HOLD`, `ETH2.S`, `DOT28.S`, `XBT.F`. */
const place = /(\d\d)?\.[A-Z]{1,5}$/;

/** `XXBT` and `XBT` are BTC, `ZEUR` and `EUR.HOLD` are EUR. */
export function assetOf(name: string): string {
  const plain = name.replace(place, "");
  const short = prefixed.has(plain) ? plain.slice(1) : plain;
  return ownNames.get(short) ?? short;
}

const quotes = [
  ...["ZUSD", "ZEUR", "ZGBP", "ZCAD", "ZJPY", "ZAUD", "XXBT", "XETH"],
  ...["USDT", "USDC", "USDQ", "USDR", "USDD", "RLUSD", "PYUSD", "EURC", "USD1", "DAI"],
  ...["USD", "EUR", "GBP", "CAD", "JPY", "AUD", "CHF", "AED", "XBT", "ETH", "DOT", "SOL", "POL"],
].sort((a, b) => b.length - a.length);

/** `XXBTZUSD`, `XBTUSD` and `BTC/USD`; null: none of Kraken's. */
export function pairOf(name: string): Pair | null {
  const [left, right, ...more] = name.split("/");
  if (left && right && more.length === 0) return { base: assetOf(left), quote: assetOf(right) };
  for (const quote of quotes) {
    const base = name.slice(0, -quote.length);
    // With a prefix before one of them there is one before the other: `XXBCUSD` is no pair.
    if (!name.endsWith(quote) || base === "" || prefixed.has(quote) !== prefixed.has(base)) continue;
    if (/^XX/.test(base) && !prefixed.has(base)) continue;
    return { base: assetOf(base), quote: assetOf(quote) };
  }
  return null;
}
