import { join } from "node:path";
import type { Fetch } from "../../../src/context.ts";
import { type EmbeddedJournal, openEmbeddedJournal, type UserEntry } from "../../../src/journal/embedded.ts";
import type { Fault } from "../../../src/journal/serve/faults.ts";
import type { WireTrade } from "../../../src/journal/wire.ts";
import { createRedactor } from "../../../src/operation/redaction.ts";
import type { RealTerminal } from "../../../src/operation/terminal.ts";
import { analyzeStats } from "../../../src/workers/analyze-stats/command.ts";
import { runCommandLine, type World } from "../../../src/workers/shell.ts";
import { type Platform, type PlatformSettings, servePlatform } from "../../contract/platform.ts";
import { batchOf, reportedTrade } from "../../journal/samples.ts";
import { fakeClock, fakeTerminal } from "../../operation/fakes.ts";

export const key = "a-key-for-tests";

export interface Ended {
  code: number;
  output: string;
  error: string;
  /** The JSON lines of standard error. */
  lines: Record<string, unknown>[];
}

export interface Trial {
  folder: string;
  /** Left out: the embedded journal of the folder. */
  platform?: Platform;
  environment?: Record<string, string>;
  terminal?: Partial<RealTerminal>;
  signal?: AbortSignal;
  /** Hears each request as it is sent: those of users at once come to a platform in any order. */
  onRequest?: (url: URL) => void;
}

/** A deadline or a lock is never waited for, a retry not at all. */
const waitMsMax = 60_000;

/** One command line in a world of its own, where only network and disk are real. */
export async function analyse(argv: readonly string[], { folder, platform, ...given }: Trial): Promise<Ended> {
  const terminal = fakeTerminal(given.terminal);
  const clock = fakeClock();
  const sleep: World["clock"]["sleep"] = (ms, signal) =>
    ms >= waitMsMax ? new Promise(() => undefined) : clock.sleep(ms, signal);
  const laravel = platform === undefined ? {} : { LARAVEL_API_URL: platform.url, LARAVEL_API_KEY: key };
  let uuids = 0;
  const code = await runCommandLine(["analyze-stats", ...argv], [analyzeStats], {
    environment: {
      DATA_DIR: join(folder, "data"),
      LOG_DIR: join(folder, "logs"),
      MAX_RETRIES: "1",
      ...laravel,
      ...given.environment,
    },
    terminal,
    journal: false,
    redactor: createRedactor(),
    clock: { ...clock, sleep },
    random: () => 0.5,
    uuid: () => `01a20e01-uuid-${String(++uuids).padStart(4, "0")}`,
    fetch: ((request, options) => {
      given.onRequest?.(new URL(request instanceof Request ? request.url : request));
      return globalThis.fetch(request, options);
    }) as Fetch,
    signal: given.signal ?? new AbortController().signal,
    armWatchdog: () => undefined,
    onLog: () => undefined,
  });
  const lines = terminal.error.split("\n").filter((line) => line.startsWith("{"));
  return { code, output: terminal.output, error: terminal.error, lines: lines.map((line) => JSON.parse(line)) };
}

export function event({ lines }: Ended, name: string): Record<string, unknown> | undefined {
  return lines.find((line) => line.event === name);
}

/** The one JSON object of `--json`. */
export function json({ output }: Ended) {
  return JSON.parse(output) as {
    status: string;
    users: Record<string, unknown>[];
    users_waiting: number;
    pages: Record<string, unknown>[];
    summary: Record<string, number>;
  };
}

export function openJournal(path = ":memory:"): EmbeddedJournal {
  return openEmbeddedJournal(path, { clock: { nowMs: Date.now } });
}

let numbers = 0;

/** Trades of a user, one a day from 2026-01-05 on; the user and an account are made where they are missing. */
export async function addTrades(
  journal: EmbeddedJournal,
  userId: number,
  nets: readonly string[],
  { user = {}, trade = {} }: { user?: Partial<UserEntry>; trade?: Partial<WireTrade> } = {},
): Promise<void> {
  await makeUser(journal, userId, user);
  const trades = nets.map((net, index) => {
    numbers++;
    const day = new Date(Date.UTC(2026, 0, 5 + index)).toISOString().slice(0, 10);
    return reportedTrade(numbers, {
      gross_pnl: net,
      fees: "0",
      funding: "0",
      net_pnl: net,
      pnl_currency: "USD",
      pnl_in_base_currency: net,
      base_currency: "USD",
      opened_at: `${day}T10:00:00.000Z`,
      closed_at: `${day}T11:00:00.000Z`,
      duration_seconds: 3_600,
      ...trade,
    });
  });
  const perBatch = 100;
  for (let start = 0; start < trades.length; start += perBatch) {
    const outcome = await journal.postBatch(
      batchOf({ accountId: userId, trades: trades.slice(start, start + perBatch) }),
    );
    if (outcome.kind !== "stored" || outcome.result.trades.rejected > 0) throw new Error(JSON.stringify(outcome));
  }
}

async function makeUser(journal: EmbeddedJournal, userId: number, user: Partial<UserEntry>): Promise<void> {
  for await (const { user_id } of journal.users()) if (user_id === userId && Object.keys(user).length === 0) return;
  journal.putUser({ user_id: userId, timezone: "UTC", base_currency: "USD", ...user });
  journal.putAccount({ account_id: userId, user_id: userId, broker: "metatrader", markets: ["forex"] });
}

export async function versionsOf(
  journal: EmbeddedJournal,
): Promise<Record<string, [trades: number, of: number | null]>> {
  const versions: Record<string, [number, number | null]> = {};
  for await (const { user_id, trades_version, statistics } of journal.users()) {
    versions[String(user_id)] = [trades_version, statistics?.based_on_version ?? null];
  }
  return versions;
}

export interface Served {
  journal: EmbeddedJournal;
  platform: Platform;
  close: () => Promise<void>;
}

/** The development platform in front of an embedded journal. */
export function serve(faults: Fault[] = [], settings: Partial<PlatformSettings> = {}): Served {
  const journal = openJournal();
  const platform = servePlatform({ journal, key, faults, ratePerMinute: 100_000, ...settings });
  const close = async () => {
    await platform.stop();
    journal.close();
  };
  return { journal, platform, close };
}

/** `GET /users/2/trades`, in the order in which they came. */
export function asked({ requests }: Platform, pattern = /./): string[] {
  return requests.map(({ method, path }) => `${method} ${path}`).filter((line) => pattern.test(line));
}

export function bodiesOf({ requests }: Platform, method: string): { path: string; body: Record<string, unknown> }[] {
  return requests
    .filter((request) => request.method === method)
    .map(({ path, body }) => ({ path, body: JSON.parse(body) }));
}
