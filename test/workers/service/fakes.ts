import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../../../src/context.ts";
import type { InstallArgs, UninstallArgs } from "../../../src/workers/service/command.ts";
import type { Ran, RunProgram } from "../../../src/workers/service/system.ts";
import { type FakeTerminal, fakeClock, fakeTerminal } from "../../operation/fakes.ts";

export interface Logged {
  level: string;
  event: string;
  fields: Record<string, unknown>;
}

export interface FakeContext extends Context {
  terminal: FakeTerminal;
  logged: Logged[];
}

/** A world without a network that remembers what is logged and written. */
export function fakeContext(changes: Partial<Context> = {}): FakeContext {
  const logged: Logged[] = [];
  const log =
    (level: string) =>
    (event: string, fields: Record<string, unknown> = {}) =>
      void logged.push({ level, event, fields });
  return {
    // Nobody's time is ever up, unless a test says so.
    clock: { ...fakeClock(), sleep: () => new Promise(() => undefined) },
    random: () => 0.5,
    uuid: () => "00000000-0000-7000-8000-000000000000",
    fetch: async () => {
      throw new Error("there is no network");
    },
    log: {
      debug: log("debug"),
      info: log("info"),
      warning: log("warning"),
      error: log("error"),
      critical: log("critical"),
    },
    signal: new AbortController().signal,
    environment: {},
    ...changes,
    terminal: fakeTerminal(),
    logged,
  };
}

export interface FakeSystem {
  run: RunProgram;
  /** Every call as one line. */
  calls: string[];
}

/** Programs that do what systemd's would, as far as the files of a tree show it. */
export function fakeSystem(root: string, answers: Record<string, Partial<Ran>> = {}): FakeSystem {
  const calls: string[] = [];
  return {
    calls,
    async run(program, args) {
      const line = [program, ...args].join(" ");
      calls.push(line);
      const answer = Object.entries(answers).find(([start]) => line.startsWith(start))?.[1];
      if (answer !== undefined) return { code: 0, output: "", error: "", ...answer };
      if (program === "systemd-sysusers") {
        mkdirSync(join(root, "etc"), { recursive: true });
        writeFileSync(
          join(root, "etc/passwd"),
          "root:x:0:0::/root:/bin/sh\nami-worker:x:990:991::/:/usr/sbin/nologin\n",
        );
        writeFileSync(join(root, "etc/group"), "root:x:0:\nami-worker:x:991:\n");
      }
      if (line.includes(" enable ")) {
        const wants = join(root, "etc/systemd/system/timers.target.wants");
        mkdirSync(wants, { recursive: true });
        writeFileSync(join(wants, args.at(-1) ?? ""), "");
      }
      return { code: 0, output: "", error: "" };
    },
  };
}

export const installArgs: InstallArgs = {
  dryRun: false,
  root: undefined,
  skipDoctor: true,
  envFile: undefined,
  json: false,
  logLevel: undefined,
  noColor: false,
  help: false,
};

export const uninstallArgs: UninstallArgs = { ...installArgs, purge: false };

/** Something to install, with a content of its own. */
export function makeExecutable(folder: string, name: string): string {
  const path = join(folder, name);
  writeFileSync(path, `executable ${name}`);
  chmodSync(path, 0o755);
  return path;
}
