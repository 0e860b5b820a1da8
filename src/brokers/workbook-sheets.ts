import type { FileHandle } from "node:fs/promises";
import { Failure } from "../errors.ts";
import type { Page } from "./csv/pages.ts";
import { type Recognised, type RecogniseOptions, readPages, recognise } from "./csv/read.ts";
import type { FileReport } from "./csv/report.ts";
import { reportLimits } from "./metatrader/limits.ts";
import { openWorkbook, type Workbook } from "./metatrader/workbook-parts.ts";
import { xlsxRows } from "./metatrader/xlsx-rows.ts";
import { type TemporaryFolder, temporaryFolder, writeTemporary } from "./temporary-file.ts";

/** The sheet of a workbook that is a broker's export. */
export interface FoundSheet {
  /** Of the beginning of the sheet as delimited text. */
  recognised: Recognised;
  /** What the user said of it. */
  options: RecogniseOptions;
  /** From 0, in the order of the archive. */
  sheet: number;
  sheets: number;
}

/** A statement has some ten. Each is unpacked by itself, and the texts that they share with it. */
const sheetsMax = 20;
/** More than a sheet can have: what a damaged one says of its rows' places is not followed. */
const rowsMax = 1_048_576;

/** So many rows of a sheet show what it is. */
const shownRowsMax = 100_000;

/** What a sheet can be that is not the wanted one. */
const notThis = new Set(["unknown_dialect", "empty_file", "not_importable", "section_missing"]);

/**
 * Exports that brokers give as workbooks, and those that a spreadsheet saved as one: the only sheet whose header is known. Null: no workbook.
 * @throws {Failure} data: damaged, or as `recognise`; `several_sheets`: more than one is an export; disk: no temporary space
 */
export async function findSheet(path: string, options: RecogniseOptions): Promise<FoundSheet | null> {
  const sheets = await countSheets(path, options.name);
  if (sheets === 0) return null;
  const found: FoundSheet[] = [];
  let refusal: Failure | null = null;
  for (let sheet = 0; sheet < sheets; sheet++) {
    await using folder = await temporaryFolder("sheet", "A workbook");
    const text = await writeSheet(path, { name: options.name, sheet, rowsMax: shownRowsMax }, folder);
    try {
      found.push({ recognised: await recognise(text, options), options, sheet, sheets });
    } catch (error) {
      if (!(error instanceof Failure) || !notThis.has(error.detail.code ?? "")) throw error;
      if (refusal === null || error.detail.code === "not_importable") refusal = error;
    }
  }
  const [first, second] = found;
  if (first === undefined) throw refusal ?? new Error("a workbook without sheets");
  if (second !== undefined) throw several(options.name, found);
  return first;
}

/** As `readPages`. */
export async function* readSheet(
  { options, sheet }: FoundSheet,
  path: string,
  report: FileReport,
  signal?: AbortSignal,
): AsyncGenerator<Page> {
  await using folder = await temporaryFolder("sheet", "A workbook");
  const text = await writeSheet(path, { name: options.name, sheet, rowsMax }, folder);
  yield* readPages(await recognise(text, options), report, signal);
}

function several(name: string, found: readonly FoundSheet[]): Failure {
  const list = found.map(({ sheet, recognised }) => `${sheet + 1} (${recognised.dialect.title})`).join(", ");
  return new Failure("data", `${name} holds several exports, in its sheets ${list}.`, {
    code: "several_sheets",
    subject: name,
    hint: "Save each of these sheets as a CSV file, and import them.",
  });
}

async function countSheets(path: string, name: string): Promise<number> {
  using workbook = await openArchive(path, name);
  const count = workbook?.sheets.length ?? 0;
  if (count <= sheetsMax) return count;
  throw new Failure("data", `${name} has more than ${sheetsMax} sheets.`, {
    code: "file_too_large",
    subject: name,
    hint: "Save the sheet with the trades as a CSV file.",
  });
}

/** What begins as an archive. */
async function openArchive(path: string, name: string): Promise<Workbook | null> {
  const start = await Bun.file(path).slice(0, 4).bytes();
  return Buffer.from(start).equals(archiveStart) ? await openWorkbook(path, name) : null;
}

const archiveStart = Buffer.from("PK\u0003\u0004");

interface SheetPart {
  name: string;
  sheet: number;
  rowsMax: number;
}

/** One sheet, or its beginning, as delimited text, its rows in the lines of their numbers. */
async function writeSheet(
  path: string,
  { name, sheet, rowsMax: most }: SheetPart,
  folder: TemporaryFolder,
): Promise<string> {
  using workbook = await openWorkbook(path, name);
  const entry = workbook?.sheets[sheet];
  if (workbook === null || entry === undefined) throw changed(name);
  return await writeTemporary(folder, `sheet-${sheet}.csv`, (file) =>
    writeRows({ ...workbook, sheets: [entry] }, file, most),
  );
}

function changed(name: string): Failure {
  return new Failure("data", `${name} changed while it was read.`, {
    code: "file_changed",
    subject: name,
    retryable: true,
  });
}

async function writeRows(workbook: Workbook, file: FileHandle, most: number): Promise<void> {
  let line = 1;
  let written = 0;
  for await (const rows of xlsxRows(workbook, reportLimits, sortableDate)) {
    let text = "";
    for (const row of rows) {
      if (row.line > line && row.line <= rowsMax) {
        text += "\n".repeat(row.line - line);
        line = row.line;
      }
      text += `${row.cells.map(quoted).join(",")}\n`;
      line++;
    }
    await file.writeFile(text);
    written += rows.length;
    if (written >= most) return;
  }
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** A day, a time of day, or both: dates that a spreadsheet made of texts have the format of none of the exports. */
function sortableDate(wallClockMs: number, days: number): string {
  const text = new Date(wallClockMs).toISOString();
  if (days >= 0 && days < 1) return text.slice(11, 19);
  return Number.isInteger(days) ? text.slice(0, 10) : text.slice(0, 19).replace("T", " ");
}
