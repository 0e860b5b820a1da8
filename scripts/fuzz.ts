import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FuzzReport, fuzz } from "../test/brokers/fuzz/fuzz.ts";
import { loadSeeds } from "../test/brokers/fuzz/seeds.ts";
import { watchInputs } from "../test/brokers/fuzz/watchdog.ts";

const [count, seed, first] = process.argv.slice(2).map(Number);
if (![count, seed, first].every((value) => Number.isSafeInteger(value) && (value ?? -1) >= 0)) {
  process.stderr.write("Usage: scripts/fuzz [COUNT] [SEED] [FIRST]\n");
  process.exit(64);
}
/** Of the processor, for one input of some hundred kilobytes. */
const msMax = 10_000;
/** Of the clock, also on a busy machine. */
const endlessMs = 120_000;
const residentBytesMax = 1_200 * 1024 ** 2;

const seeds = await loadSeeds(process.env.AMI_SAMPLES);
const folder = join(tmpdir(), `ami-workers-fuzz-faults-${seed}`);
const startMs = performance.now();
process.stdout.write(`seed ${seed}, ${seeds.length} good files to begin with\n`);
let stopped = false;
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    stopped = true;
  });
}
const watchdog = watchInputs(endlessMs);
const report = await fuzz({
  seeds,
  seed: String(seed),
  count: count ?? 0,
  first: first ?? 0,
  msMax,
  residentBytesMax,
  folder,
  onInput: watchdog.begin,
  isStopped: () => stopped,
  onProgress: show,
});
watchdog.end();
show(report);
for (const { index, seed: from, done, message } of report.faults) {
  process.stdout.write(`\ninput ${index}: ${from}, ${done.join(", ")}\n${message}\n`);
}
if (report.faults.length > 0)
  process.stdout.write(`\nThe files are kept in ${folder}; scripts/fuzz 1 ${seed} INPUT makes one again.\n`);
process.exit(report.faults.length === 0 ? 0 : 1);

function show({
  inputs,
  bytes,
  read,
  rows,
  imported,
  skipped,
  rejected,
  refused,
  slowest,
  residentBytes,
  faults,
}: FuzzReport) {
  const seconds = (performance.now() - startMs) / 1_000;
  const codes = Object.entries(refused)
    .toSorted(([, a], [, b]) => b - a)
    .map(([code, times]) => `${times} ${code}`);
  process.stdout.write(
    `${inputs} inputs (${Math.round(bytes / 1e6)} MB) in ${Math.round(seconds)} s: ${read} read with ${rows} rows = ${imported} taken + ` +
      `${skipped} no execution + ${rejected} refused; ${inputs - read - faults.length} refused as a whole (${codes.join(", ")}); ` +
      `slowest ${Math.round(slowest.ms)} ms (input ${slowest.index}), at most ${Math.round(residentBytes / 1024 ** 2)} MiB; ` +
      `${faults.length} faults\n`,
  );
}
