import { createFileReport, type FileReport } from "../../brokers/csv/report.ts";
import { type BrokerFile, type FilePage, type OpenOptions, openBrokerFile } from "../../brokers/files.ts";
import { Failure } from "../../errors.ts";
import type { Account, PlatformFile } from "../../journal/wire.ts";
import type { AccountTools } from "./account.ts";
import { download, toFileResult } from "./files.ts";
import type { Pairing } from "./pairing.ts";
import { type Counts, Preview } from "./preview.ts";
import { type FileOutcome, toResultError } from "./result.ts";
import type { DeliveryMemory } from "./watch-state.ts";

/** A file on this machine. */
export interface LocalJob {
  kind: "local";
  name: string;
  file: BrokerFile;
  /** Of a watched file: what of it is delivered already is left out. */
  memory?: DeliveryMemory;
  onEnd?: (outcome: FileOutcome) => void;
}

export type FileJob = LocalJob | { kind: "platform"; name: string; file: PlatformFile };

/** One file of an account. What is wrong with the file is in its outcome; what is wrong with the platform is thrown. */
export async function importFile(
  job: FileJob,
  account: Account,
  pairing: Pairing,
  tools: AccountTools,
): Promise<FileOutcome> {
  const outcome: FileOutcome = {
    name: job.name,
    fileId: job.kind === "platform" ? job.file.file_id : null,
    dialect: null,
    title: null,
    facts: {},
    report: null,
    error: null,
  };
  const before = { ...pairing.counts };
  const preview = tools.dry === undefined ? null : new Preview();
  if (tools.dry !== undefined) tools.dry.preview = preview;
  let file: BrokerFile | null = null;
  try {
    using opened = await openFile(job, account, tools);
    file = opened.file;
    const { format, facts } = opened.file;
    outcome.dialect = format.id;
    outcome.title = format.title;
    outcome.facts = facts;
    outcome.report = createFileReport();
    await importRows(
      { file: opened.file, memory: job.kind === "local" ? job.memory : undefined, preview },
      outcome.report,
      pairing,
      tools,
    );
  } catch (error) {
    // A file that cannot be read is its own failure: the account's other files go on.
    if (!(error instanceof FileUnreadable)) throw error;
    outcome.error = toResultError(error.cause);
    tools.context.log.warning("file_refused", { account_id: account.account_id, file: job.name, ...outcome.error });
  }
  if (tools.context.signal.aborted) return outcome;
  await pairing.finish();
  if (preview !== null && file !== null) outcome.preview = preview.end(file, difference(pairing.counts, before));
  if (job.kind === "local") job.onEnd?.(outcome);
  if (tools.reports && outcome.fileId !== null && outcome.error?.retryable !== true) {
    const result = toFileResult(outcome, pairing.counts.rejected - before.rejected);
    await tools.journal.postFileResult(account.account_id, outcome.fileId, result);
  }
  return outcome;
}

function difference(after: Counts, before: Counts): Counts {
  return {
    created: after.created - before.created,
    duplicates: after.duplicates - before.duplicates,
    rejected: after.rejected - before.rejected,
  };
}

/** What is wrong with a file itself, as against the platform that its executions go to. */
class FileUnreadable extends Error {
  override readonly name = "FileUnreadable";

  static from(error: unknown): unknown {
    const isOfFile = error instanceof Failure && error.kind === "data";
    return isOfFile ? new FileUnreadable(error.message, { cause: error }) : error;
  }
}

async function openFile(
  job: FileJob,
  account: Account,
  tools: AccountTools,
): Promise<Disposable & { file: BrokerFile }> {
  if (job.kind === "local") return { file: job.file, [Symbol.dispose]: () => undefined };
  const downloaded = await download(job.file, tools.journal).catch((error) => {
    throw FileUnreadable.from(error);
  });
  const dispose = () => downloaded[Symbol.dispose]();
  try {
    const chosen = job.file.format === null ? {} : { dialect: job.file.format };
    const file = await openBrokerFile(downloaded.path, { name: job.name, ...settingsOf(account), ...chosen });
    return { file, [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw FileUnreadable.from(error);
  }
}

/** What an account says about its files. */
function settingsOf(account: Account): Pick<OpenOptions, "timezone" | "timezoneFrom" | "market"> {
  const only = account.markets.length === 1 ? account.markets[0] : undefined;
  return {
    ...(account.broker_timezone === null ? {} : { timezone: account.broker_timezone, timezoneFrom: "the account" }),
    ...(only === undefined ? {} : { market: only }),
  };
}

async function* readable(file: BrokerFile, report: FileReport, signal: AbortSignal): AsyncGenerator<FilePage> {
  try {
    yield* file.pages(report, signal);
  } catch (error) {
    throw FileUnreadable.from(error);
  }
}

/**
 * What a page leaves behind is garbage at once; left to itself the heap grows to half as much again before anyone looks. A collection takes
 * some 50 ms, as long as ten thousand rows.
 */
const pagesPerCollection = 512;

async function importRows(
  { file, memory, preview }: { file: BrokerFile; memory: DeliveryMemory | undefined; preview: Preview | null },
  report: FileReport,
  pairing: Pairing,
  { context, progress }: AccountTools,
): Promise<void> {
  const { signal } = context;
  let pages = 0;
  pairing.beginSource();
  try {
    for await (const page of readable(file, report, signal)) {
      const { executions, trades } = page;
      preview?.seePage(page);
      await pairing.take(memory === undefined ? executions : executions.filter((one) => memory.isNew(one)));
      if (trades.length > 0) await pairing.takeReported(trades);
      progress.update(`${file.name}: ${report.rows} rows, ${pairing.counts.created} new`);
      if (++pages % pagesPerCollection === 0) Bun.gc(true);
      if (signal.aborted) return;
    }
  } catch (error) {
    // Asked to stop, the reader throws the signal's reason: what is in hand is delivered, the rest is read in the next run.
    if (!signal.aborted || error !== signal.reason) throw error;
  }
}
