import type { Clock } from "../../src/context.ts";

/** The venue's own clock. Frozen at a moment until a test moves it, or running with the machine's. */
export interface VenueClock {
  /** What the venue believes the time is: every timestamp it writes and checks. */
  nowMs: () => number;
  /** The time that everybody else has: `nowMs` without the fault. */
  trueMs: () => number;
  /** Stops the clock at this moment. */
  set: (ms: number) => void;
  /** Moves the clock, frozen or running. */
  advance: (ms: number) => void;
  /** Lets it run with the machine's clock from where it is. */
  run: () => void;
  /** The fault "clock off": the venue is this much ahead of everybody else; negative: behind. */
  skew: (ms: number) => void;
}

/** `startMs` freezes the clock there; without it the clock is the machine's. */
export function createVenueClock(startMs: number | null, machineMs: () => number = Date.now): VenueClock {
  let frozenMs: number | null = startMs;
  let offsetMs = 0;
  let skewMs = 0;
  const trueMs = (): number => frozenMs ?? machineMs() + offsetMs;
  return {
    trueMs,
    nowMs: () => trueMs() + skewMs,
    set: (ms) => {
      frozenMs = ms;
    },
    advance: (ms) => {
      if (frozenMs === null) offsetMs += ms;
      else frozenMs += ms;
    },
    run: () => {
      if (frozenMs === null) return;
      offsetMs = frozenMs - machineMs();
      frozenMs = null;
    },
    skew: (ms) => {
      skewMs = ms;
    },
  };
}

/**
 * The clock of a machine beside the venue: sleeping moves the venue's time, so that nothing takes any. `offsetMs`: what the machine believes the
 * time is, less what it is.
 */
export function clockBeside({ trueMs, advance }: Pick<VenueClock, "trueMs" | "advance">, offsetMs = 0): Clock {
  return {
    nowMs: () => trueMs() + offsetMs,
    monotonicMs: trueMs,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      advance(ms);
      await Promise.resolve();
    },
  };
}

export const secondMs = 1_000;
export const minuteMs = 60_000;
export const hourMs = 3_600_000;
export const dayMs = 86_400_000;
