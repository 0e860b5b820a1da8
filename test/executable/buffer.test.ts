import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PlatformWorld } from "../delivery/platform-world.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { buildMsMax, type Ended, executable, killUntilEnded, run, start } from "./executable.ts";

const makeFolder = temporaryFolders();
const runMsMax = 60_000;
let world: PlatformWorld;
beforeAll(async () => {
  await executable();
}, buildMsMax);
beforeEach(() => {
  world = new PlatformWorld({ folder: makeFolder(), accounts: 3 });
});
afterEach(async () => {
  await world.stop();
});

const batches = { method: "POST", path: "/accounts/*/trades" };
const environment = () => ({ ...world.environment(), RETRY_BACKOFF_BASE: "0.01" });
const call = (...argv: string[]) => run(argv, { cwd: world.folder, environment: environment() });
const json = ({ output }: Ended) =>
  JSON.parse(output) as Record<string, unknown> & { batches: Record<string, unknown>[] };
const list = async () => json(await call("flush-buffer", "--list", "--json")).batches;

/** Each account has its executions, each once, and nothing is left on disk. */
async function expectAllDelivered(): Promise<void> {
  for (const [accountId, ids] of world.truth) expect((await world.stored(accountId)).sort()).toEqual([...ids].sort());
  for (const name of ["pending", "failed", "quarantine"]) expect([name, world.filesIn(name)]).toEqual([name, []]);
}

/** Waits until so many more batches have come to the platform. */
async function posted(count: number): Promise<void> {
  const from = world.platform.requests.length;
  const isBatch = ({ method, path }: { method: string; path: string }) => method === "POST" && path.endsWith("/trades");
  while (world.platform.requests.slice(from).filter(isBatch).length < count) await Bun.sleep(5);
}

/** A batch of each account on disk. */
async function keepThree(): Promise<void> {
  for (const id of world.truth.keys()) world.addFile(id, 25);
  world.outage({ ...batches, answer: "cut" });
  expect((await call("import-trades")).code).toBe(69);
  expect(world.filesIn("pending")).toHaveLength(3);
  world.outage();
}

describe("flush-buffer", () => {
  test("delivers what waits; the next import goes on", async () => {
    await keepThree();
    const flushed = await call("flush-buffer", "--json");
    expect([flushed.code, json(flushed)]).toMatchObject([0, { command: "flush-buffer", delivered: 3, waiting: 0 }]);
    expect(world.filesIn("pending")).toEqual([]);
    expect((await call("import-trades")).code).toBe(0);
    await expectAllDelivered();
  });

  test("nothing waits: nothing is asked, nothing is made, whoever holds the lock", async () => {
    const before = readdirSync(world.folder);
    expect((await call("flush-buffer")).code).toBe(0);
    expect(world.platform.requests).toEqual([]);
    expect(readdirSync(world.folder)).toEqual(before);
  });

  test("the platform is away: 69, all of it waits on", async () => {
    await keepThree();
    world.outage({ answer: "cut" });
    expect((await call("flush-buffer")).code).toBe(69);
    expect(world.filesIn("pending")).toHaveLength(3);
  });

  test("--list says for each: age, user, size, attempts, error; and changes nothing", async () => {
    await keepThree();
    const before = world.filesIn("pending");
    const found = await list();
    expect(found).toHaveLength(3);
    expect({ ...found[0] }).toMatchObject({
      state: "pending",
      user_id: expect.any(Number),
      account_id: expect.any(Number),
      platform: world.platform.url,
      executions: 10,
      attempts: 0,
      bytes: expect.any(Number),
      error: expect.stringContaining("no usable answer in 3 attempts"),
    });
    const table = await call("flush-buffer", "--list");
    expect(table.output).toMatch(/^state +age +user +account +executions +trades +size +attempts +id +error\n/);
    for (const { id, error } of found) {
      expect(table.output).toContain(String(id).slice(-12));
      expect(table.output).toContain(String(error).slice(0, 100));
    }
    expect(world.filesIn("pending")).toEqual(before);
  });

  test("--show one by any part of its id: facts, and what is in it", async () => {
    await keepThree();
    const [first] = await list();
    const part = String(first?.id).slice(-12);
    const shown = await call("flush-buffer", "--show", part);
    expect(shown.code).toBe(0);
    expect(shown.output).toContain(`id        ${first?.id}`);
    expect(shown.output).toContain("BTCUSDT");
    const asJson = json(await call("flush-buffer", "--show", part, "--json"));
    expect(asJson).toMatchObject({ batch: { id: first?.id, body: { executions: expect.any(Array) } } });
    expect((await call("flush-buffer", "--show", "no such id")).code).toBe(64);
    expect((await call("flush-buffer", "--show", "pending")).code).toBe(64);
  });

  test("--dry-run says what would be sent, and sends nothing", async () => {
    await keepThree();
    const requests = world.platform.requests.length;
    const dry = json(await call("flush-buffer", "--dry-run", "--json"));
    expect(dry).toMatchObject({ dry_run: true, would_send: [{}, {}, {}].map(() => expect.any(String)) });
    expect(world.platform.requests).toHaveLength(requests);
    expect(world.filesIn("pending")).toHaveLength(3);
  });

  test("--drop shows, and with --yes deletes; only that one", async () => {
    await keepThree();
    const [first, ...others] = await list();
    const id = String(first?.id);
    const asked = await call("flush-buffer", "--drop", id);
    expect([asked.code, asked.error]).toEqual([64, expect.stringContaining("Add --yes")]);
    expect(world.filesIn("pending")).toHaveLength(3);
    expect((await call("flush-buffer", "--drop", id, "--yes", "--dry-run")).code).toBe(0);
    expect(world.filesIn("pending")).toHaveLength(3);
    const dropped = await call("flush-buffer", "--drop", id, "--yes", "--json");
    expect([dropped.code, json(dropped).dropped]).toMatchObject([0, [{ id }]]);
    expect((await list()).map((one) => one.id)).toEqual(others.map((one) => one.id));
    // The platform's checkpoint is where it was, so even that is read again.
    expect((await call("import-trades")).code).toBe(0);
    await expectAllDelivered();
  });

  test("--retry-failed: all of it, or one", async () => {
    for (const id of world.truth.keys()) world.addFile(id, 5);
    world.outage({ ...batches, status: 400 });
    expect((await call("import-trades")).code).toBe(4);
    expect(world.filesIn("failed")).toHaveLength(3);
    world.outage();
    const [first] = await list();
    const one = await call("flush-buffer", "--retry-failed", String(first?.id), "--json");
    expect([one.code, json(one)]).toMatchObject([0, { delivered: 1, waiting: 0 }]);
    expect(world.filesIn("failed")).toHaveLength(2);
    const rest = await call("flush-buffer", "--retry-failed", "--json");
    expect([rest.code, json(rest)]).toMatchObject([0, { delivered: 2, waiting: 0 }]);
    expect((await call("import-trades")).code).toBe(0);
    await expectAllDelivered();
  });

  test.each([
    [["--list", "--show", "abcd"], "--list and --show"],
    [["--drop"], "--drop needs an id"],
    [["--yes"], "--yes belongs to --drop"],
    [["abcd"], "Unexpected argument"],
    [["--retry-failed", "nothing-like-it"], "No batch has the id"],
  ])("%j is wrong usage", async (argv, message) => {
    await keepThree();
    const ended = await call("flush-buffer", ...argv);
    expect([ended.code, ended.error]).toEqual([64, expect.stringContaining(message)]);
    expect(world.filesIn("pending")).toHaveLength(3);
  });

  test("damaged and foreign files are listed, set aside by the flush, and can be dropped", async () => {
    await keepThree();
    const [name = ""] = world.filesIn("pending");
    const path = join(world.folder, "data/pending", name);
    writeFileSync(path, readFileSync(path).subarray(0, -10));
    writeFileSync(join(world.folder, "data/pending/notes.txt"), "hello");
    const odd = (await list()).filter(({ state }) => state === "damaged");
    expect(odd.map(({ id }) => id)).toContain("notes.txt");
    expect((await call("flush-buffer")).code).toBe(0);
    expect(world.filesIn("quarantine")).toHaveLength(2);
    expect((await call("flush-buffer", "--drop", "notes.txt", name, "--yes")).code).toBe(0);
    expect((await call("import-trades")).code).toBe(0);
    await expectAllDelivered();
  });
});

describe("beside a running import", () => {
  test(
    "an import that holds the lock is not disturbed: 75, or waited for; --list works at any time",
    async () => {
      await keepThree();
      world.outage({ ...batches, delayMs: 4_000 });
      const importing = await start(["import-trades"], { cwd: world.folder, environment: environment() });
      await posted(1);
      const waiting = call("flush-buffer", "--lock-wait", "50");
      const [busy, listed] = await Promise.all([call("flush-buffer"), call("flush-buffer", "--list")]);
      world.outage();
      const waited = await waiting;
      expect([busy.code, listed.code, waited.code]).toEqual([75, 0, 0]);
      expect((await importing.ended()).code).toBe(0);
      await expectAllDelivered();
    },
    runMsMax,
  );

  test(
    "many at once: each batch is stored once",
    async () => {
      await keepThree();
      const runs = await Promise.all(
        Array.from({ length: 6 }, (_, index) =>
          call(index % 2 === 0 ? "flush-buffer" : "import-trades", "--lock-wait", "60"),
        ),
      );
      expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0]);
      await expectAllDelivered();
    },
    runMsMax,
  );
});

describe("told to stop", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s in the middle of a batch: what is in hand is delivered or kept; 0",
    async (signal) => {
      for (const id of world.truth.keys()) world.addFile(id, 200);
      world.outage({ ...batches, skip: 3, delayMs: 300 });
      const { child, ended } = await start(["import-trades"], { cwd: world.folder, environment: environment() });
      await posted(6);
      child.kill(signal);
      expect((await ended()).code).toBe(0);
      world.outage();
      expect((await call("import-trades")).code).toBe(0);
      await expectAllDelivered();
    },
    runMsMax,
  );

  test(
    "while the platform does not answer: the batch is on disk; 0",
    async () => {
      for (const id of world.truth.keys()) world.addFile(id, 20);
      world.outage({ ...batches, status: 503, headers: { "Retry-After": "100" } });
      const { child, ended } = await start(["import-trades"], { cwd: world.folder, environment: environment() });
      await posted(3);
      child.kill("SIGTERM");
      const stopped = await ended();
      expect([stopped.code, world.filesIn("pending").length]).toEqual([0, 3]);
      world.outage();
      expect((await call("import-trades")).code).toBe(0);
      await expectAllDelivered();
    },
    runMsMax,
  );

  test(
    "the deadline: 0, and the next run goes on",
    async () => {
      for (const id of world.truth.keys()) world.addFile(id, 300);
      world.outage({ ...batches, delayMs: 200 });
      const ended = await call("import-trades", "--deadline", "1", "--json");
      expect([ended.code, ended.error]).toEqual([0, expect.stringContaining('"by":"deadline"')]);
      world.outage();
      expect((await call("import-trades")).code).toBe(0);
      await expectAllDelivered();
    },
    runMsMax,
  );

  test(
    "a second signal ends it at once, and nothing is lost",
    async () => {
      for (const id of world.truth.keys()) world.addFile(id, 100);
      world.outage({ ...batches, skip: 3, delayMs: 2_000 });
      const { child, ended } = await start(["import-trades"], { cwd: world.folder, environment: environment() });
      await posted(6);
      await killUntilEnded(child, "SIGTERM");
      expect((await ended()).code).toBe(143);
      world.outage();
      expect((await call("import-trades")).code).toBe(0);
      await expectAllDelivered();
    },
    runMsMax,
  );
});
