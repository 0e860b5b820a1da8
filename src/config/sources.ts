import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { venueUrlName } from "../brokers/venue-url.ts";
import { messageOf } from "../errors.ts";
import { suggest } from "../operation/suggestion.ts";
import { readEnvFile } from "./env-file.ts";
import { isVariableName, locatingVariables, type VariableName, variableNames, variables } from "./variables.ts";

export interface ConfigInput {
  environment: Readonly<Record<string, string | undefined>>;
  /** `--env-file`. Otherwise AMI_ENV_FILE, then the systemd credential `env`. `./.env` is read only when it is named. */
  envFile?: string | undefined;
  /** What an option of the command line sets, by variable. */
  flags?: Partial<Record<VariableName, { value: string; flag: string }>> | undefined;
}

export interface Source {
  kind: "flag" | "environment" | "credential" | "secret_file" | "env_file" | "default";
  /** For people: `environment`, `/etc/ami-workers/.env:12`, `LARAVEL_API_KEY_FILE (/run/key)`. */
  text: string;
}

export interface Found {
  value: string;
  source: Source;
}

/** Something that stands in the way, or (a warning) should be looked at. Values are masked. */
export interface Problem {
  /** Null: it is about a file as a whole. */
  variable: string | null;
  value: string | null;
  source: string;
  /** What was found, or is wrong. */
  message: string;
  /** What it should be. */
  expected?: string;
  /** What to do. */
  hint?: string;
}

export interface Gathered {
  found: Map<VariableName, Found>;
  /** `VENUE_URL_<ID>`, of whatever venue, by the whole name. */
  venueUrls: Map<string, Found>;
  problems: Problem[];
  warnings: Problem[];
}

const fileBytesMax = 1_048_576;
/** POSIX mode bit: everybody may read. */
const readableByOthers = 0o004;

/**
 * Option, environment, systemd credential or NAME_FILE, env file, in this order; the first that is not empty counts.
 * An empty value is as good as none: templates and unit files have many of them.
 */
export function gather(input: ConfigInput): Gathered {
  const gathered: Gathered = { found: new Map(), venueUrls: new Map(), problems: [], warnings: [] };
  const envFile = readNamedEnvFile(input, gathered);
  for (const name of variableNames) {
    const found =
      fromFlag(name, input) ??
      fromEnvironment(name, input) ??
      fromCredential(name, input, gathered) ??
      fromSecretFile(name, input.environment[`${name}_FILE`], "environment", gathered) ??
      envFile?.find(name) ??
      fromSecretFile(name, envFile?.find(`${name}_FILE`)?.value, envFile?.path ?? "", gathered);
    if (found) gathered.found.set(name, found);
  }
  const venueNames = [...Object.keys(input.environment), ...(envFile?.names ?? []).map(({ name }) => name)];
  for (const name of venueNames.filter((candidate) => venueUrlName.test(candidate)).sort()) {
    const value = input.environment[name];
    const found = value ? { value, source: environmentSource } : envFile?.find(name);
    if (found) gathered.venueUrls.set(name, found);
  }
  warnOfUnknown(input, envFile, gathered);
  return gathered;
}

function fromFlag(name: VariableName, { flags }: ConfigInput): Found | undefined {
  const set = flags?.[name];
  return set && { value: set.value, source: { kind: "flag", text: set.flag } };
}

const environmentSource: Source = { kind: "environment", text: "environment" };

function fromEnvironment(name: VariableName, { environment }: ConfigInput): Found | undefined {
  const value = environment[name];
  return value ? { value, source: environmentSource } : undefined;
}

function fromCredential(name: VariableName, { environment }: ConfigInput, gathered: Gathered): Found | undefined {
  const folder = environment.CREDENTIALS_DIRECTORY;
  if (!folder) return undefined;
  const path = join(folder, name);
  const value = readSmallFile(path, { variable: name, mayBeMissing: true }, gathered);
  return value ? { value: withoutLineEnd(value), source: { kind: "credential", text: path } } : undefined;
}

function fromSecretFile(name: VariableName, path: string | undefined, setIn: string, gathered: Gathered) {
  if (!path || !variables[name].secret) return undefined;
  const value = readSmallFile(path, { variable: `${name}_FILE`, mayBeMissing: false }, gathered);
  if (value === null) return undefined;
  if (withoutLineEnd(value) === "") {
    const message = `The file ${path} is empty`;
    gathered.problems.push({ variable: `${name}_FILE`, value: path, source: setIn, message, expected: "a secret" });
    return undefined;
  }
  warnWhenExposed(path, `${name}_FILE`, gathered);
  const source: Source = { kind: "secret_file", text: `${name}_FILE (${path})` };
  return { value: withoutLineEnd(value), source };
}

const withoutLineEnd = (text: string): string => text.replace(/^\ufeff/, "").replace(/[\r\n]+$/, "");

interface NamedEnvFile {
  path: string;
  names: { name: string; line: number }[];
  find: (name: string) => Found | undefined;
}

function readNamedEnvFile({ environment, envFile }: ConfigInput, gathered: Gathered): NamedEnvFile | null {
  const credentials = environment.CREDENTIALS_DIRECTORY;
  const named = envFile ?? (environment.AMI_ENV_FILE || undefined);
  const path = named ?? (credentials ? join(credentials, "env") : undefined);
  if (path === undefined) return null;
  const variable = envFile === undefined ? "AMI_ENV_FILE" : "--env-file";
  const text = readSmallFile(path, { variable, mayBeMissing: named === undefined }, gathered);
  if (text === null) return null;
  const { entries, problems } = readEnvFile(text);
  for (const { line, message, severity } of problems) {
    const problem: Problem = {
      variable: null,
      value: null,
      source: `${path}:${line}`,
      message: `The line ${message}`,
      ...(severity === "problem" && { expected: "NAME=value, a comment, or nothing" }),
    };
    gathered[severity === "problem" ? "problems" : "warnings"].push(problem);
  }
  const hasSecret = [...entries].some(([name, { value }]) => isVariableName(name) && variables[name].secret && value);
  if (hasSecret && named !== undefined) warnWhenExposed(path, variable, gathered);
  return {
    path,
    names: [...entries].map(([name, { line }]) => ({ name, line })),
    find(name) {
      const entry = entries.get(name);
      if (!entry?.value) return undefined;
      return { value: entry.value, source: { kind: "env_file", text: `${path}:${entry.line}` } };
    },
  };
}

interface FileRole {
  /** What named the file. */
  variable: string;
  mayBeMissing: boolean;
}

function readSmallFile(path: string, { variable, mayBeMissing }: FileRole, gathered: Gathered): string | null {
  try {
    const bytes = statSync(path).size;
    if (bytes > fileBytesMax) throw new Error(`it has ${bytes} bytes, more than ${fileBytesMax}`);
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    if (mayBeMissing && error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    const message = `The file ${path} cannot be read: ${messageOf(error)}`;
    gathered.problems.push({ variable, value: path, source: variable, message, expected: "a readable file in UTF-8" });
    return null;
  }
}

function warnWhenExposed(path: string, variable: string, gathered: Gathered): void {
  const { mode } = statSync(path);
  if ((mode & readableByOthers) === 0) return;
  const message = `Everybody on this machine can read ${path} (mode ${(mode & 0o777).toString(8).padStart(4, "0")})`;
  gathered.warnings.push({ variable, value: path, source: variable, message, hint: `Mend it: chmod 640 ${path}.` });
}

/** Only ours begin like this; other programs' variables are none of our business. */
const ourPrefix =
  /^(LARAVEL_API_|TRADE_IMPORTER_|STATS_ANALYZER_|BINANCE_API_|CREDENTIALS_KEY|ALERT_EMAIL_|ALERT_WEBHOOK_|HEALTHCHECK_URL)/;
const legalNames: readonly string[] = [
  ...variableNames,
  ...variableNames.filter((name) => variables[name].secret).map((name) => `${name}_FILE`),
  ...locatingVariables,
];

function warnOfUnknown({ environment }: ConfigInput, envFile: NamedEnvFile | null, gathered: Gathered): void {
  const warn = (name: string, source: string, meant: string | null) => {
    const hint = meant === null ? {} : { hint: `Did you mean ${meant}?` };
    gathered.warnings.push({ variable: name, value: null, source, message: "This variable is not known", ...hint });
  };
  for (const name of Object.keys(environment).sort()) {
    if (legalNames.includes(name) || venueUrlName.test(name) || !environment[name]) continue;
    const meant = suggest(name, legalNames);
    if (ourPrefix.test(name) || (meant !== null && name.length >= nearNameCharactersMin))
      warn(name, "environment", meant);
  }
  for (const { name, line } of envFile?.names ?? []) {
    if (!legalNames.includes(name) && !venueUrlName.test(name))
      warn(name, `${envFile?.path}:${line}`, suggest(name, legalNames));
  }
}

/** Shorter names of other programs come near ours by chance. */
const nearNameCharactersMin = 7;
