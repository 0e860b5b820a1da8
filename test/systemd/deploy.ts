import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { type Ended, must } from "./machine.ts";

const key = "/root/.ssh/id_deploy";
const scripts = "/t/repo/scripts";
/** `ssh` and its options, as an operator would set SSH. */
const ssh = `ssh -p 22 -i ${key} -o StrictHostKeyChecking=accept-new -o LogLevel=ERROR`;

/** A person with a key on one side, an SSH server on loopback on the other. */
export async function prepareSsh(): Promise<void> {
  mkdirSync("/root/.ssh", { recursive: true, mode: 0o700 });
  await must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key);
  await must("cp", `${key}.pub`, "/root/.ssh/authorized_keys");
  await must("systemctl", "start", "ssh");
  // A connection that ends in the middle of the copy, and lives again for what comes after it.
  writeFileSync(
    "/t/ssh-cut",
    `#!/bin/bash\ncase "$*" in *gzip*) head -c 5000000 | ${ssh} "$@" ;; *) exec ${ssh} "$@" ;; esac\n`,
  );
  chmodSync("/t/ssh-cut", 0o755);
}

export async function script(name: string, argv: readonly string[], through = ssh): Promise<Ended> {
  const child = Bun.spawn([`${scripts}/${name}`, ...argv], {
    cwd: "/",
    env: { PATH: "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", HOME: "/root", SSH: through },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 80_000,
  });
  const [output, error, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, output, error };
}

export const cutSsh = "/t/ssh-cut";
