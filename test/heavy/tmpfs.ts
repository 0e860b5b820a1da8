import { readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command } from "./exim.ts";

/** A small disk in memory, which can be filled up and made read-only. Needs root. */
export class SmallDisk implements Disposable {
  readonly path: string;

  constructor(path: string, bytes: number) {
    this.path = path;
    command("mount", "-t", "tmpfs", "-o", `size=${bytes},mode=0755`, "ami-workers-test", path);
  }

  /** Takes all but so many bytes, in whole pages. */
  fillUpTo(leftBytes: number): void {
    const { bavail, bsize } = statfsSync(this.path);
    const bytes = Math.max(0, bavail * bsize - leftBytes);
    writeFileSync(join(this.path, "filler"), new Uint8Array(bytes));
  }

  free(): void {
    rmSync(join(this.path, "filler"), { force: true });
  }

  remount(mode: "ro" | "rw"): void {
    command("mount", "-o", `remount,${mode}`, this.path);
  }

  [Symbol.dispose](): void {
    if (!readFileSync("/proc/mounts", "utf8").includes(` ${this.path} `)) return;
    command("umount", "-l", this.path);
  }
}
