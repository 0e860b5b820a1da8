import { Failure } from "../../errors.ts";

/** Times from and to, both inclusive, in milliseconds. */
export interface Window {
  fromMs: number;
  toMs: number;
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const windowsMax = 1_000;
const depthMax = 40;
/** "Too long", in the words of the different lists. */
const tooLong = new Set(["-4165", "-1127", "-4047", "-6021"]);
/** "Too old". */
const tooOld = "-4166";

/**
 * All rows of a span of time. The documentation's copies disagree on how long a window may be and how far back it may lie, so the venue is asked
 * for all of it first, and its own words are obeyed.
 */
export async function inWindows<Row>(span: Window, read: (window: Window) => Promise<Row[]>): Promise<Row[]> {
  let { fromMs } = span;
  let longestMs = span.toMs - span.fromMs + 1;
  const rows: Row[] = [];
  for (let count = 0; count < windowsMax && fromMs <= span.toMs; count++) {
    const window = { fromMs, toMs: Math.min(span.toMs, fromMs + longestMs - 1) };
    try {
      rows.push(...(await read(window)));
      fromMs = window.toMs + 1;
    } catch (error) {
      const limit = limitOf(error);
      if (limit === null) throw error;
      if (limit.kind === "long" && limit.ms < longestMs) longestMs = limit.ms;
      else if (limit.kind === "old" && span.toMs - limit.ms > fromMs) fromMs = span.toMs - limit.ms;
      else throw error;
    }
  }
  return rows;
}

/** Of a list that gives at most `rowsMax` rows and says not which: the window is halved until it holds fewer. */
export async function inHalves<Row>(
  span: Window,
  rowsMax: number,
  read: (window: Window) => Promise<Row[]>,
  depth = 0,
): Promise<Row[]> {
  const rows = await read(span);
  if (rows.length < rowsMax || span.fromMs >= span.toMs || depth >= depthMax) return rows;
  const middleMs = Math.floor((span.fromMs + span.toMs) / 2);
  const older = await inHalves({ fromMs: span.fromMs, toMs: middleMs }, rowsMax, read, depth + 1);
  const newer = await inHalves({ fromMs: middleMs + 1, toMs: span.toMs }, rowsMax, read, depth + 1);
  return [...older, ...newer];
}

function limitOf(error: unknown): { kind: "long" | "old"; ms: number } | null {
  if (!(error instanceof Failure)) return null;
  const { brokerCode = "" } = error.detail;
  const kind = tooLong.has(brokerCode) ? "long" : brokerCode === tooOld ? "old" : null;
  if (kind === null) return null;
  const [, hours] = /(\d{1,4}) hours?/i.exec(error.message) ?? [];
  const [, days] = /(\d{1,4}) days?/i.exec(error.message) ?? [];
  const ms = hours !== undefined ? Number(hours) * hourMs : days !== undefined ? Number(days) * dayMs : 7 * dayMs;
  // A minute inside the limit: clocks differ, and some limits are exclusive.
  return { kind, ms: Math.max(1, ms - 60_000) };
}
