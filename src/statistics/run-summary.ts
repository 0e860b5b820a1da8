import { DecimalError } from "../executions/decimal.ts";
import type { BreakevenBand } from "./band.ts";
import type { Metrics } from "./body.ts";
import type { LocalCalendar } from "./calendar.ts";
import type { ClosedTrade } from "./closed-trade.ts";
import { Course } from "./course.ts";
import type { AnnualisationDays } from "./daily.ts";
import { HoldingTimes } from "./holding.ts";
import { allMetrics } from "./metrics.ts";
import { narrowScale } from "./scale.ts";
import { Totals } from "./totals.ts";
import { TradeAmounts } from "./trade-amounts.ts";

export interface RunScope {
  calendar: LocalCalendar;
  band: BreakevenBand;
  annualisationDays: AnnualisationDays;
}

/**
 * A run of trades of one currency, by close: a day's, or any other stretch's. It can be kept, and merged with the one that follows:
 * however a history is cut into runs, they merge to the same figures, so that of a million trades only the day that got a new one
 * is summed again. A run remembers its new highs and lows and its holding times, which are what drawdowns and medians take; the
 * rest is of fixed size.
 *
 * `start`, the equity at its start, is part of it: the mean of the balance's factors (`ahpr`) divides each trade by the balance
 * before it. Where earlier trades change it, that one figure alone takes the trades again.
 */
export class RunSummary {
  readonly scope: RunScope;
  readonly start: number | null;
  readonly totals = new Totals();
  readonly course: Course;
  readonly #holdingTimes = new HoldingTimes();
  readonly #amounts = new TradeAmounts();

  constructor(scope: RunScope, start: number | null) {
    this.scope = scope;
    this.start = start;
    const { calendar, annualisationDays } = scope;
    this.course = new Course({ calendar, annualisationDays, start, scale: narrowScale, keepPoints: true });
  }

  /**
   * Trades come by close, then open, then id; one without a known P&L is none.
   * @throws {DecimalError} an amount that is none, or of 400 billion and more
   */
  add(trade: ClosedTrade): void {
    if (trade.netPnl === null) return;
    const { net, costs } = this.#amounts;
    this.#amounts.read(trade, trade.netPnl);
    if (net.wide !== null) throw new DecimalError(`trade ${trade.id}: netPnl is too large (was "${trade.netPnl}")`);
    const outcome = this.scope.band.outcomeOf(net);
    const holdingSeconds = Math.floor((trade.closedAtMs - trade.openedAtMs) / 1_000);
    this.totals.add({ outcome, isLong: trade.direction === "long", net, holdingSeconds }, costs);
    this.#holdingTimes.add(holdingSeconds);
    this.course.add({
      outcome,
      high: net.high,
      low: net.low,
      net: net.toNumber(),
      day: this.scope.calendar.dayOf(trade.closedAtMs),
      openedAtMs: trade.openedAtMs,
      closedAtMs: trade.closedAtMs,
      multiple: this.#amounts.multiple,
    });
  }

  /** An empty run that follows this one. */
  next(): RunSummary {
    return new RunSummary(this.scope, this.start === null ? null : this.start + this.course.total);
  }

  /** `other` follows. */
  merge(other: RunSummary): void {
    this.totals.merge(other.totals);
    this.course.merge(other.course);
    this.#holdingTimes.merge(other.#holdingTimes);
  }

  metrics(): Metrics {
    const medianSeconds = this.#holdingTimes.median();
    return allMetrics({ totals: this.totals, course: this.course, medianSeconds }, null);
  }
}
