import type { Context } from "../context.ts";
import { Failure } from "../errors.ts";
import { closedTradePages } from "./closed-trades.ts";
import { openDownload } from "./download.ts";
import { batchBytesMax, contractVersion } from "./fields.ts";
import { type ApiAnswer, type ApiRequest, makeHttp } from "./http.ts";
import type { Journal } from "./journal.ts";
import { compilesToMachineCode } from "./machine-code.ts";
import { batchOutcome, statisticsOutcome, statusOutcome, taken } from "./outcomes.ts";
import { pages } from "./pages.ts";
import { checked, readAccount, readAccountTrade, readExecution, readStoredTrade, readUser } from "./read.ts";
import { statisticsJson } from "./statistics-json.ts";
import { formatTimestamp } from "./timestamp.ts";
import { TradePageReaders } from "./trade-page.ts";
import { cycleStoredShape, fileStoredShape, type Id, type Ping, pingAnswerShape } from "./wire.ts";

export interface LaravelSettings {
  /** `https://app.example.com/api/internal` */
  url: string;
  key: string;
  /** `X-Worker-Id`: name@host:pid, at most 128 characters. */
  workerId: string;
  /** MAX_RETRIES: attempts after the first that fail without an answer. */
  retriesMax: number;
  /** RETRY_BACKOFF_BASE: the first retry comes within so many seconds, each further one within twice as many. */
  backoffBaseSeconds: number;
  /** Of one attempt, its body included; of a file, between two parts. */
  timeoutMs?: number;
  /** What one request may wait in total because the platform said so (429, 503, 409): above it, it is not available. */
  waitMsMax?: number;
  /** How long a write that is on its way may go on once the run was told to stop. */
  graceMs?: number;
  /** Of one answer. A page of 100 trades can hold 6.5 MB of states. */
  bodyBytesMax?: number;
}

const defaults = { timeoutMs: 30_000, waitMsMax: 300_000, graceMs: 10_000, bodyBytesMax: 32 * 1024 * 1024 };

/** The largest pages that the contract allows: each one costs the platform's rate limit one request. */
const perPage = {
  accounts: "500",
  accountTrades: "100",
  executions: "1000",
  users: "500",
  userTrades: "1000",
} as const;

/** The platform over HTTP. @throws {Failure} settings: the URL or the key cannot be used */
export function openLaravelJournal(settings: LaravelSettings, context: Context): Journal {
  const url = checkedUrl(settings.url, context);
  checkKey(settings.key);
  const http = makeHttp({ ...defaults, ...settings, url }, context);
  // Without machine code `JSON.parse`, which is native, is quicker on long pages of one user than reading byte by byte.
  const readers = compilesToMachineCode() ? new TradePageReaders() : null;
  const list = <T>(
    path: string,
    query: ApiRequest["query"],
    perPageText: string,
    read: PageReader<T>,
    idOf: (item: T) => Id,
  ) => pages({ path, query: { per_page: perPageText, ...query }, read, idOf, gone: goneOf(path) }, http);

  /** POST, PATCH and PUT of a JSON body. */
  const write = (method: ApiRequest["method"], path: string, body: unknown) =>
    http.send({ method, path, body: JSON.stringify(body) });

  return {
    name: url,
    ping: async () => readPing(await http.send({ method: "GET", path: "/ping" })),
    accounts: (filter = {}) =>
      list(
        "/accounts",
        {
          broker: filter.broker,
          user_id: textOf(filter.userId),
          include: filter.includeAuthFailed ? "all" : undefined,
        },
        perPage.accounts,
        readAccount,
        (account) => account.account_id,
      ),
    setImportStatus: async (accountId, patch) => {
      const path = `/accounts/${segment(accountId)}/import-status`;
      return statusOutcome(await write("PATCH", path, patch), patch, `PATCH ${path}`);
    },
    accountTrades: (accountId, filter = {}) =>
      list(
        `/accounts/${segment(accountId)}/trades`,
        { status: filter.status, market: filter.market, symbol: filter.symbol },
        perPage.accountTrades,
        readAccountTrade,
        (trade) => trade.trade_id,
      ),
    executions: (accountId, filter = {}) =>
      list(
        `/accounts/${segment(accountId)}/executions`,
        { market: filter.market, symbol: filter.symbol, executed_since: timeText(filter.executedSinceMs) },
        perPage.executions,
        readExecution,
        (execution) => execution.external_id,
      ),
    postBatch: async (batch) => {
      if (Buffer.byteLength(batch.body) >= batchBytesMax) return { kind: "tooLarge" };
      const path = `/accounts/${segment(batch.accountId)}/trades`;
      const answer = await http.send({ method: "POST", path, body: batch.body, idempotencyKey: batch.key });
      return batchOutcome(answer, batch, `POST ${path}`);
    },
    openFile: (file) => openDownload(file, http),
    postFileResult: async (accountId, fileId, result) => {
      const path = `/accounts/${segment(accountId)}/files/${segment(fileId)}/result`;
      const answer = await write("POST", path, result);
      if (answer.status === 404) return "gone";
      checked(fileStoredShape, taken(answer, `POST ${path}`), `POST ${path}`);
      return "stored";
    },
    users: (filter = {}) =>
      list(
        "/users",
        { stale: filter.stale ? "1" : undefined, changed_since: timeText(filter.changedSinceMs) },
        perPage.users,
        readUser,
        (user) => user.user_id,
      ),
    userTrades: (userId, filter = {}) =>
      list(
        `/users/${segment(userId)}/trades`,
        {
          status: filter.status,
          account_id: textOf(filter.accountId),
          closed_since: timeText(filter.closedSinceMs),
          closed_before: timeText(filter.closedBeforeMs),
        },
        perPage.userTrades,
        readStoredTrade,
        (trade) => trade.trade_id,
      ),
    closedTrades: (userId) => {
      const path = `/users/${segment(userId)}/trades`;
      const query = { per_page: perPage.userTrades, status: "closed" };
      return closedTradePages({ path, query, gone: goneOf(path) }, http, readers);
    },
    putStatistics: async (userId, statistics) => {
      const path = `/users/${segment(userId)}/statistics`;
      return statisticsOutcome(
        await http.send({ method: "PUT", path, body: statisticsJson(statistics) }),
        `PUT ${path}`,
      );
    },
    postCycleReport: async (report) => {
      const answer = await write("POST", "/cycles", report);
      return checked(cycleStoredShape, taken(answer, "POST /cycles"), "POST /cycles").data.status;
    },
    close: () => undefined,
  };
}

type PageReader<T> = (value: unknown, where: string) => T;

function checkedUrl(text: string, context: Context): string {
  const wrong = (what: string): Failure =>
    new Failure("settings", `LARAVEL_API_URL ${what}.`, {
      subject: "LARAVEL_API_URL",
      hint: "It is the API's base URL, like https://app.example.com/api/internal.",
    });
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) throw wrong("is no http or https URL");
  if (url.username !== "" || url.password !== "") throw wrong("must not hold a user name or a password");
  if (url.search !== "" || url.hash !== "") throw wrong("must not have a query or a fragment");
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    context.log.warning("platform_unencrypted", { url: url.origin, hint: "Use https: the API key is sent as it is." });
  }
  return url.origin + url.pathname.replace(/\/+$/, "");
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" || /^127\./.test(hostname);
}

function checkKey(key: string): void {
  if (/^[\x21-\x7e]+$/.test(key)) return;
  throw new Failure("settings", "LARAVEL_API_KEY is empty or has characters that a header cannot carry.", {
    subject: "LARAVEL_API_KEY",
    hint: "Copy the key as the platform showed it, without blanks or line ends.",
  });
}

function segment(id: Id): string {
  return encodeURIComponent(String(id));
}

function textOf(id: Id | undefined): string | undefined {
  return id === undefined ? undefined : String(id);
}

function timeText(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : formatTimestamp(ms);
}

/** What a 404 of a list means: `account 7` is gone, or the base URL is wrong. */
function goneOf(path: string): string | null {
  const [, kind, id] = path.split("/");
  return id === undefined ? null : `${kind === "users" ? "user" : "account"} ${decodeURIComponent(id)}`;
}

function readPing(answer: ApiAnswer): Ping {
  if (answer.status === 404) {
    throw new Failure("settings", `There is no API of the platform at LARAVEL_API_URL: GET /ping is 404.`, {
      code: "platform_wrong_url",
      subject: "LARAVEL_API_URL",
      hint: "It is the API's base URL, like https://app.example.com/api/internal.",
    });
  }
  const json = taken(answer, "GET /ping");
  const version = versionOf(json);
  if (version !== null && version.split(".")[0] !== contractVersion.split(".")[0]) {
    throw new Failure(
      "settings",
      `The platform speaks version ${version.slice(0, 32)} of the API, this program ${contractVersion}.`,
      {
        code: "platform_contract_version",
        subject: "LARAVEL_API_URL",
        hint: "Install the version of ami-workers that fits the platform.",
      },
    );
  }
  return checked(pingAnswerShape, json, "GET /ping").data;
}

/** Looked at before the rest: another version may have another shape. */
function versionOf(json: unknown): string | null {
  const data = typeof json === "object" && json !== null && "data" in json ? json.data : null;
  if (typeof data !== "object" || data === null || !("contract_version" in data)) return null;
  return typeof data.contract_version === "string" ? data.contract_version : null;
}
