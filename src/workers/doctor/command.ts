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
  ],
  exits: { 0: "healthy, warnings or not", 1: "a check failed" },
  environment: ["LARAVEL_API_URL", "LARAVEL_API_KEY", "CREDENTIALS_KEY", "DATA_DIR", "LOG_DIR", "METRICS_DIR"],
  units: { load: async () => (await import("./units.ts")).units },
  async run(given, context) {
    const { runDoctor } = await import("./doctor.ts");
    return runDoctor(given, context);
  },
});
