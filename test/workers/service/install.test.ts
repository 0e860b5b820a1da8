import { beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Failure } from "../../../src/errors.ts";
import { commands } from "../../../src/workers/index.ts";
import type { InstallArgs } from "../../../src/workers/service/command.ts";
import { type InstallTools, installWith } from "../../../src/workers/service/install.ts";
import { uninstallWith } from "../../../src/workers/service/uninstall.ts";
import { commandsWithUnits } from "../../../src/workers/service/wanted.ts";
import { temporaryFolders } from "../../operation/temporary-folder.ts";
import { fakeContext, fakeSystem, installArgs, makeExecutable, uninstallArgs } from "./fakes.ts";

const makeFolder = temporaryFolders();
let root = "";
let elsewhere = "";
beforeEach(() => {
  root = makeFolder();
  elsewhere = makeFolder();
});

const at = (path: string) => join(root, path);
const text = (path: string) => readFileSync(at(path), "utf8");
const envFile = "etc/ami-workers/.env";
const timerFile = "etc/systemd/system/ami-workers-import-trades.timer";

async function install(changes: Partial<InstallArgs> = {}, tools: Partial<InstallTools> = {}) {
  const system = fakeSystem(root);
  const context = fakeContext();
  const code = await installWith({ ...installArgs, root, ...changes }, context, {
    commands,
    run: system.run,
    executable: makeExecutable(elsewhere, "first"),
    uid: 0,
    systemd: true,
    doctor: async () => [],
    ...tools,
  });
  return { code, output: context.terminal.output, calls: system.calls };
}

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error: unknown = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Failure) return error;
  throw new Error(`no Failure: ${error}`);
}

describe("into a tree", () => {
  test("puts everything in its place", async () => {
    const { code, calls } = await install();
    expect(code).toBe(0);
    for (const folder of [
      "opt/ami-workers",
      "var/lib/ami-workers/pending",
      "var/lib/ami-workers/failed",
      "var/log/ami-workers",
    ]) {
      expect([folder, statSync(at(folder)).isDirectory()]).toEqual([folder, true]);
    }
    expect((statSync(at(envFile)).mode & 0o777).toString(8)).toBe("640");
    expect(text(envFile)).toContain("\nDATA_DIR=/var/lib/ami-workers\n");
    expect(text(envFile)).toContain("\nLOG_DIR=/var/log/ami-workers\n");
    expect(readFileSync(at("opt/ami-workers/ami-workers"), "utf8")).toBe("executable first");
    expect(readlinkSync(at("usr/local/bin/ami-workers"))).toBe("/opt/ami-workers/ami-workers");
    expect(text("etc/logrotate.d/ami-workers")).toContain("/var/log/ami-workers/*.log {");
    expect(calls).toContain(`systemctl --root=${root}/ enable ami-workers-import-trades.timer`.replace("//", "/"));
  });

  test("writes units for every command that has some, and for no other", async () => {
    await install();
    const files = readdirSync(at("etc/systemd/system")).filter((name) => name.endsWith(".service"));
    const expected = commandsWithUnits(commands).map(({ name }) => `ami-workers-${name}.service`);
    expect(files.sort()).toEqual([...expected, "ami-workers-alert@.service"].sort());
  });

  test("a second time finds nothing to do", async () => {
    await install();
    const { output } = await install();
    expect(output).toBe("Everything is as it should be: nothing to change.\n");
  });

  test("a dry run says what it would do, with the texts, and does nothing", async () => {
    const { output, calls } = await install({ dryRun: true });
    expect(output).toContain("create the user ami-worker");
    expect(output).toContain("    +OnCalendar=*:0/15\n");
    expect(readdirSync(root)).toEqual([]);
    expect(calls.filter((call) => !call.startsWith("systemctl --version"))).toEqual([]);
  });

  test("--json says the same for a program", async () => {
    const { output } = await install({ dryRun: true, json: true });
    const { v, dry_run: dry, changes } = JSON.parse(output);
    expect([v, dry]).toEqual([1, true]);
    expect(changes.map(({ summary }: { summary: string }) => summary)).toContain(
      "create the user ami-worker (no shell, no password)",
    );
  });

  test("what was changed by hand is shown as a diff and put right", async () => {
    await install();
    writeFileSync(at(timerFile), text(timerFile).replace("*:0/15", "*:0/60"));
    const { output } = await install({ dryRun: true });
    expect(output).toContain(`change ${at(timerFile)}\n`);
    expect(output).toContain("    -OnCalendar=*:0/60\n    +OnCalendar=*:0/15\n");
    await install();
    expect(text(timerFile)).toContain("OnCalendar=*:0/15\n");
  });

  test("a user that was taken away is made again, and nothing else is touched", async () => {
    await install();
    const before = Bun.spawnSync(["find", at("etc/systemd"), at("opt"), "-printf", "%p %s %T@\n"]).stdout.toString();
    rmSync(at("etc/passwd"));
    writeFileSync(at("etc/systemd/system/ami-workers-mine.service"), "[Service]\nExecStart=/bin/true\n");
    const { output } = await install();
    expect(output).toContain("create the user ami-worker");
    rmSync(at("etc/systemd/system/ami-workers-mine.service"));
    const names = (text: string) => text.split("\n").filter((line) => !line.startsWith(`${at("etc/systemd/system")} `));
    expect(
      names(Bun.spawnSync(["find", at("etc/systemd"), at("opt"), "-printf", "%p %s %T@\n"]).stdout.toString()),
    ).toEqual(names(before));
  });

  test("a unit of ours that is not wanted any more goes; one of somebody else stays", async () => {
    await install();
    const old = at("etc/systemd/system/ami-workers-old.service");
    const theirs = at("etc/systemd/system/ami-workers-mine.service");
    writeFileSync(old, text("etc/systemd/system/ami-workers-import-trades.service"));
    writeFileSync(theirs, "[Service]\nExecStart=/bin/true\n");
    const { output } = await install();
    expect(output).toContain(`remove ${old}\n`);
    expect([existsSync(old), existsSync(theirs)]).toEqual([false, true]);
  });
});

describe("settings", () => {
  test("of the server are never written over", async () => {
    await install();
    writeFileSync(at(envFile), `${text(envFile)}TRADE_IMPORTER_INTERVAL_MINUTES=45\n`);
    const before = text(envFile);
    await install();
    expect(text(envFile)).toBe(before);
    expect(text(timerFile).match(/^OnCalendar=/gm)).toHaveLength(3);
  });

  test("that are wrong are refused, and nothing is changed", async () => {
    mkdirSync(at("etc/ami-workers"), { recursive: true });
    writeFileSync(at(envFile), "TRADE_IMPORTER_INTERVAL_MINUTES=0\n");
    const failure = await failureOf(install());
    expect([failure.kind, failure.message]).toEqual([
      "settings",
      expect.stringContaining("TRADE_IMPORTER_INTERVAL_MINUTES"),
    ]);
    expect(existsSync(at("opt"))).toBe(false);
  });

  test("that are brought along become the server's first, with its folders, and are shown to nobody", async () => {
    const given = join(elsewhere, "my.env");
    writeFileSync(
      given,
      "LARAVEL_API_URL=https://app.example.com/api/internal\nLARAVEL_API_KEY=a-key-nobody-may-see\n",
    );
    const dry = await install({ envFile: given, dryRun: true });
    expect(dry.output).not.toContain("a-key-nobody-may-see");
    const real = await install({ envFile: given });
    expect(real.output).not.toContain("a-key-nobody-may-see");
    expect(text(envFile)).toBe(
      `${readFileSync(given, "utf8")}DATA_DIR=/var/lib/ami-workers\nLOG_DIR=/var/log/ami-workers\n`,
    );
    writeFileSync(given, "LARAVEL_API_KEY=another-one\n");
    await install({ envFile: given });
    expect(text(envFile)).toContain("a-key-nobody-may-see");
  });

  test("a worker that is off has its timer, but not enabled", async () => {
    mkdirSync(at("etc/ami-workers"), { recursive: true });
    writeFileSync(
      at(envFile),
      "TRADE_IMPORTER_ENABLED=false\nDATA_DIR=/var/lib/ami-workers\nLOG_DIR=/var/log/ami-workers\n",
    );
    const { calls } = await install();
    expect(existsSync(at(timerFile))).toBe(true);
    expect(calls.filter((call) => call.includes("enable ami-workers-import-trades.timer"))).toEqual([]);
  });

  test("folders elsewhere are made, writable for the units, and rotated", async () => {
    mkdirSync(at("etc/ami-workers"), { recursive: true });
    writeFileSync(at(envFile), "DATA_DIR=/srv/ami/data\nLOG_DIR=/srv/ami/logs\nMETRICS_DIR=/srv/metrics\n");
    await install();
    expect(text("etc/systemd/system/ami-workers-.service.d/20-folders.conf")).toContain(
      "[Service]\nReadWritePaths=-/srv/ami/data\nReadWritePaths=-/srv/ami/logs\nReadWritePaths=-/srv/metrics\n",
    );
    expect(existsSync(at("srv/ami/data"))).toBe(true);
    expect(text("etc/logrotate.d/ami-workers")).toContain("\n/srv/ami/logs/*.log {");
  });
});

describe("releases", () => {
  const releases = () => readdirSync(at("opt/ami-workers/releases"));
  const inUse = () => readFileSync(at("opt/ami-workers/ami-workers"), "utf8");
  const before = () => readFileSync(at("opt/ami-workers/previous"), "utf8");

  test("the one before stays, and three earlier ones at most", async () => {
    for (const name of ["first", "second", "third", "fourth", "fifth", "sixth"]) {
      await install({}, { executable: makeExecutable(elsewhere, name) });
      expect(inUse()).toBe(`executable ${name}`);
    }
    expect(before()).toBe("executable fifth");
    expect(releases()).toHaveLength(4);
  });

  test("an earlier one can be gone back to", async () => {
    await install();
    await install({}, { executable: makeExecutable(elsewhere, "second") });
    await install({}, { executable: join(elsewhere, "first") });
    expect([inUse(), before()]).toEqual(["executable first", "executable second"]);
    expect(releases()).toHaveLength(2);
  });

  test("one that was cut on its way to its place is copied again", async () => {
    await install();
    const [name = ""] = releases();
    writeFileSync(at(`opt/ami-workers/releases/${name}`), "exec");
    const { output } = await install();
    expect(output).toContain(`copy ${name}`);
    expect(inUse()).toBe("executable first");
  });
});

describe("on a machine", () => {
  test("needs root", async () => {
    const failure = await failureOf(install({ root: undefined }, { uid: 1000 }));
    expect([failure.kind, failure.detail.code]).toEqual(["refused", "not_root"]);
  });

  test("needs systemd, and one that is new enough", async () => {
    expect((await failureOf(install({ root: undefined }, { systemd: false }))).detail.code).toBe("no_systemd");
    const { run } = fakeSystem(root, { "systemctl --version": { output: "systemd 245 (245.4)\n" } });
    expect((await failureOf(install({ root: undefined }, { run }))).detail.code).toBe("systemd_too_old");
  });
});

describe("uninstall", () => {
  const uninstall = async (changes: Partial<typeof uninstallArgs> = {}) => {
    const context = fakeContext();
    const system = fakeSystem(root);
    const code = await uninstallWith({ ...uninstallArgs, root, ...changes }, context, {
      run: system.run,
      uid: 0,
      systemd: false,
    });
    return { code, output: context.terminal.output, calls: system.calls };
  };

  test("removes units and program, and keeps what is the operator's", async () => {
    await install();
    writeFileSync(at("var/lib/ami-workers/pending/one.json"), "{}");
    const { code, output } = await uninstall();
    expect(code).toBe(0);
    expect(output).toContain("Kept: ");
    expect(readdirSync(at("etc/systemd/system"))).toEqual(["timers.target.wants"]);
    expect([existsSync(at("opt/ami-workers")), existsSync(at("usr/local/bin/ami-workers"))]).toEqual([false, false]);
    expect([envFile, "var/lib/ami-workers/pending/one.json"].map((path) => existsSync(at(path)))).toEqual([true, true]);
  });

  test("a dry run says so and removes nothing", async () => {
    await install();
    const { output } = await uninstall({ dryRun: true });
    expect(output).toContain(`remove ${at("opt/ami-workers")}\n`);
    expect(existsSync(at("opt/ami-workers/ami-workers"))).toBe(true);
  });

  test("with --purge data, logs, settings and user go too", async () => {
    await install();
    const { calls } = await uninstall({ purge: true });
    expect(
      ["var/lib/ami-workers", "var/log/ami-workers", "etc/ami-workers"].filter((path) => existsSync(at(path))),
    ).toEqual([]);
    expect(calls.some((call) => call.startsWith("userdel"))).toBe(true);
  });

  test("lets the operator's own drop-in be", async () => {
    await install();
    writeFileSync(at("etc/systemd/system/ami-workers-.service.d/50-mine.conf"), "[Service]\nNice=0\n");
    await uninstall();
    expect(readdirSync(at("etc/systemd/system/ami-workers-.service.d"))).toEqual(["50-mine.conf"]);
  });

  test("where nothing is installed it says so", async () => {
    expect((await uninstall()).output).toBe("Nothing is installed.\n");
  });
});
