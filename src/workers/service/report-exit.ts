import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { checkConfig } from "../../config.ts";
import type { Context } from "../../context.ts";
import { readHolder } from "../../operation/lock.ts";
import { noAccounts, noExecutions, readRunStatus, writeRunStatus } from "../../operation/run-status.ts";
import { version } from "../../version.ts";
import { inputOf } from "../config/input.ts";
import { envFileOf } from "../doctor/run.ts";
import type { ReportExitArgs } from "./command.ts";
import { onServer } from "./layout.ts";

/** As shells count deaths by a signal. */
const exitCodeKilled = 137;
/** Of the status that is left here: the run itself could not say it. */
export const killedCode = "killed";

/**
 * In ExecStopPost=, where systemd says how the run ended. One that ended by itself has noted that itself; for one that was killed the
 * note is made here, or else it would look as if the run before it had been the last.
 */
export async function reportExitOf(args: ReportExitArgs, context: Context): Promise<number> {
  const { clock, environment, log } = context;
  const { SERVICE_RESULT: result = "success", EXIT_CODE: code = "", EXIT_STATUS: signal = "" } = environment;
  const { worker } = args;
  if (worker === undefined || result === "success" || (code === "exited" && result !== "timeout")) return 0;
  const message =
    result === "timeout" ? "systemd ended it, since it took too long" : `it was killed by SIG${signal} (${result})`;
  log.error("run_killed", { killed_worker: worker, result, signal, hint: "journalctl shows what it was doing." });
  // systemd 257 hands no credentials to what comes after the run: then the file itself is read.
  const input = inputOf(args, environment);
  const { config } = checkConfig({ ...input, envFile: envFileOf(input, onServer) });
  const dataDir = resolve(config?.dataDir ?? onServer.data);
  if (!existsSync(dataDir)) return 0;
  const nowMs = clock.nowMs();
  const before = readRunStatus(dataDir, worker);
  const startedAtMs = readHolder(join(dataDir, `${worker}.lock.json`))?.sinceMs ?? nowMs;
  writeRunStatus(dataDir, {
    worker,
    version,
    runId: environment.INVOCATION_ID ?? context.uuid(),
    startedAtMs,
    finishedAtMs: nowMs,
    durationMs: Math.max(0, nowMs - startedAtMs),
    exitCode: exitCodeKilled,
    error: { code: killedCode, message },
    firstRunAtMs: before?.firstRunAtMs ?? startedAtMs,
    lastSuccessAtMs: before?.lastSuccessAtMs ?? null,
    failuresInARow: (before?.failuresInARow ?? 0) + 1,
    accounts: { ...noAccounts },
    executions: { ...noExecutions },
    total: { ...(before?.total ?? { ...noExecutions, runs: 0 }), runs: (before?.total.runs ?? 0) + 1 },
  });
  return 0;
}
