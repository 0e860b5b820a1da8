import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileReport, type FileReport } from "../../../src/brokers/csv/report.ts";
import { type OpenOptions, openBrokerFile } from "../../../src/brokers/files.ts";
import { Failure, messageOf } from "../../../src/errors.ts";
import { toWireExecution, toWireTrade } from "../../../src/journal/convert.ts";
import { Matcher } from "../../../src/trades/match.ts";
import { statedPnlOf } from "../../../src/workers/import-trades/stated-pnl.ts";
import { type Random, seeded } from "../../venues/random.ts";
import { accountedFor } from "../metatrader/golden.ts";
import { mutate } from "./mutate.ts";
import type { Seed } from "./seeds.ts";

export interface FuzzOptions {
  seeds: readonly Seed[];
  /** The same text gives the same inputs. */
  seed: string;
  count: number;
  /** The number of the first input: to have one again. */
  first?: number;
  /** Of the processor for one input, so that a busy machine is no fault; absent: tests never measure time. */
  msMax?: number;
  /** Of the whole process, after an input. */
  residentBytesMax?: number;
  /** Faults are kept here, each with its file; absent: nowhere. */
  folder?: string;
  /** Instead of the import's reader. */
  read?: (path: string, options: OpenOptions) => Promise<FileReport>;
  /** Asked before each input: what was found until then is the report. */
  isStopped?: () => boolean;
  /** Before each input. */
  onInput?: (index: number) => void;
  onProgress?: (report: FuzzReport) => void;
}

export interface FuzzReport {
  inputs: number;
  bytes: number;
  /** Inputs that ended in rows, and how many were read of them. */
  read: number;
  rows: number;
  imported: number;
  skipped: number;
  rejected: number;
  /** Inputs that were refused as a whole, by the code of their error. */
  refused: Record<string, number>;
  slowest: { index: number; ms: number };
  residentBytes: number;
  faults: Fault[];
}

export interface Fault {
  index: number;
  seed: string;
  done: string[];
  message: string;
}

const faultsMax = 50;
const progressEvery = 10_000;
const pagesMax = 100_000;

/** Mutates good files and reads what comes of them, as an import does, up to what the platform would be sent. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { seeds, seed, count, first = 0, read = readAll, msMax, residentBytesMax, onInput, onProgress } = options;
  const report: FuzzReport = {
    ...{ inputs: 0, bytes: 0, read: 0, rows: 0, imported: 0, skipped: 0, rejected: 0, refused: {} },
    ...{ slowest: { index: 0, ms: 0 }, residentBytes: 0, faults: [] },
  };
  const pick = weighted(seeds);
  const folder = mkdtempSync(join(tmpdir(), "ami-workers-fuzz-"));
  try {
    for (let index = first; index < first + count && report.faults.length < faultsMax; index++) {
      if (options.isStopped?.() === true) break;
      onInput?.(index);
      const random = seeded(`${seed}/${index}`);
      const from = pick(random);
      const { bytes, done } = mutate(from, random, seeds);
      const path = join(folder, "input");
      writeFileSync(path, bytes);
      const startMs = cpuMs();
      const rows = read(path, {
        name: from.name.slice(from.name.lastIndexOf("/") + 1),
        ...(random.chance(0.9) ? from.options : {}),
      });
      const fault = await faultOf(rows, report);
      const ms = cpuMs() - startMs;
      const residentBytes = process.memoryUsage.rss();
      report.inputs++;
      report.bytes += bytes.length;
      if (ms > report.slowest.ms) report.slowest = { index, ms };
      report.residentBytes = Math.max(report.residentBytes, residentBytes);
      const message =
        fault ??
        (msMax !== undefined && ms > msMax ? `took ${Math.round(ms)} ms` : null) ??
        (residentBytesMax !== undefined && residentBytes > residentBytesMax
          ? `the process has ${residentBytes} bytes`
          : null);
      if (message !== null) {
        report.faults.push({ index, seed: from.name, done, message });
        keep(options.folder, index, bytes);
      }
      if ((index + 1) % progressEvery === 0) onProgress?.(report);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return report;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Large files take long, and are tried less often. */
function weighted(seeds: readonly Seed[]): (random: Random) => Seed {
  const wholeBytes = 16_000;
  const sums: number[] = [];
  for (const { bytes } of seeds) sums.push((sums.at(-1) ?? 0) + Math.min(1, (wholeBytes / bytes.length) ** 1.3));
  const total = sums.at(-1) ?? 0;
  return (random) => {
    const at = random.next() * total;
    const found = seeds[sums.findIndex((sum) => at < sum)] ?? seeds[0];
    if (found === undefined) throw new RangeError("no seeds");
    return found;
  };
}

/** What is wrong with how the file was read; null: nothing. Whatever is wrong with the file is in the report. */
async function faultOf(reading: Promise<FileReport>, report: FuzzReport): Promise<string | null> {
  try {
    const rows = await reading;
    report.read++;
    report.rows += rows.rows;
    report.imported += rows.imported;
    report.rejected += rows.rejected;
    report.skipped += accountedFor(rows) - rows.imported - rows.rejected;
    if (accountedFor(rows) !== rows.rows) return `${rows.rows} rows, ${accountedFor(rows)} accounted for`;
    return null;
  } catch (error) {
    if (!(error instanceof Failure)) return error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
    const { code = "" } = error.detail;
    if (error.kind !== "data" || !/^[a-z_]{3,64}$/.test(code)) return `${error.kind} ${code}: ${error.message}`;
    if (error.message.length > 4_000) return `a message of ${error.message.length} characters`;
    report.refused[code] = (report.refused[code] ?? 0) + 1;
    return null;
  }
}

async function readAll(path: string, options: OpenOptions): Promise<FileReport> {
  const file = await openBrokerFile(path, options);
  const report = createFileReport();
  const matcher = new Matcher({ method: "fifo", statedPnl: statedPnlOf, stepOf: () => null });
  let pages = 0;
  for await (const { executions, trades } of file.pages(report, new AbortController().signal)) {
    if (++pages > pagesMax) throw new Error(`more than ${pagesMax} pages`);
    const ids = new Set<string>();
    for (const execution of executions) {
      ids.add(execution.externalId);
      toWireExecution(execution);
      matcher.apply(execution);
    }
    if (ids.size !== executions.length) throw new Error("an id stands twice in a page");
    for (const trade of [...matcher.takeChanges(), ...trades]) toWireTrade(trade, { baseCurrency: "USD" });
  }
  return report;
}

function keep(folder: string | undefined, index: number, bytes: Uint8Array): void {
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, String(index)), bytes);
}
