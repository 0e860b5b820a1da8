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
  write: (text: string) => unknown;
  on: (event: "error", listener: (error: Error) => void) => unknown;
}

export interface RealTerminal extends Terminal {
  interactiveError: boolean;
  /** Colors on standard error, which may be a terminal where standard output is none. */
  colorError: boolean;
  /** Whether standard output got anything. */
  hasWritten: () => boolean;
}

const columnsDefault = 80;

export function openTerminal({ environment, color, output, error }: TerminalOptions): RealTerminal {
  const wanted = color && !environment.NO_COLOR && environment.TERM !== "dumb";
  const forced = color && environment.FORCE_COLOR !== undefined && !/^(0|false|)$/.test(environment.FORCE_COLOR);
  const colorOn = (stream: Stream) => forced || (wanted && stream.isTTY === true);
  const writeOutput = untilClosed(output);
  const writeError = untilClosed(error);
  let written = false;
  return {
    interactive: output.isTTY === true,
    interactiveError: error.isTTY === true,
    color: colorOn(output),
    colorError: colorOn(error),
    columns: output.columns || error.columns || columnsDefault,
    write(text) {
      written = true;
      writeOutput(text);
    },
    writeError,
    hasWritten: () => written,
  };
}

/** `| head` closes its end early: the run goes on without an audience. */
function untilClosed(stream: Stream): (text: string) => void {
  let closed = false;
  stream.on("error", () => {
    closed = true;
  });
  return (text) => {
    if (!closed) stream.write(text);
  };
}
