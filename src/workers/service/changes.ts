import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { diff } from "./diff.ts";
import { type Layout, unitPrefix, workerUser } from "./layout.ts";
import { idsOf, userName } from "./system.ts";
import { type Owner, unitMarker, type Wanted, type WantedFile, type WantedFolder } from "./wanted.ts";

/** One thing that is not as it should be, and how it gets so. */
export interface Change {
  /** `create /etc/ami-workers/.env (0640 root:ami-worker)` */
  summary: string;
  /** Of a file's text; empty where there is none. */
  diff: string;
  /** systemd has to read its units anew. */
  reload: boolean;
  apply: () => void;
}

const modeBits = 0o7777;

/** What of the folders and files is not as wanted. Reads only. */
export function changesOf(wanted: Wanted, layout: Layout): Change[] {
  return [
    ...wanted.folders.flatMap((folder) => folderChange(folder, layout)),
    ...wanted.files.flatMap((file) => fileChange(file, layout)),
    ...staleUnits(wanted.files, layout),
  ];
}

export function folderChange(folder: WantedFolder, layout: Layout): Change[] {
  const { path, mode, owner } = folder;
  const apply = () => {
    mkdirSync(path, { recursive: true, mode });
    chmodSync(path, mode);
    own(path, owner, layout);
  };
  const wantedText = accessText(mode, ownerText(owner));
  if (!existsSync(path)) return [{ summary: `create ${path}/ (${wantedText})`, diff: "", reload: false, apply }];
  const access = accessOf(path, layout);
  if (access === wantedText) return [];
  return [{ summary: `${path}/: ${access} to ${wantedText}`, diff: "", reload: false, apply }];
}

export function fileChange(file: WantedFile, layout: Layout): Change[] {
  const { path, text, mode, owner, keep } = file;
  const wantedText = accessText(mode, ownerText(owner));
  const reload = path.startsWith(`${layout.units}/`);
  const write = () => {
    writeWhole(path, text, mode);
    own(path, owner, layout);
  };
  if (!existsSync(path)) {
    return [
      { summary: `create ${path} (${wantedText})`, diff: file.secret ? "" : diff("", text), reload, apply: write },
    ];
  }
  const present = readFileSync(path, "utf8");
  if (!keep && present !== text) {
    return [{ summary: `change ${path}`, diff: diff(present, text), reload, apply: write }];
  }
  const access = accessOf(path, layout);
  if (access === wantedText || (keep && isPrivate(path, layout))) return [];
  const apply = () => {
    chmodSync(path, mode);
    own(path, owner, layout);
  };
  return [{ summary: `${path}: ${access} to ${wantedText}`, diff: "", reload: false, apply }];
}

/** Units of a version that had them, and only such as this program wrote. */
export function staleUnits(wanted: readonly WantedFile[], layout: Layout): Change[] {
  const kept = new Set(wanted.map(({ path }) => path));
  return ownUnits(layout)
    .filter((path) => !kept.has(path))
    .map((path) => ({
      summary: `remove ${path}`,
      diff: diff(readFileSync(path, "utf8"), ""),
      reload: true,
      apply: () => rmSync(path, { force: true }),
    }));
}

/** All unit files that `service install` has written. */
export function ownUnits({ units, dropIns }: Layout): string[] {
  const inFolder = (folder: string, filter: (name: string) => boolean) =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter(filter)
          .map((name) => join(folder, name))
      : [];
  const isUnit = (name: string) => name.startsWith(unitPrefix) && /\.(service|timer)$/.test(name);
  return [...inFolder(units, isUnit), ...inFolder(dropIns, (name) => name.endsWith(".conf"))].filter(
    (path) => lstatSync(path).isFile() && readFileSync(path, "utf8").startsWith(unitMarker),
  );
}

/** `0640 root:ami-worker` */
export function accessOf(path: string, layout: Pick<Layout, "passwd">): string {
  const { mode, uid, gid } = statSync(path);
  const ids = idsOf(workerUser, layout);
  const group = gid === 0 ? "root" : ids !== null && gid === ids.gid ? workerUser : String(gid);
  return accessText(mode & modeBits, `${uid === 0 ? "root" : userName(uid, layout)}:${group}`);
}

/** Nobody but root and the workers can read it: then its exact mode is the operator's business. */
export function isPrivate(path: string, layout: Pick<Layout, "passwd">): boolean {
  const { mode, uid, gid } = statSync(path);
  const ids = idsOf(workerUser, layout);
  const groupIsOurs = gid === 0 || gid === ids?.gid;
  const ownerIsOurs = uid === 0 || uid === ids?.uid;
  return ownerIsOurs && (mode & 0o007) === 0 && ((mode & 0o070) === 0 || groupIsOurs) && (mode & 0o020) === 0;
}

function accessText(mode: number, owner: string): string {
  return `${mode.toString(8).padStart(4, "0")} ${owner}`;
}

export function ownerText({ user, group }: Owner): string {
  return `${user === "worker" ? workerUser : user}:${group === "worker" ? workerUser : group}`;
}

/** In a tree of somebody who is not root, and before the user is made, there is nothing to be given away. */
function own(path: string, { user, group }: Owner, layout: Layout): void {
  const ids = idsOf(workerUser, layout);
  if (process.getuid?.() !== 0 || ids === null) return;
  chownSync(path, user === "worker" ? ids.uid : 0, group === "worker" ? ids.gid : 0);
}

/** Written beside and renamed: systemd or a run never sees half of it. */
function writeWhole(path: string, text: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}.tmp`;
  writeFileSync(beside, text, { mode });
  chmodSync(beside, mode);
  renameSync(beside, path);
}
