import { type Decimal, parseDecimal } from "../../executions/decimal.ts";
import type { SourcePage } from "../broker.ts";
import type { MarketTable } from "../markets-cache.ts";
import { AssetLedger } from "./asset-ledger.ts";
import type { BinanceClient } from "./client.ts";
import { type CoinWallet, readSymbol } from "./coin.ts";
import type { Holdings } from "./cursor.ts";
import { endpoints } from "./endpoints.ts";
import { NoEndpoint, NoWallet } from "./errors.ts";
import { dayMs, type Reading, rowsMax, toPage } from "./reading.ts";
import { CoinTrades, IsolatedAccount, Liquidations, MarginAccount, PortfolioBalances, SpotAccount } from "./rows.ts";

/** The wallets whose trades are in `myTrades`. */
export function spotWallet(client: BinanceClient, symbols: MarketTable): CoinWallet {
  return {
    market: "spot",
    symbols,
    tradesEndpoint: endpoints.spotTrades,
    async balances() {
      const { balances } = await client.get(endpoints.spotAccount, { omitZeroBalances: "true" }, SpotAccount);
      return sumOf(balances.map(({ asset, free, locked }) => [asset, parseDecimal(free) + parseDecimal(locked)]));
    },
    trades: async (symbol, from) =>
      await client.get(endpoints.spotTrades, { symbol, ...from, limit: rowsMax }, CoinTrades),
    liquidations: () => Promise.resolve(new Set()),
  };
}

/** Cross margin. What is borrowed is not the account's; interest is left out, since it accrues without a trade. */
export function marginWallet(client: BinanceClient, symbols: MarketTable, portfolio: boolean): CoinWallet {
  const tradesEndpoint = portfolio ? endpoints.portfolioMarginTrades : endpoints.marginTrades;
  return {
    market: "margin",
    symbols,
    tradesEndpoint,
    async balances() {
      if (portfolio) return await portfolioBalances(client);
      const { userAssets } = await client.get(endpoints.marginAccount, {}, MarginAccount);
      return sumOf(userAssets.map((entry) => [entry.asset, ownOf(entry)]));
    },
    trades: async (symbol, from) => await client.get(tradesEndpoint, { symbol, ...from, limit: rowsMax }, CoinTrades),
    liquidations: liquidationsOf(client, portfolio),
  };
}

/**
 * Isolated margin has a wallet a pair, so that the pairs are known. They are looked at once a day, and each time once one of them was traded.
 */
export async function* readIsolated(
  reading: Reading,
  symbols: MarketTable,
  state: Holdings,
): AsyncGenerator<SourcePage> {
  const { client } = reading;
  const nowMs = client.nowMs();
  const isDue = nowMs - state.fullReadMs >= dayMs;
  if (!isDue && state.progress.size === 0) return;
  const pairs = await isolatedPairs(client);
  state.ledger.observe(sumOf(pairs.flatMap(({ totals }) => totals)));
  const moved = state.ledger.unexplained();
  const isolated: CoinWallet = {
    market: "margin",
    symbols,
    tradesEndpoint: endpoints.marginTrades,
    balances: () => Promise.resolve(new Map()),
    trades: async (symbol, from) =>
      await client.get(endpoints.marginTrades, { symbol, isIsolated: "TRUE", ...from, limit: rowsMax }, CoinTrades),
    liquidations: liquidationsOf(client, false),
  };
  for (const { symbol, totals } of pairs) {
    if (!isDue && !totals.some(([asset]) => moved.has(asset))) continue;
    yield* readSymbol(reading, isolated, { ...state, ledger: new AssetLedger() }, symbol, nowMs);
  }
  if (isDue) state.fullReadMs = nowMs;
  state.ledger.accept();
  yield await toPage(reading, []);
}

/** The pair stands in the name of the asset, since each pair has its own. */
async function isolatedPairs(client: BinanceClient): Promise<{ symbol: string; totals: [string, Decimal][] }[]> {
  try {
    const { assets } = await client.get(endpoints.isolatedAccount, {}, IsolatedAccount);
    return assets.map(({ symbol, baseAsset, quoteAsset }) => ({
      symbol,
      totals: [baseAsset, quoteAsset].map((entry) => [`${symbol}/${entry.asset}`, ownOf(entry)] as [string, Decimal]),
    }));
  } catch (error) {
    if (error instanceof NoWallet || error instanceof NoEndpoint) return [];
    throw error;
  }
}

async function portfolioBalances(client: BinanceClient): Promise<Map<string, Decimal>> {
  const rows = await client.get(endpoints.portfolioBalance, {}, PortfolioBalances);
  return sumOf(
    rows.map((row) => [
      row.asset,
      ownOf({
        free: row.crossMarginFree ?? "0",
        locked: row.crossMarginLocked ?? "0",
        borrowed: row.crossMarginBorrowed ?? "0",
      }),
    ]),
  );
}

/** Asked once a run, when there are new fills. */
function liquidationsOf(client: BinanceClient, portfolio: boolean): () => Promise<ReadonlySet<string>> {
  let asked: Promise<ReadonlySet<string>> | null = null;
  const ask = async () => {
    if (portfolio) return new Set<string>();
    const { rows } = await client.get(endpoints.marginLiquidations, { size: 100 }, Liquidations);
    return new Set(rows.map(({ orderId }) => String(orderId)));
  };
  return () => {
    asked ??= ask();
    return asked;
  };
}

function ownOf({ free, locked, borrowed }: { free: string; locked: string; borrowed: string }): Decimal {
  return parseDecimal(free) + parseDecimal(locked) - parseDecimal(borrowed);
}

function sumOf(entries: readonly (readonly [string, Decimal])[]): Map<string, Decimal> {
  const sums = new Map<string, Decimal>();
  for (const [asset, amount] of entries) sums.set(asset, (sums.get(asset) ?? 0n) + amount);
  return sums;
}
