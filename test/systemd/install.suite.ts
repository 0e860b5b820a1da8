import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { calendars } from "../../src/workers/service/schedule.ts";
import { startBinance } from "../venues/binance/index.ts";
import {
  accessOf,
  doctor,
  dropIn,
  envFile,
  installed,
  must,
  noDropIn,
  property,
  run,
  setSettings,
  uploaded,
  waitFor,
} from "./machine.ts";
import { serveMail } from "./mail-server.ts";
import { importUnit, startPlatform, type TestPlatform } from "./platform.ts";

const timer = "ami-workers-import-trades.timer";
const alertUnit = "ami-workers-alert@ami-workers-import-trades.service.service";

let platform: TestPlatform;
const mail = serveMail();
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(async () => {
  await platform.stop();
  mail.stop();
});

/** systemd lets a person start a unit five times in ten seconds; tests are quicker. */
async function tryImport(): Promise<void> {
  await run(["systemctl", "reset-failed", importUnit, alertUnit]);
  await run(["systemctl", "start", importUnit]);
}

async function startImport(): Promise<void> {
  await run(["systemctl", "reset-failed", importUnit]);
  await must("systemctl", "start", importUnit);
}

/** The next failure is the first one again. */
async function forgetMails(): Promise<void> {
  await waitFor("the alert's end", async () => (await property(alertUnit, "ActiveState")) !== "activating");
  await must("rm", "-f", "/var/lib/ami-workers/units.alerts.json");
  mail.mails.length = 0;
}

describe("on a bare machine, with nothing but the executable", () => {
  test("doctor is content, and says that nothing is installed", async () => {
    const { code, output } = await run([uploaded, "doctor", "--offline"]);
    expect(output).toContain("not installed on this machine");
    expect(code).toBe(0);
    expect((await run([uploaded, "service", "status"])).code).toBe(1);
  });

  test("an ordinary user cannot install", async () => {
    const { code, error } = await run([uploaded, "service", "install"], { user: "nobody" });
    expect(error).toContain("has to be called by root");
    expect(code).toBe(77);
  });

  test("a dry run shows everything as a diff and changes nothing", async () => {
    const { code, output } = await run([uploaded, "service", "install", "--dry-run"]);
    expect(output).toContain("create the user ami-worker");
    expect(output).toContain("    +ExecStart=/opt/ami-workers/ami-workers import-trades\n");
    expect(output).toContain(`start ${timer}`);
    expect(code).toBe(0);
    expect(["/opt/ami-workers", "/etc/ami-workers", "/var/lib/ami-workers", installed].filter(existsSync)).toEqual([]);
    expect(readdirSync("/etc/systemd/system").filter((name) => name.startsWith("ami-workers"))).toEqual([]);
    expect((await run(["id", "ami-worker"])).code).toBe(1);
  });

  test("a real one installs all of it, and doctor finds it healthy", async () => {
    const { code, output, error } = await run([uploaded, "service", "install"]);
    expect(error).toBe("");
    expect(output).toContain("\nHealthy: ");
    expect(code).toBe(0);
    expect(await accessOf("/etc/ami-workers")).toBe("750 root ami-worker");
    expect(await accessOf(envFile)).toBe("640 root ami-worker");
    expect(await accessOf("/var/lib/ami-workers")).toBe("750 ami-worker ami-worker");
    expect(await accessOf("/var/lib/ami-workers/pending")).toBe("700 ami-worker ami-worker");
    expect(await accessOf("/var/log/ami-workers")).toBe("750 ami-worker ami-worker");
    expect((await must("getent", "passwd", "ami-worker")).trim()).toEndWith(":/var/lib/ami-workers:/usr/sbin/nologin");
    expect(await must("sha256sum", "-b", "/opt/ami-workers/ami-workers")).toStartWith(
      (await must("sha256sum", "-b", uploaded)).slice(0, 64),
    );
    expect((await run([installed, "--version"])).output).toStartWith("ami-workers ");
  });

  test("the timers wait for their time", async () => {
    for (const unit of [timer, "ami-workers-doctor.timer"]) {
      expect([unit, await property(unit, "UnitFileState"), await property(unit, "ActiveState")]).toEqual([
        unit,
        "enabled",
        "active",
      ]);
      expect(await property(unit, "NextElapseUSecRealtime")).not.toBe("");
    }
  });

  test("once more changes nothing", async () => {
    const { code, output } = await run([installed, "service", "install"]);
    expect(output).toStartWith("Everything is as it should be: nothing to change.\n");
    expect(code).toBe(0);
  });

  test("status shows it", async () => {
    const { code, output } = await run([installed, "service", "status", "--json"]);
    expect(code).toBe(0);
    const { units, current } = JSON.parse(output);
    expect(current).toMatch(/^ami-workers-\d/);
    expect(units.find(({ name }: { name: string }) => name === "import-trades")).toMatchObject({
      timer: "enabled",
      running: false,
      last_at: null,
      next_at: expect.stringMatching(/^\d{4}-/),
    });
  });
});

describe("units", () => {
  const own = () => readdirSync("/etc/systemd/system").filter((name) => /^ami-workers-.*\.(service|timer)$/.test(name));

  test("systemd has nothing to say against any of them", async () => {
    expect(own().length).toBeGreaterThan(3);
    const { code, output, error } = await run([
      "systemd-analyze",
      "verify",
      ...own().map((name) => `/etc/systemd/system/${name}`),
    ]);
    expect([code, output, error]).toEqual([0, "", ""]);
  });

  test("each service is exposed by 1.1 at most", async () => {
    const services = own()
      .filter((name) => name.endsWith(".service"))
      .map((name) => name.replace("@.", "@test."));
    for (const service of services) {
      const output = await must("systemd-analyze", "security", "--no-pager", service);
      const [, level = "10"] = /Overall exposure level for .*: ([\d.]+)/.exec(output) ?? [];
      expect([service, Number(level) <= 1.1 ? "at most 1.1" : level]).toEqual([service, "at most 1.1"]);
    }
  });

  test("every interval from 1 to 1440 minutes is a calendar that systemd takes", async () => {
    const all = new Set<string>();
    for (let minutes = 1; minutes <= 1440; minutes++) {
      for (const offset of [0, 7]) for (const calendar of calendars(minutes, offset)) all.add(calendar);
    }
    const list = [...all];
    for (let from = 0; from < list.length; from += 500)
      await must("systemd-analyze", "calendar", ...list.slice(from, from + 500));
    expect(list.length).toBeGreaterThan(1000);
  });
});

describe("settings", () => {
  test("of the operator are never written over", async () => {
    appendFileSync(envFile, "# mine\n");
    setSettings(platform.settings);
    setSettings({
      ALERT_EMAIL_TO: "operator@example.com",
      ALERT_EMAIL_FROM: "workers@example.com",
      SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
      MAX_RETRIES: "0",
    });
    const before = readFileSync(envFile, "utf8");
    await must(installed, "service", "install", "--skip-doctor");
    expect(readFileSync(envFile, "utf8")).toBe(before);
  });

  test.each([
    ["7", ["OnCalendar=00,07,14,21:00,07,14,21,28,35,42,49,56"]],
    ["60", ["OnCalendar=*:00"]],
    ["15", ["OnCalendar=*:0/15"]],
  ])("an interval of %s minutes becomes the timer's", async (minutes, lines) => {
    setSettings({ TRADE_IMPORTER_INTERVAL_MINUTES: minutes });
    await must(installed, "service", "install", "--skip-doctor");
    const text = await must("systemctl", "cat", timer);
    for (const line of lines) expect(text.split("\n")).toContain(line);
    expect(await property(timer, "ActiveState")).toBe("active");
    expect(await property(timer, "NextElapseUSecRealtime")).not.toBe("");
  });

  test("a worker that is off has no timer that runs, and gets it back", async () => {
    setSettings({ TRADE_IMPORTER_ENABLED: "false" });
    await must(installed, "service", "install", "--skip-doctor");
    expect([await property(timer, "UnitFileState"), await property(timer, "ActiveState")]).toEqual([
      "disabled",
      "inactive",
    ]);
    const { findings } = await doctor("--offline", "--only", "timers/enabled");
    expect(findings.get("timers/enabled")).toMatchObject({
      status: "ok",
      found: expect.stringContaining("off by the settings"),
    });
    setSettings({ TRADE_IMPORTER_ENABLED: "true" });
    await must(installed, "service", "install", "--skip-doctor");
    expect([await property(timer, "UnitFileState"), await property(timer, "ActiveState")]).toEqual([
      "enabled",
      "active",
    ]);
  });

  test("that are wrong are refused before anything changes", async () => {
    setSettings({ TRADE_IMPORTER_BATCH_SIZE: "many" });
    const { code, error } = await run([installed, "service", "install"]);
    expect(error).toContain("TRADE_IMPORTER_BATCH_SIZE");
    expect(code).toBe(78);
    const { findings } = await doctor("--offline");
    expect(findings.get("configuration/valid")).toMatchObject({ status: "fail" });
    setSettings({ TRADE_IMPORTER_BATCH_SIZE: null });
  });
});

describe("an import under the whole hardening", () => {
  test("takes every execution to the platform, logs in both places, and leaves its status", async () => {
    await startImport();
    expect(await property(importUnit, "Result")).toBe("success");
    expect(platform.counts()).toMatchObject({ executions: 61, trades: 20 });
    expect(await accessOf("/var/log/ami-workers/trade_importer.log")).toBe("640 ami-worker ami-worker");
    const lines = readFileSync("/var/log/ami-workers/trade_importer.log", "utf8").trimEnd().split("\n");
    const completed = lines.map((line) => JSON.parse(line)).find(({ event }) => event === "cycle_completed");
    expect(completed).toMatchObject({ worker: "trade_importer", level: "info", trades_fetched: 61, errors: 0 });
    const journal = await must("journalctl", "-o", "json", "-u", importUnit, "--no-pager");
    const entries = journal
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const own = entries.find(({ MESSAGE }) => MESSAGE.includes('"event":"cycle_completed"'));
    expect(own).toMatchObject({ PRIORITY: "6", SYSLOG_IDENTIFIER: "ami-import-trades" });
    const { findings } = await doctor("--only", "workers,platform,clock,buffer");
    expect(findings.get("workers/success")).toMatchObject({
      status: "ok",
      found: expect.stringMatching(/import-trades: last success [0-5] min ago/),
    });
    expect([...findings.values()].filter(({ status }) => status === "fail" || status === "crash")).toEqual([]);
  });

  test("and a second one finds nothing new", async () => {
    const requests = platform.requests();
    await startImport();
    expect(platform.counts()).toMatchObject({ executions: 61, trades: 20 });
    expect(platform.requests()).toBeGreaterThan(requests);
  });

  test("of an account at its venue takes what its key shows", async () => {
    const endMs = Date.now() - 86_400_000;
    const startMs = endMs - 20 * 86_400_000;
    const venue = await startBinance({
      accounts: [{ id: "a", generate: { fills: 40, symbols: 4, conversions: false } }],
      world: { spotSymbols: 6, linearSymbols: 4, inverseSymbols: 2, startMs, endMs },
    });
    try {
      platform.addVenueAccount(venue.account("a"));
      await dropIn(importUnit, `[Service]\nEnvironment=VENUE_URL_BINANCE=${venue.url}\n`);
      await startImport();
      expect(await property(importUnit, "Result")).toBe("success");
      expect(await platform.executionsOf(2)).toBeGreaterThanOrEqual(40);
    } finally {
      await noDropIn(importUnit);
      platform.addVenueAccount({ ...venue.account("a"), status: "closed" });
      await venue.stop();
    }
  });

  test("and the statistics of what was imported are computed under it, too", async () => {
    await must("systemctl", "start", "ami-workers-analyze-stats.service");
    expect(await property("ami-workers-analyze-stats.service", "Result")).toBe("success");
    expect(platform.answered("PUT", "/users/42/statistics")).toBe(1);
    const { findings } = await doctor("--offline", "--only", "workers");
    expect(findings.get("workers/success")?.found).toMatch(/analyze-stats: last success [0-5] min ago/);
  });

  test("a worker cannot look around or write elsewhere", async () => {
    await dropIn(importUnit, "[Service]\nExecStart=\nExecStart=/bin/true\n");
    await tryImport();
    expect(await property(importUnit, "Result")).toBe("exit-code"); // no program but ours may run
    await noDropIn(importUnit);
    await waitFor("a mail", () => mail.mails.length > 0);
    expect(mail.mails[0]?.subject).toContain(`${importUnit} failed (exit code 203)`);
    await forgetMails();
  });
});

describe("doctor", () => {
  test("as the worker itself, and as a unit", async () => {
    const { code, output } = await run([installed, "doctor", "--offline", "--json"], { user: "ami-worker" });
    expect(
      JSON.parse(output).checks.filter(({ status }: { status: string }) => status === "crash" || status === "fail"),
    ).toEqual([]);
    expect(code).toBe(0);
    const started = await run(["systemctl", "start", "ami-workers-doctor.service"]);
    const journal = await must("journalctl", "-o", "cat", "-u", "ami-workers-doctor.service", "--no-pager");
    expect(journal).toContain('"event":"doctor_completed"');
    expect(journal).not.toContain('"event":"check_failed"');
    expect(started.code).toBe(0);
  });

  const breakages: [check: string, status: string, how: () => Promise<unknown>][] = [
    ["timers/enabled", "fail", () => must("systemctl", "disable", "--now", timer)],
    [
      "files/units",
      "fail",
      () =>
        must(
          "sed",
          "-i",
          "s/^ProtectHome=yes/ProtectHome=no/",
          "/etc/systemd/system/ami-workers-.service.d/10-hardening.conf",
        ),
    ],
    ["files/folders", "fail", () => must("chmod", "777", "/var/lib/ami-workers")],
    ["files/logrotate", "fail", () => must("rm", "/etc/logrotate.d/ami-workers")],
    ["files/executable", "warn", () => must("ln", "-sfn", "/bin/true", installed)],
    ["configuration/private", "fail", () => must("chmod", "644", envFile)],
    ["buffer/owners", "fail", async () => writeFileSync("/var/lib/ami-workers/pending/foreign", "")],
    ["buffer/files", "fail", async () => writeFileSync("/var/lib/ami-workers/failed/damaged.json", "{")],
  ];

  test.each(breakages)("%s: %s, and what it says mends it", async (check, status, how) => {
    const own = "/opt/ami-workers/ami-workers";
    const look = async () => {
      const { output } = await run([own, "doctor", "--offline", "--json", "--only", check]);
      return JSON.parse(output).checks[0] as { status: string; fix: string };
    };
    expect((await look()).status).toBe("ok");
    await how();
    const { status: found, fix } = await look();
    expect(found).toBe(status);
    if (check === "buffer/files") await must("rm", "/var/lib/ami-workers/failed/damaged.json");
    else
      await must(
        "bash",
        "-c",
        fix
          .replaceAll("sudo ", "")
          .replace(/\bami-workers service/, `${own} service`)
          .replace("install", "install"),
      );
    if (check === "buffer/owners") await must("rm", "/var/lib/ami-workers/pending/foreign");
    expect((await look()).status).toBe("ok");
  });
});

describe("timers and runs", () => {
  test("a timer fires by itself, again and again", async () => {
    await dropIn(timer, "[Timer]\nOnCalendar=\nOnCalendar=*:*:0/3\nRandomizedDelaySec=0\nAccuracySec=1s\n");
    await must("systemctl", "restart", timer);
    const before = platform.cycles();
    await waitFor("three cycles", () => platform.cycles() >= before + 3);
    await noDropIn(timer);
    await must("systemctl", "restart", timer);
    await waitFor("its end", async () => (await property(importUnit, "ActiveState")) === "inactive");
  });

  test("a run by hand beside the unit's ends with 75, and the unit is not disturbed", async () => {
    platform.hold(60_000);
    await must("systemctl", "start", "--no-block", importUnit);
    await waitFor("the unit's request", () => platform.held() > 0);
    const { code } = await run([installed, "import-trades", "--env-file", envFile], { user: "ami-worker" });
    expect(code).toBe(75);
    expect(await property(importUnit, "ActiveState")).toBe("activating");
    await must("systemctl", "stop", importUnit);
    platform.release();
    expect(await property(importUnit, "Result")).toBe("success");
  });

  test("stopping a run is no failure and sends no mail", async () => {
    platform.hold(30_000);
    await must("systemctl", "start", "--no-block", importUnit);
    await waitFor("the unit's request", () => platform.held() > 0);
    await must("systemctl", "stop", importUnit);
    platform.release();
    expect(await property(importUnit, "Result")).toBe("success");
    expect(mail.mails).toEqual([]);
  });

  test("a run that takes too long is ended, and somebody hears of it", async () => {
    await dropIn(importUnit, "[Service]\nTimeoutStartSec=2\nTimeoutStopSec=5\n");
    platform.hold(30_000);
    await tryImport();
    expect(await property(importUnit, "Result")).toBe("timeout");
    platform.release();
    await noDropIn(importUnit);
    await waitFor("a mail", () => mail.mails.length > 0);
    expect(mail.mails[0]?.subject).toContain(`${importUnit} failed (timeout`);
    expect(mail.mails[0]?.text).toContain("What doctor finds:");
    const { findings } = await doctor("--offline", "--only", "workers");
    expect(findings.get("workers/success")).toMatchObject({
      status: "warn",
      found: expect.stringContaining("took too long"),
    });
    expect((await doctor("--offline", "--only", "timers/results")).findings.get("timers/results")).toMatchObject({
      status: "warn",
    });
  });

  test("the next run is well again, and doctor says so", async () => {
    await startImport();
    const { findings } = await doctor("--offline", "--only", "workers,timers");
    expect(findings.get("workers/success")?.status).toBe("ok");
    expect(findings.get("timers/results")?.status).toBe("ok");
    expect(await platform.executionsOf(1)).toBe(61);
  });

  test("a killed run is noted; a second mail does not follow within hours", async () => {
    platform.hold(30_000);
    await must("systemctl", "start", "--no-block", importUnit);
    await waitFor("the unit's request", () => platform.held() > 0);
    await must("systemctl", "kill", "--signal=KILL", importUnit);
    await waitFor("its end", async () => (await property(importUnit, "ActiveState")) === "failed");
    platform.release();
    await waitFor("the alert's end", async () =>
      (await must("journalctl", "-o", "cat", "-u", alertUnit, "--no-pager")).includes('"event":"unit_failure_told"'),
    );
    expect(mail.mails).toHaveLength(1);
    const status = JSON.parse(readFileSync("/var/lib/ami-workers/trade_importer.status.json", "utf8"));
    expect(status).toMatchObject({ exit_code: 137, error: { code: "killed" }, failures_in_a_row: 1 });
    await startImport();
    expect(await platform.executionsOf(1)).toBe(61);
  });

  test("settings that have become wrong are told by mail, too", async () => {
    await forgetMails();
    setSettings({ TRADE_IMPORTER_BATCH_SIZE: "many" });
    await tryImport();
    expect(await property(importUnit, "ExecMainStatus")).toBe("78");
    await waitFor("a mail", () => mail.mails.length > 0);
    setSettings({ TRADE_IMPORTER_BATCH_SIZE: null });
    expect(mail.mails.at(-1)?.subject).toContain("exit code 78");
    expect(mail.mails.at(-1)?.text).toContain("TRADE_IMPORTER_BATCH_SIZE");
    await startImport();
  });

  test("while the platform is away batches wait on disk; afterwards they arrive", async () => {
    platform.addFile("interactive-brokers-statement.csv");
    platform.refuseBatches();
    await tryImport();
    expect(readdirSync("/var/lib/ami-workers/pending").filter((name) => name.endsWith(".json")).length).toBeGreaterThan(
      0,
    );
    const { findings } = await doctor("--offline", "--only", "buffer");
    expect(findings.get("buffer/files")).toMatchObject({ status: "ok", found: expect.stringContaining("all whole") });
    platform.release();
    await startImport();
    expect(readdirSync("/var/lib/ami-workers/pending").filter((name) => name.endsWith(".json"))).toEqual([]);
    expect(await platform.executionsOf(1)).toBeGreaterThan(61);
  });
});

test("logs are rotated and compressed, and the next run begins a new one", async () => {
  await must("logrotate", "--force", "/etc/logrotate.d/ami-workers");
  await startImport();
  await must("logrotate", "--force", "/etc/logrotate.d/ami-workers");
  await startImport();
  const names = readdirSync("/var/log/ami-workers").filter((name) => name.startsWith("trade_importer.log"));
  expect(names.sort()).toEqual(["trade_importer.log", "trade_importer.log.1", "trade_importer.log.2.gz"]);
  expect(await accessOf("/var/log/ami-workers/trade_importer.log")).toBe("640 ami-worker ami-worker");
  expect(readFileSync("/var/log/ami-workers/trade_importer.log", "utf8")).toContain('"event":"cycle_completed"');
});
