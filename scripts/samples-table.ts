import { readSamples, samplesText } from "../test/brokers/samples-table.ts";

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write("Usage: scripts/samples-table FOLDER\n");
  process.exit(64);
}
process.stdout.write(samplesText(await readSamples(folder)));
