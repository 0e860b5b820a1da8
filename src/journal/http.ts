import { createFetch } from "ofetch";
import type { Context } from "../context.ts";
import { Failure, messageOf } from "../errors.ts";
import { readBounded } from "./body.ts";
import { type Limit, makeLimit } from "./limit.ts";
import { backoffMs, politeWaitMs, retryAfterMs, waitMsDefault } from "./retry.ts";
import { describeStatus, stoppingStatus } from "./stopping-status.ts";

export interface HttpSettings {
  /** The API's base URL, checked, without a slash at the end. */
  url: string;
  key: string;
  /** `X-Worker-Id`: name@host:pid. */
  workerId: string;
  /** Attempts after the first one that failed for a counted reason. */
  retriesMax: number;
  backoffBaseSeconds: number;
  /** Of one attempt, its body included. */
  timeoutMs: number;
  /** What one request may wait in total for rate limits, maintenance and its own earlier attempt. */
  waitMsMax: number;
  /** How long a write that is on its way may go on once the run was told to stop. */
  graceMs: number;
  bodyBytesMax: number;
}

export interface ApiRequest {
  method: "GET" | "POST" | "PATCH" | "PUT";
  /** Below the base URL: `/accounts/7/trades`. */
  path: string;
  query?: Record<string, string | undefined>;
  /** JSON. */
  body?: string;
  idempotencyKey?: string;
}

/** An answer that says something: 2xx with JSON, or a status that the caller decides about. */
export interface ApiAnswer {
  status: number;
  headers: Headers;
  /** Undefined: the body is no JSON. Never so for 200 and 201. */
  json: unknown;
  message: string;
  code: string | null;
}

/** A body to what JSON says; undefined: it is none. */
export type ParseBody = (body: Uint8Array) => unknown;

/** What an attempt leads to; `describe` goes into logs and messages. */
export type Verdict<T> =
  | { kind: "answer"; answer: T }
  | { kind: "stop"; failure: Failure }
  /** Counts as a failed attempt. `status`: the answer's, when there was one. */
  | { kind: "retry"; describe: string; status?: number; cause?: unknown }
  /** Does not count: the platform said when. */
  | { kind: "wait"; describe: string; askedMs: number };

type Unusable = Extract<Verdict<never>, { kind: "retry" | "wait" }>;

const messageLengthMax = 300;

/**
 * Requests to the platform: headers, time limits, and the contract's table of statuses as far as it is the same for every
 * request. The same key and the same bytes go out at every attempt, with a new `X-Request-Id`.
 */
export function makeHttp(settings: HttpSettings, context: Context) {
  const { raw } = createFetch({ fetch: context.fetch as typeof fetch });
  const attemptsMax = settings.retriesMax + 1 + Math.ceil(settings.waitMsMax / 1000);

  /** @throws {Failure} see `Journal` */
  async function send(request: ApiRequest, parse: ParseBody = parseJson): Promise<ApiAnswer> {
    const { idempotencyKey } = request;
    const fields = idempotencyKey === undefined ? {} : { idempotency_key: idempotencyKey };
    return await retried(nameOf(request), fields, (requestId) => attempt(request, requestId, parse));
  }

  /** Attempts until there is an answer, or none can be hoped for in time. `fields` go into the log. */
  async function retried<T>(
    name: string,
    fields: Record<string, string>,
    attemptOnce: (requestId: string) => Promise<Verdict<T>>,
  ): Promise<T> {
    let failures = 0;
    let waitedMs = 0;
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const requestId = context.uuid();
      const verdict = await attemptOnce(requestId);
      if (verdict.kind === "answer") return verdict.answer;
      if (verdict.kind === "stop") throw verdict.failure;
      if (context.signal.aborted) throw interrupted(name, verdict.describe);
      const counted = verdict.kind === "retry";
      if (counted) failures++;
      const delayMs = counted
        ? backoffMs(failures, settings.backoffBaseSeconds, context.random)
        : politeWaitMs(verdict.askedMs, context.random);
      if (!counted) waitedMs += delayMs;
      if (failures > settings.retriesMax || waitedMs > settings.waitMsMax) {
        throw unavailable(name, verdict, { attempt, requestId });
      }
      const log = {
        request: name,
        reason: verdict.describe,
        attempt,
        delay_ms: delayMs,
        counted,
        request_id: requestId,
      };
      context.log.warning("platform_retry", { ...log, ...fields });
      await pause(delayMs, name, verdict.describe);
    }
    throw new Failure("unavailable", `${name}: no usable answer in ${attemptsMax} attempts.`, { retryable: true });
  }

  async function pause(ms: number, name: string, reason: string): Promise<void> {
    try {
      await context.clock.sleep(ms, context.signal);
    } catch (error) {
      if (!context.signal.aborted) throw error;
    }
    if (context.signal.aborted) throw interrupted(name, reason);
  }

  async function attempt(request: ApiRequest, requestId: string, parse: ParseBody): Promise<Verdict<ApiAnswer>> {
    const limit = limited(request.method !== "GET");
    if (limit === null) return { kind: "stop", failure: interrupted(nameOf(request), "it was not sent") };
    try {
      const response = await limit.race(
        raw(urlOf(request), {
          method: request.method,
          headers: headers(requestId, request),
          ...(request.body === undefined ? {} : { body: request.body }),
          redirect: "manual",
          retry: 0,
          ignoreResponseError: true,
          responseType: "stream",
          signal: limit.signal,
        }),
      );
      const body = await readBounded(response.body, settings.bodyBytesMax, limit);
      return judge(nameOf(request), response, body, parse);
    } catch (error) {
      return failed(error, limit);
    } finally {
      limit.end();
    }
  }

  /** The status table, for every request alike. */
  function judge(
    name: string,
    response: Response,
    body: Uint8Array | "tooLarge",
    parse: ParseBody,
  ): Verdict<ApiAnswer> {
    const { status } = response;
    if (body === "tooLarge" && status < 300) {
      const message = `${name}: the answer has more than ${settings.bodyBytesMax} bytes.`;
      return { kind: "stop", failure: new Failure("data", message, { code: "platform_contract", retryable: false }) };
    }
    const answer = answerOf(response, body === "tooLarge" ? new Uint8Array() : body, parse);
    const describe = describeStatus(answer);
    if (status === 200 || status === 201) {
      if (answer.json !== undefined) return { kind: "answer", answer };
      return { kind: "retry", describe: `${status} without JSON (${kindOfBody(response, body)})` };
    }
    const askedMs = retryAfterMs(response.headers.get("retry-after"), context.clock.nowMs());
    if (status === 429 || status === 503) return { kind: "wait", describe, askedMs: askedMs ?? waitMsDefault };
    // The key's first request is still being processed.
    if (status === 409 && answer.code === null && askedMs !== null) return { kind: "wait", describe, askedMs };
    if (status === 408 || status === 425 || status >= 500) return { kind: "retry", describe, status };
    const failure = stoppingStatus(name, answer);
    return failure === null ? { kind: "answer", answer } : { kind: "stop", failure };
  }

  function answerOf({ status, headers }: Response, body: Uint8Array, parse: ParseBody): ApiAnswer {
    const json = parse(body);
    const fields = typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
    const message = typeof fields.message === "string" ? redact(fields.message).slice(0, messageLengthMax) : "";
    return { status, headers, json, message, code: typeof fields.code === "string" ? fields.code : null };
  }

  function failed(error: unknown, limit: Limit): Verdict<never> {
    if (limit.timedOut()) return { kind: "retry", describe: limit.describe() };
    const cause = causeOf(error);
    const message = messageOf(cause);
    return { kind: "retry", describe: redact(message), cause: message.includes(settings.key) ? undefined : cause };
  }

  function headers(requestId: string, request?: ApiRequest): Record<string, string> {
    return {
      Accept: "application/json",
      Authorization: `Bearer ${settings.key}`,
      "X-Worker-Id": settings.workerId,
      "X-Request-Id": requestId,
      ...(request?.body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(request?.idempotencyKey === undefined ? {} : { "Idempotency-Key": request.idempotencyKey }),
    };
  }

  function urlOf({ path, query = {} }: ApiRequest): string {
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return settings.url + path + (given.length === 0 ? "" : `?${new URLSearchParams(given)}`);
  }

  function limited(write: boolean): Limit | null {
    return makeLimit({ timeoutMs: settings.timeoutMs, graceMs: write ? settings.graceMs : 0, stop: context.signal });
  }

  /** A platform in debug mode, or a proxy, may echo the request. */
  function redact(text: string): string {
    return text.replaceAll(settings.key, "[key]");
  }

  return { settings, send, retried, raw, headers, limited, failed, nowMs: context.clock.nowMs };
}

export type Http = ReturnType<typeof makeHttp>;

function nameOf({ method, path }: ApiRequest): string {
  return `${method} ${path}`;
}

function unavailable(name: string, verdict: Unusable, last: { attempt: number; requestId: string }): Failure {
  const wait = verdict.kind === "wait" ? `, asking to wait ${Math.ceil(verdict.askedMs / 1000)} s` : "";
  const attempts = last.attempt === 1 ? "1 attempt" : `${last.attempt} attempts`;
  return new Failure("unavailable", `${name}: no usable answer in ${attempts}; the last: ${verdict.describe}${wait}.`, {
    code: isOwnError(verdict) ? "platform_error" : "platform_unavailable",
    subject: "LARAVEL_API_URL",
    hint: `Is the platform up, and is LARAVEL_API_URL its API's base URL? The last attempt's X-Request-Id is ${last.requestId}.`,
    retryable: true,
    cause: verdict.kind === "retry" ? verdict.cause : undefined,
  });
}

/** A 500 is the application's answer to this very request; 502 and 504 are a proxy's word that there is no application. */
function isOwnError(verdict: Unusable): boolean {
  return verdict.kind === "retry" && verdict.status === 500;
}

function interrupted(name: string, reason: string): Failure {
  return new Failure("unavailable", `${name}: the run was stopped before the platform answered (${reason}).`, {
    code: "interrupted",
    retryable: true,
  });
}

/** ofetch's own error holds the request's headers, and with them the key: only what it wraps is kept. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.name === "FetchError"
    ? (error.cause ?? new Error("the request failed"))
    : error;
}

export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined; // HTML of a proxy, an empty body, a cut one: the status decides
  }
}

function kindOfBody({ headers }: Response, body: Uint8Array | "tooLarge"): string {
  if (body.length === 0) return "an empty body";
  return headers.get("content-type")?.split(";")[0] ?? "no content type";
}
