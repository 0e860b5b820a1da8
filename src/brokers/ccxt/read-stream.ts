import type { Execution } from "../../executions/execution.ts";
import { compareExecutions } from "../../executions/identify.ts";
import type { SourcePage } from "../broker.ts";
import { failure } from "../broker-failure.ts";
import { markOf, newStreamState, type StreamState, writeCursor } from "./cursor.ts";
import { dayMs, minuteMs, type Reading, type Stream, TooManyRows, TooOld, type Window, warn } from "./exchange.ts";
import { countPnl } from "./reconcile.ts";

/** Lists show some fills minutes late: so much of what was read is read again each time. Longer than any delay that was seen. */
export const latenessMs = 30 * minuteMs;
/** Inside the retention limit: clocks differ, and the window moves while it is read. */
const retentionSlackMs = 10 * minuteMs;
/** No exchange of these is older. */
const firstMs = Date.UTC(2011, 0, 1);
/** Where a list takes any span, the first one asked for; grown while little is in it. */
const firstSpanMs = 30 * dayMs;
const fewRows = 500;
const executionsPerPage = 1_000;
const windowsMax = 5_000;
/** Of more the platform says that it has them. */
const recentMax = 2_000;

/** One list from where it was read to, window by window, each a page or several with one cursor at its end. */
export async function* readStream(reading: Reading, stream: Stream): AsyncGenerator<SourcePage> {
  const { client, state, context } = reading;
  const endMs = Math.floor(client.nowMs());
  const known = state.streams.get(stream.key);
  const progress = known ?? newStreamState();
  let fromMs = beginOf(reading, stream, progress, endMs);
  let spanMs = stream.windowMs ?? firstSpanMs;
  for (let count = 0; fromMs <= endMs; count++) {
    if (count >= windowsMax) throw new Error(`${stream.key}: more than ${windowsMax} windows`);
    context.signal.throwIfAborted();
    const window = { fromMs, toMs: Math.min(endMs, fromMs + spanMs - 1) };
    const rows = await readWindow(stream, window);
    if (rows === "too many") {
      spanMs = halve(stream, window);
      continue;
    }
    if (typeof rows === "number") {
      if (rows <= fromMs)
        throw failure("broker_answer", `${client.exchange.title} refuses the time that it gave itself.`);
      fromMs = rows;
      progress.sinceMs = rows;
      continue;
    }
    const readUntilMs = progress.untilMs;
    const fresh = takeUp(rows, progress, window);
    countPnl(reading, fresh, readUntilMs);
    state.streams.set(stream.key, progress);
    yield* toPages(reading, fresh);
    fromMs = window.toMs + 1;
    spanMs = nextSpan(stream, spanMs, rows.length);
  }
  warnOfBeginning(reading, stream, progress);
}

/** A part of what was read before, or where the list begins. */
function beginOf({ account, client }: Reading, stream: Stream, progress: StreamState, endMs: number): number {
  const keptFromMs = stream.keptMs === null ? (stream.beginsMs ?? firstMs) : endMs - stream.keptMs + retentionSlackMs;
  if (progress.untilMs === 0) {
    progress.sinceMs = Math.max(account.importFromMs ?? 0, keptFromMs);
    return progress.sinceMs;
  }
  const resumeMs = Math.min(progress.untilMs, endMs) - latenessMs;
  if (resumeMs >= keptFromMs) return Math.max(resumeMs, progress.sinceMs);
  // It was not read for longer than the list reaches back: what lies between is lost.
  client.tools.context.log.warning("history_lost", { broker: client.exchange.id, list: stream.key });
  progress.sinceMs = keptFromMs;
  return keptFromMs;
}

async function readWindow(stream: Stream, window: Window): Promise<Execution[] | "too many" | number> {
  try {
    return await stream.read(window);
  } catch (error) {
    if (error instanceof TooManyRows) return "too many";
    if (error instanceof TooOld) return error.sinceMs;
    throw error;
  }
}

function halve({ title }: Stream, { fromMs, toMs }: Window): number {
  const spanMs = Math.floor((toMs - fromMs + 1) / 2);
  if (spanMs >= 1) return spanMs;
  throw failure("broker_answer", `${title}: more entries in one millisecond than can be read.`);
}

function nextSpan({ windowMs }: Stream, spanMs: number, rows: number): number {
  return rows > fewRows ? spanMs : Math.min(2 * spanMs, windowMs ?? Number.MAX_SAFE_INTEGER / 4);
}

/** What was not read before, each once and in order; what is young enough to be read again is remembered. */
function takeUp(rows: readonly Execution[], progress: StreamState, { fromMs, toMs }: Window): Execution[] {
  const known = new Set(progress.recent);
  const seen = new Set<string>();
  const recent = new Set<string>();
  const fresh: Execution[] = [];
  for (const execution of [...rows].sort(compareExecutions)) {
    if (seen.has(execution.externalId)) continue;
    seen.add(execution.externalId);
    const mark = markOf(execution.externalId);
    if (!known.has(mark)) fresh.push(execution);
    if (execution.executedAtMs > toMs - latenessMs) recent.add(mark);
  }
  // A window shorter than the overlap does not show all that has to be remembered.
  const kept = fromMs > toMs - latenessMs ? progress.recent.filter((mark) => !recent.has(mark)) : [];
  progress.recent = [...kept, ...recent].slice(-recentMax);
  progress.untilMs = Math.max(progress.untilMs, toMs);
  return fresh;
}

/** Several where there are many; only the last can be gone on from. */
function* toPages(reading: Reading, executions: readonly Execution[]): Generator<SourcePage> {
  for (let start = 0; start + executionsPerPage < executions.length; start += executionsPerPage) {
    yield { executions: executions.slice(start, start + executionsPerPage) };
  }
  const rest =
    executions.length === 0 ? 0 : Math.floor((executions.length - 1) / executionsPerPage) * executionsPerPage;
  yield { executions: executions.slice(rest), cursor: writeCursor(reading.state) };
}

function warnOfBeginning(reading: Reading, stream: Stream, { sinceMs }: StreamState): void {
  const { account, client } = reading;
  if (stream.keptMs === null && sinceMs <= (stream.beginsMs ?? firstMs)) return;
  if (stream.isGuess === true || sinceMs <= (account.importFromMs ?? 0)) return;
  const day = new Date(sinceMs).toISOString().slice(0, 10);
  const message =
    stream.isCutShort === true
      ? `Of ${client.exchange.title} ${stream.title} are read from ${day} on: a file export has what was before.`
      : `${client.exchange.title} gives ${stream.title} from ${day} on: what was before is not in its API, a file export may have it.`;
  warn(reading, stream.key, { code: "partial", message, sinceMs });
}
