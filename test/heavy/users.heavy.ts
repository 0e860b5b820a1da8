import { afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { PlatformWorld } from "../delivery/platform-world.ts";
import { buildMsMax, executable, outcomeOf, run } from "../executable/executable.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { command } from "./exim.ts";

/** nobody: every system has one. */
const workerId = 65_534;
const makeFolder = temporaryFolders();
const runMsMax = 60_000;
const batches = { method: "POST", path: "/accounts/*/trades" };
let world: PlatformWorld;
let program = "";
beforeAll(async () => {
  program = await executable();
  const folder = dirname(program);
  const { mode } = statSync(folder);
  if ((mode & 0o011) !== 0o011) chmodSync(folder, (mode & 0o7777) | 0o055); // others have to get at it
}, buildMsMax);
beforeEach(() => {
  world = new PlatformWorld({ folder: makeFolder(), accounts: 3 });
  chmodSync(world.folder, 0o755);
  for (const name of ["data", "logs"]) {
    mkdirSync(join(world.folder, name));
    chownSync(join(world.folder, name), workerId, workerId);
  }
});
afterEach(async () => {
  await world.stop();
});

const environment = () => ({ ...world.environment(), MAX_RETRIES: "0", RETRY_BACKOFF_BASE: "0" });
const asRoot = (...argv: string[]) => run(argv, { cwd: world.folder, environment: environment() });

async function asWorker(...argv: string[]) {
  const child = Bun.spawn(
    ["setpriv", `--reuid=${workerId}`, `--regid=${workerId}`, "--clear-groups", program, ...argv],
    {
      cwd: world.folder,
      env: { PATH: "/usr/bin:/bin", ...environment() },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  return outcomeOf(child);
}

const foreign = () => command("find", world.folder, "-mindepth", "1", "!", "-uid", String(workerId)).trim();

async function keepThree(): Promise<void> {
  for (const id of world.truth.keys()) world.addFile(id, 5);
  world.outage({ ...batches, answer: "cut" });
  const { code, error } = await asWorker("import-trades");
  expect([code, code === 69 ? "" : error]).toEqual([69, ""]);
  expect(world.filesIn("pending")).toHaveLength(3);
  world.outage();
}

async function expectAllDelivered(): Promise<void> {
  for (const [accountId, ids] of world.truth) expect((await world.stored(accountId)).sort()).toEqual([...ids].sort());
  expect(world.filesIn("pending")).toEqual([]);
}

test.each(["flush-buffer", "import-trades", "flush-buffer --retry-failed", "flush-buffer --drop abcd --yes"])(
  "root in the workers' folder may not %s, is told how, and leaves nothing of root's",
  async (line) => {
    await keepThree();
    const [name = "", ...options] = line.split(" ");
    const { code, error } = await asRoot(name, ...options);
    expect([code, error]).toEqual([64, expect.stringContaining(`sudo -u nobody ami-workers ${name}`)]);
    expect(foreign()).toBe("");
    expect(world.filesIn("pending")).toHaveLength(3);
  },
  runMsMax,
);

test.each(["--list", "--show"])(
  "root may look: flush-buffer %s",
  async (option) => {
    await keepThree();
    const { batches: listed } = JSON.parse((await asRoot("flush-buffer", "--list", "--json")).output);
    const words = option === "--show" ? [option, listed[0].id] : [option];
    expect((await asRoot("flush-buffer", ...words)).code).toBe(0);
    expect(listed.map(({ state }: { state: string }) => state)).toEqual(["pending", "pending", "pending"]);
    expect(foreign()).toBe("");
  },
  runMsMax,
);

test.each([0o600, 0o644])(
  "a batch that belongs to root (mode %o) waits and is reported; the others do not wait for it",
  async (mode) => {
    await keepThree();
    const [name = ""] = world.filesIn("pending");
    const path = join(world.folder, "data/pending", name);
    chownSync(path, 0, 0);
    chmodSync(path, mode);
    const flushed = await asWorker("flush-buffer", "--json");
    expect([flushed.code, JSON.parse(flushed.output)]).toMatchObject([0, { delivered: 2, waiting: 0 }]);
    expect(flushed.error).toContain("buffer_file_unreadable");
    const listed = JSON.parse((await asWorker("flush-buffer", "--list", "--json")).output).batches;
    expect(listed).toMatchObject([{ state: "unreadable" }]);
    expect((await asWorker("import-trades")).code).toBe(0);
    chownSync(path, workerId, workerId);
    expect((await asWorker("flush-buffer")).code).toBe(0);
    await expectAllDelivered();
  },
  runMsMax,
);

test(
  "a folder that is not the workers': wrong configuration, and the word DATA_DIR",
  async () => {
    await keepThree();
    chownSync(join(world.folder, "data"), 0, 0);
    chmodSync(join(world.folder, "data"), 0o755);
    const { code, error } = await asWorker("import-trades");
    expect([code, error]).toEqual([78, expect.stringContaining("DATA_DIR")]);
    chownSync(join(world.folder, "data"), workerId, workerId);
    expect((await asWorker("import-trades")).code).toBe(0);
    await expectAllDelivered();
  },
  runMsMax,
);

test(
  "a buffer that cannot be looked into is reported; what the platform takes needs none",
  async () => {
    await keepThree();
    const pending = join(world.folder, "data/pending");
    chownSync(pending, 0, 0);
    const ended = await asWorker("import-trades");
    expect([ended.code, ended.error]).toEqual([0, expect.stringContaining("buffer_file_unreadable")]);
    chownSync(pending, workerId, workerId);
    expect((await asWorker("flush-buffer")).code).toBe(0);
    await expectAllDelivered();
    expect(statSync(pending).uid).toBe(workerId);
    expect(readdirSync(pending)).toEqual([]);
  },
  runMsMax,
);

test(
  "doctor as somebody who may not look into a folder skips what is in it, and says who may",
  async () => {
    await keepThree();
    for (const name of ["pending", "failed"]) {
      const path = join(world.folder, "data", name);
      mkdirSync(path, { recursive: true });
      chownSync(path, 0, 0);
      chmodSync(path, 0o700);
    }
    const { code, output } = await asWorker("doctor", "--offline", "--json", "--only", "buffer,disk/data");
    const { checks } = JSON.parse(output) as { checks: { name: string; status: string; found: string }[] };
    const statusOf = Object.fromEntries(checks.map(({ name, status }) => [name, status]));
    expect(statusOf).toMatchObject({ pending: "skip", failed: "skip", files: "skip", quarantine: "ok", data: "ok" });
    expect(checks.find(({ name }) => name === "pending")?.found).toContain("call doctor as root or as ami-worker");
    expect(checks.find(({ name }) => name === "data")?.found).toContain("as far as it can be read");
    expect(code).toBe(0);
  },
  runMsMax,
);
