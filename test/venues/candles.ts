import type { Decimal } from "../../src/executions/decimal.ts";
import { unit } from "./amounts.ts";
import { minuteMs } from "./clock.ts";
import type { World } from "./world.ts";
import type { SymbolSpec } from "./world-symbols.ts";

const samplesMax = 60;
/** As far as a fill may be off the market's price: `fillPrice`. */
const spreadParts = 20_000;

export interface Candle {
  open: Decimal;
  high: Decimal;
  low: Decimal;
  close: Decimal;
}

/** All fills of a generated account in that time lie between low and high. */
export function candleOf(world: World, spec: SymbolSpec, openMs: number, intervalMs: number): Candle {
  const stepMs = Math.max(minuteMs, Math.ceil(intervalMs / samplesMax / minuteMs) * minuteMs);
  const open = world.ticksAt(spec, openMs);
  const close = world.ticksAt(spec, openMs + intervalMs - 1);
  let [low, high] = [Math.min(open, close), Math.max(open, close)];
  for (let atMs = openMs + stepMs; atMs < openMs + intervalMs; atMs += stepMs) {
    const ticks = world.ticksAt(spec, atMs);
    low = Math.min(low, ticks);
    high = Math.max(high, ticks);
  }
  const price = (ticks: number): Decimal => BigInt(ticks) * unit(spec.priceDigits);
  return {
    open: price(open),
    high: price(high + Math.ceil(high / spreadParts)),
    low: price(Math.max(1, low - Math.ceil(low / spreadParts))),
    close: price(close),
  };
}

/** With a start the oldest from there, else the newest until the end; oldest first. */
export function minuteCandles(
  world: World,
  spec: SymbolSpec,
  { startMs, endMs, limit }: { startMs: number | null; endMs: number; limit: number },
): (Candle & { openMs: number })[] {
  const lastMs = Math.floor(endMs / minuteMs) * minuteMs;
  const firstMs = startMs === null ? lastMs - (limit - 1) * minuteMs : Math.ceil(startMs / minuteMs) * minuteMs;
  const rows: (Candle & { openMs: number })[] = [];
  for (let openMs = firstMs; openMs <= lastMs && rows.length < limit; openMs += minuteMs) {
    rows.push({ openMs, ...candleOf(world, spec, openMs, minuteMs) });
  }
  return rows;
}
