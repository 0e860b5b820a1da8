import { beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Channel, Message } from "../../../src/operation/channels.ts";
import { noAccounts, noExecutions, readRunStatus, writeRunStatus } from "../../../src/operation/run-status.ts";
import { fail } from "../../../src/workers/doctor/check.ts";
import { commands } from "../../../src/workers/index.ts";
import { alertWith } from "../../../src/workers/service/alert.ts";
import { layoutOf } from "../../../src/workers/service/layout.ts";
import { reportExitOf } from "../../../src/workers/service/report-exit.ts";
import { fakeClock } from "../../operation/fakes.ts";
import { temporaryFolders } from "../../operation/temporary-folder.ts";
import { fakeContext, fakeSystem, installArgs } from "./fakes.ts";

const makeFolder = temporaryFolders();
const unit = "ami-workers-import-trades.service";
const hourMs = 3_600_000;
let root = "";
let data = "";
let clock = fakeClock();
let sent: Message[] = [];
beforeEach(() => {
  root = makeFolder();
  data = join(root, "data");
  mkdirSync(data);
  clock = fakeClock();
  sent = [];
});

const monitor = (result: string, code: string, status: string) => ({
  MONITOR_SERVICE_RESULT: result,
  MONITOR_EXIT_CODE: code,
  MONITOR_EXIT_STATUS: status,
});
const timeout = monitor("timeout", "killed", "TERM");

async function alert(
  environment: Record<string, string>,
  { send = async (message: Message) => void sent.push(message), settings = true } = {},
) {
  const own = settings ? { DATA_DIR: data, ALERT_WEBHOOK_URL: "https://hooks.example.com/x" } : {};
  const context = fakeContext({
    environment: { ...own, ...environment },
    clock: { ...clock, sleep: () => new Promise(() => undefined) },
  });
  const check = { group: "disk", name: "space", title: "", run: () => fail("the disk is full", "make room") } as const;
  const code = await alertWith({ ...installArgs, unit }, context, {
    machine: { layout: layoutOf(root), run: fakeSystem(root).run, uid: 0, commands, checks: [check] },
    channels: async ({ webhookUrl }) => (webhookUrl === null ? [] : [{ name: "webhook", send } satisfies Channel]),
  });
  return { code, events: context.logged.map(({ event }) => event) };
}

function leaveStatus(exitCode: number, code = "most_failed") {
  const nowMs = clock.nowMs();
  writeRunStatus(data, {
    worker: "trade_importer",
    version: "1",
    runId: "r",
    startedAtMs: nowMs,
    finishedAtMs: nowMs,
    durationMs: 0,
    exitCode,
    error: { code, message: "m" },
    firstRunAtMs: nowMs,
    lastSuccessAtMs: null,
    failuresInARow: 1,
    accounts: noAccounts,
    executions: noExecutions,
    total: { ...noExecutions, runs: 1 },
  });
}

describe("a unit that failed", () => {
  test("is told with how it ended and what doctor finds", async () => {
    expect((await alert(timeout)).code).toBe(0);
    const [message] = sent;
    expect(message?.subject).toContain(`${unit} failed (timeout TERM)`);
    expect(message?.text).toContain("the disk is full");
    expect(message?.text).toContain(`journalctl -u ${unit}`);
  });

  test("is told again only after hours, each unit for itself", async () => {
    await alert(timeout);
    expect((await alert(timeout)).events).toEqual(["unit_failed", "unit_failure_told"]);
    clock.advance(5 * hourMs);
    await alert(timeout);
    expect(sent).toHaveLength(1);
    clock.advance(hourMs);
    await alert(timeout);
    expect(sent).toHaveLength(2);
  });

  test.each([
    [4, "most_failed", 0],
    [69, "platform_unavailable", 0],
    [77, "platform_unauthenticated", 0],
    [70, "bug", 1],
    [78, "configuration_invalid", 1],
  ])("with exit code %d has told it itself or not: %s, so that %d are sent", async (exitCode, code, mails) => {
    leaveStatus(exitCode, code);
    await alert(monitor("exit-code", "exited", String(exitCode)));
    expect(sent).toHaveLength(mails);
  });

  test("with a status of another run is told", async () => {
    leaveStatus(4);
    clock.advance(hourMs);
    await alert(monitor("exit-code", "exited", "4"));
    expect(sent).toHaveLength(1);
  });

  test("that nobody could be told of is no success, and is tried again", async () => {
    const broken = async () => {
      throw new Error("it is away");
    };
    await expect(alert(timeout, { send: broken })).rejects.toThrow("Nobody could be told: webhook: it is away.");
    await alert(timeout);
    expect(sent).toHaveLength(1);
  });

  test("without any way to tell is in the log", async () => {
    expect((await alert({ ...timeout, ALERT_WEBHOOK_URL: "" })).events).toContain("alert_has_no_way");
  });

  test("with settings that are wrong elsewhere is told all the same", async () => {
    writeFileSync(
      join(root, "env"),
      `DATA_DIR=${data}\nMAX_RETRIES=often\nALERT_WEBHOOK_URL=https://hooks.example.com/x\n`,
    );
    await alert({ ...monitor("exit-code", "exited", "78"), CREDENTIALS_DIRECTORY: root }, { settings: false });
    expect(sent).toHaveLength(1);
  });
});

describe("report-exit", () => {
  async function report(environment: Record<string, string>) {
    const context = fakeContext({ environment: { DATA_DIR: data, ...environment }, clock });
    return await reportExitOf({ ...installArgs, worker: "trade_importer" }, context);
  }
  const ended = (SERVICE_RESULT: string, EXIT_CODE: string, EXIT_STATUS: string) => ({
    SERVICE_RESULT,
    EXIT_CODE,
    EXIT_STATUS,
  });

  test.each([
    ["success", "exited", "0"],
    ["success", "exited", "75"],
    ["exit-code", "exited", "69"],
  ])("lets a run be that ended by itself: %s %s %s", async (result, code, status) => {
    expect(await report(ended(result, code, status))).toBe(0);
    expect(readRunStatus(data, "trade_importer")).toBeNull();
  });

  test.each([
    ["signal", "killed", "KILL", "it was killed by SIGKILL (signal)"],
    ["oom-kill", "killed", "KILL", "it was killed by SIGKILL (oom-kill)"],
    ["core-dump", "dumped", "SEGV", "it was killed by SIGSEGV (core-dump)"],
    ["timeout", "killed", "TERM", "systemd ended it, since it took too long"],
    ["timeout", "exited", "0", "systemd ended it, since it took too long"],
  ])("notes one that was killed: %s %s %s", async (result, code, status, message) => {
    leaveStatus(0);
    await report(ended(result, code, status));
    expect(readRunStatus(data, "trade_importer")).toMatchObject({
      exitCode: 137,
      error: { code: "killed", message },
      failuresInARow: 2,
      lastSuccessAtMs: null,
      total: { runs: 2 },
    });
  });

  test("a killed run is not taken for one that has told of itself", async () => {
    await report(ended("signal", "killed", "KILL"));
    await alert(monitor("signal", "killed", "KILL"));
    expect(sent).toHaveLength(1);
  });
});
