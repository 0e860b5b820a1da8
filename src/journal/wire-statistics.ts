import "../jitless.ts";
import { type } from "arktype";
import {
  count,
  countOrNull,
  decimal,
  decimalOrNull,
  integerOrNull,
  text,
  textOrNull,
  timestamp,
  timestampOrNull,
} from "./scalars.ts";

/** The statistics as they are put: what is left out of the metrics is undefined there, so nothing is filled in. */
const nullReason = type.enumerated(
  "no_trades",
  "no_wins",
  "no_losses",
  "no_drawdown",
  "no_variation",
  "no_initial_risk",
  "no_starting_balance",
  "equity_not_positive",
  "too_few_trades",
  "too_few_days",
  "unknown_amount",
);

export const metricsShape = type({
  trades: count,
  "wins?": count,
  "losses?": count,
  "breakevens?": count,
  "long_trades?": count,
  "short_trades?": count,
  "gross_pnl?": decimalOrNull,
  "fees?": decimalOrNull,
  "funding?": decimalOrNull,
  net_pnl: decimal,
  "gross_profit?": decimalOrNull,
  "gross_loss?": decimalOrNull,
  "volume?": decimalOrNull,
  "win_rate?": decimalOrNull,
  "loss_rate?": decimalOrNull,
  "breakeven_rate?": decimalOrNull,
  "win_rate_ex_breakeven?": decimalOrNull,
  "profit_factor?": decimalOrNull,
  "expectancy?": decimalOrNull,
  "expectancy_ratio?": decimalOrNull,
  "average_win?": decimalOrNull,
  "average_loss?": decimalOrNull,
  "payoff_ratio?": decimalOrNull,
  "largest_win?": decimalOrNull,
  "largest_loss?": decimalOrNull,
  "stddev_pnl?": decimalOrNull,
  "kelly?": decimalOrNull,
  "longest_win_streak?": count,
  "longest_loss_streak?": count,
  "longest_win_streak_pnl?": decimalOrNull,
  "longest_loss_streak_pnl?": decimalOrNull,
  "current_streak?": "number.integer",
  "max_drawdown?": decimal,
  "max_drawdown_pct?": decimalOrNull,
  "max_drawdown_pct_at_max?": decimalOrNull,
  "max_drawdown_peak_at?": timestampOrNull,
  "max_drawdown_trough_at?": timestampOrNull,
  "max_drawdown_recovered_at?": timestampOrNull,
  "longest_drawdown_seconds?": countOrNull,
  "drawdown_ongoing?": "boolean",
  "recovery_factor?": decimalOrNull,
  "return_basis?": "'equity' | 'pnl' | null",
  "annualisation_days?": "252 | 365 | null",
  "sharpe_ratio?": decimalOrNull,
  "sortino_ratio?": decimalOrNull,
  "cagr?": decimalOrNull,
  "calmar_ratio?": decimalOrNull,
  "ulcer_index?": decimalOrNull,
  "r_trades?": count,
  "expectancy_r?": decimalOrNull,
  "sqn?": decimalOrNull,
  "sqn100?": decimalOrNull,
  "sqn_reliable?": "boolean",
  "sqn_pnl?": decimalOrNull,
  "average_holding_seconds?": integerOrNull,
  "median_holding_seconds?": integerOrNull,
  "average_win_holding_seconds?": integerOrNull,
  "average_loss_holding_seconds?": integerOrNull,
  "average_breakeven_holding_seconds?": integerOrNull,
  "trading_days?": count,
  "winning_days?": count,
  "losing_days?": count,
  "average_daily_pnl?": decimalOrNull,
  "best_day?": textOrNull,
  "best_day_pnl?": decimalOrNull,
  "worst_day?": textOrNull,
  "worst_day_pnl?": decimalOrNull,
  "z_score?": decimalOrNull,
  "ahpr?": decimalOrNull,
  "ghpr?": decimalOrNull,
  "lr_correlation?": decimalOrNull,
  "lr_standard_error?": decimalOrNull,
  "null_reasons?": type({ "[string]": nullReason }),
});
export type Metrics = typeof metricsShape.infer;

export const statisticsSectionShape = type({
  currency: "1 <= string <= 24",
  periods: type({
    period: "'all' | 'year' | 'quarter' | 'month' | 'week' | 'day'",
    key: "string <= 32",
    "from?": timestamp,
    "to?": timestamp,
    metrics: metricsShape,
  })
    .array()
    .atMostLength(5000),
  breakdowns: type({
    dimension:
      "'symbol' | 'market' | 'broker' | 'account' | 'direction' | 'weekday' | 'hour' | 'session' | 'holding_time'",
    key: "string <= 128",
    metrics: metricsShape,
  })
    .array()
    .atMostLength(5000),
});
export type StatisticsSection = typeof statisticsSectionShape.infer;

export const statisticsShape = type({
  computed_at: timestamp,
  based_on_version: count,
  engine_version: "string <= 32",
  timezone: text.narrow(isTimezone).describe("a valid timezone"),
  base_currency: "1 <= string <= 24",
  currencies: statisticsSectionShape.array().atMostLength(50),
  base: statisticsSectionShape.or("null"),
  "warnings?": type({ code: "string", "message?": "string", "count?": "number.integer" }).array(),
});
export type Statistics = typeof statisticsShape.infer;

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
