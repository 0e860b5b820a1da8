/** The outside world as the code sees it. Tests pass their own, so that time, chance and network are exact. */
export interface Context {
  clock: Clock;
  /** In [0, 1). */
  random: () => number;
  /** A new UUID (version 7: it sorts by time). */
  uuid: () => string;
  fetch: Fetch;
  log: Log;
  /** Until the returned function is called, none of these appears in what is logged, whoever throws it. Absent: in tests that log nothing. */
  keepSecret?: (secrets: readonly string[]) => () => void;
  /** Aborted by SIGTERM, SIGINT or the cycle's deadline: finish what is in hand, start nothing new. */
  signal: AbortSignal;
  environment: Readonly<Record<string, string | undefined>>;
  terminal: Terminal;
}

export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  nowMs: () => number;
  /** Milliseconds that never go back, for durations. */
  monotonicMs: () => number;
  /** Rejects with the signal's reason when it is aborted first. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface Terminal {
  /** Standard output is a terminal: tables and progress are shown. */
  interactive: boolean;
  /** Standard error is a terminal too: progress is shown. Absent: as `interactive`. */
  interactiveError?: boolean;
  color: boolean;
  columns: number;
  /** Standard output: results only. */
  write: (text: string) => void;
  /** Standard error: progress, and log lines. */
  writeError: (text: string) => void;
}

export type LogLevel = "debug" | "info" | "warning" | "error" | "critical";

export interface Log {
  /** `event` is snake_case; what varies stands in the fields, never in the event. */
  debug: (event: string, fields?: LogFields) => void;
  info: (event: string, fields?: LogFields) => void;
  /** Odd, nothing lost. */
  warning: (event: string, fields?: LogFields) => void;
  /** Something failed after its retries. */
  error: (event: string, fields?: LogFields) => void;
  /** The worker cannot go on and a person is needed. */
  critical: (event: string, fields?: LogFields) => void;
}

export type LogFields = Record<string, unknown>;
