import {
  type Decimal,
  DecimalError,
  divide,
  formatDecimal,
  integerDigitsMax,
  one,
  parseDecimal,
} from "../executions/decimal.ts";
import type { Execution } from "../executions/execution.ts";
import type { Leg, Trade, TradeFlag } from "../trades/trade.ts";
import { tradeFlags } from "./fields.ts";
import { formatTimestamp, parseTimestamp } from "./timestamp.ts";
import type { AccountTrade, StoredTrade, WireExecution, WireLeg, WireTrade } from "./wire.ts";

/**
 * Between the project's executions and trades and the platform's: pure, exact, and quick, since every imported row passes.
 * Decimals are written in their shortest form, so that equal values are equal bytes and hash alike.
 */

/** @throws {DecimalError} an amount of more than 30 digits before the point */
export function toWireExecution(execution: Execution): WireExecution {
  const wire: WireExecution = {
    external_id: execution.externalId,
    execution_type: execution.type,
    market: execution.market,
    symbol: execution.symbol,
    base_asset: textOrNull(execution.baseAsset),
    quote_asset: textOrNull(execution.quoteAsset),
    settle_asset: textOrNull(execution.settleAsset),
    side: execution.side,
    position_side: execution.positionSide,
    quantity: decimalOrNull(execution.quantity),
    price: decimalOrNull(execution.price),
    quote_quantity: decimalOrNull(execution.quoteQuantity),
    contract_size: decimalOrNull(execution.contractSize),
    fee: decimalOrNull(execution.fee),
    fee_asset: textOrNull(execution.feeAsset),
    fee_in_quote: decimalOrNull(execution.feeInQuote),
    realized_pnl: decimalOrNull(execution.realizedPnl),
    order_id: textOrNull(execution.orderId),
    liquidity: execution.liquidity,
    executed_at: formatTimestamp(execution.executedAtMs),
    content_hash: "",
  };
  wire.content_hash = contentHash(wire);
  return wire;
}

/**
 * The contract's hash of an execution: SHA-256, in hexadecimal, of the item as JSON with its keys sorted, no white space, and
 * without nulls, `fee_in_quote` and `content_hash`. The keys are written out in their order, which saves the sorting.
 */
export function contentHash(item: Omit<WireExecution, "content_hash">): string {
  const json =
    quoted("base_asset", item.base_asset) +
    plain("contract_size", item.contract_size) +
    plain("executed_at", item.executed_at) +
    plain("execution_type", item.execution_type) +
    quoted("external_id", item.external_id) +
    plain("fee", item.fee) +
    quoted("fee_asset", item.fee_asset) +
    plain("liquidity", item.liquidity) +
    plain("market", item.market) +
    quoted("order_id", item.order_id) +
    plain("position_side", item.position_side) +
    plain("price", item.price) +
    plain("quantity", item.quantity) +
    quoted("quote_asset", item.quote_asset) +
    plain("quote_quantity", item.quote_quantity) +
    plain("realized_pnl", item.realized_pnl) +
    quoted("settle_asset", item.settle_asset) +
    plain("side", item.side) +
    quoted("symbol", item.symbol);
  return new Bun.CryptoHasher("sha256").update(`{${json.slice(1)}}`).digest("hex");
}

/** Decimals, times and words of closed lists: nothing in them needs an escape. */
function plain(key: string, value: string | null): string {
  return value === null ? "" : `,"${key}":"${value}"`;
}

function quoted(key: string, value: string | null): string {
  return value === null ? "" : `,"${key}":${JSON.stringify(value)}`;
}

/** @throws {RangeError} of what the shapes of `wire.ts` refuse */
export function fromWireExecution(wire: WireExecution): Execution {
  return {
    externalId: wire.external_id,
    type: wire.execution_type,
    market: wire.market,
    symbol: wire.symbol,
    baseAsset: wire.base_asset,
    quoteAsset: wire.quote_asset,
    settleAsset: wire.settle_asset,
    side: wire.side,
    positionSide: wire.position_side,
    quantity: readOrNull(wire.quantity),
    price: readOrNull(wire.price),
    quoteQuantity: readOrNull(wire.quote_quantity),
    contractSize: readOrNull(wire.contract_size),
    fee: readOrNull(wire.fee),
    feeAsset: wire.fee_asset,
    feeInQuote: readOrNull(wire.fee_in_quote),
    realizedPnl: readOrNull(wire.realized_pnl),
    orderId: wire.order_id,
    liquidity: wire.liquidity,
    executedAtMs: timeOf(wire.executed_at),
  };
}

export interface TradeSettings {
  /** The account's `base_currency`. */
  baseCurrency: string;
}

/** @throws {DecimalError} an amount of more than 30 digits before the point */
export function toWireTrade(trade: Trade, { baseCurrency }: TradeSettings): WireTrade {
  const pnlInBase = inBaseCurrency(trade, baseCurrency);
  const closedAtMs = trade.status === "closed" ? trade.closedAtMs : null;
  return {
    external_id: trade.externalId,
    revision: trade.revision,
    status: trade.status,
    origin: trade.origin,
    market: trade.market,
    symbol: trade.symbol,
    base_asset: textOrNull(trade.baseAsset),
    quote_asset: textOrNull(trade.quoteAsset),
    direction: trade.direction,
    quantity: decimal(trade.quantity),
    open_quantity: decimal(trade.openQuantity),
    contract_size: decimalOrNull(trade.contractSize),
    entry_price: decimalOrNull(trade.entryPrice),
    exit_price: decimalOrNull(trade.exitPrice),
    gross_pnl: decimalOrNull(trade.grossPnl),
    fees: decimal(trade.fees),
    funding: decimal(trade.funding),
    net_pnl: decimalOrNull(trade.netPnl),
    pnl_currency: trade.pnlCurrency,
    pnl_in_base_currency: decimalOrNull(pnlInBase),
    base_currency: baseCurrency,
    opened_at: formatTimestamp(trade.openedAtMs),
    closed_at: closedAtMs === null ? null : formatTimestamp(closedAtMs),
    duration_seconds: closedAtMs === null ? null : Math.max(0, Math.floor((closedAtMs - trade.openedAtMs) / 1000)),
    initial_stop: decimalOrNull(trade.initialStop),
    take_profit: decimalOrNull(trade.takeProfit),
    initial_risk: decimalOrNull(trade.initialRisk),
    r_multiple: decimalOrNull(rMultiple(trade)),
    cost_basis_method: trade.costBasisMethod,
    execution_count: trade.executionCount,
    flags: flagsOf(trade.flags, trade.netPnl !== null && pnlInBase === null),
    state: trade.status === "open" ? trade.state : null,
    legs: trade.legs.map(toWireLeg),
  };
}

function toWireLeg(leg: Leg): WireLeg {
  return {
    execution_id: leg.executionId,
    role: leg.role,
    quantity: decimalOrNull(leg.quantity),
    price: decimalOrNull(leg.price),
    fee: decimalOrNull(leg.fee),
    pnl: decimalOrNull(leg.pnl),
  };
}

/** Nothing is nothing in every currency; else only the same currency needs no rate. */
function inBaseCurrency(trade: Trade, baseCurrency: string): Decimal | null {
  if (trade.netPnl === null) return null;
  return trade.netPnl === 0n || trade.pnlCurrency === baseCurrency ? trade.netPnl : null;
}

/** Of a stop that is next to nothing away from the entry there is no multiple that says anything. */
function rMultiple({ netPnl, initialRisk }: Trade): Decimal | null {
  if (netPnl === null || initialRisk === null || initialRisk === 0n) return null;
  const multiple = divide(netPnl, initialRisk);
  return fits(multiple) ? multiple : null;
}

/** Each once, in the contract's order, so that equal trades are equal bytes. */
function flagsOf(flags: readonly TradeFlag[], missingConversion: boolean): TradeFlag[] {
  return tradeFlags.filter((flag) => flags.includes(flag) || (missingConversion && flag === "missing_conversion"));
}

/**
 * A stored trade to go on pairing from. It has no legs: the platform keeps them. Its flags hold `missing_conversion` too where
 * `toWireTrade` added it. @throws {RangeError} of what the shapes of `wire.ts` refuse
 */
export function fromWireTrade(wire: AccountTrade | StoredTrade | WireTrade): Trade {
  return {
    externalId: wire.external_id,
    revision: wire.revision,
    status: wire.status,
    origin: wire.origin,
    market: wire.market,
    symbol: wire.symbol,
    baseAsset: wire.base_asset,
    quoteAsset: wire.quote_asset,
    direction: wire.direction,
    quantity: parseDecimal(wire.quantity),
    openQuantity: parseDecimal(wire.open_quantity),
    contractSize: readOrNull(wire.contract_size),
    entryPrice: readOrNull(wire.entry_price),
    exitPrice: readOrNull(wire.exit_price),
    grossPnl: readOrNull(wire.gross_pnl),
    fees: parseDecimal(wire.fees),
    funding: parseDecimal(wire.funding),
    netPnl: readOrNull(wire.net_pnl),
    pnlCurrency: wire.pnl_currency,
    openedAtMs: timeOf(wire.opened_at),
    closedAtMs: wire.closed_at === null ? null : timeOf(wire.closed_at),
    initialStop: readOrNull(wire.initial_stop),
    takeProfit: readOrNull(wire.take_profit),
    initialRisk: readOrNull(wire.initial_risk),
    costBasisMethod: wire.cost_basis_method,
    executionCount: wire.execution_count,
    flags: [...wire.flags],
    state: "state" in wire ? wire.state : null,
    legs: "legs" in wire ? wire.legs.map(fromWireLeg) : [],
  };
}

function fromWireLeg(leg: WireLeg): Leg {
  return {
    executionId: leg.execution_id,
    role: leg.role,
    quantity: readOrNull(leg.quantity),
    price: readOrNull(leg.price),
    fee: readOrNull(leg.fee),
    pnl: readOrNull(leg.pnl),
  };
}

const decimalBound = 10n ** BigInt(integerDigitsMax) * one;

function fits(value: Decimal): boolean {
  return value < decimalBound && value > -decimalBound;
}

function decimal(value: Decimal): string {
  if (!fits(value)) {
    throw new DecimalError(`at most ${integerDigitsMax} digits before the point`);
  }
  return formatDecimal(value);
}

function decimalOrNull(value: Decimal | null): string | null {
  return value === null ? null : decimal(value);
}

function readOrNull(text: string | null): Decimal | null {
  return text === null ? null : parseDecimal(text);
}

/** The platform trims strings and makes empty ones null, so neither is sent. */
function textOrNull(text: string | null): string | null {
  return text === null ? null : text.trim() || null;
}

function timeOf(text: string): number {
  const ms = parseTimestamp(text);
  if (ms === null) throw new RangeError(`${text} is no time`);
  return ms;
}

export { type BatchContent, sealBatch } from "./batch.ts";
