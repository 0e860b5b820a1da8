import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../../config.ts";
import { commit, version } from "../../../version.ts";
import { accessOf, changesOf, ownerText } from "../../service/changes.ts";
import { workerUser } from "../../service/layout.ts";
import { linkIsRight, releaseOf, sha256 } from "../../service/releases.ts";
import { idsOf } from "../../service/system.ts";
import { root, type Wanted, wantedOf } from "../../service/wanted.ts";
import {
  type Check,
  type DoctorTools,
  fail,
  notInstalled,
  type Outcome,
  ok,
  skip,
  warn,
  withConfig,
} from "../check.ts";

const install = "sudo ami-workers service install";
const namedMax = 3;

/** Compares what there is with what `service install` would make. */
function compared(choose: (wanted: Wanted, tools: DoctorTools) => Wanted, whenRight: string): Check["run"] {
  return withConfig(async (config: Config, tools) => {
    if (!tools.installed) return notInstalled;
    const ids = idsOf(workerUser, tools.layout);
    if (tools.uid !== 0 && tools.uid !== ids?.uid) return skip(`call doctor as root or as ${workerUser}`);
    const wanted = await wantedOf(config, tools.commands, tools.layout);
    return judge(choose(wanted, tools), tools, whenRight);
  });
}

function judge(wanted: Wanted, { layout }: DoctorTools, whenRight: string): Outcome {
  const changes = changesOf(wanted, layout).map(({ summary }) => summary);
  if (changes.length === 0) return ok(whenRight);
  const more = changes.length > namedMax ? `, and ${changes.length - namedMax} more` : "";
  return fail(`to do: ${changes.slice(0, namedMax).join(", ")}${more}`, install);
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
  online: true, // it asks nobody, but reading 110 MB takes its time
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
    ({ files }, { layout }) => ({
      folders: [],
      files: files.filter(({ path }) => path.startsWith(layout.units)),
      timers: [],
    }),
    "as they are built in",
  ),
};

const folders: Check = {
  group: "files",
  name: "folders",
  title: "folders are there and belong to whom they should",
  run: compared(({ folders: list }) => ({ folders: list, files: [], timers: [] }), `root's and ${workerUser}'s`),
};

const rotation: Check = {
  group: "files",
  name: "logrotate",
  title: "logs are rotated",
  run: withConfig(async (config, tools) => {
    const { layout, installed, commands } = tools;
    if (!installed) return notInstalled;
    const { files } = await wantedOf(config, commands, layout);
    const [change] = changesOf(
      { folders: [], files: files.filter(({ path }) => path === layout.logrotate), timers: [] },
      layout,
    ).filter(({ summary }) => !summary.startsWith("remove "));
    if (change !== undefined) return fail(`to do: ${change.summary}`, install);
    const programs = ["/usr/sbin/logrotate", "/usr/bin/logrotate"].map((path) => join(layout.root, path));
    if (!programs.some(existsSync)) return warn("logrotate is not installed", "sudo apt install logrotate");
    return ok(`daily, 14 kept, by ${layout.logrotate} (${ownerText(root)})`);
  }),
};

export const fileChecks: readonly Check[] = [executable, checksum, versions, units, folders, rotation];
