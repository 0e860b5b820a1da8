import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../../config.ts";
import { commit, version } from "../../../version.ts";
import { accessOf, type Change, fileChange, folderChange, staleUnits } from "../../service/changes.ts";
import { type Layout, workerUser } from "../../service/layout.ts";
import { linkIsRight, releaseOf, sha256 } from "../../service/releases.ts";
import { idsOf } from "../../service/system.ts";
import { type Wanted, wantedOf } from "../../service/wanted.ts";
import { type Check, fail, notInstalled, ok, skip, warn, withConfig } from "../check.ts";

const install = "sudo ami-workers service install";
const namedMax = 3;

/** Compares what there is with what `service install` would make. */
function compared(changes: (wanted: Wanted, layout: Layout) => Change[], whenRight: string): Check["run"] {
  return withConfig(async (config: Config, { layout, installed, commands, uid }) => {
    if (!installed) return notInstalled;
    if (uid !== 0 && uid !== idsOf(workerUser, layout)?.uid) return skip(`call doctor as root or as ${workerUser}`);
    const found = changes(await wantedOf(config, commands, layout), layout).map(({ summary }) => summary);
    if (found.length === 0) return ok(whenRight);
    const more = found.length > namedMax ? `, and ${found.length - namedMax} more` : "";
    return fail(`to do: ${found.slice(0, namedMax).join(", ")}${more}`, install);
  });
}

const executable: Check = {
  group: "files",
  name: "executable",
  title: "the program is where it belongs, and nobody but root can change it",
  run({ layout, installed }) {
    if (!installed) return notInstalled;
    const name = releaseOf(layout.current);
    if (name === null) return fail(`${layout.current} is no link to a release`, install);
    const path = join(layout.releases, name);
    const { mode, uid } = statSync(path);
    if (uid !== 0 || (mode & 0o022) !== 0) {
      return fail(`${path} is ${accessOf(path, layout)}`, `sudo chown root:root ${path} && sudo chmod 755 ${path}`);
    }
    if (!linkIsRight(layout)) return warn(`${layout.link} does not lead to ${layout.current}`, install);
    return ok(`${name}, the previous one: ${releaseOf(layout.previous) ?? "none"}`);
  },
};

const checksum: Check = {
  group: "files",
  name: "checksum",
  title: "the program is the one that was installed, byte for byte",
  slow: true,
  async run({ layout, installed }) {
    if (!installed) return notInstalled;
    const name = releaseOf(layout.current) ?? "";
    const path = join(layout.releases, name);
    if (!existsSync(path)) return fail(`${path} is missing`, "scripts/deploy HOST");
    const digest = await sha256(path);
    if (!name.endsWith(digest.slice(0, 12))) return fail(`${path} has been changed`, "scripts/deploy HOST");
    return ok(`sha256 ${digest}`);
  },
};

const versions: Check = {
  group: "files",
  name: "version",
  title: "this program is the installed one",
  run({ layout, installed }) {
    const own = `${version} (${commit})`;
    if (!installed) return ok(`${own}, not installed`);
    const name = releaseOf(layout.current) ?? "";
    if (commit !== "dev" && process.execPath === join(layout.releases, name)) return ok(own);
    return ok(`this is ${own}, installed is ${name}`);
  },
};

const units: Check = {
  group: "files",
  name: "units",
  title: "systemd's units are those that this program has built in",
  run: compared(
    ({ files }, layout) => [
      ...files.filter(({ path }) => path.startsWith(layout.units)).flatMap((file) => fileChange(file, layout)),
      ...staleUnits(files, layout),
    ],
    "as they are built in",
  ),
};

const folders: Check = {
  group: "files",
  name: "folders",
  title: "folders are there and belong to whom they should",
  run: compared(
    ({ folders: list }, layout) => list.flatMap((folder) => folderChange(folder, layout)),
    `root's and ${workerUser}'s`,
  ),
};

const rotation: Check = {
  group: "files",
  name: "logrotate",
  title: "logs are rotated",
  run: withConfig(async (config, { layout, installed, commands }) => {
    if (!installed) return notInstalled;
    const { files } = await wantedOf(config, commands, layout);
    const own = files.filter(({ path }) => path === layout.logrotate);
    const [change] = own.flatMap((file) => fileChange(file, layout));
    if (change !== undefined) return fail(`to do: ${change.summary}`, install);
    const programs = ["/usr/sbin/logrotate", "/usr/bin/logrotate"].map((path) => join(layout.root, path));
    if (!programs.some(existsSync)) return warn("logrotate is not installed", "sudo apt install logrotate");
    return ok(`daily, 14 kept, by ${layout.logrotate}`);
  }),
};

export const fileChecks: readonly Check[] = [executable, checksum, versions, units, folders, rotation];
