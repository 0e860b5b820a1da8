import { backslash, none, quote } from "./json-bytes.ts";

/** Bytes that are looked for, four at a time; the last four overlap those before where their number is no multiple. */
export function wordsOf(bytes: Uint8Array): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = new Int32Array(Math.ceil(bytes.length / 4));
  for (let index = 0; index < words.length; index++) {
    words[index] = view.getInt32(Math.min(index * 4, bytes.length - 4), true);
  }
  return words;
}

/** Are the bytes at `at` those? They are at least four. */
export function isAt(view: DataView, at: number, words: Int32Array, length: number): boolean {
  if (at + length > view.byteLength) return false;
  const last = at + length - 4;
  let word = 0;
  for (let place = at; place < last; place += 4) if (view.getInt32(place, true) !== words[word++]) return false;
  return view.getInt32(last, true) === words[word];
}

/** A JSON string that was met: its bytes with both quotes, and what they say. */
export interface KnownText {
  readonly bytes: Uint8Array;
  /** Empty: too short for it. */
  readonly words: Int32Array;
  readonly value: string;
}

/** Nothing is like it. */
export const noText: KnownText = { bytes: new Uint8Array(0), words: new Int32Array(0), value: "" };

const placesMax = 1024;
const wordBytesMin = 4;

/** Symbols, currencies and the like come again and again: their strings are made once. What falls on a place that is taken replaces it. */
export class KnownTexts {
  readonly #places: (KnownText | undefined)[] = Array.from({ length: placesMax }, () => undefined);
  /** Where the string ended that was read last. */
  end = 0;

  /** The JSON string at `at`. Null: none, or an empty one. */
  read(bytes: Uint8Array, at: number): KnownText | null {
    const end = this.find(bytes, at);
    if (end === none || end === at + 2) return null;
    this.end = end;
    const place = this.#hash & (placesMax - 1);
    const known = this.#places[place];
    if (known !== undefined && isSame(known.bytes, bytes, at, end)) return known;
    const made = textOf(bytes.slice(at, end));
    if (made !== null) this.#places[place] = made;
    return made;
  }

  #hash = 0;

  /** Where it ends: what is inside is looked at when it is met first. */
  private find(bytes: Uint8Array, at: number): number {
    if (bytes[at] !== quote) return none;
    let hash = 0;
    for (let index = at + 1; index < bytes.length; index++) {
      const code = bytes[index] as number;
      if (code === quote) {
        this.#hash = hash;
        return index + 1;
      }
      hash = (Math.imul(hash, 31) + code) | 0;
      if (code === backslash) index++;
    }
    return none;
  }
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let index = 0; index < known.length; index++) if (known[index] !== bytes[start + index]) return false;
  return true;
}

function textOf(bytes: Uint8Array): KnownText | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof value !== "string") return null;
    return { bytes, words: bytes.length < wordBytesMin ? noText.words : wordsOf(bytes), value };
  } catch {
    return null; // a control character, an escape that is none
  }
}
