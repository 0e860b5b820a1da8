import type { ConfigInput } from "../../config.ts";
import type { GlobalArgs } from "../worker.ts";

/** Where a command with these options looks for its settings. */
export function inputOf(args: GlobalArgs, environment: ConfigInput["environment"]): ConfigInput {
  const flags = args.logLevel && { LOG_LEVEL: { value: args.logLevel, flag: "--log-level" } };
  return { environment, envFile: args.envFile, flags };
}
