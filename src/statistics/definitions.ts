import type { MetricName } from "./body.ts";

/**
 * - `count`: a whole number; `text`, `time`, `flag`: as they are;
 * - `money`: in the currency of the section;
 * - `ratio`: a plain number; `fraction`: of one, shown as percent;
 * - `r`: in multiples of the initial risk;
 * - `seconds`, `days`.
 */
export type MetricUnit = "count" | "money" | "ratio" | "fraction" | "r" | "seconds" | "days" | "time" | "text" | "flag";

export interface MetricDefinition {
  name: MetricName;
  title: string;
  unit: MetricUnit;
  /** How it is worked out, and when it is not defined. */
  formula: string;
  /** Where the definition comes from, or what it agrees with. */
  source: string;
}

const own = "this project";
const vanTharp = "Van Tharp, System Quality Number";
const metaTrader = "MetaTrader 5, strategy tester report";
const empyrical = "empyrical, quantstats, vectorbt";

type Row = [title: string, unit: MetricUnit, formula: string, source: string];

const counts: Partial<Record<MetricName, Row>> = {
  trades: ["Trades", "count", "Closed trades with a known net P&L: the n of every figure", own],
  wins: [
    "Wins",
    "count",
    "Trades whose net P&L, rounded to 8 places, is above the breakeven band (zero unless set)",
    own,
  ],
  losses: ["Losses", "count", "Trades whose net P&L, rounded to 8 places, is below the breakeven band", own],
  breakevens: ["Breakevens", "count", "Trades within the breakeven band, its ends included", own],
  long_trades: ["Long trades", "count", "Trades of direction long", own],
  short_trades: ["Short trades", "count", "Trades of direction short", own],
};

const money: Partial<Record<MetricName, Row>> = {
  gross_pnl: ["Gross P&L", "money", "Sum of the P&L before fees and funding", own],
  fees: ["Fees", "money", "Sum of the fees; positive is paid", own],
  funding: ["Funding", "money", "Sum of funding, swap and borrowing; positive is paid", own],
  net_pnl: ["Net P&L", "money", "Gross P&L - fees - funding", own],
  gross_profit: ["Gross profit", "money", "Sum of the net P&L of the wins", metaTrader],
  gross_loss: ["Gross loss", "money", "Sum of the net P&L of the losses, as a positive amount", metaTrader],
  volume: [
    "Volume",
    "money",
    "Sum of what was opened: quantity x contract size x entry price (inverse contracts: quantity x contract size / entry price)",
    own,
  ],
};

const outcomes: Partial<Record<MetricName, Row>> = {
  win_rate: ["Win rate", "fraction", "Wins / trades", "freqtrade, vectorbt, Tradervue"],
  loss_rate: ["Loss rate", "fraction", "Losses / trades", own],
  breakeven_rate: ["Breakeven rate", "fraction", "Breakevens / trades", own],
  win_rate_ex_breakeven: ["Win rate without breakevens", "fraction", "Wins / (wins + losses)", "quantstats"],
  profit_factor: ["Profit factor", "ratio", "Gross profit / gross loss; not defined without a loss", metaTrader],
  expectancy: ["Expectancy", "money", "Net P&L / trades", `${metaTrader} (expected payoff)`],
  expectancy_ratio: [
    "Expectancy ratio",
    "ratio",
    "Expectancy / average loss",
    "Van Tharp, with breakevens counted as what they are",
  ],
  average_win: ["Average win", "money", "Gross profit / wins", metaTrader],
  average_loss: ["Average loss", "money", "Gross loss / losses, as a positive amount", metaTrader],
  payoff_ratio: [
    "Payoff ratio",
    "ratio",
    "Average win / average loss; not defined without both",
    "quantstats, vectorbt",
  ],
  largest_win: ["Largest win", "money", "The highest net P&L of a win", metaTrader],
  largest_loss: ["Largest loss", "money", "The lowest net P&L of a loss, as a positive amount", metaTrader],
  stddev_pnl: [
    "Standard deviation",
    "money",
    "Of the net P&L of a trade, divided by n - 1; not defined below two trades",
    own,
  ],
  kelly: [
    "Kelly fraction",
    "fraction",
    "p - (1 - p) / payoff ratio, with p the win rate without breakevens; can be negative",
    "J. L. Kelly 1956; quantstats",
  ],
};

const streaks: Partial<Record<MetricName, Row>> = {
  longest_win_streak: [
    "Longest winning streak",
    "count",
    "Most wins in a row, by close; a breakeven ends a streak",
    "vectorbt, quantstats",
  ],
  longest_loss_streak: [
    "Longest losing streak",
    "count",
    "Most losses in a row, by close; a breakeven ends a streak",
    "vectorbt, quantstats",
  ],
  longest_win_streak_pnl: [
    "P&L of the longest winning streak",
    "money",
    "Net P&L of that run, the first of equals",
    metaTrader,
  ],
  longest_loss_streak_pnl: [
    "P&L of the longest losing streak",
    "money",
    "Net P&L of that run, the first of equals",
    metaTrader,
  ],
  current_streak: ["Current streak", "count", "The run at the end: positive wins, negative losses", own],
};

const drawdowns: Partial<Record<MetricName, Row>> = {
  max_drawdown: [
    "Max drawdown",
    "money",
    "Largest fall of the balance after closed trades from its peak; the start is a peak too. Begins anew with each period",
    `${metaTrader} (balance drawdown maximal)`,
  ],
  max_drawdown_pct: [
    "Max drawdown %",
    "fraction",
    "Largest fall as a fraction of its peak, which need not be the largest in money; not defined without a starting balance",
    `${metaTrader} (balance drawdown relative)`,
  ],
  max_drawdown_pct_at_max: [
    "Max drawdown as % of its peak",
    "fraction",
    "Max drawdown / the balance at its peak",
    metaTrader,
  ],
  max_drawdown_peak_at: [
    "Drawdown began",
    "time",
    "Close at the peak of the max drawdown; the first open, where that is the start",
    own,
  ],
  max_drawdown_trough_at: ["Drawdown's lowest point", "time", "Close at the lowest point of the max drawdown", own],
  max_drawdown_recovered_at: [
    "Drawdown recovered",
    "time",
    "Close that came back up to the peak; none while it lasts",
    own,
  ],
  longest_drawdown_seconds: [
    "Longest drawdown",
    "seconds",
    "Longest time from a peak to the close that came back up to it, or to the last close",
    "backtesting.py",
  ],
  drawdown_ongoing: ["Drawdown is going on", "flag", "The balance ends below its peak", own],
  recovery_factor: [
    "Recovery factor",
    "ratio",
    "Net P&L / max drawdown, signed; not defined without a drawdown",
    metaTrader,
  ],
};

const returns: Partial<Record<MetricName, Row>> = {
  return_basis: [
    "Basis of the daily series",
    "text",
    "equity: a day's P&L / the equity at its start; pnl: the P&L itself, where no starting balance is known",
    own,
  ],
  annualisation_days: [
    "Days of a year",
    "days",
    "365 with all days, where a market in scope is open at weekends; else 252 with Monday to Friday, a weekend's result on the Monday after",
    own,
  ],
  sharpe_ratio: [
    "Sharpe ratio",
    "ratio",
    "Mean / standard deviation (n - 1) of the daily series x root of the days of a year. One entry a day from first to last close, zero without a close; risk-free rate 0",
    empyrical,
  ],
  sortino_ratio: [
    "Sortino ratio",
    "ratio",
    "Mean of the daily series / root of the mean of min(day, 0)^2 over all days x root of the days of a year; not defined without a losing day",
    empyrical,
  ],
  cagr: [
    "Annual growth (CAGR)",
    "fraction",
    "(End / start balance)^(365 / days from first open to last close) - 1; not defined below 30 days",
    "freqtrade, with a floor of 30 days",
  ],
  calmar_ratio: ["Calmar ratio", "ratio", "Annual growth / max drawdown %", "Terry W. Young 1991; empyrical"],
  ulcer_index: [
    "Ulcer index",
    "fraction",
    "Root of the mean, over all days of the axis, of the squared fall from the peak as a fraction",
    "Peter Martin 1987",
  ],
};

const risk: Partial<Record<MetricName, Row>> = {
  r_trades: ["Trades with R", "count", "Trades with an initial risk: the n of the figures of R", vanTharp],
  expectancy_r: ["Expectancy in R", "r", "Mean of net P&L / initial risk", vanTharp],
  sqn: [
    "System quality (SQN)",
    "ratio",
    "Root of the trades with R x mean / standard deviation (n - 1) of R",
    vanTharp,
  ],
  sqn100: [
    "System quality, at most 100 trades",
    "ratio",
    "As SQN, with the root of at most 100: comparable between histories",
    vanTharp,
  ],
  sqn_reliable: ["SQN is reliable", "flag", "30 trades with R or more", vanTharp],
  sqn_pnl: [
    "System quality of the P&L",
    "ratio",
    "Root of the trades x expectancy / standard deviation of the net P&L",
    "backtesting.py, vectorbt",
  ],
};

const times: Partial<Record<MetricName, Row>> = {
  average_holding_seconds: ["Average holding time", "seconds", "Mean time from open to close", metaTrader],
  median_holding_seconds: [
    "Median holding time",
    "seconds",
    "Middle time from open to close; the mean of the middle two",
    own,
  ],
  average_win_holding_seconds: [
    "Average holding time of wins",
    "seconds",
    "Mean time from open to close of the wins",
    "freqtrade",
  ],
  average_loss_holding_seconds: [
    "Average holding time of losses",
    "seconds",
    "Mean time from open to close of the losses",
    "freqtrade",
  ],
  average_breakeven_holding_seconds: [
    "Average holding time of breakevens",
    "seconds",
    "Mean time from open to close of the breakevens",
    own,
  ],
  trading_days: ["Trading days", "days", "Days on which a trade closed, in the user's time zone", own],
  winning_days: ["Winning days", "days", "Trading days with a net P&L above zero", "freqtrade"],
  losing_days: ["Losing days", "days", "Trading days with a net P&L below zero", "freqtrade"],
  average_daily_pnl: ["Average day", "money", "Net P&L / trading days", own],
  best_day: ["Best day", "text", "The day with the highest net P&L, the first of equals", own],
  best_day_pnl: ["P&L of the best day", "money", "Its net P&L", own],
  worst_day: ["Worst day", "text", "The day with the lowest net P&L, the first of equals", own],
  worst_day_pnl: ["P&L of the worst day", "money", "Its net P&L", own],
};

const sequence: Partial<Record<MetricName, Row>> = {
  z_score: [
    "Z-score",
    "ratio",
    "Runs test on wins and losses: (N (runs - 0.5) - P) / root of (P (P - N) / (N - 1)), with N = wins + losses and P = 2 x wins x losses. Above 0 they alternate, below they cluster",
    "Ralph Vince, Portfolio Management Formulas; MetaTrader 5",
  ],
  ahpr: [
    "Mean growth of a trade (AHPR)",
    "ratio",
    "Arithmetic mean of balance after / balance before each trade",
    metaTrader,
  ],
  ghpr: ["Compound growth of a trade (GHPR)", "ratio", "(End / start balance)^(1 / trades)", metaTrader],
  lr_correlation: [
    "Straightness of the balance",
    "ratio",
    "Correlation of trade number and balance, the start included",
    `${metaTrader} (LR correlation)`,
  ],
  lr_standard_error: [
    "Distance from the straight line",
    "money",
    "Standard error of the balance about its regression line, the start included",
    `${metaTrader} (LR standard error)`,
  ],
};

/** Every metric, in the contract's order. */
export const metricDefinitions: readonly MetricDefinition[] = Object.entries({
  ...counts,
  ...money,
  ...outcomes,
  ...streaks,
  ...drawdowns,
  ...returns,
  ...risk,
  ...times,
  ...sequence,
}).map(([name, [title, unit, formula, source]]) => ({ name: name as MetricName, title, unit, formula, source }));

const byName = new Map(metricDefinitions.map((definition) => [definition.name, definition]));

export function definitionOf(name: MetricName): MetricDefinition {
  const found = byName.get(name);
  if (found === undefined) throw new Error(`no definition of ${name}`);
  return found;
}

/** What to say where a figure is not defined. */
export const nullReasonTexts = {
  no_trades: "no trades",
  no_wins: "no win",
  no_losses: "no loss",
  no_drawdown: "no drawdown",
  no_variation: "all values are the same",
  no_initial_risk: "no trade with an initial stop",
  no_starting_balance: "the starting balance is not known",
  equity_not_positive: "the equity was not above zero",
  too_few_trades: "too few trades",
  too_few_days: "too few days",
  unknown_amount: "an amount is not known",
} as const;
