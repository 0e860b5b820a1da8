import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Layout } from "../../service/layout.ts";
import { type Check, type DoctorTools, notInstalled, type Outcome, ok, skip, warn } from "../check.ts";

const setup = "scripts/setup HOST does it, from your own machine";

function onServerOnly(run: (tools: DoctorTools) => Outcome | Promise<Outcome>): Check["run"] {
  return (tools) => (tools.installed ? run(tools) : notInstalled);
}

/** Null: there is none. @throws {Unreadable} */
function textOf({ root }: Layout, path: string): string | null {
  const full = join(root, path);
  if (!existsSync(full)) return null;
  try {
    return readFileSync(full, "utf8");
  } catch {
    throw new Unreadable(path);
  }
}

class Unreadable extends Error {
  constructor(path: string) {
    super(`${path} can only be read by root: call doctor with sudo`);
  }
}

function readable(run: (tools: DoctorTools) => Outcome | Promise<Outcome>): Check["run"] {
  return onServerOnly(async (tools) => {
    try {
      return await run(tools);
    } catch (error) {
      if (error instanceof Unreadable) return skip(error.message);
      throw error;
    }
  });
}

const ssh: Check = {
  group: "host",
  name: "ssh",
  title: "logins by key alone, and none as root",
  run: readable(async ({ layout, run, uid }) => {
    if (!existsSync(join(layout.root, "/etc/ssh/sshd_config"))) return ok("there is no SSH server");
    const settings = (uid === 0 ? await effective(run) : null) ?? sshSettings(layout);
    const password = settings.get("passwordauthentication") ?? "yes";
    const keyboard = settings.get("kbdinteractiveauthentication") ?? "yes";
    const rootLogin = settings.get("permitrootlogin") ?? "prohibit-password";
    const wrong = [
      ...(password === "no" ? [] : ["PasswordAuthentication yes"]),
      ...(keyboard === "no" ? [] : ["KbdInteractiveAuthentication yes"]),
      ...(rootLogin === "no" ? [] : [`PermitRootLogin ${rootLogin}`]),
    ];
    return wrong.length === 0 ? ok("keys alone, root not at all") : warn(wrong.join(", "), setup);
  }),
};

/** What the server makes of its files; null: it cannot be asked. */
async function effective(run: DoctorTools["run"]): Promise<Map<string, string> | null> {
  const { code, output } = await run("sshd", ["-T"]);
  if (code !== 0) return null;
  return new Map(output.split("\n").map(keyAndValue));
}

function keyAndValue(line: string): [string, string] {
  const [key = "", ...rest] = line.trim().split(/[\s=]+/);
  return [key.toLowerCase(), rest.join(" ").toLowerCase()];
}

const includesMax = 50;

/** sshd_config(5): the first value of a keyword counts; what stands below `Match` is for some logins alone. */
export function sshSettings(layout: Layout, path = "/etc/ssh/sshd_config", settings = new Map<string, string>()) {
  for (const line of (textOf(layout, path) ?? "").split("\n")) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [key, value] = keyAndValue(line);
    if (key === "match") break;
    if (key === "include") {
      const pattern = line.trim().split(/\s+/)[1] ?? "";
      const absolute = pattern.startsWith("/") ? pattern : join("/etc/ssh", pattern);
      for (const included of globbed(layout, absolute).slice(0, includesMax)) sshSettings(layout, included, settings);
    } else if (!settings.has(key)) settings.set(key, value);
  }
  return settings;
}

/** `*` in the last part alone, which is how Debian includes its folder. */
function globbed({ root }: Layout, pattern: string): string[] {
  const folder = dirname(pattern);
  if (!existsSync(join(root, folder))) return [];
  const expression = new RegExp(
    `^${basename(pattern)
      .replace(/[.+^$(){}|[\]\\]/g, "\\$&")
      .replace(/\*/g, ".*")}$`,
  );
  return readdirSync(join(root, folder))
    .filter((name) => expression.test(name))
    .sort()
    .map((name) => join(folder, name));
}

const firewall: Check = {
  group: "host",
  name: "firewall",
  title: "nothing comes in but SSH",
  run: readable(({ layout }) => {
    const ufw = textOf(layout, "/etc/ufw/ufw.conf");
    if (ufw === null) return warn("ufw is not installed", setup);
    if (!/^ENABLED=yes/m.test(ufw)) return warn("ufw is off", setup);
    const policy = /^DEFAULT_INPUT_POLICY="?(\w+)/m.exec(textOf(layout, "/etc/default/ufw") ?? "")?.[1] ?? "unknown";
    return policy === "DROP" || policy === "REJECT"
      ? ok("ufw is on and lets in what it is told to alone")
      : warn(`ufw is on, and what comes in is answered by ${policy}`, "sudo ufw default deny incoming");
  }),
};

function isServiceEnabled({ root, wants }: Layout, unit: string): boolean {
  return existsSync(join(root, "/etc/systemd/system/multi-user.target.wants", unit)) || existsSync(join(wants, unit));
}

const banning: Check = {
  group: "host",
  name: "fail2ban",
  title: "whoever guesses logins is shut out",
  run: readable(({ layout }) => {
    if (!existsSync(join(layout.root, "/etc/fail2ban/jail.conf"))) return warn("fail2ban is not installed", setup);
    if (!isServiceEnabled(layout, "fail2ban.service"))
      return warn("fail2ban is off", "sudo systemctl enable --now fail2ban");
    const jails = globbed(layout, "/etc/fail2ban/jail.d/*").concat("/etc/fail2ban/jail.local");
    const guarded = jails.some((path) => /^\[sshd\][^[]*^\s*enabled\s*=\s*true/ms.test(textOf(layout, path) ?? ""));
    return guarded ? ok("guards SSH") : warn("fail2ban does not guard SSH", setup);
  }),
};

const updates: Check = {
  group: "host",
  name: "updates",
  title: "security updates come by themselves",
  run: readable(({ layout }) => {
    if (!existsSync(join(layout.root, "/usr/bin/unattended-upgrade"))) {
      return warn("unattended-upgrades is not installed", setup);
    }
    const on = globbed(layout, "/etc/apt/apt.conf.d/*").some((path) =>
      /^\s*APT::Periodic::Unattended-Upgrade\s+"[1-9]/m.test(textOf(layout, path) ?? ""),
    );
    return on ? ok("unattended-upgrades is on") : warn("unattended-upgrades is off", setup);
  }),
};

const reboot: Check = {
  group: "host",
  name: "reboot",
  title: "no update waits for a restart",
  run: readable(({ layout }) => {
    if (!existsSync(join(layout.root, "/run/reboot-required"))) return ok("none");
    return warn("an update needs a restart; missed runs are made up for afterwards", "sudo systemctl reboot");
  }),
};

export const hostChecks: readonly Check[] = [ssh, firewall, banning, updates, reboot];
