import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { failingLogin, prepareSsh, script, sshAs } from "./deploy.ts";
import { accessOf, doctor, must, property, run, uploaded, waitFor } from "./machine.ts";
import { importUnit, startPlatform, type TestPlatform } from "./platform.ts";

const root = "root@127.0.0.1";
const admin = "admin@127.0.0.1";
const sshFile = "/etc/ssh/sshd_config.d/01-ami-workers.conf";
const ourPackages = ["ufw", "fail2ban", "unattended-upgrades", "sudo"];

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startPlatform();
  const settings = Object.entries({ ...platform.settings, MAX_RETRIES: "0" });
  writeFileSync("/t/settings", settings.map(([name, value]) => `${name}=${value}\n`).join(""));
  await prepareSsh();
});
afterAll(async () => {
  await platform.stop();
});

async function isInstalled(name: string): Promise<boolean> {
  return (await run(["dpkg", "--status", name])).output.includes("Status: install ok installed");
}

async function sshSettings(): Promise<Record<string, string>> {
  const lines = (await must("sshd", "-T")).split("\n").map((line) => line.split(" "));
  const wanted = ["passwordauthentication", "kbdinteractiveauthentication", "permitrootlogin"];
  return Object.fromEntries(lines.filter(([key = ""]) => wanted.includes(key)).map(([key, value]) => [key, value]));
}

describe("a bare server that nobody but root can log in to", () => {
  test("has nothing of it yet", async () => {
    expect(await Promise.all(ourPackages.map(isInstalled))).toEqual(ourPackages.map(() => false));
    expect((await run(["id", "admin"])).code).toBe(1);
    expect([existsSync(sshFile), existsSync("/opt/ami-workers")]).toEqual([false, false]);
  });

  test("a login that would not work any more is noticed, and the server takes SSH's settings back by itself", async () => {
    const { code, error } = await script("setup", [root, "--yes", "--only", "ssh"], failingLogin);
    expect([code, error]).toEqual([1, expect.stringContaining("the server takes it back by itself")]);
    expect(existsSync(sshFile)).toBe(true);
    expect(await property("ami-ssh-back.timer", "ActiveState")).toBe("active");
    // Two minutes later, as far as the timer is concerned.
    await must("systemctl", "start", "ami-ssh-back.service");
    await waitFor("its end", () => !existsSync(sshFile));
    await run(["systemctl", "stop", "ami-ssh-back.timer"]);
    await must("systemctl", "reset-failed");
    expect((await sshSettings()).passwordauthentication).toBe("yes");
  });

  test("is set up by one command", async () => {
    const argv = [root, "--yes", "--binary", uploaded, "--env-file", "/t/settings"];
    const { code, output, error } = await script("setup", argv);
    expect([code, code === 0 ? "" : `${output}\n${error}`]).toEqual([0, ""]);
    for (const step of ["admin", "packages", "ssh", "firewall", "fail2ban", "updates", "install"])
      expect(output).toContain(`${step}: `);
    expect(output).toContain("\nHealthy: ");
  });

  test("admin: may log in by root's key and do everything", async () => {
    expect(readFileSync("/home/admin/.ssh/authorized_keys", "utf8")).toBe(
      readFileSync("/root/.ssh/authorized_keys", "utf8"),
    );
    expect(await accessOf("/home/admin/.ssh/authorized_keys")).toBe("600 admin admin");
    expect(await accessOf("/etc/sudoers.d/90-admin")).toBe("440 root root");
    await must("visudo", "--check", "--quiet");
    expect((await sshAs(admin, "sudo -n id -u")).output.trim()).toBe("0");
  });

  test("packages: all are there", async () => {
    expect(await Promise.all(ourPackages.map(isInstalled))).toEqual(ourPackages.map(() => true));
  });

  test("ssh: neither passwords nor root", async () => {
    expect(await sshSettings()).toEqual({
      passwordauthentication: "no",
      kbdinteractiveauthentication: "no",
      permitrootlogin: "no",
    });
    expect((await sshAs(root, "true")).code).toBe(255);
    expect([existsSync(`${sshFile}.before`), await property("ami-ssh-back.timer", "ActiveState")]).toEqual([
      false,
      "inactive",
    ]);
  });

  test("firewall: nothing comes in but SSH", async () => {
    const status = await must("ufw", "status", "verbose");
    expect(status).toContain("Status: active");
    expect(status).toContain("deny (incoming), allow (outgoing)");
    const rules = status.split("\n").filter((line) => /ALLOW/.test(line));
    expect(rules.map((line) => line.replace(/ +/g, " ").trim())).toEqual([
      "22/tcp ALLOW IN Anywhere",
      "22/tcp (v6) ALLOW IN Anywhere (v6)",
    ]);
    expect(await must("iptables", "-S", "INPUT")).toContain("-P INPUT DROP");
  });

  test("fail2ban: guards SSH", async () => {
    await waitFor("the jail", async () => (await run(["fail2ban-client", "status", "sshd"])).code === 0);
    expect(await property("fail2ban.service", "UnitFileState")).toBe("enabled");
  });

  test("updates: come by themselves", async () => {
    expect(await must("apt-config", "dump", "APT::Periodic::Unattended-Upgrade")).toContain('"1"');
  });

  test("install: the service runs with the settings that were given", async () => {
    expect(await property("ami-workers-import-trades.timer", "ActiveState")).toBe("active");
    expect(await accessOf("/etc/ami-workers/.env")).toBe("640 root ami-worker");
    await must("systemctl", "start", importUnit);
    expect(await property(importUnit, "Result")).toBe("success");
    expect(await platform.executionsOf(1)).toBe(61);
  });

  test("doctor has nothing to say against the machine", async () => {
    const { findings } = await doctor("--offline", "--only", "host");
    expect([...findings].map(([name, { status, found }]) => (status === "ok" ? name : `${name}: ${found}`))).toEqual([
      "host/ssh",
      "host/firewall",
      "host/fail2ban",
      "host/updates",
      "host/reboot",
    ]);
  });

  test("each check of the host sees what is broken, and setup mends it", async () => {
    await must("ufw", "--force", "disable");
    await must("systemctl", "disable", "--now", "fail2ban");
    writeFileSync("/etc/apt/apt.conf.d/20auto-upgrades", 'APT::Periodic::Unattended-Upgrade "0";\n');
    writeFileSync("/run/reboot-required", "");
    writeFileSync(sshFile, "PasswordAuthentication yes\n");
    const states = async () =>
      [...(await doctor("--offline", "--only", "host")).findings].map(([name, { status }]) => `${name} ${status}`);
    expect(await states()).toEqual(
      ["ssh", "firewall", "fail2ban", "updates", "reboot"].map((name) => `host/${name} warn`),
    );
    await must("rm", "/run/reboot-required");
    const { code, error } = await script("setup", [admin, "--yes", "--only", "ssh,firewall,fail2ban,updates"]);
    expect([code, error]).toEqual([0, ""]);
    expect(await states()).toEqual(
      ["ssh", "firewall", "fail2ban", "updates", "reboot"].map((name) => `host/${name} ok`),
    );
  });

  test("all of it again, by the new login: nothing is left to do", async () => {
    const { code, output, error } = await script("setup", [admin, "--yes", "--binary", uploaded]);
    expect([code, error]).toEqual([0, ""]);
    expect(output).toContain("all are there");
    expect(output).toContain("Everything is as it should be: nothing to change.");
  });

  test("and everything after it is done by that login, with sudo", async () => {
    const health = await script("health_check", [admin]);
    expect([health.code, health.error]).toEqual([0, ""]);
    const { code, output, error } = await script("deploy", [admin, "--binary", "/t/next/ami-workers"]);
    expect([code, error]).toEqual([0, ""]);
    expect(output).toContain("\nHealthy: ");
    expect((await script("deploy", [admin, "--rollback"])).code).toBe(0);
  });
});
