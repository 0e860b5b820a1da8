/**
 * Reads what PHP's `serialize` wrote, as far as Laravel's `encrypt()` makes it of text and arrays of text: `s`, `a`, `i`, `b`, `N`.
 * Objects are refused: of what the workers were given to read, none is to come to life. Lengths count bytes, not characters.
 */
export type PhpValue = string | number | boolean | null | Map<string, PhpValue>;

/** Is not serialized text or arrays. The message never holds a part of the content, which is secret. */
export class PhpSerializedError extends Error {
  override readonly name = "PhpSerializedError";
}

const depthMax = 4;
const itemsMax = 100;
const lengthDigitsMax = 7;

/** @throws {PhpSerializedError} */
export function readPhpSerialized(bytes: Uint8Array): PhpValue {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (!reader.atEnd) throw new PhpSerializedError("more bytes follow the value");
  return value;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  value(depth: number): PhpValue {
    if (depth > depthMax) throw new PhpSerializedError(`arrays are nested more than ${depthMax} deep`);
    const kind = this.#character();
    switch (kind) {
      case "N":
        this.#expect(";");
        return null;
      case "b":
        this.#expect(":");
        return this.#integer(";") === 1;
      case "i":
        this.#expect(":");
        return this.#integer(";");
      case "s":
        this.#expect(":");
        return this.#text();
      case "a":
        this.#expect(":");
        return this.#array(depth);
      case "O":
      case "C":
      case "E":
      case "r":
      case "R":
        throw new PhpSerializedError("it holds an object, and only text and arrays are read");
      default:
        throw new PhpSerializedError("it holds a kind of value that is neither text nor an array");
    }
  }

  #text(): string {
    const length = this.#integer(":");
    this.#expect('"');
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new PhpSerializedError("a text ends too early");
    const text = decode(this.#bytes.subarray(this.#at, end));
    this.#at = end;
    this.#expect('"');
    this.#expect(";");
    return text;
  }

  #array(depth: number): Map<string, PhpValue> {
    const count = this.#integer(":");
    if (count > itemsMax) throw new PhpSerializedError(`an array has more than ${itemsMax} items`);
    this.#expect("{");
    const items = new Map<string, PhpValue>();
    for (let index = 0; index < count; index++) {
      const key = this.value(depth + 1);
      if (typeof key !== "string" && typeof key !== "number") throw new PhpSerializedError("a key is no text");
      items.set(String(key), this.value(depth + 1));
    }
    this.#expect("}");
    return items;
  }

  #integer(end: string): number {
    let digits = "";
    for (let character = this.#character(); character !== end; character = this.#character()) {
      digits += character;
      if (digits.length > lengthDigitsMax) break;
    }
    if (!/^-?\d+$/.test(digits) || digits.length > lengthDigitsMax) {
      throw new PhpSerializedError("a number is missing or too long");
    }
    return Number(digits);
  }

  #character(): string {
    const code = this.#bytes[this.#at++];
    if (code === undefined) throw new PhpSerializedError("it ends too early");
    return String.fromCharCode(code);
  }

  #expect(character: string): void {
    if (this.#character() !== character) throw new PhpSerializedError("it is damaged");
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new PhpSerializedError("a text is not UTF-8", { cause });
  }
}
