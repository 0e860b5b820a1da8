import type { AccountWarning, BrokerAccount } from "../../../src/brokers/broker.ts";
import { metaApiLimits } from "../../../src/brokers/metaapi/endpoints.ts";
import { metaapi } from "../../../src/brokers/metaapi/metaapi.ts";
import { openRateBudget } from "../../../src/brokers/rate-budget.ts";
import type { Context, Fetch } from "../../../src/context.ts";
import type { Execution } from "../../../src/executions/execution.ts";
import type { Trade } from "../../../src/trades/trade.ts";
import { type RecordingLog, recordingLog } from "../../delivery/recording-log.ts";
import { clockBeside } from "../../venues/clock.ts";
import type { MetaApiAccount, MetaApiVenue } from "../../venues/metaapi/index.ts";

export interface RunResult {
  executions: Execution[];
  trades: Trade[];
  cursor: unknown;
  warnings: AccountWarning[];
  error: unknown;
  log: RecordingLog;
}

export interface RunOptions {
  venue: MetaApiVenue;
  dataDir: string;
  account: MetaApiAccount;
  changes?: Partial<BrokerAccount>;
  fetch?: Fetch;
  signal?: AbortSignal;
  /** Null: MetaApi's own hosts. */
  venueUrl?: null;
  /** Leaves off after so many pages, as a killed process would. */
  pagesMax?: number;
}

/** One run of the connector with the venue's clock as its own: sleeping moves the venue's time, so that nothing takes any. */
export async function readAccount(options: RunOptions): Promise<RunResult> {
  const { venue, account, signal = new AbortController().signal, pagesMax = Number.POSITIVE_INFINITY } = options;
  const clock = clockBeside(venue.clock);
  const log = recordingLog();
  const fetch = options.fetch ?? (globalThis.fetch as Fetch);
  const context = { clock, log, signal, fetch, random: () => 0.5 } as unknown as Context;
  const budget = openRateBudget(metaapi.id, metaApiLimits, { dataDir: options.dataDir, clock, signal });
  const given: BrokerAccount = {
    accountId: "7",
    markets: ["forex", "cfd"],
    credentials: { apiKey: account.id, apiSecret: account.token },
    cursor: null,
    importFromMs: null,
    ...options.changes,
  };
  const result: RunResult = { executions: [], trades: [], cursor: given.cursor, warnings: [], error: null, log };
  let pages = 0;
  try {
    const venueUrl = options.venueUrl === undefined ? venue.url : null;
    for await (const page of metaapi.read(given, { context, budget, cacheDir: options.dataDir, venueUrl })) {
      result.executions.push(...page.executions);
      result.trades.push(...(page.trades ?? []));
      result.warnings.push(...(page.warnings ?? []));
      if (page.cursor !== undefined) result.cursor = JSON.parse(JSON.stringify(page.cursor));
      if (++pages >= pagesMax) break;
    }
  } catch (error) {
    result.error = error;
  } finally {
    budget.close();
  }
  return result;
}
