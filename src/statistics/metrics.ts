import { ratioText } from "./amount-text.ts";
import type { Metrics } from "./body.ts";
import type { Course } from "./course.ts";
import { dayFigures } from "./daily.ts";
import { dayKey } from "./days.ts";
import { averageText, type ExactSum } from "./exact-sum.ts";
import type { Figure, NullReason } from "./figure.ts";
import { calmar } from "./growth.ts";
import { meanSeconds } from "./holding.ts";
import { formatInstant } from "./instant.ts";
import { riskFigures, systemQuality } from "./moments.ts";
import { runAmount } from "./streaks.ts";
import { outcomeFigures, type Totals } from "./totals.ts";

type RatioName = {
  [K in keyof Metrics]-?: Metrics[K] extends string | undefined ? K : never;
}[keyof Metrics] &
  string;

export type Reasons = Readonly<Record<string, NullReason>>;

/** Counts and sums: all that a day carries. */
export function sumMetrics(totals: Totals): Metrics {
  const metrics: Metrics = {
    trades: totals.trades,
    wins: totals.wins,
    losses: totals.losses,
    breakevens: totals.breakevens,
    long_trades: totals.longTrades,
    short_trades: totals.trades - totals.longTrades,
    net_pnl: totals.net.toText(),
    gross_profit: totals.profit.toText(),
    gross_loss: negatedText(totals.loss),
  };
  if (totals.costsUnknown > 0) return metrics;
  if (totals.grossUnknown === 0) metrics.gross_pnl = totals.gross.toText();
  metrics.fees = totals.fees.toText();
  metrics.funding = totals.funding.toText();
  if (totals.volumeUnknown === 0) metrics.volume = totals.volume.toText();
  return metrics;
}

/** Every figure. Reasons that `told` has too are left out: the section's period `all` says them for all its parts. */
export function allMetrics(
  { totals, course, medianSeconds }: { totals: Totals; course: Course; medianSeconds: number | null },
  told: Reasons | null,
): Metrics {
  const writer = new MetricsWriter(sumMetrics(totals));
  writeUnknown(writer, totals);
  writeOutcomes(writer, totals, course);
  writeStreaks(writer, course);
  writeDrawdown(writer, totals, course);
  writeQuality(writer, course);
  writeHoldingTimes(writer, totals, medianSeconds);
  writeDays(writer, totals, course);
  writeBalance(writer, course);
  return writer.finish(told);
}

class MetricsWriter {
  readonly metrics: Metrics;
  readonly #reasons: Record<string, NullReason> = {};
  #reasonCount = 0;

  constructor(metrics: Metrics) {
    this.metrics = metrics;
  }

  /** A float, or why there is none. One too large for the contract is left out. */
  figure(name: RatioName, figure: Figure): void {
    const text = typeof figure === "string" ? null : ratioText(figure);
    if (typeof figure === "string") this.reason(name, figure);
    else if (text !== null) this.metrics[name] = text as never;
  }

  reason(name: RatioName | keyof Metrics, reason: NullReason): void {
    this.#reasons[name] = reason;
    this.#reasonCount++;
  }

  finish(told: Reasons | null): Metrics {
    if (this.#reasonCount === 0) return this.metrics;
    if (told === null) {
      this.metrics.null_reasons = this.#reasons;
      return this.metrics;
    }
    const untold = Object.entries(this.#reasons).filter(([name, reason]) => told[name] !== reason);
    if (untold.length > 0) this.metrics.null_reasons = Object.fromEntries(untold);
    return this.metrics;
  }
}

function negatedText(sum: ExactSum): string {
  const text = sum.toText();
  return text.startsWith("-") ? text.slice(1) : text === "0" ? text : `-${text}`;
}

function writeUnknown(writer: MetricsWriter, totals: Totals): void {
  const isAllUnknown = totals.costsUnknown > 0;
  if (isAllUnknown || totals.grossUnknown > 0) writer.reason("gross_pnl", "unknown_amount");
  if (isAllUnknown) writer.reason("fees", "unknown_amount");
  if (isAllUnknown) writer.reason("funding", "unknown_amount");
  if (isAllUnknown || totals.volumeUnknown > 0) writer.reason("volume", "unknown_amount");
}

function writeOutcomes(writer: MetricsWriter, totals: Totals, course: Course): void {
  const { metrics } = writer;
  const { wins, losses, trades } = totals;
  const { scale } = course.scope;
  const figures = outcomeFigures(totals);
  writer.figure("win_rate", figures.winRate);
  writer.figure("loss_rate", figures.lossRate);
  writer.figure("breakeven_rate", figures.breakevenRate);
  writer.figure("win_rate_ex_breakeven", figures.winRateExBreakeven);
  writer.figure("profit_factor", figures.profitFactor);
  if (trades > 0) metrics.expectancy = averageText(totals.net, trades);
  else writer.reason("expectancy", "no_trades");
  writer.figure("expectancy_ratio", figures.expectancyRatio);
  if (wins > 0) metrics.average_win = averageText(totals.profit, wins);
  else writer.reason("average_win", "no_wins");
  if (losses > 0) metrics.average_loss = negated(averageText(totals.loss, losses));
  else writer.reason("average_loss", "no_losses");
  writer.figure("payoff_ratio", figures.payoffRatio);
  if (course.largestHigh !== 0 || course.largestLow !== 0) {
    metrics.largest_win = scale.toText(course.largestHigh, course.largestLow);
  } else writer.reason("largest_win", "no_wins");
  if (course.smallestHigh !== 0 || course.smallestLow !== 0) {
    metrics.largest_loss = scale.toText(-course.smallestHigh, -course.smallestLow);
  } else writer.reason("largest_loss", "no_losses");
  writer.figure("stddev_pnl", course.nets.deviation());
  writer.figure("kelly", figures.kelly);
}

function negated(text: string): string {
  return text.startsWith("-") ? text.slice(1) : text === "0" ? text : `-${text}`;
}

function writeStreaks({ metrics }: MetricsWriter, { streaks, scope }: Course): void {
  const { longestWins, longestLosses } = streaks;
  metrics.longest_win_streak = longestWins.length;
  metrics.longest_loss_streak = longestLosses.length;
  if (longestWins.length > 0) {
    const { high, low } = runAmount(longestWins);
    metrics.longest_win_streak_pnl = scope.scale.toText(high, low);
  }
  if (longestLosses.length > 0) {
    const { high, low } = runAmount(longestLosses);
    metrics.longest_loss_streak_pnl = scope.scale.toText(high, low);
  }
  metrics.current_streak = streaks.current;
}

function writeDrawdown(writer: MetricsWriter, totals: Totals, course: Course): void {
  const { metrics } = writer;
  const { drawdown } = course;
  const figures = course.drawdownFigures();
  metrics.max_drawdown = course.scope.scale.toText(drawdown.depthHigh, drawdown.depthLow);
  writer.figure("max_drawdown_pct", figures.fraction);
  writer.figure("max_drawdown_pct_at_max", figures.fractionAtDeepest);
  if (figures.peakAtMs !== null) metrics.max_drawdown_peak_at = formatInstant(figures.peakAtMs);
  if (figures.troughAtMs !== null) metrics.max_drawdown_trough_at = formatInstant(figures.troughAtMs);
  if (figures.recoveredAtMs !== null) metrics.max_drawdown_recovered_at = formatInstant(figures.recoveredAtMs);
  if (figures.longestMs !== null) metrics.longest_drawdown_seconds = Math.floor(figures.longestMs / 1_000);
  metrics.drawdown_ongoing = figures.isOngoing;
  writer.figure("recovery_factor", drawdown.isNone ? "no_drawdown" : totals.net.toNumber() / figures.depth);

  const growth = course.annualGrowth();
  writer.figure("cagr", growth);
  writer.figure("calmar_ratio", calmar(growth, figures.fraction));
}

function writeQuality(writer: MetricsWriter, course: Course): void {
  const risk = riskFigures(course.multiples);
  writer.metrics.r_trades = risk.trades;
  writer.figure("expectancy_r", risk.expectancy);
  writer.figure("sqn", risk.quality);
  writer.figure("sqn100", risk.quality100);
  if (risk.trades > 0) writer.metrics.sqn_reliable = risk.trades >= reliableTradesMin;
  writer.figure("sqn_pnl", systemQuality(course.nets));
  writer.figure("z_score", course.runs.zScore());
}

/** From here on the System Quality Number says something, says Van Tharp. */
const reliableTradesMin = 30;

function writeHoldingTimes({ metrics }: MetricsWriter, totals: Totals, medianSeconds: number | null): void {
  const { wins, losses, breakevens, trades, winSeconds, lossSeconds, breakevenSeconds } = totals;
  if (trades === 0) return;
  metrics.average_holding_seconds = meanSeconds(winSeconds + lossSeconds + breakevenSeconds, trades);
  if (medianSeconds !== null) metrics.median_holding_seconds = medianSeconds;
  if (wins > 0) metrics.average_win_holding_seconds = meanSeconds(winSeconds, wins);
  if (losses > 0) metrics.average_loss_holding_seconds = meanSeconds(lossSeconds, losses);
  if (breakevens > 0) metrics.average_breakeven_holding_seconds = meanSeconds(breakevenSeconds, breakevens);
}

function writeDays(writer: MetricsWriter, totals: Totals, course: Course): void {
  const { metrics } = writer;
  const { scale, annualisationDays } = course.scope;
  const { tradingDays, winningDays, losingDays, best, worst } = dayFigures(course.days);
  metrics.trading_days = tradingDays;
  metrics.winning_days = winningDays;
  metrics.losing_days = losingDays;
  if (tradingDays > 0) {
    metrics.average_daily_pnl = averageText(totals.net, tradingDays);
    metrics.best_day = dayKey(best.day);
    metrics.best_day_pnl = scale.toText(best.high, best.low);
    metrics.worst_day = dayKey(worst.day);
    metrics.worst_day_pnl = scale.toText(worst.high, worst.low);
  }
  const returns = course.returnFigures();
  metrics.return_basis = returns.basis;
  metrics.annualisation_days = annualisationDays;
  writer.figure("sharpe_ratio", returns.sharpe);
  writer.figure("sortino_ratio", returns.sortino);
  writer.figure("ulcer_index", returns.ulcer);
}

function writeBalance(writer: MetricsWriter, course: Course): void {
  writer.figure("ahpr", course.growth.arithmeticMean());
  writer.figure("ghpr", course.growth.geometricMean(course.total));
  const { correlation, standardError } = course.regression.figures();
  writer.figure("lr_correlation", correlation);
  writer.figure("lr_standard_error", standardError);
}
