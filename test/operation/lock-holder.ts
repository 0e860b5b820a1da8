import { systemClock } from "../../src/operation/clock.ts";
import { acquireLock } from "../../src/operation/lock.ts";

/** Takes the lock of a folder, drops the handle, says `held`, collects garbage again and again, and stays until it is killed. */
const [dataDir = "", mode] = process.argv.slice(2);

async function takeAndForget(): Promise<void> {
  await acquireLock({ dataDir, worker: "trade_importer", waitMs: 0, clock: systemClock });
}

try {
  await takeAndForget();
  for (let round = 0; round < 10; round++) Bun.gc(true);
  process.stdout.write("held\n");
  if (mode !== "once") setInterval(() => undefined, 60_000);
} catch (error) {
  process.stdout.write(`${error instanceof Error && "kind" in error ? error.kind : error}\n`);
}
