import { numberOfDFGCompiles } from "bun:jsc";

function once(): number {
  return 0;
}

/**
 * Is JavaScript compiled just in time here? Not where memory may not be both written and run, as under systemd's
 * `MemoryDenyWriteExecute=`. JavaScriptCore then says of any function that ran that it was compiled a million times.
 */
export function compilesToMachineCode(): boolean {
  return once() === 0 && numberOfDFGCompiles(once) < 1_000_000;
}
