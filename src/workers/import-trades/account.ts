import type { AccountWarning } from "../../brokers/broker.ts";
import { unsureTimesText } from "../../brokers/csv/unsure-times.ts";
import type { ListedBroker } from "../../brokers/index.ts";
import type { Context } from "../../context.ts";
import { Failure } from "../../errors.ts";
import type { Journal } from "../../journal/journal.ts";
import type { Account } from "../../journal/wire.ts";
import type { Progress } from "../../operation/progress.ts";
import type { MatchRules } from "../../trades/match.ts";
import { readCheckpoint } from "./checkpoint.ts";
import type { DryLedger } from "./dry-ledger.ts";
import { type FileJob, importFile } from "./import-file.ts";
import { importVenue, type Venues } from "./import-venue.ts";
import type { Ledger } from "./ledger.ts";
import { AccountStopped, Pairing, type PairingLimits } from "./pairing.ts";
import {
  type AccountOutcome,
  type AccountResult,
  type FileOutcome,
  interrupted,
  type ResultError,
  toResult,
  toResultError,
} from "./result.ts";
import { reportFailure, reportStatus } from "./status.ts";

/** One account's part of a cycle: its files, on this machine or on the platform, or its venue's API. */
export interface AccountJob {
  account: Account;
  files: FileJob[];
  venue: ListedBroker | null;
}

export interface AccountTools {
  journal: Journal;
  ledger: Ledger;
  /** What `ledger` leads to in a dry run, which looks closer at files. */
  dry?: DryLedger;
  /** False: a dry run, which tells the platform nothing. */
  reports: boolean;
  rules: Omit<MatchRules, "method">;
  limits: PairingLimits;
  venues: Venues;
  progress: Progress;
  context: Context;
}

/** Imports one account. Whatever goes wrong with it is in its result; only what stops the whole cycle is thrown. */
export async function importAccount(job: AccountJob, tools: AccountTools): Promise<AccountResult> {
  const { clock, signal } = tools.context;
  const startMs = clock.monotonicMs();
  const { account } = job;
  const state = readCheckpoint(account.checkpoint);
  const pairing = new Pairing(tools.ledger, state, { ...tools.rules, method: account.cost_basis_method }, tools.limits);
  const outcome: AccountOutcome = { counts: pairing.counts, files: [], warnings: [] };
  let error: ResultError | null = null;
  let buffered = 0;
  try {
    for (const file of job.files) {
      if (!signal.aborted) outcome.files.push(await importFile(file, account, pairing, tools));
    }
    let failure: Failure | null = null;
    if (job.venue !== null) {
      const venue = await importVenue(job.venue, { account, cursor: state.cursor }, pairing, tools);
      outcome.warnings = venue.warnings;
      failure = venue.failure;
    }
    outcome.warnings = [...outcome.warnings, ...unsureTimesIn(outcome.files)];
    if (signal.aborted) error = interrupted;
    await pairing.finish();
    if (failure === null) await reportStatus(job, pairing, outcome, tools);
    else {
      error = toResultError(failure);
      logFailure(failure, job, tools.context);
      await reportFailure(job, error, tools, pairing);
    }
  } catch (caught) {
    if (caught instanceof Failure && stopsCycle(caught)) throw caught;
    error = toResultError(caught);
    if (caught instanceof AccountStopped && caught.delivered.kind === "buffered") buffered = 1;
    logFailure(caught, job, tools.context);
    if (buffered === 0) await reportFailure(job, error, tools);
  }
  for (const warning of outcome.warnings) {
    tools.context.log.warning("account_warning", {
      account_id: account.account_id,
      broker: account.broker,
      ...warning,
    });
  }
  return toResult(account, outcome, { error, buffered, durationMs: clock.monotonicMs() - startMs });
}

/** Times that only the user can know better than the clock of a zone. */
function unsureTimesIn(files: readonly FileOutcome[]): AccountWarning[] {
  return files.flatMap(({ name, report }) =>
    report?.unsureTimes === undefined
      ? []
      : [{ code: "unsure_time", message: `${name}: ${unsureTimesText(report.unsureTimes)}` }],
  );
}

/** An answer of 500 to one account's request is that account's; a platform that cannot be reached is everybody's. */
export function stopsCycle({ kind, detail }: Failure): boolean {
  if (kind === "unavailable") return detail.code !== "platform_error";
  return kind === "refused" || kind === "settings" || kind === "disk";
}

function logFailure(error: unknown, { account }: AccountJob, { log }: Context): void {
  const facts = { account_id: account.account_id, user_id: account.user_id, broker: account.broker };
  log.error("account_failed", { ...facts, ...toResultError(error), error });
}
