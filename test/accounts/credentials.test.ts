import { describe, expect, test } from "bun:test";
import { createCipheriv, createHmac, randomBytes } from "node:crypto";
import fc from "fast-check";
import { credentialsOf, secretsOf } from "../../src/accounts/credentials.ts";
import { Failure } from "../../src/errors.ts";

const key = "base64:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
const otherKey = `base64:${Buffer.alloc(32, 7).toString("base64")}`;
const cbcString =
  "eyJpdiI6ImNjdzJQRWFMZlB2cWhlTE40bUtyc1E9PSIsInZhbHVlIjoieU9HRGo5dlZKY0VQNFg5QVpUWjA5UUIyUlBtR0t2VGRaK1VFK2grbjViaVVDRHBweDZUbnBhVmFYWU1sSVRhVCIsIm1hYyI6ImU0MTJmZTAxMjYxMTlmMTk0NDI1MWUwNGFhMmIyOWE5NTRiMDE5ZjI2YjQ5NWJlNjkxZGZjMGQxZmI5ZDdlMjkiLCJ0YWciOiIifQ==";
const gcmString =
  "eyJpdiI6IlNWRmx5SEdtNzMzajB1clIiLCJ2YWx1ZSI6IlA3QWo0eHdjSUQ3V21EMWVCRk1wRHRKaGZTMkxCSWtlcjhpd3Nza3V2V0hscWUrNlQ3Yk1EZz09IiwibWFjIjoiIiwidGFnIjoiSFVaU0Fzdkx6UWNQWVByU3VLKzZJZz09In0=";
const cbcArray =
  "eyJpdiI6Ii82Z1g4VTJpYWd5VUJKam1xZWw3eEE9PSIsInZhbHVlIjoiT2xodnVsR2dEbU1DaC8xSi9HQll4Y1Jidm1GaVdBR1ZtaHd0SnMwTkxteG5hMDFjV0J4YitUK0pGY01qT3VNKzJsMXlxc04vMmN2eGx4d2JwUngvVWc9PSIsIm1hYyI6IjdhMTU3OGQ3N2MxZWYxNTRiNzA5ODBlMzgxZTM5ODJlZmI5NzNjOGMyYTFiMjdmYWU1NzZmNjI4MmNmOTljM2YiLCJ0YWciOiIifQ==";
const expected = { apiKey: "k-1", apiSecret: "sécret" };

const open = (credentials: unknown, keys: readonly string[] = [key]) =>
  credentialsOf({ accountId: "7", credentials }, { keys, fallback: null });

function failureOf(run: () => unknown): Failure {
  try {
    run();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** As Laravel's Encrypter makes it. */
function encrypted(content: string, cipher: "cbc" | "gcm" = "cbc", keyText = key): string {
  const secret = Buffer.from(keyText.slice(7), "base64");
  const iv = randomBytes(cipher === "cbc" ? 16 : 12);
  const cipherName = `aes-256-${cipher}` as const;
  const cipherer = createCipheriv(cipherName as "aes-256-gcm", secret, iv);
  const value = Buffer.concat([cipherer.update(content, "utf8"), cipherer.final()]).toString("base64");
  const tag = cipher === "gcm" ? cipherer.getAuthTag().toString("base64") : "";
  const ivText = iv.toString("base64");
  const mac =
    cipher === "cbc"
      ? createHmac("sha256", secret)
          .update(ivText + value)
          .digest("hex")
      : "";
  return Buffer.from(JSON.stringify({ iv: ivText, value, mac, tag })).toString("base64");
}

/** The payload with one part changed. */
function changed(text: string, change: Record<string, unknown>): string {
  const payload = JSON.parse(Buffer.from(text, "base64").toString()) as object;
  return Buffer.from(JSON.stringify({ ...payload, ...change })).toString("base64");
}

describe("what Laravel wrote", () => {
  test.each([
    ["AES-256-CBC of encryptString", cbcString],
    ["AES-256-GCM of encryptString", gcmString],
    ["AES-256-CBC of encrypt with an array", cbcArray],
    ["encrypt with JSON text", encrypted('s:40:"{"api_key":"k-1","api_secret":"sécret"}";')],
    ["GCM of encrypt with an array", encrypted('a:2:{s:7:"api_key";s:3:"k-1";s:10:"api_secret";s:7:"sécret";}', "gcm")],
    [
      "more members than are needed",
      encrypted('a:4:{i:0;N;s:4:"demo";b:1;s:7:"api_key";s:3:"k-1";s:10:"api_secret";s:7:"sécret";}'),
    ],
  ])("%s", (_name, text) => {
    expect(open(text)).toEqual(expected);
    expect(open(text, [otherKey, key])).toEqual(expected);
  });

  test("a passphrase comes along, an empty one does not", () => {
    const content = { api_key: "k", api_secret: "s", passphrase: "p p" };
    expect(open(encrypted(JSON.stringify(content)))).toEqual({ apiKey: "k", apiSecret: "s", passphrase: "p p" });
    expect(open({ ...content, passphrase: "" })).toEqual({ apiKey: "k", apiSecret: "s" });
  });

  test("a token of MetaApi is longer than any key", () => {
    const token = `eyJhbGciOiJSUzUxMiJ9.${"x".repeat(6_000)}.${"y".repeat(700)}`;
    const content = { api_key: "865d3a4d-3803-486d-bdf3-a85679d9fad2", api_secret: token };
    expect(open(content)).toEqual({ apiKey: content.api_key, apiSecret: token });
    expect(failureOf(() => open({ ...content, api_secret: token.replaceAll(".", "/") })).detail.code).toBe(
      "credentials_incomplete",
    );
  });

  test("opens every content of either cipher again", () => {
    const text = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
      .filter((part) => /^[^\s\p{Cc}]+$/u.test(part));
    fc.assert(
      fc.property(text, fc.constantFrom("cbc", "gcm"), (secret, cipher) => {
        const content = JSON.stringify({ api_key: "key", api_secret: secret });
        expect(open(encrypted(content, cipher as "cbc"))).toEqual({ apiKey: "key", apiSecret: secret });
        const bytes = Buffer.byteLength(secret);
        const php = `a:2:{s:7:"api_key";s:3:"key";s:10:"api_secret";s:${bytes}:"${secret}";}`;
        expect(open(encrypted(php, cipher as "cbc"))).toEqual({ apiKey: "key", apiSecret: secret });
      }),
      { numRuns: 100 },
    );
  });
});

describe("plain, or none", () => {
  test("a plain object", () => {
    expect(open({ api_key: "k", api_secret: " s " })).toEqual({ apiKey: "k", apiSecret: "s" });
  });

  test("none: the machine's own", () => {
    const fallback = { apiKey: "env", apiSecret: "secret" };
    expect(credentialsOf({ accountId: "7", credentials: null }, { keys: [], fallback })).toBe(fallback);
    expect(failureOf(() => open(null)).detail.code).toBe("credentials_missing");
  });

  test("an account's own are never replaced by the machine's", () => {
    const fallback = { apiKey: "env", apiSecret: "secret" };
    const run = () => credentialsOf({ accountId: "7", credentials: { api_key: "k" } }, { keys: [], fallback });
    expect(failureOf(run).detail.code).toBe("credentials_incomplete");
  });
});

describe("refuses", () => {
  test.each([
    ["another key", gcmString, [otherKey], "credentials_key_wrong"],
    ["another key", cbcString, [otherKey], "credentials_key_wrong"],
    ["no key at all", cbcString, [], "credentials_key_missing"],
    ["a changed value (mac)", changed(cbcString, { value: "AAAA" }), [key], "credentials_key_wrong"],
    [
      "a changed iv (mac)",
      changed(cbcString, { iv: Buffer.alloc(16).toString("base64") }),
      [key],
      "credentials_key_wrong",
    ],
    ["a mac cut short", changed(cbcString, { mac: "e412" }), [key], "credentials_key_wrong"],
    ["an empty mac", changed(cbcString, { mac: "" }), [key], "credentials_key_wrong"],
    ["a changed value (tag)", changed(gcmString, { value: "AAAA" }), [key], "credentials_key_wrong"],
    ["a tag of 4 bytes", changed(gcmString, { tag: "HUZSAw==" }), [key], "credentials_malformed"],
    ["no tag", changed(gcmString, { tag: "" }), [key], "credentials_malformed"],
    [
      "an iv of 13 bytes",
      changed(gcmString, { iv: Buffer.alloc(13).toString("base64") }),
      [key],
      "credentials_malformed",
    ],
    ["a member that is no text", changed(gcmString, { value: 7 }), [key], "credentials_malformed"],
    ["no base64", "not base64 at all!", [key], "credentials_malformed"],
    ["base64 of something else", Buffer.from("hello").toString("base64"), [key], "credentials_malformed"],
    ["an object", encrypted('O:8:"stdClass":1:{s:7:"api_key";s:1:"k";}'), [key], "credentials_malformed"],
    ["an object inside", encrypted('a:1:{s:7:"api_key";O:1:"A":0:{}}'), [key], "credentials_malformed"],
    ["a length in characters", encrypted('a:1:{s:10:"api_secret";s:6:"sécret";}'), [key], "credentials_malformed"],
    ["a text that ends early", encrypted('s:99:"short";'), [key], "credentials_malformed"],
    ["more after the end", encrypted('s:1:"a";s:1:"b";'), [key], "credentials_malformed"],
    ["deep nesting", encrypted(`${"a:1:{i:0;".repeat(20)}N;${"}".repeat(20)}`), [key], "credentials_malformed"],
    ["no secret", { api_key: "k" }, [key], "credentials_incomplete"],
    ["a list", ["k", "s"], [key], "credentials_incomplete"],
    ["a key with a blank inside", { api_key: "k k", api_secret: "s" }, [key], "credentials_incomplete"],
  ])("%s", (_name, credentials, keys, code) => {
    const failure = failureOf(() => open(credentials, keys));
    expect(failure.kind).toBe("data");
    expect(failure.detail.code).toBe(code);
    expect(failure.message).toContain("account 7");
  });

  test("without a part of the secret in any text of the error", () => {
    const secret = "tops3cret-value";
    for (const credentials of [
      encrypted(`s:999:"${secret}";`),
      encrypted(`{"api_key":"${secret}"`),
      encrypted(JSON.stringify({ api_key: `${secret} x`, api_secret: secret })),
      { api_key: `${secret}\n${secret}`, api_secret: secret },
      secret,
    ]) {
      const failure = failureOf(() => open(credentials));
      expect(Bun.inspect(failure)).not.toContain(secret);
      expect(JSON.stringify(failure.detail)).not.toContain(secret);
    }
  });
});

test("names all that is secret of them", () => {
  expect(secretsOf({ apiKey: "a", apiSecret: "b" })).toEqual(["a", "b"]);
  expect(secretsOf({ apiKey: "a", apiSecret: "b", passphrase: "c" })).toEqual(["a", "b", "c"]);
  const [first, second] = ["MHcCAQEEIBYzABCDEFGH", "a9QRSTUVWXYZ01234567"];
  const apiSecret = `-----BEGIN KEY-----\n${first}\\n${second}\n-----END KEY-----`;
  expect(secretsOf({ apiKey: "a", apiSecret })).toEqual(["a", apiSecret, first, second]);
});

describe("a secret that is a private key", () => {
  const lines = ["-----BEGIN EC PRIVATE KEY-----", "MHcCAQEEIBYz+n", "a9/Q==", "-----END EC PRIVATE KEY-----"];
  test.each(["\n", "\r\n", "\\n"])("has lines (%j)", (end) => {
    const apiSecret = lines.join(end);
    expect(open({ api_key: "organizations/o/apiKeys/k", api_secret: `${apiSecret}${end}` }).apiSecret).toStartWith(
      apiSecret,
    );
  });

  test.each([
    ["cut off", lines.slice(0, 3).join("\n")],
    ["with something behind it", `${lines.join("\n")}\nand more`],
  ])("but not %s", (_name, api_secret) => {
    expect(failureOf(() => open({ api_key: "k", api_secret })).detail.code).toBe("credentials_incomplete");
  });
});
