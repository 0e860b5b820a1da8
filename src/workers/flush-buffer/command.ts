import { type ArgDefs, type ArgValues, defineWorker, type WorkerArgs } from "../worker.ts";

const args = {
  list: {
    type: "boolean",
    description: "Show what is on disk: age, user, size, attempts, the last error. Changes nothing",
  },
  show: { type: "string", valueHint: "id", description: "Show one batch and what is in it. Changes nothing" },
  retryFailed: {
    type: "list",
    valueHint: "id",
    description: "Send what is in failed/ again, all of it or these, with all attempts before it",
  },
  drop: { type: "list", valueHint: "id", description: "Give these up: their files are deleted. Needs --yes" },
  yes: { type: "boolean", description: "With --drop: really" },
  anyPlatform: {
    type: "boolean",
    description: "Send also what was kept for a platform of another address, because it has a new one",
  },
} as const satisfies ArgDefs;

export type FlushArgs = ArgValues<typeof args> & WorkerArgs;

export const flushBufferCommand = defineWorker({
  name: "flush-buffer",
  worker: "buffer_flusher",
  summary: "Deliver the batches that wait on disk, or look at them",
  args,
  examples: [
    { command: "ami-workers flush-buffer", does: "send now what waits in DATA_DIR/pending" },
    { command: "ami-workers flush-buffer --list", does: "what waits, what failed, what was set aside, and why" },
    { command: "ami-workers flush-buffer --show 3f9a", does: "one batch, by any part of its id that only it has" },
    { command: "ami-workers flush-buffer --retry-failed", does: "after the platform was mended" },
    { command: "ami-workers flush-buffer --drop 3f9a --yes", does: "delete one for good" },
  ],
  exits: {
    3: "some batches wait on or have failed; the others are delivered",
    69: "the platform cannot be reached; everything waits on",
    75: "another run holds the lock",
    77: "the platform refused the key",
  },
  environment: [
    "LARAVEL_API_URL",
    "LARAVEL_API_KEY",
    "MAX_RETRIES",
    "RETRY_BACKOFF_BASE",
    "DATA_DIR",
    "LOG_DIR",
    "LOG_LEVEL",
    "ALERT_EMAIL_TO",
    "ALERT_EMAIL_FROM",
    "SMTP_URL",
    "ALERT_WEBHOOK_URL",
  ],
  units: { load: async () => (await import("./units.ts")).units },
  async run(given, config, context) {
    const { runFlushBuffer } = await import("./run.ts");
    await runFlushBuffer(given, config, context);
  },
});
