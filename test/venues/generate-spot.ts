import { type Decimal, parseDecimal } from "../../src/executions/decimal.ts";
import { exactProduct, floorTo, larger, unit } from "./amounts.ts";
import { deposit, type Generation } from "./generation.ts";
import type { FillRequest } from "./ledger-rows.ts";
import type { SymbolSpec } from "./world-symbols.ts";

type Request = Omit<FillRequest, "atMs">;

/**
 * One order on spot. Buys scale in; sells take a part, or all that whole steps can take: what a fee in the base asset left over stays as dust.
 * Now and then the asset came from outside, so that it is sold without ever having been bought.
 */
export function nextSpotFills(generation: Generation, spec: SymbolSpec, fills: number): Request[] {
  const { ledger, random, world, atMs } = generation;
  const step = unit(spec.quantityDigits);
  const price = world.priceAt(spec, atMs);
  const size = orderSize(generation, spec, price, fills);
  // BNB for fees is not for sale.
  const reserve = spec.base === "BNB" ? parseDecimal("0.05") : 0n;
  const held = floorTo(ledger.balance("spot", spec.base) - reserve, spec.quantityDigits);
  if (held < step * BigInt(fills) && random.chance(0.02)) deposit(generation, spec.base, size);
  const holding = floorTo(ledger.balance("spot", spec.base) - reserve, spec.quantityDigits);
  if (holding >= step * BigInt(fills) && random.chance(0.52)) {
    const part = random.pick([25n, 50n, 100n, 100n]);
    const quantity = floorTo((holding * part) / 100n, spec.quantityDigits);
    return split(generation, spec, larger(quantity, step * BigInt(fills)), fills).map((item) => ({
      market: "spot",
      symbol: spec.symbol,
      side: "SELL",
      quantity: item,
    }));
  }
  const cost = exactProduct(price, size);
  const margin = cost / 50n + cost;
  if (ledger.balance("spot", spec.quote) < margin) deposit(generation, spec.quote, floorTo(margin * 20n, 8) + unit(8));
  return split(generation, spec, size, fills).map((item) => ({
    market: "spot",
    symbol: spec.symbol,
    side: "BUY",
    quantity: item,
  }));
}

/** A few thousandths of what one whole BTC costs, in whole steps, and at least one step a fill. */
export function orderSize(
  { random, world, atMs }: Generation,
  spec: SymbolSpec,
  price: Decimal,
  fills: number,
): Decimal {
  const quote = spec.quote === "USD" ? "USDT" : spec.quote;
  const rate = quote === "USDT" || quote === "USDC" ? unit(0) : priceOf(world.find("spot", `${quote}USDT`));
  const worth = parseDecimal(String(random.integer(20, 600)));
  const step = unit(spec.quantityDigits);
  const quantity =
    spec.contractSize === null ? (worth * 10n ** 36n) / (price * rate) : (worth * 10n ** 18n) / spec.contractSize;
  const steps = quantity / step;
  return (steps < BigInt(fills) ? BigInt(fills) : steps) * step;

  function priceOf(found: SymbolSpec | undefined): Decimal {
    return found === undefined ? unit(0) : world.priceAt(found, atMs);
  }
}

/** Into so many fills of at least one step each. */
export function split({ random }: Generation, spec: SymbolSpec, quantity: Decimal, fills: number): Decimal[] {
  const step = unit(spec.quantityDigits);
  let steps = quantity / step;
  const parts: Decimal[] = [];
  for (let left = fills; left > 1; left--) {
    const most = steps - BigInt(left - 1);
    const average = Number(most / BigInt(left)) * 2;
    const taken = BigInt(Math.max(1, random.integer(1, Math.max(1, Math.min(average, 1_000_000_000)))));
    const part = taken > most ? most : taken;
    parts.push(part * step);
    steps -= part;
  }
  return [...parts, steps * step];
}
