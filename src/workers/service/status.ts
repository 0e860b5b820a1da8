import { existsSync } from "node:fs";
import type { Context } from "../../context.ts";
import { renderTable } from "../../operation/table.ts";
import { commit, version } from "../../version.ts";
import type { Command } from "../worker.ts";
import type { StatusArgs } from "./command.ts";
import { type Layout, layoutOf, unitPrefix } from "./layout.ts";
import { releaseOf, releasesIn } from "./releases.ts";
import { type RunProgram, runProgram, showUnits, unixMs } from "./system.ts";
import { commandsWithUnits } from "./wanted.ts";

export interface UnitStatus {
  name: string;
  /** Null: it has no timer. */
  timer: "enabled" | "disabled" | null;
  /** It is at work. */
  running: boolean;
  lastAtMs: number | null;
  nextAtMs: number | null;
  /** systemd's word for how the last run ended: `success`, `exit-code`, `timeout`. */
  result: string;
}

export interface ServiceStatus {
  installed: boolean;
  current: string | null;
  previous: string | null;
  releases: string[];
  units: UnitStatus[];
}

export async function showStatus(args: StatusArgs, context: Context): Promise<number> {
  const { commands } = await import("../index.ts");
  const status = await statusOf(layoutOf(), commands, runProgram);
  const { terminal } = context;
  if (args.json) {
    terminal.write(`${JSON.stringify(toJson(status))}\n`);
  } else if (!status.installed) {
    terminal.write("Not installed on this machine. `sudo ./ami-workers service install` does it.\n");
  } else {
    terminal.write(render(status, context));
  }
  return status.installed ? 0 : 1;
}

export async function statusOf(layout: Layout, commands: readonly Command[], run: RunProgram): Promise<ServiceStatus> {
  const names = commandsWithUnits(commands).map(({ name }) => name);
  const properties = ["Result", "ActiveState", "UnitFileState", "ExecMainStartTimestamp", "NextElapseUSecRealtime"];
  const units = names.flatMap((name) => [`${unitPrefix}${name}.service`, `${unitPrefix}${name}.timer`]);
  const shown = (await showUnits(run, units, [...properties, "LastTriggerUSec", "LoadState"])) ?? new Map();
  return {
    installed: existsSync(layout.current),
    current: releaseOf(layout.current),
    previous: releaseOf(layout.previous),
    releases: releasesIn(layout),
    units: names.map((name) => {
      const service: Record<string, string> = shown.get(`${unitPrefix}${name}.service`) ?? {};
      const timer: Record<string, string> = shown.get(`${unitPrefix}${name}.timer`) ?? {};
      const hasTimer = timer.LoadState === "loaded";
      return {
        name,
        timer: hasTimer ? (timer.UnitFileState === "enabled" ? "enabled" : "disabled") : null,
        running: service.ActiveState === "activating",
        lastAtMs: unixMs(service.ExecMainStartTimestamp) ?? unixMs(timer.LastTriggerUSec),
        nextAtMs: unixMs(timer.NextElapseUSecRealtime),
        result: service.Result ?? "unknown",
      };
    }),
  };
}

function toJson({ units, ...status }: ServiceStatus) {
  const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return {
    v: 1,
    version,
    commit,
    ...status,
    units: units.map(({ lastAtMs, nextAtMs, ...unit }) => ({
      ...unit,
      last_at: time(lastAtMs),
      next_at: time(nextAtMs),
    })),
  };
}

function render({ current, previous, units }: ServiceStatus, { terminal, clock }: Context): string {
  const nowMs = clock.nowMs();
  const rows = units.map(({ name, timer, running, lastAtMs, nextAtMs, result }) => {
    const timerText = timer ?? "none";
    return [
      name,
      { text: timerText, color: timer === "disabled" ? ("yellow" as const) : ("faint" as const) },
      lastAtMs === null ? "never" : `${span(nowMs - lastAtMs)} ago`,
      running ? "running" : lastAtMs === null ? "-" : result,
      nextAtMs === null ? "-" : `in ${span(nextAtMs - nowMs)}`,
    ];
  });
  const columns = ["UNIT", "TIMER", "LAST RUN", "RESULT", "NEXT RUN"].map((title) => ({ title }));
  return `${current ?? "no release"} is installed${previous === null ? "" : `, before it ${previous}`}\n\n${renderTable({ columns, rows }, terminal)}\nMore: ami-workers doctor; journalctl -u '${unitPrefix}*'\n`;
}

function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
