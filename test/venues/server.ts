import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { VenueClock } from "./clock.ts";
import { createFaults, type Fault, type Faults } from "./faults.ts";
import { toJson } from "./json.ts";
import { createRequestLog, type RequestLog } from "./request-log.ts";

/** A request in the bytes that came: signatures are made over these. */
export interface VenueRequest {
  method: string;
  path: string;
  /** Behind the question mark, still encoded; empty without one. */
  query: string;
  body: string;
  header: (name: string) => string | null;
  ip: string;
}

export interface VenueAnswer {
  status: number;
  /** Text is sent as it is, anything else as JSON. */
  body: unknown;
  headers?: Record<string, string>;
  /** For the log. */
  apiKey?: string | null;
  accountId?: string | null;
  weight?: number;
  uidWeight?: number;
}

/** What a venue is to the server: its answers, and the forms of its errors for faults. */
export interface VenueApi {
  answer: (request: VenueRequest) => VenueAnswer;
  /** Which account a request is from, for faults of one account; null: none. */
  apiKeyOf: (request: VenueRequest) => string | null;
  error: (fault: { code: number | string; message: string; status?: number }) => VenueAnswer;
  maintenance: (request: VenueRequest) => VenueAnswer;
  rateLimited: (retryAfterSeconds: number) => VenueAnswer;
  ban: (ip: string, path: string, forMs: number) => void;
}

export interface VenueServer {
  /** `http://127.0.0.1:PORT` */
  url: string;
  log: RequestLog;
  faults: Faults;
  /** TCP connections opened so far. */
  connections: () => number;
  stop: () => Promise<void>;
}

export interface ServeOptions {
  api: VenueApi;
  clock: VenueClock;
  port?: number;
  /** Answers below `/_venue/`: a test in another process steers the venue there. */
  control?: (request: VenueRequest) => VenueAnswer | Promise<VenueAnswer>;
}

const bodyBytesMax = 1_048_576;
const controlPrefix = "/_venue/";

/**
 * Loopback only. Node's server rather than Bun's: it gives the raw address line, and it can cut a connection in the middle of a body of
 * announced length.
 */
export async function serveVenue(options: ServeOptions): Promise<VenueServer> {
  const log = createRequestLog();
  const faults = createFaults();
  let connections = 0;
  const server = createServer((incoming, response) => {
    handle({ ...options, log, faults }, incoming, response).catch((error: unknown) => {
      // A bug of the venue must not look like a fault that a test asked for.
      response.writeHead(599, { "content-type": "text/plain" });
      response.end(`venue: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    });
  });
  server.keepAliveTimeout = 65_000;
  server.on("connection", () => {
    connections++;
  });
  const port = await listen(server, options.port ?? 0);
  return {
    url: `http://127.0.0.1:${port}`,
    log,
    faults,
    connections: () => connections,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("the venue has no port"));
      else resolve(address.port);
    });
  });
}

interface Handling extends ServeOptions {
  log: RequestLog;
  faults: Faults;
}

async function handle(handling: Handling, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const request = await readRequest(incoming);
  if (request.path.startsWith(controlPrefix) && handling.control !== undefined) {
    send(response, await handling.control(request), handling.clock);
    return;
  }
  const apiKey = handling.api.apiKeyOf(request);
  const fault = handling.faults.take({ path: request.path, method: request.method, apiKey });
  const answer = fault === undefined ? handling.api.answer(request) : answerFault(handling, request, fault);
  const cut = fault !== undefined && ["hang", "reset", "reset-after"].includes(fault.kind);
  handling.log.add({
    atMs: handling.clock.nowMs(),
    method: request.method,
    path: request.path,
    parameters: parametersOf(request),
    apiKey,
    accountId: answer.accountId ?? null,
    weight: answer.weight ?? 0,
    uidWeight: answer.uidWeight ?? 0,
    status: cut ? 0 : answer.status,
    ip: request.ip,
    fault: fault?.kind ?? null,
  });
  if (fault?.kind === "delay") await Bun.sleep(fault.ms);
  if (fault?.kind === "gate") await fault.until;
  if (fault === undefined || !breakOff(response, answer, fault, handling.clock)) send(response, answer, handling.clock);
}

async function readRequest(incoming: IncomingMessage): Promise<VenueRequest> {
  const url = incoming.url ?? "/";
  const mark = url.indexOf("?");
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > bodyBytesMax) throw new Error("the request is too long");
    chunks.push(part);
  }
  return {
    method: incoming.method ?? "GET",
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? "" : url.slice(mark + 1),
    body: Buffer.concat(chunks).toString("utf8"),
    header: (name) => {
      const value = incoming.headers[name.toLowerCase()];
      return Array.isArray(value) ? (value[0] ?? null) : (value ?? null);
    },
    ip: (incoming.socket.remoteAddress ?? "127.0.0.1").replace(/^::ffff:/, ""),
  };
}

function parametersOf(request: VenueRequest): Record<string, string> {
  const parameters = Object.fromEntries(new URLSearchParams(request.query));
  delete parameters.signature;
  return parameters;
}

/** Faults that replace the answer; the others are made of the real one, which is counted. */
function answerFault({ api, clock }: Handling, request: VenueRequest, fault: Fault): VenueAnswer {
  const nothing = { status: 0, body: "" };
  switch (fault.kind) {
    case "status":
      return { status: fault.status, body: fault.body ?? "", ...(fault.headers && { headers: fault.headers }) };
    case "error":
      return api.error(fault);
    case "html":
      return { status: fault.status ?? 502, body: htmlPage, headers: { "content-type": "text/html" } };
    case "maintenance":
      return api.maintenance(request);
    case "rate-limited":
      return api.rateLimited(fault.retryAfterSeconds ?? 60 - (Math.floor(clock.nowMs() / 1_000) % 60));
    case "banned":
      api.ban(request.ip, request.path, fault.forMs);
      return api.answer(request);
    case "empty":
      return { status: 200, body: "" };
    case "redirect":
      return { status: 302, body: "", headers: { location: fault.to } };
    case "hang":
    case "reset":
      return nothing;
    default:
      return api.answer(request);
  }
}

const htmlPage =
  "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

/** True: the connection is dealt with, nothing more is sent. */
function breakOff(response: ServerResponse, answer: VenueAnswer, fault: Fault, clock: VenueClock): boolean {
  const text = textOf(answer);
  const half = text.slice(0, Math.floor(text.length / 2));
  switch (fault.kind) {
    case "hang":
      return true;
    case "reset":
    case "reset-after":
      response.socket?.resetAndDestroy();
      return true;
    case "hang-body":
    case "half-body":
      response.writeHead(answer.status, {
        ...headersOf(answer, clock),
        "content-length": String(Buffer.byteLength(text)),
      });
      response.write(half, () => {
        if (fault.kind === "half-body") response.socket?.destroy();
      });
      return true;
    case "cut-json":
      send(response, { ...answer, body: half }, clock);
      return true;
    default:
      return false;
  }
}

function textOf(answer: VenueAnswer): string {
  return typeof answer.body === "string" ? answer.body : toJson(answer.body);
}

function headersOf(answer: VenueAnswer, clock: VenueClock): Record<string, string> {
  return {
    "content-type": "application/json;charset=UTF-8",
    date: new Date(clock.nowMs()).toUTCString(),
    ...answer.headers,
  };
}

function send(response: ServerResponse, answer: VenueAnswer, clock: VenueClock): void {
  const text = textOf(answer);
  response.writeHead(answer.status, { ...headersOf(answer, clock), "content-length": String(Buffer.byteLength(text)) });
  response.end(text);
}
