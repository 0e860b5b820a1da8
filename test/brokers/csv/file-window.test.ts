import { expect, test } from "bun:test";
import { type ByteSource, FileWindow, windowBytes } from "../../../src/brokers/csv/file-window.ts";

const content = Buffer.from(
  Array.from({ length: windowBytes * 3 + 123 }, (_, index) => (index * 31 + (index >> 8)) & 255),
);

/** A file whose reads are never longer than `readBytesMax`, as the system may choose. */
function fileOf(readBytesMax: number) {
  const asked: number[] = [];
  const file: ByteSource = {
    read: (target, offset, length, position) => {
      asked.push(position);
      const end = Math.min(content.length, position + Math.min(length, readBytesMax));
      return Promise.resolve({ bytesRead: content.copy(target, offset, position, end) });
    },
  };
  return { file, asked };
}

async function readAll(window: FileWindow, from: number, to: number): Promise<Buffer> {
  const target = Buffer.alloc(to - from);
  let filled = 0;
  while (filled < target.length) {
    const { bytesRead } = await window.read(target, filled, target.length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return target.subarray(0, filled);
}

const partBytes = 100_000;
const starts = Array.from({ length: Math.ceil(content.length / partBytes) }, (_, index) => index * partBytes);

test.each([
  ["forwards", starts, Number.POSITIVE_INFINITY],
  ["backwards", starts.toReversed(), Number.POSITIVE_INFINITY],
  ["forwards, in short reads", starts, 70_001],
  ["backwards, in short reads", starts.toReversed(), 70_001],
] as const)("parts of a file %s are its bytes", async (_, order, readBytesMax) => {
  const { file } = fileOf(readBytesMax);
  const window = new FileWindow(file);
  for (const start of order) {
    const end = Math.min(content.length, start + partBytes);
    expect((await readAll(window, start, start + partBytes)).equals(content.subarray(start, end))).toBe(true);
  }
});

test.each([
  ["forwards", starts],
  ["backwards", starts.toReversed()],
] as const)("parts %s share the reads of the file", async (_, order) => {
  const { file, asked } = fileOf(Number.POSITIVE_INFINITY);
  const window = new FileWindow(file);
  for (const start of order) await readAll(window, start, Math.min(content.length, start + partBytes));
  expect(asked.length).toBeLessThanOrEqual(5);
});

test("behind the end there is nothing", async () => {
  const window = new FileWindow(fileOf(Number.POSITIVE_INFINITY).file);
  expect(await window.read(Buffer.alloc(10), 0, 10, content.length)).toEqual({ bytesRead: 0 });
  expect(await window.read(Buffer.alloc(10), 0, 10, content.length - 3)).toEqual({ bytesRead: 3 });
});

test("a read that fails leaves nothing that could be taken for the file", async () => {
  const { file } = fileOf(Number.POSITIVE_INFINITY);
  let fails = true;
  const window = new FileWindow({
    read: (...asked) => (fails ? Promise.reject(new Error("EIO")) : file.read(...asked)),
  });
  await expect(window.read(Buffer.alloc(10), 0, 10, 0)).rejects.toThrow("EIO");
  fails = false;
  const target = Buffer.alloc(10);
  expect(await window.read(target, 0, 10, 5)).toEqual({ bytesRead: 10 });
  expect(target.equals(content.subarray(5, 15))).toBe(true);
});
