/**
 * Writes what reading each file of fixtures/csv and fixtures/metatrader and each recording of fixtures/exchanges gives beside it: `bun run golden` what is missing, `--force` all of it (which says
 * that you have read the difference). Tests compare with these files and never write them.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goldenOf as goldenOfRecording, cases as recordings } from "../test/brokers/ccxt/replay.ts";
import { cases, goldenOf } from "../test/brokers/csv/golden.ts";
import { goldenOf as goldenOfReport, cases as reports } from "../test/brokers/metatrader/golden.ts";

const force = process.argv.includes("--force");
let written = 0;
for (const fixture of cases()) {
  if (!force && (await Bun.file(fixture.json).exists())) continue;
  await Bun.write(fixture.json, await goldenOf(fixture));
  process.stdout.write(`${fixture.json}\n`);
  written++;
}
for (const report of reports()) {
  if (!force && (await Bun.file(report.json).exists())) continue;
  await Bun.write(report.json, await goldenOfReport(report.path));
  process.stdout.write(`${report.json}\n`);
  written++;
}
for (const recording of recordings()) {
  if (!force && (await Bun.file(recording.expected).exists())) continue;
  const dataDir = mkdtempSync(join(tmpdir(), "golden-"));
  try {
    await Bun.write(recording.expected, await goldenOfRecording(recording, dataDir));
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
  process.stdout.write(`${recording.expected}\n`);
  written++;
}
process.stdout.write(`${written} written\n`);
