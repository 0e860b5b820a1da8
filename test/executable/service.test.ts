import { beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { openEmbeddedJournal } from "../../src/journal/embedded.ts";
import { servePlatform } from "../contract/platform.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { buildMsMax, executable, run } from "./executable.ts";
import { buildTree, shownFiles, treeWithToyWorker } from "./toy-worker.ts";

const makeFolder = temporaryFolders();
let cwd = "";
let root = "";
beforeAll(async () => {
  await executable();
}, buildMsMax);
beforeEach(() => {
  cwd = makeFolder();
  root = join(cwd, "image");
  mkdirSync(root);
});

describe("service", () => {
  test("installs itself and its units into a tree, once; and away again", async () => {
    const dry = await run(["service", "install", "--root", root, "--dry-run"], { cwd });
    expect([dry.code, readdirSync(root)]).toEqual([0, []]);
    const first = await run(["service", "install", "--root", root, "--json"], { cwd });
    expect([first.code, first.error]).toEqual([0, ""]);
    const installed = await Bun.file(join(root, "opt/ami-workers/ami-workers")).arrayBuffer();
    expect(Bun.hash(installed)).toBe(Bun.hash(await Bun.file(await executable()).arrayBuffer()));
    for (const unit of [
      "ami-workers-import-trades.service",
      "ami-workers-doctor.timer",
      "ami-workers-alert@.service",
    ]) {
      expect([unit, existsSync(join(root, "etc/systemd/system", unit))]).toEqual([unit, true]);
    }
    const again = await run(["service", "install", "--root", root, "--json"], { cwd });
    expect(JSON.parse(again.output).changes).toEqual([]);
    const gone = await run(["service", "uninstall", "--root", root], { cwd });
    expect(gone.code).toBe(0);
    expect(readdirSync(join(root, "etc/systemd/system"))).not.toContain("ami-workers-import-trades.service");
    expect(existsSync(join(root, "etc/ami-workers/.env"))).toBe(true);
  }, 60_000);

  test("what it installs is what is in the tree of the project", async () => {
    await run(["service", "install", "--root", root], { cwd });
    const units = resolve(import.meta.dir, "../../units");
    for (const name of ["import-trades.service", "doctor.timer", "flush-buffer.service"]) {
      const installed = readFileSync(join(root, "etc/systemd/system", `ami-workers-${name}`), "utf8");
      expect(installed.split("\n").slice(1).join("\n")).toBe(readFileSync(join(units, name), "utf8"));
    }
  }, 60_000);

  test("status says where nothing is installed", async () => {
    expect(await run(["service", "status"], { cwd })).toMatchObject({
      code: 1,
      output: expect.stringContaining("Not installed"),
    });
  });
});

describe("completion", () => {
  test.each([
    ["bash", ["bash", "-n"]],
    ["zsh", null],
    ["fish", null],
  ] as const)("%s names commands and options", async (shell, check) => {
    const { code, output, error } = await run(["completion", shell], { cwd });
    expect([code, error]).toEqual([0, ""]);
    for (const word of ["import-trades", "doctor", "uninstall", "dry-run", "log-level", "critical"])
      expect(output).toContain(word);
    if (check !== null) {
      const shellProcess = Bun.spawnSync([...check], { stdin: Buffer.from(output) });
      expect(shellProcess.exitCode).toBe(0);
    }
  });

  test("fish is offered files where a path is wanted, and nowhere else", async () => {
    const { output } = await run(["completion", "fish"], { cwd });
    const lines = output.split("\n").filter((line) => line.startsWith("complete "));
    expect(lines.filter((line) => line.includes(" -F") === line.includes(" -f "))).toEqual([]);
    expect(lines.filter((line) => line.includes(" -F")).some((line) => line.includes("-l env-file"))).toBe(true);
  });

  test.each([
    ["ser", ["service"]],
    ["service un", ["uninstall"]],
    ["service install --d", ["--dry-run"]],
    ["import-trades --market l", ["linear"]],
    ["--log-level cr", ["critical"]],
    ["config ", ["validate", "show"]],
  ])("bash completes %j", async (line, expected) => {
    const words = ["ami-workers", ...line.split(" ")];
    const { output } = await run(["completion", "bash"], { cwd });
    const script = `${output}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _ami_workers; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const shell = Bun.spawnSync(["bash", "-c", script]);
    const replies = shell.stdout.toString().trim().split("\n");
    expect([
      shell.stderr.toString(),
      replies.filter((reply) => !reply.startsWith("--") || line.includes("--d")),
    ]).toEqual(["", expected]);
  });
});

describe("a new worker", () => {
  test("README shows all of its files", () => {
    expect(shownFiles().map(({ path }) => path)).toEqual([
      "src/workers/count-users/command.ts",
      "src/workers/count-users/cycle.ts",
      "src/workers/count-users/units.ts",
      "units/count-users.service",
      "units/count-users.timer",
      "src/workers/index.ts",
    ]);
  });

  test(
    "as README shows it, it is built, has the right types, is installed, and runs",
    async () => {
      const tree = treeWithToyWorker(makeFolder());
      const types = Bun.spawnSync([join(tree, "node_modules/.bin/tsc"), "--noEmit", "-p", tree], { cwd: tree });
      const own = types.stdout
        .toString()
        .split("\n")
        .filter((line) => line.includes("count-users") || line.includes("workers/index.ts"));
      expect(own).toEqual([]);
      const program = join(cwd, "ami-workers");
      await buildTree(tree, program);
      const start = async (argv: string[], environment: Record<string, string> = {}) => {
        const child = Bun.spawn([program, ...argv], { cwd, env: environment, stdout: "pipe", stderr: "pipe" });
        const [code, output, error] = await Promise.all([
          child.exited,
          new Response(child.stdout).text(),
          new Response(child.stderr).text(),
        ]);
        return { code, output, error };
      };
      expect((await start(["--help"])).output).toContain("count-users");

      await start(["service", "install", "--root", root]);
      expect(readFileSync(join(root, "etc/systemd/system/ami-workers-count-users.service"), "utf8")).toContain(
        "ami-workers count-users\n",
      );
      expect(
        readdirSync(join(root, "etc/systemd/system/timers.target.wants")).includes("ami-workers-count-users.timer"),
      ).toBe(true);

      const journal = openEmbeddedJournal(":memory:", { clock: { nowMs: Date.now } });
      for (const id of [1, 2, 3]) journal.putUser({ user_id: id, timezone: "UTC", base_currency: "USD" });
      const platform = servePlatform({ journal, key: "a-key-for-tests" });
      try {
        const environment = { LARAVEL_API_URL: platform.url, LARAVEL_API_KEY: "a-key-for-tests" };
        const { code, error } = await start(["count-users"], environment);
        expect(error).toContain('"worker":"user_counter","event":"users_counted","users":3');
        expect(code).toBe(0);
      } finally {
        await platform.stop();
        journal.close();
      }
    },
    buildMsMax,
  );
});
