import {
  AccountNotEnabled,
  AccountSuspended,
  ArgumentsRequired,
  AuthenticationError,
  BadSymbol,
  DDoSProtection,
  ExchangeNotAvailable,
  InvalidNonce,
  NotSupported,
  OnMaintenance,
  OperationFailed,
  PermissionDenied,
  RateLimitExceeded,
  RequestTimeout,
} from "#ccxt/base/errors.js";
import type { BrokerErrorCode } from "../broker.ts";

/** An answer that is not what was asked for, as the venue sent it. */
export interface Refusal {
  /** 0: there was none, ccxt refused to send. */
  status: number;
  /** The venue's own code, `10003`; null: the body is none of its errors. */
  code: string | null;
  message: string;
  headers: Headers;
  /** Retry-After in milliseconds. */
  retryAfterMs: number | null;
}

/** What to do about it. */
export type Verdict =
  | { kind: "clock" }
  /** Numbers must grow, and another program uses the same key. */
  | { kind: "nonce" }
  | { kind: "symbol_gone" }
  /** The account has no such wallet: nothing can be in it. */
  | { kind: "no_wallet" }
  /** Slow down, for so long as the venue says. */
  | { kind: "limited"; waitMs: number | null }
  /** Silence of this machine until then. */
  | { kind: "banned"; untilMs: number }
  | { kind: "transient"; code: BrokerErrorCode }
  | { kind: "permanent"; code: BrokerErrorCode; hint: string };

export class SymbolGone extends Error {
  override readonly name = "SymbolGone";
}

export class NoWallet extends Error {
  override readonly name = "NoWallet";
}

const messageCharactersMax = 300;
const banMsMin = 120_000;

/** The body of an answer, taken apart; ccxt's messages are not used, since they quote the signed address. */
export function toRefusal(
  answer: { status: number; headers: Headers; text: string } | null,
  body: unknown,
  thrown: unknown,
): Refusal {
  if (answer === null) {
    const message = thrown instanceof Error ? thrown.message.replace(/\s*https?:\/\/\S+/g, "") : "nothing was sent";
    return {
      status: 0,
      code: null,
      message: message.slice(0, messageCharactersMax),
      headers: new Headers(),
      retryAfterMs: null,
    };
  }
  return {
    status: answer.status,
    code: firstText(body, ["retCode", "ret_code", "code", "label", "err_code", "error"]),
    message: (firstText(body, messageFields) ?? excerpt(answer.text)).slice(0, messageCharactersMax),
    headers: answer.headers,
    retryAfterMs: retryAfterOf(answer.headers),
  };
}

/** Seconds, or a time, which is compared with the answer's own. Null: neither, or one that is over. */
function retryAfterOf(headers: Headers): number | null {
  const text = headers.get("retry-after") ?? "";
  const ms = /^\d+(\.\d+)?$/.test(text)
    ? Number(text) * 1_000
    : Date.parse(text) - Date.parse(headers.get("date") ?? "");
  return ms > 0 ? ms : null;
}

const messageFields = [
  "retMsg",
  "ret_msg",
  "msg",
  "message",
  "error_details",
  "error_description",
  "detail",
  "err_msg",
  "error",
  "response",
];

function firstText(body: unknown, fields: readonly string[]): string | null {
  if (typeof body !== "object" || body === null) return null;
  for (const field of fields) {
    const value = (body as Record<string, unknown>)[field];
    const text = Array.isArray(value) ? value.filter((item) => typeof item === "string").join("; ") : value;
    if (typeof text === "number") return String(text);
    if (typeof text === "string" && text !== "") return text;
  }
  return null;
}

function excerpt(text: string): string {
  const plain = text
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  return plain === "" ? "an empty body" : plain.slice(0, 120);
}

/** By ccxt's classes. Before them stands what an answer says in any venue's words. */
export function judge(thrown: unknown, refusal: Refusal, nowMs: number): Verdict {
  const { status, message } = refusal;
  // Each request in a ban makes it longer.
  const banEndMs = Number(/banned until (\d{13})/i.exec(message)?.[1] ?? 0);
  if (status === 418 || banEndMs > nowMs)
    return { kind: "banned", untilMs: Math.max(banEndMs, nowMs + (refusal.retryAfterMs ?? 0), nowMs + banMsMin) };
  if (thrown instanceof ArgumentsRequired || thrown instanceof NotSupported)
    return { kind: "permanent", code: "broker_answer", hint: "ccxt reads this list otherwise: import a file export." };
  if (status === 0)
    return {
      kind: "permanent",
      code: "broker_auth_failed",
      hint: "The key's secret has not the form that a request can be signed with: enter it again.",
    };
  if (status === 451 || (status === 403 && refusal.code === null)) {
    const hint = "The venue does not serve this machine's address: it may be in a country that is shut out.";
    return { kind: "permanent", code: "broker_unavailable", hint };
  }
  if (status === 429 || thrown instanceof RateLimitExceeded || thrown instanceof DDoSProtection)
    return { kind: "limited", waitMs: refusal.retryAfterMs };
  if (thrown instanceof OnMaintenance || (status >= 500 && /maintenance/i.test(message)))
    return { kind: "transient", code: "broker_maintenance" };
  if (thrown instanceof InvalidNonce) return { kind: "clock" };
  if (thrown instanceof AccountNotEnabled) return { kind: "no_wallet" };
  if (thrown instanceof BadSymbol) return { kind: "symbol_gone" };
  if (thrown instanceof AuthenticationError && status < 500) return judgeKey(thrown, refusal);
  if (thrown instanceof RequestTimeout || status === 408 || status === 504)
    return { kind: "transient", code: "timeout" };
  if (thrown instanceof ExchangeNotAvailable || thrown instanceof OperationFailed || status >= 500)
    return { kind: "transient", code: "broker_unavailable" };
  const hint = "Report this: the connector sent something that the venue does not take, or the venue has changed.";
  return { kind: "permanent", code: "broker_answer", hint };
}

function judgeKey(thrown: AuthenticationError, { message }: Refusal): Verdict {
  if (/\bip\b|whitelist|ip address/i.test(message)) return ipNotAllowed;
  if (thrown instanceof AccountSuspended)
    return { kind: "permanent", code: "permission_missing", hint: "The venue has suspended the account." };
  if (thrown instanceof PermissionDenied) return permissionMissing;
  if (/expired/i.test(message)) return keyExpired;
  return {
    kind: "permanent",
    code: "broker_auth_failed",
    hint: "Enter the key, its secret and, where there is one, its passphrase again.",
  };
}

export const ipNotAllowed: Verdict = {
  kind: "permanent",
  code: "ip_not_allowed",
  hint: "Put this machine's address on the key's list, or enter another key.",
};
export const permissionMissing: Verdict = {
  kind: "permanent",
  code: "permission_missing",
  hint: "Give the key the right to read orders and trades of this market.",
};
export const keyExpired: Verdict = { kind: "permanent", code: "key_expired", hint: "Make a new key and enter it." };
