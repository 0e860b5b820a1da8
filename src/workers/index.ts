import { analyzeStats } from "./analyze-stats/command.ts";
import { completion } from "./completion/command.ts";
import { config } from "./config/command.ts";
import { doctor } from "./doctor/command.ts";
import { flushBufferCommand } from "./flush-buffer/command.ts";
import { importTrades } from "./import-trades/command.ts";
import { service } from "./service/command.ts";
import type { Command } from "./worker.ts";

/** In the order of `--help`. */
export const commands: readonly Command[] = [
  importTrades,
  analyzeStats,
  flushBufferCommand,
  doctor,
  service,
  config,
  completion,
];
