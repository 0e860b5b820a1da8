import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type EmbeddedJournal, openEmbeddedJournal } from "../../src/journal/embedded.ts";
import { journalContract } from "./contract.ts";
import {
  all,
  batchOf,
  bought,
  executionOf,
  fakeContext,
  funded,
  reportedTrade,
  roundTrip,
  seed,
  sold,
  stillOpen,
} from "./samples.ts";
import { failureOf } from "./scripted.ts";

journalContract("the embedded journal", async () => {
  const journal = openEmbeddedJournal(":memory:", fakeContext());
  await journal.seed(seed);
  return { journal, close: async () => journal.close() };
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "journal-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = (name: string, context = fakeContext()): EmbeddedJournal =>
  openEmbeddedJournal(join(folder, name), context);
const wanted = { broker: "binance", baseCurrency: "USD", timezone: "UTC" };

describe("the file", () => {
  test("and its folder are made, for their owner alone", () => {
    const journal = open("new/deep/journal.sqlite");
    journal.ensureAccount(wanted);
    const modeOf = (path: string): number => statSync(join(folder, path)).mode & 0o777;
    expect([modeOf("new"), modeOf("new/deep")]).toEqual([0o700, 0o700]);
    for (const name of ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"]) {
      expect([name, modeOf(`new/deep/${name}`)]).toEqual([name, 0o600]);
    }
    journal.close();
  });

  test("keeps everything when it is opened again", async () => {
    const first = open("kept.sqlite");
    await first.seed(seed);
    await first.postBatch(
      batchOf({
        executions: [bought, funded, sold],
        trades: [roundTrip],
        checkpoint: { v: 1 },
        expectedCheckpointVersion: 0,
      }),
    );
    const counts = first.counts();
    first.close();
    const second = open("kept.sqlite");
    expect(second.counts()).toEqual(counts);
    expect(counts).toEqual({ users: 2, accounts: 3, executions: 3, trades: 1, legs: 3, files: 2, cycles: 0 });
    expect(await all(second.executions(1))).toEqual([bought, funded, sold]);
    expect(second.store.account(1)).toMatchObject({ checkpoint: { v: 1 }, checkpoint_version: 1 });
    second.close();
  });

  test("is written through, in WAL, with foreign keys", () => {
    const journal = open("pragmas.sqlite");
    const other = new Database(join(folder, "pragmas.sqlite"));
    expect(other.query("PRAGMA journal_mode").values()).toEqual([["wal"]]);
    other.close();
    expect(() => journal.store.addFile(999, { name: "x", bytes: new Uint8Array() })).toThrow(/FOREIGN KEY/);
    journal.close();
  });

  test("of a newer version is refused, and left alone", () => {
    open("newer.sqlite").close();
    const database = new Database(join(folder, "newer.sqlite"));
    database.run("PRAGMA user_version = 99");
    database.close();
    expect(() => open("newer.sqlite")).toThrow(
      expect.objectContaining({ kind: "settings", detail: expect.objectContaining({ code: "journal_version" }) }),
    );
  });

  test("of another program is refused, and left alone", () => {
    const path = join(folder, "other.sqlite");
    const database = new Database(path);
    database.run("CREATE TABLE things (id INTEGER)");
    database.close();
    expect(() => open("other.sqlite")).toThrow(
      expect.objectContaining({ kind: "settings", detail: expect.objectContaining({ code: "no_journal" }) }),
    );
    const again = new Database(path);
    expect(again.query("SELECT name FROM sqlite_schema").values()).toEqual([["things"]]);
    again.close();
  });

  test("that is no database is refused", () => {
    writeFileSync(join(folder, "text.sqlite"), "time,symbol,side\n".repeat(100));
    expect(() => open("text.sqlite")).toThrow(expect.objectContaining({ kind: "settings" }));
  });

  test("in a folder that cannot be made is refused", () => {
    writeFileSync(join(folder, "a-file"), "");
    expect(() => open("a-file/journal.sqlite")).toThrow(expect.objectContaining({ kind: "settings" }));
  });

  test("that another process is writing to is waited for", async () => {
    const path = join(folder, "shared.sqlite");
    const journal = open("shared.sqlite");
    journal.ensureAccount(wanted);
    const script = `
      const { Database } = require("bun:sqlite");
      const database = new Database(${JSON.stringify(path)});
      database.run("BEGIN IMMEDIATE");
      database.run("UPDATE users SET timezone = 'Europe/Rome'");
      require("node:fs").writeFileSync(${JSON.stringify(`${path}.held`)}, "");
      Bun.sleepSync(300);
      database.run("COMMIT");`;
    const writer = Bun.spawn([process.execPath, "-e", script], { stderr: "inherit" });
    while (!existsSync(`${path}.held`)) {
      if (writer.exitCode !== null) throw new Error("the other process ended early");
      await Bun.sleep(5);
    }
    expect((await journal.postBatch(batchOf({ executions: [bought] }))).kind).toBe("stored");
    expect(journal.store.account(1)?.timezone).toBe("Europe/Rome");
    await writer.exited;
    journal.close();
  });

  test("is the same for two that open it at once", async () => {
    const journals = await Promise.all(Array.from({ length: 4 }, async () => open("race.sqlite")));
    for (const [index, journal] of journals.entries()) {
      journal.ensureAccount({ ...wanted, label: `${index}` });
    }
    expect(journals.map((journal) => journal.counts().accounts)).toEqual([4, 4, 4, 4]);
    for (const journal of journals) journal.close();
  });
});

describe("an account for local files", () => {
  const memory = (): EmbeddedJournal => openEmbeddedJournal(":memory:", fakeContext());

  test("is made with its user, and found again", () => {
    const journal = memory();
    const made = journal.ensureAccount({
      ...wanted,
      markets: ["spot"],
      brokerTimezone: "UTC",
      costBasisMethod: "lifo",
    });
    expect(made).toMatchObject({
      account_id: 1,
      user_id: 1,
      broker: "binance",
      markets: ["spot"],
      base_currency: "USD",
      timezone: "UTC",
      broker_timezone: "UTC",
      cost_basis_method: "lifo",
      checkpoint: null,
    });
    expect(journal.ensureAccount({ ...wanted, markets: ["linear"] })).toMatchObject({
      account_id: 1,
      markets: ["spot", "linear"],
      broker_timezone: "UTC",
      cost_basis_method: "lifo",
    });
    expect(journal.ensureAccount({ ...wanted, broker: "ibkr" }).account_id).toBe(2);
    expect(journal.ensureAccount({ ...wanted, label: "second" }).account_id).toBe(3);
    expect(journal.ensureAccount({ ...wanted, userId: 7 })).toMatchObject({ account_id: 4, user_id: 7 });
    expect(journal.ensureAccount({ ...wanted, accountId: "mine" }).account_id).toBe("mine");
    expect(journal.counts()).toMatchObject({ users: 2, accounts: 5 });
  });

  test("of a user that is there has the user's currency and zone", () => {
    const journal = memory();
    journal.putUser({ user_id: 1, timezone: "Europe/Paris", base_currency: "EUR" });
    expect(journal.ensureAccount(wanted)).toMatchObject({ base_currency: "EUR", timezone: "Europe/Paris" });
  });

  test("of another broker or user is refused", () => {
    const journal = memory();
    journal.ensureAccount(wanted);
    const differs = expect.objectContaining({
      kind: "usage",
      detail: expect.objectContaining({ code: "account_differs" }),
    });
    expect(() => journal.ensureAccount({ ...wanted, accountId: 1, broker: "ibkr" })).toThrow(differs);
    expect(() => journal.ensureAccount({ ...wanted, accountId: 1, userId: 2 })).toThrow(differs);
    expect(journal.ensureAccount({ ...wanted, accountId: "1" }).account_id).toBe(1);
  });

  test("keeps its cost basis method once it has trades", async () => {
    const journal = memory();
    journal.ensureAccount(wanted);
    expect(journal.ensureAccount({ ...wanted, costBasisMethod: "average" }).cost_basis_method).toBe("average");
    await journal.postBatch(batchOf({ trades: [reportedTrade(1)] }));
    expect(() => journal.ensureAccount({ ...wanted, costBasisMethod: "fifo" })).toThrow(
      expect.objectContaining({
        kind: "usage",
        detail: expect.objectContaining({ code: "cost_basis_method_differs" }),
      }),
    );
    expect(journal.ensureAccount({ ...wanted, costBasisMethod: "average" }).account_id).toBe(1);
  });
});

describe("what a platform's user does", () => {
  test("new credentials raise their version and put a refused account back", async () => {
    const journal = openEmbeddedJournal(":memory:", fakeContext());
    await journal.seed(seed);
    const patch = {
      import_status: "auth_failed" as const,
      observed_at: "2026-03-01T10:00:00.000Z",
      credentials_version: 1,
    };
    await journal.setImportStatus(2, patch);
    const account = { account_id: 2, user_id: 2, broker: "bybit", markets: ["linear" as const] };
    expect(journal.putAccount(account)).toMatchObject({ import_status: "auth_failed", credentials_version: 1 });
    expect(journal.putAccount({ ...account, credentials: { api_key: "new" } })).toMatchObject({
      import_status: "ok",
      credentials_version: 2,
      last_import_at: "2026-03-01T10:00:00.000Z",
    });
  });

  test("an account that is paused is not listed", async () => {
    const journal = openEmbeddedJournal(":memory:", fakeContext());
    await journal.seed(seed);
    journal.putAccount({ account_id: 1, user_id: 1, broker: "binance", markets: [], status: "paused" });
    expect((await all(journal.accounts({ includeAuthFailed: true }))).map(({ account_id }) => account_id)).toEqual([
      2, 3,
    ]);
  });

  test("a seed with a mistake plants nothing, and says where it is", async () => {
    const journal = openEmbeddedJournal(":memory:", fakeContext());
    const wrong = [
      [{ users: [{ user_id: 1, timezone: "UTC" }] }, /base_currency/],
      [{ acounts: [] }, /acounts/],
      [
        {
          ...seed,
          accounts: [
            {
              account_id: 1,
              user_id: 1,
              broker: "csv",
              markets: [],
              source: { kind: "file", files: [{ file_id: 1, name: "x" }] },
            },
          ],
        },
        /no content/,
      ],
    ] as const;
    for (const [value, message] of wrong) {
      const failure = await failureOf(journal.seed(value));
      expect(failure).toMatchObject({ kind: "data", detail: { code: "seed_invalid" } });
      expect(failure.message).toMatch(message);
    }
    expect(journal.counts()).toMatchObject({ users: 0, accounts: 0, files: 0 });
  });
});

describe("idempotency keys", () => {
  test("are forgotten two days later, when the journal is opened", async () => {
    const context = fakeContext();
    const reopen = (): EmbeddedJournal => open("keys.sqlite", context);
    const first = reopen();
    await first.seed(seed);
    const batch = batchOf({ executions: [bought] });
    await first.postBatch(batch);
    first.close();
    context.nowMs += 48 * 3_600_000;
    const second = reopen();
    expect(await second.postBatch(batch)).toMatchObject({ kind: "stored", replayed: true });
    second.close();
    context.nowMs += 1;
    const third = reopen();
    expect(await third.postBatch(batch)).toMatchObject({
      kind: "stored",
      replayed: false,
      result: { executions: { duplicates: 1 } },
    });
    third.close();
  });

  test("are of one account", async () => {
    const journal = openEmbeddedJournal(":memory:", fakeContext());
    await journal.seed(seed);
    const batch = batchOf({ executions: [bought] });
    await journal.postBatch(batch);
    expect(await journal.postBatch({ ...batch, accountId: 2 })).toMatchObject({ kind: "invalid", errors: {} });
  });
});

describe("delivering", () => {
  /** Batches as they come about: executions, the trades of them by revisions, the checkpoints that they lead to. */
  const batches = Array.from({ length: 5 }, (_, index) => {
    const executions = [executionOf(index * 2), executionOf(index * 2 + 1)];
    const legs = executions.map(({ external_id }) => ({
      ...stillOpen.legs[0],
      execution_id: external_id,
      role: "entry" as const,
    }));
    return batchOf({
      executions,
      trades: [
        { ...stillOpen, revision: index + 1, fees: `${index}`, legs: legs as typeof stillOpen.legs },
        reportedTrade(index),
      ],
      checkpoint: { v: 1, state: `after ${index}` },
      expectedCheckpointVersion: index,
    });
  });

  async function storedAfter(order: readonly { index: number; newKey: boolean }[]): Promise<object> {
    const journal = openEmbeddedJournal(":memory:", fakeContext());
    await journal.seed(seed);
    for (const [step, { index, newKey }] of order.entries()) {
      const batch = batches[index] as (typeof batches)[0];
      await journal.postBatch(newKey ? { ...batch, key: `another-key-${step}` } : batch);
    }
    const { updated_at: _, ...account } = journal.store.account(1) ?? {};
    const everything = {
      account,
      executions: await all(journal.executions(1)),
      trades: await all(journal.accountTrades(1)),
      counts: journal.counts(),
    };
    journal.close();
    return everything;
  }

  test("any batch any number of times, in any order of repeats, stores the same", async () => {
    const once = await storedAfter(batches.map((_, index) => ({ index, newKey: false })));
    const repeats = fc.array(fc.record({ index: fc.nat(batches.length - 1), newKey: fc.boolean() }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.tuple(...batches.map(() => repeats)), async (extra) => {
        // Each batch is first delivered in its turn; before the next, any of those so far come again.
        const order = extra.flatMap((again, turn) => [
          { index: turn, newKey: false },
          ...again.map(({ index, newKey }) => ({ index: Math.min(index, turn), newKey })),
        ]);
        expect(await storedAfter(order)).toEqual(once);
      }),
      { numRuns: 25 },
    );
  });

  test("batches without checkpoints in any order stores the same trades and executions", async () => {
    const parts = Array.from({ length: 4 }, (_, index) =>
      batchOf({
        executions: [executionOf(index), executionOf(index + 1)],
        trades: [reportedTrade(index), reportedTrade(9, { revision: index + 1, fees: `${index}` })],
      }),
    );
    const storedBy = async (order: number[]): Promise<object> => {
      const journal = openEmbeddedJournal(":memory:", fakeContext());
      await journal.seed(seed);
      for (const index of order) await journal.postBatch(parts[index] as (typeof parts)[0]);
      const sorted = <T extends { external_id: string }>(items: T[]): T[] =>
        items.sort((a, b) => (a.external_id < b.external_id ? -1 : 1));
      const trades = (await all(journal.accountTrades(1))).map(({ trade_id: _, ...trade }) => trade);
      return { executions: sorted(await all(journal.executions(1))), trades: sorted(trades) };
    };
    const inOrder = await storedBy([0, 1, 2, 3]);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3, 0, 1, 2, 3], { minLength: 8 }), async (order) =>
        expect(await storedBy(order)).toEqual(inOrder),
      ),
      { numRuns: 25 },
    );
  });
});
