/** An axis from `min` to `max` with a line every `step`. */
export interface Axis {
  min: number;
  max: number;
  step: number;
  /** From the lowest to the highest, both ends included. */
  ticks: number[];
}

/** About so many steps of 1, 2, 2.5 or 5 times a power of ten, so that all values are between the ends. */
export function niceAxis(lowest: number, highest: number, steps: number): Axis {
  const range = highest - lowest;
  const rough = (range > 0 ? range : Math.max(1, Math.abs(highest))) / steps;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.floor(lowest / step);
  const last = Math.max(first + 1, Math.ceil(highest / step));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
  return { min: first * step, max: last * step, step, ticks };
}

/** A tick with as many places as its step needs: `1,500`, `0.25`. */
export function tickText(value: number, { step }: Axis): string {
  const places = Math.min(8, Math.max(0, -Math.floor(Math.log10(step) - 1e-9) + (isHalfStep(step) ? 1 : 0)));
  return value.toLocaleString("en", { maximumFractionDigits: places }).replace(/^-/, "−");
}

function isHalfStep(step: number): boolean {
  const leading = step / 10 ** Math.floor(Math.log10(step) + 1e-9);
  return Math.abs(leading - 2.5) < 1e-6;
}
