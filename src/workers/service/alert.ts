import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { readEnvFile } from "../../config/env-file.ts";
import { type Config, checkConfig } from "../../config.ts";
import type { Context } from "../../context.ts";
import { writeDurably } from "../../delivery/durable.ts";
import { exitCodes, Failure, messageOf } from "../../errors.ts";
import { type Channel, type Message, openChannels } from "../../operation/channels.ts";
import { createRedactor } from "../../operation/redaction.ts";
import { readRunStatus } from "../../operation/run-status.ts";
import { readState, stateHomes, writeState } from "../../operation/state-file.ts";
import { version } from "../../version.ts";
import { inputOf } from "../config/input.ts";
import { renderFindings, silent } from "../doctor/output.ts";
import { examine, type Finding, type Machine, ownMachine } from "../doctor/run.ts";
import type { AlertArgs } from "./command.ts";
import { onServer, unitPrefix } from "./layout.ts";
import { killedCode } from "./report-exit.ts";

/** What goes on failing is told again after this. */
const reminderMs = 6 * 3_600_000;
/** A run notes its end a moment before systemd sees it. */
const noteMsMax = 120_000;
/** How a run that came to its end can end: it has told what is to be told, and knows more of it. */
const toldByTheRun: readonly number[] = [
  exitCodes.some,
  exitCodes.most,
  exitCodes.data,
  exitCodes.unavailable,
  exitCodes.disk,
  exitCodes.busy,
  exitCodes.refused,
];

export interface AlertTools {
  machine: Machine;
  channels: (alerts: Config["alerts"], context: Context) => Promise<Channel[]>;
}

/** In OnFailure=: tells a person that a unit failed and what doctor finds, unless the run has told it itself. */
export async function alertOfUnit(args: AlertArgs, context: Context): Promise<number> {
  return await alertWith(args, context, { machine: await ownMachine(), channels: openChannels });
}

/** @throws {Failure} unavailable: nobody could be told */
export async function alertWith(args: AlertArgs, context: Context, { machine, channels }: AlertTools): Promise<number> {
  const { log, environment, clock } = context;
  const unit = args.unit ?? "unknown";
  const input = inputOf(args, environment);
  const { config, secrets } = checkConfig(input);
  const dataDir = resolve(config?.dataDir ?? onServer.data);
  const end = endOf(environment);
  log.error("unit_failed", { unit, ...end });
  if (isToldByTheRun(unit, dataDir, machine, context)) {
    log.info("unit_failure_told", { unit, by: "the run itself" });
    return 0;
  }
  const homes = stateHomes(dataDir, config?.log.dir ?? onServer.logs, environment);
  const told = readTold(homes);
  const lastMs = told[unit] ?? Number.NEGATIVE_INFINITY;
  const backMs = clock.nowMs() - lastMs;
  if (backMs >= 0 && backMs < reminderMs) {
    log.info("unit_failure_told", { unit, at: new Date(lastMs).toISOString() });
    return 0;
  }
  const findings = await examine({ input, offline: false, only: [] }, machine, { ...context, log: silent });
  const redactor = createRedactor();
  redactor.register(secrets);
  const message = messageFor(unit, end, findings, redactor.text);
  const alerts = config?.alerts ?? salvagedAlerts(environment);
  await sendAll(await channels(alerts, context), message, context);
  writeTold(homes, { ...told, [unit]: clock.nowMs() }, log);
  return 0;
}

interface End {
  result: string;
  exit_code: string;
  exit_status: string;
}

function endOf({ MONITOR_SERVICE_RESULT, MONITOR_EXIT_CODE, MONITOR_EXIT_STATUS }: Context["environment"]): End {
  return {
    result: MONITOR_SERVICE_RESULT ?? "unknown",
    exit_code: MONITOR_EXIT_CODE ?? "",
    exit_status: MONITOR_EXIT_STATUS ?? "",
  };
}

/** Its own alerts know cool-downs and when it is over; a second mail would only say less. */
function isToldByTheRun(unit: string, dataDir: string, { commands }: Machine, context: Context): boolean {
  const { environment, clock } = context;
  const name = unit.startsWith(unitPrefix) ? unit.slice(unitPrefix.length).replace(/\.service$/, "") : unit;
  const command = commands.find((candidate) => candidate.name === name);
  if (command?.kind !== "worker" || environment.MONITOR_EXIT_CODE !== "exited") return false;
  const code = Number(environment.MONITOR_EXIT_STATUS);
  const status = readRunStatus(dataDir, command.worker);
  if (status === null || status.error?.code === killedCode || !toldByTheRun.includes(code)) return false;
  return status.exitCode === code && clock.nowMs() - status.finishedAtMs < noteMsMax;
}

function messageFor(unit: string, end: End, findings: readonly Finding[], redact: (text: string) => string): Message {
  const host = hostname();
  const how = end.result === "exit-code" ? `exit code ${end.exit_status}` : `${end.result} ${end.exit_status}`.trim();
  const text = [
    `${unit} failed: ${how}.`,
    `What doctor finds:\n\n${renderFindings(findings, { quiet: true, color: false })}`,
    `Its last lines: journalctl -u ${unit} -n 50`,
    `host     ${host}\nversion  ${version}`,
  ].join("\n\n");
  return {
    severity: "error",
    subject: redact(`[ami-workers ${host}] ${unit} failed (${how})`),
    text: redact(`${text}\n`),
    fields: { condition: "unit_failed", state: "raised", unit, ...end, host, version },
  };
}

async function sendAll(ways: readonly Channel[], message: Message, { log }: Context): Promise<void> {
  if (ways.length === 0) {
    log.warning("alert_has_no_way", { hint: "Set ALERT_EMAIL_TO and SMTP_URL, or ALERT_WEBHOOK_URL." });
    return;
  }
  const problems: string[] = [];
  for (const way of ways) {
    try {
      await way.send(message);
      log.info("alert_sent", { alert: "unit_failed", channel: way.name });
    } catch (error) {
      problems.push(`${way.name}: ${messageOf(error)}`);
    }
  }
  if (problems.length < ways.length) {
    for (const problem of problems) log.warning("alert_not_sent", { alert: "unit_failed", message: problem });
    return;
  }
  throw new Failure("unavailable", `Nobody could be told: ${problems.join("; ")}.`, {
    code: "alert_not_sent",
    hint: "ami-workers doctor --only alerts tries the mail server.",
  });
}

/** Settings that are wrong elsewhere are no reason to be silent: what tells people is taken from them alone. */
function salvagedAlerts(environment: Context["environment"]): Config["alerts"] {
  const none = { mail: null, webhookUrl: null };
  const path = environment.CREDENTIALS_DIRECTORY ? join(environment.CREDENTIALS_DIRECTORY, "env") : null;
  if (path === null || !existsSync(path)) return none;
  const { entries } = readEnvFile(readFileSync(path, "utf8"));
  const own = [...entries]
    .filter(([name]) => /^(ALERT_|SMTP_URL)/.test(name))
    .map(([name, { value }]) => [name, value]);
  return checkConfig({ environment: Object.fromEntries(own) }).config?.alerts ?? none;
}

const toldName = "units.alerts.json";

/** When each unit's failure was told last. What cannot be used is as good as nothing. */
function readTold(homes: readonly string[]): Record<string, number> {
  try {
    const json: unknown = JSON.parse(readState(toldName, homes) ?? "{}");
    if (typeof json !== "object" || json === null) return {};
    return Object.fromEntries(Object.entries(json).filter(([, at]) => typeof at === "number"));
  } catch {
    return {}; // cut: somebody is told once more
  }
}

function writeTold(homes: readonly string[], told: Record<string, number>, log: Context["log"]): void {
  try {
    writeState(toldName, homes, (path) => writeDurably(path, `${JSON.stringify(told)}\n`));
  } catch (error) {
    log.warning("alert_state_not_kept", { file: toldName, message: messageOf(error) });
  }
}
