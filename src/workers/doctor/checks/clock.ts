import { existsSync } from "node:fs";
import { type Check, fail, noConfig, ok, skip, warn } from "../check.ts";

/** Brokers refuse signed requests of a clock that is further off. */
const aheadMsMax = 30_000;
const aheadMsWorth = 5_000;
const setClock = "sudo timedatectl set-ntp true";

const platform: Check = {
  group: "clock",
  name: "platform",
  title: "this machine's clock and the platform's agree",
  online: true,
  async run(tools) {
    if (tools.config === null) return noConfig;
    const answer = await tools.platform();
    if (answer.kind !== "answer")
      return skip(answer.kind === "embedded" ? "there is none to compare with" : "no answer");
    const { aheadMs } = answer;
    const text = `${(Math.abs(aheadMs) / 1000).toFixed(1)} s ${aheadMs > 0 ? "behind" : "ahead of"} the platform`;
    if (Math.abs(aheadMs) > aheadMsMax) return fail(text, setClock);
    if (Math.abs(aheadMs) > aheadMsWorth) return warn(text, setClock);
    return ok(text);
  },
};

/** Each leaves a trace while it keeps the time; asking them takes D-Bus, which a hardened unit has not. */
const keepers: readonly [trace: string, name: string][] = [
  ["/run/systemd/timesync/synchronized", "systemd-timesyncd"],
  ["/run/chrony/chronyd.pid", "chrony"],
  ["/run/chronyd.pid", "chrony"],
  ["/run/ntpd.pid", "ntpd"],
  ["/run/openntpd.pid", "openntpd"],
];

export function clockChecksOf(exists: (path: string) => boolean): readonly Check[] {
  const synchronised: Check = {
    group: "clock",
    name: "synchronised",
    title: "something keeps this machine's clock right",
    run() {
      const keeper = keepers.find(([trace]) => exists(trace));
      if (keeper !== undefined) return ok(`by ${keeper[1]}`);
      if (exists("/run/systemd/timesync")) return warn("systemd-timesyncd has reached no time server yet", setClock);
      return warn("nothing that keeps the clock right was found", `sudo apt install systemd-timesyncd && ${setClock}`);
    },
  };
  return [platform, synchronised];
}

export const clockChecks = clockChecksOf(existsSync);
