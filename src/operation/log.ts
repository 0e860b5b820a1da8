import { type ConsolaReporter, createConsola } from "consola/core";
import type { Clock, Log, LogFields, LogLevel, Terminal } from "../context.ts";
import { createLogFile } from "./log-file.ts";
import { jsonLine, type LogLine, prettyLine } from "./log-line.ts";
import type { Redactor } from "./redaction.ts";

export interface LogOptions {
  /** As the plan calls it, `trade_importer`: stands in every line and names the file. */
  worker: string;
  level: LogLevel;
  /** What standard error shows at least, where that is less than the file gets: a person in a terminal sees the result itself. */
  shownLevel?: LogLevel;
  /** Folder of `<worker>.log`; null: no file (dry runs, commands that only show). */
  dir: string | null;
  /** What standard error is: a person's terminal, systemd's journal, or anything else. */
  style: "pretty" | "journal" | "json";
  clock: Pick<Clock, "nowMs">;
  terminal: Pick<Terminal, "writeError" | "color">;
  redactor: Redactor;
  /** systemd's INVOCATION_ID: finds a line of the file again in the journal. */
  invocationId?: string | undefined;
}

export interface OpenLog extends Log {
  close: () => void;
}

/** journald cuts a line at 48 KiB (LineMax), and the `<N>` prefix and the line end count. */
export const journalLineBytesMax = 48 * 1024 - 16;
const fileLineBytesMax = 1_048_576;

const levels: readonly LogLevel[] = ["debug", "info", "warning", "error", "critical"];
/** syslog(3). */
const priorities: Record<LogLevel, number> = { debug: 7, info: 6, warning: 4, error: 3, critical: 2 };
const consolaTypes = { debug: "debug", info: "info", warning: "warn", error: "error", critical: "fatal" } as const;

export function openLog(options: LogOptions): OpenLog {
  const { worker, level: levelMin, dir, clock, redactor, invocationId } = options;
  const toStandardError = standardErrorWriter(options);
  const file = dir === null ? null : createLogFile({ dir, name: `${worker}.log`, onFailure: fileFailed });
  const consola = createConsola({
    level: Number.POSITIVE_INFINITY, // filtered below: consola has one number for error and critical
    throttle: Number.NEGATIVE_INFINITY, // it would drop lines that come twice
    reporters: [reporter((line) => isAtLeast(line.level, options.shownLevel ?? levelMin) && toStandardError(line))],
  });
  if (file) {
    const extra = invocationId ? { invocation_id: invocationId } : {};
    consola.addReporter(
      reporter((line) => {
        const fields = { ...line.fields, ...extra };
        file.write(`${jsonLine({ ...line, fields }, { redactor, bytesMax: fileLineBytesMax })}\n`);
      }),
    );
  }

  function fileFailed(path: string, error: unknown): void {
    const fields = { path, error, hint: "Check LOG_DIR: does it exist, may this user write there, is the disk full?" };
    toStandardError({ timestampMs: clock.nowMs(), level: "warning", worker, event: "log_file_unwritable", fields });
  }

  const write =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}) => {
      if (!isAtLeast(level, levelMin)) return;
      const line: LogLine = { timestampMs: clock.nowMs(), level, worker, event, fields };
      consola[consolaTypes[level]](event, line);
    };
  return {
    debug: write("debug"),
    info: write("info"),
    warning: write("warning"),
    error: write("error"),
    critical: write("critical"),
    close: () => file?.close(),
  };
}

function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return levels.indexOf(level) >= levels.indexOf(least);
}

/** consola hands on what it was called with: the event, and the line. */
function reporter(write: (line: LogLine) => unknown): ConsolaReporter {
  return { log: ({ args }) => write(args[1] as LogLine) };
}

function standardErrorWriter({ style, terminal, redactor }: LogOptions): (line: LogLine) => void {
  switch (style) {
    case "pretty":
      return (line) => terminal.writeError(prettyLine(line, { redactor, color: terminal.color }));
    case "json":
      return (line) => terminal.writeError(`${jsonLine(line, { redactor, bytesMax: journalLineBytesMax })}\n`);
    case "journal":
      return (line) => {
        const json = jsonLine(line, { redactor, bytesMax: journalLineBytesMax });
        terminal.writeError(`<${priorities[line.level]}>${json}\n`);
      };
  }
}
