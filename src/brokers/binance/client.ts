import { createHmac } from "node:crypto";
import type { Type } from "arktype";
import "../../jitless.ts";
import { type } from "arktype";
import type { Failure } from "../../errors.ts";
import { NoAnswer, requestMsMax, TooLarge } from "../bounded-fetch.ts";
import type { BrokerTools, Credentials } from "../broker.ts";
import { failure } from "../broker-failure.ts";
import { atVenue } from "../venue-url.ts";
import { type Endpoint, endpoints, familyOf, timeEndpointOf } from "./endpoints.ts";
import { judge, NoEndpoint, NoWallet, type Refusal, SymbolGone, type Verdict } from "./errors.ts";
import { type Answer, send } from "./transport.ts";
import { type VenueState, venueStateOf } from "./venue-state.ts";

/**
 * Signed requests to Binance. ccxt is not used for it: what it adds to these few endpoints is the signature, and what it takes is 0.7 MB and
 * 7 to 30 ms an account (690 MB for 1,000), a start-up of 0.1 s, classes of errors that depend on an instance's past, messages with the signed
 * address in them, and a timeout that ends at the headers. Here an account is its key, and everything else is shared.
 */
export type Parameters = Record<string, string | number>;

const bytesMaxDefault = 16_000_000;
/** A window of time in which the venue takes a request; it adds 1 s for clocks that are ahead. */
const recvWindowMs = 10_000;
const triesMax = 4;
const backoffMs = 1_000;
/** A key that worked a moment ago and is now refused: Binance says so of temporary bans, too. */
const disguisedBanMs = 120_000;
/** So long after a ban a refused key proves nothing. */
const afterBanMs = 15 * 60_000;
const minuteMs = 60_000;
/** The venue takes requests that are a second ahead; on the way there and back about as much can be lost. */
const clockOffMsMax = 1_000;

export interface ClientOptions {
  accountId: string;
  /** Null: public endpoints only. */
  credentials: Credentials | null;
  tools: BrokerTools;
  /** An earlier run read the account with these credentials. */
  hasWorked: boolean;
  /** For tests: shorter than anybody would wait. */
  requestMsMax?: number;
}

export class BinanceClient {
  readonly #options: ClientOptions;
  readonly #venue: VenueState;
  /** Families of paths that took the key in this run. */
  readonly #worked = new Set<string>();
  /** When the last request went out, after all waiting for its turn. */
  #sentAtMs = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#venue = venueStateOf(options.tools.budget);
  }

  get accountId(): string {
    return this.#options.accountId;
  }

  get tools(): BrokerTools {
    return this.#options.tools;
  }

  get venue(): VenueState {
    return this.#venue;
  }

  /** The venue's time, as far as it was measured. */
  nowMs(): number {
    return this.#options.tools.context.clock.nowMs() + this.#venue.clockOffsetMs;
  }

  /**
   * @throws {Failure} with one of `brokerErrorCodes`
   * @throws {SymbolGone} @throws {NoWallet} @throws {NoEndpoint} for the caller to decide on
   */
  async get<T>(
    endpoint: Endpoint,
    parameters: Parameters,
    shape: Type<T>,
    options: { bytesMax?: number } = {},
  ): Promise<T> {
    const value = await this.request(endpoint, parameters, options);
    const result: unknown = shape(value);
    if (!(result instanceof type.errors)) return result as T;
    throw failure(
      "broker_answer",
      `${endpoint.path} answered in another form than expected: ${result.summary.slice(0, 300)}`,
      {
        hint: "Report this: Binance has changed what it answers.",
      },
    );
  }

  async request(endpoint: Endpoint, parameters: Parameters, { bytesMax = bytesMaxDefault } = {}): Promise<unknown> {
    const { tools, accountId } = this.#options;
    let clockTries = 0;
    for (let attempt = 1; ; attempt++) {
      await tools.budget.take(endpoint.weight, accountId, endpoint.pool);
      const answer = await this.#send(endpoint, parameters, bytesMax);
      if (answer instanceof Error) {
        if (answer instanceof TooLarge) throw failure("broker_answer", `${endpoint.path}: ${answer.message}.`);
        const code = answer.isTimeout ? "timeout" : "broker_unavailable";
        await this.#waitOrGiveUp(attempt, { kind: "transient", code, message: answer.message }, endpoint, null);
        continue;
      }
      this.#observe(endpoint, answer);
      if (answer.refusal === null) {
        if (endpoint.signed) this.#worked.add(familyOf(endpoint));
        return answer.value;
      }
      const verdict = judge(answer.refusal, tools.context.clock.nowMs());
      if (verdict.kind === "clock" && clockTries++ === 0) {
        await this.#measureClock(endpoint);
        continue;
      }
      await this.#act(verdict, answer.refusal, endpoint, attempt);
    }
  }

  async #send(endpoint: Endpoint, parameters: Parameters, bytesMax: number): Promise<Answer | NoAnswer | TooLarge> {
    const { credentials, tools, requestMsMax: msMax = requestMsMax } = this.#options;
    const { headers, query } = this.#sign(endpoint, parameters, credentials);
    const url = `${atVenue(endpoint.host + endpoint.path, tools.venueUrl)}${query === "" ? "" : `?${query}`}`;
    this.#sentAtMs = tools.context.clock.nowMs();
    try {
      return await send({ url, headers, bytesMax, msMax }, tools.context);
    } catch (error) {
      if (error instanceof NoAnswer || error instanceof TooLarge) return error;
      throw error;
    }
  }

  /** The payload is percent-encoded before it is signed. The time is taken after the budget has let the request go. */
  #sign(endpoint: Endpoint, parameters: Parameters, credentials: Credentials | null) {
    const encode = (all: Parameters) =>
      Object.entries(all)
        .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
        .join("&");
    const headers = { accept: "application/json", "user-agent": "ami-workers" };
    if (!endpoint.signed) return { headers, query: encode(parameters) };
    if (credentials === null) throw new Error(`${endpoint.path} needs a key`);
    const payload = encode({ ...parameters, recvWindow: recvWindowMs, timestamp: Math.round(this.nowMs()) });
    const signature = createHmac("sha256", credentials.apiSecret).update(payload).digest("hex");
    return { headers: { ...headers, "X-MBX-APIKEY": credentials.apiKey }, query: `${payload}&signature=${signature}` };
  }

  #observe({ pool, path }: Endpoint, { headers }: Answer): void {
    const used = headers.get(path.startsWith("/sapi/") ? "x-sapi-used-ip-weight-1m" : "x-mbx-used-weight-1m");
    if (used === null || !/^\d{1,9}$/.test(used)) return;
    const { budget, context } = this.#options.tools;
    budget.observe({ weight: Number(used), windowMs: minuteMs, atMs: context.clock.nowMs(), pool });
  }

  async #act(verdict: Verdict, refusal: Refusal, endpoint: Endpoint, attempt: number): Promise<void> {
    const { budget, context } = this.#options.tools;
    const { code: brokerCode, message } = refusal;
    const nowMs = context.clock.nowMs();
    switch (verdict.kind) {
      case "symbol_gone":
        throw new SymbolGone(message);
      case "no_wallet":
        throw new NoWallet(message);
      case "no_endpoint":
        throw new NoEndpoint(`${endpoint.path}: ${message}`);
      case "limited":
        budget.banUntil(this.#slowUntil(nowMs, refusal.retryAfterMs ?? 0), endpoint.pool);
        context.log.warning("rate_limited", { broker: "binance", path: endpoint.path, status: refusal.status });
        if (attempt < triesMax) return;
        throw failure("rate_limited", `Binance goes on to ask for fewer requests: ${message}`, { brokerCode });
      case "banned":
        budget.banUntil(verdict.untilMs);
        context.log.warning("banned", { broker: "binance", until: new Date(verdict.untilMs).toISOString() });
        throw failure(
          "rate_limited",
          `Binance has banned this machine until ${new Date(verdict.untilMs).toISOString()}.`,
          { brokerCode },
        );
      case "ambiguous_key":
        throw this.#keyFailure(refusal, endpoint, nowMs);
      case "clock":
        throw failure(
          "clock_off",
          `Binance takes this machine's clock for wrong, also after it was corrected: ${message}`,
          {
            brokerCode,
            hint: "Set the clock: timedatectl set-ntp true.",
          },
        );
      case "transient":
        return await this.#waitOrGiveUp(attempt, verdict, endpoint, brokerCode);
      case "permanent":
        throw failure(verdict.code, `Binance refused ${endpoint.path}: ${verdict.message}`, {
          brokerCode,
          hint: verdict.hint,
        });
    }
  }

  /** At least until the venue's next minute: Retry-After is often 0. */
  #slowUntil(nowMs: number, retryAfterMs: number): number {
    const offset = this.#venue.clockOffsetMs;
    const nextMinuteMs = (Math.floor((nowMs + offset) / minuteMs) + 1) * minuteMs - offset;
    return Math.max(nowMs + retryAfterMs, nextMinuteMs + 1_000);
  }

  async #waitOrGiveUp(
    attempt: number,
    { code, message }: Verdict & { kind: "transient" },
    endpoint: Endpoint,
    brokerCode: number | null,
  ): Promise<void> {
    const { context } = this.#options.tools;
    if (attempt >= triesMax) {
      const isMaintenance = code === "broker_unavailable" && (await this.#isMaintenance());
      const [final, what] = isMaintenance
        ? (["broker_maintenance", "is in maintenance and gave"] as const)
        : ([code, "gave"] as const);
      throw failure(final, `Binance ${what} no answer to ${endpoint.path}: ${message}.`, { brokerCode });
    }
    const waitMs = backoffMs * 2 ** (attempt - 1) * (0.5 + context.random() / 2);
    context.log.debug("request_repeated", { broker: "binance", path: endpoint.path, attempt, reason: message });
    await context.clock.sleep(waitMs, context.signal);
  }

  /** Asked when nothing else is answered; of no answer to that nothing follows. */
  async #isMaintenance(): Promise<boolean> {
    const { budget } = this.#options.tools;
    const { systemStatus } = endpoints;
    await budget.take(systemStatus.weight, this.accountId, systemStatus.pool);
    const answer = await this.#send(systemStatus, {}, bytesMaxDefault);
    if (answer instanceof Error || answer.refusal !== null) return false;
    const status = SystemStatus(answer.value);
    return !(status instanceof type.errors) && status.status === 1;
  }

  /** Which of the four things that -2015 stands for. */
  #keyFailure({ code: brokerCode, message }: Refusal, endpoint: Endpoint, nowMs: number): Failure {
    const { budget } = this.#options.tools;
    const lastBanMs = budget.lastBanUntilMs();
    const worked = this.#worked.has(familyOf(endpoint));
    if (worked) budget.banUntil(nowMs + disguisedBanMs);
    if (worked || (lastBanMs !== null && nowMs - lastBanMs < afterBanMs)) {
      return failure("rate_limited", `Binance refuses a key that it took before, as it does during a ban: ${message}`, {
        brokerCode,
      });
    }
    if (this.#worked.size > 0) {
      return failure("permission_missing", `The key may not read ${endpoint.path}: ${message}`, {
        brokerCode,
        hint: "Give the key that right, or make a new one: a key made before the wallet was opened never gets it.",
      });
    }
    const expired = brokerCode === -2008 && this.#options.hasWorked;
    const address = /request ip/i.test(message);
    return failure(
      expired ? "key_expired" : address ? "ip_not_allowed" : "broker_auth_failed",
      `Binance refused the key: ${message}`,
      {
        brokerCode,
        hint: address
          ? "Put this machine's address on the key's list, or enter another key."
          : "Enter a new key. If the key has a list of addresses, this machine's must be on it.",
      },
    );
  }

  /**
   * Once a run, for all accounts, before anything is decided by the time: by a clock that is an hour ahead the lists would be taken as read up to
   * then, and by one that is behind the last hour would be taken for the future.
   * @throws {Failure} {@link get}
   */
  async checkClock(): Promise<void> {
    const { loaded } = this.#venue;
    const known = loaded.get("clock") as Promise<void> | undefined;
    const checking = known ?? this.#measureClock(endpoints.spotTime, clockOffMsMax);
    if (known === undefined) {
      loaded.set("clock", checking);
      checking.catch(() => loaded.delete("clock")); // the next account tries again; this one hears of it below
    }
    try {
      await checking;
    } catch (error) {
      if (!(error instanceof NoEndpoint)) throw error; // a mirror without it: requests that are refused for their time tell as much
    }
  }

  /** What the venue's clock shows less what ours does; `ignoredMs`: so much is none. */
  async #measureClock(endpoint: Endpoint, ignoredMs = 0): Promise<void> {
    const { context } = this.#options.tools;
    const startMs = context.clock.nowMs();
    // Another account's request has just measured it: this one was on its way before.
    if (startMs - this.#venue.clockMeasuredAtMs < minuteMs && ignoredMs === 0) return;
    const { serverTime } = await this.get(timeEndpointOf(endpoint), {}, Time);
    const middleMs = (this.#sentAtMs + context.clock.nowMs()) / 2;
    const offsetMs = Math.round(serverTime - middleMs);
    if (Math.abs(offsetMs) <= ignoredMs) return;
    this.#venue.clockOffsetMs = offsetMs;
    this.#venue.clockMeasuredAtMs = this.#sentAtMs;
    context.log.warning("clock_off", {
      broker: "binance",
      offset_ms: this.#venue.clockOffsetMs,
      hint: "The difference is corrected. Set this machine's clock (timedatectl set-ntp true).",
    });
  }
}

const SystemStatus = type({ status: "number.integer" });
const Time = type({ serverTime: "number.integer > 0" });
