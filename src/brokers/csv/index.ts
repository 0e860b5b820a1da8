import { binanceConvert } from "./binance-convert.ts";
import { binanceFuturesPositions } from "./binance-futures-positions.ts";
import { binanceSpotOrders } from "./binance-spot-orders.ts";
import { binanceSpotTrades } from "./binance-spot-trades.ts";
import { binanceTransactions } from "./binance-transactions.ts";
import { binanceUsdmTrades } from "./binance-usdm-trades.ts";
import { bitgetFills } from "./bitget-fills.ts";
import { bitmexTrades } from "./bitmex-trades.ts";
import { bitstamp } from "./bitstamp.ts";
import { bybitAccountLog } from "./bybit-account-log.ts";
import { bybitClosedPnl } from "./bybit-closed-pnl.ts";
import { bybitDerivativesTrades } from "./bybit-derivatives-trades.ts";
import { bybitSpotTrades } from "./bybit-spot-trades.ts";
import { coinbase } from "./coinbase.ts";
import { coinbaseProAccount } from "./coinbase-pro-account.ts";
import { coinbaseProFills } from "./coinbase-pro-fills.ts";
import { cryptocomApp } from "./cryptocom-app.ts";
import { cryptocomExchangeTrades } from "./cryptocom-exchange-trades.ts";
import { ctrader } from "./ctrader.ts";
import { degiroAccount } from "./degiro-account.ts";
import { degiroTransactions } from "./degiro-transactions.ts";
import type { Dialect } from "./dialect.ts";
import { etoro } from "./etoro.ts";
import { gateBilling } from "./gate-billing.ts";
import { generic } from "./generic.ts";
import { htxFills } from "./htx-fills.ts";
import { interactiveBrokersActivity } from "./interactive-brokers-activity.ts";
import { interactiveBrokersFlex } from "./interactive-brokers-flex.ts";
import { krakenLedgers } from "./kraken-ledgers.ts";
import { krakenTrades } from "./kraken-trades.ts";
import { kucoinConvert } from "./kucoin-convert.ts";
import { kucoinFills } from "./kucoin-fills.ts";
import { mexcFuturesTrades } from "./mexc-futures-trades.ts";
import { mexcSpotTrades } from "./mexc-spot-trades.ts";
import { ninjaTraderExecutions } from "./ninjatrader-executions.ts";
import { ninjaTraderTrades } from "./ninjatrader-trades.ts";
import { okxFills } from "./okx-fills.ts";
import { okxPositions } from "./okx-positions.ts";
import { okxTradingHistory } from "./okx-trading-history.ts";
import { thinkorswim } from "./thinkorswim.ts";
import { tradeZero } from "./tradezero.ts";
import { trading212 } from "./trading-212.ts";
import { tradovateFills } from "./tradovate-fills.ts";
import { tradovateOrders } from "./tradovate-orders.ts";
import { tradovatePerformance } from "./tradovate-performance.ts";
import { xtb } from "./xtb.ts";

/** Every dialect, in the order in which they are listed to a user. */
export const dialects: readonly Dialect[] = [
  binanceConvert,
  binanceFuturesPositions,
  binanceSpotOrders,
  binanceSpotTrades,
  binanceTransactions,
  binanceUsdmTrades,
  bitgetFills,
  bitmexTrades,
  bitstamp,
  bybitAccountLog,
  bybitClosedPnl,
  bybitDerivativesTrades,
  bybitSpotTrades,
  coinbase,
  coinbaseProAccount,
  coinbaseProFills,
  cryptocomApp,
  cryptocomExchangeTrades,
  ctrader,
  degiroAccount,
  degiroTransactions,
  etoro,
  gateBilling,
  htxFills,
  interactiveBrokersActivity,
  interactiveBrokersFlex,
  krakenLedgers,
  krakenTrades,
  kucoinConvert,
  kucoinFills,
  mexcFuturesTrades,
  mexcSpotTrades,
  okxFills,
  okxPositions,
  okxTradingHistory,
  ninjaTraderExecutions,
  ninjaTraderTrades,
  thinkorswim,
  tradeZero,
  trading212,
  tradovateFills,
  tradovateOrders,
  tradovatePerformance,
  xtb,
  generic,
];
