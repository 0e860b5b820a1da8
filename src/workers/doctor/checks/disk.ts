import { existsSync, lstatSync, readdirSync, statfsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Config } from "../../../config.ts";
import { type Check, fail, type Outcome, ok, skip, warn, withConfig, worst } from "../check.ts";

const mebibyte = 1024 ** 2;
const gibibyte = 1024 ** 3;
const freeBytesMin = 256 * mebibyte;
const freeBytesWorth = gibibyte;
const freeShareMin = 0.05;
const freeShareWorth = 0.1;
const folderBytesWorth = gibibyte;
/** A folder with more files than this is large enough to be told of. */
const filesLookedAtMax = 100_000;

export interface Space {
  freeBytes: number;
  totalBytes: number;
  freeFiles: number;
  totalFiles: number;
}

/** Of the folder, or of the nearest one above it that is there. */
export function spaceOf(folder: string): Space {
  const there = existingFolder(folder);
  const { bavail, blocks, bsize, ffree, files } = statfsSync(there);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, freeFiles: ffree, totalFiles: files };
}

function existingFolder(folder: string): string {
  const path = resolve(folder);
  return existsSync(path) || path === "/" ? path : existingFolder(dirname(path));
}

/** @param folder for the text */
export function judgeSpace(folder: string, { freeBytes, totalBytes, freeFiles, totalFiles }: Space): Outcome {
  const share = totalBytes === 0 ? 1 : freeBytes / totalBytes;
  const text = `${bytesText(freeBytes)} free (${Math.floor(share * 100)} %) at ${folder}`;
  const mend = `Make room: du -xh --max-depth=2 ${folder} | sort -h | tail`;
  if (freeBytes < freeBytesMin || (share < freeShareMin && freeBytes < freeBytesWorth)) {
    return fail(`${text}: nothing more is fetched`, mend);
  }
  // Some file systems have no fixed number of files and say 0.
  if (totalFiles > 0 && freeFiles / totalFiles < freeShareMin) {
    return fail(`${freeFiles} of ${totalFiles} files left at ${folder}`, `Make room: find ${folder} -xdev | wc -l`);
  }
  if (freeBytes < freeBytesWorth || (share < freeShareWorth && freeBytes < 4 * freeBytesWorth)) return warn(text, mend);
  return ok(text);
}

export function diskChecksOf(space: (folder: string) => Space): readonly Check[] {
  const free: Check = {
    group: "disk",
    name: "space",
    title: "room for data and logs",
    run: withConfig(({ dataDir, log }) =>
      worst(
        [...new Set([resolve(dataDir), resolve(log.dir)])].map((folder) => judgeSpace(folder, space(folder))),
        ok("no folder"),
      ),
    ),
  };
  return [free, sizeCheck("data", ({ dataDir }) => dataDir), sizeCheck("logs", ({ log }) => log.dir)];
}

function sizeCheck(name: "data" | "logs", folderOf: (config: Config) => string): Check {
  return {
    group: "disk",
    name,
    title: `the ${name} do not grow without end`,
    run: withConfig((config) => {
      const folder = resolve(folderOf(config));
      if (!existsSync(folder)) return skip(`${folder} is not there yet`);
      const { bytes, files, unreadable } = sizeOf(folder);
      const text = `${bytesText(bytes)} in ${files} files in ${folder}${unreadable > 0 ? " as far as it can be read" : ""}`;
      const mend =
        name === "logs"
          ? "sudo logrotate --force /etc/logrotate.d/ami-workers, and LOG_LEVEL=INFO"
          : `du -ah ${folder} | sort -h | tail; failed/ and quarantine/ are yours to look through`;
      return bytes > folderBytesWorth || files >= filesLookedAtMax ? warn(text, mend) : ok(text);
    }),
  };
}

interface Size {
  bytes: number;
  files: number;
  unreadable: number;
}

function sizeOf(folder: string, size: Size = { bytes: 0, files: 0, unreadable: 0 }): Size {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    size.unreadable++;
    return size;
  }
  for (const name of names) {
    if (size.files >= filesLookedAtMax) return size;
    const path = join(folder, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    if (stat.isDirectory()) sizeOf(path, size);
    else {
      size.files++;
      size.bytes += stat.blocks * 512;
    }
  }
  return size;
}

export function bytesText(bytes: number): string {
  if (bytes >= gibibyte) return `${(bytes / gibibyte).toFixed(1)} GiB`;
  if (bytes >= mebibyte) return `${(bytes / mebibyte).toFixed(1)} MiB`;
  return `${Math.ceil(bytes / 1024)} KiB`;
}

export const diskChecks = diskChecksOf(spaceOf);
