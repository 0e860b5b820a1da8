/** What is known of each variable without reading any: for `--help`, `config show`, `.env.example`, and near misses. */
export interface Variable {
  section: string;
  description: string;
  /** What a value has to be, in words that follow "expected". */
  expected: string;
  /** As text, as if it were set; null: unset, and that is fine. */
  default: string | null;
  /** Never printed in full. May also come from a file: NAME_FILE, or a systemd credential. */
  secret: boolean;
}

const text = { default: null, secret: false } as const;
const secret = { default: null, secret: true } as const;

/** In the order of `config show` and `.env.example`. */
export const variables = {
  LARAVEL_API_URL: {
    ...text,
    section: "Platform",
    description:
      "Where trades go: the platform's internal API, or a SQLite file. Unset: sqlite:DATA_DIR/journal.sqlite",
    expected: "an https:// address (http:// only to this machine) without user, query or fragment, or sqlite:PATH",
  },
  LARAVEL_API_KEY: {
    ...secret,
    section: "Platform",
    description: "Key of the platform's internal API; needed with an https:// or http:// address",
    expected: "the key as the platform showed it: printable characters without blanks, no placeholder",
  },
  CREDENTIALS_KEY: {
    ...secret,
    section: "Platform",
    description:
      "Opens the accounts' credentials: the platform's WORKER_CREDENTIALS_KEY. Several, newest first, by commas",
    expected: "base64: followed by 32 bytes in base64; several separated by commas",
  },
  TRADE_IMPORTER_ENABLED: {
    ...text,
    section: "Worker: trade importer",
    description: "Whether import-trades runs by its timer",
    expected: "true or false",
    default: "true",
  },
  TRADE_IMPORTER_INTERVAL_MINUTES: {
    ...text,
    section: "Worker: trade importer",
    description: "Minutes between two imports",
    expected: "a whole number from 1 to 1440",
    default: "15",
  },
  TRADE_IMPORTER_BATCH_SIZE: {
    ...text,
    section: "Worker: trade importer",
    description: "Executions delivered in one request",
    expected: "a whole number from 1 to 100",
    default: "100",
  },
  TRADE_IMPORTER_WATCH_FOLDER: {
    ...text,
    section: "Worker: trade importer",
    description:
      "Folder that terminals publish their reports to, imported as they grow: a folder below it for each account, called by the account's id",
    expected: "a folder's path",
  },
  STATS_ANALYZER_ENABLED: {
    ...text,
    section: "Worker: stats analyzer",
    description: "Whether analyze-stats runs by its timer",
    expected: "true or false",
    default: "true",
  },
  STATS_ANALYZER_INTERVAL_MINUTES: {
    ...text,
    section: "Worker: stats analyzer",
    description: "Minutes between two computations",
    expected: "a whole number from 1 to 1440",
    default: "60",
  },
  BINANCE_API_KEY: {
    ...secret,
    section: "Broker: Binance",
    description: "For an account without credentials of its own; together with BINANCE_API_SECRET",
    expected: "the key as Binance showed it: printable characters without blanks, no placeholder",
  },
  BINANCE_API_SECRET: {
    ...secret,
    section: "Broker: Binance",
    description: "The secret of BINANCE_API_KEY",
    expected: "the secret as Binance showed it: printable characters without blanks, no placeholder",
  },
  LOG_LEVEL: {
    ...text,
    section: "Logging",
    description: "The least serious line that is written",
    expected: "DEBUG, INFO, WARNING, ERROR or CRITICAL",
    default: "INFO",
  },
  LOG_DIR: {
    ...text,
    section: "Logging",
    description: "Folder of the log files, one a worker",
    expected: "a folder's path",
    default: "./logs",
  },
  MAX_RETRIES: {
    ...text,
    section: "Retry",
    description: "How often a request to the platform is sent again",
    expected: "a whole number from 0 to 10",
    default: "3",
  },
  RETRY_BACKOFF_BASE: {
    ...text,
    section: "Retry",
    description: "Seconds before the first repetition, doubled at each one",
    expected: "seconds from 0 to 60, with a decimal point if need be",
    default: "2",
  },
  DATA_DIR: {
    ...text,
    section: "Data",
    description: "Folder of undelivered batches, locks and the embedded journal",
    expected: "a folder's path",
    default: "./data",
  },
  ALERT_EMAIL_TO: {
    ...text,
    section: "Alerts",
    description:
      "Who is told when a person is needed; several separated by commas. Needs SMTP_URL and ALERT_EMAIL_FROM",
    expected: "e-mail addresses separated by commas",
  },
  ALERT_EMAIL_FROM: {
    ...text,
    section: "Alerts",
    description: "Sender of those mails",
    expected: "an e-mail address",
  },
  SMTP_URL: {
    ...secret,
    section: "Alerts",
    description: "Mail server",
    expected: "smtp://[user:password@]host[:port] or smtps://…",
  },
  ALERT_WEBHOOK_URL: {
    ...secret,
    section: "Alerts",
    description: "Told the same as JSON",
    expected: "an https:// address (http:// only to this machine)",
  },
  HEALTHCHECK_URL: {
    ...secret,
    section: "Monitoring",
    description: "Dead man's switch, called at start and end of a cycle",
    expected: "an https:// address (http:// only to this machine)",
  },
  METRICS_DIR: {
    ...text,
    section: "Monitoring",
    description: "Folder for Prometheus text files",
    expected: "a folder's path",
  },
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof variables;

export const variableNames = Object.keys(variables) as VariableName[];

export function isVariableName(name: string): name is VariableName {
  return Object.hasOwn(variables, name);
}

/** Read where configuration is looked for, not part of it. */
export const locatingVariables = ["AMI_ENV_FILE", "CREDENTIALS_DIRECTORY"] as const;
