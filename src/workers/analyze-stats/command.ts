import { type ArgDefs, type ArgValues, defineWorker, type WorkerArgs } from "../worker.ts";

const args = {
  user: { type: "string", valueHint: "id", description: "Analyse this user alone, and show the figures" },
  full: { type: "boolean", description: "Analyse all users, not only those whose trades changed" },
  report: {
    type: "string",
    valueHint: "file",
    description:
      "Write a page for people too, an HTML file that needs nothing else; with --full one a user, FILE-ID.html",
  },
} as const satisfies ArgDefs;

export type AnalyzeArgs = ArgValues<typeof args> & WorkerArgs;

/** After an import that began with the hour. */
const offsetMinutes = 7;

export const analyzeStats = defineWorker({
  name: "analyze-stats",
  worker: "stats_analyzer",
  summary: "Compute the statistics of every user whose trades changed",
  args,
  examples: [
    { command: "ami-workers analyze-stats", does: "every user whose trades changed since" },
    { command: "ami-workers analyze-stats --user 42", does: "one user's figures, curve and best and worst" },
    {
      command: "ami-workers analyze-stats --user 42 --report 42.html",
      does: "the same as a page to look at and to show",
    },
    {
      command: "ami-workers analyze-stats --user 42 --dry-run --json",
      does: "all figures as one object, nothing stored",
    },
    { command: "ami-workers analyze-stats --full", does: "everybody's anew" },
  ],
  exits: {
    3: "some users failed; the others' statistics are stored",
    4: "more than half of the users failed",
    69: "the platform cannot be reached",
    75: "another run holds the lock",
    77: "the platform refused the key",
  },
  environment: [
    "LARAVEL_API_URL",
    "LARAVEL_API_KEY",
    "STATS_ANALYZER_ENABLED",
    "MAX_RETRIES",
    "RETRY_BACKOFF_BASE",
    "DATA_DIR",
    "LOG_DIR",
    "LOG_LEVEL",
    "ALERT_EMAIL_TO",
    "ALERT_EMAIL_FROM",
    "SMTP_URL",
    "ALERT_WEBHOOK_URL",
    "METRICS_DIR",
  ],
  units: {
    load: async () => (await import("./units.ts")).units,
    schedule: ({ statsAnalyzer: { enabled, intervalMinutes } }) => ({ enabled, intervalMinutes, offsetMinutes }),
  },
  async run(given, config, context) {
    const { runAnalysis } = await import("./cycle.ts");
    await runAnalysis(given, config, context);
  },
});
