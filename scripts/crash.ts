import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../src/errors.ts";
import { type CrashReport, crashAgainAndAgain } from "../test/executable/crash-harness.ts";

const [kills, seed] = process.argv.slice(2).map(Number);
if (!Number.isSafeInteger(kills) || !Number.isSafeInteger(seed)) {
  process.stderr.write("Usage: scripts/crash [KILLS] [SEED]\n");
  process.exit(64);
}
const folder = mkdtempSync(join(tmpdir(), "ami-workers-crash-"));
process.stdout.write(`seed ${seed}, ${folder}\n`);
try {
  const report = await crashAgainAndAgain({ folder, kills: kills ?? 0, seed: seed ?? 0, onProgress: show });
  show(report);
  process.stdout.write("Every execution is stored once, and every file is explained.\n");
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
} catch (error) {
  process.stdout.write(`${messageOf(error)}\nThe folder is kept: ${folder}\n`);
  process.exit(1);
}

function show(report: CrashReport): void {
  const { kills: killed, missed, withPending, withUnfinished, atDisk, settled, executions } = report;
  process.stdout.write(
    `${killed} kills (${atDisk} at a change on disk, ${withPending} with batches on disk, ${withUnfinished} with an unfinished file), ` +
      `${missed} runs ended before; at rest ${settled} times, ${executions} executions\n`,
  );
}
