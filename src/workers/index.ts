import { config } from "./config/command.ts";
import { importTrades } from "./import-trades/command.ts";
import type { Command } from "./worker.ts";

/** In the order of `--help`. */
export const commands: readonly Command[] = [importTrades, config];
