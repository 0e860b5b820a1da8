import type { Context, Log } from "../../context.ts";
import { Failure } from "../../errors.ts";
import { isJournal } from "../../operation/environment.ts";
import { renderTable } from "../../operation/table.ts";
import { inputOf } from "../config/input.ts";
import { groups } from "./check.ts";
import type { DoctorArgs } from "./command.ts";
import { isHealthy, renderFindings, silent, summaryOf, toJson } from "./output.ts";
import { type DoctorOptions, examine, type Finding, type Machine, nameOf, ownMachine } from "./run.ts";

const standardError = 2;
/** Wider than the list: its lines may wrap, but nothing of them is cut. */
const listColumns = 200;

export async function runDoctor(args: DoctorArgs, context: Context): Promise<number> {
  if (args.platformCheck) {
    const { runPlatformCheck } = await import("./platform-check/run.ts"); // few ever need it
    return runPlatformCheck(args, context);
  }
  refuseAlone(args);
  const machine = await ownMachine();
  const { terminal, environment } = context;
  if (args.list) return listChecks(machine, args, context);
  const options: DoctorOptions = { input: inputOf(args, environment), offline: args.offline, only: args.only };
  const findings = await findingsOf(options, machine, context);
  if (args.json) terminal.write(`${JSON.stringify(toJson(findings))}\n`);
  else if (isJournal(environment, standardError)) tellLog(findings, context.log);
  else terminal.write(renderFindings(findings, { quiet: args.quiet, color: terminal.color }));
  return isHealthy(findings) ? 0 : 1;
}

/** @throws {Failure} usage: an option of the platform check without it */
function refuseAlone({ testAccount, limitedKeyFile, exhaustRateLimit }: DoctorArgs): void {
  if (testAccount === undefined && limitedKeyFile === undefined && !exhaustRateLimit) return;
  throw new Failure(
    "usage",
    "--test-account, --limited-key-file and --exhaust-rate-limit belong to --platform-check.",
    {
      code: "usage",
      hint: "Add --platform-check, or leave them out.",
    },
  );
}

/** @throws {Failure} usage */
async function findingsOf(options: DoctorOptions, machine: Machine, context: Context): Promise<Finding[]> {
  const quiet: Context = { ...context, log: silent };
  try {
    return await examine(options, machine, quiet);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Failure("usage", error.message, { code: "usage", hint: "`ami-workers doctor --list` names all checks." });
  }
}

/** As a unit: the journal has the priorities, so that `journalctl -p warning` finds what is not well. */
function tellLog(findings: readonly Finding[], log: Log): void {
  for (const { group, name, status, found, fix } of findings) {
    const fields = { check: nameOf({ group, name }), status, found, fix };
    if (status === "warn") log.warning("check_warned", fields);
    else if (status === "fail" || status === "crash") log.error("check_failed", fields);
    else log.debug("check_passed", fields);
  }
  log.info("doctor_completed", { healthy: isHealthy(findings), ...summaryOf(findings) });
}

function listChecks({ checks }: Machine, { json }: DoctorArgs, { terminal }: Context): number {
  const sorted = checks.toSorted((first, second) => groups.indexOf(first.group) - groups.indexOf(second.group));
  if (json) {
    const list = sorted.map(({ group, name, title, online }) => ({ group, name, title, online: online === true }));
    terminal.write(`${JSON.stringify({ v: 1, checks: list })}\n`);
    return 0;
  }
  const rows = sorted.map((check) => [nameOf(check), check.title, check.online ? "asks the network" : ""]);
  terminal.write(
    renderTable(
      { columns: [{ title: "CHECK" }, { title: "LOOKS AT" }, { title: "" }], rows },
      { ...terminal, columns: listColumns },
    ),
  );
  return 0;
}
