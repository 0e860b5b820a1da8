import type { Clock, Context, Fetch, Log } from "../context.ts";
import { exitCodeBug, exitCodes, Failure, type FailureKind, messageOf } from "../errors.ts";
import { networkOf, refuseDangerousEnvironment } from "../operation/environment.ts";
import { type LogOptions, type OpenLog, openLog } from "../operation/log.ts";
import type { Redactor } from "../operation/redaction.ts";
import { Stop } from "../operation/stop.ts";
import type { RealTerminal } from "../operation/terminal.ts";
import { parseArguments } from "./arguments.ts";
import { inputOf } from "./config/input.ts";
import { findCommand } from "./find-command.ts";
import type { Command, GlobalArgs, Worker, WorkerArgs } from "./worker.ts";

/** The process as main.ts finds it; tests pass their own. */
export interface World {
  environment: Readonly<Record<string, string | undefined>>;
  terminal: RealTerminal;
  /** Whether standard error is systemd's journal. */
  journal: boolean;
  redactor: Redactor;
  clock: Clock;
  random: () => number;
  uuid: () => string;
  fetch: Fetch;
  /** Aborted with a Stop by SIGTERM and SIGINT. */
  signal: AbortSignal;
  /** Ends the process, come what may, so long from now; null: not at all. */
  armWatchdog: (ms: number | null) => void;
  /** The log of now: where an error is told that belongs to no command. */
  onLog: (log: Log) => void;
}

/** After the deadline a worker has this long for what is in hand. */
const endingMs = 45_000;

/** Does what the command line says and returns the exit code: the only place where an error becomes one. */
export async function runCommandLine(
  argv: readonly string[],
  commands: readonly Command[],
  world: World,
): Promise<number> {
  const run = startRun(world);
  try {
    refuseDangerousEnvironment(world.environment);
    const found = findCommand(argv, commands);
    if (found.kind === "help") {
      const { helpOf } = await import("./help.ts");
      return showHelp(await helpOf(found), found.asked, run);
    }
    const { command } = found;
    const args = parseArguments(found.argv, command.args) as WorkerArgs;
    applyGlobalArgs(args, run);
    const code =
      command.kind === "worker" ? await runWorker(command, args, run) : await command.run(args, contextOf(run));
    return run.signal.aborted ? tellStop(run) : code;
  } catch (error) {
    return run.signal.aborted && error === run.signal.reason ? tellStop(run) : tellError(error, run);
  } finally {
    run.log.close();
  }
}

/** What there is to speak with, from the first error on; it grows as the command line and the configuration are understood. */
interface Run {
  world: World;
  terminal: RealTerminal;
  log: OpenLog;
  args: Partial<GlobalArgs>;
  signal: AbortSignal;
}

function startRun(world: World): Run {
  const clean = (write: (text: string) => void) => (text: string) => write(world.redactor.text(text));
  const { terminal } = world;
  const guarded = { ...terminal, write: clean(terminal.write), writeError: clean(terminal.writeError) };
  const run: Run = { world, terminal: guarded, args: {}, signal: world.signal, log: noLog };
  setLog(run, { worker: "ami_workers", level: "info", dir: null });
  return run;
}

const ignore = () => undefined;
const noLog: OpenLog = { debug: ignore, info: ignore, warning: ignore, error: ignore, critical: ignore, close: ignore };

function setLog(run: Run, options: Pick<LogOptions, "worker" | "level" | "dir" | "shownLevel">): void {
  const { terminal, world } = run;
  run.log = openLog({
    ...options,
    style: styleOf(run),
    terminal: { color: terminal.colorError, writeError: terminal.writeError },
    clock: world.clock,
    redactor: world.redactor,
    invocationId: world.environment.INVOCATION_ID,
  });
  world.onLog(run.log);
}

function styleOf({ world, terminal }: Run): "journal" | "pretty" | "json" {
  if (world.journal) return "journal";
  return terminal.interactiveError ? "pretty" : "json";
}

function applyGlobalArgs(args: GlobalArgs, run: Run): void {
  run.args = args;
  if (args.noColor) run.terminal = { ...run.terminal, color: false, colorError: false };
  setLog(run, { worker: "ami_workers", level: args.logLevel ?? "info", dir: null });
}

function showHelp(text: string, asked: boolean, { terminal }: Run): number {
  const write = asked ? terminal.write : terminal.writeError;
  const color = asked ? terminal.color : terminal.colorError;
  // citty colors by the environment alone, and pads the last column, too
  write(color ? text : Bun.stripANSI(text).replace(/ +$/gm, ""));
  return asked ? 0 : exitCodes.usage;
}

async function runWorker(worker: Worker, args: WorkerArgs, run: Run): Promise<number> {
  const { world } = run;
  const { loadConfig } = await import("../config.ts"); // and arktype with it
  const { config, warnings } = loadConfig(inputOf(args, world.environment));
  world.redactor.register(config.secrets);
  const { level } = config.log;
  // In a terminal a worker shows progress and its result: lines that say the same would only stand between them.
  const watched = styleOf(run) === "pretty" && run.terminal.interactive && config.sources.LOG_LEVEL.kind === "default";
  const dir = args.dryRun ? null : config.log.dir;
  setLog(run, { worker: worker.worker, level, dir, ...(watched && { shownLevel: "warning" }) });
  for (const { variable, source, message, hint } of warnings) {
    run.log.warning("configuration_warning", { variable, source, message, hint });
  }
  const ended = new AbortController();
  try {
    run.signal = AbortSignal.any([world.signal, deadlineSignal(args.deadline * 1000, ended.signal, world)]);
    await worker.run(args, config, contextOf(run));
    return 0;
  } finally {
    ended.abort();
  }
}

/** Aborted with a Stop when the time is up; the watchdog waits a little longer. */
function deadlineSignal(deadlineMs: number, ended: AbortSignal, { clock, armWatchdog }: World): AbortSignal {
  const deadline = new AbortController();
  if (deadlineMs === 0) {
    armWatchdog(null);
  } else {
    armWatchdog(deadlineMs + endingMs);
    clock.sleep(deadlineMs, ended).then(() => deadline.abort(new Stop("deadline")), ignore);
  }
  return deadline.signal;
}

function contextOf({ world, terminal, log, signal }: Run): Context {
  const { clock, random, uuid, environment } = world;
  const fetch = networkOf(environment, log, world.fetch);
  return { clock, random, uuid, environment, terminal, log, keepSecret: world.redactor.keep, signal, fetch };
}

/**
 * Stopped in good order, so it is done as far as it was asked to. On a terminal the shell wants to know of the signal; for
 * systemd anything but 0 would be a failure, and every deploy and reboot would send mail.
 */
function tellStop({ signal, log, terminal }: Run): number {
  const by = signal.reason instanceof Stop ? signal.reason.by : "SIGTERM";
  const watched = terminal.interactive || terminal.interactiveError === true;
  log[watched ? "warning" : "info"]("run_stopped", { by }); // whoever watches must see that it is not all
  if (by === "deadline" || !watched) return 0;
  return by === "SIGINT" ? 130 : 143;
}

const failureLevels: Record<FailureKind, "warning" | "error" | "critical"> = {
  some: "error",
  most: "error",
  usage: "error",
  data: "error",
  unavailable: "error",
  disk: "critical",
  busy: "warning",
  refused: "critical",
  settings: "critical",
};

function tellError(error: unknown, run: Run): number {
  const { log, terminal } = run;
  if (!(error instanceof Failure)) {
    log.error("worker_crashed", { message: messageOf(error), error });
    tellJson({ code: exitCodeBug, kind: "bug", message: messageOf(error) }, run);
    return exitCodeBug;
  }
  const { kind, message, detail, cause } = error;
  if (kind === "usage" && styleOf(run) !== "journal") {
    terminal.writeError(`ami-workers: ${message}${detail.hint === undefined ? "" : ` ${detail.hint}`}\n`);
  } else {
    log[failureLevels[kind]]("worker_failed", { kind, message, ...detail, cause });
  }
  tellJson({ code: exitCodes[kind], kind, message, hint: detail.hint }, run);
  return exitCodes[kind];
}

/** Whoever reads `--json` gets one object also when nothing came of it. */
function tellJson(exit: { code: number; kind: string; message: string; hint?: string | undefined }, run: Run): void {
  if (!run.args.json || run.terminal.hasWritten()) return;
  run.terminal.write(`${JSON.stringify({ type: "exit_error", ...exit })}\n`);
}
