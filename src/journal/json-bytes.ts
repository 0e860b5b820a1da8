/**
 * JSON (RFC 8259) as bytes, stepped over without making anything of it. Each function is given where a value starts, and says where
 * it ended, or `none`: it is not what was looked for, or nothing that is worth a line here (nested objects, white space). Then the
 * caller has `JSON.parse` look at it.
 */
export const none = -1;

export const quote = 0x22;
export const comma = 0x2c;
export const minus = 0x2d;
export const point = 0x2e;
export const zero = 0x30;
export const nine = 0x39;
export const colon = 0x3a;
export const openBracket = 0x5b;
export const backslash = 0x5c;
export const closeBracket = 0x5d;
export const openBrace = 0x7b;
export const closeBrace = 0x7d;
const controlMax = 0x1f;
/** `null` as four bytes, the first one lowest. */
export const nullWord = 0x6c6c756e;

/** A string, a number, true, false, null, or a list of them. */
export function endOfValue(bytes: Uint8Array, at: number): number {
  return bytes[at] === openBracket ? endOfList(bytes, at) : endOfScalar(bytes, at);
}

function endOfScalar(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first === quote) return endOfString(bytes, at);
  if (first === 0x6e) return endOfWord(bytes, at, "null");
  if (first === 0x74) return endOfWord(bytes, at, "true");
  if (first === 0x66) return endOfWord(bytes, at, "false");
  return endOfNumber(bytes, at);
}

function endOfList(bytes: Uint8Array, at: number): number {
  let index = at + 1;
  if (bytes[index] === closeBracket) return index + 1;
  while (index < bytes.length) {
    index = endOfScalar(bytes, index);
    if (index === none) return none;
    if (bytes[index] === closeBracket) return index + 1;
    if (bytes[index] !== comma) return none;
    index++;
  }
  return none;
}

export function endOfString(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== quote) return none;
  for (let index = at + 1; index < bytes.length; index++) {
    const code = bytes[index] as number;
    if (code === quote) return index + 1;
    if (code <= controlMax) return none;
    if (code !== backslash) continue;
    index++;
    if (bytes[index] === 0x75) {
      if (!isHex(bytes, index + 1)) return none;
      index += 4;
    } else if (!isEscape(bytes[index])) return none;
  }
  return none;
}

/** `"` `/` `\` `b` `f` `n` `r` `t` */
function isEscape(code: number | undefined): boolean {
  switch (code) {
    case quote:
    case 0x2f:
    case backslash:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return true;
    default:
      return false;
  }
}

function isHex(bytes: Uint8Array, at: number): boolean {
  for (let index = at; index < at + 4; index++) {
    const code = bytes[index] ?? 0;
    const lower = code | 0x20;
    if (!(code >= zero && code <= nine) && !(lower >= 0x61 && lower <= 0x66)) return false;
  }
  return true;
}

export function endOfNumber(bytes: Uint8Array, at: number): number {
  const start = bytes[at] === minus ? at + 1 : at;
  let index = endOfDigits(bytes, start);
  if (index === start || (bytes[start] === zero && index > start + 1)) return none;
  if (bytes[index] === point) {
    const fraction = index + 1;
    index = endOfDigits(bytes, fraction);
    if (index === fraction) return none;
  }
  if (((bytes[index] ?? 0) | 0x20) !== 0x65) return index;
  index++;
  if (bytes[index] === minus || bytes[index] === 0x2b) index++;
  const exponent = index;
  index = endOfDigits(bytes, exponent);
  return index === exponent ? none : index;
}

function endOfDigits(bytes: Uint8Array, at: number): number {
  let index = at;
  while (isDigit(bytes[index])) index++;
  return index;
}

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= zero && code <= nine;
}

function endOfWord(bytes: Uint8Array, at: number, word: string): number {
  for (let index = 0; index < word.length; index++) {
    if (bytes[at + index] !== word.charCodeAt(index)) return none;
  }
  return at + word.length;
}
