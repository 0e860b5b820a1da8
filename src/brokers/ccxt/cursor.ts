import "../../jitless.ts";
import { type } from "arktype";

/**
 * How far an account was read, as JSON values. The platform keeps it as text inside JSON, so numbers are in base 36 and each list is one text:
 * `sinceMs:untilMs:marks`, marks seven characters each.
 */
export interface AccountState {
  streams: Map<string, StreamState>;
  /** What an exchange's file remembers: modes of positions, symbols to be asked. */
  notes: Map<string, string>;
}

export interface StreamState {
  /** From where on the list was read. */
  sinceMs: number;
  /** Read up to then. 0: never. */
  untilMs: number;
  /** Marks of what happened shortly before that, to know what is new when it is read again. */
  recent: string[];
}

export function newState(): AccountState {
  return { streams: new Map(), notes: new Map() };
}

export function newStreamState(): StreamState {
  return { sinceMs: 0, untilMs: 0, recent: [] };
}

export const markDigits = 7;
const marks = 36n ** BigInt(markDigits);

/** Short, since some hundreds of them are kept. */
export function markOf(externalId: string): string {
  return (BigInt(Bun.hash(externalId)) % marks).toString(36).padStart(markDigits, "0");
}

const CursorShape = type({ v: "1", s: "Record<string, string>", "n?": "Record<string, string>" });
type Cursor = typeof CursorShape.infer;

/** The platform keeps 64 KB of it and of what the importer adds, escaped. */
const charactersMax = 24_000;

export function writeCursor(state: AccountState): Cursor {
  for (let recentMax = 600; ; recentMax = Math.floor(recentMax / 2)) {
    const cursor = write(state, recentMax);
    // What is no longer known to have been read is given out again, and the platform knows it.
    if (recentMax === 0 || JSON.stringify(cursor).length <= charactersMax) return cursor;
  }
}

function write({ streams, notes }: AccountState, recentMax: number): Cursor {
  const text = ({ sinceMs, untilMs, recent }: StreamState) =>
    `${sinceMs.toString(36)}:${untilMs.toString(36)}:${recentMax === 0 ? "" : recent.slice(-recentMax).join("")}`;
  return {
    v: 1,
    s: Object.fromEntries([...streams].map(([key, stream]) => [key, text(stream)])),
    ...(notes.size === 0 ? {} : { n: Object.fromEntries(notes) }),
  };
}

/** Null: of another form. The account is then read from its beginning, and the platform knows what it has already. */
export function readCursor(value: unknown): AccountState | null {
  const cursor = CursorShape(value);
  if (cursor instanceof type.errors) return null;
  const streams = new Map<string, StreamState>();
  for (const [key, text] of Object.entries(cursor.s)) {
    const stream = readStream(text);
    if (stream === null) return null;
    streams.set(key, stream);
  }
  return { streams, notes: new Map(Object.entries(cursor.n ?? {})) };
}

function readStream(text: string): StreamState | null {
  const [, since, until, recent = ""] = /^([0-9a-z]{1,9}):([0-9a-z]{1,9}):([0-9a-z]*)$/.exec(text) ?? [];
  if (since === undefined || until === undefined || recent.length % markDigits !== 0) return null;
  const list = Array.from({ length: recent.length / markDigits }, (_, index) =>
    recent.slice(index * markDigits, (index + 1) * markDigits),
  );
  return { sinceMs: Number.parseInt(since, 36), untilMs: Number.parseInt(until, 36), recent: list };
}
