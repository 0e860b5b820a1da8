import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");

/** How long the first test that needs the executable may wait for it on a slow machine. */
export const buildMsMax = 120_000;

declare global {
  var builtExecutable: Promise<string> | undefined;
}

/**
 * The executable, built once a test run with the flags of scripts/build. AMI_EXECUTABLE names one that is there already:
 * what was built for release can be tested as it is.
 */
export function executable(): Promise<string> {
  globalThis.builtExecutable ??= process.env.AMI_EXECUTABLE ? Promise.resolve(process.env.AMI_EXECUTABLE) : buildInto();
  return globalThis.builtExecutable;
}

async function buildInto(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "ami-workers-executable-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "ami-workers");
  await build(path);
  return path;
}

export async function build(path: string): Promise<void> {
  const builder = Bun.spawn([process.execPath, join(root, "scripts/build.ts"), path], {
    stdout: "ignore",
    stderr: "pipe",
  });
  const [code, errors] = await Promise.all([builder.exited, new Response(builder.stderr).text()]);
  if (code !== 0) throw new Error(`scripts/build.ts failed:\n${errors}`);
}

export interface Run {
  cwd: string;
  /** All of it: nothing of the environment of the tests gets through. */
  environment?: Record<string, string>;
}

export interface Ended {
  code: number;
  output: string;
  error: string;
  /** The JSON lines of standard error. */
  lines: Record<string, unknown>[];
}

export async function start(argv: readonly string[], { cwd, environment = {} }: Run) {
  const child = Bun.spawn([await executable(), ...argv], {
    cwd,
    env: { PATH: "/usr/bin:/bin", ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const ended = async (): Promise<Ended> => {
    const { code, output, error } = await outcomeOf(child);
    const lines = error.split("\n").filter((line) => line.startsWith("{"));
    return { code, output, error, lines: lines.map((line) => JSON.parse(line)) };
  };
  return { child, ended };
}

/** All that it said, when it has ended. */
export async function outcomeOf(child: Bun.Subprocess<"ignore", "pipe", "pipe">) {
  const [code, output, error] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code, output, error };
}

export async function run(argv: readonly string[], options: Run): Promise<Ended> {
  return (await start(argv, options)).ended();
}

/** Sends it again and again until the process has ended: two that come close together are one, to the kernel as to Bun. */
export async function killUntilEnded(child: Bun.Subprocess, signal: "SIGTERM" | "SIGINT"): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    child.kill(signal);
    await Bun.sleep(50);
  }
}
