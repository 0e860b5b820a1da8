import type { Fetch, Log } from "./context.ts";
import { exitCodeBug, exitCodes, messageOf } from "./errors.ts";
import { systemClock } from "./operation/clock.ts";
import { isJournal } from "./operation/environment.ts";
import { createRedactor } from "./operation/redaction.ts";
import { Stop } from "./operation/stop.ts";
import { openTerminal, type RealTerminal } from "./operation/terminal.ts";
import { commands } from "./workers/index.ts";
import { runCommandLine } from "./workers/shell.ts";
import type { Command } from "./workers/worker.ts";

const standardError = 2;
/** Commands without a deadline of their own. */
const watchdogMs = 600_000;
/** What is still open after the work is done, a socket that the other side keeps alive, may keep the process so long. */
const lingerMs = 1_000;
const outputTurnsMax = 1_000;
const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const;

/** The real world around one command line. Returns its exit code; the process then ends by itself, so that no output is cut. */
export async function runProcess(argv: readonly string[], list: readonly Command[] = commands): Promise<number> {
  const { env: environment } = process;
  const color = !argv.includes("--no-color");
  const terminal = openTerminal({ environment, color, output: process.stdout, error: process.stderr });
  let log: Log | null = null;
  const bugs = watchForBugs((event, error) => log?.critical(event, { message: messageOf(error), error }));
  const watchdog = createWatchdog(() => log?.critical("watchdog_ended_the_process"));
  watchdog.arm(watchdogMs);
  const code = await runCommandLine(argv, list, {
    environment,
    terminal,
    journal: isJournal(environment, standardError),
    redactor: createRedactor(),
    clock: systemClock,
    random: Math.random,
    uuid: () => Bun.randomUUIDv7(),
    fetch: globalThis.fetch as Fetch,
    signal: stopSignal(),
    armWatchdog: watchdog.arm,
    onLog(newest) {
      log = newest;
    },
  });
  watchdog.arm(null);
  const exitCodeNow = () => endCode(bugs.seen() ? exitCodeBug : code, terminal);
  await outputTaken(terminal);
  const error = terminal.outputError();
  if (error !== null) (log as Log | null)?.critical("output_unwritable", { message: messageOf(error), error });
  endSoon(exitCodeNow, terminal);
  return exitCodeNow();
}

/** The first signal asks for an end in good order, the second one gets an end. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(128 + signalNumbers[name]);
      stop.abort(new Stop(name));
    });
  }
  return stop.signal;
}

/** What no `await` has caught. The run goes on, since others' accounts are at work, but it does not end well. */
function watchForBugs(tell: (event: string, error: unknown) => void): { seen: () => boolean } {
  let seen = false;
  process.on("unhandledRejection", (error) => {
    seen = true;
    tell("unhandled_rejection", error);
  });
  process.on("uncaughtException", (error) => {
    tell("uncaught_exception", error);
    process.exitCode = exitCodeBug;
    setTimeout(() => process.exit(exitCodeBug), 100); // the line is on its way
  });
  return { seen: () => seen };
}

/** Bun waits for ever on a top-level await that nothing settles; systemd would wait ten minutes. */
function createWatchdog(tell: () => void): { arm: (ms: number | null) => void } {
  let timer: Timer | undefined;
  return {
    arm(ms) {
      clearTimeout(timer);
      if (ms === null) return;
      timer = setTimeout(() => {
        tell();
        setTimeout(() => process.exit(exitCodeBug), 100);
      }, ms);
      timer.unref();
    },
  };
}

/** A result that nobody can read is none, whatever else went well. */
function endCode(code: number, { outputError }: RealTerminal): number {
  return code === 0 && outputError() !== null ? exitCodes.disk : code;
}

/** What a full disk does not take shows when the write is through, which is at once for all but a slow reader of a pipe. */
async function outputTaken(terminal: RealTerminal): Promise<void> {
  for (let turns = 0; turns < outputTurnsMax && !terminal.isFlushed(); turns++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => setImmediate(resolve)); // an error is told after the write that it is of
}

/** Ends what lingers, but only once all output is out. */
function endSoon(exitCode: () => number, terminal: RealTerminal): void {
  setTimeout(() => {
    if (terminal.isFlushed()) process.exit(exitCode());
    endSoon(exitCode, terminal);
  }, lingerMs).unref();
}
