import { type ArgDefs, type ArgValues, defineTool, type GlobalArgs } from "../worker.ts";

const args = {
  only: {
    type: "strings",
    valueHint: "checks",
    description: "These groups or checks alone, separated by commas: buffer,timers/enabled",
  },
  offline: { type: "boolean", description: "Ask nobody else: only this machine is looked at" },
  list: { type: "boolean", description: "Name all checks" },
  quiet: { type: "boolean", description: "Show only what is not well" },
  platformCheck: {
    type: "boolean",
    description:
      "Check the platform's API against the whole contract instead. It WRITES: executions and trades, checkpoint, status, statistics and reports of --test-account and its user. For a staging platform",
  },
  testAccount: {
    type: "string",
    valueHint: "id",
    description:
      "The account that --platform-check may write to: one that was made for it, of a user that was made for it. What stays there is marked platform-check",
  },
  limitedKeyFile: {
    type: "string",
    valueHint: "file",
    description: "With --platform-check: a key of few abilities, to see that it is refused what it lacks",
  },
  exhaustRateLimit: {
    type: "boolean",
    description: "With --platform-check: use the rate limit up, to see its 429; the key is kept out for a minute",
  },
} as const satisfies ArgDefs;

export type DoctorArgs = ArgValues<typeof args> & GlobalArgs;

export const doctor = defineTool({
  name: "doctor",
  summary: "Check settings, platform, brokers, disk, buffer, timers and machine; change nothing",
  args,
  examples: [
    { command: "sudo ami-workers doctor", does: "everything" },
    { command: "ami-workers doctor --offline", does: "this machine alone, at once" },
    { command: "ami-workers doctor --only platform,clock --json", does: "some of it, for a program" },
    {
      command: "ami-workers doctor --platform-check --test-account 7",
      does: "says point by point what a Laravel team's API does not do right, and how it should answer",
    },
  ],
  exits: { 0: "healthy, warnings or not", 1: "a check failed" },
  environment: ["LARAVEL_API_URL", "LARAVEL_API_KEY", "CREDENTIALS_KEY", "DATA_DIR", "LOG_DIR", "METRICS_DIR"],
  units: { load: async () => (await import("./units.ts")).units },
  async run(given, context) {
    const { runDoctor } = await import("./doctor.ts");
    return runDoctor(given, context);
  },
});
