import { lstatSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../../config.ts";
import { onServer, unitPrefix } from "../../service/layout.ts";
import { showUnits, unixMs } from "../../service/system.ts";
import { commandsWithUnits, type WantedTimer, wantedOf } from "../../service/wanted.ts";
import {
  type Check,
  type DoctorTools,
  fail,
  notInstalled,
  type Outcome,
  ok,
  skip,
  warn,
  withConfig,
} from "../check.ts";
import { durationText } from "./buffer.ts";

const install = "sudo ami-workers service install";
const unasked = skip("systemd cannot be asked from here: call doctor as root, outside of a unit");

function onServerOnly(run: (config: Config, tools: DoctorTools) => Promise<Outcome>): Check["run"] {
  return withConfig((config, tools) => (tools.installed ? run(config, tools) : notInstalled));
}

async function timersOf(config: Config, { commands }: DoctorTools): Promise<WantedTimer[]> {
  return (await wantedOf(config, commands, onServer)).timers;
}

const enabled: Check = {
  group: "timers",
  name: "enabled",
  title: "the timers run that the settings ask for, and no others",
  run: onServerOnly(async (config, tools) => {
    const wanted = await timersOf(config, tools);
    const names = wanted.map(({ unit }) => unit);
    const states = await showUnits(tools.run, names, ["UnitFileState", "ActiveState"]);
    const wrong = wanted.flatMap(({ unit, enabled: asked }) => {
      const linked = lstatSync(join(tools.layout.wants, unit), { throwIfNoEntry: false }) !== undefined;
      const state = states?.get(unit);
      const file = state?.UnitFileState ?? (linked ? "enabled" : "disabled");
      const active = state?.ActiveState ?? (linked ? "active" : "inactive");
      const runs = file === "enabled" && active === "active";
      if (asked && !runs) return [`${unit} is ${file || "missing"} and ${active}`];
      return !asked && active === "active" ? [`${unit} runs though the settings say no`] : [];
    });
    if (wrong.length > 0) return fail(wrong.join(", "), install);
    const off = wanted.filter((timer) => !timer.enabled).map(({ unit }) => unit);
    const count = wanted.length - off.length;
    return ok(`${count} enabled${off.length > 0 ? `, off by the settings: ${off.join(", ")}` : ""}`);
  }),
};

const next: Check = {
  group: "timers",
  name: "next",
  title: "every timer knows when it elapses next",
  run: onServerOnly(async (config, tools) => {
    const wanted = (await timersOf(config, tools)).filter((timer) => timer.enabled).map(({ unit }) => unit);
    const states = await showUnits(tools.run, wanted, ["NextElapseUSecRealtime", "ActiveState", "SubState"]);
    if (states === null) return unasked;
    const nowMs = tools.context.clock.nowMs();
    const lost: string[] = [];
    const coming: { unit: string; inMs: number }[] = [];
    for (const unit of wanted) {
      const { NextElapseUSecRealtime: text, SubState: sub } = states.get(unit) ?? {};
      const atMs = unixMs(text);
      if (atMs !== null) coming.push({ unit, inMs: atMs - nowMs });
      else if (sub !== "running") lost.push(unit); // while its service runs, a timer waits for it
    }
    if (lost.length > 0) {
      return fail(`${lost.join(", ")} will never elapse`, `systemd-analyze verify ${lost[0]}; ${install}`);
    }
    const [soonest] = coming.toSorted((first, second) => first.inMs - second.inMs);
    if (soonest === undefined) return ok("their services are at work");
    return ok(`${soonest.unit} in ${durationText(soonest.inMs)}`);
  }),
};

/** Late by more than a whole interval: systemd was off, or the timer was. */
const triggered: Check = {
  group: "timers",
  name: "triggered",
  title: "timers elapsed when they should",
  run: onServerOnly(async (config, tools) => {
    const nowMs = tools.context.clock.nowMs();
    const late: string[] = [];
    let newestMs = 0;
    for (const { name, units } of commandsWithUnits(tools.commands)) {
      const schedule = units.schedule?.(config);
      if (schedule === undefined || !schedule.enabled) continue;
      const stamp = join(tools.layout.timerStamps, `stamp-${unitPrefix}${name}.timer`);
      const stat = statSync(stamp, { throwIfNoEntry: false });
      if (stat === undefined) continue;
      newestMs = Math.max(newestMs, stat.mtimeMs);
      const ageMs = nowMs - stat.mtimeMs;
      if (ageMs > 2 * schedule.intervalMinutes * 60_000 + lateMsMax) late.push(`${name} ${durationText(ageMs)} ago`);
    }
    if (late.length > 0) return fail(`last elapsed: ${late.join(", ")}`, "systemctl list-timers 'ami-workers-*'");
    if (newestMs === 0) return ok("none has elapsed yet");
    return ok(`the last one ${durationText(nowMs - newestMs)} ago`);
  }),
};
/** A run may take ten minutes, and the timer waits for it. */
const lateMsMax = 15 * 60_000;

const results: Check = {
  group: "timers",
  name: "results",
  title: "the last run of every unit ended well",
  run: onServerOnly(async (_config, tools) => {
    const units = commandsWithUnits(tools.commands)
      .map(({ name }) => `${unitPrefix}${name}.service`)
      .filter((unit) => unit !== `${unitPrefix}doctor.service`); // it would find itself
    const states = await showUnits(tools.run, units, ["Result", "ActiveState", "ExecMainStatus"]);
    if (states === null) return unasked;
    const failing = units.flatMap((unit) => {
      const { Result: result, ExecMainStatus: code } = states.get(unit) ?? {};
      if (result === undefined || result === "success") return [];
      return [`${unit} (${result}${code === "0" ? "" : `, exit code ${code}`})`];
    });
    if (failing.length === 0) return ok("each did, or has not run yet");
    const [first = ""] = failing;
    return warn(failing.join(", "), `journalctl -u ${first.split(" ")[0]} -n 30`);
  }),
};

export const timerChecks: readonly Check[] = [enabled, next, triggered, results];
