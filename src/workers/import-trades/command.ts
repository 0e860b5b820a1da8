import { markets } from "../../executions/execution.ts";
import { type ArgDefs, type ArgValues, defineWorker, type WorkerArgs } from "../worker.ts";

const args = {
  file: {
    type: "strings",
    valueHint: "path",
    description: "Import this file into the embedded journal's own account, instead of the accounts' brokers",
  },
  watchFolder: {
    type: "string",
    valueHint: "folder",
    description:
      "Import what is new in this folder's files, instead of the accounts' brokers; a folder below it is called by its account's id",
  },
  dialect: { type: "string", valueHint: "id", description: "The format of the files; otherwise found by their header" },
  map: {
    type: "strings",
    valueHint: "column=name",
    description: 'With --dialect generic: what the file calls a column, price="Fill Price"',
  },
  timezone: {
    type: "string",
    valueHint: "zone",
    description: "The zone of times without one, as in Europe/Paris, where the format does not say",
  },
  market: {
    type: "enum",
    options: markets,
    description: "The market of the files, where the format has several",
  },
  currency: {
    type: "string",
    valueHint: "code",
    description: "What prices are in, where neither a column nor the symbol says",
  },
  sourceAccount: {
    type: "string",
    valueHint: "id",
    description: "Of files that hold several of the broker's accounts: import the rows of this one",
  },
  baseCurrency: {
    type: "string",
    valueHint: "code",
    description: "With --file: the currency that a new account of the embedded journal reports in",
  },
  costBasis: {
    type: "enum",
    options: ["fifo", "lifo", "average"],
    description: "With --file: how a new account of the embedded journal attributes entries to exits",
  },
  account: { type: "string", valueHint: "id", description: "Import this account alone, due or not" },
  user: { type: "string", valueHint: "id", description: "Import this user's accounts alone" },
  broker: { type: "string", valueHint: "id", description: "Import this broker's accounts alone" },
} as const satisfies ArgDefs;

export type ImportArgs = ArgValues<typeof args> & WorkerArgs;

export const importTrades = defineWorker({
  name: "import-trades",
  worker: "trade_importer",
  summary: "Import every account's new executions and deliver the trades",
  args,
  examples: [
    { command: "ami-workers import-trades", does: "every account of the platform that is due" },
    {
      command: "ami-workers import-trades --file spot.csv --file futures.csv",
      does: "files, into ./data/journal.sqlite",
    },
    {
      command: "ami-workers import-trades --file spot.csv --dry-run --json",
      does: "what would come of it, for a program",
    },
    {
      command: "ami-workers import-trades --file statement.csv --source-account U1234567",
      does: "of a file with several of the broker's accounts, one: into the account interactive_brokers-U1234567",
    },
    {
      command: "ami-workers import-trades --watch-folder /srv/metatrader --timezone GMT+2/EU",
      does: "reports that a terminal publishes there, as they grow",
    },
    { command: "ami-workers import-trades --account 7 --lock-wait 60", does: "one account, after the run that is on" },
  ],
  exits: {
    3: "some accounts failed, or rows of a file could not be read; the rest is imported",
    4: "more than half of the accounts failed",
    65: "the data cannot be used",
    69: "the platform cannot be reached; what was read waits in DATA_DIR/pending",
    75: "another run holds the lock",
    77: "the platform refused the key",
  },
  environment: [
    "LARAVEL_API_URL",
    "LARAVEL_API_KEY",
    "CREDENTIALS_KEY",
    "TRADE_IMPORTER_BATCH_SIZE",
    "TRADE_IMPORTER_WATCH_FOLDER",
    "BINANCE_API_KEY",
    "BINANCE_API_SECRET",
    "MAX_RETRIES",
    "RETRY_BACKOFF_BASE",
    "DATA_DIR",
    "LOG_DIR",
    "LOG_LEVEL",
    "ALERT_EMAIL_TO",
    "ALERT_EMAIL_FROM",
    "SMTP_URL",
    "ALERT_WEBHOOK_URL",
    "HEALTHCHECK_URL",
    "METRICS_DIR",
  ],
  units: {
    load: async () => (await import("./units.ts")).units,
    schedule: ({ tradeImporter: { enabled, intervalMinutes } }) => ({ enabled, intervalMinutes, offsetMinutes: 0 }),
  },
  async run(given, config, context) {
    const { runImport } = await import("./cycle.ts");
    await runImport(given, config, context);
  },
});
