import { absolute, type Decimal, fromProduct, multiply, one } from "./decimal.ts";
import { type Execution, type ExecutionType, type Market, pnlCurrencyOf } from "./execution.ts";
import { type Contract, type Pair, splitContract, splitSymbol } from "./symbols.ts";

/** An execution as a source gives it, before the part that all sources share. What is left out is not known. */
export interface Draft
  extends Pick<Execution, "market" | "symbol" | "side">,
    Partial<
      Pick<
        Execution,
        | "type"
        | "baseAsset"
        | "quoteAsset"
        | "settleAsset"
        | "positionSide"
        | "quantity"
        | "price"
        | "quoteQuantity"
        | "contractSize"
        | "fee"
        | "feeAsset"
        | "feeInQuote"
        | "realizedPnl"
        | "orderId"
        | "liquidity"
      >
    > {
  /** The broker's own id of the execution; null: the id is made of the row (`identity`). */
  id: string | null;
  /** Without a broker's id: the row's canonical fields, in a fixed order: no converted time, fee or PnL. */
  identity?: readonly string[];
  executedAtMs: number;
  /** What prices are in, where neither `quoteAsset` nor the symbol says. */
  quoteAssetElse?: string | null;
}

/** An execution that cannot be one. `field` is the Draft's, for the source to translate. */
export class NormaliseError extends Error {
  override readonly name = "NormaliseError";
  readonly code: string;
  readonly field: keyof Draft;

  constructor(code: string, message: string, field: keyof Draft) {
    super(message);
    this.code = code;
    this.field = field;
  }
}

const earliestMs = Date.UTC(2000, 0, 1);
const latestMs = Date.UTC(2100, 0, 1);
const symbolCharactersMax = 64;
const assetCharactersMax = 24;
const orderIdCharactersMax = 128;

/** The shared part: assets from the symbol, the fee in the currency of the PnL, and the checks. @throws {NormaliseError} */
export function normalise(draft: Draft, externalId: string): Execution {
  const type = draft.type ?? "fill";
  const assets = assetsOf(draft);
  const execution: Execution = {
    externalId,
    type,
    market: draft.market,
    symbol: draft.symbol,
    baseAsset: assets.baseAsset,
    quoteAsset: assets.quoteAsset ?? draft.quoteAssetElse ?? null,
    settleAsset: assets.settleAsset,
    side: draft.side,
    positionSide: draft.positionSide ?? null,
    quantity: draft.quantity ?? null,
    price: draft.price ?? null,
    quoteQuantity: draft.quoteQuantity ?? null,
    contractSize: draft.contractSize ?? null,
    fee: draft.fee ?? null,
    feeAsset: draft.feeAsset ?? null,
    feeInQuote: draft.feeInQuote ?? null,
    realizedPnl: draft.realizedPnl ?? null,
    orderId: draft.orderId ?? null,
    liquidity: draft.liquidity ?? null,
    executedAtMs: draft.executedAtMs,
  };
  check(execution);
  if (execution.feeInQuote === null) execution.feeInQuote = feeInQuoteOf(execution);
  checkAmounts(execution);
  return execution;
}

type Assets = Pick<Execution, "baseAsset" | "quoteAsset" | "settleAsset">;

/** What the source did not say follows from the symbol, where the market writes symbols of that kind. */
function assetsOf(draft: Draft): Assets {
  const { market, baseAsset = null, quoteAsset = null, settleAsset = null } = draft;
  if (baseAsset !== null && quoteAsset !== null && (settleAsset !== null || !settles(market))) {
    return { baseAsset, quoteAsset, settleAsset };
  }
  if (namesAsset.has(market)) {
    const symbol = draft.symbol.length <= assetCharactersMax ? draft.symbol : null;
    return { baseAsset: baseAsset ?? symbol, quoteAsset, settleAsset };
  }
  const parts = partsOf(draft.symbol, market);
  return {
    baseAsset: baseAsset ?? parts?.base ?? null,
    quoteAsset: quoteAsset ?? parts?.quote ?? null,
    settleAsset: settleAsset ?? settleOf(market, baseAsset ?? parts?.base, quoteAsset ?? parts?.quote),
  };
}

/** What is traded there is called by its symbol, and what it is priced in the symbol does not say. */
const namesAsset: ReadonlySet<Market> = new Set<Market>(["stock", "future", "cfd", "option"]);

function settles(market: Market): boolean {
  return market === "linear" || market === "inverse";
}

function settleOf(market: Market, base: string | undefined, quote: string | undefined): string | null {
  return (market === "linear" ? quote : market === "inverse" ? base : undefined) ?? null;
}

/** Symbols repeat: each is taken apart once. Bounded, since symbols come from outside. */
const partsBySymbol = new Map<string, Pair | Contract | null>();
const partsMax = 10_000;

function partsOf(symbol: string, market: Market): Pair | null {
  const key = settles(market) ? `contract ${symbol}` : symbol;
  const known = partsBySymbol.get(key);
  if (known !== undefined) return known;
  const parts = settles(market) ? splitContract(symbol) : splitSymbol(symbol);
  if (partsBySymbol.size >= partsMax) partsBySymbol.clear();
  partsBySymbol.set(key, parts);
  return parts;
}

/** Null: the fee was paid in a third asset and its rate is not known here. */
function feeInQuoteOf(execution: Execution): Decimal | null {
  const { fee, feeAsset, baseAsset, quoteAsset, price } = execution;
  if (fee === null || fee === 0n) return fee;
  if (feeAsset === null) return null;
  const pnlCurrency = pnlCurrencyOf(execution);
  if (feeAsset === pnlCurrency) return fee;
  if (feeAsset === baseAsset && pnlCurrency === quoteAsset && price !== null) return fromProduct(multiply(fee, price));
  return null;
}

const withoutSide: ReadonlySet<ExecutionType> = new Set<ExecutionType>(["funding", "fee"]);

/** What it is called, and in what it is counted. @throws {NormaliseError} */
export function checkNames(named: Pick<Execution, "symbol" | "baseAsset" | "quoteAsset" | "settleAsset">): void {
  if (named.symbol === "") throw new NormaliseError("empty", "a symbol is missing", "symbol");
  checkLength(named.symbol, symbolCharactersMax, "symbol");
  checkLength(named.baseAsset, assetCharactersMax, "baseAsset");
  checkLength(named.quoteAsset, assetCharactersMax, "quoteAsset");
  checkLength(named.settleAsset, assetCharactersMax, "settleAsset");
}

/** @throws {NormaliseError} */
export function checkTime(atMs: number): void {
  if (atMs >= earliestMs && atMs < latestMs) return;
  throw new NormaliseError("time_out_of_range", "the time must lie between 2000 and 2100", "executedAtMs");
}

function check(execution: Execution): void {
  const { type, side, quantity, price, executedAtMs } = execution;
  checkNames(execution);
  checkLength(execution.feeAsset, assetCharactersMax, "feeAsset");
  checkLength(execution.orderId, orderIdCharactersMax, "orderId");
  checkTime(executedAtMs);
  if (withoutSide.has(type)) {
    if (execution.fee === null || execution.feeAsset === null) {
      throw new NormaliseError("empty", `a ${type} entry needs its amount and asset`, "fee");
    }
    return;
  }
  if (type !== "transfer" && pnlCurrencyOf(execution) === null) {
    const what = "what prices are in: a currency that neither a column nor the symbol says (--currency says it)";
    throw new NormaliseError("currency_unknown", what, "quoteAsset");
  }
  if (side === null) throw new NormaliseError("empty", "a side is missing", "side");
  if (quantity === null || quantity <= 0n) {
    throw new NormaliseError("not_positive", "the quantity must be above zero", "quantity");
  }
  if (price === null) {
    if (type !== "transfer") throw new NormaliseError("empty", "a price is missing", "price");
  } else if (price < 0n && execution.market !== "future") {
    // Futures did trade below zero: crude oil on 2020-04-20.
    throw new NormaliseError("negative", "the price must not be below zero", "price");
  }
}

const amountDigitsMax = 24;
/** Nothing that is traded comes near. A million such executions of one trade still add up to the 30 digits that the contract has. */
const amountMax: Decimal = 10n ** BigInt(amountDigitsMax) * one;
const amountMin: Decimal = -amountMax;
/** With a quantity and a price below these, which all are, the product needs no looking at: this is asked of every execution. */
const quantityUsual: Decimal = 10n ** 13n * one;
const priceUsual: Decimal = 10n ** 9n * one;

function checkAmounts(execution: Execution): void {
  const { market, quantity, price, quoteQuantity, fee, feeInQuote, realizedPnl, contractSize } = execution;
  const isUsual =
    quantity !== null &&
    price !== null &&
    quantity < quantityUsual &&
    price < priceUsual &&
    (contractSize === null || contractSize <= one) &&
    market !== "inverse";
  if (!isUsual || price < 0n) {
    refuseLarge(quantity, "quantity");
    refuseLarge(price, "price");
  }
  refuseLarge(quoteQuantity, "quoteQuantity");
  refuseLarge(fee, "fee");
  if (fee !== feeInQuote) refuseLarge(feeInQuote, "fee");
  refuseLarge(realizedPnl, "realizedPnl");
  refuseLarge(contractSize, "contractSize");
  if (quantity === null || price === null || isUsual) return;
  if (worthOf(market, quantity * (contractSize ?? one), absolute(price)) >= amountMax) {
    throw tooLarge("quantity", "the quantity times the price");
  }
}

/** `units`: the quantity times the contract size, in units of 10^-36. */
function worthOf(market: Market, units: bigint, price: Decimal): Decimal {
  if (market === "inverse") return price === 0n ? 0n : units / price;
  return (units * price) / (one * one);
}

function refuseLarge(amount: Decimal | null, field: keyof Draft): void {
  if (amount !== null && (amount >= amountMax || amount <= amountMin)) throw tooLarge(field, "the amount");
}

function tooLarge(field: keyof Draft, what: string): NormaliseError {
  return new NormaliseError("too_large", `${what} must have at most ${amountDigitsMax} digits before the point`, field);
}

function checkLength(text: string | null, charactersMax: number, field: keyof Draft): void {
  if (text !== null && (text.length > charactersMax || text === "")) {
    throw new NormaliseError("too_long", `at most ${charactersMax} characters, and not empty`, field);
  }
}
