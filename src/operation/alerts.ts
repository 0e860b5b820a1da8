import { hostname } from "node:os";
import type { Clock, Log } from "../context.ts";
import { messageOf } from "../errors.ts";
import { type AlertState, type AlertStatePlace, readAlertState, type Told, writeAlertState } from "./alert-state.ts";
import type { Channel, Message } from "./channels.ts";
import { type Condition, type ConditionName, conditionNames, durationText, type Judgement } from "./conditions.ts";

const hourMs = 3_600_000;
/** What holds on is told again after this. */
export const reminderMs = 6 * hourMs;
/** What comes and goes is told once in this time. */
export const coolDownMs = hourMs;
/** Who cannot be told within this that it is over is not told any more. */
const overMsMax = 24 * hourMs;

export interface AlertTools {
  /** Kept across runs. */
  state: AlertStatePlace;
  worker: string;
  version: string;
  channels: readonly Channel[];
  clock: Pick<Clock, "nowMs">;
  log: Log;
  /** Secrets out of a text. */
  redact: (text: string) => string;
}

type Occasion = "begins" | "goes on" | "is over";

/** Nobody is told by this name but the log, so that a run without mail and webhook says it once, too. */
const logChannel = "log";

/**
 * Tells of what begins, of what goes on after some hours, and of what is over: each once, by each channel. What could not be told is
 * told by the next run. Never throws for a channel or the disk: an alert is no reason for a cycle to fail.
 * @returns the names of what holds now
 */
export async function tellAlerts({ judged, raised }: Judgement, tools: AlertTools): Promise<ConditionName[]> {
  const state = readAlertState(tools.state);
  const nowMs = tools.clock.nowMs();
  update(state, { judged, raised }, nowMs);
  const holding = new Map(raised.map((condition) => [condition.name, condition]));
  tellLog(state, holding, nowMs, tools);
  await Promise.all(tools.channels.map((channel) => tellAll(channel, state, holding, nowMs, tools)));
  forget(state, nowMs, tools);
  try {
    writeAlertState(tools.state, state);
  } catch (error) {
    tools.log.warning("alert_state_not_kept", { file: tools.state.name, message: messageOf(error) });
  }
  return conditionNames.filter((name) => state.get(name)?.overAtMs === null);
}

/** What was told before, and what this run found. */
function update(state: AlertState, { judged, raised }: Judgement, nowMs: number): void {
  for (const name of judged) {
    const condition = raised.find((other) => other.name === name);
    const told = state.get(name);
    if (condition === undefined) {
      if (told !== undefined) told.overAtMs ??= nowMs;
    } else if (told === undefined) {
      state.set(name, { sinceMs: nowMs, title: condition.title, overAtMs: null, toldAtMs: {}, overTold: [] });
    } else {
      if (told.overAtMs !== null) Object.assign(told, { sinceMs: nowMs, overAtMs: null, overTold: [] });
      told.title = condition.title;
    }
  }
}

/** What there is to say of a condition by one channel; null: nothing now. */
function occasionOf(channel: string, told: Told, nowMs: number): Occasion | null {
  const toldAtMs = told.toldAtMs[channel];
  if (told.overAtMs !== null) {
    return toldAtMs !== undefined && !told.overTold.includes(channel) ? "is over" : null;
  }
  if (toldAtMs === undefined) return "begins";
  const backMs = nowMs - toldAtMs;
  if (backMs < 0) return null; // the clock was set back
  if (toldAtMs < told.sinceMs) return backMs >= coolDownMs ? "begins" : null;
  return backMs >= reminderMs ? "goes on" : null;
}

function noteTold(channel: string, told: Told, occasion: Occasion, nowMs: number): void {
  if (occasion === "is over") told.overTold.push(channel);
  else told.toldAtMs[channel] = nowMs;
}

function tellLog(
  state: AlertState,
  holding: ReadonlyMap<ConditionName, Condition>,
  nowMs: number,
  { log }: AlertTools,
): void {
  for (const [name, told] of state) {
    const occasion = occasionOf(logChannel, told, nowMs);
    const condition = holding.get(name);
    if (occasion === null) continue;
    if (occasion === "is over") log.info("alert_over", { alert: name, title: told.title });
    else if (condition !== undefined) {
      const { severity, title, detail, hint } = condition;
      log[severity]("alert", { alert: name, message: `${title}. ${detail}`, hint, again: occasion === "goes on" });
    } else continue; // this run could not find out
    noteTold(logChannel, told, occasion, nowMs);
  }
}

/** After its first failure a channel is left alone until the next run: each one may take its whole time. */
async function tellAll(
  channel: Channel,
  state: AlertState,
  holding: ReadonlyMap<ConditionName, Condition>,
  nowMs: number,
  tools: AlertTools,
): Promise<void> {
  for (const name of conditionNames) {
    const told = state.get(name);
    if (told === undefined) continue;
    const occasion = occasionOf(channel.name, told, nowMs);
    const condition = holding.get(name) ?? null;
    if (occasion === null || (condition === null && occasion !== "is over")) continue;
    try {
      await channel.send(toMessage(name, told, condition, occasion, nowMs, tools));
    } catch (error) {
      const message = tools.redact(messageOf(error));
      tools.log.error("alert_not_sent", {
        alert: name,
        channel: channel.name,
        message,
        hint: "The next run tries again.",
      });
      return;
    }
    noteTold(channel.name, told, occasion, nowMs);
    tools.log.info("alert_sent", { alert: name, channel: channel.name, occasion });
  }
}

function toMessage(
  name: ConditionName,
  told: Told,
  condition: Condition | null,
  occasion: Occasion,
  nowMs: number,
  { worker, version, redact }: AlertTools,
): Message {
  const host = hostname();
  const lasted = durationText((told.overAtMs ?? nowMs) - told.sinceMs);
  const { severity = "info", detail = "", hint = "" } = condition ?? {};
  const words = {
    begins: severity === "critical" ? "CRITICAL: " : "",
    "goes on": `still, for ${lasted}: `,
    "is over": "over: ",
  };
  const facts = [
    `since    ${new Date(told.sinceMs).toISOString()}`,
    ...(told.overAtMs === null ? [] : [`until    ${new Date(told.overAtMs).toISOString()} (${lasted})`]),
    `host     ${host}`,
    `worker   ${worker}`,
    `version  ${version}`,
  ];
  const parts = [detail, hint === "" ? "" : `What to do: ${hint}`, facts.join("\n")].filter((part) => part !== "");
  return {
    severity: occasion === "is over" ? "info" : severity,
    subject: redact(`[ami-workers ${host}] ${words[occasion]}${told.title}`).replace(/\s+/g, " "),
    text: redact(`${parts.join("\n\n")}\n`),
    fields: {
      condition: name,
      state: occasion === "is over" ? "over" : occasion === "goes on" ? "reminder" : "raised",
      since: new Date(told.sinceMs).toISOString(),
      until: told.overAtMs === null ? null : new Date(told.overAtMs).toISOString(),
      host,
      worker,
      version,
    },
  };
}

/** What is over, once everybody knows and the cool-down has passed. */
function forget(state: AlertState, nowMs: number, { channels }: AlertTools): void {
  for (const [name, { overAtMs, overTold, toldAtMs }] of state) {
    if (overAtMs === null) continue;
    const waiting = channels.some(
      (channel) => toldAtMs[channel.name] !== undefined && !overTold.includes(channel.name),
    );
    const pastMs = nowMs - overAtMs;
    if (pastMs > overMsMax || (!waiting && pastMs > coolDownMs)) state.delete(name);
  }
}
