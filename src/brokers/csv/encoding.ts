import { isAscii, isUtf8 } from "node:buffer";
import type { FileHandle } from "node:fs/promises";
import { Failure } from "../../errors.ts";
import type { ByteSource } from "./file-window.ts";

export type Encoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

/** How the bytes of a file become text. */
export interface TextFormat {
  encoding: Encoding;
  /** 0: no byte order mark. */
  bomBytes: number;
  newline: "\n" | "\r";
  /** Size of the file when it was looked at; what is appended later is not read. */
  bytes: number;
}

/** Whole lines of a file, but for the file's last one. */
export interface TextBlock {
  text: string;
  byteStart: number;
  byteEnd: number;
}

/** Some hundred rows: few enough to be garbage before a collection could take them for lasting. */
const blockBytes = 32 * 1024;
const scanBytes = 1024 * 1024;
const headBytes = 64 * 1024;
/** A longer line is no table's. */
const lineBytesMax = 1024 * 1024;

/** What files that are no text begin with. `ftyp` and others have their mark later and fail by their zero bytes. */
const magics: readonly { bytes: readonly number[]; kind: string; hint: string }[] = [
  { bytes: [0x1f, 0x8b], kind: "a gzip archive", hint: "Unpack it first: gunzip FILE." },
  { bytes: [0x50, 0x4b, 0x03, 0x04], kind: "a ZIP archive", hint: "Unpack it and import the CSV file in it." },
  { bytes: [0x50, 0x4b, 0x05, 0x06], kind: "an empty ZIP archive", hint: "Export the CSV file again." },
  { bytes: [0x25, 0x50, 0x44, 0x46], kind: "a PDF document", hint: "Export as CSV instead." },
  { bytes: [0xd0, 0xcf, 0x11, 0xe0], kind: "an old Excel workbook (.xls)", hint: "Save it as CSV in UTF-8." },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], kind: "a Zstandard archive", hint: "Unpack it first." },
  { bytes: [0x42, 0x5a, 0x68], kind: "a bzip2 archive", hint: "Unpack it first." },
  { bytes: [0x37, 0x7a, 0xbc, 0xaf], kind: "a 7z archive", hint: "Unpack it first." },
  { bytes: [0x52, 0x61, 0x72, 0x21], kind: "a RAR archive", hint: "Unpack it first." },
  { bytes: [0xfd, 0x37, 0x7a, 0x58], kind: "an xz archive", hint: "Unpack it first." },
];

/**
 * By byte order mark, else by content. The whole file is looked at once (about 1 GB/s): it is Windows-1252 only when bytes above
 * 127 stand in it and none of them make UTF-8. @throws {Failure} data: not text, or damaged text
 */
export async function readTextFormat(file: FileHandle, name: string): Promise<TextFormat> {
  const { size: bytes } = await file.stat();
  const buffer = Buffer.alloc(Math.min(headBytes, bytes));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
  const head = buffer.subarray(0, bytesRead);
  refuseOtherKinds(head, name);
  const marked = byMark(head) ?? byZeros(head);
  if (marked !== null) return { ...marked, newline: newlineOf(head, marked.encoding), bytes };
  const newline = newlineOf(head, "utf-8");
  const encoding = await scan8Bit(file, bytes, newline, name);
  return { encoding, bomBytes: 0, newline, bytes };
}

function refuseOtherKinds(head: Buffer, name: string): void {
  if (head.length === 0) {
    throw new Failure("data", `${name} is empty.`, {
      code: "empty_file",
      subject: name,
      hint: "Export it again.",
    });
  }
  const magic = magics.find(({ bytes }) => bytes.every((byte, index) => head[index] === byte));
  if (magic !== undefined) {
    const isWorkbook = head.includes("[Content_Types].xml") || head.includes("xl/");
    throw wrongKind(
      name,
      magic.kind === "a ZIP archive" && isWorkbook ? "an Excel workbook (.xlsx)" : magic.kind,
      magic.kind === "a ZIP archive" && isWorkbook ? "Save it as CSV in UTF-8." : magic.hint,
    );
  }
  const start = head
    .subarray(0, 512)
    .toString("latin1")
    .replaceAll("\0", "")
    .replace(/^[\xef\xbb\xbf\xfe\xff\s]+/, "");
  if (/^<(!doctype html|html|head|body|table|\?xml)/i.test(start)) {
    throw wrongKind(name, start.startsWith("<?xml") ? "an XML document" : "an HTML page", "Export as CSV instead.");
  }
}

function wrongKind(name: string, kind: string, hint: string): Failure {
  return new Failure("data", `${name} is ${kind}, not a CSV file.`, { code: "not_csv", subject: name, hint });
}

function byMark(head: Buffer): Pick<TextFormat, "encoding" | "bomBytes"> | null {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return { encoding: "utf-8", bomBytes: 3 };
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: "utf-16le", bomBytes: 2 };
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: "utf-16be", bomBytes: 2 };
  return null;
}

/** Text that is mostly ASCII has a zero byte in nearly each pair when it is UTF-16: before the character, or after it. */
function byZeros(head: Buffer): Pick<TextFormat, "encoding" | "bomBytes"> | null {
  const pairs = Math.floor(head.length / 2);
  let evenZeros = 0;
  let oddZeros = 0;
  for (let index = 0; index < pairs * 2; index += 2) {
    if (head[index] === 0) evenZeros++;
    if (head[index + 1] === 0) oddZeros++;
  }
  if (pairs > 0 && oddZeros > pairs * 0.7 && evenZeros < pairs * 0.1) return { encoding: "utf-16le", bomBytes: 0 };
  if (pairs > 0 && evenZeros > pairs * 0.7 && oddZeros < pairs * 0.1) return { encoding: "utf-16be", bomBytes: 0 };
  return null;
}

function newlineOf(head: Buffer, encoding: Encoding): "\n" | "\r" {
  const text = new TextDecoder(encoding).decode(head);
  return text.includes("\n") || !text.includes("\r") ? "\n" : "\r";
}

async function scan8Bit(
  file: FileHandle,
  bytes: number,
  newline: "\n" | "\r",
  name: string,
): Promise<"utf-8" | "windows-1252"> {
  const format: TextFormat = { encoding: "utf-8", bomBytes: 0, newline, bytes };
  let utf8Lines = 0;
  let invalidAt = -1;
  for await (const { chunk, byteStart } of byteBlocks(file, format, 0, bytes, scanBytes, name)) {
    if (isAscii(chunk)) {
      if (chunk.includes(0)) throw binary(name, await lineAt(file, format, byteStart + chunk.indexOf(0), name));
      continue;
    }
    if (chunk.includes(0)) throw binary(name, await lineAt(file, format, byteStart + chunk.indexOf(0), name));
    if (isUtf8(chunk)) {
      utf8Lines++;
      continue;
    }
    // A block can hold both: it is looked at line by line.
    for (const [start, line] of linesOf(chunk, newline)) {
      if (isAscii(line)) continue;
      if (isUtf8(line)) utf8Lines++;
      else if (invalidAt < 0) invalidAt = byteStart + start;
      if (utf8Lines > 0 && invalidAt >= 0) break;
    }
    if (!isWindows1252(chunk) && utf8Lines === 0) {
      throw damaged(name, await lineAt(file, format, invalidAt, name), "neither UTF-8 nor Windows-1252");
    }
  }
  if (invalidAt < 0) return "utf-8";
  const line = await lineAt(file, format, invalidAt, name);
  if (utf8Lines > 0) throw damaged(name, line, "not UTF-8, though the rest of the file is");
  if (await endsInsideCharacter(file, bytes)) throw damaged(name, line, "a UTF-8 character that is cut off");
  return "windows-1252";
}

function* linesOf(chunk: Buffer, newline: "\n" | "\r"): Generator<[number, Buffer]> {
  for (let start = 0; start < chunk.length; ) {
    const found = chunk.indexOf(newline, start);
    const end = found < 0 ? chunk.length : found + 1;
    yield [start, chunk.subarray(start, end)];
    start = end;
  }
}

/** Five bytes have no character in Windows-1252. */
function isWindows1252(chunk: Buffer): boolean {
  return ![0x81, 0x8d, 0x8f, 0x90, 0x9d].some((byte) => chunk.includes(byte));
}

/** The file's last bytes are the beginning of a UTF-8 character, and what is before them is one whole text. */
async function endsInsideCharacter(file: FileHandle, bytes: number): Promise<boolean> {
  const tail = Buffer.alloc(Math.min(bytes, headBytes));
  await file.read(tail, 0, tail.length, bytes - tail.length);
  for (let length = 1; length <= 3 && length <= tail.length; length++) {
    const first = tail[tail.length - length] ?? 0;
    const needed = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
    const rest = tail.subarray(tail.length - length + 1);
    if (needed > length && rest.every((byte) => byte >= 0x80 && byte < 0xc0)) {
      return isAscii(tail.subarray(0, tail.length - length));
    }
  }
  return false;
}

function binary(name: string, line: number): Failure {
  return new Failure("data", `${name} is not text: a zero byte stands in line ${line}.`, {
    code: "not_text",
    subject: `${name}:${line}`,
    hint: "Export it again as CSV in UTF-8.",
  });
}

function damaged(name: string, line: number, what: string): Failure {
  return new Failure("data", `${name} is damaged: line ${line} holds bytes that are ${what}.`, {
    code: "bad_encoding",
    subject: `${name}:${line}`,
    hint: "Export it again as CSV in UTF-8; a copy that was cut off or saved twice cannot be repaired.",
  });
}

/** The file from one byte to another as text, in blocks of whole lines, so that no character and no row is cut by a block's edge. */
export async function* textBlocks(
  file: ByteSource,
  format: TextFormat,
  fromByte: number,
  toByte: number,
  name: string,
  bytesAtOnce = blockBytes,
): AsyncGenerator<TextBlock> {
  const decoder = decoderOf(format.encoding);
  for await (const { chunk, byteStart } of byteBlocks(file, format, fromByte, toByte, bytesAtOnce, name)) {
    let text: string;
    try {
      // Nearly all of it is ASCII, which is copied faster than decoded.
      text = format.encoding === "utf-8" && isAscii(chunk) ? chunk.toString("latin1") : decoder.decode(chunk);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const line = await lineAt(file, format, byteStart + firstBadByte(chunk, format), name);
      throw damaged(name, line, `not ${format.encoding.toUpperCase()}`);
    }
    yield { text, byteStart, byteEnd: byteStart + chunk.length };
  }
}

const decoders = new Map<Encoding, TextDecoder>();

/** A part of a file is decoded at a time, and a file has thousands. */
function decoderOf(encoding: Encoding): TextDecoder {
  let decoder = decoders.get(encoding);
  if (decoder === undefined) {
    decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
    decoders.set(encoding, decoder);
  }
  return decoder;
}

/** Where the first line starts that cannot be decoded. */
function firstBadByte(chunk: Buffer, format: TextFormat): number {
  const decoder = new TextDecoder(format.encoding, { fatal: true, ignoreBOM: true });
  for (let start = 0; start < chunk.length; ) {
    const end = lineEndAfter(chunk, start, format);
    try {
      decoder.decode(chunk.subarray(start, end));
    } catch {
      return start;
    }
    start = end;
  }
  return 0;
}

async function* byteBlocks(
  file: ByteSource,
  format: TextFormat,
  fromByte: number,
  toByte: number,
  bytesAtOnce: number,
  name: string,
): AsyncGenerator<{ chunk: Buffer; byteStart: number }> {
  let buffer = takeBuffer(Math.min(bytesAtOnce, toByte - fromByte));
  let filled = 0;
  let byteStart = fromByte;
  try {
    while (byteStart + filled < toByte) {
      if (filled === buffer.length) {
        if (filled >= lineBytesMax + bytesAtOnce) throw lineTooLong(name, await lineAt(file, format, byteStart, name));
        buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)]);
      }
      const wanted = Math.min(buffer.length - filled, toByte - byteStart - filled);
      const { bytesRead } = await file.read(buffer, filled, wanted, byteStart + filled);
      if (bytesRead === 0) throw shrunk(name);
      filled += bytesRead;
      const isEnd = byteStart + filled === toByte;
      const end = isEnd ? filled : lastLineEnd(buffer, filled, format);
      if (end === 0) continue;
      yield { chunk: buffer.subarray(0, end), byteStart };
      buffer.copyWithin(0, end, filled);
      filled -= end;
      byteStart += end;
    }
  } finally {
    giveBack(buffer);
  }
}

/** The buffer of the part that was read last, for the next one: a file has thousands of parts. Taken, it is nobody else's. */
let spare: Buffer | null = null;

function takeBuffer(bytes: number): Buffer {
  const taken = spare;
  if (taken === null || taken.length < bytes || bytes === 0) return Buffer.allocUnsafe(Math.max(1, bytes));
  spare = null;
  return taken.subarray(0, bytes);
}

function giveBack({ buffer }: Buffer): void {
  if (buffer.byteLength === blockBytes) spare = Buffer.from(buffer);
}

function lineTooLong(name: string, line: number): Failure {
  return new Failure("data", `${name} has a line of more than ${lineBytesMax} bytes: line ${line}.`, {
    code: "line_too_long",
    subject: `${name}:${line}`,
    hint: "This is no CSV file of a broker, or its line ends were lost.",
  });
}

function shrunk(name: string): Failure {
  return new Failure("data", `${name} became shorter while it was read.`, {
    code: "file_changed",
    subject: name,
    hint: "Import it again when nothing writes to it.",
    retryable: true,
  });
}

/** The position behind the last line end, or 0. */
function lastLineEnd(buffer: Buffer, filled: number, { encoding, newline }: TextFormat): number {
  const code = newline.charCodeAt(0);
  if (encoding !== "utf-16le" && encoding !== "utf-16be") return buffer.lastIndexOf(code, filled - 1) + 1;
  const low = encoding === "utf-16le" ? 0 : 1;
  for (let index = filled - (filled % 2) - 2; index >= 0; index -= 2) {
    if (buffer[index + low] === code && buffer[index + 1 - low] === 0) return index + 2;
  }
  return 0;
}

function lineEndAfter(buffer: Buffer, start: number, { encoding, newline }: TextFormat): number {
  const code = newline.charCodeAt(0);
  if (encoding !== "utf-16le" && encoding !== "utf-16be") {
    const found = buffer.indexOf(code, start);
    return found < 0 ? buffer.length : found + 1;
  }
  const low = encoding === "utf-16le" ? 0 : 1;
  for (let index = start; index + 1 < buffer.length; index += 2) {
    if (buffer[index + low] === code && buffer[index + 1 - low] === 0) return index + 2;
  }
  return buffer.length;
}

/** The line, from 1, that holds a byte. Only for messages: it reads the file up to there. */
async function lineAt(file: ByteSource, format: TextFormat, byte: number, name: string): Promise<number> {
  let line = 1;
  for await (const { chunk } of byteBlocks(file, format, 0, byte, scanBytes, name)) {
    for (let start = 0; start < chunk.length; ) {
      const end = lineEndAfter(chunk, start, format);
      if (end < chunk.length || endsWithNewline(chunk, format)) line++;
      start = end;
    }
  }
  return line;
}

function endsWithNewline(chunk: Buffer, format: TextFormat): boolean {
  return lastLineEnd(chunk, chunk.length, format) === chunk.length;
}

/** How many bytes a piece of the file's text takes in the file. */
export function byteLengthOf(text: string, encoding: Encoding): number {
  if (encoding === "utf-8") return Buffer.byteLength(text, "utf8");
  return encoding === "windows-1252" ? text.length : text.length * 2;
}
