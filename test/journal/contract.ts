import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Failure } from "../../src/errors.ts";
import type { BatchOutcome, Journal, SealedBatch } from "../../src/journal/journal.ts";
import type { Account, PlatformFile, User } from "../../src/journal/wire.ts";
import { closedTradeOf } from "../../src/statistics/closed-trade.ts";
import {
  all,
  batchOf,
  bought,
  boughtSpot,
  cycleReport,
  executionOf,
  fileResult,
  funded,
  rawBatch,
  reportedTrade,
  roundTrip,
  sold,
  statisticsOf,
  stillOpen,
} from "./samples.ts";

/** A journal with `seed` (samples.ts) in it and nothing else. */
export interface JournalUnderTest {
  journal: Journal;
  close: () => Promise<void>;
}

type Stored = Extract<BatchOutcome, { kind: "stored" }>;

/** What every journal does: the embedded one, the platform over HTTP, and whatever comes to be served by a real one. */
export function journalContract(name: string, open: () => Promise<JournalUnderTest>): void {
  describe(`${name} is a journal`, () => {
    let opened: JournalUnderTest;
    let journal: Journal;

    beforeEach(async () => {
      opened = await open();
      journal = opened.journal;
    });
    afterEach(async () => await opened.close());

    const deliver = async (batch: SealedBatch): Promise<Stored> => {
      const outcome = await journal.postBatch(batch);
      if (outcome.kind !== "stored") throw new Error(`not stored: ${JSON.stringify(outcome)}`);
      return outcome;
    };
    const account = async (id: number): Promise<Account> => {
      const found = (await all(journal.accounts({ includeAuthFailed: true }))).find((each) => each.account_id === id);
      if (found === undefined) throw new Error(`account ${id} is not listed`);
      return found;
    };
    const user = async (id: number): Promise<User> => {
      const found = (await all(journal.users())).find((each) => each.user_id === id);
      if (found === undefined) throw new Error(`user ${id} is not listed`);
      return found;
    };
    const failure = async (work: Promise<unknown>): Promise<Failure> => {
      const error = await work.then(
        () => null,
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof Failure)) throw new Error(`no Failure: ${error}`);
      return error;
    };
    const fullBatch = () =>
      batchOf({
        executions: [bought, funded, sold],
        trades: [roundTrip],
        checkpoint: { v: 1, state: '{"linear":{"BTCUSDT":"104891"}}' },
        expectedCheckpointVersion: 0,
      });

    describe("ping", () => {
      test("says that the key is good, what time it is and how much a batch may hold", async () => {
        const ping = await journal.ping();
        expect(ping).toMatchObject({ status: "ok", contract_version: "1.0", limits: { max_batch: 100 } });
        expect(ping.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        expect(ping.key.abilities).toEqual(["*"]);
      });
    });

    describe("accounts", () => {
      test("come whole, in order, with nulls for what was left out", async () => {
        const accounts = await all(journal.accounts());
        expect(accounts.map(({ account_id }) => account_id)).toEqual([1, 2, 3]);
        const { updated_at, ...first } = accounts[0] as Account;
        expect(first).toEqual({
          account_id: 1,
          user_id: 1,
          broker: "binance",
          markets: ["spot", "linear"],
          label: "Main",
          status: "active",
          import_status: "ok",
          base_currency: "USD",
          timezone: "Europe/Paris",
          broker_timezone: null,
          cost_basis_method: "fifo",
          import_from: null,
          credentials: null,
          credentials_version: 1,
          source: null,
          checkpoint: null,
          checkpoint_version: 0,
          last_import_at: null,
          last_error: null,
        });
        expect(updated_at).not.toBeNull();
        expect(accounts[1]?.credentials).toEqual({ api_key: "k", api_secret: "s" });
      });

      test("are narrowed by broker and by user", async () => {
        const ids = async (filter: Parameters<Journal["accounts"]>[0]) =>
          (await all(journal.accounts(filter))).map(({ account_id }) => account_id);
        expect(await ids({ broker: "bybit" })).toEqual([2]);
        expect(await ids({ userId: 2 })).toEqual([2, 3]);
        expect(await ids({ userId: 2, broker: "csv" })).toEqual([3]);
        expect(await ids({ broker: "kraken" })).toEqual([]);
      });
    });

    describe("a batch", () => {
      test("is stored, and read back field by field as it was sent", async () => {
        const { result, replayed } = await deliver(fullBatch());
        expect(result).toEqual({
          checkpointVersion: 1,
          executions: { created: 3, duplicates: 0, rejected: 0 },
          trades: { created: 1, updated: 0, duplicates: 0, rejected: 0 },
          executionResults: [
            { externalId: bought.external_id, status: "created", differs: false },
            { externalId: funded.external_id, status: "created", differs: false },
            { externalId: sold.external_id, status: "created", differs: false },
          ],
          tradeResults: [{ externalId: roundTrip.external_id, status: "created" }],
          errors: {},
        });
        expect(replayed).toBe(false);
        expect(await all(journal.executions(1))).toEqual([bought, funded, sold]);
        const { legs: _, ...trade } = roundTrip;
        const [stored] = await all(journal.accountTrades(1));
        expect(stored).toEqual({ ...trade, trade_id: 1, user_id: 1, account_id: 1, broker: "binance" });
        expect(await account(1)).toMatchObject({
          checkpoint: { v: 1, state: '{"linear":{"BTCUSDT":"104891"}}' },
          checkpoint_version: 1,
        });
      });

      test("sent again under its key answers the first counts, and changes nothing", async () => {
        const batch = fullBatch();
        const first = await deliver(batch);
        const again = await deliver(batch);
        expect(again).toEqual({ ...first, replayed: true });
        expect(await all(journal.executions(1))).toHaveLength(3);
        expect((await account(1)).checkpoint_version).toBe(1);
        expect((await user(1)).trades_version).toBe(1);
      });

      test("sent again under another key is all duplicates, and changes nothing", async () => {
        await deliver(batchOf({ executions: [bought, funded, sold], trades: [roundTrip] }));
        const { result, replayed } = await deliver(
          batchOf({ executions: [bought, funded, sold], trades: [roundTrip] }),
        );
        expect(result).toMatchObject({
          executions: { created: 0, duplicates: 3, rejected: 0 },
          trades: { created: 0, updated: 0, duplicates: 1, rejected: 0 },
        });
        expect(replayed).toBe(false);
        expect(await all(journal.executions(1))).toHaveLength(3);
        expect((await user(1)).trades_version).toBe(1);
      });

      test("of another body under a used key is refused, without errors", async () => {
        await deliver(batchOf({ key: "the-same-key", executions: [bought] }));
        const outcome = await journal.postBatch(batchOf({ key: "the-same-key", executions: [sold] }));
        expect(outcome).toMatchObject({ kind: "invalid", errors: {} });
        expect(await all(journal.executions(1))).toEqual([bought]);
      });

      test("of an account that is gone", async () => {
        expect(await journal.postBatch(batchOf({ accountId: 999, executions: [bought] }))).toEqual({ kind: "gone" });
      });

      test("of a million bytes is too large, and nothing of it is stored", async () => {
        const trades = Array.from({ length: 20 }, (_, index) => ({
          ...stillOpen,
          external_id: `trade:${index}`,
          legs: [],
          state: "x".repeat(60_000),
        }));
        expect(await journal.postBatch(batchOf({ executions: [bought], trades }))).toEqual({ kind: "tooLarge" });
        expect(await all(journal.executions(1))).toEqual([]);
      });

      test.each([
        ["of nothing", {}, ["executions", "trades"]],
        ["of 101 executions", { executions: Array.from({ length: 101 }, (_, n) => executionOf(n)) }, ["executions"]],
        ["of executions that are no list", { executions: "none" }, ["executions"]],
        [
          "of a checkpoint without its version",
          { executions: [bought], checkpoint: { v: 1 } },
          ["expected_checkpoint_version"],
        ],
        [
          "of 1,001 legs",
          {
            trades: [
              reportedTrade(1, { legs: Array(600).fill(roundTrip.legs[0]) }),
              reportedTrade(2, { legs: Array(401).fill(roundTrip.legs[0]) }),
            ],
          },
          ["trades"],
        ],
      ])("%s is invalid as a whole", async (_name, body, keys) => {
        const outcome = await journal.postBatch(rawBatch(body));
        expect(outcome.kind).toBe("invalid");
        expect(Object.keys(outcome.kind === "invalid" ? outcome.errors : {})).toEqual(keys);
        expect(await all(journal.executions(1))).toEqual([]);
      });
    });

    describe("an execution", () => {
      test("that is stored with other content stays as it is, and is said to differ", async () => {
        await deliver(batchOf({ executions: [bought] }));
        const changed = executionOf(0, { ...bought, price: "64000.11" });
        const { result } = await deliver(batchOf({ executions: [bought, changed, sold].slice(1) }));
        expect(result.executionResults).toEqual([
          { externalId: bought.external_id, status: "duplicate", differs: true },
          { externalId: sold.external_id, status: "created", differs: false },
        ]);
        expect(await all(journal.executions(1))).toEqual([bought, sold]);
      });

      test("is known in its account alone", async () => {
        await deliver(batchOf({ accountId: 1, executions: [bought] }));
        const { result } = await deliver(batchOf({ accountId: 2, executions: [bought] }));
        expect(result.executions.created).toBe(1);
        expect(await all(journal.executions(2))).toEqual([bought]);
      });

      const rejects: [string, Record<string, unknown>, string[]][] = [
        ["without a symbol", { symbol: undefined }, ["symbol"]],
        ["with a number for a quantity", { quantity: 0.01 }, ["quantity"]],
        ["with an exponent", { price: "1e5" }, ["price"]],
        ["with too many digits", { price: "0.1234567890123456789" }, ["price"]],
        ["of an unknown market", { market: "swap" }, ["market"]],
        ["of an unknown type", { execution_type: "trade" }, ["execution_type"]],
        ["of a time with an offset", { executed_at: "2026-02-28T08:00:00+01:00" }, ["executed_at"]],
        ["of a day that does not exist", { executed_at: "2026-02-30T08:00:00Z" }, ["executed_at"]],
        ["of a short hash", { content_hash: "00" }, ["content_hash"]],
        [
          "of a fill without side, quantity and price",
          { side: null, quantity: null, price: null },
          ["side", "quantity", "price"],
        ],
        ["of a settlement without a price", { execution_type: "settlement", price: null }, ["price"]],
        [
          "of funding without its amount",
          { execution_type: "funding", side: null, fee: null, fee_asset: null },
          ["fee", "fee_asset"],
        ],
        ["of funding with a side", { execution_type: "funding" }, ["side"]],
        ["of an id of 192 characters", { external_id: "x".repeat(192) }, ["external_id"]],
      ];
      test.each(rejects)("%s is rejected alone, and says why", async (_name, change, fields) => {
        const { result } = await deliver(rawBatch({ executions: [bought, { ...sold, ...change }, funded] }));
        expect(result.executions).toEqual({ created: 2, duplicates: 0, rejected: 1 });
        expect(result.executionResults.map(({ status }) => status)).toEqual(["created", "rejected", "created"]);
        expect(Object.keys(result.errors).sort()).toEqual(fields.map((field) => `executions.1.${field}`).sort());
        expect(await all(journal.executions(1))).toEqual([bought, funded]);
      });

      test("of a transfer needs no price", async () => {
        const transfer = executionOf(1, { execution_type: "transfer", price: null, quote_quantity: null });
        expect((await deliver(batchOf({ executions: [transfer] }))).result.executions.created).toBe(1);
      });

      test("has nulls where fields were left out, and unknown fields are ignored", async () => {
        const { position_side: _, realized_pnl: __, ...rest } = boughtSpot;
        const { result } = await deliver(rawBatch({ executions: [{ ...rest, something_new: [1] }] }));
        expect(result.executions.created).toBe(1);
        expect(await all(journal.executions(1))).toEqual([boughtSpot]);
      });

      test("is found by market, symbol and time", async () => {
        const eth = executionOf(7, { symbol: "ETHUSDT", executed_at: "2026-03-01T00:00:00.000Z" });
        await deliver(batchOf({ executions: [bought, boughtSpot, eth] }));
        const ids = async (filter: Parameters<Journal["executions"]>[1]) =>
          (await all(journal.executions(1, filter))).map(({ external_id }) => external_id);
        expect(await ids({ market: "spot" })).toEqual([boughtSpot.external_id, eth.external_id]);
        expect(await ids({ market: "spot", symbol: "BTCUSDT" })).toEqual([boughtSpot.external_id]);
        const atMs = Date.parse(boughtSpot.executed_at);
        expect(await ids({ executedSinceMs: atMs })).toEqual([boughtSpot.external_id, eth.external_id]);
        expect(await ids({ executedSinceMs: atMs + 1 })).toEqual([eth.external_id]);
      });

      test("keeps every digit that it was sent with", async () => {
        const exact = executionOf(3, {
          price: "123456789012345678901234567890.123456789012345678",
          quantity: "0.000000000000000001",
        });
        await deliver(batchOf({ executions: [exact] }));
        expect(await all(journal.executions(1))).toEqual([exact]);
      });
    });

    describe("a trade", () => {
      test("is replaced by a higher revision, field by field", async () => {
        const first = { ...stillOpen, flags: ["estimated_fee" as const] };
        await deliver(batchOf({ executions: [boughtSpot], trades: [first] }));
        const exit = executionOf(28460, { side: "sell", executed_at: "2026-03-01T09:00:00.000Z" });
        const second = {
          ...stillOpen,
          revision: 3,
          status: "closed" as const,
          open_quantity: "0",
          exit_price: "65000",
          closed_at: "2026-03-01T09:00:00.000Z",
          duration_seconds: 38_799,
          execution_count: 2,
          state: null,
          legs: [
            {
              execution_id: exit.external_id,
              role: "exit" as const,
              quantity: "0.01",
              price: "65000",
              fee: "0",
              pnl: "10",
            },
          ],
        };
        const { result } = await deliver(batchOf({ executions: [exit], trades: [second] }));
        expect(result.trades).toEqual({ created: 0, updated: 1, duplicates: 0, rejected: 0 });
        const { legs: _, ...expected } = second;
        const [stored] = await all(journal.accountTrades(1));
        expect(stored).toEqual({ ...expected, trade_id: 1, user_id: 1, account_id: 1, broker: "binance" });
        expect((await user(1)).trades_version).toBe(2);
      });

      test.each([1, 2])(
        "of revision %i, not above the stored one, is a duplicate and changes nothing",
        async (revision) => {
          await deliver(batchOf({ executions: [boughtSpot], trades: [{ ...stillOpen, revision: 2 }] }));
          const { result } = await deliver(batchOf({ trades: [{ ...stillOpen, revision, fees: "9" }] }));
          expect(result.trades).toEqual({ created: 0, updated: 0, duplicates: 1, rejected: 0 });
          expect(await all(journal.accountTrades(1))).toMatchObject([{ revision: 2, fees: "0" }]);
          expect((await user(1)).trades_version).toBe(1);
        },
      );

      test("whose leg names an execution that nobody has is rejected, the rest of the batch is stored", async () => {
        const lost = reportedTrade(5, { legs: [{ ...roundTrip.legs[0], execution_id: "nobody:has:it" } as never] });
        const { result } = await deliver(batchOf({ executions: [bought, funded, sold], trades: [lost, roundTrip] }));
        expect(result.tradeResults.map(({ status }) => status)).toEqual(["rejected", "created"]);
        expect(Object.keys(result.errors)).toEqual(["trades.0.legs.0.execution_id"]);
        expect((await all(journal.accountTrades(1))).map(({ external_id }) => external_id)).toEqual([
          roundTrip.external_id,
        ]);
      });

      test("goes with its execution: one rejected, the other too, and the checkpoint moves on", async () => {
        const batch = rawBatch({
          executions: [{ ...boughtSpot, symbol: null }],
          trades: [stillOpen],
          checkpoint: { v: 1, state: "after" },
          expected_checkpoint_version: 0,
        });
        const { result } = await deliver(batch);
        expect(result).toMatchObject({ checkpointVersion: 1, executions: { rejected: 1 }, trades: { rejected: 1 } });
        expect(Object.keys(result.errors)).toEqual(["executions.0.symbol", "trades.0.legs.0.execution_id"]);
        expect((await account(1)).checkpoint).toEqual({ v: 1, state: "after" });
        expect((await user(1)).trades_version).toBe(0);
      });

      test("may have a leg of an execution that an earlier batch brought", async () => {
        await deliver(batchOf({ executions: [bought, funded, sold] }));
        expect((await deliver(batchOf({ trades: [roundTrip] }))).result.trades.created).toBe(1);
      });

      const rejects: [string, Record<string, unknown>, string[]][] = [
        ["of an unknown direction", { direction: "up" }, ["direction"]],
        ["of revision 0", { revision: 0 }, ["revision"]],
        ["closed without a time", { closed_at: null, duration_seconds: null }, ["closed_at", "duration_seconds"]],
        ["closed with a rest", { open_quantity: "0.1" }, ["open_quantity"]],
        ["closed with a state", { state: "lots" }, ["state"]],
        ["void with a time of closing", { status: "void" }, ["closed_at", "duration_seconds"]],
        ["open with a time of closing", { status: "open" }, ["closed_at", "duration_seconds"]],
        ["without a net P&L and without the flag", { net_pnl: null }, ["net_pnl"]],
        ["with an unknown flag", { flags: ["odd"] }, ["flags"]],
        ["without legs", { legs: undefined }, ["legs"]],
        ["with a leg of an unknown role", { legs: [{ ...roundTrip.legs[0], role: "middle" }] }, ["legs.0.role"]],
      ];
      test.each(rejects)("%s is rejected alone, and says why", async (_name, change, fields) => {
        const trades = [{ ...roundTrip, ...change }, reportedTrade(8)];
        const { result } = await deliver(rawBatch({ executions: [bought, funded, sold], trades }));
        expect(result.trades).toEqual({ created: 1, updated: 0, duplicates: 0, rejected: 1 });
        expect(Object.keys(result.errors).sort()).toEqual(fields.map((field) => `trades.0.${field}`).sort());
      });

      test("of unknown origin has no net P&L", async () => {
        const unknown = reportedTrade(9, {
          net_pnl: null,
          gross_pnl: null,
          pnl_in_base_currency: null,
          flags: ["unknown_origin"],
        });
        expect((await deliver(batchOf({ trades: [unknown] }))).result.trades.created).toBe(1);
      });

      test("that is void is listed only when asked for", async () => {
        const withdrawn = reportedTrade(2, { revision: 2, status: "void", closed_at: null, duration_seconds: null });
        await deliver(batchOf({ executions: [boughtSpot], trades: [reportedTrade(1), reportedTrade(2), stillOpen] }));
        await deliver(batchOf({ trades: [withdrawn] }));
        const ids = async (filter: Parameters<Journal["accountTrades"]>[1]) =>
          (await all(journal.accountTrades(1, filter))).map(({ external_id }) => external_id);
        const usual = [reportedTrade(1).external_id, stillOpen.external_id];
        expect(await ids({})).toEqual(usual);
        expect(await ids({ status: "open" })).toEqual([stillOpen.external_id]);
        expect(await ids({ status: "void" })).toEqual([withdrawn.external_id]);
        expect(await ids({ market: "forex" })).toEqual(usual.slice(0, 1));
        expect(await ids({ symbol: "BTCUSDT" })).toEqual(usual.slice(1));
        expect((await all(journal.userTrades(1))).map(({ external_id }) => external_id)).toEqual(usual);
        expect(await all(journal.userTrades(1, { status: "void" }))).toHaveLength(1);
      });

      test("is found by account and by the time that it closed, for its user alone", async () => {
        const closing = (number: number, closed_at: string) => reportedTrade(number, { closed_at });
        await deliver(
          batchOf({
            accountId: 2,
            trades: [closing(1, "2026-03-01T10:00:00.000Z"), closing(2, "2026-03-01T10:00:00.5Z")],
          }),
        );
        await deliver(batchOf({ accountId: 3, trades: [closing(3, "2026-03-01T10:00:01Z")] }));
        await deliver(batchOf({ accountId: 1, trades: [closing(4, "2026-03-01T10:00:00.000Z")] }));
        const numbers = async (filter: Parameters<Journal["userTrades"]>[1]) =>
          (await all(journal.userTrades(2, filter))).map(({ external_id }) => Number(external_id.split(":").at(-1)));
        const atMs = Date.parse("2026-03-01T10:00:00.500Z");
        expect(await numbers({})).toEqual([1, 2, 3]);
        expect(await numbers({ accountId: 3 })).toEqual([3]);
        expect(await numbers({ closedSinceMs: atMs })).toEqual([2, 3]);
        expect(await numbers({ closedBeforeMs: atMs })).toEqual([1]);
        expect(await numbers({ closedSinceMs: atMs, closedBeforeMs: atMs + 1 })).toEqual([2]);
      });
    });

    describe("a checkpoint", () => {
      const first = { v: 1, state: '{"spot":{"BTCUSDT":"1"}}' };
      const second = { v: 1, state: '{"spot":{"BTCUSDT":"2"}}' };
      const moved = (checkpoint: object, expectedCheckpointVersion: number, number: number) =>
        batchOf({
          executions: [executionOf(number)],
          trades: [reportedTrade(number)],
          checkpoint,
          expectedCheckpointVersion,
        });

      test("that another worker moved: nothing of the batch is stored", async () => {
        await deliver(moved(first, 0, 1));
        const outcome = await journal.postBatch(moved(second, 0, 2));
        expect(outcome).toEqual({ kind: "conflict", checkpoint: first, checkpointVersion: 1, sameCheckpoint: false });
        expect(await all(journal.executions(1))).toHaveLength(1);
        expect(await all(journal.accountTrades(1))).toHaveLength(1);
      });

      test("that is stored already: an earlier attempt got through", async () => {
        await deliver(moved(first, 0, 1));
        const again = { ...moved(first, 0, 1), key: "the-key-was-lost" };
        expect(await journal.postBatch(again)).toEqual({
          kind: "conflict",
          checkpoint: first,
          checkpointVersion: 1,
          sameCheckpoint: true,
        });
      });

      test("after a conflict the key is not used up", async () => {
        await deliver(moved(first, 0, 1));
        const late = moved(second, 0, 2);
        expect((await journal.postBatch(late)).kind).toBe("conflict");
        expect((await journal.postBatch(late)).kind).toBe("conflict");
      });

      test("goes on from the version before", async () => {
        await deliver(moved(first, 0, 1));
        expect((await deliver(moved(second, 1, 2))).result.checkpointVersion).toBe(2);
        expect(await account(1)).toMatchObject({ checkpoint: second, checkpoint_version: 2 });
      });

      test("is not looked at in a batch without one", async () => {
        await deliver(moved(first, 0, 1));
        const { result } = await deliver(rawBatch({ executions: [bought], expected_checkpoint_version: 0 }));
        expect(result).toMatchObject({ checkpointVersion: 1, executions: { created: 1 } });
      });
    });

    describe("an import status", () => {
      const patch = { import_status: "ok" as const, observed_at: "2026-03-01T10:00:00.123Z", credentials_version: 1 };

      test("is stored with its time and its checkpoint", async () => {
        const checkpoint = { v: 1, state: "{}" };
        const outcome = await journal.setImportStatus(1, { ...patch, checkpoint, expected_checkpoint_version: 0 });
        expect(outcome).toMatchObject({
          kind: "stored",
          account: {
            account_id: 1,
            last_import_at: patch.observed_at,
            checkpoint,
            checkpoint_version: 1,
            credentials: null,
          },
        });
        expect(await account(1)).toMatchObject({
          import_status: "ok",
          checkpoint,
          checkpoint_version: 1,
          last_error: null,
        });
      });

      test("auth_failed takes the account from the list, unless all are asked for", async () => {
        const error = {
          code: "broker_auth_failed",
          message: "API-key format invalid.",
          broker_code: "-2014",
          retryable: false,
        };
        await journal.setImportStatus(2, { ...patch, import_status: "auth_failed", error });
        expect((await all(journal.accounts())).map(({ account_id }) => account_id)).toEqual([1, 3]);
        expect(await account(2)).toMatchObject({ import_status: "auth_failed", last_error: error });
      });

      test("that is good again has no error", async () => {
        await journal.setImportStatus(1, { ...patch, import_status: "partial", error: { code: "timeout" } });
        expect((await account(1)).last_error).toMatchObject({ code: "timeout" });
        await journal.setImportStatus(1, patch);
        expect((await account(1)).last_error).toBeNull();
      });

      test("of older credentials is dropped", async () => {
        const outcome = await journal.setImportStatus(1, {
          ...patch,
          credentials_version: 2,
          import_status: "auth_failed",
        });
        expect(outcome).toEqual({ kind: "conflict", code: "credentials_conflict", sameCheckpoint: false });
        expect((await account(1)).import_status).toBe("ok");
      });

      test("on an older checkpoint is a conflict, with the same checkpoint a success that was lost", async () => {
        const sent = { ...patch, checkpoint: { v: 1, state: "mine" }, expected_checkpoint_version: 0 };
        await journal.setImportStatus(1, sent);
        expect(await journal.setImportStatus(1, sent)).toEqual({
          kind: "conflict",
          code: "checkpoint_conflict",
          sameCheckpoint: true,
        });
        const other = { ...sent, import_status: "partial" as const, checkpoint: { v: 1, state: "other" } };
        expect(await journal.setImportStatus(1, other)).toMatchObject({ kind: "conflict", sameCheckpoint: false });
        expect(await account(1)).toMatchObject({
          import_status: "ok",
          checkpoint: { v: 1, state: "mine" },
          checkpoint_version: 1,
        });
      });

      test("of an account that is gone", async () => {
        expect(await journal.setImportStatus(999, patch)).toEqual({ kind: "gone" });
      });

      test("that does not exist is invalid", async () => {
        const outcome = await journal.setImportStatus(1, { ...patch, import_status: "great" as never });
        expect(outcome).toMatchObject({ kind: "invalid", errors: { import_status: [expect.any(String)] } });
      });
    });

    describe("a file", () => {
      const filesOf = async (): Promise<PlatformFile[]> => (await account(3)).source?.files ?? [];

      test("is listed with its size and its hash, oldest first, and read byte by byte", async () => {
        const files = await filesOf();
        expect(files).toMatchObject([
          { file_id: 91, name: "first.csv", format: null, bytes: 12 },
          { file_id: 92, name: "second.csv", format: "generic", bytes: 13 },
        ]);
        const text = await new Response(await journal.openFile(files[1] as PlatformFile)).text();
        expect(text).toBe("zeit,größe\n");
        expect(new Bun.CryptoHasher("sha256").update(text).digest("hex")).toBe(files[1]?.sha256 ?? "");
      });

      test("that has a result is not listed any more; a later result replaces it", async () => {
        expect(await journal.postFileResult(3, 91, fileResult)).toBe("stored");
        expect((await filesOf()).map(({ file_id }) => file_id)).toEqual([92]);
        expect(await journal.postFileResult(3, 91, { ...fileResult, status: "imported", errors: [] })).toBe("stored");
        expect((await filesOf()).map(({ file_id }) => file_id)).toEqual([92]);
      });

      test("that is gone, or of another account", async () => {
        expect(await journal.postFileResult(3, 999, fileResult)).toBe("gone");
        expect(await journal.postFileResult(1, 91, fileResult)).toBe("gone");
        expect(await journal.postFileResult(999, 91, fileResult)).toBe("gone");
      });

      test("with a result that no platform takes is a Failure that names the field", async () => {
        const error = await failure(journal.postFileResult(3, 91, { ...fileResult, status: "done" as never }));
        expect(error).toMatchObject({ kind: "data", detail: { code: "platform_contract" } });
        expect(error.message).toContain("status");
      });
    });

    describe("users", () => {
      test("come whole, and stale ones are those whose trades changed since their statistics", async () => {
        expect(await user(1)).toEqual({
          user_id: 1,
          timezone: "Europe/Paris",
          base_currency: "USD",
          starting_balance: "10000.00",
          breakeven_band: null,
          trades_version: 0,
          trades_changed_at: null,
          statistics: null,
        });
        const stale = async () => (await all(journal.users({ stale: true }))).map(({ user_id }) => user_id);
        expect(await stale()).toEqual([1, 2]);
        await journal.putStatistics(1, statisticsOf(0));
        expect(await stale()).toEqual([2]);
        await deliver(batchOf({ executions: [executionOf(1)] }));
        expect(await stale()).toEqual([2]);
        await deliver(batchOf({ trades: [reportedTrade(1), reportedTrade(2)] }));
        expect(await stale()).toEqual([1, 2]);
        expect((await user(1)).trades_version).toBe(1);
      });

      test("are found by the time that their trades changed", async () => {
        await deliver(batchOf({ trades: [reportedTrade(1)] }));
        const changedAtMs = Date.parse((await user(1)).trades_changed_at ?? "");
        const ids = async (changedSinceMs: number) =>
          (await all(journal.users({ changedSinceMs }))).map(({ user_id }) => user_id);
        expect(await ids(changedAtMs)).toEqual([1]);
        expect(await ids(changedAtMs + 1)).toEqual([]);
      });
    });

    describe("statistics", () => {
      test("are replaced, by the same version too", async () => {
        expect(await journal.putStatistics(1, statisticsOf(0))).toEqual({ kind: "stored", stale: false });
        expect(await journal.putStatistics(1, statisticsOf(0))).toEqual({ kind: "stored", stale: false });
        expect((await user(1)).statistics).toEqual({ based_on_version: 0, computed_at: "2026-03-01T10:00:05.123Z" });
      });

      test("of trades that changed meanwhile are stored and said to be stale", async () => {
        await deliver(batchOf({ trades: [reportedTrade(1)] }));
        expect(await journal.putStatistics(1, statisticsOf(0))).toEqual({ kind: "stored", stale: true });
      });

      test("older than the stored ones are dropped", async () => {
        await journal.putStatistics(1, statisticsOf(4));
        expect(await journal.putStatistics(1, statisticsOf(3))).toEqual({ kind: "newer", basedOnVersion: 4 });
        expect((await user(1)).statistics?.based_on_version).toBe(4);
      });

      test("of a user that is gone", async () => {
        expect(await journal.putStatistics(999, statisticsOf(0))).toEqual({ kind: "gone" });
      });

      test("of a time zone that does not exist are invalid", async () => {
        const outcome = await journal.putStatistics(1, { ...statisticsOf(0), timezone: "Europe/Atlantis" });
        expect(outcome).toMatchObject({ kind: "invalid", errors: { timezone: [expect.any(String)] } });
      });
    });

    describe("a cycle report", () => {
      test("is created once", async () => {
        expect(await journal.postCycleReport(cycleReport)).toBe("created");
        expect(await journal.postCycleReport(cycleReport)).toBe("duplicate");
        expect(await journal.postCycleReport({ ...cycleReport, cycle_id: "another-cycle" })).toBe("created");
      });

      test("that no platform takes is a Failure that names the field", async () => {
        const error = await failure(journal.postCycleReport({ ...cycleReport, worker: "other" as never }));
        expect(error).toMatchObject({ kind: "data", detail: { code: "platform_contract" } });
        expect(error.message).toContain("worker");
      });
    });

    describe("a list", () => {
      test("of more than two pages comes whole, each item once, in order", async () => {
        const numbers = Array.from({ length: 2100 }, (_, index) => index);
        for (let start = 0; start < numbers.length; start += 100) {
          const part = numbers.slice(start, start + 100);
          await deliver(
            batchOf({ executions: part.map((n) => executionOf(n)), trades: part.map((n) => reportedTrade(n)) }),
          );
        }
        const idOf = ({ external_id }: { external_id: string }) => Number(external_id.split(":").at(-1));
        expect((await all(journal.executions(1))).map(idOf)).toEqual(numbers);
        expect((await all(journal.accountTrades(1))).map(idOf)).toEqual(numbers);
        expect((await all(journal.userTrades(1))).map(idOf)).toEqual(numbers);
        const closed = await all(journal.userTrades(1, { status: "closed" }));
        expect((await all(journal.closedTrades(1))).flatMap(({ trades }) => trades())).toEqual(
          closed.map((trade) => closedTradeOf(trade) as never),
        );
      });

      test("of closed trades has those alone, and nobody else's", async () => {
        await deliver(batchOf({ executions: [boughtSpot], trades: [reportedTrade(1), stillOpen] }));
        await deliver(batchOf({ accountId: 2, trades: [reportedTrade(2)] }));
        expect((await all(journal.closedTrades(1))).flatMap(({ trades }) => trades())).toMatchObject([
          {
            accountId: 1,
            symbol: "EURUSD",
            netPnl: roundTrip.net_pnl,
            closedAtMs: Date.parse(roundTrip.closed_at ?? ""),
          },
        ]);
      });

      test("may be left before its end", async () => {
        await deliver(batchOf({ executions: [bought, sold] }));
        for await (const execution of journal.executions(1)) {
          expect(execution).toEqual(bought);
          break;
        }
      });

      test("of an account or a user that is gone is a Failure of that one alone", async () => {
        const lists = [
          journal.executions(999),
          journal.accountTrades(999),
          journal.userTrades(999),
          journal.closedTrades(999),
        ];
        for (const list of lists) {
          expect(await failure(all<unknown>(list))).toMatchObject({ kind: "data", detail: { code: "platform_gone" } });
        }
      });
    });
  });
}
