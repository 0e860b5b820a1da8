import type { SealedBatch } from "../journal/journal.ts";
import type { Id } from "../journal/wire.ts";

/** What a file of the buffer says of its batch, besides the batch itself. */
export interface Circumstances {
  /** Where it was to go: `Journal.name`. It goes nowhere else by itself. */
  platform: string;
  createdAtMs: number;
  /** Why it could not be delivered then. */
  reason: string;
  /** Counted attempts until then, 0 or 1; later ones stand in a file beside. */
  attempts: number;
}

/** The first lines of a file: all but the batch's body. */
export interface Header extends Circumstances {
  userId: Id;
  accountId: Id;
  key: string;
  executions: number;
  trades: number;
}

interface HeaderJson {
  v: 1;
  user_id: Id;
  account_id: Id;
  platform: string;
  idempotency_key: string;
  created_at: string;
  executions: number;
  trades: number;
  attempts: number;
  reason: string;
  /** Of the body, so that a cut file is known without reading all of it. */
  bytes: number;
  /** Of all above and of the body. */
  sha256: string;
}

/** Enough for every header: the longest part, the reason, is cut. */
export const headerBytesMax = 16_384;
/** A body has less than 1,000,000 bytes; what is larger is none of ours. */
export const fileBytesMax = 4_000_000;
const reasonCharactersMax = 1_000;
const formatVersion = 1;
const bodyMark = '\n  "body": ';
const ending = "\n}\n";

/** One JSON object, a field a line, the body last and as it goes out, byte for byte: `jq .body` shows it. */
export function toFileText(batch: SealedBatch, { platform, createdAtMs, reason, attempts }: Circumstances): string {
  const header: Omit<HeaderJson, "sha256"> = {
    v: formatVersion,
    user_id: batch.userId,
    account_id: batch.accountId,
    platform,
    idempotency_key: batch.key,
    created_at: new Date(createdAtMs).toISOString(),
    executions: batch.executions,
    trades: batch.trades,
    attempts,
    reason: reason.slice(0, reasonCharactersMax),
    bytes: Buffer.byteLength(batch.body),
  };
  const sealed: HeaderJson = { ...header, sha256: checksum(header, batch.body) };
  return `${JSON.stringify(sealed, null, 2).slice(0, -ending.length + 1)},${bodyMark}${batch.body}${ending}`;
}

/** @param start the first bytes of a file, @param fileBytes its size. @throws {Error} what is wrong with it */
export function readHeader(start: Uint8Array, fileBytes: number): Header {
  return toHeader(split(start, fileBytes).header);
}

/** @throws {Error} what is wrong with it */
export function readBatch(bytes: Uint8Array): SealedBatch {
  const { header, bodyFrom } = split(bytes, bytes.length);
  const body = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(bodyFrom, bodyFrom + header.bytes));
  const { sha256, ...rest } = header;
  if (checksum(rest, body) !== sha256) throw new Error("its checksum does not match its content");
  const { userId, accountId, key, executions, trades } = toHeader(header);
  return { userId, accountId, key, body, executions, trades };
}

/** No line of the header but the last begins like the mark: line ends inside of texts are escaped in JSON. */
function split(start: Uint8Array, fileBytes: number): { header: HeaderJson; bodyFrom: number } {
  const view = Buffer.from(start.buffer, start.byteOffset, Math.min(start.byteLength, headerBytesMax));
  const mark = view.indexOf(`,${bodyMark}`);
  if (mark < 0) throw new Error(fileBytes === 0 ? "it is empty" : "it is no batch, or its beginning is cut");
  const header = parse(`${view.subarray(0, mark).toString()}\n}`);
  const bodyFrom = mark + 1 + bodyMark.length;
  const expected = bodyFrom + header.bytes + ending.length;
  if (fileBytes !== expected) throw new Error(`it has ${fileBytes} bytes instead of ${expected}`);
  return { header, bodyFrom };
}

function parse(text: string): HeaderJson {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw new Error("its beginning is no JSON");
  }
  if (typeof header !== "object" || header === null) throw new Error("it is no batch");
  const { v } = header as Record<string, unknown>;
  if (v !== formatVersion) throw new Error(`it is of format ${JSON.stringify(v)}, this program reads ${formatVersion}`);
  if (!isHeader(header)) throw new Error("its beginning lacks a field, or one is of another kind");
  return header;
}

function isHeader(value: object): value is HeaderJson {
  const header = value as Record<keyof HeaderJson, unknown>;
  const isId = (id: unknown) => typeof id === "string" || Number.isSafeInteger(id);
  const isCount = (count: unknown) => Number.isSafeInteger(count) && (count as number) >= 0;
  const texts = [header.platform, header.idempotency_key, header.created_at, header.reason, header.sha256];
  return (
    [header.user_id, header.account_id].every(isId) &&
    [header.executions, header.trades, header.attempts, header.bytes].every(isCount) &&
    texts.every((text) => typeof text === "string") &&
    !Number.isNaN(Date.parse(String(header.created_at)))
  );
}

function toHeader(json: HeaderJson): Header {
  return {
    userId: json.user_id,
    accountId: json.account_id,
    platform: json.platform,
    key: json.idempotency_key,
    createdAtMs: Date.parse(json.created_at),
    executions: json.executions,
    trades: json.trades,
    attempts: json.attempts,
    reason: json.reason,
  };
}

function checksum(header: Omit<HeaderJson, "sha256">, body: string): string {
  return new Bun.CryptoHasher("sha256").update(JSON.stringify(header)).update(body).digest("hex");
}

/** The order of a file among the others: milliseconds, then a count. A name of another form comes last. */
export type Order = readonly [ms: number, count: number];

/** `2026-02-09_10-30_user42_1770633015123-0000_<key>.json`: minute and user for people, the rest for the order and to find it. */
export function fileNameOf({ userId, key }: Pick<SealedBatch, "userId" | "key">, [ms, count]: Order): string {
  const [date = "", time = ""] = new Date(ms).toISOString().split("T");
  const plain = (text: string) => text.replace(/[^A-Za-z0-9-]/g, "-");
  const minute = time.slice(0, 5).replace(":", "-");
  const user = plain(String(userId)).slice(0, 64);
  return `${date}_${minute}_user${user}_${ms}-${String(count).padStart(4, "0")}_${plain(key).slice(-36)}.json`;
}

export function orderOf(name: string): Order {
  const match = /_(\d{1,15})-(\d{4,9})_/.exec(name);
  return match === null ? [Number.MAX_SAFE_INTEGER, 0] : [Number(match[1]), Number(match[2])];
}

export function compareOrders(a: Order, b: Order): number {
  return a[0] - b[0] || a[1] - b[1];
}
