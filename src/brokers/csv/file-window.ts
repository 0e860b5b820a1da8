/** What reading a file's text needs of it. */
export interface ByteSource {
  read: (target: Buffer, offset: number, length: number, position: number) => Promise<{ bytesRead: number }>;
}

/** About 40 ms of rows: between two reads, signals and deadlines are looked at. */
export const windowBytes = 1024 * 1024;

/**
 * Reads a file in pieces that are larger than what is asked for, since a read takes a turn of the event loop whatever its size. Parts of a
 * file are asked for one after the other, forwards or backwards.
 */
export class FileWindow implements ByteSource {
  readonly #file: ByteSource;
  #bytes: Buffer | null = null;
  /** The place in the file of what is in `bytes`. */
  #start = 0;
  #end = 0;

  constructor(file: ByteSource) {
    this.#file = file;
  }

  /** As `FileHandle.read`; `bytesRead` may be less than `length` anywhere, and is 0 at the file's end only. */
  async read(target: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }> {
    if (position < this.#start || position >= this.#end) await this.#load(position, length);
    const from = position - this.#start;
    const bytesRead = Math.max(0, Math.min(length, this.#end - position));
    this.#bytes?.copy(target, offset, from, from + bytesRead);
    return { bytesRead };
  }

  async #load(position: number, length: number): Promise<void> {
    const isBackwards = position < this.#start && position + length <= this.#end && length <= windowBytes;
    await this.#readFrom(isBackwards ? Math.max(0, position + length - windowBytes) : position);
    // A short read can end before what was asked for.
    if (this.#end <= position && this.#end > this.#start) await this.#readFrom(position);
  }

  async #readFrom(start: number): Promise<void> {
    this.#bytes ??= Buffer.allocUnsafe(windowBytes);
    this.#start = start;
    this.#end = start; // nothing, should the read fail
    const { bytesRead } = await this.#file.read(this.#bytes, 0, windowBytes, start);
    this.#end = start + bytesRead;
  }
}
