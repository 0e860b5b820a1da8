import type { VenueAccount } from "../account.ts";
import { IpGuard, type Verdict, WeightWindows } from "../rate-limits.ts";
import type { VenueAnswer, VenueApi, VenueRequest } from "../server.ts";
import { BinanceError, keyRejected } from "./errors.ts";
import { Parameters } from "./parameters.ts";
import { type Route, routeOf } from "./routes.ts";
import { apiKeyOf, checkSignature } from "./signing.ts";
import type { BinanceState, Call } from "./state.ts";

/** What is counted, and banned, together at one address. */
type Domain = "spot" | "linear" | "inverse" | "portfolio";

interface Counted {
  weight: number;
  uidWeight: number;
  headers: Record<string, string>;
}

/** All of Binance's hosts at one address: `api`, `sapi`, `fapi`, `dapi` and `papi` are told apart by their paths. */
export function binanceApi(state: BinanceState): VenueApi {
  const guard = new IpGuard(state.clock, state.settings.windowMs, state.settings.bans);
  const sapi = new WeightWindows(state.clock, state.settings.windowMs);

  function answer(request: VenueRequest): VenueAnswer {
    const counted: Counted = { weight: 0, uidWeight: 0, headers: {} };
    const from = { account: undefined as VenueAccount | undefined };
    const end = (status: number, body: unknown): VenueAnswer => ({
      status,
      body,
      headers: counted.headers,
      weight: counted.weight,
      uidWeight: counted.uidWeight,
      accountId: from.account?.id ?? null,
    });
    try {
      const route = routeOf(request.method, request.path);
      if (state.maintenance && request.path !== "/sapi/v1/system/status") throw maintenance();
      const parameters = new Parameters([request.query, request.body].filter((part) => part !== "").join("&"));
      countAddress(request, route, parameters, counted);
      from.account = route.needs === null ? undefined : permitted(request, route);
      if (from.account !== undefined && route.uidWeight !== undefined)
        countUid(request, route.uidWeight, from.account, counted);
      const call: Call = {
        state,
        parameters,
        nowMs: state.clock.nowMs(),
        path: request.path,
        ip: request.ip,
        account: from.account ?? null,
      };
      const body = route.answer(call);
      if (domainOf(request.path) === "spot") parameters.refuseUnread();
      return end(200, body);
    } catch (error) {
      if (!(error instanceof BinanceError)) throw error;
      return end(error.status, { code: error.code, msg: error.message });
    }
  }

  /** @throws {BinanceError} */
  function permitted(request: VenueRequest, route: Route): VenueAccount {
    const account = checkSignature(request, state.byKey.get(apiKeyOf(request)), state.clock.nowMs());
    const { futures, portfolioMargin } = account.permissions;
    // Portfolio margin takes the futures API away.
    const allowed = { reading: true, futures: futures && !portfolioMargin, portfolio: portfolioMargin };
    if (route.needs !== null && !allowed[route.needs]) throw keyRejected(request.path, request.ip);
    return account;
  }

  /** @throws {BinanceError} 429 or 418 */
  function countAddress(request: VenueRequest, route: Route, parameters: Parameters, counted: Counted): void {
    const domain = domainOf(request.path);
    const key = `${request.ip}/${domain}`;
    counted.weight = typeof route.weight === "number" ? route.weight : route.weight(parameters);
    if (!request.path.startsWith("/sapi/")) {
      const verdict = guard.check(key, counted.weight, state.settings.limits[domain]);
      counted.headers["x-mbx-used-weight"] = String(verdict.used);
      counted.headers["x-mbx-used-weight-1m"] = String(verdict.used);
      obey(verdict, domain, counted);
      return;
    }
    obey(guard.check(key, 0, state.settings.limits[domain]), domain, counted);
    if (counted.weight === 0) return;
    const used = sapi.add(`${request.ip}/${request.path}`, counted.weight);
    counted.headers["x-sapi-used-ip-weight-1m"] = String(used);
    if (used > state.settings.limits.sapiAddress) obey(guard.refuse(key, used), domain, counted);
  }

  /** @throws {BinanceError} 429 or 418 */
  function countUid(request: VenueRequest, weight: number, account: VenueAccount, counted: Counted): void {
    counted.uidWeight = weight;
    const used = sapi.add(`${account.uid}/${request.path}`, weight);
    counted.headers["x-sapi-used-uid-weight-1m"] = String(used);
    if (used > state.settings.limits.sapiUid) obey(guard.refuse(`${request.ip}/spot`, used), "spot", counted);
  }

  /** @throws {BinanceError} unless free */
  function obey(verdict: Verdict, domain: Domain, counted: Counted): void {
    if (verdict.kind === "free") return;
    if (verdict.kind === "limited") {
      counted.headers["retry-after"] = String(verdict.retryAfterSeconds);
      throw tooMuchWeight(state.settings.limits[domain]);
    }
    const seconds = Math.ceil((verdict.untilMs - state.clock.nowMs()) / 1_000);
    const { retryAfterOnBan } = state.settings;
    if (retryAfterOnBan !== "absent")
      counted.headers["retry-after"] = retryAfterOnBan === "zero" ? "0" : String(seconds);
    throw new BinanceError(
      418,
      -1003,
      `Way too much request weight used; IP banned until ${verdict.untilMs}. Please use WebSocket Streams for live updates to avoid bans.`,
    );
  }

  return {
    answer,
    apiKeyOf: (request) => request.header("x-mbx-apikey"),
    error: ({ code, message, status }) => ({ status: status ?? 400, body: { code: Number(code), msg: message } }),
    maintenance: () => ({ status: 503, body: { code: maintenance().code, msg: maintenance().message } }),
    rateLimited: (seconds) => ({
      status: 429,
      body: { code: -1003, msg: tooMuchWeight(state.settings.limits.spot).message },
      headers: { "retry-after": String(seconds) },
    }),
    ban: (ip, path, forMs) => guard.ban(`${ip}/${domainOf(path)}`, forMs),
  };
}

function maintenance(): BinanceError {
  return new BinanceError(503, -1001, "Internal error; unable to process your request. Please try again.");
}

function tooMuchWeight(limit: number): BinanceError {
  return new BinanceError(
    429,
    -1003,
    `Too much request weight used; current limit is ${limit} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.`,
  );
}

function domainOf(path: string): Domain {
  if (path.startsWith("/fapi/")) return "linear";
  if (path.startsWith("/dapi/")) return "inverse";
  return path.startsWith("/papi/") ? "portfolio" : "spot";
}
