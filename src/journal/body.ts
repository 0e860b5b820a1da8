import type { Limit } from "./limit.ts";

/** Reads a body to its end, within its time and its size. A body that is cut rejects, or is too short to be JSON. */
export async function readBounded(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
  limit: Pick<Limit, "race">,
): Promise<Uint8Array | "tooLarge"> {
  if (body === null) return new Uint8Array();
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await limit.race(reader.read());
      if (done) break;
      bytes += value.length;
      if (bytes > bytesMax) return "tooLarge";
      chunks.push(value);
    }
  } finally {
    // Ends the connection when something is left in it; its own failure changes nothing any more.
    reader.cancel().catch(() => undefined);
  }
  return Buffer.concat(chunks);
}
