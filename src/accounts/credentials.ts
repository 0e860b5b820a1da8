import type { Credentials } from "../brokers/broker.ts";
import { Failure } from "../errors.ts";
import { decrypt, EncryptedError } from "./encrypted.ts";
import { PhpSerializedError, type PhpValue, readPhpSerialized } from "./php-serialized.ts";

/** As the platform sends them: Laravel-encrypted text, a plain object, or nothing. */
export interface CredentialsSource {
  accountId: string;
  credentials: unknown;
}

export interface CredentialsSettings {
  /** CREDENTIALS_KEY: newest first. */
  keys: readonly string[];
  /** BINANCE_API_KEY and _SECRET, or whatever the broker's variables are: for accounts without credentials of their own. */
  fallback: Credentials | null;
}

const charactersMax = 1_024;
/** A key becomes a header. */
const printable = /^[!-~]+$/;
/** Blanks and line ends were copied along. */
const unbroken = /^[^\s\p{Cc}]+$/u;
/** A secret that is a private key has lines (Coinbase, Bybit's RSA), perhaps with their ends written out as `\\n`. */
const privateKey = /^-----BEGIN [A-Z ]{3,40}-----[A-Za-z0-9+/=\s\\]+-----END [A-Z ]{3,40}-----(\\n)?$/;
const privateKeyCharactersMax = 8_192;
/** A token that says what it may (MetaApi): three parts, and several thousand characters. */
const webToken = /^[\w-]+\.[\w-]+\.[\w-]*$/;
const webTokenCharactersMax = 16_384;
const secretLineCharactersMin = 16;

/**
 * An account's credentials, in memory only while it is imported.
 * @throws {Failure} `data`, and never with a part of a secret in it
 */
export function credentialsOf(
  { accountId, credentials }: CredentialsSource,
  settings: CredentialsSettings,
): Credentials {
  const refuse = (code: string, message: string, hint: string) =>
    new Failure("data", `The credentials of account ${accountId} cannot be used: ${message}.`, {
      code,
      hint,
      subject: `account ${accountId}`,
      retryable: false,
    });
  if (credentials === null || credentials === undefined) {
    if (settings.fallback !== null) return settings.fallback;
    throw refuse("credentials_missing", "it has none", "Enter the broker's API key and secret on the platform.");
  }
  let content: unknown = credentials;
  if (typeof credentials === "string") {
    if (settings.keys.length === 0) {
      throw refuse(
        "credentials_key_missing",
        "they are encrypted and CREDENTIALS_KEY is not set",
        "Set CREDENTIALS_KEY to the platform's WORKER_CREDENTIALS_KEY.",
      );
    }
    try {
      content = readContent(decrypt(credentials, settings.keys));
    } catch (error) {
      if (!(error instanceof EncryptedError || error instanceof PhpSerializedError)) throw error;
      const wrongKey = error instanceof EncryptedError && error.reason === "wrong_key";
      throw refuse(
        wrongKey ? "credentials_key_wrong" : "credentials_malformed",
        error.message,
        wrongKey
          ? "CREDENTIALS_KEY must hold the platform's WORKER_CREDENTIALS_KEY; after a rotation the old one too, by commas."
          : "Store them with encryptString(json_encode([...])); see the contract's Credentials.",
      );
    }
  }
  const found = fieldsOf(content);
  const problem = problemOf(found);
  if (problem !== null) {
    throw refuse("credentials_incomplete", problem, "Enter the broker's API key and secret on the platform again.");
  }
  const { apiKey = "", apiSecret = "", passphrase } = found;
  return passphrase === undefined ? { apiKey, apiSecret } : { apiKey, apiSecret, passphrase };
}

/** What a redactor has to know of them. */
export function secretsOf(credentials: Credentials): string[] {
  const { apiKey, apiSecret, passphrase } = credentials;
  // Of a private key each line is one: it may be quoted with other line ends.
  const lines = apiSecret.split(/\\n|\s+/).filter((line) => line.length >= secretLineCharactersMin);
  const secrets = [apiKey, apiSecret, ...lines.filter((line) => line !== apiSecret)];
  return passphrase === undefined ? secrets : [...secrets, passphrase];
}

/** `encryptString` holds JSON; `encrypt` holds PHP's serialized form of that JSON, or of an array. */
function readContent(bytes: Uint8Array): unknown {
  const json = parseJson(new TextDecoder().decode(bytes));
  if (json !== undefined) return json;
  const value = readPhpSerialized(bytes);
  if (typeof value === "string") return parseJson(value);
  return toObject(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // its message quotes the text
  }
}

function toObject(value: PhpValue): unknown {
  return value instanceof Map ? Object.fromEntries([...value].map(([key, item]) => [key, toObject(item)])) : value;
}

type Found = Record<keyof Credentials, string | undefined>;

const names: Record<keyof Credentials, readonly string[]> = {
  apiKey: ["api_key", "apiKey"],
  apiSecret: ["api_secret", "apiSecret"],
  passphrase: ["passphrase"],
};

function fieldsOf(content: unknown): Found {
  const fields: Record<string, unknown> = typeof content === "object" && content !== null ? { ...content } : {};
  const read = (field: keyof Credentials): string | undefined => {
    const value = names[field].map((name) => fields[name]).find((item) => item !== undefined && item !== null);
    return typeof value === "string" ? value.trim() : undefined;
  };
  return { apiKey: read("apiKey"), apiSecret: read("apiSecret"), passphrase: read("passphrase") || undefined };
}

function problemOf(found: Found): string | null {
  for (const field of ["apiKey", "apiSecret", "passphrase"] as const) {
    const [name] = names[field];
    const value = found[field];
    if (value === undefined || value === "") {
      if (field === "passphrase") continue;
      return `${name} is missing`;
    }
    if (field === "apiSecret" && isPrivateKey(value)) continue;
    if (field !== "passphrase" && value.length <= webTokenCharactersMax && webToken.test(value)) continue;
    if (value.length > charactersMax) return `${name} has more than ${charactersMax} characters`;
    if (field === "passphrase") continue;
    if (!(field === "apiKey" ? printable : unbroken).test(value)) return `${name} holds a character that no key has`;
  }
  return null;
}

function isPrivateKey(text: string): boolean {
  return text.length <= privateKeyCharactersMax && privateKey.test(text);
}
