import type { Context } from "../../context.ts";
import type { ReportExitArgs } from "./command.ts";

/** In ExecStopPost=, where systemd says how the run ended. A run that ended by itself has noted that itself. */
export async function reportExitOf({ worker }: ReportExitArgs, { environment, log }: Context): Promise<number> {
  const { SERVICE_RESULT: result = "success", EXIT_CODE: code = "", EXIT_STATUS: status = "" } = environment;
  if (code === "exited" && result !== "timeout") return 0;
  log.error("run_killed", { worker, result, signal: status, hint: "journalctl shows what it was doing." });
  return 0;
}
