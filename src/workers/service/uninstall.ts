import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { checkConfig } from "../../config.ts";
import type { Context } from "../../context.ts";
import { ownUnits } from "./changes.ts";
import type { UninstallArgs } from "./command.ts";
import { needsRoot } from "./install.ts";
import { type Layout, layoutOf, unitPrefix, workerUser } from "./layout.ts";
import { linkIsRight } from "./releases.ts";
import { hasSystemd, idsOf, mustRun, type RunProgram, runProgram } from "./system.ts";

export interface UninstallTools {
  run: RunProgram;
  uid: number;
  /** Units are stopped; in a tree that is no machine nothing runs. */
  systemd: boolean;
}

interface Step {
  summary: string;
  apply: () => Promise<void> | void;
}

export async function uninstallService(args: UninstallArgs, context: Context): Promise<number> {
  const tools = { run: runProgram, uid: process.getuid?.() ?? -1, systemd: hasSystemd() && args.root === undefined };
  return await uninstallWith(args, context, tools);
}

/** @throws {Failure} refused: not root */
export async function uninstallWith(args: UninstallArgs, context: Context, tools: UninstallTools): Promise<number> {
  const layout = layoutOf(args.root);
  if (args.root === undefined && tools.uid !== 0 && !args.dryRun) throw needsRoot("uninstall");
  const steps = stepsOf(args, layout, tools);
  const { terminal } = context;
  if (args.json) {
    const changes = steps.map(({ summary }) => ({ summary }));
    terminal.write(`${JSON.stringify({ v: 1, dry_run: args.dryRun, changes })}\n`);
  } else {
    for (const { summary } of steps) terminal.write(`${summary}\n`);
    if (steps.length === 0) terminal.write("Nothing is installed.\n");
    else if (!args.purge) terminal.write(keptText(layout));
  }
  if (args.dryRun) return 0;
  for (const { apply } of steps) await apply();
  return 0;
}

function stepsOf({ purge }: UninstallArgs, layout: Layout, { run, systemd }: UninstallTools): Step[] {
  const units = ownUnits(layout);
  const names = units.map((path) => basename(path));
  const timers = names.filter((name) => name.endsWith(".timer"));
  const services = names.filter((name) => name.endsWith(".service") && !name.includes("@"));
  const systemctl =
    (...given: string[]) =>
    async () =>
      void (await mustRun(run, "systemctl", given));
  const isOurs = (path: string) => existsSync(path) || lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  const remove = (path: string): Step[] =>
    isOurs(path) ? [{ summary: `remove ${path}`, apply: () => rmSync(path, { recursive: true, force: true }) }] : [];
  // Also of timers that an earlier version had.
  const stamps = existsSync(layout.timerStamps)
    ? readdirSync(layout.timerStamps)
        .filter((name) => name.startsWith(`stamp-${unitPrefix}`))
        .map((name) => join(layout.timerStamps, name))
    : [];
  // Read before anything goes: with the settings their folders' names would be gone.
  const ownFolders = purge ? foldersOf(layout) : [];
  return [
    ...(systemd && timers.length > 0
      ? [{ summary: `stop ${timers.join(", ")}`, apply: systemctl("disable", "--now", ...timers) }]
      : timers.map((name) => join(layout.wants, name)).flatMap(remove)),
    // What is in hand is delivered or put on disk first: a run ends well when it is told to.
    ...(systemd && services.length > 0
      ? [{ summary: `stop ${services.join(", ")}`, apply: systemctl("stop", ...services) }]
      : []),
    ...units.flatMap(remove),
    ...emptyAfterwards(layout.dropIns, units).flatMap(remove),
    ...stamps.flatMap(remove),
    ...[layout.logrotate, layout.sysusers].flatMap(remove),
    ...(linkIsRight(layout) ? remove(layout.link) : []),
    ...remove(layout.program),
    ...remove(layout.runtime),
    ...(systemd && units.length > 0
      ? [{ summary: "let systemd read its units anew", apply: systemctl("daemon-reload") }]
      : []),
    ...(systemd && services.length > 0
      ? [
          {
            summary: "forget failed runs",
            apply: async () => void (await run("systemctl", ["reset-failed", ...services])),
          },
        ]
      : []),
    ...ownFolders.flatMap(remove),
    ...(purge && idsOf(workerUser, layout) !== null
      ? [{ summary: `remove the user ${workerUser}`, apply: () => removeUser(layout, run) }]
      : []),
  ];
}

/** The drop-in folder, unless the operator has something of his own in it. */
function emptyAfterwards(folder: string, removed: readonly string[]): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).every((name) => removed.includes(join(folder, name))) ? [folder] : [];
}

/** Settings, data and logs, also where the settings have moved the last two. */
function foldersOf(layout: Layout): string[] {
  const { config } = existsSync(layout.envFile)
    ? checkConfig({ environment: {}, envFile: layout.envFile })
    : { config: null };
  const moved =
    config === null ? [] : [config.dataDir, config.log.dir].map((path) => join(layout.root, resolve("/", path)));
  return [...new Set([layout.data, layout.logs, ...moved, layout.settings])];
}

async function removeUser(layout: Layout, run: RunProgram): Promise<void> {
  const where = layout.root === "/" ? [] : ["--prefix", layout.root];
  await mustRun(run, "userdel", [...where, workerUser]);
  const hasGroup = readFileSync(layout.group, "utf8")
    .split("\n")
    .some((line) => line.startsWith(`${workerUser}:`));
  if (hasGroup) await mustRun(run, "groupdel", [...where, workerUser]);
}

function keptText({ data, logs, settings }: Layout): string {
  return `Kept: ${settings}, ${data}, ${logs} and the user ${workerUser}; --purge removes them too.\n`;
}
