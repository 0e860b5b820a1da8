import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BufferState } from "../../src/delivery/buffer-state.ts";
import { conditionNames } from "../../src/operation/conditions.ts";
import { renderMetrics } from "../../src/operation/metrics.ts";
import { noAccounts, noExecutions, type RunStatus } from "../../src/operation/run-status.ts";
import { flushBufferCommand } from "../../src/workers/flush-buffer/command.ts";

const readme = readFileSync(join(import.meta.dir, "../../README.md"), "utf8");
const rows = (title: string) => {
  const [, ...after] = readme.split(title);
  const lines = after.join(title).split("\n");
  const first = lines.findIndex((line) => line.startsWith("| --- |"));
  return lines.slice(
    first + 1,
    lines.findIndex((line, index) => index > first && !line.startsWith("|")),
  );
};

test("README's table of alerts has every condition, once", () => {
  const named = rows("**What an alert means.**").map((row) => /^\| `(\w+)` \|/.exec(row)?.[1] ?? row);
  expect(named).toEqual([...conditionNames, "unit_failed"]);
});

test("README's table of metrics has every metric, with its type", () => {
  const status: RunStatus = {
    worker: "trade_importer",
    version: "1",
    runId: "r",
    startedAtMs: 0,
    finishedAtMs: 0,
    durationMs: 0,
    exitCode: 0,
    error: null,
    firstRunAtMs: 0,
    lastSuccessAtMs: 0,
    failuresInARow: 0,
    accounts: noAccounts,
    executions: noExecutions,
    total: { ...noExecutions, runs: 1 },
  };
  const totals = { files: 0, bytes: 0 };
  const limits = { filesMax: 1, bytesMax: 1, freeBytesMin: 1 };
  const counts = { ...totals, oldestAgeMs: 0, failed: 0, quarantined: 0, unreadable: 0 };
  const buffer: BufferState = { ...counts, totals, limits, freeBytes: 1, full: null };
  const written = renderMetrics({ status, buffer, alerts: [] });
  const types = [...written.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  const told = rows("**Metrics.**").flatMap((row) => {
    const [, names = "", type = ""] = row.split("|").map((cell) => cell.trim());
    return names.split(", ").map((name) => `${name.replaceAll("`", "")} ${type}`);
  });
  expect(told).toEqual(types);
});

test("README's table of flush-buffer has every option of its own", () => {
  const told = rows("**What waits on disk**").join("\n");
  const options = Object.keys(flushBufferCommand.args).map((name) =>
    name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  );
  const everywhere = ["deadline", "env-file", "log-level", "no-color", "help"];
  expect(options.filter((option) => !told.includes(`--${option}`))).toEqual(everywhere);
  expect(options.length).toBeGreaterThan(4);
});
