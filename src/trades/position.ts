import {
  absolute,
  type Decimal,
  fractionDigits,
  fromProduct,
  type Product,
  scaleDigits,
  toProduct,
} from "../executions/decimal.ts";
import type { Direction, Execution, Market } from "../executions/execution.ts";
import { pnlCurrencyOf } from "../executions/execution.ts";
import { addLot, averagePrice, type Lot, takeFromLots, worth } from "./lots.ts";
import type { CostBasisMethod, Leg, Trade, TradeFlag, TradeStatus } from "./trade.ts";

/**
 * How the broker states the PnL of an execution: before fees, after those of entry and exit, or not at all. `booked`: before fees, and it is the
 * PnL, since what a price is worth is not in the data (MetaTrader: neither lot size nor rate of exchange).
 */
export type StatedPnl = "gross" | "net" | "booked" | null;

/** In hedge mode long and short stand side by side, each with a book of its own; in one-way mode one book can flip. */
export type BookSide = Direction | "net";

/** A trade in the making: the exact sums that its rounded figures come from. Lives in `Trade.state` between runs. */
export interface Position {
  externalId: string;
  /** The revision last handed out; 0: none yet. */
  revision: number;
  status: TradeStatus;
  book: BookSide;
  market: Market;
  symbol: string;
  baseAsset: string | null;
  quoteAsset: string | null;
  direction: Direction;
  contractSize: Decimal | null;
  pnlCurrency: string;
  openedAtMs: number;
  closedAtMs: number | null;
  lots: Lot[];
  /** Of all lots together. */
  openQuantity: Decimal;
  /** All that was opened, as executed: a fee in the base asset is still in it. */
  entryQuantity: Decimal;
  entryValue: Product;
  exitQuantity: Decimal;
  exitValue: Product;
  gross: Product;
  /** Of the closed quantity. */
  fees: Decimal;
  funding: Decimal;
  /** The broker's own PnL of the executions so far; null once an exit stated none. */
  stated: Decimal | null;
  /** In whose terms; null: not asked yet. */
  statedBasis: NonNullable<StatedPnl> | "none" | null;
  /** Ours in the same terms. */
  comparable: Product;
  exits: number;
  executionCount: number;
  /** Most digits after the point of an executed quantity: what the venue's step is at least. Counted on spot and margin only. */
  quantityDigits: number;
  /** What fees in the base asset took out of it, in all: only these can leave dust below a step. */
  feeTaken: Decimal;
  flags: ReadonlySet<TradeFlag>;
  /** Legs since the revision last handed out. */
  newLegs: Leg[];
  /** The net PnL of the last revision that was handed out closed; null: none was. */
  handedOut: Decimal | null;
  /** Since its revision was last handed out. */
  isChanged: boolean;
}

/** Shared by all trades without flags, and by those with one: to make a set costs as much as all the rest of a position. */
const noFlags: ReadonlySet<TradeFlag> = new Set();
const onlyFlag = new Map<TradeFlag, ReadonlySet<TradeFlag>>();

function addFlag(position: Position, flag: TradeFlag): void {
  const { flags } = position;
  if (flags.has(flag)) return;
  if (flags !== noFlags) {
    position.flags = new Set([...flags, flag]);
    return;
  }
  const only = onlyFlag.get(flag) ?? new Set([flag]);
  onlyFlag.set(flag, only);
  position.flags = only;
}

/** The part of an execution that goes to one trade. */
export interface Part {
  execution: Execution;
  /** Of the execution's quantity. */
  quantity: Decimal;
  /** What it moves the position by: without a fee paid in the base asset. */
  moved: Decimal;
  price: Decimal;
  /** In the currency of the PnL; null: not known in it. */
  fee: Decimal | null;
  wantsLeg: boolean;
}

/** Digits after the point that brokers state a PnL with at least (IBKR 6, Binance 8): a smaller difference is their rounding. */
const statedDigits = 6;
const statedToleranceEach: Product = toProduct(10n ** BigInt(scaleDigits - statedDigits)) / 2n;
/** Without the venue's step: dust is of the size of the fees that made it, at most this many times as much. */
const dustOfFees = 2n;

export function openPosition(part: Part, direction: Direction, method: CostBasisMethod): Position {
  const position = emptyPosition(part.execution, direction);
  enter(position, part, method);
  return position;
}

export function emptyPosition(execution: Execution, direction: Direction): Position {
  return {
    externalId: tradeIdOf(execution),
    revision: 0,
    status: "open",
    book: execution.positionSide ?? "net",
    market: execution.market,
    symbol: execution.symbol,
    baseAsset: execution.baseAsset,
    quoteAsset: execution.quoteAsset,
    direction,
    contractSize: execution.contractSize,
    pnlCurrency: pnlCurrencyOf(execution) ?? "",
    openedAtMs: execution.executedAtMs,
    closedAtMs: null,
    lots: [],
    openQuantity: 0n,
    entryQuantity: 0n,
    entryValue: 0n,
    exitQuantity: 0n,
    exitValue: 0n,
    gross: 0n,
    fees: 0n,
    funding: 0n,
    stated: 0n,
    statedBasis: null,
    comparable: 0n,
    exits: 0,
    executionCount: 0,
    quantityDigits: 0,
    feeTaken: 0n,
    flags: noFlags,
    newLegs: [],
    handedOut: null,
    isChanged: false,
  };
}

export function tradeIdOf(opening: Pick<Execution, "externalId">): string {
  return `trade:${opening.externalId}`;
}

/** Opens or adds to it. */
export function enter(position: Position, part: Part, method: CostBasisMethod): void {
  const { execution, quantity, moved, price } = part;
  const value = worth(position.market, moved, price, position.contractSize);
  // All of it went for the fee: there is nothing to close later that could carry the fee.
  if (moved === 0n) position.fees += part.fee ?? 0n;
  else addLot(position.lots, { quantity: moved, value, fee: part.fee ?? 0n }, method);
  position.openQuantity += moved;
  position.entryQuantity += quantity;
  position.entryValue += moved === quantity ? value : worth(position.market, quantity, price, position.contractSize);
  // A PnL stated on what we take for adding to it: the position was another one, and the close will show a mismatch.
  const adds = position.executionCount > 0;
  if (adds && execution.realizedPnl !== null && position.stated !== null) position.stated += execution.realizedPnl;
  count(position, part);
  if (!part.wantsLeg) return;
  position.newLegs.push({
    executionId: execution.externalId,
    role: "entry",
    quantity,
    price,
    fee: part.fee,
    pnl: null,
  });
}

/** Closes `part.moved` of it, which it must hold. The PnL that the execution states is about this part, also when the rest opens another. */
export function exit(position: Position, part: Part, method: CostBasisMethod, stated: StatedPnl): void {
  const { execution, quantity, moved, price } = part;
  const taken = takeFromLots(position.lots, moved, method);
  const value = worth(position.market, moved, price, position.contractSize);
  const rising = (position.direction === "long") !== (position.market === "inverse");
  const derived = rising ? value - taken.value : taken.value - value;
  const pnl = stated === "booked" && execution.realizedPnl !== null ? toProduct(execution.realizedPnl) : derived;
  const fees = taken.fee + (part.fee ?? 0n);
  position.gross += pnl;
  position.fees += fees;
  position.openQuantity -= moved;
  position.exitQuantity += moved;
  position.exitValue += value;
  position.exits++;
  compareStated(position, execution, stated === "net" ? pnl - toProduct(fees) : pnl, stated);
  count(position, part);
  if (!part.wantsLeg) return;
  position.newLegs.push({
    executionId: execution.externalId,
    role: "exit",
    quantity,
    price,
    fee: part.fee,
    pnl: fromProduct(pnl),
  });
}

function compareStated(position: Position, execution: Execution, ours: Product, stated: StatedPnl): void {
  if (stated === null || execution.realizedPnl === null) position.stated = null;
  if (position.stated === null) return;
  position.stated += execution.realizedPnl ?? 0n;
  position.comparable += ours;
}

function count(position: Position, { execution, fee }: Part): void {
  position.executionCount++;
  if (fee === null) addFlag(position, "missing_conversion");
  if (execution.feeEstimated === true) addFlag(position, "estimated_fee");
  if (!isInCoins(execution)) return;
  const digits = fractionDigits(execution.quantity ?? 0n);
  if (digits > position.quantityDigits) position.quantityDigits = digits;
  position.feeTaken += absolute(feeTakenFromBase(execution));
}

/** Funding or a fee on its own. */
export function charge(position: Position, execution: Execution, amount: Decimal | null): void {
  const role = execution.type === "funding" ? "funding" : "fee";
  if (amount === null) addFlag(position, "missing_conversion");
  else if (role === "funding") position.funding += amount;
  else position.fees += amount;
  position.executionCount++;
  position.newLegs.push({
    executionId: execution.externalId,
    role,
    quantity: null,
    price: null,
    fee: amount,
    pnl: null,
  });
}

/** On spot and margin a fee in the base asset comes out of the position; a contract's fee never does. */
export function feeTakenFromBase(execution: Execution): Decimal {
  if (!isInCoins(execution) || execution.fee === null || execution.feeAsset === null) return 0n;
  return execution.feeAsset === execution.baseAsset ? execution.fee : 0n;
}

function isInCoins({ market }: Execution): boolean {
  return market === "spot" || market === "margin";
}

export function openQuantityOf(position: Position): Decimal {
  return position.openQuantity;
}

/** What a trade that closed has left over, without a fee: that is in the trade's. Null: nothing. */
export interface Closed {
  dust: Lot | null;
}

const closedExactly: Closed = { dust: null };

/**
 * Flat is exactly zero, or less than the venue's step: what fees in the base asset leave and no order can sell. Without a known step it is
 * taken from the digits of the quantities that were executed. Dust is no part of the trade's PnL, its fee is. Null: still open.
 */
export function closeIfFlat(
  position: Position,
  execution: Execution,
  stepOf: (execution: Execution) => Decimal | null,
): Closed | null {
  let closed = closedExactly;
  const rest = openQuantityOf(position);
  if (rest !== 0n) {
    if (position.feeTaken === 0n || !isDust(position, rest, stepOf(execution))) return null;
    const dust: Lot = { quantity: rest, value: 0n, fee: 0n };
    for (const lot of position.lots) {
      position.fees += lot.fee;
      dust.value += lot.value;
    }
    closed = { dust };
    addFlag(position, "dust_closed");
  }
  position.lots = [];
  position.openQuantity = 0n;
  position.status = "closed";
  position.closedAtMs = execution.executedAtMs;
  const rounding = roundingOf(position);
  if (rounding === null) addFlag(position, "pnl_mismatch");
  else if (rounding !== 0n) takeRounding(position, rounding);
  return closed;
}

/** The broker's PnL less ours; zero where it states none, null where the difference is more than its rounding. */
function roundingOf({ stated, comparable, exits }: Position): Product | null {
  if (stated === null) return 0n;
  const difference = toProduct(stated) - comparable;
  if (difference === 0n) return 0n;
  return absolute(difference) > statedToleranceEach * BigInt(Math.max(exits, 1)) ? null : difference;
}

/**
 * An inverse contract's PnL is a difference of quotients, which the venue rounds fill by fill: the sum of what it booked is what the account
 * got, and so the trade's. The last exit takes the difference, so that exits still add up. Of other markets ours is exact, and stays.
 */
function takeRounding(position: Position, rounding: Product): void {
  if (position.market !== "inverse") return;
  position.gross += rounding;
  const last = position.newLegs.findLast(({ role }) => role === "exit");
  if (last !== undefined && last.pnl !== null) last.pnl += fromProduct(rounding);
}

function isDust(position: Position, rest: Decimal, step: Decimal | null): boolean {
  if (step !== null) return rest < step;
  const inferred = 10n ** BigInt(scaleDigits - position.quantityDigits);
  return rest < inferred && rest <= position.feeTaken * dustOfFees;
}

/**
 * What closes a position that no known execution opened: a trade of its own, with an exit and no entry. Its PnL is what the broker
 * states, or unknown. `pnlIsOfPart`: nothing known was closed by the same execution, so that its stated PnL is about this part.
 */
export function unknownOrigin(part: Part, stated: StatedPnl, pnlIsOfPart: boolean): Position {
  const { execution, quantity, price } = part;
  const direction: Direction = execution.side === "sell" ? "long" : "short";
  const position = openPosition(part, direction, "fifo");
  position.lots = [];
  position.openQuantity = 0n;
  position.status = "closed";
  position.closedAtMs = execution.executedAtMs;
  position.entryValue = 0n;
  position.exitQuantity = quantity;
  position.exitValue = worth(position.market, quantity, price, position.contractSize);
  position.fees = part.fee ?? 0n;
  position.stated = null;
  addFlag(position, "unknown_origin");
  let pnl: Decimal | null = null;
  if (pnlIsOfPart && execution.realizedPnl !== null && stated !== null) {
    pnl = stated === "net" ? execution.realizedPnl + position.fees : execution.realizedPnl;
    position.stated = execution.realizedPnl;
    position.gross = toProduct(pnl);
  }
  position.newLegs = [{ executionId: execution.externalId, role: "exit", quantity, price, fee: part.fee, pnl }];
  return position;
}

/** The next revision of the trade, with the legs that it adds. `state` is written by `state.ts`. */
export function toTrade(position: Position, method: CostBasisMethod, state: string | null): Trade {
  const { market, contractSize } = position;
  const unknown = position.flags.has("unknown_origin");
  const gross = grossPnlOf(position);
  const legs = position.newLegs;
  position.newLegs = [];
  position.revision++;
  return {
    externalId: position.externalId,
    revision: position.revision,
    status: position.status,
    origin: "derived",
    market,
    symbol: position.symbol,
    baseAsset: position.baseAsset,
    quoteAsset: position.quoteAsset,
    direction: position.direction,
    quantity: position.entryQuantity,
    openQuantity: openQuantityOf(position),
    contractSize,
    entryPrice: unknown ? null : averagePrice(market, position.entryQuantity, position.entryValue, contractSize),
    exitPrice: averagePrice(market, position.exitQuantity, position.exitValue, contractSize),
    grossPnl: gross,
    fees: position.fees,
    funding: position.funding,
    netPnl: netPnlOf(position),
    pnlCurrency: position.pnlCurrency,
    openedAtMs: position.openedAtMs,
    closedAtMs: position.closedAtMs,
    initialStop: null,
    takeProfit: null,
    initialRisk: null,
    costBasisMethod: method,
    executionCount: position.executionCount,
    flags: [...position.flags].sort(),
    state,
    legs,
  };
}

function grossPnlOf(position: Position): Decimal | null {
  if (position.stated === null && position.flags.has("unknown_origin")) return null;
  // What a part of a position made is a share of its cost, which the broker rounds; the whole of a position that is closed has its own rule.
  const rounding = position.status === "open" ? (roundingOf(position) ?? 0n) : 0n;
  return fromProduct(position.gross + rounding);
}

export function netPnlOf(position: Position): Decimal | null {
  const gross = grossPnlOf(position);
  return gross === null ? null : gross - position.fees - position.funding;
}
