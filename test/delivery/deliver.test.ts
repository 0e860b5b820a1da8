import { beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Buffer } from "../../src/delivery/buffer.ts";
import { type DeliveryTools, deliver, type Outgoing } from "../../src/delivery/deliver.ts";
import { Failure } from "../../src/errors.ts";
import { toWireExecution, toWireTrade } from "../../src/journal/convert.ts";
import type { BatchOutcome, Journal, SealedBatch } from "../../src/journal/journal.ts";
import type { TradeBatch } from "../../src/journal/wire.ts";
import { deriveTrades } from "../../src/trades/derive.ts";
import { fakeClock } from "../operation/fakes.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { fill, rules } from "../trades/make.ts";
import { recordingLog } from "./recording-log.ts";

const makeFolder = temporaryFolders();
let folder = "";
beforeEach(() => {
  folder = makeFolder();
});

/** Answers each batch in turn; what it says is all that the delivery knows of the platform. */
function platform(answer: (batch: TradeBatch, attempt: number) => BatchOutcome | Failure) {
  const sent: SealedBatch[] = [];
  const journal = {
    async postBatch(batch: SealedBatch) {
      sent.push(batch);
      const outcome = answer(JSON.parse(batch.body), sent.length);
      if (outcome instanceof Failure) throw outcome;
      return outcome;
    },
  };
  const log = recordingLog();
  let keys = 0;
  const tools: DeliveryTools = {
    journal: journal as unknown as Journal, // the delivery calls nothing else
    buffer: new Buffer(folder, { clock: fakeClock(), log }),
    log,
    uuid: () => `key-${String(++keys).padStart(8, "0")}`,
  };
  return { tools, sent, log };
}

function stored(batch: TradeBatch, rejectedIds: string[] = []): BatchOutcome {
  const executions = batch.executions ?? [];
  const trades = batch.trades ?? [];
  const isRejected = ({ external_id }: { external_id: string }) => rejectedIds.includes(external_id);
  const rejected = executions.filter(isRejected).length;
  const rejectedTrades = trades.filter(isRejected).length;
  return {
    kind: "stored",
    replayed: false,
    result: {
      checkpointVersion: 8,
      executions: { created: executions.length - rejected, duplicates: 0, rejected },
      trades: { created: trades.length - rejectedTrades, updated: 0, duplicates: 0, rejected: rejectedTrades },
      executionResults: executions.map((one) => ({
        externalId: one.external_id,
        status: isRejected(one) ? "rejected" : "created",
        differs: false,
      })),
      tradeResults: trades.map((one) => ({
        externalId: one.external_id,
        status: isRejected(one) ? "rejected" : "created",
      })),
      errors: {},
    },
  };
}

/** Three round trips: six executions and their trades. */
function outgoing(): Outgoing {
  const executions = [1, 2, 3].flatMap((trip) => [
    fill({ id: trip * 2 - 1, symbol: `S${trip}USDT`, side: "buy", quantity: "1", price: "100" }),
    fill({ id: trip * 2, symbol: `S${trip}USDT`, side: "sell", quantity: "1", price: "110" }),
  ]);
  const { trades } = deriveTrades(executions, rules());
  return {
    accountId: 7,
    userId: 42,
    executions: executions.map(toWireExecution),
    trades: trades.map((trade) => toWireTrade(trade, { baseCurrency: "USDT" })),
    checkpoint: { v: 1, state: "{}" },
    expectedCheckpointVersion: 7,
  };
}

const idsOf = (batch: SealedBatch) => {
  const { executions = [], trades = [], checkpoint } = JSON.parse(batch.body) as TradeBatch;
  const names = [...executions, ...trades].map(({ external_id }) => external_id.replace(/venue:linear:S\dUSDT:/, ""));
  return `${names.join(" ")}${checkpoint === undefined ? "" : " +checkpoint"}`;
};
const all = "1 2 3 4 5 6 trade:1 trade:3 trade:5 +checkpoint";
const filesIn = (name: string) => (existsSync(join(folder, name)) ? readdirSync(join(folder, name)) : []);

describe("the platform's answers", () => {
  test("stored: one request, nothing on disk", async () => {
    const { tools, sent } = platform((batch) => stored(batch));
    expect(await deliver(outgoing(), tools)).toMatchObject({ kind: "stored", result: { executions: { created: 6 } } });
    expect(sent.map(idsOf)).toEqual([all]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("not reachable: the same bytes wait on disk under the same key", async () => {
    const { tools, sent } = platform(() => new Failure("unavailable", "The platform is away"));
    expect(await deliver(outgoing(), tools)).toEqual({ kind: "buffered", reason: "The platform is away" });
    expect(tools.buffer.pending().map((entry) => tools.buffer.open(entry))).toEqual(sent);
  });

  test.each(["refused", "settings"] as const)("%s: kept, and the cycle stops", async (kind) => {
    const { tools } = platform(() => new Failure(kind, "no"));
    await expect(deliver(outgoing(), tools)).rejects.toThrow("no");
    expect(filesIn("pending")).toHaveLength(1);
  });

  test("a conflict with the checkpoint that was sent is a success", async () => {
    const { tools } = platform(() => ({
      kind: "conflict",
      checkpoint: { v: 1, state: "{}" },
      checkpointVersion: 8,
      sameCheckpoint: true,
    }));
    expect(await deliver(outgoing(), tools)).toMatchObject({ kind: "stored", result: { checkpointVersion: 8 } });
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a conflict with another checkpoint drops the batch", async () => {
    const { tools } = platform(() => ({
      kind: "conflict",
      checkpoint: null,
      checkpointVersion: 9,
      sameCheckpoint: false,
    }));
    expect(await deliver(outgoing(), tools)).toMatchObject({ kind: "dropped" });
    expect(readdirSync(folder)).toEqual([]);
  });

  test("the account is gone: set aside, since a person has to look", async () => {
    const { tools } = platform(() => ({ kind: "gone" }));
    expect(await deliver(outgoing(), tools)).toEqual({ kind: "gone" });
    expect(filesIn("failed")).toHaveLength(1);
  });

  test("an answer that the contract does not have: set aside, and the cycle's run of it stops", async () => {
    const { tools, log } = platform(() => ({ kind: "unexpected", status: 400, message: "no key" }));
    expect(await deliver(outgoing(), tools)).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("400 no key"),
    });
    expect(filesIn("failed")).toHaveLength(1);
    expect(log.events()).toEqual(["batch_failed"]);
  });
});

describe("too large", () => {
  test("executions go alone, in halves, then the trades with the checkpoint", async () => {
    const { tools, sent } = platform((batch) =>
      (batch.executions?.length ?? 0) > 3 ? { kind: "tooLarge" } : stored(batch),
    );
    const outcome = await deliver(outgoing(), tools);
    expect(sent.map(idsOf)).toEqual([all, "1 2 3", "4 5 6", "trade:1 trade:3 trade:5 +checkpoint"]);
    expect(outcome).toMatchObject({ kind: "stored", result: { executions: { created: 6 }, trades: { created: 3 } } });
    expect(outcome.kind === "stored" && outcome.result.executionResults).toHaveLength(6);
    expect(new Set(sent.map(({ key }) => key)).size).toBe(4);
  });

  test("halved again and again, down to one", async () => {
    const { tools, sent } = platform((batch) =>
      (batch.executions?.length ?? 0) > 1 ? { kind: "tooLarge" } : stored(batch),
    );
    expect(await deliver(outgoing(), tools)).toMatchObject({ kind: "stored", result: { executions: { created: 6 } } });
    expect(sent.map(idsOf).filter((ids) => /^\d$/.test(ids))).toEqual(["1", "2", "3", "4", "5", "6"]);
  });

  test("trades that are too many together go in halves, in their order, the checkpoint with the last", async () => {
    const { tools, sent } = platform((batch) =>
      (batch.executions?.length ?? 0) > 3 || (batch.trades?.length ?? 0) > 1 ? { kind: "tooLarge" } : stored(batch),
    );
    const outcome = await deliver(outgoing(), tools);
    expect(sent.map(idsOf).slice(3)).toEqual([
      "trade:1 trade:3 trade:5 +checkpoint",
      "trade:1 trade:3",
      "trade:1",
      "trade:3",
      "trade:5 +checkpoint",
    ]);
    expect(outcome).toMatchObject({ kind: "stored", result: { executions: { created: 6 }, trades: { created: 3 } } });
  });

  test.each([
    ["an execution", 1],
    ["a trade", 4],
  ])(
    "%s that is too large by itself: the batch is in failed/, with a reason that says so",
    async (_name, executionsMax) => {
      const { tools, log } = platform((batch) =>
        batch.trades === undefined && (batch.executions?.length ?? 0) < executionsMax
          ? stored(batch)
          : { kind: "tooLarge" },
      );
      const outcome = await deliver(outgoing(), tools);
      expect(outcome).toMatchObject({
        kind: "refused",
        reason: expect.stringMatching(/413 even \S+ alone is too large/),
      });
      expect(filesIn("failed")).toHaveLength(1);
      expect(filesIn("pending")).toEqual([]);
      expect(log.events()).toEqual(["batch_failed"]);
    },
  );
});

describe("invalid", () => {
  test("what is named is set aside with the trades that need it, the rest goes under a new key", async () => {
    const { tools, sent, log } = platform((batch, attempt) =>
      attempt === 1
        ? {
            kind: "invalid",
            message: "no",
            errors: { "executions.2.symbol": ["required"], "trades.0.direction": ["?"] },
          }
        : stored(batch),
    );
    const outcome = await deliver(outgoing(), tools);
    expect(sent.map(idsOf)).toEqual([all, "1 2 4 5 6 trade:5 +checkpoint"]);
    expect(sent[0]?.key).not.toBe(sent[1]?.key);
    expect(outcome).toMatchObject({
      kind: "stored",
      result: { executions: { created: 5, rejected: 1 }, trades: { created: 1, rejected: 2 } },
    });
    expect(outcome.kind === "stored" && outcome.result.executionResults.map(({ status }) => status)).toEqual([
      "created",
      "created",
      "rejected",
      "created",
      "created",
      "created",
    ]);
    const [file = ""] = filesIn("failed");
    const kept = JSON.parse(readFileSync(join(folder, "failed", file), "utf8"));
    expect(kept.body.executions.map(({ external_id }: { external_id: string }) => external_id)).toEqual([
      "venue:linear:S2USDT:3",
    ]);
    expect(kept.reason).toContain("executions.2.symbol");
    expect(log.events()).toEqual(["items_rejected", "batch_failed"]);
  });

  test("every item named: nothing is sent again", async () => {
    const errors = Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`executions.${index}.price`, ["?"]]));
    const { tools, sent } = platform(() => ({ kind: "invalid", message: "no", errors }));
    expect(await deliver(outgoing(), tools)).toMatchObject({
      kind: "stored",
      result: { executions: { rejected: 6 }, trades: { rejected: 3 } },
    });
    expect(sent).toHaveLength(1);
  });

  test.each([{ executions: ["too many"] }, {}] as Record<string, string[]>[])(
    "no item named: a bug, everything kept %p",
    async (errors) => {
      const { tools } = platform(() => ({ kind: "invalid", message: "no", errors }));
      expect(await deliver(outgoing(), tools)).toMatchObject({ kind: "refused" });
      expect(filesIn("failed")).toHaveLength(1);
    },
  );

  test("refused one by one with 200: they are set aside too", async () => {
    const { tools } = platform((batch) => stored(batch, ["venue:linear:S1USDT:1", "trade:venue:linear:S1USDT:1"]));
    expect(await deliver(outgoing(), tools)).toMatchObject({ kind: "stored", result: { executions: { rejected: 1 } } });
    const [file = ""] = filesIn("failed");
    expect(JSON.parse(readFileSync(join(folder, "failed", file), "utf8"))).toMatchObject({ executions: 1, trades: 1 });
  });
});
