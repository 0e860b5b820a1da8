import { type Decimal, parseDecimal } from "../../executions/decimal.ts";
import type { BinanceClient } from "./client.ts";
import { type Endpoint, endpoints } from "./endpoints.ts";
import { FuturesBalances, PortfolioBalances } from "./rows.ts";

/** Where the lists of a futures market are: portfolio margin has the same ones behind other paths. */
export interface FuturesRoutes {
  market: "linear" | "inverse";
  balances: (client: BinanceClient) => Promise<Map<string, Decimal>>;
  trades: Endpoint;
  income: Endpoint;
  forced: Endpoint;
  /** How far back the lists reach. Null: not documented. */
  tradesDays: number | null;
  incomeDays: number;
  /** Of that, what every copy of the documentation agrees on: what is compared lies within. */
  incomeDaysSure: number;
  /** The longest window of the list of trades, when it is asked by time. */
  tradesWindowMs: number;
}

const dayMs = 86_400_000;

export function routesOf(market: "linear" | "inverse", portfolio: boolean): FuturesRoutes {
  const linear = market === "linear";
  return {
    market,
    balances: portfolio ? (client) => portfolioBalances(client, linear) : (client) => walletBalances(client, linear),
    trades: pick(linear, portfolio, [
      [endpoints.linearTrades, endpoints.portfolioLinearTrades],
      [endpoints.inverseTrades, endpoints.portfolioInverseTrades],
    ]),
    income: pick(linear, portfolio, [
      [endpoints.linearIncome, endpoints.portfolioLinearIncome],
      [endpoints.inverseIncome, endpoints.portfolioInverseIncome],
    ]),
    forced: pick(linear, portfolio, [
      [endpoints.linearForced, endpoints.portfolioLinearForced],
      [endpoints.inverseForced, endpoints.portfolioInverseForced],
    ]),
    // 6 months and 3 months, and a day for how the venue counts them.
    tradesDays: linear ? 180 : null,
    incomeDays: linear || portfolio ? 89 : 364,
    incomeDaysSure: 89,
    tradesWindowMs: (portfolio && linear ? dayMs : 7 * dayMs) - 1,
  };
}

type Choice = [usual: Endpoint, portfolio: Endpoint];

function pick(linear: boolean, portfolio: boolean, [first, second]: [linear: Choice, inverse: Choice]): Endpoint {
  return (linear ? first : second)[portfolio ? 1 : 0];
}

async function walletBalances(client: BinanceClient, linear: boolean): Promise<Map<string, Decimal>> {
  const rows = await client.get(linear ? endpoints.linearBalance : endpoints.inverseBalance, {}, FuturesBalances);
  return new Map(rows.map(({ asset, balance }) => [asset, parseDecimal(balance)]));
}

async function portfolioBalances(client: BinanceClient, linear: boolean): Promise<Map<string, Decimal>> {
  const rows = await client.get(endpoints.portfolioBalance, {}, PortfolioBalances);
  return new Map(
    rows.map(({ asset, umWalletBalance = "0", cmWalletBalance = "0" }) => [
      asset,
      parseDecimal(linear ? umWalletBalance : cmWalletBalance),
    ]),
  );
}
