import type { SectionPoints } from "./points.ts";

/** Equity trade by trade, for drawing. */
export interface EquityCourse {
  /** When it is so: the first open, then each close. */
  atMs: Float64Array;
  equity: Float64Array;
  /** How far below its highest so far; at most 0. */
  drawdown: Float64Array;
}

/** `start`: the balance before the first trade; 0 where it is not known, so that the curve is of the P&L alone. */
export function equityCourse({ count, openedAtMs, closedAtMs, net }: SectionPoints, start: number): EquityCourse {
  const atMs = new Float64Array(count + 1);
  const equity = new Float64Array(count + 1);
  const drawdown = new Float64Array(count + 1);
  atMs[0] = openedAtMs.reduce((first, ms) => Math.min(first, ms), closedAtMs[0] ?? 0);
  equity[0] = start;
  let peak = start;
  for (let index = 0; index < count; index++) {
    const now = (equity[index] as number) + (net[index] as number);
    if (now > peak) peak = now;
    atMs[index + 1] = closedAtMs[index] as number;
    equity[index + 1] = now;
    drawdown[index + 1] = now - peak;
  }
  return { atMs, equity, drawdown };
}

/** The equity at so many moments at equal distances, from the first to the last. */
export function sampledEquity({ atMs, equity }: EquityCourse, count: number): number[] {
  const first = atMs[0] ?? 0;
  const last = atMs.at(-1) ?? first;
  const values: number[] = [];
  let row = 0;
  for (let sample = 0; sample < count; sample++) {
    const ms = first + ((last - first) * sample) / (count - 1);
    while (row + 1 < atMs.length && (atMs[row + 1] as number) <= ms) row++;
    values.push(equity[row] as number);
  }
  return values;
}
