import type { LogFields, LogLevel } from "../context.ts";
import { generous, type Limits, loggable, sparing } from "./log-value.ts";
import type { Redactor } from "./redaction.ts";

export interface LogLine {
  timestampMs: number;
  level: LogLevel;
  worker: string;
  event: string;
  fields: LogFields;
}

const reserved = new Set(["timestamp", "level", "worker", "event"]);

/** The plan's form, 4.1: timestamp, level, worker, event, then the fields as they were given. Never longer than `bytesMax`. */
export function jsonLine(line: LogLine, { redactor, bytesMax }: { redactor: Redactor; bytesMax: number }): string {
  const whole = JSON.stringify(lineObject(line, redactor, generous));
  if (Buffer.byteLength(whole) <= bytesMax) return whole;
  const shorter = JSON.stringify({ ...lineObject(line, redactor, sparing), truncated: true });
  if (Buffer.byteLength(shorter) <= bytesMax) return shorter;
  return JSON.stringify({ ...lineObject({ ...line, fields: {} }, redactor, sparing), truncated: true });
}

function lineObject(line: LogLine, redactor: Redactor, limits: Limits): Record<string, unknown> {
  const { timestampMs, level, worker, event } = line;
  const object: Record<string, unknown> = { timestamp: new Date(timestampMs).toISOString(), level, worker, event };
  const fields = loggable(line.fields, redactor, limits) as Record<string, unknown>;
  for (const [name, value] of Object.entries(fields)) object[reserved.has(name) ? `${name}_` : name] = value;
  return object;
}

const levelColors: Record<LogLevel, number> = { debug: 90, info: 36, warning: 33, error: 31, critical: 91 };
const levelWidth = "critical".length;
const faint = 90;
/** A progress line may stand where this one goes: back to its beginning, and away with it. */
const eraseLine = "\r\u001b[K";

/** For a person: local time, level, event, `field=value`; stacks on lines of their own. */
export function prettyLine(line: LogLine, { redactor, color }: { redactor: Redactor; color: boolean }): string {
  const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[39m` : text);
  const fields = loggable(line.fields, redactor, generous) as Record<string, unknown>;
  const stacks: string[] = [];
  const shown = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${paint(faint, `${name}=`)}${fieldText(value, stacks)}`);
  const time = paint(faint, localTime(line.timestampMs));
  const level = paint(levelColors[line.level], line.level.padEnd(levelWidth));
  const head = [time, level, line.event, ...shown].join(" ");
  return `${eraseLine}${[head, ...stacks.map((stack) => paint(faint, stack))].join("\n")}\n`;
}

function fieldText(value: unknown, stacks: string[]): string {
  if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  if (typeof value !== "object" || value === null) return String(value);
  if ("stack" in value && typeof value.stack === "string") {
    const { stack, ...rest } = value;
    stacks.push(indented(stack));
    return JSON.stringify(rest);
  }
  return JSON.stringify(value);
}

function indented(text: string): string {
  return text.replace(/^/gm, "    ");
}

function localTime(timestampMs: number): string {
  const date = new Date(timestampMs);
  const part = (value: number) => String(value).padStart(2, "0");
  return `${part(date.getHours())}:${part(date.getMinutes())}:${part(date.getSeconds())}`;
}
