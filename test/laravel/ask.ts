import type { Fetch } from "../../src/context.ts";
import { makeWatch, watchedFetch } from "../contract/watch.ts";
import type { Laravel } from "./instance.ts";

export interface Answer {
  status: number;
  headers: Headers;
  /** What the JSON says, or the text when it is none. */
  body: unknown;
}

export interface Asked {
  method?: string;
  headers?: Record<string, string | null>;
  /** Text as it is, anything else as JSON. */
  body?: unknown;
}

/**
 * One request as curl would send it: no retries, no shapes. A header of null is left out.
 * @throws {Error} the answer is not by the contract, or something that is not was taken
 */
export async function ask(platform: Laravel, path: string, asked: Asked = {}): Promise<Answer> {
  const { body, method = body === undefined ? "GET" : "POST" } = asked;
  const headers = new Headers({ Accept: "application/json", Authorization: `Bearer ${platform.key}` });
  if (body !== undefined) headers.set("Content-Type", "application/json");
  for (const [name, value] of Object.entries(asked.headers ?? {})) {
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
  const watch = makeWatch({ onPurpose: true });
  const watched = watchedFetch(fetch as Fetch, platform.url, watch);
  const response = await watched(path.startsWith("http") ? path : platform.url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    redirect: "manual",
  });
  watch.verify();
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

let keys = 0;

/** POST of a batch, under a key of its own unless one is given. */
export function post(body: unknown, idempotencyKey = `key-of-http-test-${++keys}`): Asked {
  return { method: "POST", body, headers: { "Idempotency-Key": idempotencyKey } };
}

/** A member of an answer: `at(body, "data", 0, "account_id")`; undefined where there is none. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null ? (inner as Record<string | number, unknown>)[key] : undefined,
    value,
  );
}

export function textAt(value: unknown, ...path: (string | number)[]): string {
  const found = at(value, ...path);
  if (typeof found !== "string") throw new Error(`no text at ${path.join(".")} of ${JSON.stringify(value)}`);
  return found;
}

export function errorKeys({ body }: Answer): string[] {
  return Object.keys((at(body, "errors") as object | undefined) ?? {});
}
