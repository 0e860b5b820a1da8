import type { AccountWarning, BrokerAccount } from "../../../src/brokers/broker.ts";
import { findBroker } from "../../../src/brokers/index.ts";
import { openRateBudget, type RateBudget } from "../../../src/brokers/rate-budget.ts";
import type { Context, Fetch } from "../../../src/context.ts";
import { messageOf } from "../../../src/errors.ts";
import type { Execution } from "../../../src/executions/execution.ts";
import { type RecordingLog, recordingLog } from "../../delivery/recording-log.ts";
import { clockBeside } from "../../venues/clock.ts";
import type { Venue } from "../../venues/start.ts";

export interface RunResult {
  executions: Execution[];
  cursor: unknown;
  warnings: AccountWarning[];
  error: unknown;
  pages: number;
  requests: number;
}

export interface AccountReader {
  log: RecordingLog;
  budget: RateBudget;
  /** Reads from a cursor to the end, or until `stopAfterPages` as a killed process would. */
  run: (account?: Partial<BrokerAccount>, options?: { stopAfterPages?: number }) => Promise<RunResult>;
  close: () => void;
}

export interface ReaderOptions {
  brokerId: string;
  venue: Venue;
  dataDir: string;
  accountId: string;
  fetch?: Fetch;
  /** What this machine believes the time is, less the venue's. */
  clockOffsetMs?: number;
  signal?: AbortSignal;
  deadlineMs?: number;
}

/** The connector with the venue's clock as its own: sleeping moves the venue's time, so that nothing takes any. */
export function openReader(options: ReaderOptions): AccountReader {
  const { venue, dataDir, accountId, brokerId, clockOffsetMs = 0, signal = new AbortController().signal } = options;
  const listed = findBroker(brokerId);
  if (listed === null) throw new Error(`there is no broker ${brokerId}`);
  const clock = clockBeside(venue.clock, clockOffsetMs);
  const log = recordingLog();
  const fetch = options.fetch ?? (globalThis.fetch as Fetch);
  const context = {
    clock,
    log,
    signal,
    fetch,
    random: () => 0.5,
    uuid: () => "",
    environment: {},
  } as unknown as Context;
  const budget = openRateBudget(brokerId, listed.limits, {
    dataDir,
    clock,
    signal,
    deadlineMs: options.deadlineMs ?? null,
  });
  return {
    log,
    budget,
    close: () => budget.close(),
    async run(account = {}, { stopAfterPages = Number.POSITIVE_INFINITY } = {}) {
      const { apiKey, apiSecret, passphrase } = venue.account(accountId);
      const whole: BrokerAccount = {
        accountId,
        markets: ["spot", "linear", "inverse"],
        credentials: { apiKey, apiSecret, passphrase },
        cursor: null,
        importFromMs: null,
        ...account,
      };
      const before = venue.log.entries.length;
      const result: RunResult = {
        executions: [],
        cursor: whole.cursor,
        warnings: [],
        error: null,
        pages: 0,
        requests: 0,
      };
      const tools = { context, budget, cacheDir: `${dataDir}/cache`, venueUrl: venue.url };
      try {
        for await (const page of listed.broker.read(whole, tools)) {
          result.pages++;
          result.executions.push(...page.executions);
          // As the platform keeps it: text.
          if (page.cursor !== undefined) result.cursor = JSON.parse(JSON.stringify(page.cursor));
          result.warnings.push(...(page.warnings ?? []));
          if (result.pages >= stopAfterPages) break;
        }
      } catch (error) {
        result.error = error;
      }
      result.requests = venue.log.entries.length - before;
      return result;
    },
  };
}

/** For failures of tests: what went wrong, without looking. */
export function errorText({ error }: RunResult): string | null {
  return error === null ? null : `${error instanceof Error ? error.stack : messageOf(error)}`;
}
