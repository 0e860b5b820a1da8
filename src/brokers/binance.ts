import { Failure } from "../errors.ts";
import { BinanceClient } from "./binance/client.ts";
import { readCoins } from "./binance/coin.ts";
import { newCoinState, newFuturesState, newHoldings, newState, readCursor } from "./binance/cursor.ts";
import { NoWallet } from "./binance/errors.ts";
import { readFutures } from "./binance/futures.ts";
import { routesOf } from "./binance/futures-routes.ts";
import { checkKey } from "./binance/key.ts";
import { marketsOf } from "./binance/markets.ts";
import { type Reading, toPage, warn } from "./binance/reading.ts";
import { marginWallet, readIsolated, spotWallet } from "./binance/wallets.ts";
import type { Broker, BrokerAccount, BrokerTools, SourcePage } from "./broker.ts";

/**
 * Binance, REST: spot, margin, USD-M (`linear`) and COIN-M (`inverse`), with portfolio margin behind its own paths. Fills by id, symbol by symbol;
 * times in UTC. Futures come first: their lists tell which coins went from spot to them.
 */
const order = ["linear", "inverse", "spot", "margin"] as const;
type BinanceMarket = (typeof order)[number];

export const binance: Broker = {
  id: "binance",
  title: "Binance",
  markets: ["spot", "margin", "linear", "inverse"],
  statedPnl: "gross",
  tested: true,
  read,
};

async function* read(account: BrokerAccount, tools: BrokerTools): AsyncGenerator<SourcePage> {
  const { accountId, credentials, importFromMs, knownSymbols = [] } = account;
  const stored = readCursor(account.cursor);
  const client = new BinanceClient({ accountId, credentials, tools, hasWorked: stored !== null });
  const reading: Reading = { client, state: stored ?? newState(), importFromMs, knownSymbols, warnings: new Map() };
  const { signal, log } = tools.context;
  if (stored === null && account.cursor !== null)
    log.warning("cursor_unknown", { account_id: accountId, broker: "binance" });
  // Before the futures, whose lists say what went from spot to them.
  if (account.markets.includes("spot")) reading.state.spot ??= newCoinState();
  const refused: Failure[] = [];
  try {
    await client.checkClock();
    await checkKey(reading, account);
    for (const market of order.filter((name) => account.markets.includes(name))) {
      try {
        yield* readMarket(reading, market);
      } catch (error) {
        // The other markets are read all the same; the account hears of this one at the end.
        if (!(error instanceof Failure) || error.detail.code !== "permission_missing") throw error;
        refused.push(error);
      }
    }
  } catch (error) {
    if (signal.aborted) return; // the last page's cursor lets the next run go on
    throw error;
  }
  yield { ...(await toPage(reading, [])), warnings: warningsOf(reading) };
  const [first] = refused;
  if (first !== undefined) throw first;
}

async function* readMarket(reading: Reading, market: BinanceMarket): AsyncGenerator<SourcePage> {
  const { client, state } = reading;
  const { portfolioMargin } = state.key;
  try {
    if (market === "linear" || market === "inverse") {
      state[market] ??= newFuturesState();
      yield* readFutures(reading, routesOf(market, portfolioMargin), state[market], await marketsOf(client, market));
      return;
    }
    const symbols = await marketsOf(client, "spot");
    if (market === "spot") {
      state.spot ??= newCoinState();
      yield* readCoins(reading, spotWallet(client, symbols), state.spot);
    } else {
      state.margin ??= newCoinState();
      state.isolated ??= newHoldings();
      yield* readCoins(reading, marginWallet(client, symbols, portfolioMargin), state.margin);
      if (!portfolioMargin) yield* readIsolated(reading, symbols, state.isolated);
    }
  } catch (error) {
    if (!(error instanceof NoWallet)) throw error; // it was never opened: there is nothing in it
    client.tools.context.log.debug("wallet_missing", { account_id: client.accountId, market, message: error.message });
  }
}

function warningsOf(reading: Reading) {
  const { client, warnings } = reading;
  if (Math.abs(client.venue.clockOffsetMs) > 500) {
    const { clockOffsetMs } = client.venue;
    const message = `This machine's clock is ${Math.abs(clockOffsetMs)} ms ${clockOffsetMs > 0 ? "behind" : "ahead of"} Binance's; that was corrected.`;
    warn(reading, "clock", { code: "clock_off", message });
  }
  return [...warnings.values()];
}
