import { Amount } from "./amount.ts";
import type { BreakevenBand } from "./band.ts";
import type { StatisticsWarning } from "./body.ts";
import type { Bucket, Buckets } from "./buckets.ts";
import type { LocalCalendar } from "./calendar.ts";
import type { ClosedTrade, Id } from "./closed-trade.ts";
import { holdingIndexOf } from "./holding.ts";
import { holdingOfSlot, hourOfSlot, packSlot, type Row, type Rows, sessionOfSlot } from "./rows.ts";
import { type Place, SectionTotals } from "./section-totals.ts";
import { SessionClock } from "./sessions.ts";
import type { Entry } from "./totals.ts";
import { TradeAmounts } from "./trade-amounts.ts";
import { placeOf, type TradeColumns, type TradeLabels } from "./trade-columns.ts";

interface Options {
  calendar: LocalCalendar;
  band: BreakevenBand;
  baseCurrency: string;
  buckets: Buckets;
  sections: Map<string, SectionTotals>;
  rows: Rows;
}

/** What of a trade is no amount. */
type Labels = TradeLabels & Pick<ClosedTrade, "id" | "openedAtMs" | "closedAtMs">;

const netPlace = placeOf("netPnl");
const basePlace = placeOf("pnlInBaseCurrency");

/** Reads trades into rows and sums. Its objects are filled again for each trade. */
export class TradeReader {
  readonly #options: Options;
  readonly #sessions = new SessionClock();
  readonly #amounts = new TradeAmounts();
  readonly #entry: Entry = { outcome: 0, isLong: true, net: this.#amounts.net, holdingSeconds: 0 };
  readonly #row: Row = { closedAtMs: 0, openedAtMs: 0, bucket: 0, day: 0, slot: 0, outcome: 0, multiple: 0 };
  readonly #scratch = new Amount();
  readonly #place: Place = { bucket: 0, day: 0, hour: 0, session: 0, holding: 0 };
  readonly #labels: Labels = {
    id: 0,
    accountId: 0,
    broker: "",
    market: "spot",
    symbol: "",
    direction: "long",
    openedAtMs: 0,
    closedAtMs: 0,
    pnlCurrency: "",
    baseCurrency: null,
  };
  #currency: string | null = null;
  #totals = new SectionTotals();

  /** Trades left out. */
  #withoutPnl = 0;
  #backwards = 0;
  /** Trades without an amount in the user's base currency. */
  #withoutBase = 0;
  #otherBase = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  add(trade: ClosedTrade): void {
    if (trade.netPnl === null) {
      this.#withoutPnl++;
      return;
    }
    if (!(trade.closedAtMs >= trade.openedAtMs)) {
      this.#backwards++;
      return;
    }
    this.#amounts.read(trade, trade.netPnl);
    this.take(trade, this.readBase(trade));
  }

  addColumns(columns: TradeColumns): void {
    const labels = this.#labels;
    for (let index = 0; index < columns.count; index++) {
      if (!columns.isKnown(index, netPlace)) {
        this.#withoutPnl++;
        continue;
      }
      labels.openedAtMs = columns.openedAtMs[index] as number;
      labels.closedAtMs = columns.closedAtMs[index] as number;
      if (!(labels.closedAtMs >= labels.openedAtMs)) {
        this.#backwards++;
        continue;
      }
      labels.id = columns.ids[index] as Id;
      columns.readLabels(index, labels);
      this.#amounts.readColumns(columns, index, labels.market);
      this.take(labels, this.readColumnBase(columns, index));
    }
  }

  /** A trade whose amounts were read. */
  private take(trade: Labels, isBaseKnown: boolean): void {
    const { rows, buckets, band } = this.#options;
    const { net, costs, multiple } = this.#amounts;
    const bucket = buckets.of(trade);
    this.setPlace(trade, bucket);
    const entry = this.#entry;
    entry.outcome = band.outcomeOf(net);
    entry.isLong = trade.direction === "long";
    this.totalsOf(trade.pnlCurrency).add(this.#place, entry, costs);

    const row = this.#row;
    row.closedAtMs = trade.closedAtMs;
    row.openedAtMs = trade.openedAtMs;
    row.bucket = bucket.index;
    row.day = this.#place.day;
    row.slot = packSlot(this.#place);
    row.outcome = entry.outcome;
    row.multiple = multiple;
    const index = rows.append(trade.id, row, net);
    if (isBaseKnown) this.keepBase(index);
  }

  private readBase(trade: ClosedTrade): boolean {
    if (this.isBaseItself(trade)) return true;
    const { pnlInBaseCurrency } = trade;
    if (!this.isBaseGiven(trade, pnlInBaseCurrency !== null) || pnlInBaseCurrency === null) return false;
    this.#amounts.readBase(trade, pnlInBaseCurrency);
    return true;
  }

  private readColumnBase(columns: TradeColumns, index: number): boolean {
    if (this.isBaseItself(this.#labels)) return true;
    if (!this.isBaseGiven(this.#labels, columns.isKnown(index, basePlace))) return false;
    columns.readAmount(index, basePlace, this.#amounts.base);
    return true;
  }

  /** An amount in the base currency itself needs no rate, and nothing is nothing in every currency. */
  private isBaseItself({ pnlCurrency }: Labels): boolean {
    const { net, base } = this.#amounts;
    if (pnlCurrency !== this.#options.baseCurrency && !net.isZero) return false;
    base.copy(net);
    return true;
  }

  /** Is the amount in the base currency there, and in that currency? */
  private isBaseGiven({ baseCurrency }: Labels, isThere: boolean): boolean {
    if (!isThere) this.#withoutBase++;
    else if (baseCurrency !== this.#options.baseCurrency) this.#otherBase++;
    else return true;
    return false;
  }

  /** Once one amount is unknown there will be no base section, and nothing more is kept for it. */
  private keepBase(row: number): void {
    const { rows } = this.#options;
    if (!this.isBaseKnown) {
      rows.base = null;
      return;
    }
    const { net, base } = this.#amounts;
    const isSame = base.high === net.high && base.low === net.low && base.wide === net.wide;
    if (rows.base !== null) rows.base.set(row, base);
    else if (!isSame) rows.splitBase(row, this.#scratch).set(row, base);
  }

  private setPlace(trade: Labels, bucket: Bucket): void {
    const { calendar } = this.#options;
    const place = this.#place;
    const seconds = Math.floor((trade.closedAtMs - trade.openedAtMs) / 1_000);
    this.#entry.holdingSeconds = seconds;
    place.bucket = bucket.index;
    place.day = calendar.dayOf(trade.closedAtMs);
    place.hour = calendar.hourOf(trade.closedAtMs);
    place.session = this.#sessions.indexOf(trade.closedAtMs);
    place.holding = holdingIndexOf(seconds);
  }

  private totalsOf(currency: string): SectionTotals {
    if (currency === this.#currency) return this.#totals;
    const { sections } = this.#options;
    let totals = sections.get(currency);
    if (totals === undefined) {
      totals = new SectionTotals();
      sections.set(currency, totals);
    }
    this.#currency = currency;
    this.#totals = totals;
    return totals;
  }

  get isBaseKnown(): boolean {
    return this.#withoutPnl + this.#withoutBase + this.#otherBase === 0;
  }

  /** The sums of all trades in the base currency, and their outcomes, from the rows. */
  baseTotals(outcomes: Int8Array): SectionTotals {
    const { rows, buckets, band } = this.#options;
    const totals = new SectionTotals();
    const net = new Amount();
    const row: Row = { ...this.#row };
    const entry: Entry = { outcome: 0, isLong: true, net, holdingSeconds: 0 };
    const place: Place = { bucket: 0, day: 0, hour: 0, session: 0, holding: 0 };
    for (let index = 0; index < rows.count; index++) {
      rows.read(index, row);
      if (rows.base === null) rows.readNet(index, net);
      else rows.base.read(index, net);
      place.bucket = row.bucket;
      place.day = row.day;
      place.hour = hourOfSlot(row.slot);
      place.session = sessionOfSlot(row.slot);
      place.holding = holdingOfSlot(row.slot);
      entry.outcome = band.outcomeOf(net);
      outcomes[index] = entry.outcome;
      entry.isLong = buckets.list[place.bucket]?.direction === "long";
      entry.holdingSeconds = Math.floor((row.closedAtMs - row.openedAtMs) / 1_000);
      totals.add(place, entry, null);
    }
    return totals;
  }

  warnings(): StatisticsWarning[] {
    const { baseCurrency } = this.#options;
    const all: StatisticsWarning[] = [
      {
        code: "unknown_pnl",
        message: `${tradesText(this.#withoutPnl)} without a known P&L left out of all figures`,
        count: this.#withoutPnl,
      },
      {
        code: "negative_holding_time",
        message: `${tradesText(this.#backwards)} closed before opened left out of all figures`,
        count: this.#backwards,
      },
      {
        code: "missing_conversion",
        message: `No amount in ${baseCurrency} of ${tradesText(this.#withoutBase)}: no totals in ${baseCurrency}`,
        count: this.#withoutBase,
      },
      {
        code: "other_base_currency",
        message: `The amount of ${tradesText(this.#otherBase)} is in another base currency: no totals in ${baseCurrency}`,
        count: this.#otherBase,
      },
    ];
    return all.filter(({ count }) => count > 0);
  }
}

function tradesText(count: number): string {
  return count === 1 ? "1 trade" : `${count} trades`;
}
