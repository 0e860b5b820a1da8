import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../../config.ts";
import type { Context } from "../../context.ts";
import { Failure } from "../../errors.ts";
import type { Account } from "../../journal/wire.ts";
import { version } from "../../version.ts";
import type { ImportArgs } from "./command.ts";
import { addFile, type Jobs, optionsOf, refusedFile, reportsAccount } from "./jobs.ts";
import type { OpenedJournal } from "./open-journal.ts";
import type { AccountResult, FileOutcome } from "./result.ts";
import { filesIn, isAsBefore, isStill, type Snapshot, takeSnapshot, touch, type WatchedFile } from "./watch-folder.ts";
import { DeliveryMemory, type WatchState, WatchStates } from "./watch-state.ts";

/** A report's rows are in memory while it is imported; the others come with the next cycle. */
const filesPerCycleMax = 20;

/** Files of a watched folder that this cycle imports. */
export interface WatchRun {
  /** Notes what was imported, so that it costs nothing until it changes. */
  end: (results: readonly AccountResult[]) => void;
  /** Accounts whose files come from the folder. */
  accounts: ReadonlySet<string>;
}

interface Taken {
  file: WatchedFile;
  snapshot: Snapshot;
  settings: string;
  memory: DeliveryMemory;
  account: string | null;
  outcome: FileOutcome | null;
}

/** Adds what is new in the folder to the jobs. @throws {Failure} settings: the folder cannot be read */
export async function addWatched(
  folder: string,
  jobs: Jobs,
  args: ImportArgs,
  { opened, config, context }: { opened: OpenedJournal; config: Pick<Config, "dataDir">; context: Context },
): Promise<WatchRun> {
  const states = new WatchStates(config.dataDir);
  const known = await accountsOf(opened);
  const copies = mkdtempSync(join(tmpdir(), "ami-workers-watch-"));
  const taken: Taken[] = [];
  const accounts = new Set<string>();
  const counts = { unchanged: 0, waiting: 0, taken: 0 };
  const note = args.dryRun ? () => undefined : touch;
  try {
    for (const file of filesIn(folder)) {
      const state = states.read(file.path);
      const account = accountOf(file, args, known);
      const settings = settingsOf(args, account, known, opened);
      if (state?.done?.account != null) accounts.add(state.done.account);
      const isKnown = state?.done?.settings === settings && isThere(state, known);
      if (isKnown && isAsBefore(file, state)) counts.unchanged++;
      else if (!isStill(file, state, context.clock.nowMs()) || counts.taken >= filesPerCycleMax) {
        counts.waiting++;
        note(file, state?.done ?? null, states);
      } else {
        const snapshot = await snapshotOf(file, join(copies, String(taken.length)), jobs, context);
        if (snapshot === null) counts.waiting++;
        else if (isKnown && state?.done?.sha256 === snapshot.sha256) {
          counts.unchanged++;
          note(file, state.done, states);
        } else {
          counts.taken++;
          const memory = new DeliveryMemory(isKnown ? (state?.done?.delivered ?? []) : []);
          const one: Taken = { file, snapshot, settings, memory, account: null, outcome: null };
          taken.push(one);
          await open(one, account, jobs, { args, opened, context, known });
        }
      }
    }
  } catch (error) {
    rmSync(copies, { recursive: true, force: true });
    throw error;
  }
  context.log.info("folder_scanned", { folder, ...counts });
  for (const { account } of taken) if (account !== null) accounts.add(account);
  return {
    accounts,
    end(results) {
      rmSync(copies, { recursive: true, force: true });
      if (args.dryRun) return;
      for (const one of taken) if (isFinished(one, results)) states.write(stateOf(one, results));
    },
  };
}

async function accountsOf({ journal }: OpenedJournal): Promise<Map<string, Account>> {
  const accounts = new Map<string, Account>();
  for await (const account of journal.accounts({ includeAuthFailed: true })) {
    accounts.set(String(account.account_id), account);
  }
  return accounts;
}

/** A folder's name is its account's id. Undefined: it says none. */
function accountOf(file: WatchedFile, args: ImportArgs, known: ReadonlyMap<string, Account>) {
  const id = file.account ?? args.account;
  return id === undefined ? undefined : { id, account: known.get(id) ?? null };
}

type Named = ReturnType<typeof accountOf>;

/** All that decides what a file comes to, besides its content. */
function settingsOf(
  args: ImportArgs,
  named: Named,
  known: ReadonlyMap<string, Account>,
  { journal }: OpenedJournal,
): string {
  const {
    reportTimezone,
    timezoneFrom: _,
    ...options
  } = optionsOf(args, named?.account ?? null, ofReports(named, known));
  const timezone = options.timezone ?? reportTimezone ?? null;
  return JSON.stringify({ ...options, timezone, account: named?.id ?? null, journal: journal.name, version });
}

function ofReports(named: Named, known: ReadonlyMap<string, Account>): Account | null {
  return named === undefined ? (known.get(reportsAccount) ?? null) : null;
}

/** The journal still has the account: another journal under the same address has nothing of the file. */
function isThere({ done }: WatchState, known: ReadonlyMap<string, Account>): boolean {
  return done !== null && (done.account === null || known.has(done.account));
}

async function snapshotOf(file: WatchedFile, to: string, jobs: Jobs, context: Context): Promise<Snapshot | null> {
  try {
    return await takeSnapshot(file, to, context);
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== "data") throw error;
    jobs.refused.push(refusedFile(file.name, error, context));
    return null;
  }
}

async function open(
  one: Taken,
  named: Named,
  jobs: Jobs,
  tools: { args: ImportArgs; opened: OpenedJournal; context: Context; known: ReadonlyMap<string, Account> },
): Promise<void> {
  const { args, opened, context, known } = tools;
  const { file, snapshot, memory } = one;
  try {
    if (opened.embedded === null && (named?.account ?? null) === null) throw nobodys(file, named?.id);
    const source = {
      path: snapshot.path,
      name: file.name,
      accountId: named?.id,
      account: named?.account ?? null,
      ofReports: ofReports(named, known),
    };
    const account = await addFile(source, jobs, args, opened, {
      memory,
      onEnd: (outcome) => {
        one.outcome = outcome;
      },
    });
    one.account = String(account.account_id);
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== "data") throw error;
    one.outcome = refusedFile(file.name, error, context);
    jobs.refused.push(one.outcome);
  }
}

function nobodys(file: WatchedFile, id: string | undefined): Failure {
  const message =
    id === undefined
      ? `${file.name} lies in the watched folder itself, and a platform has to be told whose it is.`
      : `${file.name} lies in the folder of account ${id}, which the platform does not have.`;
  return new Failure("data", message, {
    code: id === undefined ? "account_needed" : "no_such_account",
    subject: file.path,
    hint: "Publish into a folder below the watched one that has the account's id as its name.",
    retryable: true,
  });
}

/** Refused for good, or all that it holds is with the platform. */
function isFinished({ outcome, account }: Taken, results: readonly AccountResult[]): boolean {
  if (outcome === null) return false;
  if (outcome.error !== null) return outcome.error.retryable !== true;
  const result = resultOf(account, results);
  return result !== undefined && ["ok", "partial"].includes(result.status) && result.error?.code !== "interrupted";
}

function stateOf({ file, snapshot, settings, account, memory }: Taken, results: readonly AccountResult[]): WatchState {
  const { path, bytes, modifiedMs } = file;
  const counts = resultOf(account, results)?.counts;
  // What was refused is sent again when the file has grown.
  const isWhole = counts !== undefined && counts.rejected === 0 && counts.rejectedTrades === 0;
  const delivered = isWhole ? memory.keys : [];
  return { path, bytes, modifiedMs, done: { sha256: snapshot.sha256, settings, account, delivered } };
}

function resultOf(account: string | null, results: readonly AccountResult[]): AccountResult | undefined {
  return results.find((result) => String(result.account.account_id) === account);
}
