import type { VariableName } from "../config/variables.ts";
import type { Config } from "../config.ts";
import type { Context } from "../context.ts";
import type { ArgDefs, ArgValues } from "./arguments.ts";

export type { ArgDefs, ArgValues } from "./arguments.ts";

/** Options that every command has. */
export const globalArgs = {
  envFile: { type: "string", valueHint: "file", description: "Read settings from this file too (also: AMI_ENV_FILE)" },
  json: { type: "boolean", description: "Write the result as one JSON object" },
  logLevel: {
    type: "enum",
    options: ["debug", "info", "warning", "error", "critical"],
    description: "The least serious line that is logged (also: LOG_LEVEL)",
  },
  noColor: { type: "boolean", description: "No colors (also: NO_COLOR)" },
  help: { type: "boolean", alias: "h", description: "Show this" },
} as const satisfies ArgDefs;

/** systemd stops a unit after 600 seconds; until then there is time to end well. */
const deadlineSecondsDefault = 540;

/** Options that every worker has. */
export const workerArgs = {
  dryRun: { type: "boolean", description: "Do everything but change nothing: no delivery, no file, no log file" },
  lockWait: {
    type: "integer",
    valueHint: "seconds",
    min: 0,
    max: 86_400,
    default: 0,
    description: "Wait this long for another run to end, instead of giving up at once",
  },
  deadline: {
    type: "integer",
    valueHint: "seconds",
    min: 0,
    max: 86_400,
    default: deadlineSecondsDefault,
    description: "Stop cleanly after this long; the next run goes on. 0: never",
  },
} as const satisfies ArgDefs;

export type GlobalArgs = ArgValues<typeof globalArgs>;
export type WorkerArgs = ArgValues<typeof workerArgs> & GlobalArgs;

/** What every command says of itself: `--help` is made of it. */
interface Described<A extends ArgDefs> {
  /** On the command line: `import-trades`. */
  name: string;
  /** One line, no full stop. */
  summary: string;
  args: A;
  examples: readonly Example[];
  /** What exit codes mean here, besides those of every command (0, 64, 70, 78). */
  exits?: Readonly<Record<number, string>>;
  /** Variables that it reads. */
  environment: readonly VariableName[];
  /** What `service install` puts on a server for it; absent: it is only called by people. */
  units?: CommandUnits;
}

export interface Example {
  command: string;
  does: string;
}

/** systemd's units of a command: `units/<name>.service`, and `.timer` where it runs by the clock. */
export interface CommandUnits {
  /** The files' texts, imported late: only `service` and `doctor` want them. */
  load: () => Promise<UnitTexts>;
  /** Where the configuration has a say in the timer; otherwise it is enabled and elapses as its file says. */
  schedule?: (config: Config) => Schedule;
}

export interface UnitTexts {
  service: string;
  timer?: string;
}

export interface Schedule {
  enabled: boolean;
  intervalMinutes: number;
  /** Minutes after midnight of the first run, so that workers do not all begin with the hour. */
  offsetMinutes: number;
}

/** A cycle: it gets a checked configuration and a log file, and has a deadline. */
export interface WorkerSpec<A extends ArgDefs> extends Described<A> {
  /** In logs, locks, metrics and the platform's reports: `trade_importer`. */
  worker: string;
  /**
   * Whatever is heavy (arktype, ccxt) is imported in here, not at the top: `--help` loads every command. Returns when all is
   * done; throws a Failure for an exit code of its own. When `context.signal` is aborted it finishes what is in hand and
   * returns, or throws the signal's reason.
   */
  run: (args: ArgValues<A> & WorkerArgs, config: Config, context: Context) => Promise<void>;
}

/** A command that is no cycle, and that reads the configuration itself where it needs any. */
export interface ToolSpec<A extends ArgDefs> extends Described<A> {
  /** Returns the exit code: what a check finds is its result, not a failure. */
  run: (args: ArgValues<A> & GlobalArgs, context: Context) => Promise<number>;
}

/** A command whose arguments have been checked against `args`, which only it knows the types of. */
export type Command = Worker | Tool | Group;
type Shown = Required<Omit<Described<ArgDefs>, "units">> & Pick<Described<ArgDefs>, "units">;
export type Worker = Shown & {
  kind: "worker";
  worker: string;
  run: (args: WorkerArgs, config: Config, context: Context) => Promise<void>;
};
export type Tool = Shown & { kind: "tool"; run: (args: GlobalArgs, context: Context) => Promise<number> };
export type Group = { kind: "group"; name: string; summary: string; commands: readonly Command[] };

/** One of the program's cycles; `src/workers/index.ts` lists them. */
export function defineWorker<const A extends ArgDefs>(spec: WorkerSpec<A>): Worker {
  const args = { ...spec.args, ...workerArgs, ...globalArgs };
  // The shell passes what `args` let through, so the cast only takes up what parseArguments has proven.
  return { exits: {}, ...spec, args, kind: "worker", run: spec.run as Worker["run"] };
}

export function defineTool<const A extends ArgDefs>(spec: ToolSpec<A>): Tool {
  return { exits: {}, ...spec, args: { ...spec.args, ...globalArgs }, kind: "tool", run: spec.run as Tool["run"] };
}

/** Commands under a common name: `config validate`, `config show`. */
export function defineGroup(spec: Omit<Group, "kind">): Group {
  return { ...spec, kind: "group" };
}
