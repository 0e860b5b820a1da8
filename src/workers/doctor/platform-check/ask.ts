import type { Context } from "../../../context.ts";
import { Failure, messageOf } from "../../../errors.ts";
import { Wrong } from "./point.ts";

export interface Request {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** JSON, or text as it is. */
  body?: unknown;
  idempotencyKey?: string;
  /** Another key than the one in use; null: none at all. */
  key?: string | null;
  requestId?: string;
}

export interface Answer {
  /** `POST /accounts/7/trades` */
  request: string;
  status: number;
  headers: Headers;
  /** Undefined: the body is no JSON. */
  json: unknown;
  bytes: Uint8Array;
}

export type Ask = (path: string, request?: Request) => Promise<Answer>;

const timeoutMs = 60_000;
/** Of one request that meets the rate limit. */
const waitsMax = 5;
const waitMsMax = 120_000;

/**
 * One request and its answer, without retries: what the platform says is what is wanted. Only a 429 is waited for, since a
 * check of a hundred requests may well meet the limit. `signed`: its link is complete, and is asked for as it is.
 */
export function makeAsk({ url, key }: { url: string; key: string }, context: Context): Ask {
  return async (path, request = {}) => {
    for (let waits = 0; ; waits++) {
      const answer = await attempt(path, request);
      if (answer.status !== 429 || waits === waitsMax) return answer;
      const seconds = Number(answer.headers.get("retry-after") ?? 60);
      await context.clock.sleep(Math.min(waitMsMax, Math.max(1, seconds) * 1000), context.signal);
    }
  };

  async function attempt(path: string, request: Request): Promise<Answer> {
    context.signal.throwIfAborted();
    const { body, method = body === undefined ? "GET" : "POST" } = request;
    const shown = `${method} ${shownPath(path)}`;
    try {
      const response = await context.fetch(path.startsWith("http") ? path : url + path, {
        method,
        headers: headersOf(request),
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
        redirect: "manual",
        signal: AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)]),
      });
      const bytes = new Uint8Array(await response.arrayBuffer());
      const { status, headers } = response;
      return { request: shown, status, headers, json: parse(bytes), bytes };
    } catch (error) {
      context.signal.throwIfAborted();
      throw new Wrong(`${shown}: no answer (${messageOf(error)})`);
    }
  }

  function headersOf(request: Request): Record<string, string> {
    const given = request.key === undefined ? key : request.key;
    return {
      Accept: "application/json",
      "X-Worker-Id": `platform-check:${process.pid}`,
      "X-Request-Id": request.requestId ?? context.uuid(),
      ...(given === null ? {} : { Authorization: `Bearer ${given}` }),
      ...(request.body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(request.idempotencyKey === undefined ? {} : { "Idempotency-Key": request.idempotencyKey }),
    };
  }
}

/** A limit is found by meeting it: nothing is waited for. */
export async function askOnce(
  { url, key }: { url: string; key: string },
  path: string,
  { fetch, signal }: Context,
): Promise<Response> {
  return await fetch(url + path, {
    headers: { Accept: "application/json", Authorization: `Bearer ${key}` },
    redirect: "manual",
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
}

/** A signature is as good as a key. */
function shownPath(path: string): string {
  return path.startsWith("http") ? `${path.split("?")[0]}?...` : path;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined; // what a body that is no JSON means, the point says
  }
}

/** The check cannot begin at all. */
export function cannotBegin(
  message: string,
  hint: string,
  kind: "usage" | "unavailable" | "refused" = "usage",
): Failure {
  return new Failure(kind, message, { code: "platform_check", hint });
}
