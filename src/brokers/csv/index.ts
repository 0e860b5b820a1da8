import { binanceSpotTrades } from "./binance-spot-trades.ts";
import { binanceUsdmTrades } from "./binance-usdm-trades.ts";
import type { Dialect } from "./dialect.ts";
import { generic } from "./generic.ts";
import { interactiveBrokersActivity } from "./interactive-brokers-activity.ts";

/** Every dialect, in the order in which they are listed to a user. */
export const dialects: readonly Dialect[] = [binanceSpotTrades, binanceUsdmTrades, interactiveBrokersActivity, generic];
