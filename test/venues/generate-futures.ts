import { absolute, type Decimal, parseDecimal } from "../../src/executions/decimal.ts";
import { floorTo, larger, unit } from "./amounts.ts";
import { orderSize, split } from "./generate-spot.ts";
import { fundWallet, type Generation } from "./generation.ts";
import { worthOf } from "./ledger.ts";
import type { FillRequest, VenueSide } from "./ledger-rows.ts";
import type { PositionSide } from "./positions.ts";
import type { SymbolSpec } from "./world-symbols.ts";

export interface FuturesPlan {
  spec: SymbolSpec;
  fills: number;
  hedge: boolean;
  opens: boolean;
}

type Request = Omit<FillRequest, "atMs">;

/** One order on a contract: it opens, adds, closes a part, closes all, or, in one-way mode, turns the position round. */
export function nextFuturesFills(generation: Generation, { spec, fills, hedge, opens }: FuturesPlan): Request[] {
  const { ledger, random, world, atMs } = generation;
  const market = spec.market === "inverse" ? "inverse" : "linear";
  const positionSide: PositionSide = hedge ? random.pick(["LONG", "SHORT"] as const) : "BOTH";
  const { quantity } = ledger.position(market, spec.symbol, positionSide);
  const size = orderSize(generation, spec, world.priceAt(spec, atMs), fills);
  topUp(generation, spec, size);
  const order = decide(generation, {
    held: quantity,
    size,
    step: unit(spec.quantityDigits) * BigInt(fills),
    positionSide,
  });
  return split(generation, spec, order.quantity, fills).map((item) => ({
    market,
    symbol: spec.symbol,
    side: order.side,
    positionSide,
    quantity: item,
  }));

  function decide(
    { random: chance }: Generation,
    at: { held: Decimal; size: Decimal; step: Decimal; positionSide: PositionSide },
  ): { side: VenueSide; quantity: Decimal } {
    const held = absolute(at.held);
    if (held === 0n) {
      const opening =
        at.positionSide === "LONG"
          ? "BUY"
          : at.positionSide === "SHORT"
            ? "SELL"
            : chance.pick(["BUY", "SELL"] as const);
      return { side: opening, quantity: at.size };
    }
    const adding: VenueSide = at.held > 0n ? "BUY" : "SELL";
    const closing: VenueSide = at.held > 0n ? "SELL" : "BUY";
    const draw = chance.next();
    if (opens || draw < 0.3 || held < at.step) return { side: adding, quantity: at.size };
    if (draw < 0.55) {
      const part = floorTo((held * BigInt(chance.integer(20, 70))) / 100n, spec.quantityDigits);
      return { side: closing, quantity: larger(part, at.step) };
    }
    if (draw < 0.85 || at.positionSide !== "BOTH") return { side: closing, quantity: held };
    return { side: closing, quantity: held + at.size };
  }
}

/** Keeps enough in the wallet for what a position could lose. */
function topUp(generation: Generation, spec: SymbolSpec, size: Decimal): void {
  const { ledger, world, atMs, options, random } = generation;
  const wallet = spec.market === "inverse" ? "inverse" : "linear";
  const value = worthOf(spec, size, world.priceAt(spec, atMs));
  const open = ledger.openPositions().reduce((sum, { market, symbol, position }) => {
    const settles = world.find(market, symbol)?.settle === spec.settle && market === wallet;
    return settles ? sum + position.cost : sum;
  }, 0n);
  if (ledger.balance(wallet, spec.settle) < value + open)
    fundWallet(generation, wallet, spec.settle, floorTo((value + open) * 3n, 8) + unit(4));
  const wantsBnb =
    wallet === "linear" && options.bnbFees === true && ledger.balance(wallet, "BNB") < parseDecimal("0.02");
  if (wantsBnb && random.chance(0.01)) fundWallet(generation, wallet, "BNB", parseDecimal("0.2"));
}
