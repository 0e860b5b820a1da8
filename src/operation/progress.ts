import type { Clock, Terminal } from "../context.ts";

export interface Progress {
  /** What is being done, in a few words and figures; shown when the last one has stood long enough. */
  update: (text: string) => void;
  /** Away with the line: before results, and at the end. */
  clear: () => void;
}

const standsMs = 100;
const eraseLine = "\r\u001b[K";

/** One line on standard error that is always the newest word; nothing at all where nobody watches. */
export function openProgress(terminal: Terminal, clock: Pick<Clock, "monotonicMs">): Progress {
  const watched = terminal.interactive && (terminal.interactiveError ?? true);
  if (!watched) return { update: () => undefined, clear: () => undefined };
  let shownAtMs = Number.NEGATIVE_INFINITY;
  let shown = false;
  return {
    update(text) {
      const nowMs = clock.monotonicMs();
      if (nowMs - shownAtMs < standsMs) return;
      shownAtMs = nowMs;
      shown = true;
      // A line as wide as the terminal would wrap and could not be erased.
      terminal.writeError(`${eraseLine}${cutToWidth(text.replace(/\s+/g, " "), terminal.columns - 1)}`);
    },
    clear() {
      if (shown) terminal.writeError(eraseLine);
      shown = false;
      shownAtMs = Number.NEGATIVE_INFINITY;
    },
  };
}

/** As much as fits, in terminal columns, with an ellipsis for the rest. */
export function cutToWidth(text: string, width: number): string {
  if (Bun.stringWidth(text) <= width) return text;
  let cut = "";
  let used = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const segmentWidth = Bun.stringWidth(segment);
    if (used + segmentWidth > width - 1) break;
    cut += segment;
    used += segmentWidth;
  }
  return width > 0 ? `${cut}…` : "";
}
