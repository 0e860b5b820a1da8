import { fixed } from "../amounts.ts";
import { candleOf } from "../candles.ts";
import { dayMs, hourMs, minuteMs } from "../clock.ts";
import type { World } from "../world.ts";
import type { SymbolSpec, WorldMarket } from "../world-symbols.ts";
import { BinanceError } from "./errors.ts";
import { type Call, specOf } from "./state.ts";

const intervals: Readonly<Record<string, number>> = {
  "1m": minuteMs,
  "3m": 3 * minuteMs,
  "5m": 5 * minuteMs,
  "15m": 15 * minuteMs,
  "30m": 30 * minuteMs,
  "1h": hourMs,
  "2h": 2 * hourMs,
  "4h": 4 * hourMs,
  "6h": 6 * hourMs,
  "8h": 8 * hourMs,
  "12h": 12 * hourMs,
  "1d": dayMs,
  "3d": 3 * dayMs,
  "1w": 7 * dayMs,
};

/** `klines`: open time, prices, volumes as text. A candle before the listing or in a gap is not there. */
export function candles(call: Call, market: WorldMarket): unknown {
  const { parameters, state, nowMs } = call;
  const spec = specOf(call, market, parameters.required("symbol"));
  const intervalMs = intervals[parameters.required("interval")];
  if (intervalMs === undefined) throw new BinanceError(400, -1120, "Invalid interval.");
  const { startMs, endMs } = parameters.times();
  const limit = parameters.limit(500, market === "spot" ? 1_000 : 1_500, "cut");
  const last = Math.min(endMs ?? nowMs, nowMs, spec.deliveryMs ?? nowMs);
  const lastOpenMs = Math.floor(last / intervalMs) * intervalMs;
  const wanted =
    startMs === null ? lastOpenMs - (limit - 1) * intervalMs : Math.ceil(startMs / intervalMs) * intervalMs;
  const rows: unknown[] = [];
  for (let openMs = wanted; openMs <= lastOpenMs && rows.length < limit; openMs += intervalMs) {
    if (openMs < spec.onboardMs) {
      openMs = Math.floor(spec.onboardMs / intervalMs) * intervalMs;
      continue;
    }
    const inGap = state.candleGaps.some(
      (gap) => gap.symbol === spec.symbol && openMs >= gap.fromMs && openMs < gap.untilMs,
    );
    if (!inGap) rows.push(candleRow(state.world, spec, openMs, intervalMs));
  }
  return rows;
}

function candleRow(world: World, spec: SymbolSpec, openMs: number, intervalMs: number): unknown[] {
  const { open, high, low, close } = candleOf(world, spec, openMs, intervalMs);
  const prices = [open, high, low, close].map((price) => fixed(price, spec.market === "spot" ? 8 : spec.priceDigits));
  const [volume, quoteVolume, boughtVolume, boughtQuoteVolume] = [
    "1250.00000000",
    "98765.43210000",
    "600.00000000",
    "47000.00000000",
  ];
  return [openMs, ...prices, volume, openMs + intervalMs - 1, quoteVolume, 321, boughtVolume, boughtQuoteVolume, "0"];
}

/** `ticker/price`: one symbol or all. */
export function prices(call: Call, market: WorldMarket): unknown {
  const symbol = call.parameters.text("symbol");
  const { world } = call.state;
  const specs = symbol === null ? world.of(market) : [specOf(call, market, symbol)];
  const rows = specs.map((spec) => ({
    symbol: spec.symbol,
    ...(market === "inverse" && { ps: spec.pair }),
    price: fixed(world.priceAt(spec, call.nowMs), market === "spot" ? 8 : spec.priceDigits),
    ...(market !== "spot" && { time: call.nowMs }),
  }));
  return symbol !== null && market !== "inverse" ? rows[0] : rows;
}
