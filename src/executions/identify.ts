import type { Execution, Market, Side } from "./execution.ts";

/**
 * Identity and order of executions. An id never depends on a converted time, a fee or a PnL: those can be corrected later,
 * and the correction must find the execution, not make a second one.
 */
export const externalIdCharactersMax = 191;

const hashDigits = 24;
/** ASCII's unit separator: it stands in no cell, so that no two lists of fields give one text. */
const fieldSeparator = "\u001f";

export interface Venue {
  broker: string;
  market: Market;
  symbol: string;
}

/** `binance:spot:BTCUSDT:28457`, of the broker's own id. A part that makes it too long is replaced by its hash. */
export function externalIdOf({ broker, market, symbol }: Venue, id: string): string {
  const externalId = prefixOf(broker, market, symbol) + id;
  if (externalId.length <= externalIdCharactersMax) return externalId;
  const withShortSymbol = `${broker}:${market}:#${hashOf(symbol)}:${id}`;
  if (withShortSymbol.length <= externalIdCharactersMax) return withShortSymbol;
  return `${broker}:${market}:#${hashOf(symbol)}:#${hashOf(id)}`;
}

/** Symbols repeat: the part that they share is put together once. Bounded, since symbols come from outside. */
const prefixes = new Map<string, string>();
const prefixesMax = 10_000;
let prefixesBroker = "";
let prefixesMarket = "";

function prefixOf(broker: string, market: Market, symbol: string): string {
  if (broker !== prefixesBroker || market !== prefixesMarket || prefixes.size >= prefixesMax) {
    prefixes.clear();
    prefixesBroker = broker;
    prefixesMarket = market;
  }
  let prefix = prefixes.get(symbol);
  if (prefix === undefined) {
    prefix = `${broker}:${market}:${symbol}:`;
    prefixes.set(symbol, prefix);
  }
  return prefix;
}

/**
 * The id of a row without a broker's id, but for its occurrence: `…:row-` and a hash of the row's canonical fields, the time
 * among them in one spelling. Identical rows of one file are told apart by `withOccurrence`.
 */
export function rowIdOf(venue: Venue, identity: readonly string[]): string {
  return externalIdOf(venue, `row-${hashOf(identity.join(fieldSeparator))}`);
}

/** `occurrence`: 0 for the first of identical rows. */
export function withOccurrence(rowId: string, occurrence: number): string {
  return `${rowId}-${occurrence}`;
}

/** The first 24 hexadecimal digits of SHA-256 of the text in UTF-8. */
function hashOf(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, hashDigits);
}

/**
 * THE order of executions, a total one:
 * 1. `executedAtMs`;
 * 2. ids whose last segment is all digits come first, in the order of these numbers: brokers count up;
 * 3. buys before sells, and both before what has no side: a position is there before it is closed;
 * 4. `externalId` by code units.
 */
export function compareExecutions(
  a: Pick<Execution, "executedAtMs" | "externalId" | "side">,
  b: Pick<Execution, "executedAtMs" | "externalId" | "side">,
): number {
  if (a.executedAtMs !== b.executedAtMs) return a.executedAtMs - b.executedAtMs;
  return (
    compareNumericIds(a.externalId, b.externalId) ||
    sideRank(a.side) - sideRank(b.side) ||
    (a.externalId < b.externalId ? -1 : a.externalId > b.externalId ? 1 : 0)
  );
}

function sideRank(side: Side | null): number {
  return side === "buy" ? 0 : side === "sell" ? 1 : 2;
}

function compareNumericIds(a: string, b: string): number {
  const startA = numberStart(a);
  const startB = numberStart(b);
  if (startA < 0 || startB < 0) return Number(startA < 0) - Number(startB < 0);
  const digitsA = a.length - startA;
  const digitsB = b.length - startB;
  if (digitsA !== digitsB) return digitsA - digitsB;
  for (let index = 0; index < digitsA; index++) {
    const difference = a.charCodeAt(startA + index) - b.charCodeAt(startB + index);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The number that is the id's last segment, without leading zeros: longer is larger, equally long compares as text. Null: no number. */
export function numericIdOf(externalId: string): string | null {
  const start = numberStart(externalId);
  return start < 0 ? null : externalId.slice(start);
}

/** Where the number of the last segment starts, behind its leading zeros; -1 when the segment is no number. */
function numberStart(externalId: string): number {
  let index = externalId.length - 1;
  let start = externalId.length;
  for (; index >= 0; index--) {
    const code = externalId.charCodeAt(index);
    if (code === 58) break;
    if (code < 48 || code > 57) return -1;
    if (code !== 48) start = index;
  }
  const isEmpty = index === externalId.length - 1;
  return isEmpty ? -1 : start;
}
