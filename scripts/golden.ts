/**
 * Writes what reading each file of fixtures/csv gives beside it: `bun run golden` what is missing, `--force` all of it (which says
 * that you have read the difference). Tests compare with these files and never write them.
 */
import { cases, goldenOf } from "../test/brokers/csv/golden.ts";

const force = process.argv.includes("--force");
let written = 0;
for (const fixture of cases()) {
  if (!force && (await Bun.file(fixture.json).exists())) continue;
  await Bun.write(fixture.json, await goldenOf(fixture));
  process.stdout.write(`${fixture.json}\n`);
  written++;
}
process.stdout.write(`${written} written\n`);
