import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { version } from "../../version.ts";
import { type Layout, onServer } from "./layout.ts";

/** Besides the one in use, so that a version which turns out badly can be left again. */
const earlierReleasesKept = 3;
const digestCharacters = 12;

export interface ReleasePlan {
  /** `ami-workers-0.1.0-4f1c09aa12be` */
  name: string;
  /** It has to be copied there. */
  copy: boolean;
  /** It is not the one in use. */
  switch: boolean;
  /** Names that go. */
  remove: string[];
}

export async function planRelease(executable: string, layout: Layout): Promise<ReleasePlan> {
  const name = `ami-workers-${version}-${(await sha256(executable)).slice(0, digestCharacters)}`;
  const path = join(layout.releases, name);
  const copy = !existsSync(path) || statSync(path).size !== statSync(executable).size;
  const current = releaseOf(layout.current);
  const previous = current === name ? releaseOf(layout.previous) : current;
  return { name, copy, switch: current !== name, remove: superfluous([name, previous], layout) };
}

/** Copied beside and renamed; the links are replaced in one step, so that at any moment there is a whole program to start. */
export function applyRelease(plan: ReleasePlan, executable: string, layout: Layout): void {
  const path = join(layout.releases, plan.name);
  if (plan.copy) copyDurably(executable, path);
  if (plan.switch) {
    const before = releaseOf(layout.current);
    if (before !== null) relink(`releases/${before}`, layout.previous);
    relink(`releases/${plan.name}`, layout.current);
  }
  for (const name of plan.remove) rmSync(join(layout.releases, name), { force: true });
}

/** The link in PATH; false: somebody else's file is in its place. */
export function linkIsRight({ link }: Layout): boolean {
  return linkTarget(link) === onServer.current;
}

export function relinkProgram(layout: Layout): void {
  mkdirSync(dirname(layout.link), { recursive: true });
  relink(onServer.current, layout.link);
}

/** The release that a link leads to, by name. */
export function releaseOf(link: string): string | null {
  const target = linkTarget(link);
  return target === null ? null : basename(target);
}

/** Newest first. */
export function releasesIn({ releases }: Layout): string[] {
  if (!existsSync(releases)) return [];
  const names = readdirSync(releases).filter((name) => /^ami-workers-.+-[0-9a-f]{12}$/.test(name));
  const timeOf = (name: string) => statSync(join(releases, name)).mtimeMs;
  return names.sort((first, second) => timeOf(second) - timeOf(first));
}

function superfluous(kept: readonly (string | null)[], layout: Layout): string[] {
  const others = releasesIn(layout).filter((name) => !kept.includes(name));
  const places = earlierReleasesKept - kept.slice(1).filter((name) => name !== null).length;
  return others.slice(places);
}

export async function sha256(path: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const part of Bun.file(path).stream()) hasher.update(part);
  return hasher.digest("hex");
}

function copyDurably(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  const beside = `${to}.${process.pid}.tmp`;
  try {
    copyFileSync(from, beside);
    chmodSync(beside, 0o755);
    const file = openSync(beside, "r");
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, to);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

function relink(target: string, link: string): void {
  const beside = `${link}.${process.pid}.tmp`;
  rmSync(beside, { force: true });
  symlinkSync(target, beside);
  renameSync(beside, link);
}

function linkTarget(link: string): string | null {
  try {
    return lstatSync(link).isSymbolicLink() ? readlinkSync(link) : null;
  } catch {
    return null; // there is nothing
  }
}
