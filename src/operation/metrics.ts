import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { BufferState } from "../delivery/buffer-state.ts";
import { abandonedIn } from "../delivery/durable.ts";
import type { RunStatus } from "./run-status.ts";

/** node_exporter runs as another user. */
const fileMode = 0o644;
const folderMode = 0o755;

interface Metric {
  name: string;
  type: "gauge" | "counter";
  help: string;
  samples: readonly (readonly [labels: Record<string, string>, value: number])[];
}

export interface MetricsInput {
  status: RunStatus;
  buffer: BufferState | null;
  /** Names of alerts that are on. */
  alerts: readonly string[];
}

/** One file a worker, for node_exporter's textfile collector. Written whole: it is read at any moment. @throws the system's error */
export function writeMetrics(folder: string, input: MetricsInput): void {
  const path = join(folder, `ami_workers_${input.status.worker}.prom`);
  const beside = `${path}.${process.pid}.tmp`; // the collector reads *.prom alone
  mkdirSync(folder, { recursive: true, mode: folderMode });
  try {
    writeFileSync(beside, renderMetrics(input), { mode: fileMode });
    chmodSync(beside, fileMode); // a unit's UMask=0077 would keep the collector out
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  for (const name of abandonedIn(folder, input.status.finishedAtMs)) {
    if (name.startsWith(`${basename(path)}.`)) rmSync(join(folder, name), { force: true });
  }
}

export function renderMetrics(input: MetricsInput): string {
  const metrics = [...runMetrics(input), ...(input.buffer === null ? [] : bufferMetrics(input.buffer, input.status))];
  return metrics.map(renderMetric).join("");
}

function runMetrics({ status, alerts }: MetricsInput): Metric[] {
  const { worker, version, accounts, executions, total } = status;
  const one = (value: number) => [[{ worker }, value]] as const;
  const by = (label: string, counts: object) =>
    Object.entries(counts).map(([name, value]) => [{ worker, [label]: name }, Number(value)] as const);
  const { runs, ...totals } = total;
  return [
    gauge("ami_info", "What runs", [[{ worker, version }, 1]]),
    gauge("ami_last_run_timestamp_seconds", "When the last run ended", one(status.finishedAtMs / 1_000)),
    gauge(
      "ami_last_success_timestamp_seconds",
      "When a run came to its end last; 0: never",
      one((status.lastSuccessAtMs ?? 0) / 1_000),
    ),
    gauge("ami_last_run_duration_seconds", "How long the last run took", one(status.durationMs / 1_000)),
    gauge("ami_last_run_exit_code", "Exit code of the last run", one(status.exitCode)),
    gauge("ami_failures_in_a_row", "Runs that failed since the last success", one(status.failuresInARow)),
    gauge("ami_accounts", "Accounts of the last run by result", by("result", accounts)),
    gauge("ami_executions", "Executions of the last run by result", by("result", executions)),
    { ...gauge("ami_executions_total", "Executions of all runs by result", by("result", totals)), type: "counter" },
    { ...gauge("ami_runs_total", "Runs", one(runs)), type: "counter" },
    gauge("ami_alerts", "Alerts that are on", [
      [{ worker, alert: "any" }, alerts.length],
      ...alerts.map((alert) => [{ worker, alert }, 1] as const),
    ]),
  ];
}

function bufferMetrics(buffer: BufferState, { worker }: RunStatus): Metric[] {
  const one = (value: number) => [[{ worker }, value]] as const;
  return [
    gauge("ami_buffer_files", "Batches that wait for the platform", one(buffer.files)),
    gauge("ami_buffer_bytes", "Bytes of these", one(buffer.bytes)),
    gauge("ami_buffer_oldest_seconds", "How long the oldest of these waits", one(buffer.oldestAgeMs / 1_000)),
    gauge("ami_buffer_failed", "Batches that wait for a person", one(buffer.failed)),
    gauge("ami_buffer_quarantined", "Files that were set aside as damaged", one(buffer.quarantined)),
    gauge("ami_buffer_unreadable", "Files that the worker cannot read", one(buffer.unreadable)),
    gauge("ami_buffer_full", "1: nothing more is fetched", one(buffer.full === null ? 0 : 1)),
    ...(buffer.freeBytes === null
      ? []
      : [gauge("ami_disk_free_bytes", "Bytes left on the buffer's disk", one(buffer.freeBytes))]),
  ];
}

function gauge(name: string, help: string, samples: Metric["samples"]): Metric {
  return { name, type: "gauge", help, samples };
}

function renderMetric({ name, type, help, samples }: Metric): string {
  const lines = samples.map(([labels, value]) => `${name}{${renderLabels(labels)}} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function renderLabels(labels: Record<string, string>): string {
  const escaped = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(",");
}
