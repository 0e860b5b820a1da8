import type { User } from "../../../src/journal/wire.ts";
import type { ClosedTrade } from "../../../src/statistics/closed-trade.ts";
import { summarise } from "../../../src/statistics/summary.ts";
import { TradePoints } from "../../../src/workers/analyze-stats/points.ts";
import type { Shown } from "../../../src/workers/analyze-stats/result.ts";

export function userOf(change: Partial<User> = {}): User {
  return {
    user_id: 42,
    timezone: "UTC",
    base_currency: "USD",
    starting_balance: null,
    breakeven_band: null,
    trades_version: 1,
    trades_changed_at: null,
    statistics: null,
    ...change,
  };
}

/** As the worker makes it of a user's trades. */
export function shownOf(trades: readonly ClosedTrade[], change: Partial<User> = {}): Shown {
  const user = userOf(change);
  const points = new TradePoints(user.base_currency);
  for (const trade of trades) points.add(trade);
  const computedAtMs = Date.parse("2026-03-01T10:00:00Z");
  return { statistics: summarise(trades, user, { engineVersion: "0.1.0", computedAtMs, basedOnVersion: 1 }), points };
}
