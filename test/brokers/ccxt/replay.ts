import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { AccountWarning } from "../../../src/brokers/broker.ts";
import { findBroker } from "../../../src/brokers/index.ts";
import { openRateBudget } from "../../../src/brokers/rate-budget.ts";
import type { Clock, Context, Fetch } from "../../../src/context.ts";
import { formatDecimal } from "../../../src/executions/decimal.ts";
import type { Execution, Market } from "../../../src/executions/execution.ts";
import { recordingLog } from "../../delivery/recording-log.ts";

/** Bodies as exchanges answer them, a file a case; beside each the executions that they must give. */
export const fixtures = join(import.meta.dir, "../../../fixtures/exchanges");

export interface Case {
  broker: string;
  name: string;
  path: string;
  /** What was expected is there. */
  expected: string;
}

export function cases(): Case[] {
  return readdirSync(fixtures).flatMap((broker) =>
    readdirSync(join(fixtures, broker))
      .filter((file) => file.endsWith(".json") && !file.endsWith(".expected.json"))
      .map((file) => {
        const path = join(fixtures, broker, file);
        return { broker, name: file.slice(0, -".json".length), path, expected: path.replace(/json$/, "expected.json") };
      }),
  );
}

export interface Recording {
  now: string;
  importFrom: string;
  markets: Market[];
  credentials?: { apiKey: string; apiSecret: string; passphrase?: string };
  replies: Reply[];
}

export interface Reply {
  path: string;
  /** Parameters that have to be so, of the address or of the body. */
  where?: Record<string, string>;
  body: unknown;
  status?: number;
}

export interface Replayed {
  executions: Execution[];
  warnings: AccountWarning[];
  cursor: unknown;
  requests: string[];
}

/** Reads an account from recorded bodies; a request that none answers is an error of the test. */
export async function replay(
  broker: string,
  recording: Recording,
  dataDir: string,
  cursor: unknown = null,
): Promise<Replayed> {
  const listed = findBroker(broker);
  if (listed === null) throw new Error(`there is no broker ${broker}`);
  let nowMs = Date.parse(recording.now);
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: (ms) => {
      nowMs += ms;
      return Promise.resolve();
    },
  };
  const requests: string[] = [];
  const unanswered: string[] = [];
  const fetch: Fetch = (input, init) => {
    const url = new URL(String(input));
    const parameters = parametersOf(url, init?.body);
    requests.push(url.pathname);
    const time = timeOf(`${url.pathname} ${parameters.get("type") ?? ""}`.trim(), nowMs);
    if (time !== null) return Promise.resolve(Response.json(time));
    const reply = recording.replies.find(
      ({ path, where = {} }) =>
        path === url.pathname && Object.entries(where).every(([name, value]) => parameters.get(name) === value),
    );
    if (reply === undefined)
      unanswered.push(`${url.pathname} ${[...parameters].map((pair) => pair.join("=")).join(" ")}`);
    const { body, status = 200 } = reply ?? { body: { error: "no reply" }, status: 404 };
    return Promise.resolve(new Response(typeof body === "string" ? body : JSON.stringify(body), { status }));
  };
  const { signal } = new AbortController();
  const context = { clock, log: recordingLog(), signal, fetch, random: () => 0.5, uuid: () => "", environment: {} };
  const budget = openRateBudget(broker, listed.limits, { dataDir, clock, signal });
  const account = {
    accountId: "1",
    markets: recording.markets,
    credentials: recording.credentials ?? {
      apiKey: "the-api-key",
      apiSecret: "the-api-secret",
      passphrase: "the-passphrase",
    },
    cursor,
    importFromMs: Date.parse(recording.importFrom),
  };
  const tools = { context: context as unknown as Context, budget, cacheDir: join(dataDir, "cache"), venueUrl: null };
  const result: Replayed = { executions: [], warnings: [], cursor, requests };
  try {
    for await (const page of listed.broker.read(account, tools)) {
      result.executions.push(...page.executions);
      result.warnings.push(...(page.warnings ?? []));
      if (page.cursor !== undefined) result.cursor = JSON.parse(JSON.stringify(page.cursor));
    }
  } catch (error) {
    if (unanswered.length > 0) throw new Error(`no reply for ${unanswered.join(", ")}`, { cause: error });
    throw error;
  } finally {
    budget.close();
  }
  if (unanswered.length > 0) throw new Error(`no reply for ${unanswered.join(", ")}`);
  return result;
}

/** What each exchange answers to the question what time it is; null: it was another one. */
function timeOf(question: string, nowMs: number): unknown {
  switch (question) {
    case "/v5/market/time":
      return { retCode: 0, retMsg: "OK", result: { timeSecond: String(Math.floor(nowMs / 1_000)) }, time: nowMs };
    case "/api/v5/public/time":
      return { code: "0", msg: "", data: [{ ts: String(nowMs) }] };
    case "/0/public/Time":
      return { error: [], result: { unixtime: Math.floor(nowMs / 1_000), rfc1123: "" } };
    case "/api/v1/timestamp":
      return { code: "200000", data: nowMs };
    case "/api/v2/public/time":
      return { code: "00000", msg: "success", data: { serverTime: String(nowMs) } };
    case "/api/v4/spot/time":
      return { server_time: nowMs };
    case "/api/v3/time":
      return { serverTime: nowMs };
    case "/api/v3/brokerage/time":
      return { iso: new Date(nowMs).toISOString(), epochMillis: String(nowMs) };
    case "/info exchangeStatus":
      return { time: nowMs, specialStatuses: null };
    case "/v2/time":
      return { time: nowMs };
    case "/api/v4/public/time":
      return { time: Math.floor(nowMs / 1_000) };
    default:
      return null;
  }
}

function parametersOf(url: URL, body: unknown): Map<string, string> {
  const parameters = new Map(url.searchParams);
  if (typeof body !== "string" || body === "") return parameters;
  if (body.startsWith("{")) {
    for (const [name, value] of Object.entries(JSON.parse(body) as object)) parameters.set(name, String(value));
  } else for (const [name, value] of new URLSearchParams(body)) parameters.set(name, value);
  return parameters;
}

/** As text, for people to read: without what is not known. */
export function shown(execution: Execution): Record<string, unknown> {
  const entries = Object.entries(execution).filter(([, value]) => value !== null);
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (typeof value === "bigint") return [name, formatDecimal(value)];
      return name === "executedAtMs" ? ["executedAt", new Date(value as number).toISOString()] : [name, value];
    }),
  );
}

export async function goldenOf(fixture: Case, dataDir: string): Promise<string> {
  const recording = (await Bun.file(fixture.path).json()) as Recording;
  const { executions, warnings } = await replay(fixture.broker, recording, dataDir);
  return `${JSON.stringify({ executions: executions.map(shown), warnings }, null, 2)}\n`;
}
