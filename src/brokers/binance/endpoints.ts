import type { RateLimit } from "../rate-budget.ts";

/**
 * Where Binance answers what, and what it costs: https://developers.binance.com/docs. Weights count by address, or by user (`conversions`,
 * `withdrawals`). Each path under /sapi has a limit of its own.
 */
const sapiPools = [
  "systemStatus",
  "permissions",
  "deposits",
  "dust",
  "dividends",
  "marginAccount",
  "isolatedAccount",
  "marginTrades",
  "marginLiquidations",
] as const;
export type Pool =
  | "spot"
  | "linear"
  | "inverse"
  | "portfolio"
  | "conversions"
  | "withdrawals"
  | (typeof sapiPools)[number];

const minuteMs = 60_000;

export const binanceLimits: readonly RateLimit[] = [
  { pool: "spot", weight: 6_000, windowMs: minuteMs },
  { pool: "linear", weight: 2_400, windowMs: minuteMs },
  { pool: "inverse", weight: 2_400, windowMs: minuteMs },
  { pool: "portfolio", weight: 6_000, windowMs: minuteMs },
  ...sapiPools.map((pool) => ({ pool, weight: 12_000, windowMs: minuteMs })),
  { pool: "conversions", weight: 180_000, windowMs: minuteMs, perAccount: true },
  { pool: "withdrawals", weight: 180_000, windowMs: minuteMs, perAccount: true },
];

export interface Endpoint {
  host: string;
  path: string;
  weight: number;
  pool: Pool;
  /** With the key, and signed. */
  signed: boolean;
}

const hosts = {
  api: "https://api.binance.com",
  fapi: "https://fapi.binance.com",
  dapi: "https://dapi.binance.com",
  papi: "https://papi.binance.com",
};

const signed = (host: keyof typeof hosts, path: string, pool: Pool, weight: number): Endpoint => ({
  host: hosts[host],
  path,
  weight,
  pool,
  signed: true,
});
const open = (host: keyof typeof hosts, path: string, pool: Pool, weight: number): Endpoint => ({
  ...signed(host, path, pool, weight),
  signed: false,
});

export const endpoints = {
  spotTime: open("api", "/api/v3/time", "spot", 1),
  linearTime: open("fapi", "/fapi/v1/time", "linear", 1),
  inverseTime: open("dapi", "/dapi/v1/time", "inverse", 1),
  spotMarkets: open("api", "/api/v3/exchangeInfo", "spot", 20),
  linearMarkets: open("fapi", "/fapi/v1/exchangeInfo", "linear", 1),
  inverseMarkets: open("dapi", "/dapi/v1/exchangeInfo", "inverse", 1),
  spotKlines: open("api", "/api/v3/klines", "spot", 2),
  systemStatus: open("api", "/sapi/v1/system/status", "systemStatus", 1),
  permissions: signed("api", "/sapi/v1/account/apiRestrictions", "permissions", 1),
  spotAccount: signed("api", "/api/v3/account", "spot", 20),
  spotTrades: signed("api", "/api/v3/myTrades", "spot", 20),
  marginAccount: signed("api", "/sapi/v1/margin/account", "marginAccount", 10),
  isolatedAccount: signed("api", "/sapi/v1/margin/isolated/account", "isolatedAccount", 10),
  marginTrades: signed("api", "/sapi/v1/margin/myTrades", "marginTrades", 10),
  marginLiquidations: signed("api", "/sapi/v1/margin/forceLiquidationRec", "marginLiquidations", 1),
  deposits: signed("api", "/sapi/v1/capital/deposit/hisrec", "deposits", 1),
  withdrawals: signed("api", "/sapi/v1/capital/withdraw/history", "withdrawals", 18_000),
  conversions: signed("api", "/sapi/v1/convert/tradeFlow", "conversions", 3_000),
  dust: signed("api", "/sapi/v1/asset/dribblet", "dust", 1),
  dividends: signed("api", "/sapi/v1/asset/assetDividend", "dividends", 10),
  linearBalance: signed("fapi", "/fapi/v3/balance", "linear", 5),
  linearTrades: signed("fapi", "/fapi/v1/userTrades", "linear", 5),
  linearIncome: signed("fapi", "/fapi/v1/income", "linear", 30),
  linearForced: signed("fapi", "/fapi/v1/forceOrders", "linear", 50),
  inverseBalance: signed("dapi", "/dapi/v1/balance", "inverse", 1),
  inverseTrades: signed("dapi", "/dapi/v1/userTrades", "inverse", 20),
  inverseIncome: signed("dapi", "/dapi/v1/income", "inverse", 20),
  inverseForced: signed("dapi", "/dapi/v1/forceOrders", "inverse", 50),
  portfolioBalance: signed("papi", "/papi/v1/balance", "portfolio", 20),
  portfolioMarginTrades: signed("papi", "/papi/v1/margin/myTrades", "portfolio", 5),
  portfolioLinearTrades: signed("papi", "/papi/v1/um/userTrades", "portfolio", 5),
  portfolioLinearIncome: signed("papi", "/papi/v1/um/income", "portfolio", 30),
  portfolioLinearForced: signed("papi", "/papi/v1/um/forceOrders", "portfolio", 50),
  portfolioInverseTrades: signed("papi", "/papi/v1/cm/userTrades", "portfolio", 20),
  portfolioInverseIncome: signed("papi", "/papi/v1/cm/income", "portfolio", 30),
  portfolioInverseForced: signed("papi", "/papi/v1/cm/forceOrders", "portfolio", 50),
} as const satisfies Record<string, Endpoint>;

/** Answers its host's time, without a key. */
export function timeEndpointOf({ host }: Endpoint): Endpoint {
  if (host === hosts.fapi) return endpoints.linearTime;
  return host === hosts.dapi ? endpoints.inverseTime : endpoints.spotTime;
}

/** Paths that one permission opens: what works in one family says nothing of another. */
export function familyOf({ path }: Endpoint): string {
  const [, kind = "", , topic = ""] = path.split("/");
  return kind === "sapi" ? `${kind}/${topic}` : kind;
}
