import { type FileHandle, open, rm } from "node:fs/promises";
import { type TemporaryFolder, temporaryFolder, writeTemporary } from "../temporary-file.ts";
import { type TextBlock, textBlocks } from "./encoding.ts";
import type { Mapping } from "./header.ts";
import type { Page, RowSink } from "./pages.ts";
import type { FileReport } from "./report.ts";
import { isRow, RowWalker } from "./rows.ts";
import { type RowSource, rowsOf, type Segment } from "./survey.ts";
import { type Rows, type RowText, splitRow } from "./tokenise.ts";

/** Runs that are merged at once; more are merged in several rounds. Each takes about 100 KB of memory. */
export const fanInMax = 32;
/** A run ends earlier when its rows are long. A row has at most 64 K characters. */
const runBytes = 8 * 1024 * 1024;
const writeBytes = 256 * 1024;
const readBytes = 32 * 1024;

/**
 * An external merge sort by time. Rows are kept as the text they are, sorted in runs of `rowsMax` on disk, merged, and read as
 * executions only in the end: the report is that of any other reading. The folder is removed whatever happens.
 */
export async function* sortThroughFiles(
  source: RowSource,
  segments: readonly Segment[],
  sink: RowSink,
  report: FileReport,
  signal: AbortSignal | undefined,
  rowsMax: number,
): AsyncGenerator<Page> {
  await using folder = await temporaryFolder("sort", "A file that is not in order of time");
  const mappings: Mapping[] = [];
  let runs = await writeRuns(source, segments, report, signal, { folder, rowsMax, mappings });
  for (let round = 0; runs.length > fanInMax; round++) {
    const merged: string[] = [];
    for (let start = 0; start < runs.length; start += fanInMax) {
      signal?.throwIfAborted();
      const part = runs.slice(start, start + fanInMax);
      merged.push(await mergeToFile(part, folder, `merged-${round}-${merged.length}`));
    }
    runs = merged;
  }
  const walker = new RowWalker(source.settings, { mapping: null });
  for await (const run of mergeRuns(runs, source.delimiters.delimiter)) {
    walker.mapping = mappings[run.mapping] ?? null;
    const row = walker.read(rowOf(run, source), run.line, report);
    if (row !== null) sink.add(row);
    const full = sink.take();
    if (full.length === 0) continue;
    signal?.throwIfAborted();
    yield* full;
  }
}

function rowOf(run: Run, { delimiters, format }: RowSource): RowText {
  if (run.isPlain) return run;
  const cells = splitRow(run.raw, delimiters, format.newline);
  if (cells === null) throw new Error(`line ${run.line} could be read before it was sorted, and not after`);
  return { text: run.text, start: run.start, end: run.end, isPlain: false, cells };
}

interface RunSettings {
  folder: TemporaryFolder;
  rowsMax: number;
  mappings: Mapping[];
}

async function writeRuns(
  source: RowSource,
  segments: readonly Segment[],
  report: FileReport,
  signal: AbortSignal | undefined,
  { folder, rowsMax, mappings }: RunSettings,
): Promise<string[]> {
  const runs: string[] = [];
  const kept = new RunBuffer(rowsMax);
  const write = async () => {
    runs.push(await writeTemporary(folder, `run-${runs.length}`, (file) => kept.writeTo(file)));
  };
  for (const segment of segments) {
    signal?.throwIfAborted();
    for await (const { reader, walker } of rowsOf(source, segment)) {
      while (reader.next()) {
        if (!isRow(reader, walker, report)) continue;
        const timeMs = walker.timeOf(reader);
        if (Number.isNaN(timeMs)) {
          // Without a time it is no execution: reading it puts the reason into the report.
          walker.read(reader, reader.line, report);
          continue;
        }
        const line = toLine(timeMs, indexOf(mappings, walker.mapping), reader);
        if (kept.add(timeMs, line)) continue;
        await write();
        kept.add(timeMs, line);
      }
    }
  }
  if (kept.count > 0) await write();
  return runs;
}

/** The rows of one run, as bytes: hundreds of thousands of small strings would keep several times their size in memory. */
class RunBuffer {
  count = 0;
  readonly #bytes = Buffer.allocUnsafe(runBytes);
  readonly #times: Float64Array;
  readonly #ends: Uint32Array;

  constructor(rowsMax: number) {
    this.#times = new Float64Array(rowsMax);
    this.#ends = new Uint32Array(rowsMax);
  }

  /** False: it is full. */
  add(timeMs: number, line: string): boolean {
    const { count } = this;
    const start = this.#startOf(count);
    // A character takes at most three bytes of UTF-8.
    if (count === this.#times.length || runBytes - start < line.length * 3) return false;
    this.#times[count] = timeMs;
    this.#ends[count] = start + this.#bytes.write(line, start, "utf8");
    this.count++;
    return true;
  }

  /** In the order of their times; then it is empty. */
  async writeTo(file: FileHandle): Promise<void> {
    const times = this.#times;
    const order = Uint32Array.from({ length: this.count }, (_, index) => index);
    order.sort((a, b) => (times[a] as number) - (times[b] as number));
    const out = Buffer.allocUnsafe(writeBytes);
    let filled = 0;
    for (const index of order) {
      const row = this.#bytes.subarray(this.#startOf(index), this.#ends[index]);
      if (filled + row.length > out.length) {
        await file.writeFile(out.subarray(0, filled));
        filled = 0;
      }
      if (row.length > out.length) await file.writeFile(row);
      else filled += row.copy(out, filled);
    }
    await file.writeFile(out.subarray(0, filled));
    this.count = 0;
  }

  #startOf(index: number): number {
    return index === 0 ? 0 : (this.#ends[index - 1] as number);
  }
}

/** Headers of a statement are few, and one after the other. */
function indexOf(mappings: Mapping[], mapping: Mapping | null): number {
  if (mapping === null) throw new Error("a row without a header");
  const index = mappings.lastIndexOf(mapping);
  return index >= 0 ? index : mappings.push(mapping) - 1;
}

/** `r` and the text of a plain row; `q` and that of another; `j` and it as JSON when it goes over several lines. */
function toLine(timeMs: number, mapping: number, reader: Rows): string {
  const { raw, line, isPlain } = reader;
  const isOneLine = isPlain || !(raw.includes("\n") || raw.includes("\r"));
  const text = isPlain ? `r${raw}` : isOneLine ? `q${raw}` : `j${JSON.stringify(raw)}`;
  return `${timeMs}\t${line}\t${mapping}\t${text}\n`;
}

async function mergeToFile(paths: readonly string[], folder: TemporaryFolder, name: string): Promise<string> {
  const path = await writeTemporary(folder, name, async (file) => {
    let pending = "";
    for await (const run of mergeRuns(paths, "")) {
      pending += run.runLine;
      if (pending.length < writeBytes) continue;
      await file.writeFile(pending);
      pending = "";
    }
    await file.writeFile(pending);
  });
  for (const merged of paths) await rm(merged);
  return path;
}

/** The runs' rows in the order of their times: the run whose turn it is, each time. */
async function* mergeRuns(paths: readonly string[], delimiter: string): AsyncGenerator<Run> {
  const runs: Run[] = [];
  try {
    for (const path of paths) {
      const run = await Run.open(path, delimiter);
      runs.push(run);
    }
    const open = [...runs];
    while (open.length > 0) {
      let first = open[0] as Run;
      for (const run of open) if (run.timeMs < first.timeMs) first = run;
      yield first;
      if (!first.advance() && !(await first.refill())) open.splice(open.indexOf(first), 1);
    }
  } finally {
    for (const run of runs) await run.close();
  }
}

/** A sorted run on disk, at one of its rows. */
class Run implements RowText {
  timeMs = 0;
  line = 0;
  mapping = 0;
  /** The row as it stands in its file, but for rows over several lines. */
  text = "";
  start = 0;
  end = 0;
  isPlain = true;
  readonly #file: FileHandle;
  readonly #blocks: AsyncGenerator<TextBlock>;
  readonly #delimiter: string;
  #lineStart = 0;
  #lineEnd = -1;

  private constructor(file: FileHandle, bytes: number, path: string, delimiter: string) {
    this.#file = file;
    this.#delimiter = delimiter;
    this.#blocks = textBlocks(
      file,
      { encoding: "utf-8", bomBytes: 0, newline: "\n", bytes },
      0,
      bytes,
      path,
      readBytes,
    );
  }

  static async open(path: string, delimiter: string): Promise<Run> {
    const file = await open(path, "r");
    const { size } = await file.stat();
    const run = new Run(file, size, path, delimiter);
    await run.refill();
    return run;
  }

  /** To the next row; false: it is not in memory. */
  advance(): boolean {
    const { text } = this;
    this.#lineStart = this.#lineEnd + 1;
    if (this.#lineStart >= text.length) return false;
    this.#lineEnd = text.indexOf("\n", this.#lineStart);
    const afterTime = text.indexOf("\t", this.#lineStart);
    const afterLine = text.indexOf("\t", afterTime + 1);
    const afterMapping = text.indexOf("\t", afterLine + 1);
    this.timeMs = Number(text.slice(this.#lineStart, afterTime));
    this.line = Number(text.slice(afterTime + 1, afterLine));
    this.mapping = Number(text.slice(afterLine + 1, afterMapping));
    this.isPlain = text.charAt(afterMapping + 1) === "r";
    this.start = afterMapping + 2;
    this.end = this.#lineEnd;
    return true;
  }

  /** Reads on; false: that was all. */
  async refill(): Promise<boolean> {
    const { value, done } = await this.#blocks.next();
    if (done === true) return false;
    this.text = value.text;
    this.#lineEnd = -1;
    return this.advance();
  }

  get cells(): readonly string[] {
    return this.raw.split(this.#delimiter);
  }

  /** The row as it stands in its file. */
  get raw(): string {
    const text = this.text.slice(this.start, this.end);
    return this.text.charAt(this.start - 1) === "j" ? (JSON.parse(text) as string) : text;
  }

  /** The line of the run. */
  get runLine(): string {
    return this.text.slice(this.#lineStart, this.#lineEnd + 1);
  }

  async close(): Promise<void> {
    await this.#blocks.return(undefined);
    await this.#file.close();
  }
}
