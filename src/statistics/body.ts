import type { NullReason } from "./figure.ts";

/** The contract's `Metrics`: decimals as text; what is undefined is left out. */
export interface Metrics {
  trades: number;
  wins: number;
  losses: number;
  breakevens: number;
  long_trades: number;
  short_trades: number;
  gross_pnl?: string;
  fees?: string;
  funding?: string;
  net_pnl: string;
  gross_profit: string;
  gross_loss: string;
  volume?: string;
  win_rate?: string;
  loss_rate?: string;
  breakeven_rate?: string;
  win_rate_ex_breakeven?: string;
  profit_factor?: string;
  expectancy?: string;
  expectancy_ratio?: string;
  average_win?: string;
  average_loss?: string;
  payoff_ratio?: string;
  largest_win?: string;
  largest_loss?: string;
  stddev_pnl?: string;
  kelly?: string;
  longest_win_streak?: number;
  longest_loss_streak?: number;
  longest_win_streak_pnl?: string;
  longest_loss_streak_pnl?: string;
  current_streak?: number;
  max_drawdown?: string;
  max_drawdown_pct?: string;
  max_drawdown_pct_at_max?: string;
  max_drawdown_peak_at?: string;
  max_drawdown_trough_at?: string;
  max_drawdown_recovered_at?: string;
  longest_drawdown_seconds?: number;
  drawdown_ongoing?: boolean;
  recovery_factor?: string;
  return_basis?: "equity" | "pnl";
  annualisation_days?: 252 | 365;
  sharpe_ratio?: string;
  sortino_ratio?: string;
  cagr?: string;
  calmar_ratio?: string;
  ulcer_index?: string;
  r_trades?: number;
  expectancy_r?: string;
  sqn?: string;
  sqn100?: string;
  sqn_reliable?: boolean;
  sqn_pnl?: string;
  average_holding_seconds?: number;
  median_holding_seconds?: number;
  average_win_holding_seconds?: number;
  average_loss_holding_seconds?: number;
  average_breakeven_holding_seconds?: number;
  trading_days?: number;
  winning_days?: number;
  losing_days?: number;
  average_daily_pnl?: string;
  best_day?: string;
  best_day_pnl?: string;
  worst_day?: string;
  worst_day_pnl?: string;
  z_score?: string;
  ahpr?: string;
  ghpr?: string;
  lr_correlation?: string;
  lr_standard_error?: string;
  null_reasons?: Record<string, NullReason>;
}

export type MetricName = Exclude<keyof Metrics, "null_reasons">;

export const periodKinds = ["all", "year", "quarter", "month", "week", "day"] as const;
export type PeriodKind = (typeof periodKinds)[number];

export const dimensions = [
  "symbol",
  "market",
  "broker",
  "account",
  "direction",
  "weekday",
  "hour",
  "session",
  "holding_time",
] as const;
export type Dimension = (typeof dimensions)[number];

export interface Period {
  period: PeriodKind;
  key: string;
  from: string;
  to: string;
  metrics: Metrics;
}

export interface Breakdown {
  dimension: Dimension;
  key: string;
  metrics: Metrics;
}

export interface StatisticsSection {
  currency: string;
  periods: Period[];
  breakdowns: Breakdown[];
}

export interface StatisticsWarning {
  code: string;
  message: string;
  count: number;
}

/** The body of `PUT /users/{id}/statistics`. */
export interface Statistics {
  computed_at: string;
  based_on_version: number;
  engine_version: string;
  timezone: string;
  base_currency: string;
  currencies: StatisticsSection[];
  base: StatisticsSection | null;
  warnings: StatisticsWarning[];
}

/** The contract's limits. */
export const periodsMax = 5_000;
export const breakdownsMax = 5_000;
export const currenciesMax = 50;
