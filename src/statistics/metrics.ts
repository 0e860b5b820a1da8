import { ratioText } from "./amount-text.ts";
import type { MetricName, Metrics } from "./body.ts";
import type { Course } from "./course.ts";
import { dayFigures } from "./daily.ts";
import { dayKey } from "./days.ts";
import { averageText } from "./exact-sum.ts";
import type { Figure, NullReason } from "./figure.ts";
import { calmar } from "./growth.ts";
import { meanSeconds } from "./holding.ts";
import { formatInstant } from "./instant.ts";
import { riskFigures, systemQuality } from "./moments.ts";
import { runAmount } from "./streaks.ts";
import { outcomeFigures, type Totals } from "./totals.ts";

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
    gross_loss: totals.loss.toText(),
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
  const writer = new MetricsWriter(sumMetrics(totals), told);
  writeUnknown(writer, totals);
  writeOutcomes(writer, totals, course);
  writeStreaks(writer, course);
  writeDrawdown(writer, totals, course);
  writeQuality(writer, course);
  writeHoldingTimes(writer, totals, medianSeconds);
  writeDays(writer, totals, course);
  writeBalance(writer, course);
  return writer.finish();
}

/** Collects why figures are undefined. Metrics are set by name where they are written: one setter for all of them would take longer than all else. */
class MetricsWriter {
  readonly metrics: Metrics;
  readonly #told: Reasons | null;
  #reasons: Record<string, NullReason> | null = null;

  constructor(metrics: Metrics, told: Reasons | null) {
    this.metrics = metrics;
    this.#told = told;
  }

  /** Undefined: it is not defined, and why is noted; or it is too large for the contract. */
  text(name: MetricName, figure: Figure): string | undefined {
    if (typeof figure === "number") return ratioText(figure) ?? undefined;
    this.reason(name, figure);
    return undefined;
  }

  reason(name: MetricName, reason: NullReason): void {
    if (this.#told !== null && this.#told[name] === reason) return;
    this.#reasons ??= {};
    this.#reasons[name] = reason;
  }

  finish(): Metrics {
    if (this.#reasons !== null) this.metrics.null_reasons = this.#reasons;
    return this.metrics;
  }
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
  const winRate = writer.text("win_rate", figures.winRate);
  if (winRate !== undefined) writer.metrics.win_rate = winRate;
  const lossRate = writer.text("loss_rate", figures.lossRate);
  if (lossRate !== undefined) writer.metrics.loss_rate = lossRate;
  const breakevenRate = writer.text("breakeven_rate", figures.breakevenRate);
  if (breakevenRate !== undefined) writer.metrics.breakeven_rate = breakevenRate;
  const winRateExBreakeven = writer.text("win_rate_ex_breakeven", figures.winRateExBreakeven);
  if (winRateExBreakeven !== undefined) writer.metrics.win_rate_ex_breakeven = winRateExBreakeven;
  const profitFactor = writer.text("profit_factor", figures.profitFactor);
  if (profitFactor !== undefined) writer.metrics.profit_factor = profitFactor;
  if (trades > 0) metrics.expectancy = averageText(totals.net, trades);
  else writer.reason("expectancy", "no_trades");
  const expectancyRatio = writer.text("expectancy_ratio", figures.expectancyRatio);
  if (expectancyRatio !== undefined) writer.metrics.expectancy_ratio = expectancyRatio;
  if (wins > 0) metrics.average_win = averageText(totals.profit, wins);
  else writer.reason("average_win", "no_wins");
  if (losses > 0) metrics.average_loss = averageText(totals.loss, losses);
  else writer.reason("average_loss", "no_losses");
  const payoffRatio = writer.text("payoff_ratio", figures.payoffRatio);
  if (payoffRatio !== undefined) writer.metrics.payoff_ratio = payoffRatio;
  if (course.largestHigh !== 0 || course.largestLow !== 0) {
    metrics.largest_win = scale.toText(course.largestHigh, course.largestLow);
  } else writer.reason("largest_win", "no_wins");
  if (course.smallestHigh !== 0 || course.smallestLow !== 0) {
    metrics.largest_loss = scale.toText(-course.smallestHigh, -course.smallestLow);
  } else writer.reason("largest_loss", "no_losses");
  const stddevPnl = writer.text("stddev_pnl", course.nets.deviation());
  if (stddevPnl !== undefined) writer.metrics.stddev_pnl = stddevPnl;
  const kelly = writer.text("kelly", figures.kelly);
  if (kelly !== undefined) writer.metrics.kelly = kelly;
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
  const maxDrawdownPct = writer.text("max_drawdown_pct", figures.fraction);
  if (maxDrawdownPct !== undefined) writer.metrics.max_drawdown_pct = maxDrawdownPct;
  const maxDrawdownPctAtMax = writer.text("max_drawdown_pct_at_max", figures.fractionAtDeepest);
  if (maxDrawdownPctAtMax !== undefined) writer.metrics.max_drawdown_pct_at_max = maxDrawdownPctAtMax;
  if (figures.peakAtMs !== null) metrics.max_drawdown_peak_at = formatInstant(figures.peakAtMs);
  if (figures.troughAtMs !== null) metrics.max_drawdown_trough_at = formatInstant(figures.troughAtMs);
  if (figures.recoveredAtMs !== null) metrics.max_drawdown_recovered_at = formatInstant(figures.recoveredAtMs);
  if (figures.longestMs !== null) metrics.longest_drawdown_seconds = Math.floor(figures.longestMs / 1_000);
  metrics.drawdown_ongoing = figures.isOngoing;
  const recoveryFactor = writer.text(
    "recovery_factor",
    drawdown.isNone ? "no_drawdown" : totals.net.toNumber() / figures.depth,
  );
  if (recoveryFactor !== undefined) writer.metrics.recovery_factor = recoveryFactor;

  const growth = course.annualGrowth();
  const annualGrowth = writer.text("cagr", growth);
  if (annualGrowth !== undefined) writer.metrics.cagr = annualGrowth;
  const calmarRatio = writer.text("calmar_ratio", calmar(growth, figures.fraction));
  if (calmarRatio !== undefined) writer.metrics.calmar_ratio = calmarRatio;
}

function writeQuality(writer: MetricsWriter, course: Course): void {
  const risk = riskFigures(course.multiples);
  writer.metrics.r_trades = risk.trades;
  const expectancyR = writer.text("expectancy_r", risk.expectancy);
  if (expectancyR !== undefined) writer.metrics.expectancy_r = expectancyR;
  const sqn = writer.text("sqn", risk.quality);
  if (sqn !== undefined) writer.metrics.sqn = sqn;
  const sqn100 = writer.text("sqn100", risk.quality100);
  if (sqn100 !== undefined) writer.metrics.sqn100 = sqn100;
  if (risk.trades > 0) writer.metrics.sqn_reliable = risk.trades >= reliableTradesMin;
  const sqnPnl = writer.text("sqn_pnl", systemQuality(course.nets));
  if (sqnPnl !== undefined) writer.metrics.sqn_pnl = sqnPnl;
  const zScore = writer.text("z_score", course.runs.zScore());
  if (zScore !== undefined) writer.metrics.z_score = zScore;
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
  const sharpeRatio = writer.text("sharpe_ratio", returns.sharpe);
  if (sharpeRatio !== undefined) writer.metrics.sharpe_ratio = sharpeRatio;
  const sortinoRatio = writer.text("sortino_ratio", returns.sortino);
  if (sortinoRatio !== undefined) writer.metrics.sortino_ratio = sortinoRatio;
  const ulcerIndex = writer.text("ulcer_index", returns.ulcer);
  if (ulcerIndex !== undefined) writer.metrics.ulcer_index = ulcerIndex;
}

function writeBalance(writer: MetricsWriter, course: Course): void {
  const ahpr = writer.text("ahpr", course.growth.arithmeticMean());
  if (ahpr !== undefined) writer.metrics.ahpr = ahpr;
  const ghpr = writer.text("ghpr", course.growth.geometricMean(course.total));
  if (ghpr !== undefined) writer.metrics.ghpr = ghpr;
  const { correlation, standardError } = course.regression.figures();
  const lrCorrelation = writer.text("lr_correlation", correlation);
  if (lrCorrelation !== undefined) writer.metrics.lr_correlation = lrCorrelation;
  const lrStandardError = writer.text("lr_standard_error", standardError);
  if (lrStandardError !== undefined) writer.metrics.lr_standard_error = lrStandardError;
}
