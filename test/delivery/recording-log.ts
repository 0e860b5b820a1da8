import type { Log, LogFields } from "../../src/context.ts";

export interface RecordingLog extends Log {
  lines: { level: string; event: string; fields: LogFields }[];
  events: () => string[];
}

export function recordingLog(): RecordingLog {
  const lines: RecordingLog["lines"] = [];
  const at =
    (level: string) =>
    (event: string, fields: LogFields = {}) => {
      lines.push({ level, event, fields });
    };
  return {
    lines,
    events: () => lines.map(({ event }) => event),
    debug: at("debug"),
    info: at("info"),
    warning: at("warning"),
    error: at("error"),
    critical: at("critical"),
  };
}
