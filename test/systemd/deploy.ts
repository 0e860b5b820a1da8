import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { type Ended, must, run } from "./machine.ts";

const key = "/root/.ssh/id_deploy";
const scripts = "/t/repo/scripts";
/** `ssh` and its options, as an operator would set SSH. */
const ssh = `ssh -p 22 -i ${key} -o StrictHostKeyChecking=accept-new -o LogLevel=ERROR`;

export const cutSsh = "/t/ssh-cut";
export const failingLogin = "/t/ssh-no-new-login";

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
  // A new login that does not get in, while the connections before it were fine.
  writeFileSync(failingLogin, `#!/bin/bash\n[[ "$*" != *ControlPath=none* ]] || exit 255\nexec ${ssh} "$@"\n`);
  chmodSync(failingLogin, 0o755);
}

export async function sshAs(login: string, command: string): Promise<Ended> {
  return await run([...ssh.split(" "), "-o", "BatchMode=yes", login, command]);
}

export async function script(name: string, argv: readonly string[], through = ssh): Promise<Ended> {
  const child = Bun.spawn([`${scripts}/${name}`, ...argv], {
    cwd: "/",
    env: { PATH: "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", HOME: "/root", SSH: through },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 800_000,
  });
  const [output, error, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, output, error };
}
