import { existsSync, readFileSync } from "node:fs";
import { readEnvFile } from "../../config/env-file.ts";
import { type Config, checkConfig, problemText } from "../../config.ts";
import { Failure } from "../../errors.ts";
import { type Layout, onServer } from "./layout.ts";

/**
 * The configuration as the units will have it: the file of the server alone, nothing of the shell that calls. Before there is a file,
 * the one that the template makes.
 * @throws {Failure} settings, with every problem
 */
export function serverConfig(layout: Layout, envFile?: string): Config {
  const file = existsSync(layout.envFile) ? layout.envFile : envFile;
  const { config, problems } = checkConfig({
    environment: file === undefined ? serverPaths : file === envFile ? missingIn(file) : {},
    ...(file !== undefined && { envFile: file }),
  });
  if (config !== null) return config;
  throw new Failure("settings", problems.map(problemText).join("\n"), {
    code: "configuration_invalid",
    subject: file ?? layout.envFile,
    hint: `Nothing was changed. Mend ${file} and try again.`,
  });
}

const serverPaths = { DATA_DIR: onServer.data, LOG_DIR: onServer.logs };

/** Somebody's settings, with the folders of a server where they name none. */
export function withServerPaths(text: string): string {
  const { entries } = readEnvFile(text);
  const missing = Object.entries(serverPaths).filter(([name]) => !entries.get(name)?.value);
  if (missing.length === 0) return text;
  return `${text.trimEnd()}\n${missing.map(([name, value]) => `${name}=${value}\n`).join("")}`;
}

function missingIn(file: string): Record<string, string> {
  if (!existsSync(file)) return {}; // the configuration's own check says so
  const { entries } = readEnvFile(readFileSync(file, "utf8"));
  return Object.fromEntries(Object.entries(serverPaths).filter(([name]) => !entries.get(name)?.value));
}
