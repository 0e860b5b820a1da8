import { join } from "node:path";
import { isVenueUrl, venueUrlExpected } from "./brokers/venue-url.ts";
import { masked } from "./config/mask.ts";
import { type PlatformAddress, readValue, type Values } from "./config/shape.ts";
import { type ConfigInput, type Found, gather, type Problem, type Source } from "./config/sources.ts";
import { type VariableName, variableNames, variables } from "./config/variables.ts";
import type { LogLevel } from "./context.ts";
import { Failure } from "./errors.ts";

export type { ConfigInput, Problem, Source } from "./config/sources.ts";
export type { VariableName } from "./config/variables.ts";

/** The environment, checked: read once, passed on. Loading this module loads arktype: import it late, its types freely. */
export interface Config {
  /** Where trades go. */
  platform: { kind: "laravel"; url: string; key: string } | Extract<PlatformAddress, { kind: "embedded" }>;
  tradeImporter: { enabled: boolean; intervalMinutes: number; batchSize: number; watchFolder: string | null };
  statsAnalyzer: { enabled: boolean; intervalMinutes: number };
  /** For accounts without credentials of their own. */
  binance: { apiKey: string; apiSecret: string } | null;
  log: { level: LogLevel; dir: string };
  retry: { retriesMax: number; backoffBaseSeconds: number };
  dataDir: string;
  /** `base64:…` of 32 bytes each, the newest first. */
  credentialsKeys: readonly string[];
  alerts: {
    mail: { to: readonly string[]; from: string; smtpUrl: string } | null;
    webhookUrl: string | null;
  };
  healthcheckUrl: string | null;
  metricsDir: string | null;
  /** Where venues are, besides their own hosts: `VENUE_URL_<ID>` by the whole name. */
  venueUrls: Readonly<Record<string, string>>;
  /** Where each value came from. */
  sources: Readonly<Record<VariableName, Source>>;
  /** What must never be shown: for the log's redaction. */
  secrets: readonly string[];
}

/** One line of `config show`. */
export interface Setting {
  name: VariableName | `VENUE_URL_${string}`;
  /** Masked; null: unset. */
  value: string | null;
  source: Source;
}

export interface ConfigReport {
  /** Null when there are problems. */
  config: Config | null;
  problems: Problem[];
  /** Nothing that stops a run. */
  warnings: Problem[];
  settings: Setting[];
  /** Also of a configuration that is wrong: what its messages must not show. */
  secrets: string[];
}

/** @throws {Failure} settings, with every problem in its message. */
export function loadConfig(input: ConfigInput): { config: Config; warnings: Problem[] } {
  const { config, problems, warnings } = checkConfig(input);
  if (config !== null) return { config, warnings };
  throw new Failure("settings", problems.map(problemText).join("\n"), {
    code: "configuration_invalid",
    hint: "`ami-workers config validate` lists the same; `.env.example` explains every variable.",
  });
}

/** Every problem at once, and what was understood. */
export function checkConfig(input: ConfigInput): ConfigReport {
  const { found, venueUrls, problems, warnings } = gather(input);
  const values: Values = {};
  const sources = {} as Record<VariableName, Source>;
  for (const name of variableNames) {
    const given = found.get(name) ?? defaultOf(name, found);
    sources[name] = given?.source ?? { kind: "default", text: "default" };
    if (given) read(name, given, values, problems);
  }
  problems.push(...contradictions(found), ...wrongVenueUrls(venueUrls));
  const secrets = variableNames.flatMap((name) => (variables[name].secret ? secretParts(found.get(name)?.value) : []));
  return {
    config: problems.length === 0 ? toConfig(values, { sources, secrets, venueUrls }) : null,
    problems,
    warnings,
    settings: [
      ...variableNames.map((name): Setting => {
        const given = found.get(name) ?? defaultOf(name, found);
        return { name, value: given ? masked(name, given.value) : null, source: sources[name] };
      }),
      ...[...venueUrls].map(([name, { value, source }]) => ({
        name: name as `VENUE_URL_${string}`,
        value: isVenueUrl(value) ? value : "****",
        source,
      })),
    ],
    secrets,
  };
}

/** `LARAVEL_API_KEY (environment): was …, expected …`. */
export function problemText({ variable, value, source, message, expected, hint }: Problem): string {
  const where = variable === null ? source : variable === source ? variable : `${variable} (${source})`;
  const was = value === null || message.includes(value) ? "" : ` (was ${JSON.stringify(value)})`;
  const wanted = expected === undefined ? "" : `; expected ${expected}`;
  return `${where}: ${message}${was}${wanted}.${hint === undefined ? "" : ` ${hint}`}`;
}

function defaultOf(name: VariableName, found: ReadonlyMap<VariableName, Found>): Found | undefined {
  const source: Source = { kind: "default", text: "default" };
  if (name === "LARAVEL_API_URL") {
    const dataDir = found.get("DATA_DIR")?.value ?? variables.DATA_DIR.default;
    return {
      value: `sqlite:${dataDir === "./data" ? "./data/journal.sqlite" : join(dataDir, "journal.sqlite")}`,
      source,
    };
  }
  const value = variables[name].default;
  return value === null ? undefined : { value, source };
}

function read<Name extends VariableName>(name: Name, { value, source }: Found, values: Values, problems: Problem[]) {
  const result = readValue(name, value);
  if (result !== undefined) {
    values[name] = result;
    return;
  }
  problems.push({
    variable: name,
    value: masked(name, value),
    source: source.text,
    message: "The value is not valid",
    expected: variables[name].expected,
  });
}

/** A user and password may be in one that is wrong: it is not shown. */
function wrongVenueUrls(venueUrls: ReadonlyMap<string, Found>): Problem[] {
  return [...venueUrls]
    .filter(([, { value }]) => !isVenueUrl(value.trim()))
    .map(([variable, { source }]) => ({
      variable,
      value: "****",
      source: source.text,
      message: "The value is not valid",
      expected: venueUrlExpected,
    }));
}

/** What is right alone but not together. */
function contradictions(found: ReadonlyMap<VariableName, Found>): Problem[] {
  const needs = (name: VariableName, by: VariableName, reason: string): Problem[] => {
    if (found.has(name)) return [];
    const message = `Not set, but needed ${reason}`;
    return [{ variable: name, value: null, source: `because of ${by}`, message, expected: variables[name].expected }];
  };
  const problems: Problem[] = [];
  if (/^https?:/i.test(found.get("LARAVEL_API_URL")?.value ?? "")) {
    problems.push(...needs("LARAVEL_API_KEY", "LARAVEL_API_URL", "to speak to the platform"));
  }
  if (found.has("BINANCE_API_KEY")) {
    problems.push(...needs("BINANCE_API_SECRET", "BINANCE_API_KEY", "to sign requests"));
  }
  if (found.has("BINANCE_API_SECRET")) {
    problems.push(...needs("BINANCE_API_KEY", "BINANCE_API_SECRET", "to sign requests"));
  }
  if (found.has("ALERT_EMAIL_TO")) {
    problems.push(...needs("SMTP_URL", "ALERT_EMAIL_TO", "to send mail"));
    problems.push(...needs("ALERT_EMAIL_FROM", "ALERT_EMAIL_TO", "to send mail"));
  }
  return problems;
}

/** Of an address with a password the password too; of a list each. */
function secretParts(value: string | undefined): string[] {
  if (value === undefined) return [];
  const parts = value.includes("://") ? [value, ...passwordOf(value)] : [value, ...value.split(",")];
  return [...new Set(parts.map((part) => part.trim()).filter((part) => part !== ""))];
}

function passwordOf(address: string): string[] {
  if (!URL.canParse(address)) return [];
  const { password } = new URL(address);
  return /%(?![0-9a-f]{2})/i.test(password) ? [password] : [password, decodeURIComponent(password)];
}

interface Others extends Pick<Config, "sources" | "secrets"> {
  venueUrls: ReadonlyMap<string, Found>;
}

function toConfig(values: Values, { sources, secrets, venueUrls }: Others): Config {
  const address = present(values.LARAVEL_API_URL);
  const { BINANCE_API_KEY: apiKey, BINANCE_API_SECRET: apiSecret } = values;
  const { ALERT_EMAIL_TO: to, ALERT_EMAIL_FROM: from, SMTP_URL: smtpUrl } = values;
  return {
    platform: address.kind === "laravel" ? { ...address, key: present(values.LARAVEL_API_KEY) } : address,
    tradeImporter: {
      enabled: present(values.TRADE_IMPORTER_ENABLED),
      intervalMinutes: present(values.TRADE_IMPORTER_INTERVAL_MINUTES),
      batchSize: present(values.TRADE_IMPORTER_BATCH_SIZE),
      watchFolder: values.TRADE_IMPORTER_WATCH_FOLDER ?? null,
    },
    statsAnalyzer: {
      enabled: present(values.STATS_ANALYZER_ENABLED),
      intervalMinutes: present(values.STATS_ANALYZER_INTERVAL_MINUTES),
    },
    binance: apiKey && apiSecret ? { apiKey, apiSecret } : null,
    log: { level: present(values.LOG_LEVEL), dir: present(values.LOG_DIR) },
    retry: { retriesMax: present(values.MAX_RETRIES), backoffBaseSeconds: present(values.RETRY_BACKOFF_BASE) },
    dataDir: present(values.DATA_DIR),
    credentialsKeys: values.CREDENTIALS_KEY ?? [],
    alerts: {
      mail: to && from && smtpUrl ? { to, from, smtpUrl } : null,
      webhookUrl: values.ALERT_WEBHOOK_URL ?? null,
    },
    healthcheckUrl: values.HEALTHCHECK_URL ?? null,
    metricsDir: values.METRICS_DIR ?? null,
    venueUrls: Object.fromEntries([...venueUrls].map(([name, { value }]) => [name, value])),
    sources,
    secrets,
  };
}

/** Has a default, or was asked for by `contradictions`. */
function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a value without problems is missing");
  return value;
}
