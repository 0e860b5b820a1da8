import "../../jitless.ts";
import { type Type, type } from "arktype";
import type { Failure } from "../../errors.ts";
import { fetchText, NoAnswer, requestMsMax, TooLarge } from "../bounded-fetch.ts";
import type { BrokerErrorCode, BrokerTools } from "../broker.ts";
import { failure } from "../broker-failure.ts";
import { atVenue } from "../venue-url.ts";
import type { Endpoint } from "./endpoints.ts";
import { parseJson } from "./json.ts";

const bytesMax = 16_000_000;
const triesMax = 4;
const backoffMs = 1_000;
/** Answers of "not yet" to one request: MetaApi loads a terminal's history when it is first asked for. */
const pollsMax = 12;
const pollMsMin = 1_000;
const pollMsDefault = 5_000;
/** A longer wait is the next cycle's. */
const waitMsMax = 60_000;
const messageCharactersMax = 300;

const ErrorBody = type({ "error?": "string", "message?": "string", "metadata?": "unknown" });
const RetryMetadata = type({ recommendedRetryTime: "string" });

interface Answer {
  status: number;
  headers: Headers;
  /** Undefined: it is no JSON. */
  value: unknown;
}

/** Requests to MetaApi with an account's token. */
export class MetaApiClient {
  readonly #token: string;
  readonly #accountId: string;
  readonly #tools: BrokerTools;
  /** The venue's time less this machine's, by the `Date` of its last answer; it has whole seconds. */
  #clockOffsetMs = 0;

  constructor({ token, accountId, tools }: { token: string; accountId: string; tools: BrokerTools }) {
    this.#token = token;
    this.#accountId = accountId;
    this.#tools = tools;
  }

  get tools(): BrokerTools {
    return this.#tools;
  }

  nowMs(): number {
    return this.#tools.context.clock.nowMs() + this.#clockOffsetMs;
  }

  /** @throws {Failure} with one of `brokerErrorCodes` */
  async get<T>(endpoint: Endpoint, shape: Type<T>): Promise<T> {
    const result: unknown = shape(await this.#request(endpoint));
    if (!(result instanceof type.errors)) return result as T;
    const summary = result.summary.slice(0, messageCharactersMax);
    throw failure("broker_answer", `MetaApi answered in another form than expected to ${endpoint.what}: ${summary}`, {
      hint: "Report this: MetaApi has changed what it answers.",
    });
  }

  async #request(endpoint: Endpoint): Promise<unknown> {
    const { budget, context } = this.#tools;
    let polls = 0;
    for (let attempt = 1; ; ) {
      await budget.take(endpoint.credits, this.#accountId);
      const answer = await this.#send(endpoint);
      if (answer instanceof NoAnswer) {
        const code = answer.isTimeout ? "timeout" : "broker_unavailable";
        await this.#waitOrGiveUp(attempt++, code, answer.message, endpoint);
      } else if (answer.status === 202 || isSynchronising(answer)) {
        if (++polls > pollsMax) throw notReady(endpoint);
        await this.#sleep(Math.min(waitMsMax, Math.max(pollMsMin, this.#retryInMs(answer) ?? pollMsDefault)));
      } else if (answer.status >= 200 && answer.status < 300 && answer.value !== undefined) {
        return answer.value;
      } else if (answer.status === 429) {
        const waitMs = Math.max(pollMsMin, this.#retryInMs(answer) ?? backoffMs * 2 ** attempt);
        context.log.warning("rate_limited", { broker: "metaapi", what: endpoint.what, wait_ms: waitMs });
        if (attempt++ >= triesMax || waitMs > waitMsMax) throw rateLimited(endpoint, answer);
        await this.#sleep(waitMs);
      } else if (answer.status >= 500 || answer.value === undefined) {
        await this.#waitOrGiveUp(attempt++, "broker_unavailable", messageOf(answer), endpoint);
      } else throw refusal(endpoint, answer);
    }
  }

  async #send({ address, what }: Endpoint): Promise<Answer | NoAnswer> {
    const { context, venueUrl } = this.#tools;
    const headers = { accept: "application/json", "user-agent": "ami-workers", "auth-token": this.#token };
    try {
      const bounds = { bytesMax, msMax: requestMsMax };
      const { response, text } = await fetchText(atVenue(address, venueUrl), { headers }, bounds, context);
      this.#observeClock(response.headers);
      return { status: response.status, headers: response.headers, value: read(text) };
    } catch (error) {
      if (error instanceof TooLarge) throw failure("broker_answer", `MetaApi, ${what}: ${error.message}.`);
      if (error instanceof NoAnswer) return error;
      throw error;
    }
  }

  #observeClock(headers: Headers): void {
    const venueMs = Date.parse(headers.get("date") ?? "");
    if (Number.isNaN(venueMs)) return;
    const offsetMs = venueMs - this.#tools.context.clock.nowMs();
    // Within a second it says nothing: the header is cut to seconds, and the answer took its time.
    this.#clockOffsetMs = Math.abs(offsetMs) <= 2_000 ? 0 : offsetMs;
  }

  /** Null: the answer does not say. */
  #retryInMs({ headers, value }: Answer): number | null {
    const body = ErrorBody(value);
    const metadata = body instanceof type.errors ? null : RetryMetadata(body.metadata);
    if (metadata !== null && !(metadata instanceof type.errors)) {
      const atMs = Date.parse(metadata.recommendedRetryTime);
      if (!Number.isNaN(atMs)) return atMs - this.nowMs();
    }
    const after = headers.get("retry-after") ?? "";
    if (/^\d{1,6}$/.test(after)) return Number(after) * 1_000;
    const atMs = Date.parse(after);
    return Number.isNaN(atMs) ? null : atMs - this.nowMs();
  }

  async #waitOrGiveUp(attempt: number, code: BrokerErrorCode, message: string, { what }: Endpoint): Promise<void> {
    const { context } = this.#tools;
    if (attempt >= triesMax) {
      throw failure(code, `MetaApi gave no answer to ${what}: ${message}.`, {
        hint: "If this stays, look whether MetaApi shows the account as deployed and connected to its broker.",
      });
    }
    context.log.debug("request_repeated", { broker: "metaapi", what, attempt, reason: message });
    await this.#sleep(backoffMs * 2 ** (attempt - 1) * (0.5 + context.random() / 2));
  }

  async #sleep(ms: number): Promise<void> {
    const { clock, signal } = this.#tools.context;
    await clock.sleep(ms, signal);
  }
}

function read(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined; // a gateway's page, or half a body
  }
}

/** What is there may not be all: MetaApi says so of a terminal whose history it is still loading. */
function isSynchronising({ value }: Answer): boolean {
  return typeof value === "object" && value !== null && "synchronizing" in value && value.synchronizing === true;
}

/** Without numbers of eight and more digits and without ids: logins and accounts stay out of messages. */
function messageOf({ status, value }: Answer): string {
  const body = ErrorBody(value);
  const said = body instanceof type.errors ? "" : (body.message ?? body.error ?? "");
  const clean = said
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{20,}\b/gi, "…")
    .replace(/https?:\/\/\S+/g, "")
    .slice(0, messageCharactersMax)
    .trim();
  return clean === "" ? `status ${status}` : `status ${status}, ${clean.replace(/\.$/, "")}`;
}

function notReady({ what }: Endpoint): Failure {
  return failure(
    "broker_unavailable",
    `MetaApi is still loading the account's history: ${what} came back unfinished.`,
    {
      hint: "Nothing to do: a later cycle goes on from here.",
    },
  );
}

function rateLimited({ what }: Endpoint, answer: Answer): Failure {
  return failure("rate_limited", `MetaApi goes on to ask for fewer requests, at ${what}: ${messageOf(answer)}.`);
}

/** 400 to 499, but 429. */
function refusal({ what, isRegistration }: Endpoint, answer: Answer): Failure {
  const { status } = answer;
  const message = `MetaApi refused ${what}: ${messageOf(answer)}.`;
  const brokerCode = status;
  if (status === 401) {
    const hint = "Enter a token that is valid: MetaApi's tokens expire.";
    return failure("broker_auth_failed", message, { brokerCode, hint });
  }
  if (status === 403) {
    const hint =
      "Enter a token that may read this account (MetaApi, Access tokens: the account, and reader as its role).";
    return failure("permission_missing", message, { brokerCode, hint });
  }
  if (status === 404 && !isRegistration) {
    const hint = "MetaApi has not started the account's terminal yet. If this stays, deploy the account there.";
    return failure("broker_unavailable", message, { brokerCode, hint });
  }
  if (status === 404) {
    const hint = "Enter the account's id as MetaApi shows it, and a token of the same user.";
    return failure("broker_auth_failed", message, { brokerCode, hint });
  }
  return failure("broker_answer", message, { brokerCode });
}
