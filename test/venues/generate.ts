import { type Decimal, parseDecimal } from "../../src/executions/decimal.ts";
import { dayMs, hourMs, minuteMs } from "./clock.ts";
import { type FuturesPlan, nextFuturesFills } from "./generate-futures.ts";
import { nextSpotFills } from "./generate-spot.ts";
import { deposit, fillPrice, type GenerateOptions, type Generation } from "./generation.ts";
import { Ledger, type OpenPosition } from "./ledger.ts";
import { seeded } from "./random.ts";
import type { World } from "./world.ts";
import type { SymbolSpec, WorldMarket } from "./world-symbols.ts";

const sharesOf: Record<WorldMarket, number> = { spot: 45, linear: 40, inverse: 15 };
const fillsPerOrder = [1, 1, 1, 1, 2, 2, 3, 5, 8] as const;
const fundingEveryMs = 8 * hourMs;

interface Order {
  atMs: number;
  spec: SymbolSpec;
  fills: number;
  /** It opens or adds, so that there is something to settle at delivery. */
  opens: boolean;
}

/** A whole account, decided by the seed: the same options give the same ledger to the last digit. */
export function generateAccount(world: World, options: GenerateOptions): Ledger {
  const random = seeded(`${options.seed}/account`);
  const startMs = options.startMs ?? world.startMs;
  const endMs = options.endMs ?? world.endMs;
  const generation: Generation = { world, ledger: new Ledger(world, options), random, options, atMs: startMs };
  endow(generation);
  const orders = planOrders(generation, startMs + hourMs, endMs - hourMs);
  const events = [...scheduled(generation, startMs, endMs), ...forcedTimes(generation, orders)].sort(
    (a, b) => a.atMs - b.atMs,
  );
  let next = 0;
  for (const order of orders) {
    for (let event = events[next]; event !== undefined && event.atMs <= order.atMs; event = events[++next]) {
      generation.atMs = Math.max(generation.atMs, event.atMs);
      event.happen();
    }
    place(generation, order);
  }
  for (const event of events.slice(next)) {
    generation.atMs = Math.max(generation.atMs, event.atMs);
    event.happen();
  }
  return generation.ledger;
}

/** What an account starts with: money in every wallet that it uses, BNB for fees, and assets whose names are digits. */
function endow(generation: Generation): void {
  const { options } = generation;
  deposit(generation, "USDT", parseDecimal("20000"));
  for (const asset of ["123", "456"]) airdrop(generation, asset, parseDecimal("10"));
  if (options.bnbFees === true) {
    deposit(generation, "BNB", parseDecimal("0.3"));
    if (marketsOf(options).includes("linear")) {
      generation.ledger.transfer({ from: "spot", to: "linear", asset: "BNB", amount: "0.1", atMs: generation.atMs });
    }
  }
}

function marketsOf(options: GenerateOptions): readonly WorldMarket[] {
  return options.markets ?? ["spot", "linear", "inverse"];
}

/** Few symbols are traded often and many seldom; each of them at least once while there are enough fills. */
function planOrders(generation: Generation, fromMs: number, untilMs: number): Order[] {
  const { random, options } = generation;
  const chosen = chooseSymbols(generation, fromMs);
  const weights = chosen.map(({ spec, rank }) => (sharesOf[spec.market] / (rank + 2)) * 100);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const orders: Order[] = [];
  let left = options.fills;
  for (let index = 0; left > 0; index++) {
    const first = chosen[index];
    const spec = (first ?? pickWeighted(chosen, weights, random.next() * total)).spec;
    const fills = first === undefined ? Math.min(left, random.pick(fillsPerOrder)) : 1;
    const settles = spec.deliveryMs !== null && spec.deliveryMs < untilMs ? spec.deliveryMs : null;
    const lastMs = settles === null ? untilMs : settles - hourMs;
    const opens = first !== undefined && settles !== null;
    const atMs = opens ? lastMs : fromMs + Math.floor(random.next() * (lastMs - fromMs));
    orders.push({ atMs, spec, fills, opens });
    left -= fills;
  }
  return orders.sort((a, b) => a.atMs - b.atMs);
}

interface Chosen {
  spec: SymbolSpec;
  rank: number;
}

function chooseSymbols({ world, options }: Generation, fromMs: number): Chosen[] {
  const markets = marketsOf(options);
  const shareTotal = markets.reduce((sum, market) => sum + world.of(market).length, 0);
  const chosen = markets.flatMap((market) => {
    const listed = world.of(market).filter((spec) => spec.deliveryMs === null || spec.deliveryMs > fromMs + dayMs);
    const wanted = options.symbols ?? shareTotal;
    const count = Math.max(1, Math.round((wanted * listed.length) / shareTotal));
    // The quarterly contracts stand last in the list: they are never left out.
    const dated = listed.filter((spec) => spec.deliveryMs !== null);
    const plain = listed.filter((spec) => spec.deliveryMs === null);
    const kept = count > dated.length + 1 ? [...plain.slice(0, count - dated.length), ...dated] : plain.slice(0, count);
    return kept.map((spec, rank) => ({ spec, rank }));
  });
  return chosen.slice(0, Math.max(1, options.fills));
}

function pickWeighted(chosen: readonly Chosen[], weights: readonly number[], at: number): Chosen {
  let rest = at;
  for (const [index, item] of chosen.entries()) {
    rest -= weights[index] ?? 0;
    if (rest < 0) return item;
  }
  const first = chosen[0];
  if (first === undefined) throw new RangeError("no symbol to trade");
  return first;
}

/** The fills of one order: most of them in one millisecond. */
function place(generation: Generation, order: Order): void {
  const { ledger, random, options } = generation;
  generation.atMs = Math.max(generation.atMs, order.atMs);
  const { spec } = order;
  const plan: FuturesPlan = { spec, fills: order.fills, hedge: options.hedge === true, opens: order.opens };
  const requests =
    spec.market === "spot" ? nextSpotFills(generation, spec, order.fills) : nextFuturesFills(generation, plan);
  const orderId = ledger.newOrderId();
  for (const request of requests) {
    if (random.chance(0.25)) generation.atMs += random.integer(1, 3);
    const late = random.chance(options.late ?? 0) ? random.integer(1, 10) * minuteMs : 0;
    ledger.fill({
      ...request,
      orderId,
      atMs: generation.atMs,
      price: fillPrice(generation, spec),
      lateMs: late,
      maker: random.chance(0.4),
    });
  }
}

interface Event {
  atMs: number;
  happen: () => void;
}

function scheduled(generation: Generation, startMs: number, endMs: number): Event[] {
  const events: Event[] = [];
  if (generation.options.funding !== false) {
    for (let atMs = Math.ceil(startMs / fundingEveryMs) * fundingEveryMs; atMs < endMs; atMs += fundingEveryMs) {
      events.push({ atMs, happen: () => payFunding(generation, atMs) });
    }
  }
  for (const spec of generation.world.symbols) {
    const { deliveryMs } = spec;
    if (deliveryMs !== null && deliveryMs > startMs && deliveryMs < endMs) {
      events.push({ atMs: deliveryMs, happen: () => settle(generation, spec) });
    }
  }
  if (generation.options.conversions !== false) {
    for (let atMs = startMs + 25 * dayMs; atMs < endMs; atMs += 30 * dayMs)
      events.push({ atMs, happen: () => tidyUp(generation) });
  }
  return events;
}

function payFunding({ ledger, random, world }: Generation, atMs: number): void {
  for (const { market, symbol, side } of ledger.openPositions()) {
    if (world.find(market, symbol)?.deliveryMs !== null) continue;
    const rate = BigInt(random.integer(-30, 60)) * parseDecimal("0.00001");
    ledger.fund({ market, symbol, side, rate, atMs });
  }
}

/** Delivery: every open position of the contract is closed by the venue. */
function settle(generation: Generation, spec: SymbolSpec): void {
  for (const open of generation.ledger.openPositions()) {
    if (open.symbol === spec.symbol && open.market === spec.market) close(generation, open, "settlement");
  }
}

function close(generation: Generation, open: OpenPosition, kind: "settlement" | "liquidation" | "adl"): void {
  const { ledger, world, atMs } = generation;
  const { market, symbol, side: positionSide, position } = open;
  const spec = world.find(market, symbol);
  if (spec === undefined) return;
  const long = position.quantity > 0n;
  const quantity = long ? position.quantity : -position.quantity;
  ledger.fill({
    market,
    symbol,
    side: long ? "SELL" : "BUY",
    positionSide,
    quantity,
    price: fillPrice(generation, spec),
    atMs,
    kind,
  });
}

/**
 * Some positions end by force. Each of them is one fill, and takes the place of one fill of the plan, so that there are exactly as many as asked
 * for.
 */
function forcedTimes(generation: Generation, orders: Order[]): Event[] {
  const { options, random } = generation;
  if (options.forced === false || options.fills < 500) return [];
  const events: Event[] = [];
  const count = Math.min(12, Math.floor(options.fills / 400));
  for (let index = 0; index < count; index++) {
    const order = random.pick(orders);
    const kind = index % 3 === 2 ? "adl" : "liquidation";
    events.push({ atMs: order.atMs + 1, happen: () => forceOne(generation, kind, orders) });
  }
  return events;
}

function forceOne(generation: Generation, kind: "liquidation" | "adl", orders: Order[]): void {
  const { ledger, random, world, atMs } = generation;
  const open = ledger.openPositions();
  const later = orders.find((order) => order.atMs > atMs && order.fills > 1);
  if (open.length === 0 || later === undefined) return;
  later.fills--;
  const chosen = random.pick(open);
  const value = chosen.position.cost;
  close(generation, chosen, kind);
  if (kind === "adl") return;
  const { market, symbol } = chosen;
  const income = -cut(value / 200n);
  const asset = world.find(market, symbol)?.settle ?? "USDT";
  if (income !== 0n) ledger.incomeEntry({ market, symbol, incomeType: "INSURANCE_CLEAR", income, asset, atMs });
}

/** The monthly things: a convert, dust, a withdrawal, and now and then a month without fees in BNB. */
function tidyUp({ ledger, random, atMs, world, options }: Generation): void {
  ledger.bnbFees = options.bnbFees === true && random.chance(0.75);
  const price = (asset: string): Decimal | null => {
    const spec = world.find("spot", `${asset}USDT`);
    return spec === undefined ? null : world.priceAt(spec, atMs);
  };
  if (ledger.balance("spot", "USDT") > parseDecimal("300")) {
    const amount = parseDecimal(String(random.integer(20, 120)));
    const bnb = price("BNB");
    if (bnb !== null) {
      const status = random.chance(0.15) ? "FAIL" : "SUCCESS";
      ledger.convert({
        fromAsset: "USDT",
        fromAmount: amount,
        toAsset: "BNB",
        toAmount: cut((amount * 10n ** 18n) / bnb),
        atMs,
        status,
      });
    }
    if (random.chance(0.5))
      ledger.withdraw({ asset: "USDT", amount: parseDecimal("50"), fee: parseDecimal("1"), atMs });
  }
  const dust = [...ledger.balancesAt("spot", atMs)].flatMap(([asset, amount]) => {
    const worth = price(asset);
    const isSmall = amount > 0n && worth !== null && (amount * worth) / 10n ** 18n < parseDecimal("1");
    return isSmall && asset !== "BNB" && asset !== "USDT" ? [{ asset, amount, worth }] : [];
  });
  const bnb = price("BNB");
  if (dust.length === 0 || bnb === null) return;
  const details = dust.slice(0, 40).map(({ asset, amount, worth }) => {
    const gross = cut((amount * worth) / bnb);
    const charge = cut(gross / 50n);
    return { fromAsset: asset, amount, transferred: gross - charge, charge };
  });
  ledger.convertDust({ details, atMs });
}

function cut(amount: Decimal): Decimal {
  return (amount / 10n ** 10n) * 10n ** 10n;
}

function airdrop({ ledger, atMs }: Generation, asset: string, amount: Decimal): void {
  ledger.dividend({ asset, amount, info: `${asset} airdrop`, atMs });
}
