import type { Context } from "../context.ts";
import { messageOf } from "../errors.ts";
import { makeLimit } from "../journal/limit.ts";

const pingMsMax = 10_000;
const graceMs = 4_000;
const triesMax = 3;
const pauseMs = 1_000;

export interface Pings {
  /** The cycle has begun. Does not wait for the answer. */
  start: () => void;
  /** It has ended; 0 is a success. `counts` are numbers only: no log goes to others. */
  end: (exitCode: number, counts: Record<string, number>) => Promise<void>;
}

/** A dead man's switch as healthchecks.io has it: whoever hears nothing raises the alarm. A ping never fails a cycle. */
export function openPings(url: string | null, runId: string, context: Context): Pings {
  if (url === null) return { start: () => undefined, end: async () => undefined };
  let started: Promise<void> = Promise.resolve();
  return {
    start() {
      started = ping(addressOf(url, "start", runId), "", context);
    },
    async end(exitCode, counts) {
      await started; // in their order, else the run looks as if it were still on
      const body = Object.entries(counts).map(([name, count]) => `${name} ${count}\n`);
      await ping(addressOf(url, exitCode === 0 ? null : String(exitCode), runId), body.join(""), context);
    },
  };
}

function addressOf(url: string, end: string | null, runId: string): string {
  const address = new URL(url);
  if (end !== null) address.pathname = `${address.pathname.replace(/\/+$/, "")}/${end}`;
  address.searchParams.set("rid", runId);
  return address.href;
}

async function ping(address: string, body: string, context: Context): Promise<void> {
  const { clock, log, signal } = context;
  let last = "";
  for (let attempt = 1; attempt <= triesMax; attempt++) {
    try {
      await attemptPing(address, body, context);
      return;
    } catch (error) {
      last = messageOf(error);
    }
    if (signal.aborted || attempt === triesMax) break; // there is little time left to say anything
    await clock.sleep(pauseMs * attempt);
  }
  log.warning("ping_failed", { message: last, hint: "Is HEALTHCHECK_URL right? The cycle itself is not concerned." });
}

async function attemptPing(address: string, body: string, { fetch, signal }: Context): Promise<void> {
  const limit = makeLimit({ timeoutMs: pingMsMax, graceMs, stop: signal });
  if (limit === null) return;
  try {
    const response = await limit.race(fetch(address, { method: "POST", body, signal: limit.signal }));
    await response.body?.cancel();
    if (!response.ok) throw new Error(`it answered ${response.status}`);
  } catch (error) {
    throw limit.timedOut() ? new Error(limit.describe()) : error;
  } finally {
    limit.end();
  }
}
