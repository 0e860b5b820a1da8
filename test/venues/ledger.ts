import { type Decimal, divide, fromProduct, multiply } from "../../src/executions/decimal.ts";
import { type Amount, exactProduct, floorTo, roundTo, toDecimal } from "./amounts.ts";
import type { FillMarket, FillRequest, VenueFill, VenueIncome, Wallet } from "./ledger-rows.ts";
import { applyFill, type Position, type PositionSide, refusesSide } from "./positions.ts";
import { WalletLedger } from "./wallet-ledger.ts";
import type { World } from "./world.ts";
import type { SymbolSpec } from "./world-symbols.ts";

export interface FeeRates {
  maker: Amount;
  taker: Amount;
}

export interface LedgerOptions {
  seed: string;
  /** Fees in BNB while there is enough of it, at a discount: 25 % on spot, 10 % on futures. */
  bnbFees?: boolean;
  fees?: Partial<Record<FillMarket, FeeRates>>;
}

export type PositionSnapshot = Position & { side: PositionSide };

export interface OpenPosition {
  market: "linear" | "inverse";
  symbol: string;
  side: PositionSide;
  position: Position;
}

const money = 8;
const defaultRates: Record<FillMarket, FeeRates> = {
  spot: { maker: "0.001", taker: "0.001" },
  margin: { maker: "0.001", taker: "0.001" },
  linear: { maker: "0.0002", taker: "0.0005" },
  inverse: { maker: "0.0001", taker: "0.0005" },
};

/**
 * All that happened in one account, in the order of time, with what the venue makes of it: ids, fees, realised PnL by average cost, income,
 * balances. It is the truth that an importer is compared with. Rows may lie in the future: the venue shows what its clock has reached.
 */
export class Ledger extends WalletLedger {
  readonly fills = new Map<string, VenueFill[]>();
  readonly #world: World;
  readonly #options: LedgerOptions;
  /** A switch of the account: clients turn it on and off. */
  bnbFees: boolean;
  readonly #positions = new Map<string, Position>();
  readonly #snapshots = new Map<string, PositionSnapshot[]>();
  #nextOrderId: bigint;
  #count = 0;

  constructor(world: World, options: LedgerOptions) {
    super(options.seed);
    this.#world = world;
    this.#options = options;
    this.bnbFees = options.bnbFees ?? false;
    // Above 2^53, as the venue's are on some symbols.
    this.#nextOrderId = 8_389_765_500_000_000_003n + BigInt(this.random.integer(0, 1_000_000)) * 1_000n;
  }

  /** All fills so far, in no order that matters. */
  get fillCount(): number {
    return this.#count;
  }

  fillsOf(market: FillMarket, symbol: string): readonly VenueFill[] {
    return this.fills.get(`${market}:${symbol}`) ?? [];
  }

  fill(request: FillRequest): VenueFill {
    const spec = this.#spec(request.market, request.symbol);
    const quantity = toDecimal(request.quantity);
    const price = request.price === undefined ? this.#world.priceAt(spec, request.atMs) : toDecimal(request.price);
    if (quantity <= 0n || price <= 0n) throw new RangeError(`${spec.symbol}: price and quantity are positive`);
    const key = `${request.market}:${spec.symbol}`;
    const book = this.fills.get(key) ?? [];
    const last = book.at(-1);
    this.#checkOrder(key, last, request);
    const value = worthOf(spec, quantity, price);
    const kind = request.kind ?? "fill";
    const commission = this.#commission(request, spec, value);
    const fill: VenueFill = {
      market: request.market,
      symbol: spec.symbol,
      id: request.id ?? (last === undefined ? spec.firstTradeId : last.id + this.random.pick([1, 1, 1, 2, 3])),
      orderId: request.orderId ?? this.newOrderId(),
      side: request.side,
      positionSide: request.positionSide ?? "BOTH",
      price,
      quantity,
      value,
      commission: commission.amount,
      commissionAsset: commission.asset,
      realizedPnl: 0n,
      maker: request.maker ?? false,
      kind,
      isolated: request.isolated ?? false,
      timeMs: request.atMs,
      visibleFromMs: request.atMs + (request.lateMs ?? 0),
    };
    if (request.market === "spot" || request.market === "margin") this.#settleSpot(fill, spec);
    else this.#settleFutures(fill, spec, request.market);
    book.push(fill);
    this.fills.set(key, book);
    this.#count++;
    return fill;
  }

  newOrderId(): bigint {
    this.#nextOrderId += BigInt(this.random.integer(1, 900));
    return this.#nextOrderId;
  }

  position(market: "linear" | "inverse", symbol: string, side: PositionSide): Position {
    const key = `${market}:${symbol}:${side}`;
    const found = this.#positions.get(key);
    if (found !== undefined) return found;
    const position = { quantity: 0n, cost: 0n, updatedMs: 0 };
    this.#positions.set(key, position);
    return position;
  }

  openPositions(): OpenPosition[] {
    return [...this.#positions].flatMap(([key, position]) => {
      const [market, symbol = "", side] = key.split(":");
      if (position.quantity === 0n) return [];
      return [{ market: market as "linear" | "inverse", symbol, side: side as PositionSide, position }];
    });
  }

  /** Each side's position as it was then; sides that were flat all the time are not in it. */
  positionsAt(market: "linear" | "inverse", symbol: string, atMs: number): PositionSnapshot[] {
    const snapshots = this.#snapshots.get(`${market}:${symbol}`) ?? [];
    return (["LONG", "SHORT", "BOTH"] as const).flatMap((side) => {
      if (!this.#positions.has(`${market}:${symbol}:${side}`)) return [];
      return snapshots.findLast((snapshot) => snapshot.side === side && snapshot.updatedMs <= atMs) ?? [];
    });
  }

  symbolsWithPositions(market: "linear" | "inverse"): string[] {
    return [...this.#snapshots.keys()].flatMap((key) =>
      key.startsWith(`${market}:`) ? [key.slice(market.length + 1)] : [],
    );
  }

  /** Funding of one position: a positive rate is paid by longs. */
  fund(request: {
    market: "linear" | "inverse";
    symbol: string;
    side: PositionSide;
    rate: Amount;
    atMs: number;
  }): void {
    const spec = this.#spec(request.market, request.symbol);
    const { quantity } = this.position(request.market, request.symbol, request.side);
    if (quantity === 0n) return;
    const price = this.#world.priceAt(spec, request.atMs);
    const value = roundTo(worthOf(spec, quantity, price), money);
    const income = -roundTo(fromProduct(multiply(value, toDecimal(request.rate))), money);
    if (income === 0n) return;
    this.move(request.atMs, request.market, spec.settle, income);
    this.#book(spec, request.market, request.atMs, "FUNDING_FEE", income, { info: "FUNDING_FEE" });
  }

  #spec(market: FillMarket, symbol: string): SymbolSpec {
    const spec = this.#world.find(market === "margin" ? "spot" : market, symbol);
    if (spec === undefined) throw new RangeError(`${market} has no symbol ${symbol}`);
    return spec;
  }

  #checkOrder(key: string, last: VenueFill | undefined, request: FillRequest): void {
    if (last === undefined) return;
    if (request.atMs < last.timeMs)
      throw new RangeError(`${key}: fills are entered in the order of time (use lateMs for late ones)`);
    if (request.id !== undefined && request.id <= last.id) throw new RangeError(`${key}: ids only grow`);
  }

  #settleSpot(fill: VenueFill, spec: SymbolSpec): void {
    const wallet: Wallet = fill.isolated ? `isolated/${spec.symbol}` : fill.market === "margin" ? "margin" : "spot";
    const sign = fill.side === "BUY" ? 1n : -1n;
    this.move(fill.timeMs, wallet, spec.base, sign * fill.quantity);
    this.move(fill.timeMs, wallet, spec.quote, -sign * fill.value);
    if (fill.commission !== 0n) this.move(fill.timeMs, wallet, fill.commissionAsset, -fill.commission);
  }

  #settleFutures(fill: VenueFill, spec: SymbolSpec, market: "linear" | "inverse"): void {
    const position = this.position(market, spec.symbol, fill.positionSide);
    const signed = fill.side === "BUY" ? fill.quantity : -fill.quantity;
    if (refusesSide(position, fill.positionSide, signed)) {
      throw new RangeError(`${spec.symbol} ${fill.positionSide} holds less than ${fill.quantity}`);
    }
    fill.realizedPnl = applyFill(position, signed, fill.value, market === "inverse").realizedPnl;
    position.updatedMs = fill.timeMs;
    const snapshots = this.#snapshots.get(`${market}:${spec.symbol}`) ?? [];
    snapshots.push({ ...position, side: fill.positionSide });
    this.#snapshots.set(`${market}:${spec.symbol}`, snapshots);
    if (fill.realizedPnl !== 0n) this.move(fill.timeMs, market, spec.settle, fill.realizedPnl);
    if (fill.commission !== 0n) this.move(fill.timeMs, market, fill.commissionAsset, -fill.commission);
    this.#bookFill(fill, spec, market);
  }

  /** One trade has one tranId for both of its lines: it is unique only within a type. */
  #bookFill(fill: VenueFill, spec: SymbolSpec, market: "linear" | "inverse"): void {
    const tranId = this.newTranId();
    const shown = { tranId, tradeId: fill.id, visibleFromMs: fill.visibleFromMs };
    const type = fill.kind === "settlement" && spec.deliveryMs !== null ? "DELIVERED_SETTELMENT" : "REALIZED_PNL";
    if (fill.realizedPnl !== 0n) this.#book(spec, market, fill.timeMs, type, fill.realizedPnl, shown);
    if (fill.commission === 0n) return;
    this.#book(spec, market, fill.timeMs, "COMMISSION", -fill.commission, { ...shown, asset: fill.commissionAsset });
  }

  #book(
    spec: SymbolSpec,
    market: "linear" | "inverse",
    timeMs: number,
    incomeType: string,
    income: Decimal,
    more: Partial<VenueIncome>,
  ): void {
    const tranId = more.tranId ?? this.newTranId();
    const row = {
      market,
      symbol: spec.symbol,
      incomeType,
      income,
      asset: spec.settle,
      info: "",
      tranId,
      tradeId: null,
    };
    this.income[market].push({ ...row, timeMs, visibleFromMs: timeMs, ...more });
  }

  #commission(request: FillRequest, spec: SymbolSpec, value: Decimal): { amount: Decimal; asset: string } {
    if (request.commission !== undefined) {
      return { amount: toDecimal(request.commission.amount), asset: request.commission.asset };
    }
    const rates = this.#options.fees?.[request.market] ?? defaultRates[request.market];
    const rate = toDecimal(request.maker === true ? rates.maker : rates.taker);
    const isSpot = request.market === "spot" || request.market === "margin";
    const asset = isSpot ? (request.side === "BUY" ? spec.base : spec.quote) : spec.settle;
    const free = request.kind === "adl" || request.kind === "settlement";
    if (free) return { amount: 0n, asset };
    if (this.bnbFees && request.market !== "inverse" && rate > 0n) {
      const inBnb = this.#feeInBnb(request, spec, value, rate);
      const wallet: Wallet = request.market === "linear" ? "linear" : request.market === "margin" ? "margin" : "spot";
      // A trade in BNB itself could leave too little for its own fee.
      const sold = spec.base === "BNB" && request.side === "SELL" ? toDecimal(request.quantity) : 0n;
      const spent = spec.quote === "BNB" && request.side === "BUY" ? value : 0n;
      const spare = this.balance(wallet, "BNB") - sold - spent;
      if (inBnb !== null && spare >= inBnb) return { amount: inBnb, asset: "BNB" };
    }
    const basis = isSpot && request.side === "BUY" ? toDecimal(request.quantity) : value;
    return { amount: floorTo(fromProduct(multiply(basis, rate)), money), asset };
  }

  /** Null: nothing says what a BNB costs in the quote asset. */
  #feeInBnb(request: FillRequest, spec: SymbolSpec, value: Decimal, rate: Decimal): Decimal | null {
    const discount = toDecimal(request.market === "linear" ? "0.9" : "0.75");
    const fee = fromProduct(multiply(fromProduct(multiply(value, rate)), discount));
    if (spec.quote === "BNB") return floorTo(fee, money);
    const bnb = this.#world.find("spot", `BNB${spec.quote}`);
    return bnb === undefined ? null : floorTo(divide(fee, this.#world.priceAt(bnb, request.atMs)), money);
  }
}

/** Exact on spot and linear; of inverse contracts rounded to 8 digits, as the venue writes it. */
export function worthOf(spec: SymbolSpec, quantity: Decimal, price: Decimal): Decimal {
  if (spec.contractSize === null) return exactProduct(price, quantity);
  return roundTo(divide(fromProduct(multiply(quantity, spec.contractSize)), price), money);
}
