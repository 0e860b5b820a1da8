import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readBatch } from "../../src/delivery/batch-file.ts";
import { PlatformWorld } from "../delivery/platform-world.ts";
import { unexplained } from "../executable/crash-harness.ts";
import { buildMsMax, executable, run } from "../executable/executable.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { SmallDisk } from "./tmpfs.ts";

const makeFolder = temporaryFolders();
const runMsMax = 120_000;
const diskBytes = 4 * 1024 * 1024;
const batches = { method: "POST", path: "/accounts/*/trades" };
let world: PlatformWorld;
let disk: SmallDisk;
let data = "";
beforeAll(async () => {
  await executable();
}, buildMsMax);
beforeEach(() => {
  world = new PlatformWorld({ folder: makeFolder(), accounts: 3 });
  data = join(world.folder, "data");
  mkdirSync(data);
  disk = new SmallDisk(data, diskBytes);
});
afterEach(async () => {
  disk[Symbol.dispose]();
  await world.stop();
});

const call = (argv: string[], change: Record<string, string> = {}) =>
  run(argv, { cwd: world.folder, environment: { ...world.environment(), RETRY_BACKOFF_BASE: "0.01", ...change } });

/** Nothing under a final name is cut, and once there is room and a platform everything gets there, once. */
async function expectWhole(): Promise<void> {
  for (const name of world.filesIn("pending").filter((file) => file.endsWith(".json"))) {
    readBatch(readFileSync(join(data, "pending", name)));
  }
  disk.free();
  world.outage();
  expect((await call(["import-trades"])).code).toBe(0);
  for (const [accountId, ids] of world.truth) expect((await world.stored(accountId)).sort()).toEqual([...ids].sort());
  expect(unexplained(data)).toEqual([]);
  expect(world.filesIn("quarantine")).toEqual([]);
}

/** What a webhook is told: each alert's condition, and whether it begins or is over. */
class AlertReceiver implements Disposable {
  readonly told: string[] = [];
  readonly #server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const { alert } = (await request.json()) as { alert: { condition: string; state: string } };
      this.told.push(`${alert.condition} ${alert.state}`);
      return new Response("ok");
    },
  });

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/`;
  }

  [Symbol.dispose](): void {
    this.#server.stop(true);
  }
}

describe("a disk that is full", () => {
  // The least that stays free is a twentieth, 209,715 bytes: below it nothing is fetched, so the disk fills up in mid-cycle.
  test.each([0, 4_096, 8_192, 12_288, 16_384, 24_576, 40_960])(
    "%d bytes are left when batches have to go to disk",
    async (left) => {
      for (const id of world.truth.keys()) world.addFile(id, 100);
      expect((await call(["import-trades", "--account", "1"])).code).toBe(0);
      world.outage({ ...batches, answer: "cut", delayMs: 400 });
      const importing = call(["import-trades"]);
      const from = world.platform.requests.length;
      while (
        !world.platform.requests.slice(from).some(({ path, method }) => method === "POST" && path.endsWith("/trades"))
      )
        await Bun.sleep(5);
      disk.fillUpTo(left);
      const { code, lines } = await importing;
      expect(code).toBe(69);
      if (left === 0)
        expect(lines.find(({ event }) => event === "worker_failed")).toMatchObject({ code: "buffer_unwritable" });
      await expectWhole();
    },
    runMsMax,
  );

  test(
    "when a cycle begins: nothing is fetched, said, told once; what waits is delivered all the same",
    async () => {
      for (const id of world.truth.keys()) world.addFile(id, 30);
      world.outage({ ...batches, answer: "cut" });
      expect((await call(["import-trades"])).code).toBe(69);
      world.outage();
      using receiver = new AlertReceiver();
      disk.fillUpTo(0);
      const webhook = { ALERT_WEBHOOK_URL: receiver.url };
      for (let cycle = 0; cycle < 3; cycle++) {
        const from = world.platform.requests.length;
        const { code, lines } = await call(["import-trades"], webhook);
        expect(code).toBe(69);
        expect(lines.find(({ event }) => event === "worker_failed")).toMatchObject({ code: "buffer_full" });
        const sent = world.platform.requests
          .slice(from)
          .filter(({ method }) => method === "POST")
          .map(({ path }) => path);
        expect(sent.filter((path) => path.endsWith("/trades"))).toHaveLength(cycle === 0 ? 3 : 0);
      }
      expect(world.filesIn("pending")).toEqual([]);
      expect(receiver.told).toEqual(["buffer_full raised"]);
      await expectWhole();
    },
    runMsMax,
  );

  test(
    "flush-buffer delivers what waits, and counts what it can",
    async () => {
      for (const id of world.truth.keys()) world.addFile(id, 30);
      world.outage({ ...batches, answer: "cut" });
      expect((await call(["import-trades"])).code).toBe(69);
      disk.fillUpTo(0);
      world.outage({ ...batches, path: "/accounts/1/trades", status: 500 });
      const flushed = await call(["flush-buffer", "--json"]);
      expect([flushed.code, JSON.parse(flushed.output)]).toMatchObject([3, { delivered: 2, waiting: 1 }]);
      await expectWhole();
    },
    runMsMax,
  );

  test(
    "logs on it end, the cycle does not",
    async () => {
      for (const id of world.truth.keys()) world.addFile(id, 30);
      const logs = makeFolder();
      using full = new SmallDisk(logs, 65_536);
      full.fillUpTo(0);
      const { code, error } = await call(["import-trades"], { LOG_DIR: logs });
      expect([code, error]).toEqual([0, expect.stringContaining("log_file_unwritable")]);
      await expectWhole();
    },
    runMsMax,
  );
});

describe("a full disk under a journal file", () => {
  test(
    "in mid-import: said as what it is; with room again everything is there, once",
    async () => {
      const header = "time,symbol,side,quantity,price,id,currency";
      const row = (index: number) =>
        `${new Date(1_767_225_600_000 + index * 1_000).toISOString()},ACME,buy,1,10,t${index},USD`;
      const rows = Array.from({ length: 20_000 }, (_, index) => row(index));
      await Bun.write(join(world.folder, "many.csv"), `${[header, ...rows].join("\n")}\n`);
      const argv = ["import-trades", "--file", "many.csv", "--json"];
      const environment = { DATA_DIR: makeFolder(), LARAVEL_API_URL: `sqlite:${join(data, "journal.sqlite")}` };
      const full = await run(argv, { cwd: world.folder, environment });
      expect([full.code, full.error]).toEqual([74, expect.stringContaining("journal_unwritable")]);
      disk.fillUpTo(0);
      expect((await run(argv, { cwd: world.folder, environment })).code).toBe(74);
      disk[Symbol.dispose]();
      disk = new SmallDisk(data, 64 * diskBytes);
      const again = await run(argv, { cwd: world.folder, environment });
      expect([again.code, JSON.parse(again.output).accounts[0].executions_new]).toEqual([0, 20_000]);
    },
    runMsMax,
  );
});

describe("a disk that is read-only", () => {
  test(
    "from the beginning: wrong configuration that says so, told as critical; nothing is fetched",
    async () => {
      for (const id of world.truth.keys()) world.addFile(id, 30);
      disk.remount("ro");
      const ended = await call(["import-trades"]);
      expect([ended.code, ended.error]).toEqual([78, expect.stringContaining("lock_unusable")]);
      expect(ended.lines.find(({ event }) => event === "alert")).toMatchObject({
        level: "critical",
        alert: "data_dir_unwritable",
      });
      expect(world.platform.requests).toEqual([]);
      expect(readdirSync(data)).toEqual([]);
      disk.remount("rw");
      await expectWhole();
    },
    runMsMax,
  );

  test(
    "cycle after cycle: told once, and once more when it is over",
    async () => {
      using receiver = new AlertReceiver();
      const webhook = { ALERT_WEBHOOK_URL: receiver.url };
      for (const id of world.truth.keys()) world.addFile(id, 30);
      expect((await call(["import-trades", "--account", "1"], webhook)).code).toBe(0);
      disk.remount("ro");
      for (let cycle = 0; cycle < 3; cycle++) expect((await call(["import-trades"], webhook)).code).toBe(78);
      const told = () => receiver.told.filter((line) => line !== "disk_low raised"); // it is a small one
      expect(told()).toEqual(["data_dir_unwritable raised"]);
      disk.remount("rw");
      expect((await call(["import-trades"], webhook)).code).toBe(0);
      expect(told()).toEqual(["data_dir_unwritable raised", "data_dir_unwritable over"]);
      await expectWhole();
    },
    runMsMax,
  );

  test(
    "in mid-cycle: the cycle ends, and nothing is lost",
    async () => {
      for (const id of world.truth.keys()) world.addFile(id, 100);
      world.outage({ ...batches, answer: "cut", delayMs: 400 });
      const importing = call(["import-trades"]);
      while (!world.platform.requests.some(({ path, method }) => method === "POST" && path.endsWith("/trades")))
        await Bun.sleep(5);
      // What a file system does after an error of its disk, whoever is writing.
      Bun.spawnSync(["mount", "-o", "remount,ro", data]);
      const { code } = await importing;
      expect(code).toBe(69);
      disk.remount("rw");
      expect(existsSync(data)).toBe(true);
      await expectWhole();
    },
    runMsMax,
  );
});
