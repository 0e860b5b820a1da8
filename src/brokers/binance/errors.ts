import type { BrokerErrorCode } from "../broker.ts";

/** An answer that is not what was asked for, as the venue sent it. */
export interface Refusal {
  status: number;
  /** Binance's own number, `-2015`; null: the body is none of its errors (an HTML page of a gateway or a firewall). */
  code: number | null;
  message: string;
  /** Retry-After; 0 and null say nothing. */
  retryAfterMs: number | null;
}

/** What to do about a refusal; what depends on the account's past is decided in `client.ts`. */
export type Verdict =
  | { kind: "clock" }
  | { kind: "symbol_gone" }
  /** The account has no such wallet: nothing can be in it. */
  | { kind: "no_wallet" }
  /** 429: slow down. */
  | { kind: "limited" }
  /** 418 and 403: silence until then. */
  | { kind: "banned"; untilMs: number }
  /** -2015 and -2008: a wrong key, a missing permission, an address that is not allowed, or a ban in disguise. */
  | { kind: "ambiguous_key" }
  | { kind: "transient"; code: BrokerErrorCode; message: string }
  | { kind: "permanent"; code: BrokerErrorCode; message: string; hint: string }
  | { kind: "no_endpoint" };

/** Bans grow from two minutes. */
const banMsMin = 120_000;
/** The web application firewall gives no time. */
const firewallMs = 300_000;

/** Of a symbol that Binance does not have, or no longer. */
export class SymbolGone extends Error {
  override readonly name = "SymbolGone";
}

/** The account has no wallet of that kind. */
export class NoWallet extends Error {
  override readonly name = "NoWallet";
}

/** A mirror, or another venue of the family, does not have it. */
export class NoEndpoint extends Error {
  override readonly name = "NoEndpoint";
}

export function judge(refusal: Refusal, nowMs: number): Verdict {
  const { status, code, message } = refusal;
  const banEndMs = Number(/banned until (\d{13})/i.exec(message)?.[1] ?? 0);
  if (status === 418 || banEndMs > 0) {
    return { kind: "banned", untilMs: Math.max(banEndMs, nowMs + (refusal.retryAfterMs ?? 0), nowMs + banMsMin) };
  }
  if (status === 429 || code === -1003 || code === -1015) return { kind: "limited" };
  if (status === 403 && code === null) {
    return { kind: "banned", untilMs: nowMs + Math.max(refusal.retryAfterMs ?? 0, firewallMs) };
  }
  if (code !== null) {
    const known = byCode(code, message);
    if (known !== null) return known;
  }
  return byStatus(refusal);
}

function byCode(code: number, message: string): Verdict | null {
  switch (code) {
    case -1021:
      return { kind: "clock" };
    case -1121:
      return { kind: "symbol_gone" };
    case -2015:
    case -2008:
      return { kind: "ambiguous_key" };
    case -2014:
      return {
        kind: "permanent",
        code: "broker_auth_failed",
        message,
        hint: "Enter the API key again: it is cut short or mistyped.",
      };
    case -1022:
      return {
        kind: "permanent",
        code: "broker_auth_failed",
        message,
        hint: "Enter the API secret again: it does not belong to the key.",
      };
    case -1002:
    case -4109:
    case -11_008:
      return {
        kind: "permanent",
        code: "permission_missing",
        message,
        hint: "Give the key the right to read this market.",
      };
    case -3003:
    case -11_001:
      return { kind: "no_wallet" };
    case -5000:
      return { kind: "no_endpoint" };
    case -1016:
      return { kind: "transient", code: "broker_maintenance", message };
    case -1007:
      return { kind: "transient", code: "timeout", message };
    case -1000:
    case -1001:
    case -1006:
    case -1008:
      return { kind: "transient", code: "broker_unavailable", message };
    default:
      return null;
  }
}

function byStatus({ status, code, message }: Refusal): Verdict {
  if (/maintenance/i.test(message)) return { kind: "transient", code: "broker_maintenance", message };
  if (status >= 500) return { kind: "transient", code: "broker_unavailable", message: `HTTP ${status}: ${message}` };
  if (status === 451) {
    const hint = "Binance does not serve the country that this machine is in.";
    return { kind: "permanent", code: "broker_unavailable", message, hint };
  }
  if (status === 404 && code === null) return { kind: "no_endpoint" };
  if (status === 401 || status === 403) {
    return {
      kind: "permanent",
      code: "permission_missing",
      message,
      hint: "Give the key the right to read this market.",
    };
  }
  // None of Binance's errors: a gateway's page, or half a body.
  if (code === null) return { kind: "transient", code: "broker_unavailable", message: `HTTP ${status}: ${message}` };
  const hint = "Report this: the connector sent something that Binance does not take, or Binance has changed.";
  return { kind: "permanent", code: "broker_answer", message: `HTTP ${status}: ${message}`, hint };
}
