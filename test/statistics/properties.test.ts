import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatDecimal, parseDecimal } from "../../src/executions/decimal.ts";
import type { Market } from "../../src/executions/execution.ts";
import type { Metrics, StatisticsSection } from "../../src/statistics/body.ts";
import type { ClosedTrade } from "../../src/statistics/closed-trade.ts";
import type { RunSummary } from "../../src/statistics/run-summary.ts";
import { type StatisticsUser, summarise } from "../../src/statistics/summary.ts";
import { hourMs, runOf, stamp, trade } from "./trades.ts";

/** Within a little over a year, several on one day, some at the same moment. */
const closes = fc.oneof(
  fc.integer({ min: 0, max: 9_000 }).map((hour) => Date.parse("2024-11-01T00:00:00Z") + hour * hourMs),
  fc.integer({ min: 0, max: 30 }).map((hour) => Date.parse("2024-12-31T12:00:00Z") + hour * hourMs),
);
const amounts = fc.oneof(
  fc.integer({ min: -30, max: 30 }).map((value) => `${value}`),
  fc.integer({ min: -30_000_000, max: 30_000_000 }).map((value) => (value / 100).toFixed(2)),
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(formatDecimal),
);

const trades: fc.Arbitrary<ClosedTrade> = fc
  .record({
    closedAtMs: closes,
    heldMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400 * hourMs })),
    netPnl: amounts,
    fees: fc.constantFrom("0", "0.5", "1.000000000000000001"),
    funding: fc.constantFrom("0", "-0.25"),
    symbol: fc.constantFrom("EURUSD", "BTCUSDT", "ES"),
    market: fc.constantFrom<Market>("forex", "linear", "future"),
    accountId: fc.constantFrom(1, 2, 3),
    direction: fc.constantFrom("long" as const, "short" as const),
    pnlCurrency: fc.constantFrom("USD", "USD", "EUR"),
    rate: fc.constantFrom("1", "1.1"),
    rMultiple: fc.option(amounts),
  })
  .map(({ heldMs, rate, ...rest }) => {
    const net = parseDecimal(rest.netPnl);
    return trade({
      ...rest,
      openedAtMs: rest.closedAtMs - heldMs,
      grossPnl: formatDecimal(net + parseDecimal(rest.fees) + parseDecimal(rest.funding)),
      pnlInBaseCurrency:
        rest.pnlCurrency === "USD" ? rest.netPnl : formatDecimal((net * parseDecimal(rate)) / 10n ** 18n),
    });
  });

const users = fc.record<StatisticsUser>({
  timezone: fc.constantFrom("UTC", "Europe/Paris", "America/New_York", "Pacific/Auckland", "Asia/Kolkata"),
  base_currency: fc.constant("USD"),
  starting_balance: fc.option(fc.constantFrom("1000", "100000")),
  breakeven_band: fc.option(fc.constantFrom({ min: "0", max: "0" }, { min: "-5", max: "10" })),
});

const histories = fc.array(trades, { maxLength: 60, size: "max" });
const sums = [
  "trades",
  "wins",
  "losses",
  "breakevens",
  "long_trades",
  "short_trades",
  "gross_pnl",
  "fees",
  "funding",
  "net_pnl",
  "gross_profit",
  "gross_loss",
  "volume",
] as const;

function addUp(parts: readonly Metrics[], name: (typeof sums)[number]): string {
  return formatDecimal(parts.reduce((sum, metrics) => sum + parseDecimal(String(metrics[name])), 0n));
}

const sectionsOf = (history: ClosedTrade[], user: StatisticsUser): StatisticsSection[] =>
  summarise(history, user, stamp).currencies;

test("periods and breakdowns of each kind add up to the whole, to the last digit", () => {
  fc.assert(
    fc.property(histories, users, (history, user) => {
      for (const { periods, breakdowns } of sectionsOf(history, user)) {
        const whole = periods[0]?.metrics;
        if (whole === undefined) throw new Error("a section without a period");
        const parts = [
          ...Map.groupBy(periods, ({ period }) => period).values(),
          ...Map.groupBy(breakdowns, ({ dimension }) => dimension).values(),
        ];
        expect(parts).toHaveLength(15);
        for (const part of parts) {
          const all = part.map(({ metrics }) => metrics);
          for (const name of sums) expect(addUp(all, name)).toBe(formatDecimal(parseDecimal(String(whole[name]))));
        }
      }
    }),
    { numRuns: 60 },
  );
});

test("what holds within all metrics", () => {
  fc.assert(
    fc.property(histories, users, (history, user) => {
      const { currencies, base } = summarise(history, user, stamp);
      for (const { periods, breakdowns } of base === null ? currencies : [...currencies, base]) {
        for (const { metrics } of [...periods, ...breakdowns]) checkMetrics(metrics);
      }
    }),
    { numRuns: 60 },
  );
});

const decimalPattern = /^-?\d{1,30}(\.\d{1,18})?$/;

function checkMetrics(metrics: Metrics): void {
  const { trades: count, wins, losses, breakevens } = metrics;
  expect(wins + losses + breakevens).toBe(count);
  expect(metrics.long_trades + metrics.short_trades).toBe(count);
  const net = parseDecimal(metrics.net_pnl);
  if (metrics.gross_pnl !== undefined && metrics.fees !== undefined && metrics.funding !== undefined) {
    expect(parseDecimal(metrics.gross_pnl) - parseDecimal(metrics.fees) - parseDecimal(metrics.funding)).toBe(net);
  }
  for (const [name, value] of Object.entries(metrics)) {
    if (typeof value === "number") expect(Number.isSafeInteger(value)).toBe(true);
    if (typeof value !== "string" || /_at$|_day$|basis/.test(name)) continue;
    expect(value).toMatch(decimalPattern);
    expect(value).not.toBe("-0");
  }
  if (metrics.max_drawdown === undefined) return;
  // Rounded to 8 places, so times n it is off by at most half a place each.
  const expectancy = parseDecimal(metrics.expectancy ?? "0") * BigInt(count);
  expect(expectancy - net <= BigInt(count) * 5n * 10n ** 9n && net - expectancy <= BigInt(count) * 5n * 10n ** 9n).toBe(
    true,
  );
  expect(Math.abs(metrics.current_streak ?? 0)).toBeLessThanOrEqual(
    Math.max(metrics.longest_win_streak ?? 0, metrics.longest_loss_streak ?? 0),
  );
  expect((metrics.winning_days ?? 0) + (metrics.losing_days ?? 0)).toBeLessThanOrEqual(metrics.trading_days ?? 0);
  expect(metrics.median_holding_seconds).toBeGreaterThanOrEqual(0);
  const undefinedOnes = Object.keys(metrics.null_reasons ?? {});
  for (const name of undefinedOnes) expect(metrics[name as keyof Metrics]).toBeUndefined();
}

test("the order that trades come in does not matter", () => {
  fc.assert(
    fc.property(
      histories.chain((history) =>
        fc.tuple(fc.constant(history), fc.shuffledSubarray(history, { minLength: history.length })),
      ),
      users,
      ([history, shuffled], user) => {
        expect(summarise(shuffled, user, stamp)).toEqual(summarise(history, user, stamp));
      },
    ),
    { numRuns: 60 },
  );
});

test("equal closes are told apart by open, then id", () => {
  const at = Date.parse("2026-01-05T12:00:00Z");
  const three = [
    trade({ id: 10, netPnl: "5", openedAtMs: at - 2, closedAtMs: at }),
    trade({ id: 9, netPnl: "-1", openedAtMs: at - 1, closedAtMs: at }),
    trade({ id: 11, netPnl: "-1", openedAtMs: at - 3, closedAtMs: at }),
    trade({ id: 100, netPnl: "7", openedAtMs: at - 1, closedAtMs: at }),
  ];
  for (const history of [three, three.toReversed()]) {
    const metrics = sectionsOf(history, { timezone: "UTC", base_currency: "USD" })[0]?.periods[0]?.metrics;
    expect(metrics).toMatchObject({
      max_drawdown: "1",
      current_streak: 1,
      longest_win_streak: 1,
      z_score: expect.anything(),
    });
  }
});

describe("runs of a history", () => {
  const byClose = (a: ClosedTrade, b: ClosedTrade) =>
    a.closedAtMs - b.closedAtMs || a.openedAtMs - b.openedAtMs || Number(a.id) - Number(b.id);

  /** Floats may differ in their last bits; decimals of 8 places then by one unit. */
  function expectSame(found: Metrics, expected: Metrics): void {
    expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, value] of Object.entries(expected)) {
      const other = found[name as keyof Metrics];
      if (typeof value !== "string" || typeof other !== "string" || other === value) {
        expect({ [name]: other }).toEqual({ [name]: value });
        continue;
      }
      const distance = Math.abs(Number(other) - Number(value));
      expect({ name, isNear: distance <= 1.5e-8 + Math.abs(Number(value)) * 1e-10 }).toEqual({ name, isNear: true });
    }
  }

  test("merge to what one pass gives, however they are cut and nested", () => {
    fc.assert(
      fc.property(
        histories,
        fc.array(fc.nat({ max: 60 }), { maxLength: 6, size: "max" }),
        fc.option(fc.constantFrom(1_000, 100_000)),
        fc.constantFrom(252 as const, 365 as const),
        fc.boolean(),
        (history, cuts, start, annualisationDays, isFromTheRight) => {
          const ordered = history.toSorted(byClose);
          const whole = runOf(ordered, { start, annualisationDays });
          const borders = [
            0,
            ...cuts.map((cut) => Math.min(cut, ordered.length)).sort((a, b) => a - b),
            ordered.length,
          ];
          const runs: RunSummary[] = [];
          for (let index = 0; index + 1 < borders.length; index++) {
            const run =
              runs.at(-1) === undefined
                ? runOf([], { start, annualisationDays })
                : nextOf(runs, { start, annualisationDays });
            for (const one of ordered.slice(borders[index], borders[index + 1])) run.add(one);
            runs.push(run);
          }
          const merged = isFromTheRight
            ? runs.reduceRight((later, run) => mergeInto(run, later))
            : runs.reduce(mergeInto);
          expectSame(merged.metrics(), whole.metrics());
          expect(merged.course.streaks.current).toBe(whole.course.streaks.current);
        },
      ),
      { numRuns: 200 },
    );
  });

  function mergeInto(run: RunSummary, later: RunSummary): RunSummary {
    run.merge(later);
    return run;
  }

  /** An empty run that follows all of them. */
  function nextOf(
    runs: readonly RunSummary[],
    options: { start: number | null; annualisationDays: 252 | 365 },
  ): RunSummary {
    const total = runs.reduce((sum, run) => sum + run.course.total, 0);
    return runOf([], { ...options, start: options.start === null ? null : options.start + total });
  }

  test("a day more is merged, not summed again", () => {
    const first = runOf([trade({ netPnl: "10" }), trade({ netPnl: "-4" })], { start: 100 });
    const second = first.next();
    expect(second.start).toBe(106);
    second.add(trade({ netPnl: "5", closedAtMs: Date.parse("2026-01-06T12:00:00Z") }));
    first.merge(second);
    expect(first.metrics()).toMatchObject({ trades: 3, net_pnl: "11", max_drawdown: "4", trading_days: 2 });
  });

  test("the whole history of a section is what one run over it gives", () => {
    fc.assert(
      fc.property(fc.array(trades, { minLength: 1, maxLength: 60, size: "max" }), users, (history, user) => {
        const own = history.map((one) => ({ ...one, pnlCurrency: "USD" }));
        const section = sectionsOf(own, user)[0];
        const start = user.starting_balance == null ? null : Number(user.starting_balance);
        const annualisationDays = own.some(({ market }) => market === "linear") ? 365 : 252;
        const run = runOf(own.toSorted(byClose), {
          start,
          annualisationDays,
          band: user.breakeven_band ?? null,
          timezone: user.timezone,
        });
        expectSame(section?.periods[0]?.metrics ?? run.metrics(), run.metrics());
      }),
      { numRuns: 60 },
    );
  });

  test("of thousands of trades, as a run of each symbol, hour and month, added one by one", () => {
    let seed = 7;
    const chance = () => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      return seed / 0x7fff_ffff;
    };
    const history = Array.from({ length: 9_500 }, (_, index) => {
      const closedAtMs = Date.parse("2025-01-01T00:00:00Z") + Math.floor(index * 0.9 + chance() * 500) * hourMs;
      return trade({
        closedAtMs,
        openedAtMs: closedAtMs - Math.floor(chance() * 90) * 60_000,
        symbol: chance() < 0.7 ? "EURUSD" : "GBPUSD",
        netPnl: chance() < 0.05 ? "0" : ((chance() - 0.48) * 100).toFixed(chance() < 0.5 ? 2 : 9),
        rMultiple: chance() < 0.5 ? (chance() * 4 - 2).toFixed(2) : null,
      });
    });
    const section = sectionsOf(history, { timezone: "UTC", base_currency: "USD", starting_balance: "10000" })[0];
    const ordered = history.toSorted(byClose);
    const runOfThose = (isOne: (one: ClosedTrade) => boolean) =>
      runOf(ordered.filter(isOne), { start: 10_000 }).metrics();
    const breakdown = (dimension: string, key: string) =>
      section?.breakdowns.find((one) => one.dimension === dimension && one.key === key)?.metrics as Metrics;
    const whole = section?.periods[0]?.metrics as Metrics;
    expectSame(
      whole,
      runOfThose(() => true),
    );
    expectSame(
      breakdown("symbol", "GBPUSD"),
      runOfThose(({ symbol }) => symbol === "GBPUSD"),
    );
    expectSame(
      breakdown("hour", "09"),
      runOfThose(({ closedAtMs }) => new Date(closedAtMs).getUTCHours() === 9),
    );
    const isBefore = ({ closedAtMs }: ClosedTrade) => closedAtMs < Date.parse("2025-07-01T00:00:00Z");
    const isOfJuly = (one: ClosedTrade) =>
      new Date(one.closedAtMs).getUTCMonth() === 6 && one.closedAtMs < Date.parse("2026-01-01T00:00:00Z");
    const before = runOf(ordered.filter(isBefore), { start: 10_000 });
    const july = before.next();
    for (const one of ordered.filter(isOfJuly)) july.add(one);
    expectSame(section?.periods.find(({ key }) => key === "2025-07")?.metrics as Metrics, july.metrics());
  });
});
