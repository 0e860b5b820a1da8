import { type Recognised, type RecogniseOptions, readExecutions, recognise } from "../../brokers/csv/read.ts";
import { createFileReport, type FileReport } from "../../brokers/csv/report.ts";
import type { Context } from "../../context.ts";
import { Failure, messageOf } from "../../errors.ts";
import type { Execution } from "../../executions/execution.ts";
import type { Journal } from "../../journal/journal.ts";
import { formatTimestamp } from "../../journal/timestamp.ts";
import type { Account, ImportStatusPatch, PlatformFile } from "../../journal/wire.ts";
import type { Progress } from "../../operation/progress.ts";
import type { MatchRules } from "../../trades/match.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { download, toFileResult } from "./files.ts";
import type { Ledger } from "./ledger.ts";
import { AccountStopped, Pairing, type PairingCounts, type PairingLimits } from "./pairing.ts";
import type { AccountResult, FileOutcome, ResultError } from "./result.ts";

/** One account's part of a cycle: its files, on this machine or on the platform. */
export interface AccountJob {
  account: Account;
  files: FileJob[];
}

export type FileJob =
  | { kind: "local"; name: string; recognised: Recognised }
  | { kind: "platform"; name: string; file: PlatformFile };

export interface AccountTools {
  journal: Journal;
  ledger: Ledger;
  /** False: a dry run, which tells the platform nothing. */
  reports: boolean;
  rules: Omit<MatchRules, "method">;
  limits: PairingLimits;
  progress: Progress;
  context: Context;
}

/** Imports one account. Whatever goes wrong with it is in its result; only what stops the whole cycle is thrown. */
export async function importAccount(job: AccountJob, tools: AccountTools): Promise<AccountResult> {
  const { context } = tools;
  const startMs = context.clock.monotonicMs();
  const { account } = job;
  const state = readCheckpoint(account.checkpoint);
  const rules: MatchRules = { ...tools.rules, method: account.cost_basis_method };
  const pairing = new Pairing(tools.ledger, state, rules, tools.limits);
  const files: FileOutcome[] = [];
  let error: ResultError | null = null;
  let buffered = 0;
  try {
    for (const file of job.files) {
      if (!context.signal.aborted) files.push(await importFile(file, account, pairing, tools));
    }
    if (context.signal.aborted) error = interrupted;
    await pairing.finish();
    await reportStatus(job, pairing, files, tools);
  } catch (caught) {
    if (caught instanceof Failure && stopsCycle(caught)) throw caught;
    error = toResultError(caught);
    if (caught instanceof AccountStopped && caught.delivered.kind === "buffered") buffered = 1;
    logFailure(caught, job, context);
    if (tools.reports && buffered === 0) await reportFailure(job, error, tools);
  }
  return toResult(job, pairing.counts, files, error, buffered, context.clock.monotonicMs() - startMs);
}

/** Stopped by a signal or the deadline: no failure, but not all of it either. */
const interrupted: ResultError = {
  code: "interrupted",
  message: "Stopped before all was read; the next run goes on.",
  retryable: true,
};

function stopsCycle({ kind }: Failure): boolean {
  return kind === "refused" || kind === "settings" || kind === "unavailable";
}

async function importFile(job: FileJob, account: Account, pairing: Pairing, tools: AccountTools): Promise<FileOutcome> {
  const outcome: FileOutcome = {
    name: job.name,
    fileId: job.kind === "platform" ? job.file.file_id : null,
    dialect: null,
    title: null,
    report: null,
    error: null,
  };
  const refusedBefore = pairing.counts.rejected;
  try {
    using opened = await openFile(job, account, tools);
    const { recognised } = opened;
    outcome.dialect = recognised.dialect.id;
    outcome.title = recognised.dialect.title;
    outcome.report = createFileReport();
    await importRows(recognised, outcome.report, pairing, tools);
  } catch (error) {
    // A file that cannot be read is its own failure: the account's other files go on.
    if (!(error instanceof FileUnreadable)) throw error;
    outcome.error = toResultError(error.cause);
    tools.context.log.warning("file_refused", { account_id: account.account_id, file: job.name, ...outcome.error });
  }
  if (tools.context.signal.aborted) return outcome;
  await pairing.finish();
  if (tools.reports && outcome.fileId !== null && outcome.error?.retryable !== true) {
    const result = toFileResult(outcome, pairing.counts.rejected - refusedBefore);
    await tools.journal.postFileResult(account.account_id, outcome.fileId, result);
  }
  return outcome;
}

/** What is wrong with a file itself, as against the platform that its executions go to. */
class FileUnreadable extends Error {
  override readonly name = "FileUnreadable";

  static from(error: unknown): unknown {
    return error instanceof Failure && error.kind === "data"
      ? new FileUnreadable(error.message, { cause: error })
      : error;
  }
}

async function openFile(job: FileJob, account: Account, tools: AccountTools) {
  if (job.kind === "local") return { recognised: job.recognised, [Symbol.dispose]: () => undefined };
  const downloaded = await download(job.file, tools.journal).catch((error) => {
    throw FileUnreadable.from(error);
  });
  try {
    const recognised = await recognise(downloaded.path, {
      name: job.name,
      ...settingsOf(account),
      ...(job.file.format === null ? {} : { dialect: job.file.format }),
    });
    return { recognised, [Symbol.dispose]: () => downloaded[Symbol.dispose]() };
  } catch (error) {
    downloaded[Symbol.dispose]();
    throw FileUnreadable.from(error);
  }
}

async function* readable(recognised: Recognised, report: FileReport, signal: AbortSignal): AsyncGenerator<Execution[]> {
  try {
    yield* readExecutions(recognised, report, signal);
  } catch (error) {
    throw FileUnreadable.from(error);
  }
}

/** What an account says about its files. */
export function settingsOf(account: Account): Pick<RecogniseOptions, "timezone" | "market"> {
  const only = account.markets.length === 1 ? account.markets[0] : undefined;
  return {
    ...(account.broker_timezone === null ? {} : { timezone: account.broker_timezone }),
    ...(only === undefined ? {} : { market: only }),
  };
}

async function importRows(
  recognised: Recognised,
  report: FileReport,
  pairing: Pairing,
  { context, progress }: AccountTools,
): Promise<void> {
  const { signal } = context;
  pairing.beginSource();
  try {
    for await (const executions of readable(recognised, report, signal)) {
      await pairing.take(executions);
      progress.update(`${recognised.name}: ${report.rows} rows, ${pairing.counts.created} new executions`);
      if (signal.aborted) return;
    }
  } catch (error) {
    // Asked to stop, the reader throws the signal's reason: what is in hand is delivered, the rest is read in the next run.
    if (!signal.aborted || error !== signal.reason) throw error;
  }
}

/** Once an account and cycle: how it went, and the checkpoint as it now stands. */
async function reportStatus(
  job: AccountJob,
  pairing: Pairing,
  files: FileOutcome[],
  tools: AccountTools,
): Promise<void> {
  if (!tools.reports) return;
  const { counts } = pairing;
  const refusedRows = files.reduce((sum, { report }) => sum + (report?.rejected ?? 0), 0);
  const refusedFiles = files.filter(({ error }) => error !== null);
  const needsReview = refusedRows + refusedFiles.length + counts.rejected + counts.rejectedTrades > 0;
  const patch: ImportStatusPatch = {
    import_status: needsReview ? "needs_review" : "ok",
    observed_at: formatTimestamp(tools.context.clock.nowMs()),
    credentials_version: job.account.credentials_version,
    error: needsReview ? reviewError(refusedRows, refusedFiles, counts) : null,
  };
  const checkpoint = pairing.undelivered();
  if (checkpoint !== null) {
    patch.checkpoint = checkpoint;
    patch.expected_checkpoint_version = tools.ledger.checkpointVersion;
  }
  const outcome = await tools.journal.setImportStatus(job.account.account_id, patch);
  if (outcome.kind === "conflict" && !outcome.sameCheckpoint) {
    tools.context.log.warning("status_conflict", { account_id: job.account.account_id, code: outcome.code });
  } else if (outcome.kind === "gone") throw new AccountStopped({ kind: "gone" });
  else if (outcome.kind === "invalid") {
    throw new Failure("data", `The platform refused the account's status: ${outcome.message}`, {
      code: "platform_refused_status",
      subject: `account ${job.account.account_id}`,
    });
  }
}

function reviewError(
  rows: number,
  files: FileOutcome[],
  counts: PairingCounts,
): NonNullable<ImportStatusPatch["error"]> {
  const parts = [
    ...files.map(({ name, error }) => `${name}: ${error?.message ?? ""}`),
    ...(rows > 0 ? [`${rows} rows could not be read`] : []),
    ...refusedItems(counts),
  ];
  const code = files[0]?.error?.code ?? (rows > 0 ? "rejected_rows" : "rejected_items");
  return { code, message: parts.join("; ").slice(0, 1_000), retryable: false };
}

async function reportFailure(job: AccountJob, error: ResultError, tools: AccountTools): Promise<void> {
  const patch: ImportStatusPatch = {
    import_status: "needs_review",
    observed_at: formatTimestamp(tools.context.clock.nowMs()),
    credentials_version: job.account.credentials_version,
    error: {
      code: error.code.slice(0, 64),
      message: error.message.slice(0, 1_000),
      retryable: error.retryable ?? false,
    },
  };
  try {
    await tools.journal.setImportStatus(job.account.account_id, patch);
  } catch (caught) {
    if (!(caught instanceof Failure) || stopsCycle(caught)) throw caught;
    tools.context.log.error("status_not_reported", { account_id: job.account.account_id, message: caught.message });
  }
}

function toResultError(error: unknown): ResultError {
  if (error instanceof AccountStopped) {
    const { kind } = error.delivered;
    const codes = {
      buffered: "platform_unavailable",
      dropped: "checkpoint_conflict",
      refused: "platform_refused_batch",
      gone: "account_gone",
    } as const;
    return { code: codes[kind], message: error.message, retryable: kind === "buffered" || kind === "dropped" };
  }
  if (error instanceof Failure) {
    const { code, hint, retryable } = error.detail;
    return { code: code ?? error.kind, message: error.message, hint, retryable };
  }
  return { code: "bug", message: messageOf(error) };
}

function logFailure(error: unknown, { account }: AccountJob, { log }: Context): void {
  const facts = { account_id: account.account_id, user_id: account.user_id, broker: account.broker };
  log.error("account_failed", { ...facts, ...toResultError(error), error });
}

function toResult(
  { account }: AccountJob,
  counts: PairingCounts,
  files: FileOutcome[],
  error: ResultError | null,
  buffered: number,
  durationMs: number,
): AccountResult {
  const rows = { read: 0, skipped: 0, rejected: 0 };
  for (const { report } of files) {
    rows.read += report?.rows ?? 0;
    rows.rejected += report?.rejected ?? 0;
    for (const { count } of report?.skipped.values() ?? []) rows.skipped += count;
  }
  const refused = files.find((file) => file.error !== null)?.error ?? null;
  const allRefused = files.length > 0 && files.every((file) => file.error !== null);
  const partial = refused !== null || rows.rejected + counts.rejected + counts.rejectedTrades > 0;
  return {
    account,
    status: (error !== null && error !== interrupted) || allRefused ? "error" : partial || error ? "partial" : "ok",
    counts,
    rows,
    files,
    buffered,
    error:
      error ?? refused ?? (partial ? { code: "rejected_items", message: refusedText(rows.rejected, counts) } : null),
    durationMs,
  };
}

function refusedText(rows: number, counts: PairingCounts): string {
  return [...(rows > 0 ? [`${rows} rows could not be read`] : []), ...refusedItems(counts)].join("; ");
}

function refusedItems({ rejected, rejectedTrades }: PairingCounts): string[] {
  return [
    ...(rejected > 0 ? [`${rejected} executions were refused by the platform`] : []),
    ...(rejectedTrades > 0 ? [`${rejectedTrades} trades were refused by the platform`] : []),
  ];
}
