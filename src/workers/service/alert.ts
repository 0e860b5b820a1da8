import type { Context } from "../../context.ts";
import type { AlertArgs } from "./command.ts";

/** In OnFailure=: tells a person that a unit failed, and what doctor finds on this machine. */
export async function alertOfUnit({ unit = "unknown" }: AlertArgs, { environment, log }: Context): Promise<number> {
  const { MONITOR_SERVICE_RESULT: result, MONITOR_EXIT_CODE: code, MONITOR_EXIT_STATUS: status } = environment;
  log.critical("unit_failed", { unit, result, exit_code: code, exit_status: status });
  return 0;
}
