import type { Decimal } from "../../src/executions/decimal.ts";
import { unit } from "./amounts.ts";
import { dayMs, hourMs, minuteMs } from "./clock.ts";
import { mix32 } from "./random.ts";
import { listSymbols, type SymbolSpec, type WorldMarket } from "./world-symbols.ts";

/** What a venue trades and at which prices: the same for all accounts, decided by a seed. */
export interface World {
  seed: string;
  startMs: number;
  endMs: number;
  symbols: readonly SymbolSpec[];
  of: (market: WorldMarket) => readonly SymbolSpec[];
  find: (market: WorldMarket, symbol: string) => SymbolSpec | undefined;
  /** The market's price in whole ticks. Linear within a minute, so that each fill lies inside its minute's candle. */
  ticksAt: (spec: SymbolSpec, ms: number) => number;
  priceAt: (spec: SymbolSpec, ms: number) => Decimal;
}

export interface WorldOptions {
  seed: string;
  /** Prices and delivery dates are laid out for this time. */
  startMs: number;
  endMs: number;
  spotSymbols?: number;
  linearSymbols?: number;
  inverseSymbols?: number;
}

/** Waves of the price, the long ones high; each length is a whole number of minutes. */
const waves = [
  { lengthMs: 45 * dayMs, partsPerMillion: 300_000 },
  { lengthMs: 2 * dayMs, partsPerMillion: 80_000 },
  { lengthMs: hourMs, partsPerMillion: 15_000 },
  { lengthMs: minuteMs, partsPerMillion: 1_500 },
] as const;
const million = 1_000_000;
const knotMax = 1_000;

export function makeWorld(options: WorldOptions): World {
  const symbols = listSymbols(options);
  const byMarket = new Map<WorldMarket, SymbolSpec[]>();
  const byName = new Map<string, SymbolSpec>();
  for (const spec of symbols) {
    byName.set(`${spec.market}:${spec.symbol}`, spec);
    byMarket.set(spec.market, [...(byMarket.get(spec.market) ?? []), spec]);
  }
  const ticksAt = (spec: SymbolSpec, ms: number): number => {
    const parts = waves.reduce(
      (sum, wave, index) => sum + (wave.partsPerMillion * waveAt(spec, index, wave.lengthMs, ms)) / knotMax,
      0,
    );
    return Math.max(1, Math.round((spec.baseTicks * (million + Math.round(parts))) / million));
  };
  return {
    seed: options.seed,
    startMs: options.startMs,
    endMs: options.endMs,
    symbols,
    of: (market) => byMarket.get(market) ?? [],
    find: (market, symbol) => byName.get(`${market}:${symbol}`),
    ticksAt,
    priceAt: (spec, ms) => BigInt(ticksAt(spec, ms)) * unit(spec.priceDigits),
  };
}

/** Between -1000 and 1000: a straight line from knot to knot, each knot decided by its number. */
function waveAt(spec: SymbolSpec, index: number, lengthMs: number, ms: number): number {
  const knot = Math.floor(ms / lengthMs);
  const from = knotAt(spec, index, knot);
  const to = knotAt(spec, index, knot + 1);
  return from + ((to - from) * (ms - knot * lengthMs)) / lengthMs;
}

function knotAt(spec: SymbolSpec, index: number, knot: number): number {
  return (
    (mix32(spec.priceSeed ^ Math.imul(knot + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) % (2 * knotMax + 1)) -
    knotMax
  );
}
