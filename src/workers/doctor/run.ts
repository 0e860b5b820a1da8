import { existsSync } from "node:fs";
import { join } from "node:path";
import { type ConfigInput, checkConfig } from "../../config.ts";
import type { Context } from "../../context.ts";
import { messageOf } from "../../errors.ts";
import { suggest } from "../../operation/suggestion.ts";
import { type Layout, layoutOf } from "../service/layout.ts";
import { type RunProgram, runProgram } from "../service/system.ts";
import type { Command } from "../worker.ts";
import type { Check, DoctorTools, GroupName, Status } from "./check.ts";
import { checks as allChecks } from "./checks.ts";
import { type AccountsAnswer, askAccounts, askPlatform, type PlatformAnswer } from "./platform.ts";

export interface DoctorOptions {
  input: ConfigInput;
  offline: boolean;
  /** Groups, or checks as `buffer/files`; empty: all. */
  only: readonly string[];
}

export interface Finding {
  group: GroupName;
  name: string;
  status: Status;
  found: string;
  fix: string | null;
  durationMs: number;
}

/** The parts of the machine that a test replaces. */
export interface Machine {
  layout: Layout;
  run: RunProgram;
  uid: number;
  commands: readonly Command[];
  checks: readonly Check[];
}

/** Longer than any one request may take; the whole of it ends soon after, since checks run side by side. */
const checkMsMax = 10_000;

export async function ownMachine(): Promise<Machine> {
  const { commands } = await import("../index.ts");
  return { layout: layoutOf(), run: runProgram, uid: process.getuid?.() ?? -1, commands, checks: allChecks };
}

/** All findings, in the order of the list. Each check is alone: one that breaks or hangs leaves the others as they are. */
export async function examine(options: DoctorOptions, machine: Machine, context: Context): Promise<Finding[]> {
  const chosen = choose(machine.checks, options);
  const tools = toolsOf(options, machine, context);
  const findings = new Map<Check, Finding>();
  const look = async (check: Check) => void findings.set(check, await examineOne(check, tools));
  // Others are asked side by side; what is done here comes afterwards, so that their answers do not wait for it.
  await Promise.all(chosen.filter(({ online }) => online).map(look));
  for (const check of chosen) if (!check.online) await look(check);
  return chosen.flatMap((check) => findings.get(check) ?? []);
}

/** Where the settings are: where the command line or the environment says, else in the server's file. */
export function envFileOf({ envFile, environment }: ConfigInput, layout: Layout): string | undefined {
  if (envFile !== undefined) return envFile;
  const { AMI_ENV_FILE: named, CREDENTIALS_DIRECTORY: credentials } = environment;
  if (named || (credentials && existsSync(join(credentials, "env")))) return undefined;
  return existsSync(layout.current) ? layout.envFile : undefined;
}

function toolsOf(options: DoctorOptions, machine: Machine, context: Context): DoctorTools {
  const { input } = options;
  const { layout, run, uid, commands } = machine;
  const installed = existsSync(layout.current);
  const envFile = envFileOf(input, layout);
  const report = checkConfig({ ...input, envFile });
  const { config } = report;
  let answer: Promise<PlatformAnswer> | null = null;
  let accounts: Promise<AccountsAnswer | null> | null = null;
  const platform = () => {
    if (config === null) throw new Error("the platform is asked without a configuration");
    answer ??= askPlatform(config, context);
    return answer;
  };
  return {
    context,
    report,
    config,
    envFile: installed ? layout.envFile : (envFile ?? input.environment.AMI_ENV_FILE ?? null),
    layout,
    installed,
    commands,
    run,
    uid,
    platform,
    accounts() {
      accounts ??= platform().then((given) => (given.kind === "answer" ? askAccounts(given) : null));
      return accounts;
    },
  };
}

/** @throws {RangeError} a name that nothing has */
export function choose(checks: readonly Check[], { only, offline }: Pick<DoctorOptions, "only" | "offline">): Check[] {
  const wanted = only.flatMap((text) => text.split(",")).map((text) => text.trim());
  const names = (check: Check) => [check.group, nameOf(check)];
  for (const name of wanted) {
    const known = new Set(checks.flatMap(names));
    if (known.has(name)) continue;
    const meant = suggest(name, known);
    throw new RangeError(
      `There is no check ${JSON.stringify(name)}.${meant === null ? " --list names all." : ` Did you mean ${meant}?`}`,
    );
  }
  return checks
    .filter((check) => wanted.length === 0 || names(check).some((name) => wanted.includes(name)))
    .filter(({ online, slow }) => !(offline && (online || slow)));
}

export function nameOf({ group, name }: Pick<Check, "group" | "name">): string {
  return `${group}/${name}`;
}

async function examineOne(check: Check, tools: DoctorTools): Promise<Finding> {
  const { clock } = tools.context;
  const startMs = clock.monotonicMs();
  const { group, name } = check;
  const done = (status: Status, found: string, fix: string | null): Finding => {
    return { group, name, status, found, fix, durationMs: Math.round(clock.monotonicMs() - startMs) };
  };
  const ended = new AbortController();
  const limit = clock.sleep(checkMsMax, ended.signal).then(
    () =>
      done(
        "fail",
        `it did not come to an end within ${checkMsMax / 1000} s`,
        `ami-workers doctor --only ${nameOf(check)}`,
      ),
    () => done("skip", "it was stopped", null), // nobody waits for it any more
  );
  try {
    const own = (async () => {
      const { status, found, fix } = await check.run(tools);
      return done(status, found, fix ?? null);
    })();
    return await Promise.race([own, limit]);
  } catch (error) {
    const fix = "This is a bug of the check itself: please report it.";
    return done("crash", `${error instanceof Error ? error.name : "error"}: ${messageOf(error)}`, fix);
  } finally {
    ended.abort();
  }
}
