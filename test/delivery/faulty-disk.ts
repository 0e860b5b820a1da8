import { type Disk, systemDisk } from "../../src/delivery/disk.ts";

/** The process dies here: nothing that comes after this call happens. */
export class Crash extends Error {
  override readonly name = "Crash";
}

export type Trouble = "ENOSPC" | "EIO" | "EROFS" | "EACCES" | "short" | "crash" | "crash-after";

/** The calls that change something; reading is another matter. */
const changing = new Set<keyof Disk>(["open", "write", "sync", "rename", "remove", "makeFolder"]);

/**
 * The real disk, with trouble at its nth changing call, from 1. `short`: it takes half of the bytes and says so. `crash`: the process
 * dies before the call, `crash-after`: after it; either way all later calls die too. Others: the call fails, and those after it do not.
 */
export function faultyDisk(at: number, trouble: Trouble): Disk & { calls: () => number } {
  let calls = 0;
  let dead = false;
  const call =
    <A extends unknown[], R>(name: keyof Disk, work: (...args: A) => R) =>
    (...args: A): R => {
      if (dead) throw new Crash();
      if (!changing.has(name) || ++calls !== at) return work(...args);
      if (trouble === "crash") {
        dead = true;
        throw new Crash();
      }
      if (trouble === "crash-after") {
        work(...args);
        dead = true;
        throw new Crash();
      }
      if (trouble === "short") {
        if (name !== "write") return work(...args);
        const [file, bytes, from] = args as unknown as [number, Uint8Array, number];
        const middle = from + Math.ceil((bytes.length - from) / 2);
        return systemDisk.write(file, bytes.subarray(0, middle), from) as R;
      }
      throw Object.assign(new Error(`${trouble}: ${name}`), { code: trouble });
    };
  const disk: Disk = { ...systemDisk };
  return {
    ...disk,
    open: call("open", disk.open),
    write: call("write", disk.write),
    sync: call("sync", disk.sync),
    // A process that died leaves its descriptors to the kernel.
    close: disk.close,
    rename: call("rename", disk.rename),
    remove: call("remove", disk.remove),
    makeFolder: call("makeFolder", disk.makeFolder),
    list: call("list", disk.list),
    look: call("look", disk.look),
    read: call("read", disk.read),
    calls: () => calls,
  };
}
