import { describe, expect, test } from "bun:test";
import { parseDecimal } from "../../src/executions/decimal.ts";
import { VenueAccount } from "./account.ts";
import { fixed } from "./amounts.ts";
import { candleOf } from "./candles.ts";
import { minuteMs } from "./clock.ts";
import { world } from "./fixtures.ts";
import { generateAccount } from "./generate.ts";
import type { GenerateOptions } from "./generation.ts";
import type { Ledger } from "./ledger.ts";
import type { VenueFill, Wallet } from "./ledger-rows.ts";
import { truthOf } from "./truth.ts";

const options: GenerateOptions = { seed: "one", fills: 4_000, bnbFees: true, late: 0.02 };
const oneWay = generateAccount(world, options);
const hedged = generateAccount(world, { ...options, hedge: true });
const fillsOf = (ledger: Ledger): VenueFill[] => [...ledger.fills.values()].flat();

describe("an account is decided by its seed", () => {
  test("the same options give the same account to the last digit", () => {
    const account = new VenueAccount(world, { id: "x", generate: options });
    const again = new VenueAccount(world, { id: "x", generate: options });
    expect(truthOf(again)).toEqual(truthOf(account));
  });

  test("another seed gives another", () => {
    const other = generateAccount(world, { ...options, seed: "two" });
    expect(fillsOf(other)[0]).not.toEqual(fillsOf(oneWay)[0]);
  });

  test("it has as many fills as were asked for, and the settlements at delivery", () => {
    const planned = fillsOf(oneWay).filter((fill) => fill.kind !== "settlement");
    expect(planned).toHaveLength(4_000);
    expect(oneWay.fillCount).toBe(fillsOf(oneWay).length);
  });

  test("it trades all symbols of all three markets", () => {
    expect(oneWay.fills.size).toBe(world.symbols.length);
    expect(new Set(fillsOf(oneWay).map((fill) => fill.market))).toEqual(new Set(["spot", "linear", "inverse"]));
  });
});

describe("what an importer has to cope with is in it", () => {
  test.each([
    ["one-way", oneWay, ["BOTH"]],
    ["hedge mode", hedged, ["LONG", "SHORT"]],
  ] as const)("%s: the sides of futures", (_name, ledger, sides) => {
    const futures = fillsOf(ledger).filter((fill) => fill.market !== "spot");
    expect(new Set<string>(futures.map((fill) => fill.positionSide))).toEqual(new Set<string>(sides));
  });

  test("liquidations, ADL, settlements, and the fee of a liquidation", () => {
    expect([...new Set(fillsOf(oneWay).map((fill) => fill.kind))].sort()).toEqual([
      "adl",
      "fill",
      "liquidation",
      "settlement",
    ]);
    const types = new Set([...oneWay.income.linear, ...oneWay.income.inverse].map((row) => row.incomeType));
    expect([...types].sort()).toEqual([
      "COMMISSION",
      "DELIVERED_SETTELMENT",
      "FUNDING_FEE",
      "INSURANCE_CLEAR",
      "REALIZED_PNL",
      "TRANSFER",
    ]);
  });

  test("fees in BNB, in the base asset and in the quote asset", () => {
    const spot = fillsOf(oneWay).filter((fill) => fill.market === "spot" && fill.symbol === "ETHUSDT");
    expect(new Set(spot.map((fill) => fill.commissionAsset))).toEqual(new Set(["BNB", "ETH", "USDT"]));
  });

  test("positions that turn round in one fill", () => {
    const flips = fillsOf(oneWay).filter((fill) => {
      if (fill.market === "spot") return false;
      const before = positionBefore(oneWay, fill);
      const after = before + (fill.side === "BUY" ? fill.quantity : -fill.quantity);
      return before !== 0n && after !== 0n && before < 0n !== after < 0n;
    });
    expect(flips.length).toBeGreaterThan(10);
  });

  test("ids are equal between symbols, grow within one, and pass 1000", () => {
    const books = [...oneWay.fills.values()];
    const symbolsWith998 = books.filter((book) => book.some((fill) => fill.id === 998));
    expect(symbolsWith998.length).toBeGreaterThan(20);
    expect(books.some((book) => book[0]?.id === 998 && Number(book.at(-1)?.id) > 1_000)).toBe(true);
    for (const book of books) {
      for (const [index, fill] of book.entries()) {
        if (index > 0) expect(fill.id).toBeGreaterThan(book[index - 1]?.id ?? 0);
      }
    }
  });

  test("several fills of one symbol in one millisecond", () => {
    const seen = new Map<string, number>();
    for (const fill of fillsOf(oneWay)) {
      const key = `${fill.market}:${fill.symbol}:${fill.timeMs}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    expect(Math.max(...seen.values())).toBeGreaterThanOrEqual(5);
  });

  test("converts that failed, dust, withdrawals, and assets named by digits", () => {
    const statuses = new Set(
      generateAccount(world, { ...options, fills: 50, seed: "c" }).conversions.map((row) => row.status),
    );
    expect(statuses).toEqual(new Set(["SUCCESS", "FAIL"]));
    expect(oneWay.dust.length).toBeGreaterThan(3);
    expect(oneWay.movements.some((row) => row.kind === "withdrawal")).toBe(true);
    expect(oneWay.balance("spot", "456")).toBe(parseDecimal("10"));
  });
});

function positionBefore(ledger: Ledger, wanted: VenueFill): bigint {
  let quantity = 0n;
  for (const fill of ledger.fillsOf(wanted.market, wanted.symbol)) {
    if (fill === wanted) return quantity;
    quantity += fill.side === "BUY" ? fill.quantity : -fill.quantity;
  }
  throw new Error("the fill is not in its book");
}

describe.each([
  ["one-way", oneWay],
  ["hedge mode", hedged],
] as const)("the books of %s balance", (_name, ledger) => {
  test("no wallet is ever below zero", () => {
    const balances = new Map<string, bigint>();
    let lowest = 0n;
    for (const { wallet, asset, amount } of ledger.entries) {
      const balance = (balances.get(`${wallet}:${asset}`) ?? 0n) + amount;
      balances.set(`${wallet}:${asset}`, balance);
      if (balance < lowest) lowest = balance;
    }
    expect(lowest).toBe(0n);
  });

  test.each(["linear", "inverse"] as const)("the %s wallet is the sum of its income list", (market) => {
    const sums = new Map<string, bigint>();
    for (const row of ledger.income[market]) sums.set(row.asset, (sums.get(row.asset) ?? 0n) + row.income);
    expect(sums.size).toBeGreaterThan(1);
    expect(new Map([...sums].sort())).toEqual(new Map([...ledger.balancesAt(market, Number.POSITIVE_INFINITY)].sort()));
  });

  test("the spot wallet follows from fills, movements, transfers, converts, dust and airdrops", () => {
    const sums = new Map<string, bigint>();
    const add = (asset: string, amount: bigint): Map<string, bigint> =>
      sums.set(asset, (sums.get(asset) ?? 0n) + amount);
    for (const fill of fillsOf(ledger).filter(({ market }) => market === "spot")) {
      const spec = world.find("spot", fill.symbol);
      const sign = fill.side === "BUY" ? 1n : -1n;
      add(spec?.base ?? "", sign * fill.quantity);
      add(spec?.quote ?? "", -sign * fill.value);
      add(fill.commissionAsset, -fill.commission);
    }
    for (const row of ledger.movements) add(row.asset, row.kind === "deposit" ? row.amount : -row.amount - row.fee);
    for (const row of ledger.transfers)
      add(row.asset, row.from === "spot" ? -row.amount : row.to === "spot" ? row.amount : 0n);
    for (const row of ledger.conversions.filter(({ status }) => status === "SUCCESS")) {
      add(row.fromAsset, -row.fromAmount);
      add(row.toAsset, row.toAmount);
    }
    for (const detail of ledger.dust.flatMap(({ details }) => details)) {
      add(detail.fromAsset, -detail.amount);
      add("BNB", detail.transferred);
    }
    for (const row of ledger.dividends) add(row.asset, row.amount);
    const wallet: Wallet = "spot";
    expect(new Map([...sums].sort())).toEqual(new Map([...ledger.balancesAt(wallet, Number.POSITIVE_INFINITY)].sort()));
  });

  test("PnL is what came in less what went out, and what is still open at its cost", () => {
    const checked = new Set<string>();
    for (const { market, symbol, positionSide } of fillsOf(ledger)) {
      if (market !== "linear" && market !== "inverse") continue;
      const key = `${market}:${symbol}:${positionSide}`;
      if (checked.has(key)) continue;
      checked.add(key);
      const fills = ledger.fillsOf(market, symbol).filter((fill) => fill.positionSide === positionSide);
      const bought = fills.reduce((sum, fill) => sum + (fill.side === "BUY" ? fill.value : -fill.value), 0n);
      const { quantity, cost } = ledger.position(market, symbol, positionSide);
      const open = quantity < 0n ? -cost : cost;
      const expected = market === "linear" ? open - bought : bought - open;
      expect([key, fills.reduce((sum, fill) => sum + fill.realizedPnl, 0n)]).toEqual([key, expected]);
    }
    expect(checked.size).toBeGreaterThan(60);
  });

  test("the income list has the PnL and the commission of every fill, once", () => {
    const fills = fillsOf(ledger).filter((fill) => fill.market !== "spot");
    const income = [...ledger.income.linear, ...ledger.income.inverse];
    const keyed = (type: RegExp): Map<string, bigint> =>
      new Map(
        income
          .filter((row) => type.test(row.incomeType) && row.tradeId !== null)
          .map((row) => [`${row.market}:${row.symbol}:${row.tradeId}`, row.income]),
      );
    const of = (amount: (fill: VenueFill) => bigint): Map<string, bigint> =>
      new Map(
        fills
          .map((fill) => [`${fill.market}:${fill.symbol}:${fill.id}`, amount(fill)] as const)
          .filter(([, value]) => value !== 0n),
      );
    const sorted = (map: Map<string, bigint>): [string, bigint][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(sorted(keyed(/PNL|SETTELMENT/))).toEqual(sorted(of((fill) => fill.realizedPnl)));
    expect(sorted(keyed(/COMMISSION/))).toEqual(sorted(of((fill) => -fill.commission)));
  });

  test("every fill lies inside its minute's candle", () => {
    for (const fill of fillsOf(ledger).slice(0, 1_500)) {
      const spec = world.find(fill.market === "margin" ? "spot" : fill.market, fill.symbol);
      if (spec === undefined) throw new Error(`no ${fill.symbol}`);
      const openMs = Math.floor(fill.timeMs / minuteMs) * minuteMs;
      const { low, high } = candleOf(world, spec, openMs, minuteMs);
      expect(fill.price >= low && fill.price <= high).toBe(true);
    }
  });
});

test("a thousand accounts cost nothing until somebody asks", () => {
  const accounts = Array.from(
    { length: 1_000 },
    (_, index) => new VenueAccount(world, { id: `a${index}`, generate: { fills: 50_000 } }),
  );
  expect(accounts.some((account) => account.hasLedger)).toBe(false);
  expect(new Set(accounts.map((account) => account.apiKey)).size).toBe(1_000);
});

test("money is written with all its digits", () => {
  expect(fixed(parseDecimal("-0.5"), 8)).toBe("-0.50000000");
  expect(fixed(parseDecimal("12"), 0)).toBe("12");
  expect(() => fixed(parseDecimal("0.123"), 2)).toThrow("more than 2 digits");
});
