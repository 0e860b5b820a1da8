import type { Terminal } from "../context.ts";

export interface TerminalOptions {
  environment: Readonly<Record<string, string | undefined>>;
  /** `--no-color`. */
  color: boolean;
  output: Stream;
  error: Stream;
}

/** What is used of `process.stdout`. */
export interface Stream {
  isTTY?: boolean | undefined;
  columns?: number | undefined;
  write: (text: string, done: () => void) => unknown;
  on: (event: "error", listener: (error: Error) => void) => unknown;
}

export interface RealTerminal extends Terminal {
  interactiveError: boolean;
  /** Colors on standard error, which may be a terminal where standard output is none. */
  colorError: boolean;
  /** Whether standard output got anything. */
  hasWritten: () => boolean;
  /** Whether all that was written has left the process: a pipe's reader may be slow, and an early exit would cut it. */
  isFlushed: () => boolean;
  /** Why standard output did not take all: the disk that it goes to is full. Null: it did, or its reader went away. */
  outputError: () => Error | null;
}

const columnsDefault = 80;

export function openTerminal({ environment, color, output, error }: TerminalOptions): RealTerminal {
  const wanted = color && !environment.NO_COLOR && environment.TERM !== "dumb";
  const forced = color && environment.FORCE_COLOR !== undefined && !/^(0|false|)$/.test(environment.FORCE_COLOR);
  const colorOn = (stream: Stream) => forced || (wanted && stream.isTTY === true);
  const toOutput = untilClosed(output);
  const toError = untilClosed(error);
  let written = false;
  return {
    interactive: output.isTTY === true,
    interactiveError: error.isTTY === true,
    color: colorOn(output),
    colorError: colorOn(error),
    columns: output.columns || error.columns || columnsDefault,
    write(text) {
      written = true;
      toOutput.write(text);
    },
    writeError: toError.write,
    hasWritten: () => written,
    isFlushed: () => toOutput.isFlushed() && toError.isFlushed(),
    outputError: toOutput.failure,
  };
}

interface Output {
  write: (text: string) => void;
  isFlushed: () => boolean;
  failure: () => Error | null;
}

/** `| head` closes its end early: the run goes on without an audience. */
function untilClosed(stream: Stream): Output {
  let closed = false;
  let failure: Error | null = null;
  let underway = 0; // Bun's writableLength says 0 all the time
  stream.on("error", (error) => {
    closed = true;
    if (!("code" in error && error.code === "EPIPE")) failure ??= error;
  });
  return {
    write(text) {
      if (closed) return;
      underway++;
      stream.write(text, () => {
        underway--;
      });
    },
    isFlushed: () => closed || underway === 0,
    failure: () => failure,
  };
}
