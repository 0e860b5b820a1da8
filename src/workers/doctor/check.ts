import type { Config, ConfigReport } from "../../config.ts";
import type { Context } from "../../context.ts";
import type { Layout } from "../service/layout.ts";
import type { RunProgram } from "../service/system.ts";
import type { Command } from "../worker.ts";
import type { AccountsAnswer, PlatformAnswer } from "./platform.ts";

export const groups = [
  "configuration",
  "platform",
  "clock",
  "brokers",
  "disk",
  "buffer",
  "workers",
  "timers",
  "files",
  "alerts",
  "host",
] as const;
export type GroupName = (typeof groups)[number];

/** `skip`: it could not be asked here; the reason says why. `crash`: the check itself broke. */
export const statuses = ["ok", "warn", "fail", "skip", "crash"] as const;
export type Status = (typeof statuses)[number];

export interface Outcome {
  status: Exclude<Status, "crash">;
  /** What was found, in one line. */
  found: string;
  /** The command or step that mends it. */
  fix?: string;
}

export interface Check {
  group: GroupName;
  /** Unique within its group: `buffer/files`. */
  name: string;
  /** What it looks at. */
  title: string;
  /** It asks the network: left out by `--offline`. */
  online?: boolean;
  /** It takes its time, by itself: left out by `--offline`, which answers at once. */
  slow?: boolean;
  run: (tools: DoctorTools) => Outcome | Promise<Outcome>;
}

/** What checks may ask. None of them changes anything. */
export interface DoctorTools {
  context: Context;
  report: ConfigReport;
  /** Null: it has problems, and what depends on it is skipped. */
  config: Config | null;
  /** The file that the settings come from, where one is known. */
  envFile: string | null;
  layout: Layout;
  /** `service install` has been here. */
  installed: boolean;
  commands: readonly Command[];
  run: RunProgram;
  uid: number;
  /** Asked once for all that want to know. */
  platform: () => Promise<PlatformAnswer>;
  /** Null: the platform gave no answer, or there is none. Asked once, too. */
  accounts: () => Promise<AccountsAnswer | null>;
}

export const ok = (found: string): Outcome => ({ status: "ok", found });
export const skip = (found: string): Outcome => ({ status: "skip", found });
export const warn = (found: string, fix: string): Outcome => ({ status: "warn", found, fix });
export const fail = (found: string, fix: string): Outcome => ({ status: "fail", found, fix });

/** The worst of several findings, each of one check. */
export function worst(outcomes: readonly Outcome[], whenNone: Outcome): Outcome {
  for (const status of ["fail", "warn"] as const) {
    const some = outcomes.filter((outcome) => outcome.status === status);
    const [first] = some;
    if (first !== undefined) return { ...first, found: some.map(({ found }) => found).join("; ") };
  }
  return outcomes[0] ?? whenNone;
}

export const notInstalled = skip("not installed on this machine (`service install` has not run)");
export const noConfig = skip("the configuration is not valid");

/** Runs what needs a configuration. */
export function withConfig(
  run: (config: Config, tools: DoctorTools) => Outcome | Promise<Outcome>,
): (tools: DoctorTools) => Outcome | Promise<Outcome> {
  return (tools) => (tools.config === null ? noConfig : run(tools.config, tools));
}
