import { type Decimal, parseDecimal } from "../../src/executions/decimal.ts";
import { dayMs } from "./clock.ts";
import { hash32, seeded } from "./random.ts";

export type WorldMarket = "spot" | "linear" | "inverse";

export interface SymbolSpec {
  market: WorldMarket;
  symbol: string;
  /** `BTCUSD` of `BTCUSD_PERP`; of others the symbol. */
  pair: string;
  base: string;
  quote: string;
  /** What PnL is paid in; on spot the quote asset. */
  settle: string;
  /** Together at most 8, so that price × quantity is exact in 8 digits, as the venue writes it. */
  priceDigits: number;
  quantityDigits: number;
  /** Quote units of one contract, inverse only. */
  contractSize: Decimal | null;
  baseTicks: number;
  priceSeed: number;
  /** Ids of trades are counted per symbol from here: in most symbols from 998, so that ids of different symbols are equal and pass 1000. */
  firstTradeId: number;
  onboardMs: number;
  /** Quarterly contracts settle then; null: perpetual or spot. */
  deliveryMs: number | null;
}

interface Listing {
  seed: string;
  startMs: number;
  endMs: number;
  spotSymbols?: number;
  linearSymbols?: number;
  inverseSymbols?: number;
}

/** Price in quote units, digits of the price, digits of the quantity. */
type Scale = readonly [price: string, priceDigits: number, quantityDigits: number];

const known: Readonly<Record<string, Scale>> = {
  BTC: ["60000.00", 2, 5],
  ETH: ["3000.00", 2, 4],
  BNB: ["600.00", 2, 3],
  SOL: ["150.00", 2, 3],
  USDC: ["1.0001", 4, 2],
  XRP: ["0.5500", 4, 0],
  DOGE: ["0.12000", 5, 0],
  SHIB: ["0.00002000", 8, 0],
  "1000SHIB": ["0.020000", 6, 0],
  "1INCH": ["0.4000", 4, 1],
  LTC: ["80.00", 2, 3],
};
const scales: readonly Scale[] = [
  ["0.00001500", 8, 0],
  ["0.0432", 4, 1],
  ["0.4321", 4, 1],
  ["1.2345", 4, 1],
  ["12.340", 3, 2],
  ["151.20", 2, 3],
];
const scalesInBtc: readonly Scale[] = [
  ["0.00000910", 8, 0],
  ["0.00012000", 8, 0],
  ["0.001200", 6, 2],
];
const names = (
  "ADA DOT LINK AVAX MATIC UNI ATOM XLM ETC FIL TRX NEAR ALGO VET ICP HBAR QNT AAVE GRT EOS SAND MANA AXS THETA FTM EGLD XTZ CHZ FLOW SNX " +
  "CRV ENJ ZIL BAT KAVA ZEC DASH COMP MKR YFI SUSHI RUNE CELO ONE IOTA NEO ONT ZRX OMG ICX SKL ANKR STORJ LRC OCEAN BAND RLC NKN CTSI " +
  "ARPA DENT HOT WIN COTI CHR ALICE AUDIO INJ APT SUI ARB OP LDO GMX STX RNDR IMX ROSE KSM WAVES MASK DYDX ENS PEOPLE GALA JASMY API3"
).split(" ");

/** Names that break what is careless: a symbol outside ASCII, and ones that start with digits. */
const spotFirst = [
  ["BTC", "USDT"],
  ["ETH", "USDT"],
  ["BNB", "USDT"],
  ["BNB", "BTC"],
  ["BNB", "USDC"],
  ["ETH", "BTC"],
  ["USDC", "USDT"],
  ["BTC", "USDC"],
  ["1INCH", "USDT"],
  ["币安人生", "USDT"],
  ["SHIB", "USDT"],
  ["SOL", "BNB"],
] as const;
const linearFirst = ["BTC", "ETH", "BNB", "1000SHIB", "SOL", "XRP"];
const inverseFirst = ["BTC", "ETH", "SOL", "LTC"];
const spotQuotes = ["USDT", "USDT", "USDT", "USDC", "BTC", "BNB"] as const;
const firstTradeIds = [998, 998, 998, 28_457, 2_147_483_640, 99_995] as const;
const defaults = { spot: 120, linear: 60, inverse: 20 } as const;

export function listSymbols(listing: Listing): SymbolSpec[] {
  return [...listSpot(listing), ...listLinear(listing), ...listInverse(listing)];
}

function listSpot(listing: Listing): SymbolSpec[] {
  const count = listing.spotSymbols ?? defaults.spot;
  const pairs: (readonly [string, string])[] = [...spotFirst];
  const random = seeded(`${listing.seed}/spot`);
  const seen = new Set(pairs.map((pair) => pair.join("")));
  for (let index = 0; pairs.length < count; index++) {
    const pair = [assetName(index), random.pick(spotQuotes)] as const;
    if (seen.has(pair.join(""))) continue;
    seen.add(pair.join(""));
    pairs.push(pair);
  }
  return pairs
    .slice(0, Math.max(count, spotFirst.length))
    .map(([base, quote]) =>
      spec(listing, { market: "spot", symbol: base + quote, pair: base + quote, base, quote, settle: quote }),
    );
}

function listLinear(listing: Listing): SymbolSpec[] {
  const count = listing.linearSymbols ?? defaults.linear;
  const bases = [...linearFirst];
  for (let index = 0; bases.length < count; index++) bases.push(assetName(index));
  const perpetuals = bases.slice(0, count).map((base) => contract(listing, "linear", base, "USDT", ""));
  return count < 3 ? perpetuals : [...perpetuals.slice(0, -2), ...quarterly(listing, "linear", "BTC", "USDT")];
}

function listInverse(listing: Listing): SymbolSpec[] {
  const count = listing.inverseSymbols ?? defaults.inverse;
  const bases = [...inverseFirst];
  for (let index = 0; bases.length < count; index++) bases.push(assetName(index));
  const perpetuals = bases.slice(0, count).map((base) => contract(listing, "inverse", base, "USD", "_PERP"));
  return count < 3 ? perpetuals : [...perpetuals.slice(0, -2), ...quarterly(listing, "inverse", "BTC", "USD")];
}

/** Quarterly contracts settle on the last Friday of the quarter. One of them within the time, if it holds such a day, and one that is still open at its end. */
function quarterly(listing: Listing, market: "linear" | "inverse", base: string, quote: string): SymbolSpec[] {
  const { startMs, endMs } = listing;
  const spanMs = endMs - startMs;
  const fridays = lastFridays(startMs, endMs + 200 * dayMs);
  const inside = fridays.filter((ms) => ms > startMs + spanMs / 5 && ms < endMs - spanMs / 20);
  const after = fridays.filter((ms) => ms > endMs + dayMs);
  return [...inside, ...after]
    .slice(0, 1)
    .concat(after.slice(inside.length === 0 ? 1 : 0))
    .slice(0, 2)
    .map((deliveryMs) => {
      const date = new Date(deliveryMs).toISOString().slice(2, 10).replaceAll("-", "");
      return contract(listing, market, base, quote, `_${date}`, deliveryMs);
    });
}

/** Of March, June, September and December, at 8:00 UTC. */
function lastFridays(fromMs: number, untilMs: number): number[] {
  const found: number[] = [];
  const first = new Date(fromMs).getUTCFullYear() * 4 + Math.floor(new Date(fromMs).getUTCMonth() / 3);
  for (let quarter = first; ; quarter++) {
    const last = new Date(Date.UTC(Math.floor(quarter / 4), (quarter % 4) * 3 + 3, 0, 8));
    const ms = last.getTime() - ((last.getUTCDay() + 2) % 7) * dayMs;
    if (ms > untilMs) return found;
    if (ms >= fromMs) found.push(ms);
  }
}

function contract(
  listing: Listing,
  market: "linear" | "inverse",
  base: string,
  quote: string,
  suffix: string,
  deliveryMs: number | null = null,
): SymbolSpec {
  const settle = market === "linear" ? quote : base;
  const names = { market, symbol: `${base}${quote}${suffix}`, pair: `${base}${quote}`, base, quote, settle };
  return { ...spec(listing, names), deliveryMs };
}

type Names = Pick<SymbolSpec, "market" | "symbol" | "pair" | "base" | "quote" | "settle">;

function spec(listing: Listing, names: Names): SymbolSpec {
  const seed = `${listing.seed}/${names.market}/${names.symbol}`;
  const [price, priceDigits, quantityDigits] = scaleOf(names, seed);
  const inverse = names.market === "inverse";
  return {
    ...names,
    priceDigits,
    quantityDigits: inverse ? 0 : quantityDigits,
    contractSize: inverse ? parseDecimal(names.base === "BTC" ? "100" : "10") : null,
    baseTicks: Math.max(1, Number(BigInt(price.replace(".", "")))),
    priceSeed: hash32(`${seed}/price`),
    firstTradeId: firstTradeIds[hash32(`${seed}/id`) % firstTradeIds.length] ?? 998,
    onboardMs: listing.startMs - 400 * dayMs,
    deliveryMs: null,
  };
}

function scaleOf(names: Names, seed: string): Scale {
  if (names.quote === "BTC") return names.base === "BNB" ? ["0.010000", 6, 2] : pickScale(scalesInBtc, seed);
  if (names.quote === "BNB") return ["0.250000", 6, 2];
  return known[names.base] ?? pickScale(scales, seed);
}

function pickScale(list: readonly Scale[], seed: string): Scale {
  const scale = list[hash32(`${seed}/scale`) % list.length];
  if (scale === undefined) throw new RangeError("no scale");
  return scale;
}

/** Known names first, then `AAA1`, `AAB1`, ... without end. */
function assetName(index: number): string {
  const name = names[index];
  if (name !== undefined) return name;
  const rest = index - names.length;
  const letter = (place: number): string => String.fromCharCode(65 + (Math.floor(rest / 26 ** place) % 26));
  return `${letter(2)}${letter(1)}${letter(0)}${1 + Math.floor(rest / 26 ** 3)}`;
}
