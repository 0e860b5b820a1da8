import { dirname, join, resolve } from "node:path";
import envExample from "../../../.env.example" with { type: "text" };
import alertUnit from "../../../units/alert.service" with { type: "text" };
import hardening from "../../../units/hardening.conf" with { type: "text" };
import logrotate from "../../../units/logrotate.conf" with { type: "text" };
import sysusers from "../../../units/sysusers.conf" with { type: "text" };
import type { Config } from "../../config.ts";
import type { Command, CommandUnits } from "../worker.ts";
import { type Layout, onServer, unitPrefix } from "./layout.ts";
import { withSchedule } from "./schedule.ts";

/** `worker`: the user of the workers, or its group. */
export interface Owner {
  user: "root" | "worker";
  group: "root" | "worker";
}

export interface WantedFolder {
  path: string;
  mode: number;
  owner: Owner;
}

export interface WantedFile {
  path: string;
  text: string;
  mode: number;
  owner: Owner;
  /** Belongs to the operator once it is there. */
  keep: boolean;
  /** Its text is shown to nobody. */
  secret?: boolean;
}

export interface WantedTimer {
  /** `ami-workers-import-trades.timer` */
  unit: string;
  enabled: boolean;
}

/** What `service install` makes true, and `doctor` compares with. */
export interface Wanted {
  folders: WantedFolder[];
  files: WantedFile[];
  timers: WantedTimer[];
}

export const root: Owner = { user: "root", group: "root" };
const worker: Owner = { user: "worker", group: "worker" };
const shared: Owner = { user: "root", group: "worker" };

/** The first line of every unit of ours: what has it may be replaced and removed, what has not is the operator's. */
export const unitMarker =
  "# Written by `ami-workers service install`. Your own changes belong into `systemctl edit`.\n";

/** What a command needs to have units. */
export interface UnitCommand {
  name: string;
  units: CommandUnits;
}

export function commandsWithUnits(commands: readonly Command[]): UnitCommand[] {
  return commands.flatMap((command) =>
    command.kind !== "group" && command.units ? [{ name: command.name, units: command.units }] : [],
  );
}

/** The configuration decides about timers and about folders besides the usual ones. */
export async function wantedOf(config: Config, commands: readonly Command[], layout: Layout): Promise<Wanted> {
  const units = await unitsOf(config, commands, layout);
  return {
    folders: foldersOf(config, layout),
    files: [
      { path: layout.sysusers, text: sysusers, mode: 0o644, owner: root, keep: false },
      { path: layout.envFile, text: settingsTemplate(), mode: 0o640, owner: shared, keep: true },
      { path: layout.logrotate, text: logrotateOf(config), mode: 0o644, owner: root, keep: false },
      ...units.files,
    ],
    timers: units.timers,
  };
}

/** `.env.example` with the paths of a server. */
export function settingsTemplate(): string {
  return envExample
    .replace(/^# Settings of ami-workers:[\s\S]*?\n\n/, serverHeading)
    .replace(/^#DATA_DIR=.*$/m, `DATA_DIR=${onServer.data}`)
    .replace(/^#LOG_DIR=.*$/m, `LOG_DIR=${onServer.logs}`);
}

const serverHeading = `# Settings of ami-workers: what is not set has the default that stands here.
# After a change: ami-workers service install (it takes over intervals and folders), then ami-workers doctor.

`;

function foldersOf({ dataDir, log, metricsDir }: Config, layout: Layout): WantedFolder[] {
  const own = [dataDir, log.dir, ...(metricsDir === null ? [] : [metricsDir])]
    .map((path) => onServerPath(path))
    .filter((path) => path !== onServer.data && path !== onServer.logs);
  return [
    { path: layout.program, mode: 0o755, owner: root },
    { path: layout.releases, mode: 0o755, owner: root },
    { path: layout.settings, mode: 0o750, owner: shared },
    { path: layout.data, mode: 0o750, owner: worker },
    { path: join(layout.data, "pending"), mode: 0o700, owner: worker },
    { path: join(layout.data, "failed"), mode: 0o700, owner: worker },
    { path: layout.logs, mode: 0o750, owner: worker },
    ...own.map((path) => ({ path: join(layout.root, path), mode: 0o750, owner: worker })),
  ];
}

/** Units begin in the data folder: there a relative path leads to. */
function onServerPath(path: string): string {
  return resolve(onServer.data, path);
}

function logrotateOf({ log }: Config): string {
  const dir = onServerPath(log.dir);
  return logrotate.replace(/^\/var\/log\/ami-workers(?=\/)/m, () => dir);
}

async function unitsOf(config: Config, commands: readonly Command[], layout: Layout) {
  const files: WantedFile[] = [];
  const timers: WantedTimer[] = [];
  const add = (path: string, text: string) =>
    files.push({ path, text: unitMarker + text, mode: 0o644, owner: root, keep: false });
  for (const { name, units } of commandsWithUnits(commands)) {
    const { service, timer } = await units.load();
    const schedule = units.schedule?.(config);
    add(join(layout.units, `${unitPrefix}${name}.service`), service);
    if (timer === undefined) continue;
    const text = schedule ? withSchedule(timer, schedule.intervalMinutes, schedule.offsetMinutes) : timer;
    add(join(layout.units, `${unitPrefix}${name}.timer`), text);
    timers.push({ unit: `${unitPrefix}${name}.timer`, enabled: schedule?.enabled ?? true });
  }
  add(join(layout.units, `${unitPrefix}alert@.service`), alertUnit);
  add(join(layout.dropIns, "10-hardening.conf"), hardening);
  const writable = writableFolders(config);
  if (writable.length > 0) {
    const paths = writable.map((path) => `ReadWritePaths=-${path}\n`).join("");
    add(join(layout.dropIns, "20-folders.conf"), `# Folders that the settings name.\n[Service]\n${paths}`);
  }
  return { files, timers };
}

/** What units may write besides their state and log folders. */
function writableFolders({ dataDir, log, metricsDir, platform }: Config): string[] {
  const given = [
    dataDir,
    log.dir,
    ...(metricsDir === null ? [] : [metricsDir]),
    ...(platform.kind === "embedded" ? [dirname(platform.path)] : []),
  ].map((path) => onServerPath(path));
  const inside = (path: string) => [onServer.data, onServer.logs].some((own) => `${path}/`.startsWith(`${own}/`));
  return [...new Set(given)].filter((path) => !inside(path));
}
