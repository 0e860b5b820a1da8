import type { Clock } from "../../src/context.ts";

export interface VirtualClock extends Clock {
  advance: (ms: number) => void;
  /** Lets all who sleep wake in their order, until the work is done. */
  drive: <T>(work: Promise<T>) => Promise<T>;
}

interface Sleeper {
  atMs: number;
  wake: () => void;
}

/** Several may sleep at once, and time moves only when everybody does. */
export function virtualClock(startMs = Date.UTC(2026, 1, 9, 10, 30)): VirtualClock {
  let nowMs = startMs;
  const sleepers: Sleeper[] = [];
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason);
        const sleeper = { atMs: nowMs + ms, wake: resolve };
        sleepers.push(sleeper);
        signal?.addEventListener("abort", () => {
          sleepers.splice(sleepers.indexOf(sleeper), 1);
          reject(signal.reason);
        });
      }),
    advance(ms) {
      nowMs += ms;
    },
    async drive(work) {
      let done = false;
      const end = work.finally(() => {
        done = true;
      });
      end.catch(() => undefined); // it is awaited below
      for (let turn = 0; !done; turn++) {
        if (turn > 1_000_000) throw new Error("the work never ends");
        await Bun.sleep(0);
        if (done) break;
        sleepers.sort((a, b) => a.atMs - b.atMs);
        const sleeper = sleepers.shift();
        if (sleeper === undefined) continue;
        nowMs = Math.max(nowMs, sleeper.atMs);
        sleeper.wake();
      }
      return await end;
    },
  };
}
