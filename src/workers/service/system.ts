import { existsSync, readFileSync } from "node:fs";
import { Failure } from "../../errors.ts";
import type { Layout } from "./layout.ts";

export interface Ran {
  code: number;
  output: string;
  error: string;
}

/** Programs of the machine: systemctl and its kin. Tests pass their own. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<Ran>;

const programMsMax = 90_000;
/** What a shell gives when there is no such program, or it may not be run: inside a hardened unit nothing may. */
const notFound = 127;

export const runProgram: RunProgram = async (program, args) => {
  try {
    const child = Bun.spawn([program, ...args], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: programMsMax,
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", SYSTEMD_PAGER: "", SYSTEMD_COLORS: "0", TZ: "UTC" },
    });
    const [output, error, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { code, output, error };
  } catch (error) {
    return { code: notFound, output: "", error: error instanceof Error ? error.message : String(error) };
  }
};

/** @throws {Failure} settings, with what the program said */
export async function mustRun(run: RunProgram, program: string, args: readonly string[]): Promise<string> {
  const { code, output, error } = await run(program, args);
  if (code === 0) return output;
  const said = (error.trim() || output.trim() || "nothing").split("\n").slice(-5).join("\n");
  throw new Failure("settings", `\`${[program, ...args].join(" ")}\` ended with ${code}: ${said}`, {
    code: "system_program_failed",
    subject: program,
  });
}

export function hasSystemd(): boolean {
  return existsSync("/run/systemd/system");
}

export interface Ids {
  uid: number;
  gid: number;
}

/** From the tree's own passwd file; null: there is no such user. */
export function idsOf(user: string, { passwd }: Pick<Layout, "passwd">): Ids | null {
  const line = linesOf(passwd).find((text) => text.startsWith(`${user}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}

export function userName(uid: number, { passwd }: Pick<Layout, "passwd">): string {
  const line = linesOf(passwd).find((text) => text.split(":")[2] === String(uid));
  return line?.split(":")[0] ?? String(uid);
}

function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
}

/** `systemctl show` of several units: a block of NAME=value lines each, in the order asked for. */
export async function showUnits(
  run: RunProgram,
  units: readonly string[],
  properties: readonly string[],
): Promise<Map<string, Record<string, string>> | null> {
  if (units.length === 0) return new Map();
  const { code, output } = await run("systemctl", [
    "show",
    "--timestamp=unix",
    `--property=${["Id", ...properties].join(",")}`,
    ...units,
  ]);
  if (code !== 0) return null;
  const blocks = output
    .trim()
    .split(/\n\n+/)
    .map((block) => Object.fromEntries(block.split("\n").map(assignment)));
  return new Map(blocks.map((block) => [block.Id ?? "", block]));
}

function assignment(line: string): [string, string] {
  const at = line.indexOf("=");
  return [line.slice(0, at), line.slice(at + 1)];
}

/** `@1767225600`, or `Thu 2026-01-01 00:00:00 UTC` where systemctl knows no other form; null: never. */
export function unixMs(text: string | undefined): number | null {
  const seconds = /^@(\d+)/.exec(text ?? "")?.[1];
  if (seconds !== undefined) return seconds === "0" ? null : Number(seconds) * 1000;
  const [, date, time] = /^\w+ (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/.exec(text ?? "") ?? [];
  return date === undefined ? null : Date.parse(`${date}T${time}Z`);
}
