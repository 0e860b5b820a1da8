import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { PlatformWorld } from "../delivery/platform-world.ts";
import { unexplained } from "../executable/crash-harness.ts";
import { buildMsMax, executable, run } from "../executable/executable.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";

/** strace changes what the kernel answers to the executable itself: a disk that fails, or death, at exactly the nth call. */
const makeFolder = temporaryFolders();
const runMsMax = 300_000;
const callsMax = 60;
const batches = { method: "POST", path: "/accounts/*/trades" };
let world: PlatformWorld;
let program = "";
beforeAll(async () => {
  program = await executable();
}, buildMsMax);
beforeEach(() => {
  world = new PlatformWorld({ folder: makeFolder(), accounts: 2 });
});
afterEach(async () => {
  await world.stop();
});

const environment = () => ({ ...world.environment(), MAX_RETRIES: "0", RETRY_BACKOFF_BASE: "0" });
const call = (...argv: string[]) => run(argv, { cwd: world.folder, environment: environment() });

/** @returns the exit code, 137 when it was killed; and whether the nth call came at all */
async function traced(
  calls: string,
  inject: string,
  nth: number,
  argv: string[],
): Promise<{ code: number; hit: boolean; error: string }> {
  const trace = join(world.folder, "trace");
  const child = Bun.spawn(
    [
      "strace",
      "-f",
      "-o",
      trace,
      "-e",
      `trace=${calls}`,
      "-e",
      `inject=${calls}:${inject}:when=${nth}`,
      program,
      ...argv,
    ],
    { cwd: world.folder, env: { PATH: "/usr/bin:/bin", ...environment() }, stdout: "ignore", stderr: "pipe" },
  );
  const [code, error] = await Promise.all([child.exited, new Response(child.stderr).text()]);
  const text = await Bun.file(trace).text();
  return { code, error, hit: /INJECTED|killed by SIGKILL/.test(text) };
}

async function expectWhole(): Promise<void> {
  expect(world.filesIn("quarantine")).toEqual([]);
  world.outage();
  const { code, error } = await call("import-trades");
  expect([code, code === 0 ? "" : error]).toEqual([0, ""]);
  for (const [accountId, ids] of world.truth) expect((await world.stored(accountId)).sort()).toEqual([...ids].sort());
  expect(unexplained(join(world.folder, "data"))).toEqual([]);
}

/** Batches of both accounts on disk, or about to be. */
function newFiles(): void {
  for (const id of world.truth.keys()) world.addFile(id, 4);
}

const changing = "fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,ftruncate";

describe("killed at each call that changes the disk", () => {
  test(
    "while batches go to disk",
    async () => {
      let hits = 0;
      for (let nth = 1; nth <= callsMax; nth++) {
        newFiles();
        world.outage({ ...batches, answer: "cut" });
        const { code, hit } = await traced(changing, "signal=KILL", nth, ["import-trades"]);
        if (!hit) break;
        hits++;
        expect([137, 9]).toContain(code);
        await expectWhole();
      }
      expect(hits).toBeGreaterThan(5);
      expect(hits).toBeLessThan(callsMax);
    },
    runMsMax,
  );

  test(
    "while they are delivered from it",
    async () => {
      let hits = 0;
      for (let nth = 1; nth <= callsMax; nth++) {
        newFiles();
        world.outage({ ...batches, answer: "cut" });
        expect((await call("import-trades")).code).toBe(69);
        world.outage();
        const { hit } = await traced(changing, "signal=KILL", nth, ["flush-buffer"]);
        if (!hit) break;
        hits++;
        await expectWhole();
      }
      expect(hits).toBeGreaterThan(4);
      expect(hits).toBeLessThan(callsMax);
    },
    runMsMax,
  );

  test(
    "while they fail, and are retried",
    async () => {
      let hits = 0;
      for (let nth = 1; nth <= callsMax; nth++) {
        newFiles();
        world.outage({ ...batches, answer: "cut" });
        expect((await call("import-trades")).code).toBe(69);
        world.outage({ ...batches, status: 400 });
        const { hit } = await traced(changing, "signal=KILL", nth, ["flush-buffer"]);
        world.outage();
        const retried = await call("flush-buffer", "--retry-failed");
        expect(retried.code).toBe(0);
        expect(world.filesIn("failed")).toEqual([]);
        await expectWhole();
        if (!hit) break;
        hits++;
      }
      expect(hits).toBeGreaterThan(4);
      expect(hits).toBeLessThan(callsMax);
    },
    runMsMax,
  );
});

describe("a disk that fails", () => {
  test.each([
    ["fsync,fdatasync", "error=EIO"],
    ["fsync,fdatasync", "error=ENOSPC"],
    ["rename,renameat,renameat2", "error=EIO"],
    ["rename,renameat,renameat2", "error=EROFS"],
  ])(
    "%s with %s, at each call: an exit code that says so, and nothing lost or left",
    async (calls, inject) => {
      let hits = 0;
      for (let nth = 1; nth <= callsMax; nth++) {
        newFiles();
        world.outage({ ...batches, answer: "cut" });
        const { code, hit, error } = await traced(calls, inject, nth, ["import-trades"]);
        if (!hit) break;
        hits++;
        expect([69, 74, 78]).toContain(code);
        expect(error).not.toContain('"kind":"bug"');
        await expectWhole();
      }
      expect(hits).toBeGreaterThan(2);
      expect(hits).toBeLessThan(callsMax);
    },
    runMsMax,
  );

  test(
    "a file that cannot be removed is delivered again, which the platform knows, and is gone with the next run",
    async () => {
      for (let nth = 1; nth <= callsMax; nth++) {
        newFiles();
        world.outage({ ...batches, answer: "cut" });
        expect((await call("import-trades")).code).toBe(69);
        world.outage();
        const { code, hit, error } = await traced("unlink,unlinkat", "error=EIO", nth, ["flush-buffer"]);
        expect([code, code === 0 ? "" : error]).toEqual([0, ""]);
        await expectWhole();
        if (!hit) {
          expect(nth).toBeGreaterThan(2);
          return;
        }
      }
      throw new Error("there are more calls than this test expects");
    },
    runMsMax,
  );
});
