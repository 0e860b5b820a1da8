import { createDecipheriv, createHmac, timingSafeEqual } from "node:crypto";

/**
 * Opens what Laravel's Encrypter closed: base64 of JSON `{"iv","value","mac","tag"}`. AES-256-CBC has 16 bytes of iv and a mac, AES-256-GCM 12
 * and a tag. https://github.com/laravel/framework/blob/8.x/src/Illuminate/Encryption/Encrypter.php
 */
export class EncryptedError extends Error {
  override readonly name = "EncryptedError";
  /** `wrong_key`: well formed, and none of the keys opens it. */
  readonly reason: "malformed" | "wrong_key";

  constructor(reason: "malformed" | "wrong_key", message: string) {
    super(message);
    this.reason = reason;
  }
}

interface Payload {
  iv: string;
  value: string;
  mac: string;
  tag: string;
}

const keyBytes = 32;
const cbcIvBytes = 16;
const gcmIvBytes = 12;
/** Node takes shorter tags too, which are easier to guess. */
const gcmTagBytes = 16;
const keyPrefix = "base64:";

/** `keys`: Laravel's form, `base64:` and 32 bytes; newest first, each is tried. @throws {EncryptedError} without a word of the content */
export function decrypt(text: string, keys: readonly string[]): Uint8Array {
  const payload = readPayload(text);
  const ivBytes = fromBase64(payload.iv, "iv").length;
  if (ivBytes !== cbcIvBytes && ivBytes !== gcmIvBytes) {
    throw new EncryptedError("malformed", `the iv has ${ivBytes} bytes; expected 16 (AES-256-CBC) or 12 (AES-256-GCM)`);
  }
  const open = ivBytes === cbcIvBytes ? openCbc : openGcm;
  for (const key of keys) {
    const content = open(payload, keyOf(key));
    if (content !== null) return content;
  }
  const tried = keys.length === 1 ? "the key does" : `none of the ${keys.length} keys does`;
  throw new EncryptedError("wrong_key", `it was encrypted with another key: ${tried} not open it`);
}

function readPayload(text: string): Payload {
  let payload: unknown;
  try {
    payload = JSON.parse(new TextDecoder().decode(fromBase64(text.trim(), "text")));
  } catch (error) {
    if (error instanceof EncryptedError) throw error;
    throw new EncryptedError("malformed", "it is not base64 of JSON"); // the cause would quote the content
  }
  if (typeof payload !== "object" || payload === null) throw new EncryptedError("malformed", "it holds no object");
  const { iv, value, mac = "", tag = "" } = payload as Record<string, unknown>;
  if (
    typeof iv !== "string" ||
    typeof value !== "string" ||
    typeof mac !== "string" ||
    typeof (tag ?? "") !== "string"
  ) {
    throw new EncryptedError("malformed", "its iv, value, mac or tag is missing or no text");
  }
  return { iv, value, mac, tag: (tag as string | null) ?? "" };
}

function keyOf(text: string): Uint8Array {
  const bytes = text.startsWith(keyPrefix) ? Buffer.from(text.slice(keyPrefix.length), "base64") : new Uint8Array();
  if (bytes.length !== keyBytes) throw new EncryptedError("malformed", "a key is not base64: and 32 bytes");
  return bytes;
}

/** Null: another key. The mac comes first: the cipher never sees what was tampered with. */
function openCbc({ iv, value, mac }: Payload, key: Uint8Array): Uint8Array | null {
  const expected = createHmac("sha256", key)
    .update(iv + value)
    .digest();
  const given = /^[0-9a-f]{64}$/i.test(mac) ? Buffer.from(mac, "hex") : new Uint8Array();
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const decipher = createDecipheriv("aes-256-cbc", key, fromBase64(iv, "iv"));
  try {
    return Buffer.concat([decipher.update(fromBase64(value, "value")), decipher.final()]);
  } catch {
    throw new EncryptedError(
      "malformed",
      "its mac is right and its content is not; was it encrypted with AES-256-CBC?",
    );
  }
}

function openGcm({ iv, value, mac, tag }: Payload, key: Uint8Array): Uint8Array | null {
  if (mac !== "") throw new EncryptedError("malformed", "it has a mac, which AES-256-GCM does not use");
  const tagBytes = fromBase64(tag, "tag");
  if (tagBytes.length !== gcmTagBytes) {
    throw new EncryptedError("malformed", `its tag has ${tagBytes.length} bytes; expected ${gcmTagBytes}`);
  }
  const decipher = createDecipheriv("aes-256-gcm", key, fromBase64(iv, "iv"), { authTagLength: gcmTagBytes });
  decipher.setAuthTag(tagBytes);
  try {
    return Buffer.concat([decipher.update(fromBase64(value, "value")), decipher.final()]);
  } catch {
    return null; // the tag is another one's: the key, or the content, is not what it was
  }
}

/** Node's reader skips what is no base64; a damaged text must not pass for another one. */
function fromBase64(text: string, part: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 === 1) {
    throw new EncryptedError("malformed", part === "text" ? "it is not base64" : `its ${part} is not base64`);
  }
  return Buffer.from(text, "base64");
}
