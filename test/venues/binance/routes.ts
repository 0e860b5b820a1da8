import { formatDecimal } from "../../../src/executions/decimal.ts";
import { dayMs } from "../clock.ts";
import { candles, prices } from "./candles.ts";
import { coins, conversions, deposits, dividends, dust, earnRewards, fiat, transfers, withdrawals } from "./capital.ts";
import { BinanceError } from "./errors.ts";
import { exchangeInfo } from "./exchange-info.ts";
import { futuresAccount, futuresBalances, leverageBrackets, positionRisk } from "./futures-account.ts";
import { incomeRows } from "./income.ts";
import { isolatedAccount, marginLiquidations } from "./margin.ts";
import { allOrders, forcedOrders, oneOrder } from "./orders.ts";
import type { Parameters } from "./parameters.ts";
import { apiRestrictions, marginAccount, spotAccount, userAssets } from "./spot-account.ts";
import { accountOf, type Call } from "./state.ts";
import { inverseTrades, linearTrades, spotTrades } from "./trades.ts";

export type Permission = "reading" | "futures" | "portfolio";

export interface Route {
  path: string;
  method: "GET" | "POST";
  weight: number | ((parameters: Parameters) => number);
  /** Of `sapi` endpoints that count by client instead of by address. */
  uidWeight?: number;
  /** Null: public. */
  needs: Permission | null;
  answer: (call: Call) => unknown;
}

type Weight = Route["weight"];
type Answer = Route["answer"];

const open = (path: string, weight: Weight, answer: Answer): Route => ({
  path,
  method: "GET",
  weight,
  needs: null,
  answer,
});
const signed = (path: string, weight: Weight, answer: Answer): Route => ({
  path,
  method: "GET",
  weight,
  needs: "reading",
  answer,
});
const byUid = (path: string, uidWeight: number, answer: Answer): Route => ({ ...signed(path, 0, answer), uidWeight });
const futures = (path: string, weight: Weight, answer: Answer): Route => ({
  ...signed(path, weight, answer),
  needs: "futures",
});
const portfolio = (path: string, weight: Weight, answer: Answer): Route => ({
  ...signed(path, weight, answer),
  needs: "portfolio",
});
const posted = (path: string, weight: Weight, answer: Answer): Route => ({
  ...signed(path, weight, answer),
  method: "POST",
});

const time = (call: Call): unknown => ({ serverTime: call.nowMs });
const nothing = (): unknown => ({});
const noRows = (): unknown => [];
/** By how many candles are asked for. */
const candleWeight = (parameters: Parameters): number => {
  const limit = parameters.integer("limit") ?? 500;
  return limit < 100 ? 1 : limit < 500 ? 2 : limit <= 1_000 ? 5 : 10;
};
const withSymbol =
  (one: number, all: number): Weight =>
  (parameters) =>
    parameters.has("symbol") ? one : all;
const hedgeMode = (call: Call): unknown => ({ dualSidePosition: accountOf(call).hedge });

const spotRoutes: Route[] = [
  open("/api/v3/ping", 1, nothing),
  open("/api/v3/time", 1, time),
  open("/api/v3/exchangeInfo", 20, (call) => exchangeInfo(call, "spot")),
  open("/api/v3/klines", 2, (call) => candles(call, "spot")),
  open("/api/v3/ticker/price", withSymbol(2, 4), (call) => prices(call, "spot")),
  signed("/api/v3/account", 20, spotAccount),
  signed(
    "/api/v3/myTrades",
    (parameters) => (parameters.has("orderId") ? 5 : 20),
    (call) => spotTrades(call),
  ),
  signed("/api/v3/openOrders", withSymbol(6, 80), noRows),
];

const sapiRoutes: Route[] = [
  open("/sapi/v1/system/status", 1, ({ state }) => ({
    status: state.maintenance ? 1 : 0,
    msg: state.maintenance ? "system_maintenance" : "normal",
  })),
  signed("/sapi/v1/account/apiRestrictions", 1, apiRestrictions),
  signed("/sapi/v1/account/status", 1, () => ({ data: "Normal" })),
  signed("/sapi/v1/capital/config/getall", 10, coins),
  signed("/sapi/v1/capital/deposit/hisrec", 1, deposits),
  byUid("/sapi/v1/capital/withdraw/history", 18_000, withdrawals),
  byUid("/sapi/v1/convert/tradeFlow", 3_000, conversions),
  byUid("/sapi/v1/fiat/orders", 90_000, fiat),
  signed("/sapi/v1/fiat/payments", 1, fiat),
  signed("/sapi/v1/asset/dribblet", 1, dust),
  signed("/sapi/v1/asset/assetDividend", 10, dividends),
  signed("/sapi/v1/asset/transfer", 1, transfers),
  signed("/sapi/v1/accountSnapshot", 2_400, () => ({ code: 200, msg: "", snapshotVos: [] })),
  signed("/sapi/v1/simple-earn/flexible/history/rewardsRecord", 150, earnRewards),
  signed("/sapi/v1/margin/account", 10, marginAccount),
  signed("/sapi/v1/margin/isolated/account", 10, isolatedAccount),
  signed("/sapi/v1/margin/allPairs", 1, noRows),
  signed("/sapi/v1/margin/isolated/allPairs", 10, noRows),
  signed("/sapi/v1/margin/myTrades", 10, (call) => spotTrades(call, "margin")),
  signed("/sapi/v1/margin/forceLiquidationRec", 1, marginLiquidations),
  signed("/sapi/v1/margin/interestHistory", 1, () => ({ rows: [], total: 0 })),
  posted("/sapi/v3/asset/getUserAsset", 5, (call) => userAssets(call, "spot")),
  posted("/sapi/v1/asset/get-funding-asset", 1, (call) => userAssets(call, "funding")),
];

const linearRoutes: Route[] = [
  open("/fapi/v1/ping", 1, nothing),
  open("/fapi/v1/time", 1, time),
  open("/fapi/v1/exchangeInfo", 1, (call) => exchangeInfo(call, "linear")),
  open("/fapi/v1/klines", candleWeight, (call) => candles(call, "linear")),
  open("/fapi/v1/ticker/price", withSymbol(1, 2), (call) => prices(call, "linear")),
  open("/fapi/v2/ticker/price", withSymbol(1, 2), (call) => prices(call, "linear")),
  ...["v2", "v3"].flatMap((version) => [
    futures(`/fapi/${version}/account`, 5, (call) => futuresAccount(call, "linear", version === "v3")),
    futures(`/fapi/${version}/balance`, 5, (call) => futuresBalances(call, "linear")),
    futures(`/fapi/${version}/positionRisk`, 5, (call) => positionRisk(call, "linear", version === "v3")),
  ]),
  futures("/fapi/v1/positionSide/dual", 30, hedgeMode),
  futures("/fapi/v1/leverageBracket", 1, (call) => leverageBrackets(call, "linear")),
  futures("/fapi/v1/feeBurn", 30, (call) => ({ feeBurn: accountOf(call).ledger.bnbFees })),
  futures("/fapi/v1/multiAssetsMargin", 30, () => ({ multiAssetsMargin: false })),
  futures("/fapi/v1/userTrades", 5, (call) => linearTrades(call)),
  futures("/fapi/v1/income", 30, (call) => incomeRows(call, { market: "linear", windowDaysMax: null })),
  futures("/fapi/v1/forceOrders", withSymbol(20, 50), (call) => forcedOrders(call, "linear")),
  futures("/fapi/v1/allOrders", 5, (call) => allOrders(call, "linear")),
  futures("/fapi/v1/order", 1, (call) => oneOrder(call, "linear")),
];

const inverseRoutes: Route[] = [
  open("/dapi/v1/ping", 1, nothing),
  open("/dapi/v1/time", 1, time),
  open("/dapi/v1/exchangeInfo", 1, (call) => exchangeInfo(call, "inverse")),
  open("/dapi/v1/klines", candleWeight, (call) => candles(call, "inverse")),
  open("/dapi/v1/ticker/price", withSymbol(1, 2), (call) => prices(call, "inverse")),
  futures("/dapi/v1/account", 5, (call) => futuresAccount(call, "inverse", false)),
  futures("/dapi/v1/balance", 1, (call) => futuresBalances(call, "inverse")),
  futures("/dapi/v1/positionRisk", 1, (call) => positionRisk(call, "inverse", false)),
  futures("/dapi/v1/positionSide/dual", 30, hedgeMode),
  ...["v1", "v2"].map((version) =>
    futures(`/dapi/${version}/leverageBracket`, 1, (call) => leverageBrackets(call, "inverse")),
  ),
  futures("/dapi/v1/userTrades", (parameters) => (parameters.has("pair") ? 40 : 20), inverseTrades),
  futures("/dapi/v1/income", 20, (call) => incomeRows(call, { market: "inverse", windowDaysMax: 365 })),
  futures("/dapi/v1/forceOrders", withSymbol(20, 50), (call) => forcedOrders(call, "inverse")),
  futures("/dapi/v1/allOrders", withSymbol(20, 40), (call) => allOrders(call, "inverse")),
  futures("/dapi/v1/order", 1, (call) => oneOrder(call, "inverse")),
];

/** Portfolio margin: the same wallets and lists behind other paths, with narrower windows. */
const portfolioRoutes: Route[] = [
  open("/papi/v1/ping", 1, nothing),
  portfolio("/papi/v1/account", 20, (call) => ({
    uniMMR: "999.00000000",
    accountEquity: "0",
    accountStatus: "NORMAL",
    updateTime: call.nowMs,
  })),
  portfolio("/papi/v1/balance", 20, portfolioBalances),
  portfolio("/papi/v1/um/userTrades", 5, (call) => linearTrades(call, dayMs)),
  portfolio("/papi/v1/cm/userTrades", 20, inverseTrades),
  portfolio("/papi/v1/um/income", 30, (call) => incomeRows(call, { market: "linear", windowDaysMax: 200 })),
  portfolio("/papi/v1/cm/income", 30, (call) => incomeRows(call, { market: "inverse", windowDaysMax: 200 })),
  portfolio("/papi/v1/um/positionRisk", 5, (call) => positionRisk(call, "linear", true)),
  portfolio("/papi/v1/cm/positionRisk", 1, (call) => positionRisk(call, "inverse", true)),
  portfolio("/papi/v1/um/positionSide/dual", 30, hedgeMode),
  portfolio("/papi/v1/cm/positionSide/dual", 30, hedgeMode),
  portfolio("/papi/v1/um/forceOrders", withSymbol(20, 50), (call) => forcedOrders(call, "linear")),
  portfolio("/papi/v1/cm/forceOrders", withSymbol(20, 50), (call) => forcedOrders(call, "inverse")),
  portfolio("/papi/v1/margin/myTrades", 5, (call) => spotTrades(call, "margin")),
];

function portfolioBalances(call: Call): unknown {
  const { ledger } = accountOf(call);
  const wallets = { um: ledger.balancesAt("linear", call.nowMs), cm: ledger.balancesAt("inverse", call.nowMs) };
  const assets = new Set([...wallets.um.keys(), ...wallets.cm.keys()]);
  return [...assets].map((asset) => {
    const [um, cm] = [wallets.um.get(asset) ?? 0n, wallets.cm.get(asset) ?? 0n];
    return {
      asset,
      totalWalletBalance: formatDecimal(um + cm),
      crossMarginAsset: "0",
      umWalletBalance: formatDecimal(um),
      umUnrealizedPNL: "0",
      cmWalletBalance: formatDecimal(cm),
      cmUnrealizedPNL: "0",
      updateTime: call.nowMs,
    };
  });
}

const routes = new Map(
  [...spotRoutes, ...sapiRoutes, ...linearRoutes, ...inverseRoutes, ...portfolioRoutes].map((route) => [
    `${route.method} ${route.path}`,
    route,
  ]),
);

/** @throws {BinanceError} no such endpoint */
export function routeOf(method: string, path: string): Route {
  const route = routes.get(`${method} ${path}`);
  if (route === undefined) throw new BinanceError(404, -5000, `Path ${path}, Method ${method} is invalid`);
  return route;
}
