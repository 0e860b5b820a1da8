import { isAt, wordsOf } from "./byte-text.ts";
import { closeBrace, colon, comma, endOfString, endOfValue, none, openBrace, quote } from "./json-bytes.ts";

/** What is done with the value of a field; 0 stands for a field that the statistics do not use. */
export const skipped = 0;

/** Below it keys are no names of this contract. */
const fieldsMax = 128;

/**
 * The keys of an item, in the order in which one item had them: the platform writes all items alike, so that of the next one's keys
 * it need only be seen that they are the same.
 */
export class TradeTemplate {
  readonly count: number;
  /** By field: the key with its quotes, the colon, and the brace or comma before it. */
  readonly lengths: readonly number[];
  readonly words: readonly Int32Array[];
  readonly actions: readonly number[];

  private constructor(keys: readonly Uint8Array[], actions: readonly number[]) {
    this.count = keys.length;
    this.lengths = keys.map((key) => key.length);
    this.words = keys.map(wordsOf);
    this.actions = actions;
  }

  /** Of the item at `at`. Null: it has none, or is not written as plainly as that. */
  static of(bytes: Uint8Array, at: number, actionOf: (key: string) => number): TradeTemplate | null {
    const keys: Uint8Array[] = [];
    const actions: number[] = [];
    const names = new Set<string>();
    let index = at;
    while (bytes[index] !== closeBrace || keys.length === 0) {
      if (keys.length === fieldsMax || bytes[index] !== (keys.length === 0 ? openBrace : comma)) return null;
      const end = endOfString(bytes, index + 1);
      if (end === none || bytes[end] !== colon) return null;
      const name = plainName(bytes.subarray(index + 1, end));
      // Of a key that comes twice JSON takes the last.
      if (name === null || names.has(name)) return null;
      names.add(name);
      keys.push(bytes.slice(index, end + 1));
      actions.push(actionOf(name));
      index = endOfValue(bytes, end + 1);
      if (index === none) return null;
    }
    return new TradeTemplate(keys, actions);
  }

  /** Where the value of that field starts. */
  valueAt(view: DataView, at: number, field: number): number {
    const length = this.lengths[field] as number;
    return isAt(view, at, this.words[field] as Int32Array, length) ? at + length : none;
  }
}

/** Of letters, digits and `_` only: there is one way to write it. Null: another. */
function plainName(key: Uint8Array): string | null {
  const text = new TextDecoder().decode(key);
  return /^"\w+"$/.test(text) && key[0] === quote ? text.slice(1, -1) : null;
}
