import type { EmbeddedJournal } from "./embedded.ts";
import { type Fault, makeFaults, readFault } from "./serve/faults.ts";
import { htmlPage, problem, type Reply, reply, usual } from "./serve/replies.ts";
import { makeRoutes, type Route } from "./serve/routes.ts";
import { makeSignedLinks } from "./serve/signed-links.ts";

/**
 * A development platform: the embedded journal behind HTTP, by the contract, with Laravel's bodies. For tests and people;
 * it is not in the executable.
 */
export interface PlatformSettings {
  journal: EmbeddedJournal;
  key: string;
  /** Of the key; `*` is all. */
  abilities?: readonly string[];
  /** 0, the default: any free one. */
  port?: number;
  faults?: readonly Fault[];
  ratePerMinute?: number;
  /** PHP's post_max_size. */
  bodyBytesMax?: number;
  nowMs?: () => number;
  /** Called when a request was answered, with the answer as it was before a fault; null: a fault came before it. */
  onRequest?: (request: ReceivedRequest, answer: GivenAnswer | null) => void;
}

export interface GivenAnswer {
  status: number;
  headers: Headers;
  body: Reply["body"];
}

/** A request as it came, for tests to look at. */
export interface ReceivedRequest {
  method: string;
  /** Below the base URL. */
  path: string;
  query: string;
  headers: Headers;
  body: string;
  /** Of the answer; null: the connection was cut. */
  status: number | null;
}

export interface Platform {
  /** The base URL: `http://127.0.0.1:8787/api/internal`. */
  url: string;
  port: number;
  requests: ReceivedRequest[];
  addFault: (fault: Fault) => void;
  clearFaults: () => void;
  stop: () => Promise<void>;
}

const basePath = "/api/internal";
const windowMs = 60_000;
/** Of a long-running development platform: the oldest are forgotten. */
const requestsKept = 10_000;

export function servePlatform(settings: PlatformSettings): Platform {
  const { journal, key, abilities = ["*"], port = 0, ratePerMinute = 600, bodyBytesMax = 8_388_608 } = settings;
  const nowMs = settings.nowMs ?? Date.now;
  const faults = makeFaults(nowMs);
  for (const fault of settings.faults ?? []) faults.add(fault);
  const links = makeSignedLinks(() => platform.url, nowMs);
  const routes = makeRoutes({ journal, links, nowMs, ratePerMinute, keyName: "development", abilities });
  const takeTurn = makeRateLimit(ratePerMinute, nowMs);

  async function answer(request: Request, path: string, body: string): Promise<Reply> {
    const { method, headers } = request;
    if (Buffer.byteLength(body) > bodyBytesMax) return usual(413);
    const matching = routes.map((route) => ({ route, ids: match(route.path, path) })).filter(({ ids }) => ids !== null);
    if (matching.length === 0) return usual(404);
    const found = matching.find(({ route }) => route.method === method);
    if (found === undefined) return wrongMethod(method, matching);
    if (headers.get("authorization") !== `Bearer ${key}`) return usual(401);
    const turn = takeTurn();
    if (!turn.allowed) return problem(429, "Too Many Attempts.", turn.headers);
    const { ability, answer: answerRoute } = found.route;
    const result =
      ability !== null && !abilities.includes("*") && !abilities.includes(ability)
        ? problem(403, `This API key lacks the ${ability} ability.`)
        : await answerRoute({
            url: new URL(request.url),
            headers,
            ids: found.ids ?? [],
            body: fieldsOf(headers, body),
          });
    return { ...result, headers: { ...turn.headers, ...result.headers } };
  }

  async function handle(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname === "/__faults") return toResponse(await changeFaults(request), null);
    const requestId = request.headers.get("x-request-id") ?? crypto.randomUUID();
    const inside = url.pathname.startsWith(`${basePath}/`);
    const path = inside ? url.pathname.slice(basePath.length) : url.pathname;
    const body = await request.text();
    const fault = inside ? faults.take(request.method, path) : null;
    const received: ReceivedRequest = {
      method: request.method,
      path,
      query: url.search,
      headers: request.headers,
      body,
      status: null,
    };
    platform.requests.push(received);
    if (platform.requests.length > requestsKept) platform.requests.shift();
    if (fault?.delayMs !== undefined) await Bun.sleep(fault.delayMs);
    const real = fault === null || goesThrough(fault) ? await answer(request, inside ? path : "", body) : null;
    const given = fault === null ? real : applied(fault, real);
    received.status = given?.status ?? null;
    settings.onRequest?.(received, real === null ? null : { ...real, headers: headersOf(real, requestId) });
    if (given === null) return cutConnection();
    return toResponse(given, requestId);
  }

  async function changeFaults(request: Request): Promise<Reply> {
    if (request.method === "DELETE") faults.clear();
    if (request.method === "POST") {
      try {
        const given: unknown = await request.json();
        for (const fault of (Array.isArray(given) ? given : [given]).map(readFault)) faults.add(fault);
      } catch (error) {
        return reply(422, { message: error instanceof Error ? error.message : String(error) });
      }
    }
    return reply(200, { data: faults.list() });
  }

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port,
    maxRequestBodySize: 128 * 1024 * 1024,
    idleTimeout: 0,
    fetch: handle,
    error: () => toResponse(usual(500), null),
  });
  const platform: Platform = {
    url: `http://127.0.0.1:${server.port}${basePath}`,
    port: server.port ?? port,
    requests: [],
    addFault: (fault) => faults.add(readFault(fault)),
    clearFaults: () => faults.clear(),
    stop: () => server.stop(true),
  };
  return platform;
}

/** Is the request processed, whatever then becomes of its answer? */
function goesThrough(fault: Fault): boolean {
  if (fault.after === true || fault.answer === "truncated") return true;
  return fault.status === undefined && fault.answer === undefined && fault.redirect === undefined; // a delay alone
}

/** Null: the connection is cut. */
function applied(fault: Fault, real: Reply | null): Reply | null {
  if (fault.answer === "cut") return null;
  if (fault.redirect !== undefined) {
    return { status: fault.status ?? 302, headers: { Location: fault.redirect, ...fault.headers }, body: "" };
  }
  if (fault.answer !== undefined) return brokenBody(fault, real);
  if (fault.status === undefined) return real;
  const { headers, body } = usual(fault.status);
  return { status: fault.status, headers: { ...headers, ...fault.headers }, body: fault.body ?? body };
}

function brokenBody({ answer, status = 200, headers = {} }: Fault, real: Reply | null): Reply {
  if (answer === "html") return { status, headers: { "Content-Type": "text/html", ...headers }, body: htmlPage };
  const whole = answer === "truncated" ? (real?.body ?? "") : "";
  const body = whole.slice(0, Math.floor(whole.length / 2));
  return { status, headers: { "Content-Type": "application/json", ...headers }, body };
}

function toResponse(given: Reply, requestId: string | null): Response {
  return new Response(given.body, { status: given.status, headers: headersOf(given, requestId) });
}

function headersOf({ headers }: Reply, requestId: string | null): Headers {
  const all = new Headers({ "Cache-Control": "no-cache, private", ...headers });
  if (requestId !== null) all.set("X-Request-Id", requestId);
  return all;
}

/** A body that fails at once closes the socket before a byte of the answer was sent. */
function cutConnection(): Response {
  return new Response(new ReadableStream({ start: (controller) => controller.error(undefined) }));
}

/** PHP reads fields from plain JSON alone. */
function fieldsOf(headers: Headers, body: string): string {
  const isJson = /^application\/json\b/i.test(headers.get("content-type") ?? "");
  return isJson && headers.get("content-encoding") === null ? body : "";
}

/** The identifiers that stand for `*`; null: another path. */
function match(pattern: string, path: string): string[] | null {
  const expected = pattern.split("/");
  const given = path.split("/");
  if (expected.length !== given.length) return null;
  const ids: string[] = [];
  for (const [index, part] of expected.entries()) {
    const segment = given[index] ?? "";
    if (part === "*" && segment !== "") ids.push(decodeURIComponent(segment));
    else if (part !== segment) return null;
  }
  return ids;
}

function wrongMethod(method: string, matching: { route: Route }[]): Reply {
  const allowed = matching.map(({ route }) => route.method).join(", ");
  const message = `The ${method} method is not supported for this route. Supported methods: ${allowed}.`;
  return problem(405, message, { Allow: allowed });
}

/** A fixed window a minute, from the first request in it, as Laravel's `throttle` counts. */
function makeRateLimit(ratePerMinute: number, nowMs: () => number) {
  let endsMs = 0;
  let used = 0;
  return (): { allowed: boolean; headers: Record<string, string> } => {
    if (nowMs() >= endsMs) {
      endsMs = nowMs() + windowMs;
      used = 0;
    }
    const allowed = used < ratePerMinute;
    if (allowed) used++;
    const headers: Record<string, string> = {
      "X-RateLimit-Limit": String(ratePerMinute),
      "X-RateLimit-Remaining": String(ratePerMinute - used),
    };
    if (!allowed) {
      headers["Retry-After"] = String(Math.ceil((endsMs - nowMs()) / 1000));
      headers["X-RateLimit-Reset"] = String(Math.ceil(endsMs / 1000));
    }
    return { allowed, headers };
  };
}
