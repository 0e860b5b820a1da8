import type { Context, Fetch } from "../context.ts";

/** No answer that could be read. `isTimeout`: it took too long. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  readonly isTimeout: boolean;

  constructor(message: string, isTimeout = false) {
    super(message);
    this.isTimeout = isTimeout;
  }
}

/** An answer of more bytes is none that was asked for. */
export class TooLarge extends Error {
  override readonly name = "TooLarge";
}

/** From the first byte sent to the last one received. */
export const requestMsMax = 20_000;

export interface FetchBounds {
  bytesMax: number;
  msMax: number;
}

/**
 * One request to a venue and the text of its whole answer, bounded in time and bytes: a body that never ends, or never comes, is a failure like any
 * other. @throws {NoAnswer} @throws {TooLarge} and the signal's reason, when the run is stopped
 */
export async function fetchText(
  url: string,
  init: NonNullable<Parameters<Fetch>[1]>,
  { bytesMax, msMax }: FetchBounds,
  { fetch, signal }: Pick<Context, "fetch" | "signal">,
): Promise<{ response: Response; text: string }> {
  const timeout = AbortSignal.timeout(msMax);
  try {
    // A redirect would carry the key to wherever it leads.
    const response = await fetch(url, { ...init, redirect: "error", signal: AbortSignal.any([timeout, signal]) });
    return { response, text: await readText(response, bytesMax) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TooLarge) throw error;
    if (timeout.aborted) throw new NoAnswer(`no whole answer within ${msMax / 1_000} s`, true);
    throw new NoAnswer(reasonOf(error));
  }
}

/** Without the address, which is signed: of a `fetch` that fails only the system's code is told. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  return code !== "" ? `no connection (${code})` : "no connection, or it broke off";
}

async function readText(response: Response, bytesMax: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new TooLarge(`the answer has more than ${bytesMax} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
