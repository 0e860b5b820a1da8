import { existsSync, lstatSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Config } from "../../../config.ts";
import { fileBytesMax, readBatch } from "../../../delivery/batch-file.ts";
import { codeOf, systemDisk } from "../../../delivery/disk.ts";
import { type Entry, type Scan, scan } from "../../../delivery/scan.ts";
import { messageOf } from "../../../errors.ts";
import { workerUser } from "../../service/layout.ts";
import { idsOf, userName } from "../../service/system.ts";
import { type Check, type DoctorTools, fail, type Outcome, ok, skip, warn, withConfig } from "../check.ts";

const hourMs = 3_600_000;
/** Within this the platform has been away for a few cycles; later on somebody should know. */
const waitMsWorth = 2 * hourMs;
const waitMsMax = 24 * hourMs;
const namedMax = 3;
/** Between two looks at the clock of the check's limit. */
const filesAtOnce = 50;
const filesMax = 100_000;

const folderNames = ["pending", "failed", "quarantine"] as const;
type FolderName = (typeof folderNames)[number];

function folderOf({ dataDir }: Pick<Config, "dataDir">, name: FolderName): string {
  return join(resolve(dataDir), name);
}

/** @throws the system's error when the folder cannot be read */
function scanOf(config: Config, name: FolderName): Scan {
  return scan(folderOf(config, name), { disk: systemDisk, uid: null });
}

/** A folder that cannot be read is told once, in plain words. */
function readable(run: (config: Config, tools: DoctorTools) => Outcome | Promise<Outcome>): Check["run"] {
  return withConfig(async (config, tools) => {
    try {
      return await run(config, tools);
    } catch (error) {
      if (codeOf(error) !== "EACCES") throw error;
      return skip(`${messageOf(error)}: call doctor as root or as ${workerUser}`);
    }
  });
}

const pending: Check = {
  group: "buffer",
  name: "pending",
  title: "batches that wait for the platform",
  run: readable((config, { context }) => {
    const { entries } = scanOf(config, "pending");
    const [oldest] = entries;
    if (oldest === undefined) return ok("none wait");
    const ageMs = context.clock.nowMs() - Math.min(...entries.map(({ createdAtMs }) => createdAtMs));
    const text = `${counted(entries)} wait, the oldest for ${durationText(ageMs)}; the last try said: ${oldest.lastError}`;
    const mend = "sudo systemctl start ami-workers-flush-buffer";
    if (ageMs > waitMsMax) return fail(text, `${mend}; journalctl -u ami-workers-flush-buffer -n 20`);
    return ageMs > waitMsWorth ? warn(text, mend) : ok(text);
  }),
};

const failed: Check = {
  group: "buffer",
  name: "failed",
  title: "batches that the platform will not take",
  run: readable((config) => {
    const { entries, oddities } = scanOf(config, "failed");
    const [newest] = entries.toReversed();
    if (newest === undefined && oddities.length === 0) return ok("none");
    const folder = folderOf(config, "failed");
    const reason = newest === undefined ? "" : `; the newest: ${newest.lastError}`;
    return warn(
      `${counted(entries)} in ${folder}${reason}`,
      `Look at the reason; move a file to ${folderOf(config, "pending")} to try it again, or delete it`,
    );
  }),
};

const quarantine: Check = {
  group: "buffer",
  name: "quarantine",
  title: "files that were set aside because they are damaged",
  run: readable((config) => {
    const folder = folderOf(config, "quarantine");
    const names = systemDisk.list(folder);
    if (names.length === 0) return ok("none");
    return warn(
      `${names.length} in ${folder}: ${named(names)}`,
      "Is the disk healthy (dmesg)? What they held is read from the broker again; then delete them",
    );
  }),
};

const files: Check = {
  group: "buffer",
  name: "files",
  title: "every batch on disk is whole, by its checksum",
  run: readable(async (config) => {
    const damaged: string[] = [];
    let count = 0;
    for (const name of ["pending", "failed"] as const) {
      const { entries, oddities } = scanOf(config, name);
      damaged.push(...oddities.map(({ path, reason }) => `${path}: ${reason}`));
      count += oddities.length;
      for (const { path } of entries.slice(0, filesMax)) {
        const wrong = damageOf(path);
        if (wrong !== null) damaged.push(`${path}: ${wrong}`);
        if (++count % filesAtOnce === 0) await Bun.sleep(0); // the check's time limit has its turn
      }
    }
    if (damaged.length === 0) return ok(count === 0 ? "there are none" : `${count} files, all whole`);
    return fail(
      `${damaged.length} of ${count} files cannot be used: ${named(damaged)}`,
      "sudo systemctl start ami-workers-flush-buffer sets them aside; their content is read from the broker again",
    );
  }),
};

/** Null: it is whole. */
function damageOf(path: string): string | null {
  try {
    readBatch(systemDisk.read(path, fileBytesMax));
    return null;
  } catch (error) {
    return codeOf(error) === "ENOENT" ? null : messageOf(error); // delivered meanwhile
  }
}

const owners: Check = {
  group: "buffer",
  name: "owners",
  title: "everything in the data folder belongs to the workers",
  run: readable(({ dataDir }, { layout, installed }) => {
    if (!installed) return skip("not installed: whoever calls is the owner");
    const ids = idsOf(workerUser, layout);
    if (ids === null) return fail(`there is no user ${workerUser}`, "sudo ami-workers service install");
    const folder = resolve(dataDir);
    const foreign = filesBelow(folder).filter(({ uid }) => uid !== ids.uid);
    const [first] = foreign;
    if (first === undefined) return ok(`all of ${folder} is ${workerUser}'s`);
    return fail(
      `${foreign.length} files belong to somebody else: ${first.path} to ${userName(first.uid, layout)}`,
      `sudo chown -R ${workerUser}:${workerUser} ${folder}`,
    );
  }),
};

function filesBelow(folder: string): { path: string; uid: number }[] {
  if (!existsSync(folder)) return [];
  const found: { path: string; uid: number }[] = [];
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined || found.length >= filesMax) continue;
    found.push({ path, uid: stat.uid });
    if (stat.isDirectory()) found.push(...filesBelow(path));
  }
  return found;
}

function counted(entries: readonly Entry[]): string {
  const executions = entries.reduce((sum, entry) => sum + entry.executions, 0);
  return `${entries.length} ${entries.length === 1 ? "batch" : "batches"} (${executions} executions)`;
}

function named(texts: readonly string[]): string {
  const more = texts.length > namedMax ? `, and ${texts.length - namedMax} more` : "";
  return texts.slice(0, namedMax).join(", ") + more;
}

export function durationText(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}

export const bufferChecks: readonly Check[] = [pending, failed, quarantine, files, owners];
