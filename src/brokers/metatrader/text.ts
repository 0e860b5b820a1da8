import type { FileHandle } from "node:fs/promises";

/** How the bytes of a report become text. */
export interface TextEncoding {
  /** A label of the Encoding Standard: `utf-16le`, `windows-1251`, `gb18030`. */
  label: string;
  bomBytes: number;
  /** How it is known. `guessed`: nothing says it; only names and comments depend on it, since rows are ASCII. */
  from: "mark" | "declared" | "content" | "guessed";
}

/** The runtime knows all labels of the Encoding Standard; its types name a few. */
function decoderOf(label: string, options: { fatal?: boolean } = {}): TextDecoder {
  return new TextDecoder(label as ConstructorParameters<typeof TextDecoder>[0], options);
}

const headBytes = 64 * 1024;
const declarationBytes = 4 * 1024;
/** Of a large file, what is looked at to tell UTF-8 from a code page. */
const sampleBytesMax = 4 * 1024 ** 2;
const blockBytes = 64 * 1024;

/**
 * By byte order mark, by zero bytes, by its own declaration, else by content: terminals write UTF-16 with a mark, and older ones the
 * code page of Windows, mostly without saying which.
 */
export async function readEncoding(file: FileHandle): Promise<TextEncoding> {
  const sample = await readHead(file, sampleBytesMax);
  const marked = byMark(sample) ?? byZeros(sample.subarray(0, headBytes));
  if (marked !== null) return marked;
  const declared = byDeclaration(sample.subarray(0, declarationBytes));
  if (declared !== null && isValid(sample, declared)) return { label: declared, bomBytes: 0, from: "declared" };
  if (isValid(sample, "utf-8")) return { label: "utf-8", bomBytes: 0, from: "content" };
  return { label: guessCodePage(sample), bomBytes: 0, from: "guessed" };
}

export async function readHead(file: FileHandle, bytesMax: number): Promise<Buffer> {
  const { size } = await file.stat();
  const buffer = Buffer.alloc(Math.min(bytesMax, size));
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** The file's text in pieces. A byte that the encoding does not know becomes U+FFFD: it can stand in names and comments only. */
export async function* decodeFile(
  file: FileHandle,
  { label, bomBytes }: TextEncoding,
): AsyncGenerator<{ text: string; isLast: boolean }> {
  const decoder = decoderOf(label);
  const { size } = await file.stat();
  const buffer = Buffer.allocUnsafe(blockBytes);
  let position = bomBytes;
  while (position < size) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(blockBytes, size - position), position);
    if (bytesRead === 0) break;
    position += bytesRead;
    yield { text: decoder.decode(buffer.subarray(0, bytesRead), { stream: true }), isLast: false };
  }
  yield { text: decoder.decode(), isLast: true };
}

function byMark(head: Buffer): TextEncoding | null {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return { label: "utf-8", bomBytes: 3, from: "mark" };
  if (head[0] === 0xff && head[1] === 0xfe) return { label: "utf-16le", bomBytes: 2, from: "mark" };
  if (head[0] === 0xfe && head[1] === 0xff) return { label: "utf-16be", bomBytes: 2, from: "mark" };
  return null;
}

/** Markup is ASCII, so that UTF-16 has a zero byte in nearly every pair: before the character, or after it. */
function byZeros(head: Buffer): TextEncoding | null {
  const pairs = Math.floor(head.length / 2);
  let even = 0;
  let odd = 0;
  for (let index = 0; index < pairs * 2; index += 2) {
    if (head[index] === 0) even++;
    if (head[index + 1] === 0) odd++;
  }
  if (odd > pairs * 0.6 && even < pairs * 0.1) return { label: "utf-16le", bomBytes: 0, from: "content" };
  if (even > pairs * 0.6 && odd < pairs * 0.1) return { label: "utf-16be", bomBytes: 0, from: "content" };
  return null;
}

function byDeclaration(head: Buffer): string | null {
  const declared = /charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})/i.exec(head.toString("latin1"))?.[1];
  if (declared === undefined) return null;
  try {
    // As TextDecoder names it. A page that says UTF-16 and has no zero bytes is not UTF-16.
    const { encoding } = decoderOf(declared);
    return encoding.startsWith("utf-16") ? null : encoding;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return null;
  }
}

function isValid(sample: Buffer, label: string): boolean {
  try {
    // `stream`: the sample may end inside a character.
    decoderOf(label, { fatal: true }).decode(sample, { stream: true });
    return true;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return false;
  }
}

/**
 * Chinese terminals write GBK: two bytes a character, nearly all of them punctuation or of the common half of GB 2312. Russian ones
 * write Windows-1251: words of letters from 0xC0 on. What is left is taken for Western.
 */
function guessCodePage(sample: Buffer): string {
  let pairs = 0;
  let commonPairs = 0;
  let runs = 0;
  let words = 0;
  for (let index = 0; index < sample.length; ) {
    if ((sample[index] ?? 0) < 0x80) {
      index++;
      continue;
    }
    const start = index;
    while ((sample[index] ?? 0) >= 0x80) index++;
    runs++;
    const run = sample.subarray(start, index);
    if (run.length >= 3 && run.every((byte) => byte >= 0xc0)) words++;
    for (let at = 0; at + 1 < run.length; at += 2) {
      pairs++;
      const lead = run[at] ?? 0;
      if ((lead >= 0xb0 && lead <= 0xd7) || lead === 0xa1 || lead === 0xa3) commonPairs++;
    }
  }
  if (pairs > 0 && commonPairs >= pairs * 0.8 && isValid(sample, "gb18030")) return "gb18030";
  return runs > 0 && words >= runs * 0.3 ? "windows-1251" : "windows-1252";
}
