import { lstatSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Context } from "../../context.ts";
import { Failure } from "../../errors.ts";
import { commit, version } from "../../version.ts";
import { isHealthy, renderFindings, silent, toJson } from "../doctor/output.ts";
import type { Finding } from "../doctor/run.ts";
import type { Command } from "../worker.ts";
import { type Change, changesOf, fileChange, ownUnits } from "./changes.ts";
import type { InstallArgs } from "./command.ts";
import { type Layout, layoutOf, unitPrefix, workerUser } from "./layout.ts";
import { applyRelease, linkIsRight, planRelease, releaseOf, relinkProgram } from "./releases.ts";
import { serverConfig, withServerPaths } from "./settings.ts";
import { hasSystemd, idsOf, mustRun, type RunProgram, runProgram, showUnits } from "./system.ts";
import { type Wanted, type WantedTimer, wantedOf } from "./wanted.ts";

/** The parts of the world that a test replaces. */
export interface InstallTools {
  commands: readonly Command[];
  run: RunProgram;
  /** What is installed: this program. */
  executable: string;
  /** Of the caller; 0 is root. */
  uid: number;
  systemd: boolean;
  /** Checks the result. */
  doctor: (context: Context) => Promise<Finding[]>;
}

/** MONITOR_* variables, which the alert unit lives on. */
const systemdVersionMin = 251;

export async function installService(args: InstallArgs, context: Context): Promise<number> {
  const { commands } = await import("../index.ts");
  return await installWith(args, context, {
    commands,
    run: runProgram,
    executable: ownExecutable(),
    uid: process.getuid?.() ?? -1,
    systemd: hasSystemd(),
    async doctor(checked) {
      const { examine, ownMachine } = await import("../doctor/run.ts");
      // What the units will see: nothing of the shell that calls.
      const input = { environment: {}, envFile: layoutOf().envFile };
      return await examine({ input, offline: false, only: [] }, await ownMachine(), checked);
    },
  });
}

/** @throws {Failure} refused: not root; settings: the configuration or the machine */
export async function installWith(args: InstallArgs, context: Context, tools: InstallTools): Promise<number> {
  const layout = layoutOf(args.root);
  const onMachine = args.root === undefined;
  if (onMachine) await checkMachine(args, tools);
  const config = serverConfig(layout, args.envFile);
  const wanted = await wantedOf(config, tools.commands, layout);
  if (args.envFile !== undefined) useSettings(wanted, args.envFile, layout);
  const steps = await planSteps(wanted, layout, tools, onMachine);
  if (!args.json) showSteps(steps, args.dryRun, context);
  if (!args.dryRun) {
    for (const { apply } of steps) await apply();
    if (onMachine) await verifyUnits(wanted, layout, tools.run);
  }
  const check = onMachine && !args.dryRun && !args.skipDoctor;
  const findings = check ? await tools.doctor({ ...context, log: silent }) : null;
  showResult(steps, findings, args, context);
  return findings === null || isHealthy(findings) ? 0 : 1;
}

/** One thing that is done, in order. */
interface Step {
  summary: string;
  diff: string;
  apply: () => Promise<void> | void;
}

async function planSteps(wanted: Wanted, layout: Layout, tools: InstallTools, onMachine: boolean): Promise<Step[]> {
  const { run, executable } = tools;
  const changes = changesOf(wanted, layout);
  const release = await planRelease(executable, layout);
  const userStep: Step = {
    summary: `create the user ${workerUser} (no shell, no password)`,
    diff: "",
    apply: () => makeUser(wanted, layout, run, onMachine),
  };
  const releaseSummary = release.switch
    ? `use ${release.name}${before(layout)}`
    : `copy ${release.name}, which is in use and not whole`;
  const releaseStep: Step = {
    summary: releaseSummary,
    diff: "",
    apply: () => applyRelease(release, executable, layout),
  };
  const linkStep: Step = { summary: `link ${layout.link}`, diff: "", apply: () => relinkProgram(layout) };
  const reload = changes.some((change) => change.reload);
  const reloadStep: Step = {
    summary: "let systemd read its units anew",
    diff: "",
    apply: async () => void (await mustRun(run, "systemctl", ["daemon-reload"])),
  };
  return [
    ...(idsOf(workerUser, layout) === null ? [userStep] : []),
    ...(onMachine ? staleTimerSteps(wanted, layout, run) : []),
    ...changes,
    ...(release.switch || release.copy ? [releaseStep] : []),
    ...(linkIsRight(layout) ? [] : [linkStep]),
    ...(onMachine && reload ? [reloadStep] : []),
    ...(onMachine
      ? await timerSteps(wanted.timers, changes, layout, run)
      : imageTimerSteps(wanted.timers, layout, run)),
  ];
}

function before(layout: Layout): string {
  const name = releaseOf(layout.current);
  return name === null ? "" : ` instead of ${name}`;
}

/** The file says who it is; its folder is made with the other folders, which belong to the user in part. */
async function makeUser(wanted: Wanted, layout: Layout, run: RunProgram, onMachine: boolean): Promise<void> {
  const file = wanted.files.find(({ path }) => path === layout.sysusers);
  if (file === undefined) throw new Error("the user's file is missing from the list");
  for (const change of fileChange(file, layout)) change.apply();
  const where = onMachine ? [] : [`--root=${layout.root}`];
  await mustRun(run, "systemd-sysusers", [...where, onMachine ? layout.sysusers : "ami-workers.conf"]);
}

/** A timer whose file is gone would go on until the next restart, and its link for ever. */
function staleTimerSteps({ files }: Wanted, layout: Layout, run: RunProgram): Step[] {
  const wanted = new Set(files.map(({ path }) => path));
  return ownUnits(layout)
    .filter((path) => path.endsWith(".timer") && !wanted.has(path))
    .map((path) => ({
      summary: `stop ${basename(path)}: this version has none`,
      diff: "",
      apply: async () => void (await mustRun(run, "systemctl", ["disable", "--now", basename(path)])),
    }));
}

async function timerSteps(
  timers: readonly WantedTimer[],
  changes: readonly Change[],
  layout: Layout,
  run: RunProgram,
): Promise<Step[]> {
  const states = await showUnits(
    run,
    timers.map(({ unit }) => unit),
    ["UnitFileState", "ActiveState"],
  );
  const systemctl =
    (...args: string[]) =>
    async () =>
      void (await mustRun(run, "systemctl", args));
  return timers.flatMap(({ unit, enabled }): Step[] => {
    const { UnitFileState: file, ActiveState: active } = states?.get(unit) ?? {};
    const runs = file === "enabled" && active === "active";
    if (enabled && !runs) return [{ summary: `start ${unit}`, diff: "", apply: systemctl("enable", "--now", unit) }];
    if (!enabled && (file === "enabled" || active === "active")) {
      return [{ summary: `stop ${unit}: the settings say so`, diff: "", apply: systemctl("disable", "--now", unit) }];
    }
    const changed = changes.some(({ summary }) => summary === `change ${join(layout.units, unit)}`);
    if (!enabled || !changed) return [];
    return [{ summary: `restart ${unit} with its new times`, diff: "", apply: systemctl("restart", unit) }];
  });
}

/** In an image links are made; its own systemd starts them. */
function imageTimerSteps(timers: readonly WantedTimer[], layout: Layout, run: RunProgram): Step[] {
  return timers.flatMap(({ unit, enabled }): Step[] => {
    const linked = lstatSync(join(layout.wants, unit), { throwIfNoEntry: false }) !== undefined;
    if (linked === enabled) return [];
    const verb = enabled ? "enable" : "disable";
    const apply = async () => void (await mustRun(run, "systemctl", [`--root=${layout.root}`, verb, unit]));
    return [{ summary: `${verb} ${unit}`, diff: "", apply }];
  });
}

function showSteps(steps: readonly Step[], dryRun: boolean, { terminal }: Context): void {
  if (steps.length === 0) terminal.write("Everything is as it should be: nothing to change.\n");
  for (const { summary, diff } of steps) {
    terminal.write(`${summary}\n`);
    if (dryRun && diff !== "") terminal.write(colored(diff, terminal.color));
  }
}

function showResult(
  steps: readonly Step[],
  findings: Finding[] | null,
  args: InstallArgs,
  { terminal }: Context,
): void {
  if (args.json) {
    const changes = steps.map(({ summary, diff }) => ({ summary, ...(diff !== "" && { diff }) }));
    const doctor = findings === null ? {} : { doctor: toJson(findings) };
    terminal.write(`${JSON.stringify({ v: 1, version, dry_run: args.dryRun, changes, ...doctor })}\n`);
  } else if (findings !== null) {
    terminal.write(`\n${renderFindings(findings, { quiet: true, color: terminal.color })}`);
  }
}

function colored(text: string, color: boolean): string {
  const lines = text.replace(/^/gm, "    ").trimEnd();
  if (!color) return `${lines}\n`;
  return `${lines.replace(/^( {4}\+.*)$/gm, "\u001b[32m$1\u001b[39m").replace(/^( {4}-.*)$/gm, "\u001b[31m$1\u001b[39m")}\n`;
}

async function checkMachine(args: InstallArgs, { uid, systemd, run }: InstallTools): Promise<void> {
  if (!systemd) {
    throw new Failure("settings", "This machine was not started by systemd, which runs the workers.", {
      code: "no_systemd",
      hint: "Install on a server with systemd, or into a tree with --root.",
    });
  }
  const [, found] = /^systemd (\d+)/.exec((await run("systemctl", ["--version"])).output) ?? [];
  if (found !== undefined && Number(found) < systemdVersionMin) {
    throw new Failure("settings", `systemd ${found} is too old: ${systemdVersionMin} or newer is needed.`, {
      code: "systemd_too_old",
      hint: "Debian 12, Ubuntu 24.04 and what came after them have it.",
    });
  }
  if (uid !== 0 && !args.dryRun) throw needsRoot("install");
}

export function needsRoot(verb: string): Failure {
  return new Failure("refused", `service ${verb} has to be called by root.`, {
    code: "not_root",
    hint: `sudo ${process.argv0} service ${verb}`,
  });
}

/** `--env-file` makes the server's first settings; later on those of the server count. */
function useSettings(wanted: Wanted, envFile: string, layout: Layout): void {
  const file = wanted.files.find(({ path }) => path === layout.envFile);
  if (file === undefined) return;
  file.text = withServerPaths(readFileSync(envFile, "utf8"));
  file.secret = true;
}

/** What systemd cannot use it would leave out in silence: a timer that never elapses. */
async function verifyUnits(wanted: Wanted, layout: Layout, run: RunProgram): Promise<void> {
  const paths = wanted.files
    .map(({ path }) => path)
    .filter((path) => path.startsWith(join(layout.units, unitPrefix)) && /\.(service|timer)$/.test(path));
  await mustRun(run, "systemd-analyze", ["verify", ...paths]);
}

function ownExecutable(): string {
  if (commit !== "dev") return process.execPath;
  throw new Failure("usage", "Only the executable can be installed.", {
    code: "not_built",
    hint: "scripts/build makes it: dist/ami-workers.",
  });
}
