/**
 * Usage: bun scripts/bench/measure.ts --runs N --label TEXT [--per ITEMS] -- COMMAND...
 * Runs a command N times and prints wall time, CPU time and peak memory as the kernel counted them: the median of a start, the best of a job
 * (`--per`: and its items a second).
 */
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: "string", default: "5" }, label: { type: "string", default: "" }, per: { type: "string" } },
});
const bytesPerMebibyte = 1_048_576;

interface Measured {
  wallMs: number;
  cpuMs: number;
  peakBytes: number;
}

async function once(command: string[]): Promise<Measured> {
  const startMs = performance.now();
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  const code = await child.exited;
  const wallMs = performance.now() - startMs;
  const usage = child.resourceUsage();
  if (code !== 0 || usage === undefined) throw new Error(`${command.join(" ")} ended with ${code}`);
  return { wallMs, cpuMs: Number(usage.cpuTime.total) / 1_000, peakBytes: usage.maxRSS };
}

const all: Measured[] = [];
for (let run = 0; run < Number(values.runs); run++) all.push(await once(positionals));
const pick = (of: (one: Measured) => number): number => {
  const sorted = all.map(of).sort((a, b) => a - b);
  return sorted[values.per === undefined ? Math.floor(sorted.length / 2) : 0] ?? 0;
};
const wallMs = pick(({ wallMs }) => wallMs);
const parts = [
  `${wallMs.toFixed(1)} ms wall`,
  `${pick(({ cpuMs }) => cpuMs).toFixed(1)} ms CPU`,
  `${(pick(({ peakBytes }) => peakBytes) / bytesPerMebibyte).toFixed(1)} MiB peak`,
];
if (values.per !== undefined)
  parts.unshift(`${Math.round((Number(values.per) * 1_000) / wallMs).toLocaleString("en")} rows/s`);
process.stdout.write(`  ${values.label.padEnd(24)} ${parts.join(", ")}\n`);
