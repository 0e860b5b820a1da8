import type { Type } from "arktype";
import "../../jitless.ts";
import { type } from "arktype";
import { Failure } from "../../errors.ts";
import { createRedactor, type Redactor } from "../../operation/redaction.ts";
import { version } from "../../version.ts";
import { NoAnswer, requestMsMax, TooLarge } from "../bounded-fetch.ts";
import type { BrokerTools, Credentials } from "../broker.ts";
import { failure } from "../broker-failure.ts";
import { judge, NoWallet, type Refusal, SymbolGone, toRefusal, type Verdict } from "./errors.ts";
import { type Endpoint, type Exchange, type ExchangeInstance, minuteMs } from "./exchange.ts";
import { type Answer, parseJson, send, toResponse } from "./transport.ts";
import { type VenueState, venueStateOf } from "./venue-state.ts";

/**
 * Requests to a venue that ccxt signs. Of ccxt are used its endpoints, its signatures and its classes of errors; sending, waiting, retrying, the
 * clock and what rows mean are not its own. One instance an account, never shared and never given another key.
 */
export type Parameters = Record<string, string | number | boolean>;

const bytesMaxDefault = 16_000_000;
const triesMax = 4;
const backoffMs = 1_000;
/** After a "slow down" that names no time. */
const slowMs = 2_000;
/** Seconds, or microseconds, are no answer to what time it is in milliseconds. */
const timeMsMin = Date.UTC(2017, 0, 1);
const timeMsMax = Date.UTC(2200, 0, 1);
/** Some venues tell the time in whole seconds. */
const clockOffMsMax = 1_500;

export interface ClientOptions {
  exchange: Exchange;
  accountId: string;
  /** Null: public endpoints only. */
  credentials: Credentials | null;
  tools: BrokerTools;
  /** For tests: shorter than anybody would wait. */
  requestMsMax?: number;
}

export class CcxtClient {
  readonly #options: ClientOptions;
  readonly #venue: VenueState;
  readonly #redactor: Redactor = createRedactor();
  #instance: ExchangeInstance | null = null;
  #last: Answer | null = null;
  #bytesMax = bytesMaxDefault;
  #lastNonce = 0;
  /** When the last request went out, after all waiting for its turn. */
  #sentAtMs = 0;
  /** What a method of ccxt's that asks more than once has asked for. */
  #asking: { endpoint: Endpoint; count: number } | null = null;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#venue = venueStateOf(options.tools.budget);
    const { apiKey = "", apiSecret = "", passphrase = "" } = options.credentials ?? {};
    // Of a key with lines each line is a secret.
    this.#redactor.register([apiKey, apiSecret, passphrase, ...apiSecret.split(/\\n|\n/)]);
  }

  get accountId(): string {
    return this.#options.accountId;
  }

  get exchange(): Exchange {
    return this.#options.exchange;
  }

  get tools(): BrokerTools {
    return this.#options.tools;
  }

  get venue(): VenueState {
    return this.#venue;
  }

  /** What stands in place of a key where there is none: the address of a wallet. */
  get apiKey(): string {
    return this.#options.credentials?.apiKey ?? "";
  }

  /** What the venue sent last, as it sent it; null: nothing was asked. */
  get lastText(): string | null {
    return this.#last?.text ?? null;
  }

  /** The venue's time, as far as it was measured. */
  nowMs(): number {
    return this.#options.tools.context.clock.nowMs() + this.#venue.clockOffsetMs;
  }

  /** @throws {Failure} with one of `brokerErrorCodes` @throws {SymbolGone} @throws {NoWallet} for the caller to decide on */
  async get<const Shape extends Type>(
    endpoint: Endpoint,
    parameters: Parameters,
    shape: Shape,
  ): Promise<Shape["infer"]> {
    const value = await this.request(endpoint, parameters);
    const result: unknown = shape(value);
    if (!(result instanceof type.errors)) return result as Shape["infer"];
    const what = this.#redactor.text(result.summary).slice(0, 300);
    throw failure("broker_answer", `${endpoint.method} answered in another form than expected: ${what}`, {
      hint: `Report this: ${this.exchange.title} has changed what it answers.`,
    });
  }

  /** One raw endpoint, whatever it answers. */
  async request(endpoint: Endpoint, parameters: Parameters): Promise<unknown> {
    return await this.call(endpoint, [{ ...parameters }]);
  }

  /** Any method of ccxt's that asks the venue: of the venues that are read as ccxt reads them. */
  async call(endpoint: Endpoint, args: readonly unknown[]): Promise<unknown> {
    const { tools, accountId } = this.#options;
    let corrections = 0;
    for (let attempt = 1; ; attempt++) {
      for (const [pool, weight] of endpoint.costs) await tools.budget.take(weight, accountId, pool);
      const answer = await this.#send(endpoint, args);
      if ("value" in answer) return answer.value;
      const { verdict, refusal } = answer;
      if ((verdict.kind === "clock" || verdict.kind === "nonce") && corrections++ === 0) {
        if (verdict.kind === "clock") await this.#measureClock();
        continue;
      }
      await this.#act(verdict, refusal, endpoint, attempt);
    }
  }

  async #send(
    endpoint: Endpoint,
    args: readonly unknown[],
  ): Promise<{ value: unknown } | { verdict: Verdict; refusal: Refusal }> {
    const { signal, clock } = this.tools.context;
    const instance = await this.open();
    const method = instance[endpoint.method];
    if (typeof method !== "function") throw new Error(`ccxt's ${this.exchange.id} has no ${endpoint.method}`);
    this.#last = null;
    this.#sentAtMs = clock.nowMs();
    this.#asking = { endpoint, count: 0 };
    this.#bytesMax = endpoint.bytesMax ?? bytesMaxDefault;
    try {
      const value: unknown = await method.apply(instance, [...args]);
      // A text is what was no JSON.
      if ((typeof value === "object" && value !== null) || typeof value === "number") return { value };
      return this.#unreadable(toRefusal(this.#last, undefined, null));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Failure) throw error; // of the budget
      if (error instanceof TooLarge) throw failure("broker_answer", `${endpoint.method}: ${error.message}.`);
      if (error instanceof NoAnswer) {
        const refusal = toRefusal(null, undefined, error);
        return { verdict: { kind: "transient", code: error.isTimeout ? "timeout" : "broker_unavailable" }, refusal };
      }
      const nowMs = clock.nowMs();
      const refusal = toRefusal(
        this.#last,
        this.#last === null ? undefined : parseJson((this.#last as Answer).text),
        error,
      );
      return { verdict: this.exchange.judge?.(refusal, nowMs) ?? judge(error, refusal, nowMs), refusal };
    }
  }

  /** 2xx and no JSON: half a body, or a gateway's page. */
  #unreadable(refusal: Refusal): { verdict: Verdict; refusal: Refusal } {
    const message = `the answer is no JSON: ${refusal.message}`;
    return { verdict: { kind: "transient", code: "broker_unavailable" }, refusal: { ...refusal, message } };
  }

  /** ccxt's instance of this account. */
  async open(): Promise<ExchangeInstance> {
    if (this.#instance !== null) return this.#instance;
    const { exchange, credentials, tools, requestMsMax: msMax = requestMsMax } = this.#options;
    const { default: ExchangeClass } = await exchange.load();
    const { apiKey, apiSecret, passphrase } = credentials ?? {};
    const instance = new ExchangeClass({
      ...(apiKey === undefined ? {} : { apiKey, secret: withLines(apiSecret ?? ""), password: passphrase }),
      number: String, // no amount of a parsed row is a float
      enableRateLimit: false, // its limiter knows this instance alone; the budget is the machine's
      userAgent: `ami-workers/${version}`,
      timeout: 2 * msMax, // the transport's own limit covers the body, too
      options: { ...exchange.options, adjustForTimeDifference: false },
    }) as ExchangeInstance;
    if (credentials !== null && instance.requiredCredentials.password === true && passphrase === undefined) {
      throw failure("broker_auth_failed", `${exchange.title} wants the key's passphrase, and the account has none.`, {
        hint: "Enter the passphrase that was chosen when the key was made.",
      });
    }
    instance.parseJson = parseJson;
    instance.milliseconds = () => Math.round(this.nowMs());
    instance.seconds = () => Math.floor(this.nowMs() / 1_000);
    instance.microseconds = () => Math.round(this.nowMs() * 1_000);
    instance.nonce = () => this.#nextNonce();
    instance.fetchImplementation = async (
      url: string,
      init: { method?: string; headers?: Record<string, string>; body?: string },
    ) => {
      await this.#takeForMore();
      const bounds = { bytesMax: this.#bytesMax, msMax, venueUrl: tools.venueUrl };
      this.#sentAtMs = tools.context.clock.nowMs();
      this.#last = await send(url, init, bounds, tools.context);
      return toResponse(this.#last);
    };
    this.#instance = instance;
    return instance;
  }

  /** The first request was paid for; those that ccxt sends besides are as dear. */
  async #takeForMore(): Promise<void> {
    const asking = this.#asking;
    if (asking === null || asking.count++ === 0) return;
    const { tools, accountId } = this.#options;
    for (const [pool, weight] of asking.endpoint.costs) await tools.budget.take(weight, accountId, pool);
  }

  /** Grows with each request, which some venues insist on; all others take it for the time. */
  #nextNonce(): number {
    this.#lastNonce = Math.max(Math.round(this.nowMs()), this.#lastNonce + 1);
    return this.#lastNonce;
  }

  async #act(verdict: Verdict, refusal: Refusal, endpoint: Endpoint, attempt: number): Promise<void> {
    const { budget, context } = this.tools;
    const { title, id } = this.exchange;
    const message = this.#redactor.text(refusal.message);
    const { code: brokerCode } = refusal;
    switch (verdict.kind) {
      case "symbol_gone":
        throw new SymbolGone(message);
      case "no_wallet":
        throw new NoWallet(message);
      case "limited":
        context.log.warning("rate_limited", { broker: id, method: endpoint.method, status: refusal.status });
        if (attempt >= triesMax)
          throw failure("rate_limited", `${title} goes on to ask for fewer requests: ${message}`, { brokerCode });
        return await this.#slowDown(endpoint, verdict.waitMs ?? slowMs * 2 ** (attempt - 1));
      case "banned": {
        const until = new Date(verdict.untilMs).toISOString();
        budget.banUntil(verdict.untilMs);
        context.log.warning("banned", { broker: id, until });
        throw failure("rate_limited", `${title} has shut this machine out until ${until}.`, { brokerCode });
      }
      case "clock":
        throw failure(
          "clock_off",
          `${title} takes this machine's clock for wrong, also after it was corrected: ${message}`,
          {
            brokerCode,
            hint: "Set the clock: timedatectl set-ntp true.",
          },
        );
      case "nonce":
        throw failure("broker_unavailable", `${title} refuses the request's number: ${message}`, {
          brokerCode,
          hint: "Another program uses the same key: give this one a key of its own.",
        });
      case "transient":
        return await this.#waitOrGiveUp(attempt, verdict, { endpoint, message, brokerCode });
      case "permanent":
        throw failure(verdict.code, `${title} refused ${endpoint.method}: ${message}`, {
          brokerCode,
          hint: verdict.hint,
        });
    }
  }

  /** Everybody, where the limit is the machine's; this account alone, where it is the account's. */
  async #slowDown({ costs }: Endpoint, waitMs: number): Promise<void> {
    const { budget, context } = this.tools;
    const untilMs = context.clock.nowMs() + waitMs;
    for (const [pool] of costs) if (!this.#venue.accountPools.has(pool)) budget.banUntil(untilMs, pool);
    await context.clock.sleep(waitMs, context.signal);
  }

  async #waitOrGiveUp(
    attempt: number,
    { code }: Verdict & { kind: "transient" },
    { endpoint, message, brokerCode }: { endpoint: Endpoint; message: string; brokerCode: string | null },
  ): Promise<void> {
    const { context } = this.tools;
    const { title, id } = this.exchange;
    if (attempt >= triesMax) {
      const what = code === "broker_maintenance" ? "is in maintenance and gave" : "gave";
      throw failure(code, `${title} ${what} no answer to ${endpoint.method}: ${message}.`, { brokerCode });
    }
    context.log.debug("request_repeated", { broker: id, method: endpoint.method, attempt, reason: message });
    await context.clock.sleep(backoffMs * 2 ** (attempt - 1) * (0.5 + context.random() / 2), context.signal);
  }

  /**
   * Once a run, for all accounts, before anything is decided by the time: by a clock that is an hour ahead lists would be taken as read up to then, and
   * by one that is behind the last hour would be taken for the future. @throws {Failure} the venue cannot be reached
   */
  async checkClock(): Promise<void> {
    const { loaded } = this.#venue;
    const known = loaded.get("clock") as Promise<void> | undefined;
    const checking = known ?? this.#compareClocks();
    if (known === undefined) {
      loaded.set("clock", checking);
      checking.catch(() => loaded.delete("clock")); // the next account tries again; this one hears of it below
    }
    await checking;
  }

  async #compareClocks(): Promise<void> {
    const { has } = (await this.open()) as { has?: Record<string, unknown> };
    const { endpoint } = this.exchange.clock;
    if (endpoint.method === "fetchTime" && has?.fetchTime === false) return;
    try {
      await this.#measureClock(clockOffMsMax);
    } catch (error) {
      // A mirror without it, or another answer: requests that are refused for their time tell as much.
      if (!(error instanceof Failure) || error.detail.code !== "broker_answer") throw error;
      this.tools.context.log.debug("clock_unknown", { broker: this.exchange.id, message: error.message });
    }
  }

  /** What the venue's clock shows less what ours does; `ignoredMs`: so much is none. */
  async #measureClock(ignoredMs = 0): Promise<void> {
    const { context } = this.tools;
    const startMs = context.clock.nowMs();
    // Another account's request has just measured it: this one was on its way before.
    if (startMs - this.#venue.clockMeasuredAtMs < minuteMs && ignoredMs === 0) return;
    const { clock, title, id } = this.exchange;
    const venueMs = clock.timeMs(await this.request(clock.endpoint, clock.parameters ?? {}));
    if (venueMs === null || venueMs < timeMsMin || venueMs > timeMsMax)
      throw failure("broker_answer", `${title} did not say what time it is.`);
    const offsetMs = Math.round(venueMs - (this.#sentAtMs + context.clock.nowMs()) / 2);
    if (Math.abs(offsetMs) <= ignoredMs) return;
    this.#venue.clockOffsetMs = offsetMs;
    this.#venue.clockMeasuredAtMs = this.#sentAtMs;
    const hint = "The difference is corrected. Set this machine's clock (timedatectl set-ntp true).";
    context.log.warning("clock_off", { broker: id, offset_ms: offsetMs, hint });
  }

  /** For what a message quotes of an answer. */
  redact(text: string): string {
    return this.#redactor.text(text);
  }
}

/** A private key that was copied out of JSON has its line ends written out. */
function withLines(secret: string): string {
  return secret.startsWith("-----BEGIN") ? secret.replaceAll("\\n", "\n") : secret;
}

/** Of the same exchange, for public lists: without the account's key. */
export function publicClient({ exchange, tools, accountId }: CcxtClient): CcxtClient {
  return new CcxtClient({ exchange, tools, accountId, credentials: null });
}
