import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeDurably } from "../delivery/durable.ts";

/** What the last run of a worker came to, for `doctor`, alerts and metrics: `DATA_DIR/<worker>.status.json`. */
export interface RunStatus {
  worker: string;
  version: string;
  runId: string;
  startedAtMs: number;
  finishedAtMs: number;
  /** By a clock that does not jump. */
  durationMs: number;
  exitCode: number;
  /** Of an exit code that is not 0. */
  error: { code: string; message: string } | null;
  /** Since when there are runs at all. */
  firstRunAtMs: number;
  /** When a run ended last that came to its end: some accounts may have failed, but not most. */
  lastSuccessAtMs: number | null;
  failuresInARow: number;
  /** Of the last run. */
  accounts: AccountCounts;
  executions: ExecutionCounts;
  /** Of all runs. */
  total: ExecutionCounts & { runs: number };
}

export interface AccountCounts {
  ok: number;
  partial: number;
  error: number;
  skipped: number;
}

export interface ExecutionCounts {
  created: number;
  duplicates: number;
  rejected: number;
}

export const noAccounts: AccountCounts = { ok: 0, partial: 0, error: 0, skipped: 0 };
export const noExecutions: ExecutionCounts = { created: 0, duplicates: 0, rejected: 0 };

const formatVersion = 1;

export function runStatusPath(dataDir: string, worker: string): string {
  return join(dataDir, `${worker}.status.json`);
}

/** @throws the system's error when it cannot be written */
export function writeRunStatus(dataDir: string, status: RunStatus): void {
  const { startedAtMs, finishedAtMs, firstRunAtMs, lastSuccessAtMs, ...rest } = status;
  const json = {
    v: formatVersion,
    ...rest,
    startedAt: text(startedAtMs),
    finishedAt: text(finishedAtMs),
    firstRunAt: text(firstRunAtMs),
    lastSuccessAt: lastSuccessAtMs === null ? null : text(lastSuccessAtMs),
  };
  mkdirSync(dataDir, { recursive: true, mode: 0o750 });
  writeDurably(runStatusPath(dataDir, status.worker), `${JSON.stringify(snakeCased(json), null, 2)}\n`);
}

/** Null: there was no run yet, or what it left cannot be used. */
export function readRunStatus(dataDir: string, worker: string): RunStatus | null {
  try {
    return toRunStatus(JSON.parse(readFileSync(runStatusPath(dataDir, worker), "utf8")));
  } catch {
    return null; // missing, not readable, or cut: as good as none
  }
}

function toRunStatus(value: unknown): RunStatus | null {
  const json = camelCased(value);
  if (!isObject(json) || json.v !== formatVersion) return null;
  const { startedAt, finishedAt, firstRunAt, lastSuccessAt, v: _, ...rest } = json;
  const times = { startedAtMs: ms(startedAt), finishedAtMs: ms(finishedAt), firstRunAtMs: ms(firstRunAt) };
  const lastSuccessAtMs = lastSuccessAt === null ? null : ms(lastSuccessAt);
  const status: Record<string, unknown> = { ...rest, ...times, lastSuccessAtMs };
  return isRunStatus(status) ? status : null;
}

function isRunStatus(value: Record<string, unknown>): value is Record<string, unknown> & RunStatus {
  const { accounts, executions, total, error } = value;
  const areNumbers = (object: unknown, ...names: string[]) =>
    isObject(object) && names.every((name) => Number.isFinite(object[name]));
  return (
    areNumbers(value, "startedAtMs", "finishedAtMs", "firstRunAtMs", "durationMs", "exitCode", "failuresInARow") &&
    (value.lastSuccessAtMs === null || Number.isFinite(value.lastSuccessAtMs)) &&
    areNumbers(accounts, "ok", "partial", "error", "skipped") &&
    areNumbers(executions, "created", "duplicates", "rejected") &&
    areNumbers(total, "created", "duplicates", "rejected", "runs") &&
    [value.worker, value.version, value.runId].every((field) => typeof field === "string") &&
    (error === null || (isObject(error) && typeof error.code === "string" && typeof error.message === "string"))
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

const text = (timeMs: number): string => new Date(timeMs).toISOString();
const ms = (time: unknown): number => (typeof time === "string" ? Date.parse(time) : Number.NaN);

/** On disk names are the plan's: snake_case. */
function snakeCased(value: unknown): unknown {
  return renamed(value, (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

function camelCased(value: unknown): unknown {
  return renamed(value, (name) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
}

function renamed(value: unknown, rename: (name: string) => string): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [rename(name), renamed(field, rename)]));
}
