import type { LogFields, LogLevel } from "../context.ts";
import { generous, type Limits, loggable, readable, sparing } from "./log-value.ts";
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

/** For a person: local time, level, event, `field=value`; then, on lines of their own, what happened, what to do, and stacks. */
export function prettyLine(line: LogLine, { redactor, color }: { redactor: Redactor; color: boolean }): string {
  const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[39m` : text);
  const { message, hint, ...fields } = loggable(line.fields, redactor, readable) as Record<string, unknown>;
  const shown: string[] = [];
  const below = [message, hint].filter((text) => typeof text === "string").map(indented);
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (hasStack(value)) below.push(paint(faint, indented(stackText(value))));
    else shown.push(`${paint(faint, `${name}=`)}${fieldText(value)}`);
  }
  const time = paint(faint, localTime(line.timestampMs));
  const level = paint(levelColors[line.level], line.level.padEnd(levelWidth));
  return `${eraseLine}${[[time, level, line.event, ...shown].join(" "), ...below].join("\n")}\n`;
}

function fieldText(value: unknown): string {
  if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

interface WithStack {
  stack: string;
  cause?: unknown;
}

function hasStack(value: unknown): value is WithStack {
  return typeof value === "object" && value !== null && "stack" in value && typeof value.stack === "string";
}

function stackText({ stack, cause }: WithStack): string {
  return hasStack(cause) ? `${stack}\ncaused by ${stackText(cause)}` : stack;
}

function indented(text: string): string {
  return text.replace(/^/gm, "    ");
}

function localTime(timestampMs: number): string {
  const date = new Date(timestampMs);
  const part = (value: number) => String(value).padStart(2, "0");
  return `${part(date.getHours())}:${part(date.getMinutes())}:${part(date.getSeconds())}`;
}
