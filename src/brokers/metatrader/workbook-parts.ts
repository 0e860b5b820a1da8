import type { Readable } from "node:stream";
import { Parser } from "htmlparser2";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import { Failure, messageOf } from "../../errors.ts";
import type { ReportLimits } from "./limits.ts";

/** The parts of a workbook that its cells need. */
export interface Workbook extends Disposable {
  sheets: readonly Entry[];
  sharedStrings: Entry | null;
  styles: Entry | null;
  zip: ZipFile;
  name: string;
}

/** A workbook has some twenty parts; pictures make it more. */
const entriesMax = 2_000;
const sheetPath = /^\/?xl\/worksheets\/[^/]+\.xml$/i;
const sharedStringsPath = /^\/?xl\/sharedStrings\.xml$/i;
const stylesPath = /^\/?xl\/styles\.xml$/i;

/** Null: a ZIP archive, but no workbook. @throws {Failure} data: a damaged archive */
export async function openWorkbook(path: string, name: string): Promise<Workbook | null> {
  let zip: ZipFile;
  try {
    zip = await openPromise(path, { lazyEntries: true, autoClose: false, validateEntrySizes: true });
  } catch (cause) {
    throw damaged(name, messageOf(cause), cause);
  }
  const sheets: Entry[] = [];
  let sharedStrings: Entry | null = null;
  let styles: Entry | null = null;
  try {
    let count = 0;
    for await (const entry of zip.eachEntry()) {
      if (++count > entriesMax) throw damaged(name, `it has more than ${entriesMax} parts`);
      if (sheetPath.test(entry.fileName)) sheets.push(entry);
      else if (sharedStringsPath.test(entry.fileName)) sharedStrings = entry;
      else if (stylesPath.test(entry.fileName)) styles = entry;
    }
  } catch (cause) {
    zip.close();
    throw cause instanceof Failure ? cause : damaged(name, messageOf(cause), cause);
  }
  if (sheets.length === 0) {
    zip.close();
    return null;
  }
  return { sheets, sharedStrings, styles, zip, name, [Symbol.dispose]: () => zip.close() };
}

export interface XmlHandler {
  open?: (tag: string, attributes: Record<string, string>) => void;
  close?: (tag: string) => void;
  text?: (text: string) => void;
}

/** XML of a workbook nests a handful of elements. */
const depthMax = 100;
const silentCharactersMax = 4 * 1024 ** 2;

/**
 * Reads a part as XML, piece by piece; names without their prefix. No entity of its own is ever expanded. `after` is called between two
 * pieces. @throws {Failure} data: damaged, or larger than `bytesMax`
 */
export async function* readPart(
  { zip, name }: Workbook,
  entry: Entry,
  bytesMax: number,
  handler: XmlHandler,
): AsyncGenerator<void> {
  if (entry.uncompressedSize > bytesMax) throw tooLarge(name, entry.fileName, bytesMax);
  if (!entry.canDecodeFileData()) throw damaged(name, `${entry.fileName} is encrypted or packed in an unknown way`);
  const guard = { depth: 0, silent: 0, isWhole: false };
  const parser = xmlParser(handler, guard);
  const decoder = new TextDecoder();
  let bytes = 0;
  let stream: Readable | null = null;
  try {
    stream = await zip.openReadStreamPromise(entry);
    for await (const chunk of stream) {
      const piece: unknown = chunk;
      if (!(piece instanceof Uint8Array)) throw new TypeError("a part of a workbook that is not bytes");
      bytes += piece.length;
      if (bytes > bytesMax) throw tooLarge(name, entry.fileName, bytesMax);
      const text = decoder.decode(piece, { stream: true });
      guard.silent += text.length;
      parser.write(text);
      if (guard.depth > depthMax || guard.silent > silentCharactersMax) throw damaged(name, "its XML does not end");
      yield;
    }
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw damaged(name, messageOf(cause), cause);
  } finally {
    stream?.destroy();
  }
  parser.end(decoder.decode());
  if (!guard.isWhole) throw damaged(name, `${entry.fileName} is cut short`);
  yield;
}

function xmlParser(handler: XmlHandler, guard: { depth: number; silent: number; isWhole: boolean }): Parser {
  return new Parser(
    {
      onopentag: (tag, attributes) => {
        guard.silent = 0;
        guard.depth++;
        handler.open?.(withoutPrefix(tag), attributes);
      },
      onclosetag: (tag, isImplied) => {
        guard.silent = 0;
        guard.depth--;
        if (guard.depth === 0 && !isImplied) guard.isWhole = true;
        if (!isImplied) handler.close?.(withoutPrefix(tag));
      },
      ontext: (text) => {
        guard.silent = 0;
        handler.text?.(text);
      },
    },
    { xmlMode: true, decodeEntities: true },
  );
}

function withoutPrefix(tag: string): string {
  return tag.slice(tag.indexOf(":") + 1);
}

function damaged(name: string, why: string, cause?: unknown): Failure {
  return new Failure("data", `${name} cannot be read as a workbook: ${why}.`, {
    code: "damaged_file",
    subject: name,
    hint: "Save the report in the terminal again.",
    cause,
  });
}

export function tooLarge(name: string, part: string, bytesMax: number): Failure {
  return new Failure("data", `${name} unpacks to more than ${bytesMax} bytes in ${part}.`, {
    code: "file_too_large",
    subject: name,
    hint: "No terminal writes such a file. Export a shorter period.",
  });
}

export type PartLimits = Pick<ReportLimits, "sheetBytesMax" | "sharedStringsBytesMax">;
