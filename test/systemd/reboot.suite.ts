import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { cutSsh, prepareSsh, script } from "./deploy.ts";
import { doctor, envFile, installed, must, noDropIn, property, run, setSettings, waitFor } from "./machine.ts";
import { importUnit, startPlatform, type TestPlatform } from "./platform.ts";

const timer = "ami-workers-import-trades.timer";
const host = "root@127.0.0.1";
const current = () => readlinkSync("/opt/ami-workers/ami-workers").replace("releases/", "");

test("after three days off, the missed runs are made up for at once", async () => {
  expect(await property(timer, "ActiveState")).toBe("active");
  for (const worker of ["import-trades", "analyze-stats"]) {
    const unit = `ami-workers-${worker}`;
    const stamp = `/var/lib/systemd/timers/stamp-${unit}.timer`;
    // Their first platform is gone with the first boot: the run is what counts here, not how it ends.
    await waitFor("a run", () => Date.now() - statSync(stamp).mtimeMs < 1_500_000);
    await waitFor("its beginning", async () => (await property(`${unit}.service`, "ExecMainStartTimestamp")) !== "");
    await noDropIn(`${unit}.timer`); // which had it come at once
  }
});

describe("a server is updated over SSH", () => {
  let platform: TestPlatform;
  let first = "";
  beforeAll(async () => {
    await waitFor("the end of these runs", async () =>
      /^(inactive|failed)$/.test(await property(importUnit, "ActiveState")),
    );
    platform = await startPlatform();
    setSettings(platform.settings);
    setSettings({ ALERT_EMAIL_TO: null, ALERT_EMAIL_FROM: null, SMTP_URL: null });
    await must("systemctl", "reset-failed");
    await must("systemctl", "start", importUnit);
    await prepareSsh();
    first = current();
  });
  afterAll(async () => {
    await platform.stop();
  });

  test("health_check shows timers and doctor's findings, and ends as doctor does", async () => {
    const { code, output, error } = await script("health_check", [host]);
    expect([code, error]).toEqual([0, ""]);
    expect(output).toContain("import-trades");
    expect(output).toContain("\nHealthy: ");
  });

  test("a copy that was cut short changes nothing", async () => {
    const { code, error } = await script("deploy", [host, "--binary", "/t/next/ami-workers"], cutSsh);
    expect(error).toContain("The copy is not whole. Nothing was changed");
    expect([code, current()]).toEqual([65, first]);
    expect(existsSync("/opt/ami-workers/incoming")).toBe(false);
  });

  test("a program that crashes changes nothing", async () => {
    const { code, error } = await script("deploy", [host, "--binary", "/t/broken/ami-workers"]);
    expect(error).toContain("does not run on this server");
    expect([code, current()]).toEqual([70, first]);
  });

  test("settings that the new program does not take change nothing", async () => {
    setSettings({ MAX_RETRIES: "often" });
    const { code, output, error } = await script("deploy", [host, "--binary", "/t/next/ami-workers"]);
    setSettings({ MAX_RETRIES: "0" });
    expect(output).toContain("MAX_RETRIES");
    expect(error).toContain("mend /etc/ami-workers/.env first");
    expect([code, current()]).toEqual([78, first]);
  });

  test("where the platform is away nothing is changed either", async () => {
    const before = readFileSync(envFile, "utf8");
    setSettings({ LARAVEL_API_URL: "http://127.0.0.1:9/api/internal" });
    const { code, error } = await script("deploy", [host, "--binary", "/t/next/ami-workers"]);
    writeFileSync(envFile, before);
    expect(error).toContain("Something is not well already");
    expect([code, current()]).toEqual([1, first]);
  });

  test("a program that turns out badly is left again by itself", async () => {
    // It passes what is asked before, and is not well once it is in its place.
    const bad = "/t/bad/ami-workers";
    await must("mkdir", "-p", "/t/bad");
    writeFileSync(
      bad,
      `#!/bin/bash\nif [[ "$*" == "service install" ]]; then\n  name=ami-workers-9.9.9-0123456789ab\n  cp "$0" "/opt/ami-workers/releases/$name"\n  ln -sfn "$(readlink /opt/ami-workers/ami-workers)" /opt/ami-workers/previous\n  ln -sfn "releases/$name" /opt/ami-workers/ami-workers\n  echo "it is not well"; exit 1\nfi\necho "ami-workers 9.9.9"\n`,
      { mode: 0o755 },
    );
    const { code, output, error } = await script("deploy", [host, "--binary", bad]);
    expect(output).toContain("it is not well");
    expect(error).toContain(`${first} is in use again, and well.`);
    expect([code, current()]).toEqual([1, first]);
    expect(readdirSync("/opt/ami-workers/releases")).toEqual([first]);
    expect((await doctor("--offline")).code).toBe(0);
  });

  test("a good one is in use afterwards, and runs", async () => {
    const { code, output, error } = await script("deploy", [host, "--binary", "/t/next/ami-workers"]);
    expect(error).toBe("");
    expect(output).toContain("\nHealthy: ");
    expect(code).toBe(0);
    expect(current()).not.toBe(first);
    expect(readlinkSync("/opt/ami-workers/previous")).toBe(`releases/${first}`);
    // It has a worker more than the one before it: README's.
    expect(await property("ami-workers-count-users.timer", "ActiveState")).toBe("active");
    await must("systemctl", "start", "ami-workers-count-users.service");
    expect(readFileSync("/var/log/ami-workers/user_counter.log", "utf8")).toContain(
      '"event":"users_counted","users":1',
    );
    await must("systemctl", "reset-failed");
    await must("systemctl", "start", importUnit);
    expect(await property(importUnit, "Result")).toBe("success");
  });

  test("while a program runs it can be replaced, and the run is not disturbed", async () => {
    platform.hold(6_000);
    await must("systemctl", "start", "--no-block", importUnit);
    await waitFor("its request", () => platform.held() > 0);
    const { code } = await script("deploy", [host, "--rollback"]);
    platform.release();
    expect([code, current()]).toEqual([0, first]);
    expect(existsSync("/etc/systemd/system/ami-workers-count-users.timer")).toBe(false);
    expect(await property("ami-workers-count-users.timer", "ActiveState")).toBe("inactive");
    await waitFor("its end", async () => (await property(importUnit, "ActiveState")) === "inactive");
    expect(await property(importUnit, "Result")).toBe("success");
  });

  test("a rollback goes to a release by name, too, and says which there are", async () => {
    const [other = ""] = readdirSync("/opt/ami-workers/releases").filter((name) => name !== first);
    expect((await script("deploy", [host, "--rollback", other])).code).toBe(0);
    expect(current()).toBe(other);
    const { code, error } = await script("deploy", [host, "--rollback", "ami-workers-0.0.0-000000000000"]);
    expect(code).toBe(1);
    expect(error).toContain(first);
  });
});

describe("uninstall", () => {
  test("a dry run says what would go and lets everything be", async () => {
    const { code, output } = await run([installed, "service", "uninstall", "--dry-run"]);
    expect(code).toBe(0);
    expect(output).toContain("remove /opt/ami-workers");
    expect(await property(timer, "ActiveState")).toBe("active");
  });

  test("units and program go; data, logs and settings stay", async () => {
    await must(installed, "service", "uninstall");
    expect(readdirSync("/etc/systemd/system").filter((name) => name.startsWith("ami-workers"))).toEqual([]);
    expect(readdirSync("/etc/systemd/system/timers.target.wants").filter((name) => name.startsWith("ami-"))).toEqual(
      [],
    );
    expect([existsSync("/opt/ami-workers"), lstatSync(installed, { throwIfNoEntry: false })]).toEqual([
      false,
      undefined,
    ]);
    expect(await must("systemctl", "list-units", "--all", "--no-legend", "ami-workers-*")).toBe("");
    expect(
      [envFile, "/var/lib/ami-workers/trade_importer.status.json", "/var/log/ami-workers/trade_importer.log"].every(
        existsSync,
      ),
    ).toBe(true);
    expect((await run(["id", "ami-worker"])).code).toBe(0);
  });

  test("installed again it goes on where it was", async () => {
    await must("/t/ami-workers", "service", "install", "--skip-doctor");
    expect(await property(timer, "ActiveState")).toBe("active");
    expect((await doctor("--offline", "--only", "workers,files")).code).toBe(0);
  });

  test("purged nothing of it is left", async () => {
    await must(installed, "service", "uninstall", "--purge");
    const left = [
      "/opt/ami-workers",
      "/etc/ami-workers",
      "/var/lib/ami-workers",
      "/var/log/ami-workers",
      "/etc/logrotate.d/ami-workers",
      "/etc/sysusers.d/ami-workers.conf",
      installed,
    ].filter(existsSync);
    expect(left).toEqual([]);
    expect((await run(["id", "ami-worker"])).code).toBe(1);
    expect(readdirSync("/var/lib/systemd/timers").filter((name) => name.includes("ami-workers"))).toEqual([]);
  });
});
