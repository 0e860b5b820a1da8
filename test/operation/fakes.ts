import type { Clock } from "../../src/context.ts";
import type { RealTerminal } from "../../src/operation/terminal.ts";

/** Time that passes only by sleeping, at once. */
export function fakeClock(startMs = Date.UTC(2026, 1, 9, 10, 30, 15, 123)): Clock & { advance: (ms: number) => void } {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      await Promise.resolve();
      signal?.throwIfAborted();
      nowMs += ms;
    },
    advance(ms) {
      nowMs += ms;
    },
  };
}

export interface FakeTerminal extends RealTerminal {
  output: string;
  error: string;
}

export function fakeTerminal(changes: Partial<RealTerminal> = {}): FakeTerminal {
  const terminal: FakeTerminal = {
    interactive: false,
    interactiveError: false,
    color: false,
    colorError: false,
    columns: 80,
    output: "",
    error: "",
    write(text) {
      terminal.output += text;
    },
    writeError(text) {
      terminal.error += text;
    },
    isFlushed: () => true,
    outputError: () => null,
    hasWritten: () => terminal.output !== "",
    ...changes,
  };
  return terminal;
}
