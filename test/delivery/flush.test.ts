import { beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Disk, systemDisk } from "../../src/delivery/disk.ts";
import type { FlushTools } from "../../src/delivery/flush.ts";
import { attemptsMax, flushBuffer, waitingAccounts } from "../../src/delivery/flush.ts";
import { Failure } from "../../src/errors.ts";
import type { BatchOutcome, Journal, SealedBatch } from "../../src/journal/journal.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { batch, openBuffer, platformName } from "./batches.ts";

/** Much is synced to a disk that others are busy with, too. */
setDefaultTimeout(30_000);

const makeFolder = temporaryFolders();
let folder = "";
beforeEach(() => {
  folder = makeFolder();
});
const filesIn = (name: string) => (existsSync(join(folder, name)) ? readdirSync(join(folder, name)).sort() : []);

const away = new Failure("unavailable", "connection refused", { code: "platform_unavailable" });
const serverError = new Failure("unavailable", "500 Server Error", { code: "platform_error" });
const stored: BatchOutcome = {
  kind: "stored",
  replayed: false,
  result: {
    checkpointVersion: 8,
    executions: { created: 1, duplicates: 0, rejected: 0 },
    trades: { created: 0, updated: 0, duplicates: 0, rejected: 0 },
    executionResults: [{ externalId: "e", status: "created", differs: false }],
    tradeResults: [],
    errors: {},
  },
};

/** Answers by a batch's number; null: as a platform that takes it. A ping is answered with `ping`. */
function run(answer: (number: number) => BatchOutcome | Failure | null, ping: Failure | null = null) {
  const sent: number[] = [];
  const pings: number[] = [];
  const { buffer, log, clock } = openBuffer(folder);
  const journal = {
    name: platformName,
    async ping() {
      pings.push(sent.length);
      if (ping !== null) throw ping;
    },
    async postBatch({ key }: SealedBatch) {
      const number = Number(key.slice(4));
      sent.push(number);
      const outcome = answer(number) ?? stored;
      if (outcome instanceof Failure) throw outcome;
      return outcome;
    },
  };
  const stop = new AbortController();
  const tools: FlushTools = {
    journal: journal as unknown as Journal, // the flush calls nothing else
    buffer,
    log,
    uuid: () => "key-99999999",
    signal: stop.signal,
  };
  return { tools, sent, pings, log, stop, clock, flush: () => flushBuffer(tools) };
}

/** One batch a number: account 1 has 1, 11, 21 …, account 2 has 2, 12 …; in this order. */
function keep(...numbers: number[]): void {
  const { buffer } = openBuffer(folder);
  for (const number of numbers) buffer.keep(batch(number, { accountId: number % 10 }), "away");
}
const waiting = () => openBuffer(folder).buffer.pending();
const waitingNumbers = () => waiting().map(({ key }) => Number(key.slice(4)));

test("all of it goes out, oldest first, with the bytes and keys that it was kept under", async () => {
  keep(3, 1, 2, 11);
  const { flush, sent } = run(() => null);
  expect(await flush()).toEqual({ delivered: 4, dropped: 0, failed: 0, waiting: 0, stopped: null });
  expect(sent).toEqual([3, 1, 2, 11]);
  expect(filesIn("pending")).toEqual([]);
});

test("nothing on disk: nothing is asked", async () => {
  const { flush, sent, pings } = run(() => null);
  expect(await flush()).toEqual({ delivered: 0, dropped: 0, failed: 0, waiting: 0, stopped: null });
  expect([...sent, ...pings]).toEqual([]);
});

test("at the first sign that the platform is away it ends: one batch and one ping", async () => {
  keep(1, 2, 3);
  const { flush, sent, pings } = run(() => away, away);
  expect(await flush()).toEqual({ delivered: 0, dropped: 0, failed: 0, waiting: 3, stopped: away });
  expect([sent, pings]).toEqual([[1], [1]]);
  expect(waiting().map(({ attempts }) => attempts)).toEqual([0, 0, 0]);
});

test("a batch that never gets through, while the platform is there, holds up its account alone, and counts nothing", async () => {
  keep(1, 11, 2, 3);
  for (let cycle = 0; cycle < 10; cycle++) {
    const { flush, sent } = run((number) => (number === 1 ? away : null));
    const { stopped, waiting: left } = await flush();
    expect([stopped, left]).toEqual([null, 2]);
    expect(sent).toEqual(cycle === 0 ? [1, 2, 3] : [1]);
  }
  expect(waiting().map(({ key, attempts }) => [key, attempts])).toEqual([
    ["key-00000001", 0],
    ["key-00000011", 0],
  ]);
  expect(filesIn("failed")).toEqual([]);
});

test("answered with an error: counted, its account waits, the others go on; after three it is in failed/, once", async () => {
  keep(1, 11, 2, 12);
  const answers: number[][] = [];
  for (let cycle = 1; cycle <= attemptsMax; cycle++) {
    const { flush, sent } = run((number) => (number === 1 ? serverError : null));
    const result = await flush();
    expect(result).toMatchObject({ stopped: null, failed: cycle === attemptsMax ? 1 : 0 });
    answers.push(sent);
  }
  expect(answers).toEqual([[1, 2, 12], [1], [1]]);
  expect(openBuffer(folder).buffer.failed().entries).toMatchObject([
    { key: "key-00000001", attempts: 3, lastError: "3 attempts, the last: 500 Server Error" },
  ]);
  const { flush, sent } = run(() => null);
  expect(await flush()).toMatchObject({ delivered: 1 });
  expect(sent).toEqual([11]);
});

test("an attempt in the cycle that kept it counts, too", async () => {
  openBuffer(folder).buffer.keep(batch(1), "500", 1);
  await run(() => serverError).flush();
  expect(waiting()).toMatchObject([{ attempts: 2 }]);
  expect(await run(() => serverError).flush()).toMatchObject({ failed: 1, waiting: 0 });
});

test("three accounts in a row answered with an error: the platform is ill; it ends, and none of it counts, ever", async () => {
  keep(1, 2, 3, 4, 5);
  for (let cycle = 0; cycle < 32; cycle++) {
    const { flush, sent } = run(() => serverError);
    expect(await flush()).toMatchObject({ failed: 0, waiting: 5, stopped: serverError });
    expect(sent).toEqual([1, 2, 3]);
  }
  expect(waiting().map(({ attempts }) => attempts)).toEqual([0, 0, 0, 0, 0]);
});

test("one that is taken shows that it is the others' own fault", async () => {
  keep(1, 2, 3, 4, 5, 6);
  expect(await run((number) => (number === 3 ? null : serverError)).flush()).toMatchObject({
    delivered: 1,
    waiting: 5,
  });
  expect(waiting().map(({ key, attempts }) => [Number(key.slice(4)), attempts])).toEqual([
    [1, 1],
    [2, 1],
    [4, 1],
    [5, 1],
    [6, 1],
  ]);
});

test("an answer of another shape than the contract's counts: it will be no better by itself", async () => {
  keep(1);
  const contract = new Failure("data", "data.results is missing", { code: "platform_contract" });
  for (let cycle = 0; cycle < attemptsMax; cycle++) await run(() => contract).flush();
  expect(filesIn("failed").filter((name) => name.endsWith(".json"))).toHaveLength(1);
});

test.each([
  ["refused", "platform_unauthenticated"],
  ["refused", "platform_forbidden"],
  ["settings", "platform_wrong_url"],
] as const)("%s %s: ends at once, everything is kept, nothing counts", async (kind, code) => {
  keep(1, 2);
  const failure = new Failure(kind, "no", { code });
  const { flush, sent } = run(() => failure);
  expect(await flush()).toMatchObject({ waiting: 2, stopped: failure });
  expect(sent).toEqual([1]);
  expect(waiting().map(({ attempts }) => attempts)).toEqual([0, 0]);
});

test("a key that is refused while it looks whether the platform is there: that is what it says", async () => {
  keep(1);
  const refused = new Failure("refused", "no", { code: "platform_unauthenticated" });
  expect(await run(() => away, refused).flush()).toMatchObject({ stopped: refused });
});

test.each([
  ["400", { kind: "unexpected", status: 400, message: "no key" }, "400 no key"],
  ["404", { kind: "gone" }, "404 the platform does not have the account"],
  ["409 without a code", { kind: "unexpected", status: 409, message: "" }, "409"],
  ["422 as a whole", { kind: "invalid", message: "no", errors: {} }, "422 no {}"],
] as [string, BatchOutcome, string][])(
  "%s: in failed/ at once with the reason, the account's next one goes out",
  async (_name, outcome, reason) => {
    keep(1, 11, 2);
    const { flush, sent } = run((number) => (number === 1 ? outcome : null));
    expect(await flush()).toEqual({ delivered: 2, dropped: 0, failed: 1, waiting: 0, stopped: null });
    expect(sent).toEqual([1, 11, 2]);
    expect(openBuffer(folder).buffer.failed().entries).toMatchObject([{ key: "key-00000001", lastError: reason }]);
  },
);

test("409 with another checkpoint: the account was read again since, it is worth nothing", async () => {
  keep(1, 2);
  const conflict = { kind: "conflict", checkpoint: null, checkpointVersion: 9, sameCheckpoint: false } as const;
  expect(await run((number) => (number === 1 ? conflict : null)).flush()).toMatchObject({ delivered: 1, dropped: 1 });
  expect([...filesIn("pending"), ...filesIn("failed")]).toEqual([]);
});

test("413 in parts, of which one does not get through: the whole is kept, its parts are not", async () => {
  const body = JSON.stringify({ executions: [{ external_id: "a" }, { external_id: "b" }] });
  openBuffer(folder).buffer.keep(batch(1, { body, executions: 2 }), "away");
  let parts = 0;
  const { flush } = run((number) => {
    if (number === 1) return { kind: "tooLarge" };
    return ++parts === 1 ? null : away;
  }, away);
  expect(await flush()).toMatchObject({ delivered: 0, waiting: 1, stopped: away });
  expect(waiting().map(({ key, executions }) => [key, executions])).toEqual([["key-00000001", 2]]);
});

describe("told to stop", () => {
  test("it ends after the batch that is on its way", async () => {
    keep(1, 2, 3);
    const { flush, sent, stop } = run((number) => {
      if (number === 2) stop.abort();
      return null;
    });
    expect(await flush()).toMatchObject({ delivered: 2, waiting: 1, stopped: null });
    expect(sent).toEqual([1, 2]);
  });

  test("a batch that did not get its answer any more is kept", async () => {
    keep(1, 2);
    const interrupted = new Failure("unavailable", "stopped", { code: "interrupted" });
    const { flush, pings } = run(() => interrupted);
    expect(await flush()).toMatchObject({ waiting: 2, stopped: interrupted });
    expect(pings).toEqual([]);
  });
});

describe("files in the way", () => {
  test("damaged, foreign, gone meanwhile: the others are delivered", async () => {
    keep(1, 2, 3);
    const [first, second] = waiting();
    const { tools, flush, sent } = run((number) => {
      if (number === 2) Bun.spawnSync(["rm", "-f", waiting().find(({ key }) => key.endsWith("3"))?.path ?? ""]);
      return null;
    });
    await Bun.write(first?.path ?? "", (await Bun.file(first?.path ?? "").text()).replace('"e1"', '"e9"'));
    expect(second).toBeDefined();
    expect(await flush()).toMatchObject({ delivered: 1, waiting: 0, stopped: null });
    expect(sent).toEqual([2]);
    expect(filesIn("quarantine")).toHaveLength(1);
    expect(filesIn("pending")).toEqual([]);
    expect(tools.buffer.state()).toMatchObject({ files: 0, quarantined: 1 });
  });

  test("two runs at once: each batch is delivered, what the other one did is no error", async () => {
    keep(1, 2, 3, 4);
    const [one, other] = [run(() => null), run(() => null)];
    await Promise.all([one.flush(), other.flush()]);
    expect([...new Set([...one.sent, ...other.sent])].sort()).toEqual([1, 2, 3, 4]);
    expect([...filesIn("pending"), ...filesIn("failed"), ...filesIn("quarantine")]).toEqual([]);
    expect([...one.log.events(), ...other.log.events()]).toEqual([]);
  });
});

describe("kept for another platform", () => {
  test("it waits, and is told; unless it is asked for", async () => {
    keep(1);
    openBuffer(folder, { platform: "https://staging.example/api/internal" }).buffer.keep(batch(2), "away");
    const first = run(() => null);
    expect(await first.flush()).toMatchObject({ delivered: 1, waiting: 0 });
    expect(first.sent).toEqual([1]);
    expect(first.log.lines).toMatchObject([
      { level: "warning", event: "buffer_other_platform", fields: { files: 1, platform: platformName } },
    ]);
    expect(waitingAccounts(first.tools)).toEqual(new Set());
    const second = run(() => null);
    expect(await flushBuffer({ ...second.tools, anyPlatform: true })).toMatchObject({ delivered: 1 });
  });
});

test("a disk that takes nothing: what is refused waits, the others are delivered and make room", async () => {
  keep(1, 2, 3);
  const disk: Disk = {
    ...systemDisk,
    write() {
      throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
    },
    rename() {
      throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
    },
  };
  const { tools, log } = run((number) =>
    number === 1
      ? { kind: "unexpected", status: 400, message: "no" }
      : number === 2
        ? { kind: "invalid", message: "no", errors: { "executions.0.price": ["?"] } }
        : null,
  );
  const { buffer } = openBuffer(folder, { disk, log });
  expect(await flushBuffer({ ...tools, buffer })).toMatchObject({ delivered: 1, failed: 0, waiting: 2, stopped: null });
  expect(waitingNumbers()).toEqual([1, 2]);
  expect(log.events().filter((event) => event === "batch_not_set_aside")).toHaveLength(2);
});

test("accounts with batches on disk are known by identifier and kind of identifier", () => {
  const { buffer } = openBuffer(folder);
  buffer.keep(batch(1, { accountId: 7 }), "away");
  buffer.keep(batch(2, { accountId: "acc_4" }), "away");
  expect(waitingAccounts(run(() => null).tools)).toEqual(new Set(["number:7", "string:acc_4"]));
});

test("10,000 batches are looked at one by one, not all at once", async () => {
  keep(1);
  const [entry] = waiting();
  const text = await Bun.file(entry?.path ?? "").text();
  for (let number = 2; number <= 300; number++) {
    await Bun.write((entry?.path ?? "").replace("-0000_", `-${String(number).padStart(4, "0")}_`), text);
  }
  const { tools, flush } = run(() => null);
  let openAtOnce = 0;
  const { open } = tools.buffer;
  tools.buffer.open = (one) => {
    openAtOnce++;
    return open.call(tools.buffer, one);
  };
  const { delivered } = tools.buffer;
  tools.buffer.delivered = (one) => {
    expect(openAtOnce).toBe(1);
    openAtOnce--;
    delivered.call(tools.buffer, one);
  };
  expect(await flush()).toMatchObject({ delivered: 300 });
  expect(waitingNumbers()).toEqual([]);
});
