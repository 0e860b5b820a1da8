import { absolute, formatDecimal } from "../../../src/executions/decimal.ts";
import type { VenueAccount } from "../account.ts";
import { unit } from "../amounts.ts";
import { minuteCandles } from "../candles.ts";
import { keyFault } from "../key-checks.ts";
import { IpGuard, WeightWindows } from "../rate-limits.ts";
import type { VenueAnswer, VenueApi, VenueRequest } from "../server.ts";
import type { Shared } from "../start.ts";
import type { SymbolSpec } from "../world-symbols.ts";
import { BybitError, parametersWrong } from "./errors.ts";
import { categoryOf, executionPage, retentionMs, transactionLog } from "./executions.ts";
import { sizeOf, specByName, symbolOf } from "./names.ts";

export interface BybitSettings {
  kind: "unified" | "classic";
  /** Requests an address may send in 5 seconds; beyond them it is shut out for ten minutes. */
  requestsPerAddress: number;
  /** Requests a second that a client may send to an endpoint. */
  requestsPerClient: number;
}

export const defaultBybitSettings: BybitSettings = { kind: "unified", requestsPerAddress: 600, requestsPerClient: 50 };

interface Call {
  account: VenueAccount | null;
  parameters: ReadonlyMap<string, string>;
  nowMs: number;
}

const addressWindowMs = 5_000;
const shutOutMs = 600_000;
const publicPaths = new Set(["/v5/market/time", "/v5/market/instruments-info", "/v5/market/kline"]);

export function bybitApi(shared: Shared, settings: BybitSettings): VenueApi {
  const rules = {
    refusalsUntilBan: 0,
    firstBanMs: shutOutMs,
    banMsMax: shutOutMs,
    sentWhileBannedMax: Number.POSITIVE_INFINITY,
  };
  const guard = new IpGuard(shared.clock, addressWindowMs, rules);
  const clients = new WeightWindows(shared.clock, 1_000);

  function answer(request: VenueRequest): VenueAnswer {
    if (guard.check(request.ip, 1, settings.requestsPerAddress).kind !== "free")
      return { status: 403, body: "access too frequent, please try again later", weight: 1 };
    const nowMs = shared.clock.nowMs();
    const from = { account: null as VenueAccount | null, headers: {} as Record<string, string> };
    const end = (status: number, retCode: number, retMsg: string, result: unknown): VenueAnswer => ({
      status,
      body: { retCode, retMsg, result, retExtInfo: {}, time: nowMs },
      headers: from.headers,
      accountId: from.account?.id ?? null,
      weight: 1,
    });
    try {
      if (shared.maintenance) throw new BybitError(10_016, "Server error.");
      const parameters = new Map(new URLSearchParams(request.query));
      if (!publicPaths.has(request.path)) {
        from.account = signedBy(shared, request);
        from.headers = countClient(from.account, request.path);
      }
      return end(200, 0, "OK", resultOf(request.path, { account: from.account, parameters, nowMs }));
    } catch (error) {
      if (!(error instanceof BybitError)) throw error;
      return end(error.status, error.code, error.message, {});
    }
  }

  /** @throws {BybitError} 10006 */
  function countClient(account: VenueAccount, path: string): Record<string, string> {
    const used = clients.add(`${account.uid}${path}`, 1);
    const resetMs = (Math.floor(shared.clock.nowMs() / 1_000) + 1) * 1_000;
    if (used > settings.requestsPerClient)
      throw new BybitError(10_006, "Too many visits. Exceeded the API Rate Limit.");
    return {
      "x-bapi-limit": String(settings.requestsPerClient),
      "x-bapi-limit-status": String(settings.requestsPerClient - used),
      "x-bapi-limit-reset-timestamp": String(resetMs),
    };
  }

  function resultOf(path: string, call: Call): unknown {
    const { parameters, nowMs } = call;
    switch (path) {
      case "/v5/market/time":
        return { timeSecond: String(Math.floor(nowMs / 1_000)), timeNano: `${nowMs}000000` };
      case "/v5/market/instruments-info":
        return instruments(shared, call);
      case "/v5/market/kline":
        return candles(shared, call);
      case "/v5/asset/coin/query-info":
        return { rows: [] };
      case "/v5/user/query-api":
        return keyInfo(accountOf(call));
      case "/v5/account/info":
        return {
          unifiedMarginStatus: settings.kind === "unified" ? 5 : 1,
          marginMode: "REGULAR_MARGIN",
          updatedTime: String(nowMs),
        };
      case "/v5/account/wallet-balance":
        return wallet(accountOf(call), nowMs);
      case "/v5/position/list":
        return positions(shared, call);
      case "/v5/execution/list":
        return executionPage({
          account: accountOf(call),
          world: shared.world,
          nowMs,
          keptMs: retentionMs[settings.kind],
          parameters,
        });
      case "/v5/account/transaction-log":
        if (settings.kind === "classic")
          throw new BybitError(10_028, "The API can only be accessed by unified account users.");
        return transactionLog({
          account: accountOf(call),
          world: shared.world,
          nowMs,
          keptMs: retentionMs.unified,
          parameters,
        });
      default:
        throw new BybitError(10_404, "Not Found", 404);
    }
  }

  return {
    answer,
    apiKeyOf: (request) => request.header("x-bapi-api-key"),
    error: ({ code, message, status }) => ({
      status: status ?? 200,
      body: { retCode: Number(code), retMsg: message, result: {}, retExtInfo: {}, time: shared.clock.nowMs() },
    }),
    maintenance: () => ({
      status: 200,
      body: { retCode: 10_016, retMsg: "Server error.", result: {}, retExtInfo: {}, time: shared.clock.nowMs() },
    }),
    rateLimited: () => ({
      status: 200,
      body: {
        retCode: 10_006,
        retMsg: "Too many visits. Exceeded the API Rate Limit.",
        result: {},
        retExtInfo: {},
        time: shared.clock.nowMs(),
      },
    }),
    ban: (ip, _path, forMs) => guard.ban(ip, forMs),
  };
}

function accountOf(call: Call): VenueAccount {
  if (call.account === null) throw new BybitError(10_003, "API key is invalid.");
  return call.account;
}

/** HMAC over time, key, window and query, in the bytes that were sent. @throws {BybitError} */
function signedBy(shared: Shared, request: VenueRequest): VenueAccount {
  const nowMs = shared.clock.nowMs();
  const key = request.header("x-bapi-api-key") ?? "";
  const account = shared.byKey.get(key);
  const fault = keyFault(account, { ip: request.ip, nowMs, futures: false });
  if (account === undefined || fault === "unknown") throw new BybitError(10_003, "API key is invalid.");
  if (fault === "expired") throw new BybitError(33_004, "Your api key has expired.");
  if (fault === "address")
    throw new BybitError(10_010, "Unmatched IP, please check your API key's bound IP addresses.");
  if (fault === "permission") throw new BybitError(10_005, "Permission denied, please check your API key permissions.");
  const timestamp = request.header("x-bapi-timestamp") ?? "";
  const window = request.header("x-bapi-recv-window") ?? "5000";
  const sentMs = Number(timestamp);
  if (!/^\d{13}$/.test(timestamp) || sentMs < nowMs - Number(window) || sentMs >= nowMs + 1_000) {
    const values = `req_timestamp[${timestamp}],server_timestamp[${nowMs}],recv_window[${window}]`;
    throw new BybitError(10_002, `invalid request, please check your server timestamp or recv_window param. ${values}`);
  }
  const origin = `${timestamp}${key}${window}${request.query}${request.body}`;
  const expected = new Bun.CryptoHasher("sha256", account.apiSecret).update(origin).digest("hex");
  if (request.header("x-bapi-sign")?.toLowerCase() !== expected)
    throw new BybitError(10_004, `error sign! origin_string[${origin}]`);
  return account;
}

function keyInfo({ uid, permissions, apiKey }: VenueAccount): unknown {
  const trading = permissions.trading ? ["Order", "Position"] : [];
  return {
    id: "1",
    note: "journal",
    apiKey,
    readOnly: permissions.trading ? 0 : 1,
    permissions: {
      ContractTrade: trading,
      Spot: permissions.trading ? ["SpotTrade"] : [],
      Wallet: permissions.withdrawals ? ["Withdraw"] : [],
    },
    ips: permissions.ipAllowList ?? ["*"],
    expiredAt:
      permissions.expiresAtMs === null ? "1970-01-01T00:00:00Z" : new Date(permissions.expiresAtMs).toISOString(),
    userID: uid,
    uta: 1,
  };
}

/** One wallet for all. */
function wallet(account: VenueAccount, nowMs: number): unknown {
  const totals = new Map<string, bigint>();
  for (const name of ["spot", "linear", "inverse"] as const) {
    for (const [asset, amount] of account.ledger.balancesAt(name, nowMs))
      totals.set(asset, (totals.get(asset) ?? 0n) + amount);
  }
  const coin = [...totals]
    .filter(([, amount]) => amount !== 0n)
    .map(([name, amount]) => ({
      coin: name,
      walletBalance: formatDecimal(amount),
      equity: formatDecimal(amount),
      locked: "0",
      unrealisedPnl: "0",
    }));
  return { list: [{ accountType: "UNIFIED", totalEquity: "", coin }] };
}

function instruments(shared: Shared, { parameters, nowMs }: Call): unknown {
  const category = categoryOf(parameters);
  const limit = Math.min(1_000, Number(parameters.get("limit") ?? 500));
  const start = Number(parameters.get("cursor") ?? 0);
  const specs =
    category === "option"
      ? []
      : shared.world.of(category).filter((spec) => spec.deliveryMs === null || spec.deliveryMs > nowMs);
  // Spot is not cut into pages.
  const page = category === "spot" ? specs : specs.slice(start, start + limit);
  const next = category !== "spot" && start + limit < specs.length ? String(start + limit) : "";
  return { category, list: page.map(instrument), nextPageCursor: next };
}

function instrument(spec: SymbolSpec): unknown {
  const [tickSize, step] = [formatDecimal(unit(spec.priceDigits)), formatDecimal(unit(spec.quantityDigits))];
  const common = {
    symbol: symbolOf(spec),
    baseCoin: spec.base,
    quoteCoin: spec.quote,
    status: "Trading",
    priceFilter: { tickSize },
  };
  if (spec.market === "spot")
    return { ...common, lotSizeFilter: { basePrecision: step, quotePrecision: "0.00000001", minOrderQty: step } };
  return {
    ...common,
    contractType: `${spec.market === "linear" ? "Linear" : "Inverse"}${spec.deliveryMs === null ? "Perpetual" : "Futures"}`,
    settleCoin: spec.settle,
    launchTime: String(spec.onboardMs),
    deliveryTime: String(spec.deliveryMs ?? 0),
    priceScale: String(spec.priceDigits),
    lotSizeFilter: {
      qtyStep: spec.market === "linear" ? step : "1",
      minOrderQty: spec.market === "linear" ? step : "1",
    },
    fundingInterval: 480,
  };
}

/** Minutes alone, newest first. */
function candles(shared: Shared, { parameters, nowMs }: Call): unknown {
  const category = categoryOf(parameters);
  const symbol = parameters.get("symbol") ?? "";
  const spec = category === "option" ? undefined : specByName(shared.world, category, symbol);
  if (spec === undefined) throw new BybitError(10_001, "Symbol Is Invalid");
  if (parameters.get("interval") !== "1") throw parametersWrong("interval");
  const limit = Math.min(1_000, Number(parameters.get("limit") ?? 200));
  const rows = minuteCandles(shared.world, spec, {
    startMs: parameters.has("start") ? Number(parameters.get("start")) : null,
    endMs: Math.min(nowMs, Number(parameters.get("end") ?? nowMs)),
    limit,
  });
  const list = rows.map(({ openMs, open, high, low, close }) => [
    String(openMs),
    ...[open, high, low, close].map(formatDecimal),
    "12",
    "345",
  ]);
  return { category, symbol, list: list.reverse() };
}

function positions(shared: Shared, call: Call): unknown {
  const category = categoryOf(call.parameters);
  const [symbol, settleCoin] = [call.parameters.get("symbol"), call.parameters.get("settleCoin")];
  if (category === "spot" || category === "option") return { category, list: [], nextPageCursor: "" };
  if (category === "linear" && symbol === undefined && settleCoin === undefined)
    throw new BybitError(10_001, "symbol or settleCoin is required");
  const { ledger, hedge } = accountOf(call);
  const index = { BOTH: 0, LONG: 1, SHORT: 2 } as const;
  // Asked for by its name, a symbol without a position has rows too.
  const empty = (spec: SymbolSpec) =>
    symbol === undefined
      ? []
      : (hedge ? [1, 2] : [0]).map((positionIdx) => ({ symbol: symbolOf(spec), positionIdx, side: "", size: "0" }));
  const list = shared.world.of(category).flatMap((spec) => {
    if ((symbol !== undefined && symbolOf(spec) !== symbol) || (settleCoin !== undefined && spec.settle !== settleCoin))
      return [];
    const open = ledger.positionsAt(category, spec.symbol, call.nowMs).filter((position) => position.quantity !== 0n);
    if (open.length === 0) return empty(spec);
    return open.map((position) => ({
      symbol: symbolOf(spec),
      positionIdx: index[position.side],
      side: position.quantity > 0n ? "Buy" : "Sell",
      size: formatDecimal(sizeOf(spec, absolute(position.quantity))),
      positionValue: formatDecimal(position.cost),
      updatedTime: String(position.updatedMs),
    }));
  });
  return { category, list, nextPageCursor: "" };
}
