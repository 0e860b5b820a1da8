import type { VenueAccount } from "../account.ts";
import type { VenueRequest } from "../server.ts";
import { BinanceError, keyRejected, missing } from "./errors.ts";

const recvWindowMsDefault = 5_000;
const recvWindowMsMax = 60_000;
const aheadMsMax = 1_000;

/** `key` as it stands in the header. @throws {BinanceError} -2014: it cannot be a key */
export function apiKeyOf(request: VenueRequest): string {
  const key = request.header("x-mbx-apikey");
  if (key === null || !/^[A-Za-z0-9]{64}$/.test(key)) throw new BinanceError(401, -2014, "API-key format invalid.");
  return key;
}

/**
 * The signature is HMAC-SHA256 over the query and the body in the bytes that were sent, so that whoever signs before percent-encoding is refused.
 * Checked in the venue's order: key, time, signature, then what the key may do.
 * @throws {BinanceError}
 */
export function checkSignature(request: VenueRequest, account: VenueAccount | undefined, nowMs: number): VenueAccount {
  if (account === undefined) throw keyRejected(request.path, request.ip);
  const { expiresAtMs, ipAllowList, reading } = account.permissions;
  if (expiresAtMs !== null && nowMs >= expiresAtMs) throw new BinanceError(401, -2008, "Invalid Api-Key ID.");
  if (ipAllowList !== null && !ipAllowList.includes(request.ip)) throw keyRejected(request.path, request.ip);
  if (!reading) throw keyRejected(request.path, request.ip);
  const raw = request.query + request.body;
  const mark = raw.lastIndexOf("signature=");
  const given = mark < 0 ? "" : raw.slice(mark + "signature=".length);
  checkTime(new URLSearchParams(raw), nowMs);
  if (mark < 0 || given === "") throw missing("signature");
  const signed = raw.slice(0, mark).replace(/&$/, "");
  const expected = new Bun.CryptoHasher("sha256", account.apiSecret).update(signed).digest("hex");
  if (given.toLowerCase() !== expected) throw new BinanceError(400, -1022, "Signature for this request is not valid.");
  return account;
}

function checkTime(parameters: URLSearchParams, nowMs: number): void {
  const timestamp = parameters.get("timestamp");
  if (timestamp === null || !/^\d{1,20}$/.test(timestamp)) throw missing("timestamp");
  const recvWindow = parameters.get("recvWindow");
  if (recvWindow !== null && !/^\d{1,6}(\.\d{1,3})?$/.test(recvWindow)) throw missing("recvWindow");
  const recvWindowMs = recvWindow === null ? recvWindowMsDefault : Number(recvWindow);
  if (recvWindowMs > recvWindowMsMax) {
    throw new BinanceError(400, -1131, "recvWindow must be less than 60000.");
  }
  const sentMs = Number(timestamp);
  if (sentMs >= nowMs + aheadMsMax) {
    throw new BinanceError(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.");
  }
  if (nowMs - sentMs > recvWindowMs) {
    throw new BinanceError(400, -1021, "Timestamp for this request is outside of the recvWindow.");
  }
}
