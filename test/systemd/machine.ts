import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** What was brought onto the machine, as if by scp: the executable alone. */
export const uploaded = "/t/ami-workers";
export const installed = "/usr/local/bin/ami-workers";
export const envFile = "/etc/ami-workers/.env";

export interface Ended {
  code: number;
  output: string;
  error: string;
}

/** Runs as root unless `user` says otherwise. Nothing of the tests' environment gets through. */
export async function run(argv: readonly string[], { user }: { user?: string } = {}): Promise<Ended> {
  const command = user === undefined ? argv : ["runuser", "-u", user, "--", ...argv];
  const child = Bun.spawn([...command], {
    cwd: "/",
    env: { PATH: "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", SYSTEMD_COLORS: "0" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 300_000,
  });
  const [output, error, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, output, error };
}

/** The output of what has to work. */
export async function must(...argv: string[]): Promise<string> {
  const { code, output, error } = await run(argv);
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}:\n${output}\n${error}`);
  return output;
}

export async function property(unit: string, name: string): Promise<string> {
  return (await must("systemctl", "show", `--property=${name}`, "--value", unit)).trim();
}

export async function waitFor(what: string, isThere: () => boolean | Promise<boolean>, msMax = 180_000): Promise<void> {
  const untilMs = Date.now() + msMax;
  while (Date.now() < untilMs) {
    if (await isThere()) return;
    await Bun.sleep(100);
  }
  throw new Error(`${what}: not within ${msMax / 1000} s`);
}

export interface Finding {
  group: string;
  name: string;
  status: string;
  found: string;
  fix: string | null;
}

/** Doctor's findings by name, `timers/enabled`. */
export async function doctor(
  ...argv: string[]
): Promise<{ code: number; findings: Map<string, Finding>; text: string }> {
  const { code, output, error } = await run([installed, "doctor", "--json", ...argv]);
  const { checks } = JSON.parse(output) as { checks: Finding[] };
  return {
    code,
    findings: new Map(checks.map((check) => [`${check.group}/${check.name}`, check])),
    text: `${output}\n${error}`,
  };
}

/** What `systemctl edit` would write. */
export async function dropIn(unit: string, text: string): Promise<void> {
  const path = `/etc/systemd/system/${unit}.d/override.conf`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  await must("systemctl", "daemon-reload");
}

export async function noDropIn(unit: string): Promise<void> {
  await must("rm", "-rf", `/etc/systemd/system/${unit}.d`);
  await must("systemctl", "daemon-reload");
}

/** Sets variables of the server's settings; null takes one away. */
export function setSettings(values: Record<string, string | null>): void {
  const kept = readFileSync(envFile, "utf8")
    .split("\n")
    .filter((line) => !Object.keys(values).some((name) => line.startsWith(`${name}=`)));
  const set = Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]));
  writeFileSync(envFile, `${[...kept.filter((line) => line !== ""), ...set].join("\n")}\n`);
}

/** A failure in a container is hard to look into afterwards: what the journal had at its end goes with it. */
export async function keepJournal(name: string): Promise<void> {
  const { output } = await run(["journalctl", "--no-pager", "-o", "short-precise", "-n", "2000"]);
  appendFileSync(`/results/${name}`, output);
}

export function isThere(path: string): boolean {
  return existsSync(path);
}

/** `640 root ami-worker` */
export async function accessOf(path: string): Promise<string> {
  return (await must("stat", "--format=%a %U %G", path)).trim();
}
