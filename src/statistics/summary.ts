import { parseDecimal } from "../executions/decimal.ts";
import { parseZone } from "../executions/zone.ts";
import { BreakevenBand } from "./band.ts";
import { currenciesMax, type Statistics, type StatisticsSection, type StatisticsWarning } from "./body.ts";
import { Buckets } from "./buckets.ts";
import { calendarOf, type LocalCalendar } from "./calendar.ts";
import type { ClosedTrade } from "./closed-trade.ts";
import { formatInstant } from "./instant.ts";
import { orderByKey } from "./order.ts";
import { Rows } from "./rows.ts";
import { Section } from "./section.ts";
import { SectionRows, Workspace } from "./section-rows.ts";
import { SectionTotals } from "./section-totals.ts";
import type { TradePage } from "./trade-columns.ts";
import { TradeReader } from "./trade-reader.ts";

/** The user's settings, as the contract's `User` has them. */
export interface StatisticsUser {
  timezone: string;
  base_currency: string;
  starting_balance?: string | null;
  breakeven_band?: { min: string; max: string } | null;
}

/** What the body says of its making. */
export interface SummaryStamp {
  engineVersion: string;
  computedAtMs: number;
  /** The user's `trades_version`, read before the trades. */
  basedOnVersion: number;
}

/** All figures of trades in any order. @throws {DecimalError | ZoneError | Failure} */
export function summarise(trades: Iterable<ClosedTrade>, user: StatisticsUser, stamp: SummaryStamp): Statistics {
  const summary = createSummary(user);
  for (const trade of trades) summary.add(trade);
  return summary.finish(stamp);
}

/** @throws {ZoneError} an unknown time zone @throws {DecimalError | Failure} a balance or band that is none */
export function createSummary(user: StatisticsUser): Summary {
  return new Summary(user);
}

/**
 * Takes the trades as they come, in one pass: what needs no order is summed up at once, the rest is kept in about 60 bytes a
 * trade until the end, when they are gone through by close. More can be added after a finish, and finished again.
 */
export class Summary {
  readonly #user: StatisticsUser;
  readonly #calendar: LocalCalendar;
  readonly #start: number | null;
  readonly #buckets = new Buckets();
  readonly #sections = new Map<string, SectionTotals>();
  readonly #rows = new Rows();
  readonly #reader: TradeReader;
  #baseOutcomes = new Int8Array(0);

  constructor(user: StatisticsUser) {
    this.#user = user;
    this.#calendar = calendarOf(parseZone(user.timezone));
    this.#start = startingBalance(user.starting_balance ?? null);
    this.#reader = new TradeReader({
      calendar: this.#calendar,
      band: new BreakevenBand(user.breakeven_band ?? null),
      baseCurrency: user.base_currency,
      buckets: this.#buckets,
      sections: this.#sections,
      rows: this.#rows,
    });
  }

  /** @throws {DecimalError} an amount that is none, with trade and field */
  add(trade: ClosedTrade): void {
    this.#reader.add(trade);
  }

  /** @throws {DecimalError} an amount that is none, with trade and field */
  addPage({ columns, trades }: TradePage): void {
    if (columns !== null) this.#reader.addColumns(columns);
    else for (const trade of trades()) this.#reader.add(trade);
  }

  /** Trades taken in, without those left out. */
  get trades(): number {
    return this.#rows.count;
  }

  finish(stamp: SummaryStamp): Statistics {
    const warnings = this.#reader.warnings();
    const sections = this.sections(warnings);
    const base = this.baseSection(sections);
    this.walk(sections, base);
    const currencies: StatisticsSection[] = [];
    for (const section of sections.values()) currencies.push(section.write(warnings));
    return {
      computed_at: formatInstant(stamp.computedAtMs),
      based_on_version: stamp.basedOnVersion,
      engine_version: stamp.engineVersion,
      timezone: this.#user.timezone,
      base_currency: this.#user.base_currency,
      currencies,
      base: base === "same" ? (currencies[0] ?? null) : (base?.write(warnings) ?? null),
      warnings,
    };
  }

  /** By currency; those with most trades, should there be more than fit. */
  private sections(warnings: StatisticsWarning[]): Map<string, Section> {
    const currencies = [...this.#sections.keys()].sort();
    const tradesOf = (currency: string): number => this.#sections.get(currency)?.trades ?? 0;
    if (currencies.length > currenciesMax) {
      currencies.sort((a, b) => tradesOf(b) - tradesOf(a));
      const removed = currencies.splice(currenciesMax);
      currencies.sort();
      warnings.push({
        code: "currencies_left_out",
        message: `The ${removed.length} currencies with the fewest trades are left out: ${currenciesMax} fit`,
        count: removed.length,
      });
    }
    return new Map(currencies.map((currency) => [currency, this.section(currency, this.#sections.get(currency))]));
  }

  private section(currency: string, totals: SectionTotals | undefined): Section {
    return new Section({
      currency,
      calendar: this.#calendar,
      // The balance is money of the base currency: no equity in another.
      start: currency === this.#user.base_currency ? this.#start : null,
      buckets: this.#buckets.list,
      totals: totals ?? new SectionTotals(),
    });
  }

  /** `same`: all trades are in the base currency, so that their section is the base too. */
  private baseSection(sections: ReadonlyMap<string, Section>): Section | "same" | null {
    if (!this.#reader.isBaseKnown || this.#rows.count === 0) return null;
    const { base_currency } = this.#user;
    if (this.#sections.size === 1 && sections.has(base_currency)) return "same";
    this.#baseOutcomes = new Int8Array(this.#rows.count);
    return this.section(base_currency, this.#reader.baseTotals(this.#baseOutcomes));
  }

  private walk(sections: ReadonlyMap<string, Section>, base: Section | "same" | null): void {
    const rows = this.#rows;
    const workspace = new Workspace(rows.count);
    const keys = new Float64Array(rows.count);
    const byClose = rows.closeOrder(keys, workspace.list);
    rows.holdingSeconds(keys);
    const holdingSeconds = keys;
    const byHolding = orderByKey(holdingSeconds, workspace.list);
    for (const section of sections.values()) {
      section.walk(
        new SectionRows({
          rows,
          baseOutcomes: null,
          scale: section.scale,
          byClose: this.ofCurrency(byClose, section.currency),
          byHolding: this.ofCurrency(byHolding, section.currency),
          holdingSeconds,
          workspace,
        }),
      );
    }
    if (base === null || base === "same") return;
    const { scale } = base;
    base.walk(
      new SectionRows({ rows, baseOutcomes: this.#baseOutcomes, scale, byClose, byHolding, holdingSeconds, workspace }),
    );
  }

  /** The rows of one currency, in the same order. */
  private ofCurrency(order: Uint32Array, currency: string): Uint32Array {
    if (this.#sections.size === 1) return order;
    const isOfIt = this.#buckets.list.map((bucket) => bucket.currency === currency);
    return order.filter((row) => isOfIt[this.#rows.bucketOf(row)]);
  }
}

/** Only a balance above zero is one that fractions can be taken of. */
function startingBalance(text: string | null): number | null {
  if (text === null) return null;
  const balance = Number(parseDecimal(text)) / 1e18;
  return balance > 0 ? balance : null;
}
