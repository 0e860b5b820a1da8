import { type ArgDefs, type ArgValues, defineGroup, defineTool, type GlobalArgs } from "../worker.ts";

const dryRun = { type: "boolean", description: "Show what would change, as a diff, and change nothing" } as const;
const root = {
  type: "string",
  valueHint: "folder",
  description: "Work on this tree instead of the machine, an image for example; nothing is started",
} as const;

const installArgs = {
  dryRun,
  root,
  skipDoctor: { type: "boolean", description: "Do not check the installation at the end" },
} as const satisfies ArgDefs;

const statusArgs = {} as const satisfies ArgDefs;

const uninstallArgs = {
  dryRun,
  root,
  purge: { type: "boolean", description: "Remove data, logs, settings and the user too" },
} as const satisfies ArgDefs;

const alertArgs = {
  unit: { type: "string", valueHint: "name", description: "The unit that failed" },
} as const satisfies ArgDefs;

const reportExitArgs = {
  worker: { type: "string", valueHint: "name", description: "The worker that ended, as its log calls it" },
} as const satisfies ArgDefs;

export type InstallArgs = ArgValues<typeof installArgs> & GlobalArgs;
export type StatusArgs = ArgValues<typeof statusArgs> & GlobalArgs;
export type UninstallArgs = ArgValues<typeof uninstallArgs> & GlobalArgs;
export type AlertArgs = ArgValues<typeof alertArgs> & GlobalArgs;
export type ReportExitArgs = ArgValues<typeof reportExitArgs> & GlobalArgs;

const needsRoot = "not root, which it needs";

const install = defineTool({
  name: "install",
  summary: "Install this executable on this server, or bring the installation up to date",
  args: installArgs,
  examples: [
    { command: "sudo ./ami-workers service install --dry-run", does: "what it would do" },
    { command: "sudo ./ami-workers service install", does: "user, folders, settings, units, timers; then doctor" },
    {
      command: "sudo ./ami-workers service install --env-file my.env",
      does: "the same with these settings, where the server has none yet",
    },
    { command: "sudo ami-workers service install", does: "after the settings have changed" },
  ],
  exits: { 1: "installed, but doctor found something that is not well", 77: needsRoot },
  environment: [],
  async run(args, context) {
    const { installService } = await import("./install.ts");
    return installService(args, context);
  },
});

const status = defineTool({
  name: "status",
  summary: "Show timers, last runs, and the releases that are there",
  args: statusArgs,
  examples: [
    { command: "ami-workers service status", does: "a table" },
    { command: "ami-workers service status --json", does: "the same for a program" },
  ],
  exits: { 1: "not installed" },
  environment: [],
  async run(args, context) {
    const { showStatus } = await import("./status.ts");
    return showStatus(args, context);
  },
});

const uninstall = defineTool({
  name: "uninstall",
  summary: "Stop and remove units and program; data, logs and settings stay unless told otherwise",
  args: uninstallArgs,
  examples: [
    { command: "sudo ami-workers service uninstall --dry-run", does: "what would go" },
    { command: "sudo ami-workers service uninstall --purge", does: "and data, logs, settings and user with it" },
  ],
  exits: { 77: needsRoot },
  environment: [],
  async run(args, context) {
    const { uninstallService } = await import("./uninstall.ts");
    return uninstallService(args, context);
  },
});

const alert = defineTool({
  name: "alert",
  summary: "Called by systemd: tell that a unit failed, with what doctor finds",
  args: alertArgs,
  examples: [{ command: "systemctl start ami-workers-alert@test.service", does: "sends a trial" }],
  exits: { 69: "it could not be sent" },
  environment: ["ALERT_EMAIL_TO", "ALERT_EMAIL_FROM", "SMTP_URL", "ALERT_WEBHOOK_URL", "DATA_DIR"],
  async run(args, context) {
    const { alertOfUnit } = await import("./alert.ts");
    return alertOfUnit(args, context);
  },
});

const reportExit = defineTool({
  name: "report-exit",
  summary: "Called by systemd: note how a run ended that could not say so itself",
  args: reportExitArgs,
  examples: [{ command: "ami-workers service report-exit --worker trade_importer", does: "in ExecStopPost=" }],
  environment: ["DATA_DIR"],
  async run(args, context) {
    if (context.environment.SERVICE_RESULT === "success") return 0; // nearly always, and then nothing need be loaded
    const { reportExitOf } = await import("./report-exit.ts");
    return reportExitOf(args, context);
  },
});

export const service = defineGroup({
  name: "service",
  summary: "Install, look at or remove the service on this server",
  commands: [install, status, uninstall, alert, reportExit],
});
