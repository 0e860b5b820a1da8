import { type Page, Pages, type RowSink } from "./pages.ts";
import type { ReadRow } from "./read-row.ts";
import type { FileReport } from "./report.ts";
import { RowGroups } from "./row-groups.ts";
import { isRow, type RowWalker } from "./rows.ts";
import { sortThroughFiles } from "./sort-through-files.ts";
import { type RowSource, rowsOf, type Segment, survey } from "./survey.ts";
import type { Rows } from "./tokenise.ts";

/** More rows than these are never kept in memory to bring them in order. */
export const sortedRowsMax = 50_000;

/**
 * A file's executions and trades in THE order, in memory that does not grow with the file. A first pass finds out where in the file which
 * times are. Nearly all files are in order already, forwards or backwards, or small: then their parts are read in the order of
 * their times, and only what overlaps is kept. Anything else is sorted through temporary files.
 */
export async function* inOrder(
  source: RowSource,
  report: FileReport,
  signal: AbortSignal | undefined,
  rowsMax = sortedRowsMax,
): AsyncGenerator<Page> {
  const segments = await survey(source, signal);
  const pages = new Pages(report, source.name);
  const { groups } = source.settings.dialect;
  const sink = groups === undefined ? pages : new RowGroups(groups, pages, report, source);
  if (overlapOf(segments) <= rowsMax) yield* sweep(source, segments, sink, report, signal);
  else yield* sortThroughFiles(source, segments, sink, report, signal, rowsMax);
  yield* sink.end();
}

/** The most rows that lie between any segment's first and last time. */
export function overlapOf(segments: readonly Segment[]): number {
  const timed = segments.filter(({ rows }) => rows > 0);
  const byStart = timed.toSorted((a, b) => a.minMs - b.minMs);
  const byEnd = timed.toSorted((a, b) => a.maxMs - b.maxMs);
  let ended = 0;
  let rows = 0;
  let most = 0;
  for (const segment of byStart) {
    for (let next = byEnd[ended]; next !== undefined && next.maxMs < segment.minMs; next = byEnd[ended]) {
      rows -= next.rows;
      ended++;
    }
    rows += segment.rows;
    most = Math.max(most, rows);
  }
  return most;
}

async function* sweep(
  source: RowSource,
  segments: readonly Segment[],
  sink: RowSink,
  report: FileReport,
  signal: AbortSignal | undefined,
): AsyncGenerator<Page> {
  // Segments without a time have no executions, but their rows must be accounted for.
  const ordered = segments.toSorted((a, b) => a.minMs - b.minMs || a.start.byte - b.start.byte);
  let kept: ReadRow[] = [];
  let sortAt = 0;
  for (const [index, segment] of ordered.entries()) {
    signal?.throwIfAborted();
    for await (const { reader, walker } of rowsOf(source, segment)) readRows(reader, walker, report, kept);
    const nextMs = ordered[index + 1]?.minMs ?? Number.POSITIVE_INFINITY;
    // Sorting what is kept again and again would be quadratic: it waits until there is about as much of new rows.
    if (kept.length < sortAt && nextMs !== Number.POSITIVE_INFINITY) continue;
    sortByTime(kept);
    let count = 0;
    for (const row of kept) {
      if (row.atMs >= nextMs) break;
      sink.add(row);
      count++;
    }
    kept = kept.slice(count);
    sortAt = kept.length === 0 ? 0 : kept.length * 2;
    yield* sink.take();
  }
  sortByTime(kept);
  for (const row of kept) sink.add(row);
}

/** Most rows are in order, or in the opposite one. */
function sortByTime(rows: ReadRow[]): void {
  const timeOf = (index: number) => (rows[index] as ReadRow).atMs;
  let ascends = true;
  let descends = true;
  for (let index = 1; index < rows.length && (ascends || descends); index++) {
    const step = timeOf(index) - timeOf(index - 1);
    if (step < 0) ascends = false;
    else if (step > 0) descends = false;
  }
  if (ascends) return;
  if (descends) rows.reverse();
  else rows.sort((a, b) => a.atMs - b.atMs);
}

/** Reads what is in the reader; what is no execution goes to the report. */
function readRows(reader: Rows, walker: RowWalker, report: FileReport, rows: ReadRow[]): void {
  while (reader.next()) {
    if (!isRow(reader, walker, report)) continue;
    const row = walker.read(reader, reader.line, report);
    if (row !== null) rows.push(row);
  }
}
