import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Context } from "../../../src/context.ts";
import type { Check } from "../../../src/workers/doctor/check.ts";
import { checks as allChecks } from "../../../src/workers/doctor/checks.ts";
import { examine, type Finding } from "../../../src/workers/doctor/run.ts";
import { commands } from "../../../src/workers/index.ts";
import { installWith } from "../../../src/workers/service/install.ts";
import { layoutOf } from "../../../src/workers/service/layout.ts";
import type { RunProgram } from "../../../src/workers/service/system.ts";
import { fakeContext, fakeSystem, installArgs, makeExecutable } from "../service/fakes.ts";

export interface Patient {
  /** A tree that is the machine's; empty unless something is installed there. */
  root: string;
  environment?: Record<string, string>;
  context?: Partial<Context>;
  run?: RunProgram;
  uid?: number;
  offline?: boolean;
  checks?: readonly Check[];
}

const noProgram: RunProgram = async () => ({ code: 127, output: "", error: "" });

export async function examined(only: string, patient: Patient): Promise<Finding[]> {
  const { root, environment = {}, run = noProgram, uid = 0, offline = false, checks = allChecks } = patient;
  const context = fakeContext({ environment, ...patient.context });
  return await examine(
    { input: { environment }, offline, only: only === "" ? [] : [only] },
    { layout: layoutOf(root), run, uid, commands, checks },
    context,
  );
}

/** The one finding of a check. */
export async function look(check: string, patient: Patient): Promise<Pick<Finding, "status" | "found" | "fix">> {
  const [finding, ...others] = await examined(check, patient);
  if (finding === undefined || others.length > 0) throw new Error(`${check} is not one check`);
  const { status, found, fix } = finding;
  return { status, found, fix };
}

/** `service install` into the tree, with folders inside of it. */
export async function installIn(root: string, settings: Record<string, string> = {}): Promise<void> {
  const layout = layoutOf(root);
  const given = { DATA_DIR: layout.data, LOG_DIR: layout.logs, ...settings };
  place(
    root,
    "etc/ami-workers/.env",
    Object.entries(given)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
  await installWith({ ...installArgs, root }, fakeContext(), {
    commands,
    run: fakeSystem(root).run,
    executable: makeExecutable(root, "uploaded"),
    uid: 0,
    systemd: true,
    doctor: async () => [],
  });
}

export function place(root: string, path: string, text: string, mode = 0o644): void {
  const full = join(root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  chmodSync(full, mode);
}
