import { statSync } from "node:fs";
import { basename } from "node:path";
import { type BrokerFile, openBrokerFile } from "../../brokers/files.ts";
import type { Context } from "../../context.ts";
import { Failure } from "../../errors.ts";
import type { Account } from "../../journal/wire.ts";
import type { AccountJob } from "./account.ts";
import type { ImportArgs } from "./command.ts";
import type { LocalJob } from "./import-file.ts";
import type { OpenedJournal } from "./open-journal.ts";
import { emptyCounts } from "./pairing.ts";
import type { AccountResult, FileOutcome } from "./result.ts";

export interface Jobs {
  accounts: AccountJob[];
  /** Files of the command line that could not be recognised: they belong to no account. */
  refused: FileOutcome[];
  /** Accounts that this version cannot import. */
  skipped: AccountResult[];
}

/** What this run has to do: the files of the command line, else the platform's accounts that waited longest first. */
export async function jobsOf(args: ImportArgs, opened: OpenedJournal, context: Context): Promise<Jobs> {
  if (args.watchFolder !== undefined) return { accounts: [], refused: [], skipped: [] };
  return args.file.length > 0 ? await fileJobs(args, opened, context) : await platformJobs(args, opened, context);
}

async function platformJobs(args: ImportArgs, { journal }: OpenedJournal, { log }: Context): Promise<Jobs> {
  const jobs: Jobs = { accounts: [], refused: [], skipped: [] };
  const found: Account[] = [];
  for await (const account of journal.accounts(filterOf(args))) {
    if (account.status === "active" && matches(args, account)) found.push(account);
  }
  if (found.length === 0 && args.account !== undefined) {
    throw new Failure("usage", `The platform has no active account ${args.account}.`, {
      code: "no_such_account",
      hint: "An account whose key was refused is not listed until the user enters a new one.",
    });
  }
  const { findBroker } = await import("../../brokers/index.ts"); // and every connector with it
  for (const account of found.sort(longestWaitingFirst)) {
    if (account.source !== null) {
      const files = account.source.files.map((file) => ({
        kind: "platform" as const,
        name: file.name ?? String(file.file_id),
        file,
      }));
      // A terminal's reports and its API are one account: what one stored the other does not store again.
      const venue = (account.credentials ?? null) === null ? null : findBroker(account.broker);
      jobs.accounts.push({ account, files, venue });
    } else if (account.broker === reportsAccount && (account.credentials ?? null) === null) {
      // The embedded journal's account of reports: what is new of it comes with a file.
      jobs.skipped.push(skipped(account, "no_source", "It has neither files nor credentials of MetaApi."));
    } else if (findBroker(account.broker) !== null) {
      jobs.accounts.push({ account, files: [], venue: findBroker(account.broker) });
    } else {
      log.warning("account_skipped", {
        account_id: account.account_id,
        broker: account.broker,
        reason: "no_connector",
      });
      jobs.skipped.push(skipped(account, "no_connector", `This version has no connector for ${account.broker}.`));
    }
  }
  return jobs;
}

function filterOf({ broker, user }: ImportArgs) {
  return { ...(broker === undefined ? {} : { broker }), ...(user === undefined ? {} : { userId: user }) };
}

/** Ids are opaque: on the command line they are text, on the platform perhaps numbers. */
function matches({ account, user, broker }: ImportArgs, candidate: Account): boolean {
  if (account !== undefined && String(candidate.account_id) !== account) return false;
  if (user !== undefined && String(candidate.user_id) !== user) return false;
  return broker === undefined || candidate.broker === broker;
}

function longestWaitingFirst(a: Account, b: Account): number {
  const [left, right] = [a.last_import_at ?? "", b.last_import_at ?? ""];
  return left < right ? -1 : left > right ? 1 : 0;
}

function skipped(account: Account, code: string, message: string): AccountResult {
  return {
    account,
    status: "skipped",
    counts: emptyCounts(),
    rows: { read: 0, skipped: 0, rejected: 0 },
    files: [],
    warnings: [],
    buffered: 0,
    error: { code, message },
    durationMs: 0,
  };
}

async function fileJobs(args: ImportArgs, opened: OpenedJournal, context: Context): Promise<Jobs> {
  for (const path of args.file) checkReadable(path);
  const jobs: Jobs = { accounts: [], refused: [], skipped: [] };
  const account = await chosenAccount(args, opened);
  const ofReports = args.account === undefined ? await accountOfReports(opened) : null;
  for (const path of args.file) {
    const name = basename(path);
    try {
      await addFile({ path, name, accountId: args.account, account, ofReports }, jobs, args, opened);
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== "data") throw error;
      jobs.refused.push(refusedFile(name, error, context));
    }
  }
  return jobs;
}

/** A file on this machine, and whose it is. */
export interface LocalFile {
  path: string;
  name: string;
  /** Undefined: the embedded journal's account of the file's broker. */
  accountId: string | undefined;
  /** Null: the embedded journal makes it. */
  account: Account | null;
  ofReports: Account | null;
}

/** Null: on a platform, and before the first report. */
async function accountOfReports({ journal, embedded }: OpenedJournal): Promise<Account | null> {
  if (embedded === null) return null;
  for await (const account of journal.accounts({ includeAuthFailed: true })) {
    if (account.account_id === reportsAccount) return account;
  }
  return null;
}

/** The embedded journal's account of a broker has the broker's name. */
export const reportsAccount = "metatrader";

/** Recognises a file and adds it to its account's job. @throws {Failure} data: it cannot be used */
export async function addFile(
  { path, name, accountId, account: known, ofReports }: LocalFile,
  jobs: Jobs,
  args: ImportArgs,
  opened: OpenedJournal,
  watched: Pick<LocalJob, "memory" | "onEnd"> = {},
): Promise<Account> {
  const opening = await openBrokerFile(path, { name, ...optionsOf(args, known, ofReports) });
  const account = known ?? accountFor(opening, accountId, args, opened);
  const job = jobs.accounts.find((other) => other.account.account_id === account.account_id);
  const file = { kind: "local" as const, name, file: opening, ...watched };
  if (job === undefined) jobs.accounts.push({ account, files: [file], venue: null });
  else job.files.push(file);
  return job?.account ?? account;
}

export function refusedFile(name: string, { message, detail }: Failure, { log }: Context): FileOutcome {
  const { code = "data", hint, retryable } = detail;
  log.info("file_refused", { file: name, code, message, hint });
  const error = { code, message, hint, retryable };
  return { name, fileId: null, dialect: null, title: null, facts: {}, report: null, error };
}

function checkReadable(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() === true) return;
  throw new Failure("usage", stat === undefined ? `There is no file ${path}.` : `${path} is not a file.`, {
    code: "no_such_file",
    subject: path,
  });
}

/** `ofReports`: the embedded journal's own account of MetaTrader, whose zone holds for its later reports too. */
export function optionsOf(args: ImportArgs, account: Account | null, ofReports: Account | null) {
  const timezone = args.timezone ?? account?.broker_timezone ?? undefined;
  const stored = ofReports?.broker_timezone ?? undefined;
  return {
    ...(timezone !== undefined || stored === undefined ? {} : { reportTimezone: stored }),
    ...(args.dialect === undefined ? {} : { dialect: args.dialect }),
    ...(args.map.length === 0 ? {} : { map: args.map }),
    ...(args.market === undefined ? {} : { market: args.market }),
    ...(args.currency === undefined ? {} : { currency: args.currency }),
    ...(args.sourceAccount === undefined ? {} : { sourceAccount: args.sourceAccount }),
    ...(timezone === undefined ? {} : { timezone }),
    ...(args.timezone === undefined ? { timezoneFrom: "the account" } : {}),
  };
}

/** `--account`: on the platform it must be there; the embedded journal makes it. */
async function chosenAccount(args: ImportArgs, { journal, embedded }: OpenedJournal): Promise<Account | null> {
  if (args.account === undefined) {
    if (embedded !== null) return null;
    throw new Failure("usage", "A file for a platform needs the account that it belongs to.", {
      code: "account_needed",
      hint: "Add --account ID, or leave LARAVEL_API_URL unset to import into a journal file.",
    });
  }
  const known: string[] = [];
  for await (const account of journal.accounts({ includeAuthFailed: true })) {
    if (String(account.account_id) === args.account) return ofUser(account, args);
    known.push(String(account.account_id));
  }
  if (embedded !== null) return null;
  throw new Failure("usage", `The platform has no account ${args.account}.`, {
    code: "no_such_account",
    hint: known.length === 0 ? "It has no accounts at all." : `It has ${known.slice(0, 20).join(", ")}.`,
  });
}

/** @throws {Failure} usage: the account is another user's than --user says */
function ofUser(account: Account, { user }: ImportArgs): Account {
  if (user === undefined || String(account.user_id) === user) return account;
  throw new Failure("usage", `Account ${account.account_id} is of user ${account.user_id}, not of ${user}.`, {
    code: "account_differs",
    subject: `account ${account.account_id}`,
    hint: "Leave --user out, or name an account of that user.",
  });
}

/** The embedded journal's account: one a broker, or one for each of the broker's accounts that was chosen, unless --account names another. */
function accountFor(
  { format }: BrokerFile,
  accountId: string | undefined,
  args: ImportArgs,
  { embedded }: OpenedJournal,
): Account {
  if (embedded === null) throw new Error("only the embedded journal makes accounts");
  const chosen = args.sourceAccount;
  const isCrypto = format.markets.includes("spot") || format.markets.includes("linear");
  return embedded.ensureAccount({
    broker: format.broker,
    accountId: accountId ?? (chosen === undefined ? format.broker : `${format.broker}-${chosen}`),
    ...(args.user === undefined ? {} : { userId: args.user }),
    markets: [...format.markets],
    baseCurrency: args.baseCurrency?.toUpperCase() ?? format.currency ?? (isCrypto ? "USDT" : "USD"),
    timezone: "UTC",
    ...(args.timezone === undefined ? {} : { brokerTimezone: args.timezone }),
    ...(args.costBasis === undefined ? {} : { costBasisMethod: args.costBasis }),
  });
}
