import { FileAccounts } from "./accounts.ts";
import { byteLengthOf, type TextFormat, textBlocks } from "./encoding.ts";
import type { ByteSource } from "./file-window.ts";
import { JoinedRows } from "./joined-rows.ts";
import { type RowSettings, RowWalker, type WalkerStart } from "./rows.ts";
import { type Delimiters, RowReader, type Rows } from "./tokenise.ts";

/** Where a file's rows are, and how they are read. */
export interface RowSource {
  file: ByteSource;
  name: string;
  format: TextFormat;
  delimiters: Delimiters;
  settings: RowSettings;
  /** Of a file with several accounts, the one whose rows are wanted; null: not said. */
  sourceAccount: string | null;
  /** Behind the first header row. */
  start: Position;
}

export interface Position extends WalkerStart {
  byte: number;
  line: number;
}

/** Whole rows that stand together in the file, and the times in them. */
export interface Segment {
  start: Position;
  byteEnd: number;
  rows: number;
  /** Infinity and -Infinity: no row of it has a time. */
  minMs: number;
  maxMs: number;
}

/**
 * The first pass over a file: where its rows are and when they were, and what else executions need to know of the whole file.
 * It reads one column only.
 */
export async function survey(source: RowSource, signal: AbortSignal | undefined): Promise<Segment[]> {
  const { file, format, settings, name } = source;
  const walker = new RowWalker(settings, source.start);
  const reader = readerOf(source, source.start.line, walker);
  const accounts = new FileAccounts(name);
  const segments: Segment[] = [];
  let start = source.start;
  for await (const block of textBlocks(file, format, start.byte, format.bytes, name)) {
    signal?.throwIfAborted();
    reader.feed(block.text, block.byteEnd === format.bytes);
    const segment = { start, byteEnd: 0, rows: 0, minMs: Number.POSITIVE_INFINITY, maxMs: Number.NEGATIVE_INFINITY };
    surveyRows(reader, walker, segment, { accounts, settings });
    segment.byteEnd = block.byteEnd - byteLengthOf(reader.unread, format.encoding);
    if (segment.byteEnd === start.byte) continue;
    segments.push(segment);
    start = { byte: segment.byteEnd, line: reader.nextLine, ...walker.place };
  }
  settings.otherAccounts = accounts.othersThan(source.sourceAccount);
  return segments;
}

function surveyRows(
  reader: Rows,
  walker: RowWalker,
  segment: Segment,
  { accounts, settings }: { accounts: FileAccounts; settings: RowSettings },
): void {
  const { gatherRow } = settings.dialect;
  while (reader.next()) {
    const { kind } = walker.kindOf(reader);
    if (kind !== "row") {
      walker.gather(reader.cells);
      continue;
    }
    if (gatherRow !== undefined) gatherRow(reader.cells, settings.facts);
    const timeMs = walker.timeOf(reader);
    if (Number.isNaN(timeMs)) continue;
    segment.rows++;
    if (timeMs < segment.minMs) segment.minMs = timeMs;
    if (timeMs > segment.maxMs) segment.maxMs = timeMs;
    const named = walker.accountOf(reader);
    if (!accounts.isAsBefore(named) && walker.isWhole(reader)) accounts.see(named);
  }
}

/** The rows of one segment, with their kind. */
export async function* rowsOf(
  source: RowSource,
  segment: Pick<Segment, "start" | "byteEnd">,
): AsyncGenerator<{ reader: Rows; walker: RowWalker }> {
  const { file, format, settings, name } = source;
  const { start, byteEnd } = segment;
  const walker = new RowWalker(settings, start);
  const reader = readerOf(source, start.line, walker);
  for await (const block of textBlocks(file, format, start.byte, byteEnd, name)) {
    reader.feed(block.text, block.byteEnd === byteEnd);
    yield { reader, walker };
  }
}

/** Reads the rows of a source from a line on. */
export function readerOf(
  { settings, delimiters, format, start }: Pick<RowSource, "settings" | "delimiters" | "format" | "start">,
  line: number,
  walker: RowWalker,
): Rows {
  const reader = new RowReader(delimiters, format.newline, line, walker.accepts);
  const { joins } = settings.dialect;
  if (joins === undefined) return reader;
  const below = joins.kind === "nested" ? joins.header.length + 1 : 0;
  const headWidth = (start.mapping?.width ?? 0) - below;
  return new JoinedRows(reader, joins, { delimiter: delimiters.delimiter, headWidth });
}
