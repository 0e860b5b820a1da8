import type { Errors } from "../embedded/rules.ts";

/** An answer before it becomes a Response, so that faults can take its place or cut it. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array<ArrayBuffer>;
}

export function reply(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return { status, headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) };
}

/** As Laravel's exception handler writes it: indented. */
export function problem(status: number, message: string, headers: Record<string, string> = {}): Reply {
  const body = JSON.stringify({ message }, null, 4);
  return { status, headers: { "Content-Type": "application/json", ...headers }, body };
}

export function invalid(errors: Errors, message = "The given data was invalid."): Reply {
  return reply(422, Object.keys(errors).length === 0 ? { message } : { message, errors });
}

export function conflict(message: string, code: string, data: object): Reply {
  return reply(409, { message, code, data });
}

export function noModel(model: string, id: string | number): Reply {
  return problem(404, `No query results for model [App\\Models\\${model}] ${id}`);
}

const messages: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthenticated.",
  403: "This action is unauthorized.",
  404: "",
  413: "",
  419: "CSRF token mismatch.",
  429: "Too Many Attempts.",
  500: "Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** Laravel's own answer of a status. */
export function usual(status: number): Reply {
  return problem(status, messages[status] ?? "");
}

export const htmlPage =
  "<html><head><title>An error occurred</title></head><body><h1>An error occurred</h1></body></html>";
