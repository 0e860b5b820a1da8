import { formatDecimal } from "../../../src/executions/decimal.ts";
import type { VenueAccount } from "../account.ts";
import { unit } from "../amounts.ts";
import { minuteCandles } from "../candles.ts";
import { keyFault } from "../key-checks.ts";
import { IpGuard, WeightWindows } from "../rate-limits.ts";
import type { VenueAnswer, VenueApi, VenueRequest } from "../server.ts";
import type { Shared } from "../start.ts";
import type { SymbolSpec } from "../world-symbols.ts";
import { OkxError, parameterEmpty, parameterWrong } from "./errors.ts";
import { billPage, fillPage } from "./lists.ts";
import { contractValueOf, instrumentOf, sizeOf, typeOf } from "./names.ts";

const windowMs = 2_000;
const expiryMs = 30_000;
/** Requests in two seconds, by client, public ones by address. */
const limits: Readonly<Record<string, number>> = {
  "/api/v5/trade/fills": 60,
  "/api/v5/trade/fills-history": 10,
  "/api/v5/account/bills": 10,
  "/api/v5/account/bills-archive": 10,
  "/api/v5/account/balance": 10,
  "/api/v5/account/config": 5,
  "/api/v5/account/positions": 10,
  "/api/v5/public/time": 10,
  "/api/v5/public/instruments": 20,
  "/api/v5/system/status": 1,
  "/api/v5/market/candles": 40,
  "/api/v5/market/history-candles": 20,
  "/api/v5/asset/currencies": 12,
};
const publicPaths = new Set([
  "/api/v5/public/time",
  "/api/v5/public/instruments",
  "/api/v5/system/status",
  "/api/v5/market/candles",
  "/api/v5/market/history-candles",
]);

export function okxApi(shared: Shared): VenueApi {
  const windows = new WeightWindows(shared.clock, windowMs);
  const rules = {
    refusalsUntilBan: Number.POSITIVE_INFINITY,
    firstBanMs: 0,
    banMsMax: 0,
    sentWhileBannedMax: Number.POSITIVE_INFINITY,
  };
  const guard = new IpGuard(shared.clock, windowMs, rules);

  function answer(request: VenueRequest): VenueAnswer {
    const nowMs = shared.clock.nowMs();
    const from = { account: null as VenueAccount | null };
    const end = (status: number, code: string, msg: string, data: unknown): VenueAnswer => ({
      status,
      body: { code, msg, data },
      accountId: from.account?.id ?? null,
      weight: 1,
    });
    try {
      if (guard.bannedUntilMs(request.ip) !== null) throw tooMany();
      const parameters = new Map(new URLSearchParams(request.query));
      const isStatus = request.path === "/api/v5/system/status";
      if (shared.maintenance && !isStatus) throw unavailable();
      const limit = limits[request.path];
      if (limit === undefined) throw new OkxError(404, 50_404, "Not Found");
      if (!publicPaths.has(request.path)) from.account = signedBy(shared, request);
      if (windows.add(`${from.account?.uid ?? request.ip}${request.path}`, 1) > limit) throw tooMany();
      return end(200, "0", "", dataOf(request.path, parameters, from.account, nowMs));
    } catch (error) {
      if (!(error instanceof OkxError)) throw error;
      return end(error.status, error.code, error.message, []);
    }
  }

  function dataOf(
    path: string,
    parameters: ReadonlyMap<string, string>,
    account: VenueAccount | null,
    nowMs: number,
  ): unknown {
    if (path === "/api/v5/public/time") return [{ ts: String(nowMs) }];
    if (path === "/api/v5/public/instruments") return instruments(shared, parameters, nowMs);
    if (path === "/api/v5/system/status")
      return shared.maintenance ? [{ state: "ongoing", title: "System maintenance", begin: String(nowMs) }] : [];
    if (path.startsWith("/api/v5/market/")) return candles(shared, parameters, nowMs);
    if (account === null) throw keyMissing();
    const query = { account, world: shared.world, nowMs, parameters };
    switch (path) {
      case "/api/v5/trade/fills":
        return fillPage(query, "fills");
      case "/api/v5/trade/fills-history":
        return fillPage(query, "fills-history");
      case "/api/v5/account/bills":
        return billPage(query, "bills");
      case "/api/v5/account/bills-archive":
        return billPage(query, "bills-archive");
      case "/api/v5/asset/currencies":
        return [];
      case "/api/v5/account/balance":
        return balances(account, nowMs);
      case "/api/v5/account/positions":
        return positions(shared, account, nowMs);
      default:
        return [config(account)];
    }
  }

  const fault = (error: OkxError): VenueAnswer => ({
    status: error.status,
    body: { code: error.code, msg: error.message, data: [] },
  });
  return {
    answer,
    apiKeyOf: (request) => request.header("ok-access-key"),
    error: ({ code, message, status }) => ({
      status: status ?? 200,
      body: { code: String(code), msg: message, data: [] },
    }),
    maintenance: () => fault(unavailable()),
    rateLimited: () => fault(tooMany()),
    ban: (ip, _path, forMs) => guard.ban(ip, forMs),
  };
}

const tooMany = (): OkxError => new OkxError(429, 50_011, "Too Many Requests");
const unavailable = (): OkxError =>
  new OkxError(503, 50_001, "Service temporarily unavailable. Please try again later");
const keyMissing = (): OkxError => new OkxError(401, 50_103, "Request header OK-ACCESS-KEY can not be empty.");

/** HMAC over time, method, path with query, and body, in base64. @throws {OkxError} */
function signedBy(shared: Shared, request: VenueRequest): VenueAccount {
  const nowMs = shared.clock.nowMs();
  const key = request.header("ok-access-key") ?? "";
  if (key === "") throw keyMissing();
  const account = shared.byKey.get(key);
  const found = keyFault(account, { ip: request.ip, nowMs, futures: false });
  if (account === undefined || found === "unknown") throw new OkxError(401, 50_111, "Invalid OK-ACCESS-KEY");
  if (found === "expired") throw new OkxError(401, 50_119, "API key doesn't exist");
  if (found === "address") {
    throw new OkxError(401, 50_110, `Your IP ${request.ip} is not included in your API key's ${key} IP whitelist.`);
  }
  if (found === "permission")
    throw new OkxError(401, 50_120, "This API key doesn't have permission to use this function");
  const timestamp = request.header("ok-access-timestamp") ?? "";
  const sentMs = Date.parse(timestamp);
  if (Number.isNaN(sentMs)) throw new OkxError(401, 50_112, "Invalid OK-ACCESS-TIMESTAMP");
  if (Math.abs(sentMs - nowMs) > expiryMs) throw new OkxError(401, 50_102, "Timestamp request expired");
  if (request.header("ok-access-passphrase") !== account.passphrase) {
    throw new OkxError(401, 50_105, "Request header OK-ACCESS-PASSPHRASE incorrect.");
  }
  const path = request.query === "" ? request.path : `${request.path}?${request.query}`;
  const signed = `${timestamp}${request.method}${path}${request.body}`;
  const expected = new Bun.CryptoHasher("sha256", account.apiSecret).update(signed).digest("base64");
  if (request.header("ok-access-sign") !== expected) throw new OkxError(401, 50_113, "Invalid Sign");
  return account;
}

function config({ uid, hedge, permissions }: VenueAccount): unknown {
  const perms = [
    "read_only",
    ...(permissions.trading ? ["trade"] : []),
    ...(permissions.withdrawals ? ["withdraw"] : []),
  ];
  return {
    uid: String(uid),
    acctLv: "2",
    posMode: hedge ? "long_short_mode" : "net_mode",
    perm: perms.join(","),
    ip: permissions.ipAllowList?.join(",") ?? "",
  };
}

function balances(account: VenueAccount, nowMs: number): unknown {
  const totals = new Map<string, bigint>();
  for (const name of ["spot", "linear", "inverse"] as const) {
    for (const [asset, amount] of account.ledger.balancesAt(name, nowMs))
      totals.set(asset, (totals.get(asset) ?? 0n) + amount);
  }
  const held = [...totals].filter(([, amount]) => amount !== 0n);
  const details = held.map(([ccy, amount]) => ({
    ccy,
    cashBal: formatDecimal(amount),
    eq: formatDecimal(amount),
    frozenBal: "0",
    uTime: String(nowMs),
  }));
  return [{ totalEq: "", uTime: String(nowMs), details }];
}

function positions(shared: Shared, account: VenueAccount, nowMs: number): unknown {
  return (["linear", "inverse"] as const).flatMap((market) =>
    shared.world.of(market).flatMap((spec) => {
      const open = account.ledger
        .positionsAt(market, spec.symbol, nowMs)
        .filter((position) => position.quantity !== 0n);
      return open.map((position) => ({
        instType: typeOf(spec),
        instId: instrumentOf(spec),
        posSide: position.side === "BOTH" ? "net" : position.side.toLowerCase(),
        pos: formatDecimal(sizeOf(spec, position.side === "SHORT" ? -position.quantity : position.quantity)),
        ccy: spec.settle,
        uTime: String(position.updatedMs),
      }));
    }),
  );
}

/** Minutes alone, newest first, 100 at most; `after` goes back from there. */
function candles(shared: Shared, parameters: ReadonlyMap<string, string>, nowMs: number): unknown {
  const spec = shared.world.symbols.find((one) => instrumentOf(one) === parameters.get("instId"));
  if (spec === undefined) throw new OkxError(200, 51_001, "Instrument ID does not exist");
  if ((parameters.get("bar") ?? "1m") !== "1m") throw parameterWrong("bar");
  const [after, before] = [parameters.get("after"), parameters.get("before")];
  const endMs = after === undefined ? nowMs : Math.min(nowMs, Number(after) - 1);
  const limit = Math.min(100, Number(parameters.get("limit") ?? 100));
  const rows = minuteCandles(shared.world, spec, { startMs: null, endMs, limit });
  return rows
    .filter((row) => before === undefined || row.openMs > Number(before))
    .map(({ openMs, open, high, low, close }) => [
      String(openMs),
      ...[open, high, low, close].map(formatDecimal),
      "12",
      "12",
      "345",
      "1",
    ])
    .reverse();
}

function instruments(shared: Shared, parameters: ReadonlyMap<string, string>, nowMs: number): unknown {
  const type = parameters.get("instType");
  if (type === undefined) throw parameterEmpty("instType");
  return shared.world.symbols
    .filter((spec) => typeOf(spec) === type && (spec.deliveryMs === null || spec.deliveryMs > nowMs))
    .map(instrument);
}

function instrument(spec: SymbolSpec): unknown {
  const spot = spec.market === "spot";
  const step = spot ? formatDecimal(unit(spec.quantityDigits)) : "1";
  return {
    instType: typeOf(spec),
    instId: instrumentOf(spec),
    baseCcy: spot ? spec.base : "",
    quoteCcy: spot ? spec.quote : "",
    settleCcy: spot ? "" : spec.settle,
    ctVal: spot ? "" : formatDecimal(contractValueOf(spec)),
    ctMult: spot ? "" : "1",
    ctValCcy: spot ? "" : spec.market === "linear" ? spec.base : "USD",
    ctType: spot ? "" : spec.market,
    uly: spot ? "" : `${spec.base}-${spec.quote}`,
    listTime: String(spec.onboardMs),
    expTime: spec.deliveryMs === null ? "" : String(spec.deliveryMs),
    tickSz: formatDecimal(unit(spec.priceDigits)),
    lotSz: step,
    minSz: step,
    state: "live",
  };
}
