import { join } from "node:path";

/** The user that the workers run as: made by `units/sysusers.conf`, named by `units/hardening.conf`. */
export const workerUser = "ami-worker";
/** Every unit is called so, and the shared drop-in applies by it. */
export const unitPrefix = "ami-workers-";

/** Where everything stands on a server. */
export interface Layout {
  /** `/`, unless it is another tree. */
  root: string;
  /** Releases, and links to the one in use and the one before it. */
  program: string;
  releases: string;
  current: string;
  previous: string;
  /** For people's PATH. */
  link: string;
  settings: string;
  envFile: string;
  data: string;
  logs: string;
  /** Until the next boot. */
  runtime: string;
  units: string;
  /** For every unit of the prefix. */
  dropIns: string;
  wants: string;
  timerStamps: string;
  logrotate: string;
  sysusers: string;
  passwd: string;
  group: string;
}

/** Everything stands below `root`: another tree than the machine's own: an image that is being made, or a test's folder. */
export function layoutOf(root = "/"): Layout {
  const at = (path: string) => join(root, path);
  return {
    root: at("/"),
    program: at("/opt/ami-workers"),
    releases: at("/opt/ami-workers/releases"),
    current: at("/opt/ami-workers/ami-workers"),
    previous: at("/opt/ami-workers/previous"),
    link: at("/usr/local/bin/ami-workers"),
    settings: at("/etc/ami-workers"),
    envFile: at("/etc/ami-workers/.env"),
    data: at("/var/lib/ami-workers"),
    logs: at("/var/log/ami-workers"),
    runtime: at("/run/ami-workers"),
    units: at("/etc/systemd/system"),
    dropIns: at("/etc/systemd/system/ami-workers-.service.d"),
    wants: at("/etc/systemd/system/timers.target.wants"),
    timerStamps: at("/var/lib/systemd/timers"),
    logrotate: at("/etc/logrotate.d/ami-workers"),
    sysusers: at("/etc/sysusers.d/ami-workers.conf"),
    passwd: at("/etc/passwd"),
    group: at("/etc/group"),
  };
}

/** As the machine itself will see it once the tree is its root. */
export const onServer: Layout = layoutOf();
