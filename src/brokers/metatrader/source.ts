import { openFile } from "../open-file.ts";
import { CsvRows, csvDelimiters } from "./csv-rows.ts";
import { HtmlRows } from "./html-rows.ts";
import type { ReportLimits } from "./limits.ts";
import { emptyFacts, type PageFacts, type ReportRow } from "./report-row.ts";
import { shapeOf } from "./shapes.ts";
import { decodeFile, readEncoding, readHead, type TextEncoding } from "./text.ts";
import { openWorkbook, type Workbook } from "./workbook-parts.ts";
import { xlsxRows } from "./xlsx-rows.ts";

export type SourceKind = "html" | "xlsx" | "csv";

/** A file whose rows can be read, whatever they are. */
export interface RowSource {
  kind: SourceKind;
  /** Null of a workbook, whose text is always UTF-8. */
  encoding: TextEncoding | null;
  facts: PageFacts;
  bytes: number;
  rows: AsyncGenerator<ReportRow[]>;
}

/** Null: no kind of file that reports come in. @throws {Failure} usage: cannot be opened; data: damaged */
export async function openSource(path: string, name: string, limits: ReportLimits): Promise<RowSource | null> {
  await using opened = await openFile(path, name);
  const { file } = opened;
  const { size } = await file.stat();
  const magic = await readHead(file, 4);
  if (magic.length === 4 && magic.readUInt32LE() === zipMagic) {
    return await workbookSource(path, name, size, limits);
  }
  const encoding = await readEncoding(file);
  const head = await readHead(file, headBytes);
  const text = new TextDecoder(encoding.label as ConstructorParameters<typeof TextDecoder>[0]).decode(
    head.subarray(encoding.bomBytes),
  );
  const source = { encoding, facts: emptyFacts(), bytes: size };
  if (isMarkup(text)) return { ...source, kind: "html", rows: htmlRows(path, name, encoding, source.facts) };
  const newline = text.includes("\n") || !text.includes("\r") ? "\n" : "\r";
  const delimiter = delimiterOf(text, newline, head.length === size, name);
  if (delimiter === null) return null;
  return { ...source, kind: "csv", rows: csvRows(path, name, encoding, delimiter, newline) };
}

const zipMagic = 0x04034b50;
const headBytes = 64 * 1024;
const markupCharacters = 2_000;

async function workbookSource(
  path: string,
  name: string,
  bytes: number,
  limits: ReportLimits,
): Promise<RowSource | null> {
  const workbook = await openWorkbook(path, name);
  if (workbook === null) return null;
  return { kind: "xlsx", encoding: null, facts: emptyFacts(), bytes, rows: sheetRows(workbook, limits) };
}

async function* sheetRows(workbook: Workbook, limits: ReportLimits): AsyncGenerator<ReportRow[]> {
  try {
    yield* xlsxRows(workbook, limits);
  } finally {
    workbook[Symbol.dispose]();
  }
}

async function* htmlRows(
  path: string,
  name: string,
  encoding: TextEncoding,
  facts: PageFacts,
): AsyncGenerator<ReportRow[]> {
  await using opened = await openFile(path, name);
  const reader = new HtmlRows(facts, name);
  for await (const { text } of decodeFile(opened.file, encoding)) yield reader.feed(text);
  yield reader.end();
}

async function* csvRows(
  path: string,
  name: string,
  encoding: TextEncoding,
  delimiter: string,
  newline: "\n" | "\r",
): AsyncGenerator<ReportRow[]> {
  await using opened = await openFile(path, name);
  const reader = new CsvRows(delimiter, newline, name);
  for await (const { text, isLast } of decodeFile(opened.file, encoding)) yield reader.feed(text, isLast);
}

/** A saved page begins with markup, or with a comment and blanks before it. */
function isMarkup(text: string): boolean {
  return /<(?:!doctype\s+html|html|head|body|table|div|center|meta)\b/i.test(text.slice(0, markupCharacters));
}

const shapedRowsMax = 200;

/** The delimiter under which the first lines have the shape of a report's rows; null: none. */
function delimiterOf(text: string, newline: "\n" | "\r", isWhole: boolean, name: string): string | null {
  const lines = isWhole ? text : text.slice(0, text.lastIndexOf(newline) + 1);
  let best: { delimiter: string; count: number } | null = null;
  for (const delimiter of csvDelimiters) {
    const rows = new CsvRows(delimiter, newline, name).feed(lines, true).slice(0, shapedRowsMax);
    const count = rows.filter(({ cells }) => isClosedShape(cells)).length;
    if (count > (best?.count ?? 0)) best = { delimiter, count };
  }
  return best?.delimiter ?? null;
}

/** Of any table that could be a trade: positions, deals and tickets. */
function isClosedShape(cells: readonly string[]): boolean {
  const kind = shapeOf(cells)?.kind;
  return kind === "position" || kind === "deal" || kind === "deal_entry" || kind === "ticket";
}
