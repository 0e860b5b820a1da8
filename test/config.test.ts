import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type VariableName, variableNames, variables } from "../src/config/variables.ts";
import { checkConfig, loadConfig, problemText } from "../src/config.ts";
import { Failure } from "../src/errors.ts";
import { temporaryFolders } from "./operation/temporary-folder.ts";

const temporaryFolder = temporaryFolders();
const key = "ami_worker_0123456789abcdefghij";
const credentialsKey = `base64:${Buffer.alloc(32, 7).toString("base64")}`;
const platform = { LARAVEL_API_URL: "https://app.example.com/api/internal", LARAVEL_API_KEY: key };

function problemsOf(environment: Record<string, string>): string[] {
  return checkConfig({ environment }).problems.map(problemText);
}

describe("with nothing set", () => {
  test("everything has its default, and the journal is embedded", () => {
    const { config } = loadConfig({ environment: {} });
    const { sources, ...values } = config;
    expect(values).toEqual({
      platform: { kind: "embedded", path: "./data/journal.sqlite" },
      tradeImporter: { enabled: true, intervalMinutes: 15, batchSize: 100, watchFolder: null },
      statsAnalyzer: { enabled: true, intervalMinutes: 60 },
      binance: null,
      log: { level: "info", dir: "./logs" },
      retry: { retriesMax: 3, backoffBaseSeconds: 2 },
      dataDir: "./data",
      credentialsKeys: [],
      alerts: { mail: null, webhookUrl: null },
      healthcheckUrl: null,
      metricsDir: null,
      venueUrls: {},
      secrets: [],
    });
    expect(new Set(Object.values(sources).map(({ kind }) => kind))).toEqual(new Set(["default"]));
  });

  test("the journal follows DATA_DIR", () => {
    const { config } = loadConfig({ environment: { DATA_DIR: "/var/lib/ami-workers" } });
    expect(config.platform).toEqual({ kind: "embedded", path: "/var/lib/ami-workers/journal.sqlite" });
  });

  test("an empty value is as good as none", () => {
    expect(problemsOf({ LARAVEL_API_URL: "", LOG_LEVEL: "", BINANCE_API_KEY: "" })).toEqual([]);
  });
});

test("everything set comes out as values", () => {
  const { config } = loadConfig({
    environment: {
      ...platform,
      LARAVEL_API_URL: "https://app.example.com/api/internal/",
      CREDENTIALS_KEY: `${credentialsKey}, ${credentialsKey}`,
      TRADE_IMPORTER_ENABLED: "No",
      TRADE_IMPORTER_INTERVAL_MINUTES: "5",
      TRADE_IMPORTER_BATCH_SIZE: "1",
      TRADE_IMPORTER_WATCH_FOLDER: "/srv/metatrader",
      STATS_ANALYZER_ENABLED: "on",
      STATS_ANALYZER_INTERVAL_MINUTES: "1440",
      BINANCE_API_KEY: "binance-key",
      BINANCE_API_SECRET: "binance-secret",
      LOG_LEVEL: "Warning",
      LOG_DIR: "/var/log/ami-workers",
      MAX_RETRIES: "0",
      RETRY_BACKOFF_BASE: "0.5",
      DATA_DIR: "/var/lib/ami-workers",
      ALERT_EMAIL_TO: "a@example.com, b@example.com",
      ALERT_EMAIL_FROM: "workers@example.com",
      SMTP_URL: "smtps://user:p%40ss@mail.example.com",
      ALERT_WEBHOOK_URL: "https://hooks.example.com/services/T0/B0",
      HEALTHCHECK_URL: "http://127.0.0.1:9000/ping/1",
      METRICS_DIR: "/var/lib/node_exporter",
    },
  });
  const { sources, secrets, ...values } = config;
  expect(values).toEqual({
    platform: { kind: "laravel", url: "https://app.example.com/api/internal", key },
    tradeImporter: { enabled: false, intervalMinutes: 5, batchSize: 1, watchFolder: "/srv/metatrader" },
    statsAnalyzer: { enabled: true, intervalMinutes: 1440 },
    binance: { apiKey: "binance-key", apiSecret: "binance-secret" },
    log: { level: "warning", dir: "/var/log/ami-workers" },
    retry: { retriesMax: 0, backoffBaseSeconds: 0.5 },
    dataDir: "/var/lib/ami-workers",
    credentialsKeys: [credentialsKey, credentialsKey],
    alerts: {
      mail: {
        to: ["a@example.com", "b@example.com"],
        from: "workers@example.com",
        smtpUrl: "smtps://user:p%40ss@mail.example.com",
      },
      webhookUrl: "https://hooks.example.com/services/T0/B0",
    },
    healthcheckUrl: "http://127.0.0.1:9000/ping/1",
    metricsDir: "/var/lib/node_exporter",
    venueUrls: {},
  });
  expect(secrets).toContain(key);
  expect(secrets).toContain("p@ss");
  expect(secrets).toContain(credentialsKey);
});

describe("where venues are", () => {
  test("is read from the environment, and from a file of settings, for whatever venue", () => {
    const envFile = join(temporaryFolder(), "env");
    const inFile = "VENUE_URL_BINANCE=https://mirror.example/eu\nVENUE_URL_GATE=https://gate.example\nVENUE_URL_OKX=\n";
    writeFileSync(envFile, inFile, { mode: 0o600 });
    const { config, warnings } = loadConfig({ environment: { VENUE_URL_GATE: "http://127.0.0.1:9000" }, envFile });
    expect(config.venueUrls).toEqual({
      VENUE_URL_BINANCE: "https://mirror.example/eu",
      VENUE_URL_GATE: "http://127.0.0.1:9000",
    });
    expect(warnings).toEqual([]);
  });

  test("is refused where signed requests must not go, and not shown", () => {
    const report = checkConfig({ environment: { VENUE_URL_BINANCE: "http://me:s3cret@10.0.0.2:9000" } });
    expect(report.problems.map(problemText)).toEqual([expect.stringContaining("VENUE_URL_BINANCE (environment): ")]);
    expect(JSON.stringify([report.problems, report.settings])).not.toContain("s3cret");
  });
});

describe("an address", () => {
  test.each([
    ["https://app.example.com/api/internal", { kind: "laravel", url: "https://app.example.com/api/internal", key }],
    ["http://127.0.0.1:8787/api/internal/", { kind: "laravel", url: "http://127.0.0.1:8787/api/internal", key }],
    ["http://[::1]:8787/api", { kind: "laravel", url: "http://[::1]:8787/api", key }],
    ["http://localhost/api", { kind: "laravel", url: "http://localhost/api", key }],
    ["sqlite:./j.sqlite", { kind: "embedded", path: "./j.sqlite" }],
    ["sqlite:/srv/j.sqlite", { kind: "embedded", path: "/srv/j.sqlite" }],
    ["sqlite:///srv/j.sqlite", { kind: "embedded", path: "/srv/j.sqlite" }],
  ])("%s is taken", (address, expected) => {
    const { config } = loadConfig({ environment: { LARAVEL_API_URL: address, LARAVEL_API_KEY: key } });
    expect(config.platform).toEqual(expected as never);
  });

  test.each([
    "http://app.example.com/api", // the key would go over the wire for all to read
    "http://127.0.0.1.example.com/api",
    "https://user:password@app.example.com/api",
    "https://app.example.com/api?x=1",
    "https://app.example.com/api#x",
    "https://app.example.com/a b",
    "app.example.com/api",
    "ftp://app.example.com",
    "sqlite:",
    "sqlite://",
    "https://",
  ])("%s is refused", (address) => {
    const problems = problemsOf({ LARAVEL_API_URL: address, LARAVEL_API_KEY: key });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toStartWith("LARAVEL_API_URL (environment): ");
    expect(problems[0]).not.toContain("password");
  });
});

/** Every variable that can be wrong, wrong. */
const wrongValues: [VariableName, string][] = [
  ["LARAVEL_API_KEY", "two words"],
  ["LARAVEL_API_KEY", "ami_worker_k8f7g..."],
  ["LARAVEL_API_KEY", "changeme"],
  ["CREDENTIALS_KEY", "base64:dG9vIHNob3J0"],
  ["CREDENTIALS_KEY", `${credentialsKey},`],
  ["CREDENTIALS_KEY", Buffer.alloc(32, 7).toString("base64")],
  ["TRADE_IMPORTER_ENABLED", "maybe"],
  ["TRADE_IMPORTER_INTERVAL_MINUTES", "0"],
  ["TRADE_IMPORTER_INTERVAL_MINUTES", "1441"],
  ["TRADE_IMPORTER_BATCH_SIZE", "0"],
  ["TRADE_IMPORTER_BATCH_SIZE", "101"],
  ["TRADE_IMPORTER_BATCH_SIZE", "1e2"],
  ["TRADE_IMPORTER_BATCH_SIZE", "010"],
  ["TRADE_IMPORTER_BATCH_SIZE", " 10"],
  ["STATS_ANALYZER_ENABLED", "2"],
  ["STATS_ANALYZER_INTERVAL_MINUTES", "1.5"],
  ["LOG_LEVEL", "verbose"],
  ["MAX_RETRIES", "11"],
  ["MAX_RETRIES", "-1"],
  ["RETRY_BACKOFF_BASE", "61"],
  ["RETRY_BACKOFF_BASE", "2s"],
  ["ALERT_EMAIL_FROM", "nobody"],
  ["SMTP_URL", "mail.example.com"],
  ["SMTP_URL", "https://mail.example.com"],
  ["ALERT_WEBHOOK_URL", "http://hooks.example.com/x"],
  ["HEALTHCHECK_URL", "hc-ping.com/x"],
];

test.each(wrongValues)("%s=%s is refused with what is expected", (name, value) => {
  const problems = checkConfig({ environment: { [name]: value } }).problems;
  expect(problems.map(({ variable, source, expected }) => ({ variable, source, expected }))).toEqual([
    { variable: name, source: "environment", expected: variables[name].expected },
  ]);
});

test("every problem is listed at once, in the order of the variables", () => {
  const problems = problemsOf({
    LARAVEL_API_URL: "http://app.example.com",
    TRADE_IMPORTER_BATCH_SIZE: "1000",
    LOG_LEVEL: "loud",
    BINANCE_API_KEY: "binance-key",
    ALERT_EMAIL_TO: "a@example.com",
  });
  expect(problems.map((text) => text.split(":")[0])).toEqual([
    "LARAVEL_API_URL (environment)",
    "TRADE_IMPORTER_BATCH_SIZE (environment)",
    "LOG_LEVEL (environment)",
    "LARAVEL_API_KEY (because of LARAVEL_API_URL)",
    "BINANCE_API_SECRET (because of BINANCE_API_KEY)",
    "SMTP_URL (because of ALERT_EMAIL_TO)",
    "ALERT_EMAIL_FROM (because of ALERT_EMAIL_TO)",
  ]);
  expect(problems[1]).toBe(
    'TRADE_IMPORTER_BATCH_SIZE (environment): The value is not valid (was "1000"); expected a whole number from 1 to 100.',
  );
});

test("loading a wrong configuration is a settings failure that says all of it", () => {
  const load = () => loadConfig({ environment: { LOG_LEVEL: "loud", MAX_RETRIES: "many" } });
  expect(load).toThrow(Failure);
  expect(load).toThrow(/LOG_LEVEL.*\n?.*MAX_RETRIES|MAX_RETRIES.*\n?.*LOG_LEVEL/);
});

describe("where a value comes from", () => {
  const folder = temporaryFolder();
  const envFile = join(folder, "settings.env");
  writeFileSync(envFile, "# ours\nLOG_LEVEL=ERROR\nMAX_RETRIES=5\nLARAVEL_API_KEY=from-env-file\n", { mode: 0o600 });
  const secretFile = join(folder, "key");
  writeFileSync(secretFile, "from-secret-file\n", { mode: 0o600 });
  const credentials = join(folder, "credentials");
  mkdirSync(credentials);
  writeFileSync(join(credentials, "LARAVEL_API_KEY"), "from-credential\n", { mode: 0o400 });
  const url = { LARAVEL_API_URL: platform.LARAVEL_API_URL };

  function keyOf(environment: Record<string, string>) {
    const { config } = loadConfig({ environment: { ...url, ...environment }, envFile });
    if (config.platform.kind !== "laravel") throw new Error("expected the platform");
    return { key: config.platform.key, source: config.sources.LARAVEL_API_KEY.text };
  }

  test("option, environment, env file, default, in this order", () => {
    const flags = { LOG_LEVEL: { value: "debug", flag: "--log-level" } };
    const load = (input: object) => loadConfig({ environment: {}, ...input }).config;
    const everywhere = load({ environment: { LOG_LEVEL: "CRITICAL", AMI_ENV_FILE: "/nowhere" }, flags, envFile });
    expect([everywhere.log.level, everywhere.sources.LOG_LEVEL.text]).toEqual(["debug", "--log-level"]);
    const environment = load({ environment: { LOG_LEVEL: "CRITICAL" }, envFile });
    expect([environment.log.level, environment.sources.LOG_LEVEL.text]).toEqual(["critical", "environment"]);
    const file = load({ environment: { AMI_ENV_FILE: envFile } });
    expect([file.log.level, file.sources.LOG_LEVEL.text]).toEqual(["error", `${envFile}:2`]);
    expect([file.retry.retriesMax, file.sources.MAX_RETRIES.text]).toEqual([5, `${envFile}:3`]);
  });

  test("a secret: environment, credential, NAME_FILE, env file, in this order", () => {
    const all = {
      LARAVEL_API_KEY: "from-environment",
      CREDENTIALS_DIRECTORY: credentials,
      LARAVEL_API_KEY_FILE: secretFile,
    };
    expect(keyOf(all)).toEqual({ key: "from-environment", source: "environment" });
    expect(keyOf({ ...all, LARAVEL_API_KEY: "" })).toEqual({
      key: "from-credential",
      source: join(credentials, "LARAVEL_API_KEY"),
    });
    expect(keyOf({ LARAVEL_API_KEY_FILE: secretFile })).toEqual({
      key: "from-secret-file",
      source: `LARAVEL_API_KEY_FILE (${secretFile})`,
    });
    expect(keyOf({})).toEqual({ key: "from-env-file", source: `${envFile}:4` });
  });

  test("NAME_FILE may stand in the env file", () => {
    const naming = join(folder, "naming.env");
    writeFileSync(naming, `LARAVEL_API_URL=https://app.example.com\nLARAVEL_API_KEY_FILE=${secretFile}\n`);
    const { config } = loadConfig({ environment: {}, envFile: naming });
    expect(config.platform).toEqual({ kind: "laravel", url: "https://app.example.com", key: "from-secret-file" });
  });

  test("the systemd credential `env` is an env file, unless another is named", () => {
    const both = join(folder, "unit");
    mkdirSync(both);
    writeFileSync(join(both, "env"), "MAX_RETRIES=7\n");
    const load = (more: object) => loadConfig({ environment: { CREDENTIALS_DIRECTORY: both }, ...more }).config;
    expect(load({}).retry.retriesMax).toBe(7);
    expect(load({ envFile }).retry.retriesMax).toBe(5);
  });

  test.each([
    ["--env-file", { envFile: join(folder, "missing") }],
    ["AMI_ENV_FILE", { environment: { AMI_ENV_FILE: join(folder, "missing") } }],
    ["LARAVEL_API_KEY_FILE", { environment: { ...platform, LARAVEL_API_KEY: "", LARAVEL_API_KEY_FILE: "/missing" } }],
  ])("a file that %s names and that is not there is a problem", (variable, input) => {
    const { problems } = checkConfig({ environment: {}, ...input });
    expect(problems[0]?.variable).toBe(variable);
    expect(problems[0]?.message).toContain("cannot be read");
  });

  test("an empty secret file is a problem", () => {
    const empty = join(folder, "empty");
    writeFileSync(empty, "\n");
    const { problems } = checkConfig({
      environment: { ...platform, LARAVEL_API_KEY: "", LARAVEL_API_KEY_FILE: empty },
    });
    expect(problems[0]?.message).toBe(`The file ${empty} is empty`);
  });

  test("lines of the env file that say nothing are problems", () => {
    const odd = join(folder, "odd.env");
    writeFileSync(odd, "LOG_LEVEL=INFO\nLOG_DIR /var/log\n\nMAX_RETRIES='3\n");
    const { problems } = checkConfig({ environment: {}, envFile: odd });
    expect(problems.map(problemText)).toEqual([
      `${odd}:2: The line is not NAME=value; expected NAME=value, a comment, or nothing.`,
      `${odd}:4: The line has a quote that is not closed (MAX_RETRIES); expected NAME=value, a comment, or nothing.`,
    ]);
  });

  test("files with secrets that everybody can read are warned about", () => {
    const open = join(folder, "open.env");
    writeFileSync(open, "BINANCE_API_KEY=binance-key\nBINANCE_API_SECRET=binance-secret\n");
    chmodSync(open, 0o644);
    expect(checkConfig({ environment: {}, envFile: open }).warnings.map(problemText)).toEqual([
      `--env-file: Everybody on this machine can read ${open} (mode 0644). Mend it: chmod 640 ${open}.`,
    ]);
    chmodSync(open, 0o640);
    expect(checkConfig({ environment: {}, envFile: open }).warnings).toEqual([]);
  });
});

describe("a variable that is not known", () => {
  test.each([
    ["LARAVEL_API_ULR", "Did you mean LARAVEL_API_URL?"],
    ["TRADE_IMPORTER_BATCHSIZE", "Did you mean TRADE_IMPORTER_BATCH_SIZE?"],
    ["BINANCE_API_SECRET_FILES", "Did you mean BINANCE_API_SECRET_FILE?"],
    ["CREDENTIALS_KEYS", "Did you mean CREDENTIALS_KEY?"],
    ["AMI_ENVFILE", "Did you mean AMI_ENV_FILE?"],
  ])("%s is warned about: %s", (name, hint) => {
    const { warnings } = checkConfig({ environment: { [name]: "x" } });
    expect(warnings.map(({ variable, hint }) => [variable, hint])).toEqual([[name, hint]]);
  });

  test("of other programs is none of our business", () => {
    const environment = { PATH: "/bin", LARAVEL_SAIL: "1", LOG_CHANNEL: "x", DATA_DIRS: "", DIR: "x", HOME: "/root" };
    expect(checkConfig({ environment }).warnings).toEqual([]);
  });

  test("in the env file is always warned about", () => {
    const path = join(temporaryFolder(), "env");
    writeFileSync(path, "\nWHATEVER=1\n");
    expect(checkConfig({ environment: {}, envFile: path }).warnings.map(problemText)).toEqual([
      `WHATEVER (${path}:2): This variable is not known.`,
    ]);
  });
});

test("no problem, warning or setting shows a secret", () => {
  const secrets = {
    LARAVEL_API_KEY: "s3cret one with blanks",
    CREDENTIALS_KEY: "s3cret-two-that-is-not-base64",
    BINANCE_API_KEY: "s3cret-three-s3cret-three",
    SMTP_URL: "smtp://me:s3cret-four@mail.example.com",
    ALERT_WEBHOOK_URL: "https://hooks.example.com/s3cret-five",
    HEALTHCHECK_URL: "http://hc.example.com/s3cret-six",
  };
  const report = checkConfig({
    environment: { ...secrets, LARAVEL_API_URL: "https://me:s3cret-seven@app.example.com" },
  });
  const shown = JSON.stringify([report.problems, report.warnings, report.settings]);
  expect(shown).not.toContain("s3cret");
  expect(shown).toContain("smtp://****@mail.example.com");
  expect(shown).toContain("https://hooks.example.com/****");
  for (const value of Object.values(secrets)) expect(report.secrets).toContain(value);
});

test(".env.example names every variable with its default, and is valid as it is", async () => {
  const path = join(import.meta.dir, "../.env.example");
  const text = await Bun.file(path).text();
  const named = [...text.matchAll(/^#?([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]);
  expect(named.map(([name]) => name)).toEqual([...variableNames]);
  for (const [name, value] of named) {
    const { default: byDefault } = variables[name as VariableName];
    if (byDefault !== null) expect([name, value]).toEqual([name, byDefault]);
  }
  const uncommented = text.replace(/^#(?=[A-Z_]+=)/gm, "");
  const copy = join(temporaryFolder(), "env");
  writeFileSync(copy, uncommented, { mode: 0o600 });
  const { problems } = checkConfig({ environment: { LARAVEL_API_KEY: key }, envFile: copy });
  expect(problems.map(problemText)).toEqual([]);
});
