import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import type { Config } from "../../../config.ts";
import { readHolder } from "../../../operation/lock.ts";
import { readRunStatus, runStatusPath } from "../../../operation/run-status.ts";
import { unitPrefix, workerUser } from "../../service/layout.ts";
import type { Command, Worker } from "../../worker.ts";
import { type Check, type DoctorTools, fail, type Outcome, ok, skip, warn, withConfig, worst } from "../check.ts";
import { durationText } from "./buffer.ts";

const minuteMs = 60_000;
/** A run may take ten minutes, and a deploy or a restart may fall into it. */
const lateMsMax = 15 * minuteMs;
/** systemd ends a run after ten minutes. */
const lockMsMax = 20 * minuteMs;

function scheduled(commands: readonly Command[], config: Config) {
  return commands.flatMap((command) => {
    const schedule = command.kind === "worker" ? command.units?.schedule?.(config) : undefined;
    return command.kind === "worker" && schedule !== undefined ? [{ worker: command, schedule }] : [];
  });
}

const success: Check = {
  group: "workers",
  name: "success",
  title: "each worker came to its end within two of its intervals",
  run: withConfig((config, tools) => {
    const outcomes = scheduled(tools.commands, config).map(({ worker, schedule }) =>
      schedule.enabled
        ? judge(worker, schedule.intervalMinutes, config, tools)
        : skip(`${worker.name} is off by the settings`),
    );
    const all = outcomes.map(({ found }) => found).join("; ");
    const bad = worst(outcomes, skip("there is no worker"));
    if (bad.status === "fail" || bad.status === "warn") return bad;
    return outcomes.some(({ status }) => status === "ok") ? ok(all) : skip(all);
  }),
};

function judge(
  { name, worker }: Worker,
  intervalMinutes: number,
  { dataDir }: Config,
  { installed, context }: DoctorTools,
): Outcome {
  const folder = resolve(dataDir);
  const status = readRunStatus(folder, worker);
  const journal = `journalctl -u ${unitPrefix}${name} -n 30`;
  if (status === null) {
    if (!existsSync(runStatusPath(folder, worker))) return ok(`${name} has not run yet`);
    return warn(`${runStatusPath(folder, worker)} cannot be read`, `call doctor as root or as ${workerUser}`);
  }
  const { lastSuccessAtMs, firstRunAtMs, failuresInARow, exitCode, error } = status;
  const quietMs = context.clock.nowMs() - (lastSuccessAtMs ?? firstRunAtMs);
  const last = lastSuccessAtMs === null ? "never" : `${durationText(quietMs)} ago`;
  const failing =
    failuresInARow === 0
      ? ""
      : `, since then ${failuresInARow} failed, the last with ${exitCode}: ${error?.message ?? ""}`;
  const text = `${name}: last success ${last}${failing}`;
  const late = quietMs > 2 * intervalMinutes * minuteMs + lateMsMax;
  if (late && installed) return fail(text, journal);
  return failuresInARow > 0 ? warn(text, journal) : ok(text);
}

const lock: Check = {
  group: "workers",
  name: "lock",
  title: "no run holds its lock for longer than a run may last",
  run: withConfig((config, { commands, context }) => {
    const workers = commands.filter((command) => command.kind === "worker");
    const outcomes = workers.flatMap(({ worker }): Outcome[] => {
      const holder = readHolder(join(resolve(config.dataDir), `${worker}.lock.json`));
      if (holder === null || holder.host !== hostname() || !isOurs(holder.pid)) return [];
      const heldMs = context.clock.nowMs() - holder.sinceMs;
      const text = `${worker} is at work since ${durationText(heldMs)} (process ${holder.pid})`;
      return [heldMs > lockMsMax ? warn(text, `sudo kill ${holder.pid}: it ends in good order`) : ok(text)];
    });
    return worst(outcomes, ok("nothing is at work"));
  }),
};

/** A killed run leaves its name behind; its number may be another program's by now. */
function isOurs(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("ami-workers");
  } catch {
    return false; // it is gone
  }
}

export const workerChecks: readonly Check[] = [success, lock];
