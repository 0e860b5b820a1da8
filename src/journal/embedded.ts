import type { Clock } from "../context.ts";
import { Failure } from "../errors.ts";
import { closedTradeOf } from "../statistics/closed-trade.ts";
import { listPage, type TradePage } from "../statistics/trade-columns.ts";
import { toBatchResult } from "./batch-result.ts";
import { makeBatchStore, type StoredBatch } from "./embedded/batch-store.ts";
import { idOf } from "./embedded/ids.ts";
import { makeLists, type PageAsked, type PageOf, type Position } from "./embedded/lists.ts";
import { type AccountEntry, makeOwners, type Upload, type UserEntry, type WantedAccount } from "./embedded/owners.ts";
import { guarded, guardedAll, openDatabase } from "./embedded/schema.ts";
import type { ReadFile } from "./embedded/seed.ts";
import { makeWrites } from "./embedded/writes.ts";
import { batchItemsMax, contractVersion } from "./fields.ts";
import type { BatchOutcome, Journal } from "./journal.ts";
import { formatTimestamp } from "./timestamp.ts";
import type { Account, Id, PlatformFile, StoredTrade } from "./wire.ts";

export type { AccountEntry, Upload, UserEntry, WantedAccount } from "./embedded/owners.ts";

/** What only the embedded journal has, since nobody else keeps its users and accounts. */
export interface EmbeddedAdmin {
  /** The account to import local files into, made where it is missing; its user too. */
  ensureAccount(wanted: WantedAccount): Account;
  putUser(user: UserEntry): void;
  putAccount(account: AccountEntry): Account;
  /** An upload; the account lists it until it has a result. */
  addFile(accountId: Id, upload: Upload): PlatformFile;
  /** Users, accounts and files of a JSON value. `readFile` reads those that the seed names by their path. */
  seed(seed: unknown, readFile?: ReadFile): Promise<void>;
  counts(): JournalCounts;
  /** The platform's side, for whoever serves the journal over HTTP. */
  readonly store: JournalStore;
}

export interface JournalCounts {
  users: number;
  accounts: number;
  executions: number;
  trades: number;
  legs: number;
  files: number;
  cycles: number;
}

export type EmbeddedJournal = Journal & EmbeddedAdmin;
export type JournalStore = ReturnType<typeof makeStore>;

/** Rows read at a time; writes may come between two reads. */
const pageRows = 500;

/**
 * The platform in a SQLite file: the same behaviour, without a server. `:memory:` keeps nothing.
 * Every call is done when it returns: a batch is on the disk, synced. @throws {Failure} settings: no journal, or a newer one
 */
export function openEmbeddedJournal(path: string, context: { clock: Pick<Clock, "nowMs"> }): EmbeddedJournal {
  const { nowMs } = context.clock;
  const database = openDatabase(path);
  const store = makeStore(path, database, nowMs);
  guarded(path, () => store.forgetOldKeys());
  const count = (table: keyof JournalCounts): number =>
    guarded(path, () => Number(database.query(`SELECT count(*) FROM ${table}`).values()[0]?.[0]));

  return {
    name: `sqlite:${path}`,
    ping: async () => ({
      status: "ok",
      time: formatTimestamp(nowMs()),
      contract_version: contractVersion,
      key: { name: "embedded", abilities: ["*"] },
      limits: { max_batch: batchItemsMax },
    }),
    accounts: (filter = {}) =>
      each((asked) =>
        store.accounts({ ...filter, ...(filter.userId === undefined ? {} : { userId: idOf(filter.userId) }) }, asked),
      ),
    setImportStatus: async (accountId, patch) => {
      const stored = store.setImportStatus(idOf(accountId), patch);
      if (stored.kind !== "conflict") return stored;
      const sameCheckpoint = stored.code === "checkpoint_conflict" && stored.sameCheckpoint;
      return { kind: "conflict", code: stored.code, sameCheckpoint };
    },
    accountTrades: (accountId, filter = {}) =>
      each((asked) => store.accountTrades(presentAccount(store, accountId), filter, asked)),
    executions: (accountId, filter = {}) =>
      each((asked) => store.executions(presentAccount(store, accountId), filter, asked)),
    postBatch: async ({ accountId, key, body }) =>
      outcomeOf(store.storeBatch({ accountId: idOf(accountId), key, body })),
    openFile: async (file) => {
      const content = store.fileContent(idOf(file.file_id));
      if (content === null) throw fileGone(file);
      return new Blob([content]).stream();
    },
    postFileResult: async (accountId, fileId, result) => {
      const stored = store.postFileResult(idOf(accountId), idOf(fileId), result);
      return stored.kind === "invalid" ? refuse(`result of file ${fileId}`, stored.errors) : stored.kind;
    },
    users: (filter = {}) => each((asked) => store.users(filter, asked)),
    userTrades: (userId, filter = {}) => {
      const { accountId, ...rest } = filter;
      const used = accountId === undefined ? rest : { ...rest, accountId: idOf(accountId) };
      return each((asked) => store.userTrades(presentUser(store, userId), used, asked));
    },
    closedTrades: (userId) => closedTradesOf(store, userId),
    putStatistics: async (userId, statistics) => {
      const stored = await store.putStatistics(idOf(userId), statistics);
      return stored.kind === "stored" ? { kind: "stored", stale: stored.stale } : stored;
    },
    postCycleReport: async (report) => {
      const stored = store.postCycleReport(report);
      return stored.kind === "invalid" ? refuse(`cycle report ${report.cycle_id}`, stored.errors) : stored.kind;
    },
    close: () => database.close(),

    ensureAccount: store.ensureAccount,
    putUser: store.putUser,
    putAccount: store.putAccount,
    addFile: store.addFile,
    seed: async (seed, readFile = null) => {
      const { plantSeed } = await import("./embedded/seed.ts"); // loads arktype
      database.transaction(() => plantSeed(seed, store, readFile)).immediate();
    },
    counts: () => ({
      users: count("users"),
      accounts: count("accounts"),
      executions: count("executions"),
      trades: count("trades"),
      legs: count("legs"),
      files: count("files"),
      cycles: count("cycles"),
    }),
    store,
  };
}

function makeStore(path: string, database: ReturnType<typeof openDatabase>, nowMs: () => number) {
  const lists = makeLists(database);
  return guardedAll(path, {
    ...lists,
    ...makeBatchStore(database, nowMs),
    ...makeWrites(database, lists, nowMs),
    ...makeOwners(database, lists, nowMs),
  });
}

async function* each<T>(page: (asked: PageAsked) => PageOf<T>): AsyncGenerator<T, void, undefined> {
  let after: Position = null;
  do {
    const { items, next }: PageOf<T> = page({ after, limit: pageRows });
    yield* items;
    after = next;
  } while (after !== null);
}

async function* closedTradesOf(store: JournalStore, id: Id): AsyncGenerator<TradePage, void, undefined> {
  const userId = presentUser(store, id);
  let after: Position = null;
  do {
    const page: PageOf<StoredTrade> = store.userTrades(userId, { status: "closed" }, { after, limit: pageRows });
    yield listPage(page.items.map(closedTradeOf).filter((trade) => trade !== null));
    after = page.next;
  } while (after !== null);
}

function outcomeOf(stored: StoredBatch): BatchOutcome {
  switch (stored.kind) {
    case "answer":
      return { kind: "stored", result: toBatchResult(stored.answer, stored.errors), replayed: stored.replayed };
    case "badKey":
      return { kind: "unexpected", status: 400, message: badKeyMessage };
    default:
      return stored;
  }
}

export const badKeyMessage = "The Idempotency-Key header is required (8 to 255 characters of A-Z a-z 0-9 _ . : -).";

function presentAccount(store: JournalStore, id: Id): Id {
  if (store.account(idOf(id)) !== null) return idOf(id);
  throw gone("Account", id);
}

function presentUser(store: JournalStore, id: Id): Id {
  if (store.hasUser(idOf(id))) return idOf(id);
  throw gone("User", id);
}

function gone(what: "Account" | "User", id: Id): Failure {
  return new Failure("data", `${what} ${id} is gone from the platform.`, {
    code: "platform_gone",
    subject: `${what.toLowerCase()} ${id}`,
    retryable: false,
  });
}

function fileGone(file: PlatformFile): Failure {
  return new Failure("data", `File ${file.file_id} is gone.`, {
    code: "file_gone",
    subject: file.name === null ? `file ${file.file_id}` : `file ${file.file_id} (${file.name})`,
    retryable: true,
  });
}

function refuse(what: string, errors: Record<string, string[]>): never {
  const first = Object.entries(errors).slice(0, 3);
  const said = first.map(([key, messages]) => `${key}: ${messages.join(" ")}`).join("; ");
  throw new Failure("data", `The journal does not take the ${what}: ${said}.`, {
    code: "platform_contract",
    retryable: false,
  });
}
