import { Database } from "bun:sqlite";
import { beforeEach, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { toFileText } from "../../../src/delivery/batch-file.ts";
import { noAccounts, noExecutions, type RunStatus, writeRunStatus } from "../../../src/operation/run-status.ts";
import { clockChecksOf } from "../../../src/workers/doctor/checks/clock.ts";
import { judgeSpace, type Space } from "../../../src/workers/doctor/checks/disk.ts";
import { layoutOf } from "../../../src/workers/service/layout.ts";
import { fakeClock } from "../../operation/fakes.ts";
import { temporaryFolders } from "../../operation/temporary-folder.ts";
import { fakeSystem } from "../service/fakes.ts";
import { examined, installIn, look, place } from "./examination.ts";

const makeFolder = temporaryFolders();
let root = "";
beforeEach(() => {
  root = makeFolder();
});

const nowMs = fakeClock().nowMs();
const minuteMs = 60_000;
const timer = "ami-workers-import-trades.timer";
/** Settings for a machine where nothing is installed. */
const own = () => ({ DATA_DIR: join(root, "data"), LOG_DIR: join(root, "logs") });

describe("configuration", () => {
  test.each([
    ["ok", {}, "valid, from the environment alone"],
    ["warn", { MAX_RETRIE: "1" }, "MAX_RETRIE (environment): This variable is not known. Did you mean MAX_RETRIES?"],
    ["fail", { MAX_RETRIES: "often" }, "MAX_RETRIES (environment): The value is not valid"],
  ] as const)("valid: %s", async (status, environment, found) => {
    const finding = await look("configuration/valid", { root, environment });
    expect(finding).toMatchObject({ status, found: expect.stringContaining(found) });
    expect(finding.fix === null).toBe(status === "ok");
  });

  const platform = { LARAVEL_API_URL: "https://app.example.com/api/internal", LARAVEL_API_KEY: "a-key-for-tests" };
  test.each([
    ["warn", {}, "no platform"],
    ["warn", platform, "encrypted credentials"],
    ["ok", { ...platform, CREDENTIALS_KEY: `base64:${Buffer.alloc(32, 1).toString("base64")}` }, "are set"],
    ["skip", { MAX_RETRIES: "often" }, "the configuration is not valid"],
  ] as const)("complete: %s", async (status, environment, found) => {
    expect(await look("configuration/complete", { root, environment })).toMatchObject({
      status,
      found: expect.stringContaining(found),
    });
  });

  test.each([
    ["ok", 0o640, 0, 991],
    ["ok", 0o600, 0, 0],
    ["ok", 0o400, 990, 991],
    ["fail", 0o644, 0, 991],
    ["fail", 0o640, 0, 27],
    ["fail", 0o660, 0, 991],
    ["fail", 0o600, 1000, 0],
  ] as const)("private: %s with mode %o of %d:%d", async (status, mode, uid, gid) => {
    await installIn(root);
    const path = layoutOf(root).envFile;
    chmodSync(path, mode);
    chownSync(path, uid, gid);
    expect((await look("configuration/private", { root })).status).toBe(status);
  });

  test("private: skip where there is no file", async () => {
    expect((await look("configuration/private", { root })).status).toBe("skip");
  });
});

describe("clock", () => {
  test.each([
    ["ok", ["/run/systemd/timesync", "/run/systemd/timesync/synchronized"]],
    ["ok", ["/run/chrony/chronyd.pid"]],
    ["warn", ["/run/systemd/timesync"]],
    ["warn", []],
  ] as const)("synchronised: %s with %j", async (status, there: readonly string[]) => {
    const checks = clockChecksOf((path) => there.includes(path));
    expect((await look("clock/synchronised", { root, checks })).status).toBe(status);
  });
});

describe("brokers", () => {
  const bansIn = (folder: string, untilMs: number) => {
    mkdirSync(folder, { recursive: true });
    const database = new Database(join(folder, "rate-budget.sqlite"), { create: true });
    database.run("CREATE TABLE bans (key TEXT PRIMARY KEY, until_ms INTEGER NOT NULL)");
    database.run("INSERT INTO bans VALUES ('binance/*', ?)", [untilMs]);
    database.close();
  };

  test("bans: ok, fail while one lasts, ok again afterwards, warn when it cannot be read", async () => {
    const patient = { root, environment: own() };
    expect((await look("brokers/bans", patient)).status).toBe("ok");
    bansIn(own().DATA_DIR, nowMs + minuteMs);
    expect(await look("brokers/bans", patient)).toMatchObject({
      status: "fail",
      found: expect.stringContaining("binance/* until 2026-"),
    });
    rmSync(own().DATA_DIR, { recursive: true });
    bansIn(own().DATA_DIR, nowMs - 1);
    expect((await look("brokers/bans", patient)).status).toBe("ok");
    writeFileSync(
      join(own().DATA_DIR, "rate-budget.sqlite"),
      "no database at all, but long enough to be looked at as one",
    );
    expect((await look("brokers/bans", patient)).status).toBe("warn");
  });
});

describe("disk", () => {
  const gib = 1024 ** 3;
  const space = (changes: Partial<Space>): Space => ({
    freeBytes: 20 * gib,
    totalBytes: 40 * gib,
    freeFiles: 900,
    totalFiles: 1000,
    ...changes,
  });
  test.each([
    ["ok", {}],
    ["ok", { totalFiles: 0, freeFiles: 0 }],
    ["ok", { freeBytes: 50 * gib, totalBytes: 1000 * gib }],
    ["warn", { freeBytes: 0.9 * gib, totalBytes: 10 * gib }],
    ["warn", { freeBytes: 3 * gib }],
    ["fail", { freeBytes: 0.2 * gib }],
    ["fail", { freeBytes: 0.9 * gib }],
    ["fail", { freeFiles: 10 }],
  ] as const)("space: %s with %j", (status, changes) => {
    expect(judgeSpace("/x", space(changes)).status).toBe(status);
  });

  test("space: of the nearest folder that is there", async () => {
    const { found } = await look("disk/space", { root, environment: own() });
    expect(found).toContain(join(root, "data"));
  });

  test.each(["data", "logs"])("%s: skip, ok, and warn above a gibibyte", async (name) => {
    const patient = { root, environment: own() };
    expect((await look(`disk/${name}`, patient)).status).toBe("skip");
    place(root, `${name}/a`, "x");
    expect((await look(`disk/${name}`, patient)).status).toBe("ok");
    expect(Bun.spawnSync(["fallocate", "-l", "1100M", join(root, name, "b")]).exitCode).toBe(0);
    expect(await look(`disk/${name}`, patient)).toMatchObject({
      status: "warn",
      found: expect.stringContaining("1.1 GiB in 2 files"),
    });
    rmSync(join(root, name, "b"));
  });
});

describe("buffer", () => {
  const batch = {
    accountId: 1,
    userId: 42,
    key: "key-of-a-batch",
    body: '{"executions":[]}',
    executions: 3,
    trades: 1,
  };
  const put = (folder: string, name: string, ageMs: number) => {
    const circumstances = { platform: "p", createdAtMs: nowMs - ageMs, reason: "it was away", attempts: 0 };
    place(root, `data/${folder}/${name}.json`, toFileText(batch, circumstances), 0o600);
  };

  test.each([
    ["ok", 5 * minuteMs],
    ["warn", 3 * 60 * minuteMs],
    ["fail", 30 * 60 * minuteMs],
  ] as const)("pending: %s", async (status, ageMs) => {
    put("pending", "one", ageMs);
    put("pending", "two", minuteMs);
    const finding = await look("buffer/pending", { root, environment: own() });
    expect(finding.found).toContain("it was away");
    expect(finding).toMatchObject({ status, found: expect.stringContaining("2 batches (6 executions) wait") });
  });

  test("failed and quarantine: ok, then warn", async () => {
    const patient = { root, environment: own() };
    for (const name of ["failed", "quarantine"]) {
      expect((await look(`buffer/${name}`, patient)).status).toBe("ok");
      put(name, "one", minuteMs);
      expect((await look(`buffer/${name}`, patient)).status).toBe("warn");
    }
  });

  test("files: ok, fail for every byte that is another, and for a file that was cut", async () => {
    const patient = { root, environment: own() };
    put("pending", "one", 0);
    expect(await look("buffer/files", patient)).toMatchObject({ status: "ok", found: "1 files, all whole" });
    const path = join(root, "data/pending/one.json");
    const whole = readFileSync(path, "utf8");
    writeFileSync(path, whole.replace('"executions":[]', '"executions":[1]'.slice(0, 15)));
    expect((await look("buffer/files", patient)).status).toBe("fail");
    writeFileSync(path, whole.slice(0, -10));
    expect(await look("buffer/files", patient)).toMatchObject({ status: "fail", found: expect.stringContaining(path) });
    writeFileSync(path, whole);
    expect((await look("buffer/files", patient)).status).toBe("ok");
  });

  test("owners: skip, ok, fail", async () => {
    expect((await look("buffer/owners", { root, environment: own() })).status).toBe("skip");
    await installIn(root);
    expect((await look("buffer/owners", { root })).status).toBe("ok");
    place(root, "var/lib/ami-workers/pending/theirs", "");
    expect(await look("buffer/owners", { root })).toMatchObject({
      status: "fail",
      found: expect.stringContaining("pending/theirs to root"),
    });
  });
});

describe("workers", () => {
  const status = (changes: Partial<RunStatus>) =>
    writeRunStatus(layoutOf(root).data, {
      worker: "trade_importer",
      version: "1",
      runId: "r",
      startedAtMs: nowMs - minuteMs,
      finishedAtMs: nowMs - minuteMs,
      durationMs: 1,
      exitCode: 0,
      error: null,
      firstRunAtMs: nowMs - 90 * minuteMs,
      lastSuccessAtMs: nowMs - minuteMs,
      failuresInARow: 0,
      accounts: noAccounts,
      executions: noExecutions,
      total: { ...noExecutions, runs: 1 },
      ...changes,
    });
  const failing = { exitCode: 69, failuresInARow: 2, error: { code: "x", message: "the platform is away" } };

  test("success: not run yet, ok, warn, fail", async () => {
    await installIn(root, { STATS_ANALYZER_ENABLED: "false" });
    expect(await look("workers/success", { root })).toMatchObject({
      status: "ok",
      found: expect.stringContaining("has not run yet"),
    });
    status({});
    expect(await look("workers/success", { root })).toMatchObject({
      status: "ok",
      found: expect.stringContaining("last success 1 min ago"),
    });
    status({ ...failing, lastSuccessAtMs: nowMs - 20 * minuteMs });
    expect(await look("workers/success", { root })).toMatchObject({
      status: "warn",
      found: expect.stringContaining("2 failed, the last with 69: the platform is away"),
    });
    status({ ...failing, lastSuccessAtMs: nowMs - 46 * minuteMs });
    expect((await look("workers/success", { root })).status).toBe("fail");
    status({ ...failing, lastSuccessAtMs: null });
    expect(await look("workers/success", { root })).toMatchObject({
      status: "fail",
      found: expect.stringContaining("last success never"),
    });
    writeFileSync(join(layoutOf(root).data, "trade_importer.status.json"), "{");
    expect((await look("workers/success", { root })).status).toBe("warn");
  });

  test("success: skip when all are off", async () => {
    const environment = { ...own(), TRADE_IMPORTER_ENABLED: "false", STATS_ANALYZER_ENABLED: "false" };
    expect((await look("workers/success", { root, environment })).status).toBe("skip");
  });

  test("lock: ok without one, ok with a fresh one, warn with an old one, ok when its process is gone", async () => {
    const patient = { root, environment: own() };
    const held = (pid: number, sinceMs: number) =>
      place(root, "data/trade_importer.lock.json", JSON.stringify({ pid, host: hostname(), sinceMs }));
    expect(await look("workers/lock", patient)).toMatchObject({ status: "ok", found: "nothing is at work" });
    const child = Bun.spawn(["bash", "-c", "exec -a ami-workers sleep 60"]);
    held(child.pid, nowMs - minuteMs);
    for (let tries = 0; tries < 100 && !readFileSync(`/proc/${child.pid}/cmdline`, "utf8").startsWith("ami"); tries++)
      await Bun.sleep(10);
    expect(await look("workers/lock", patient)).toMatchObject({
      status: "ok",
      found: expect.stringContaining("is at work"),
    });
    held(child.pid, nowMs - 30 * minuteMs);
    expect((await look("workers/lock", patient)).status).toBe("warn");
    child.kill();
    await child.exited;
    expect((await look("workers/lock", patient)).status).toBe("ok");
  });
});

describe("timers", () => {
  /** What systemctl would show of every timer and service. */
  const showing = (properties: Record<string, string>) => {
    const { run } = fakeSystem(root);
    return async (program: string, args: readonly string[]) => {
      if (program !== "systemctl") return await run(program, args);
      const units = args.filter((arg) => arg.startsWith("ami-workers-"));
      const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
      return { code: 0, error: "", output: units.map((unit) => `Id=${unit}\n${lines.join("")}`).join("\n") };
    };
  };
  const on = { UnitFileState: "enabled", ActiveState: "active" };

  test("all: skip where nothing is installed", async () => {
    const findings = await examined("timers", { root, environment: own() });
    expect(findings.map(({ status }) => status)).toEqual(["skip", "skip", "skip", "skip"]);
  });

  test("enabled: ok and fail, by systemd and by the links alone", async () => {
    await installIn(root);
    expect((await look("timers/enabled", { root, run: showing(on) })).status).toBe("ok");
    expect((await look("timers/enabled", { root, run: showing({ ...on, ActiveState: "inactive" }) })).status).toBe(
      "fail",
    );
    expect((await look("timers/enabled", { root })).status).toBe("ok");
    rmSync(join(layoutOf(root).wants, timer));
    expect(await look("timers/enabled", { root })).toMatchObject({
      status: "fail",
      found: `${timer} is disabled and inactive`,
    });
  });

  test("enabled: what the settings switch off may not run", async () => {
    await installIn(root, { TRADE_IMPORTER_ENABLED: "false" });
    expect(await look("timers/enabled", { root })).toMatchObject({
      status: "ok",
      found: expect.stringContaining(`off by the settings: ${timer}`),
    });
    expect((await look("timers/enabled", { root, run: showing(on) })).status).toBe("fail");
  });

  test.each([
    ["ok", { NextElapseUSecRealtime: `@${Math.floor(nowMs / 1000) + 300}`, SubState: "waiting" }],
    ["ok", { NextElapseUSecRealtime: "Mon 2026-02-09 10:45:00 UTC", SubState: "waiting" }],
    ["ok", { NextElapseUSecRealtime: "", SubState: "running" }],
    ["fail", { NextElapseUSecRealtime: "", SubState: "elapsed" }],
    ["fail", { NextElapseUSecRealtime: "@0", SubState: "waiting" }],
  ] as const)("next: %s with %j", async (status, properties) => {
    await installIn(root);
    expect((await look("timers/next", { root, run: showing(properties) })).status).toBe(status);
  });

  test("next and results: skip where systemd cannot be asked", async () => {
    await installIn(root);
    expect([(await look("timers/next", { root })).status, (await look("timers/results", { root })).status]).toEqual([
      "skip",
      "skip",
    ]);
  });

  test("triggered: not yet, ok, fail", async () => {
    await installIn(root);
    expect(await look("timers/triggered", { root })).toMatchObject({ status: "ok", found: "none has elapsed yet" });
    const stamp = join(layoutOf(root).timerStamps, `stamp-${timer}`);
    place(root, `var/lib/systemd/timers/stamp-${timer}`, "");
    for (const [status, ageMs] of [
      ["ok", 20 * minuteMs],
      ["fail", 46 * minuteMs],
    ] as const) {
      utimesSync(stamp, new Date(nowMs - ageMs), new Date(nowMs - ageMs));
      expect((await look("timers/triggered", { root })).status).toBe(status);
    }
  });

  test("results: ok and warn", async () => {
    await installIn(root);
    expect(
      (await look("timers/results", { root, run: showing({ Result: "success", ExecMainStatus: "0" }) })).status,
    ).toBe("ok");
    expect(
      await look("timers/results", { root, run: showing({ Result: "exit-code", ExecMainStatus: "69" }) }),
    ).toMatchObject({
      status: "warn",
      found: expect.stringContaining("ami-workers-import-trades.service (exit-code, exit code 69)"),
    });
  });
});

describe("files", () => {
  test("all: skip where nothing is installed, but the version", async () => {
    const findings = await examined("files", { root, environment: own() });
    expect(findings.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "executable skip",
      "checksum skip",
      "version ok",
      "units skip",
      "folders skip",
      "logrotate skip",
    ]);
  });

  test("all: ok after an install", async () => {
    await installIn(root);
    place(root, "usr/sbin/logrotate", "");
    const findings = await examined("files", { root });
    expect(findings.filter(({ status }) => status !== "ok")).toEqual([]);
  });

  const breakages: [check: string, status: string, how: () => void][] = [
    ["files/executable", "fail", () => chmodSync(join(root, "opt/ami-workers/ami-workers"), 0o777)],
    ["files/executable", "fail", () => chownSync(join(root, "opt/ami-workers/ami-workers"), 990, 991)],
    ["files/executable", "warn", () => rmSync(join(root, "usr/local/bin/ami-workers"))],
    ["files/checksum", "fail", () => appendFileSync(join(root, "opt/ami-workers/ami-workers"), "x")],
    ["files/units", "fail", () => appendFileSync(join(root, "etc/systemd/system", timer), "# mine\n")],
    ["files/units", "fail", () => rmSync(join(root, "etc/systemd/system/ami-workers-doctor.service"))],
    ["files/folders", "fail", () => rmSync(join(root, "var/lib/ami-workers/pending"), { recursive: true })],
    ["files/folders", "fail", () => chmodSync(join(root, "etc/ami-workers"), 0o755)],
    ["files/folders", "fail", () => chownSync(join(root, "var/log/ami-workers"), 0, 0)],
    ["files/logrotate", "fail", () => rmSync(join(root, "etc/logrotate.d/ami-workers"))],
    ["files/logrotate", "warn", () => undefined],
  ];
  test.each(breakages)("%s: %s", async (check, status, how) => {
    await installIn(root);
    how();
    expect((await look(check, { root })).status).toBe(status as "fail");
  });

  test("executable: fail when the link leads nowhere that is a release", async () => {
    await installIn(root);
    rmSync(join(root, "opt/ami-workers/ami-workers"));
    writeFileSync(join(root, "opt/ami-workers/ami-workers"), "");
    expect((await look("files/executable", { root })).status).toBe("fail");
  });

  test("units and folders: skip for a user who may not look", async () => {
    await installIn(root);
    expect([
      (await look("files/units", { root, uid: 1000 })).status,
      (await look("files/folders", { root, uid: 1000 })).status,
    ]).toEqual(["skip", "skip"]);
  });
});

describe("host", () => {
  beforeEach(async () => {
    await installIn(root);
  });

  test("all: skip where nothing is installed", async () => {
    const findings = await examined("host", { root: makeFolder(), environment: own() });
    expect(new Set(findings.map(({ status }) => status))).toEqual(new Set(["skip"]));
  });

  test.each([
    [
      "warn",
      "PasswordAuthentication yes\n",
      "PasswordAuthentication yes, KbdInteractiveAuthentication yes, PermitRootLogin prohibit-password",
    ],
    [
      "ok",
      "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin no\n",
      "keys alone, root not at all",
    ],
    [
      "ok",
      "PasswordAuthentication=no\nkbdinteractiveauthentication no\nPermitRootLogin no\nPasswordAuthentication yes\n",
      "keys alone, root not at all",
    ],
    [
      "warn",
      "PasswordAuthentication no\nKbdInteractiveAuthentication no\nMatch User a\nPermitRootLogin no\n",
      "PermitRootLogin prohibit-password",
    ],
  ] as const)("ssh: %s", async (status, config, found) => {
    place(root, "etc/ssh/sshd_config", config);
    expect(await look("host/ssh", { root })).toMatchObject({ status, found });
  });

  test("ssh: included files count first, and what sshd itself says counts most", async () => {
    place(root, "etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\nPasswordAuthentication yes\n");
    place(
      root,
      "etc/ssh/sshd_config.d/01-mine.conf",
      "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin no\n",
    );
    expect((await look("host/ssh", { root })).status).toBe("ok");
    const { run } = fakeSystem(root, {
      "sshd -T": { output: "passwordauthentication yes\nkbdinteractiveauthentication no\npermitrootlogin no\n" },
    });
    expect(await look("host/ssh", { root, run })).toMatchObject({
      status: "warn",
      found: "PasswordAuthentication yes",
    });
  });

  test("ssh: ok without a server", async () => {
    expect((await look("host/ssh", { root })).status).toBe("ok");
  });

  test("firewall: not there, off, on, and on but open", async () => {
    const states: string[] = [(await look("host/firewall", { root })).status];
    place(root, "etc/default/ufw", 'DEFAULT_INPUT_POLICY="DROP"\n');
    for (const text of ["ENABLED=no\n", "ENABLED=yes\n"]) {
      place(root, "etc/ufw/ufw.conf", text);
      states.push((await look("host/firewall", { root })).status);
    }
    place(root, "etc/default/ufw", 'DEFAULT_INPUT_POLICY="ACCEPT"\n');
    states.push((await look("host/firewall", { root })).status);
    expect(states).toEqual(["warn", "warn", "ok", "warn"]);
  });

  test("fail2ban: not there, off, not for SSH, and on guard", async () => {
    const states: string[] = [(await look("host/fail2ban", { root })).status];
    place(root, "etc/fail2ban/jail.conf", "[sshd]\n");
    states.push((await look("host/fail2ban", { root })).status);
    mkdirSync(join(root, "etc/systemd/system/multi-user.target.wants"), { recursive: true });
    symlinkSync("/dev/null", join(root, "etc/systemd/system/multi-user.target.wants/fail2ban.service"));
    states.push((await look("host/fail2ban", { root })).status);
    place(root, "etc/fail2ban/jail.d/mine.local", "[sshd]\nenabled = true\n");
    states.push((await look("host/fail2ban", { root })).status);
    expect(states).toEqual(["warn", "warn", "warn", "ok"]);
  });

  test.each([
    ["ssh", "etc/ssh/sshd_config"],
    ["firewall", "etc/ufw/ufw.conf"],
    ["updates", "etc/apt/apt.conf.d/20auto-upgrades"],
  ])("%s: skip where only root could read what has to be read", async (name, path) => {
    place(root, "usr/bin/unattended-upgrade", "");
    mkdirSync(join(root, path), { recursive: true }); // root can read every file, but no folder as one
    expect(await look(`host/${name}`, { root, uid: 990 })).toMatchObject({
      status: "skip",
      found: expect.stringContaining("call doctor with sudo"),
    });
  });

  test("updates: not there, off, on", async () => {
    const states: string[] = [(await look("host/updates", { root })).status];
    place(root, "usr/bin/unattended-upgrade", "");
    place(root, "etc/apt/apt.conf.d/20auto-upgrades", 'APT::Periodic::Unattended-Upgrade "0";\n');
    states.push((await look("host/updates", { root })).status);
    place(root, "etc/apt/apt.conf.d/20auto-upgrades", 'APT::Periodic::Unattended-Upgrade "1";\n');
    states.push((await look("host/updates", { root })).status);
    expect(states).toEqual(["warn", "warn", "ok"]);
  });

  test("reboot: none, and needed", async () => {
    expect((await look("host/reboot", { root })).status).toBe("ok");
    place(root, "run/reboot-required", "");
    expect((await look("host/reboot", { root })).status).toBe("warn");
  });
});
