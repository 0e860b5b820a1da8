import { formatDecimal, formatProduct, parseDecimal, parseProduct } from "../executions/decimal.ts";
import type { Lot } from "./lots.ts";
import type { BookSide, Position } from "./position.ts";
import type { Trade } from "./trade.ts";

/** MySQL's TEXT holds 65,535 bytes; what we write is ASCII, so characters are bytes. */
export const stateBytesMax = 65_535;
const version = 1;

/** The exact sums behind an open trade's rounded figures, as JSON. Everything else is in the trade itself. */
interface State {
  v: number;
  /** Too many lots for the text: the trade is derived anew from its executions. */
  rebuild?: true;
  book: BookSide;
  lots: [quantity: string, value: string, fee: string][];
  entry: [quantity: string, value: string];
  exit: [quantity: string, value: string];
  gross: string;
  stated: string | null;
  comparable: string;
  exits: number;
  digits: number;
  feeTaken: string;
}

/** More lots than this hardly fit: none of them is written then. */
export const lotsWrittenMax = 2_000;
const rebuild = JSON.stringify({ v: version, rebuild: true });

export function writeState(position: Position): string {
  if (position.lots.length > lotsWrittenMax) return rebuild;
  const state: State = {
    v: version,
    book: position.book,
    lots: position.lots.map((lot) => [formatDecimal(lot.quantity), formatProduct(lot.value), formatDecimal(lot.fee)]),
    entry: [formatDecimal(position.entryQuantity), formatProduct(position.entryValue)],
    exit: [formatDecimal(position.exitQuantity), formatProduct(position.exitValue)],
    gross: formatProduct(position.gross),
    stated: position.stated === null ? null : formatDecimal(position.stated),
    comparable: formatProduct(position.comparable),
    exits: position.exits,
    digits: position.quantityDigits,
    feeTaken: formatDecimal(position.feeTaken),
  };
  const text = JSON.stringify(state);
  return text.length <= stateBytesMax ? text : rebuild;
}

/** An open trade whose state cannot be read, or was too long to be written: derive it anew from its executions. */
export class StateUnusable extends Error {
  override readonly name = "StateUnusable";
}

/** The position that an open trade of the platform stands for. @throws {StateUnusable} */
export function readState(trade: Trade): Position {
  const state = parse(trade);
  try {
    const lots = state.lots.map(
      ([quantity, value, fee]): Lot => ({
        quantity: parseDecimal(quantity),
        value: parseProduct(value),
        fee: parseDecimal(fee),
      }),
    );
    return {
      externalId: trade.externalId,
      revision: trade.revision,
      status: "open",
      book: state.book,
      market: trade.market,
      symbol: trade.symbol,
      baseAsset: trade.baseAsset,
      quoteAsset: trade.quoteAsset,
      direction: trade.direction,
      contractSize: trade.contractSize,
      pnlCurrency: trade.pnlCurrency,
      openedAtMs: trade.openedAtMs,
      closedAtMs: null,
      lots,
      openQuantity: lots.reduce((sum, { quantity }) => sum + quantity, 0n),
      entryQuantity: parseDecimal(state.entry[0]),
      entryValue: parseProduct(state.entry[1]),
      exitQuantity: parseDecimal(state.exit[0]),
      exitValue: parseProduct(state.exit[1]),
      gross: parseProduct(state.gross),
      fees: trade.fees,
      funding: trade.funding,
      stated: state.stated === null ? null : parseDecimal(state.stated),
      statedBasis: null,
      comparable: parseProduct(state.comparable),
      exits: state.exits,
      executionCount: trade.executionCount,
      quantityDigits: state.digits,
      feeTaken: parseDecimal(state.feeTaken),
      flags: new Set(trade.flags),
      newLegs: [],
      handedOut: null,
      isChanged: false,
    };
  } catch (cause) {
    throw new StateUnusable(`The state of ${trade.externalId} cannot be read`, { cause });
  }
}

function parse(trade: Trade): State {
  let state: unknown;
  try {
    state = JSON.parse(trade.state ?? "null");
  } catch (cause) {
    throw new StateUnusable(`The state of ${trade.externalId} is not JSON`, { cause });
  }
  if (!isState(state)) throw new StateUnusable(`The state of ${trade.externalId} has another form`);
  return state;
}

/** Enough for the parsers above to say the rest: they take text only, and throw on any that is no number. */
function isState(value: unknown): value is State {
  if (typeof value !== "object" || value === null) return false;
  const state = value as Record<keyof State, unknown>;
  const isPair = (pair: unknown) => Array.isArray(pair) && pair.every((item) => typeof item === "string");
  return (
    state.v === version &&
    state.rebuild === undefined &&
    (state.book === "net" || state.book === "long" || state.book === "short") &&
    Array.isArray(state.lots) &&
    state.lots.every((lot) => isPair(lot) && lot.length === 3) &&
    isPair(state.entry) &&
    isPair(state.exit) &&
    typeof state.gross === "string" &&
    (state.stated === null || typeof state.stated === "string") &&
    typeof state.comparable === "string" &&
    Number.isInteger(state.exits) &&
    Number.isInteger(state.digits) &&
    typeof state.feeTaken === "string"
  );
}
