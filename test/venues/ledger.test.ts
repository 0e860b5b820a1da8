import { describe, expect, test } from "bun:test";
import { formatDecimal } from "../../src/executions/decimal.ts";
import { nowMs, world } from "./fixtures.ts";
import { Ledger } from "./ledger.ts";
import type { FillRequest, VenueFill } from "./ledger-rows.ts";

const free = { amount: "0", asset: "USDT" };
let at = nowMs;
const fill = (ledger: Ledger, more: Omit<FillRequest, "atMs">): VenueFill => ledger.fill({ atMs: ++at, ...more });
const pnl = (row: VenueFill): string => formatDecimal(row.realizedPnl);

describe("realised PnL is the venue's: average cost", () => {
  const linear = { market: "linear", symbol: "BTCUSDT", commission: free } as const;

  test("long: scaled in, closed in parts", () => {
    const ledger = new Ledger(world, { seed: "a" });
    expect(pnl(fill(ledger, { ...linear, side: "BUY", quantity: "1", price: "100" }))).toBe("0");
    expect(pnl(fill(ledger, { ...linear, side: "BUY", quantity: "2", price: "130" }))).toBe("0");
    // 120 on average.
    expect(pnl(fill(ledger, { ...linear, side: "SELL", quantity: "1", price: "150" }))).toBe("30");
    expect(pnl(fill(ledger, { ...linear, side: "SELL", quantity: "2", price: "110" }))).toBe("-20");
    expect(formatDecimal(ledger.balance("linear", "USDT"))).toBe("10");
  });

  test("what a third cannot be written as stays in the position", () => {
    const ledger = new Ledger(world, { seed: "a" });
    fill(ledger, { ...linear, side: "BUY", quantity: "3", price: "33.34" });
    fill(ledger, { ...linear, side: "BUY", quantity: "4", price: "10.01" });
    // (100.02 + 40.04) / 7 = 20.008571428…
    expect(pnl(fill(ledger, { ...linear, side: "SELL", quantity: "1", price: "30" }))).toBe("9.99142857");
    expect(pnl(fill(ledger, { ...linear, side: "SELL", quantity: "6", price: "30" }))).toBe("59.94857143");
  });

  test("a fill that turns the position round states the PnL of what it closes", () => {
    const ledger = new Ledger(world, { seed: "a" });
    fill(ledger, { ...linear, side: "SELL", quantity: "2", price: "100" });
    expect(pnl(fill(ledger, { ...linear, side: "BUY", quantity: "5", price: "90" }))).toBe("20");
    expect(ledger.position("linear", "BTCUSDT", "BOTH").quantity).toBe(3n * 10n ** 18n);
    expect(pnl(fill(ledger, { ...linear, side: "SELL", quantity: "3", price: "95" }))).toBe("15");
  });

  test("hedge mode: both sides stand side by side, neither gets more closed than it holds", () => {
    const ledger = new Ledger(world, { seed: "a" });
    fill(ledger, { ...linear, side: "BUY", positionSide: "LONG", quantity: "1", price: "100" });
    fill(ledger, { ...linear, side: "SELL", positionSide: "SHORT", quantity: "1", price: "100" });
    expect(pnl(fill(ledger, { ...linear, side: "SELL", positionSide: "LONG", quantity: "1", price: "110" }))).toBe(
      "10",
    );
    expect(pnl(fill(ledger, { ...linear, side: "BUY", positionSide: "SHORT", quantity: "1", price: "110" }))).toBe(
      "-10",
    );
    expect(() => fill(ledger, { ...linear, side: "SELL", positionSide: "LONG", quantity: "1", price: "1" })).toThrow(
      "holds less",
    );
  });

  test("inverse: in the base coin, a long gains when its coins buy more", () => {
    const ledger = new Ledger(world, { seed: "a" });
    const inverse = { market: "inverse", symbol: "BTCUSD_PERP", commission: { amount: "0", asset: "BTC" } } as const;
    const opened = fill(ledger, { ...inverse, side: "BUY", quantity: "3", price: "50000" });
    expect(formatDecimal(opened.value)).toBe("0.006");
    expect(pnl(fill(ledger, { ...inverse, side: "SELL", quantity: "3", price: "60000" }))).toBe("0.001");
  });
});

describe("commission", () => {
  test("spot: a buy pays in base, a sale in quote", () => {
    const ledger = new Ledger(world, { seed: "a" });
    const spot = { market: "spot", symbol: "BTCUSDT", quantity: "0.5", price: "40000" } as const;
    expect(fill(ledger, { ...spot, side: "BUY" })).toMatchObject({
      commission: 5n * 10n ** 14n,
      commissionAsset: "BTC",
    });
    expect(fill(ledger, { ...spot, side: "SELL" })).toMatchObject({
      commission: 20n * 10n ** 18n,
      commissionAsset: "USDT",
    });
  });

  test("in BNB at a discount while there is enough, else as without", () => {
    const ledger = new Ledger(world, { seed: "a", bnbFees: true });
    const spot = { market: "spot", symbol: "ETHUSDT", side: "BUY", quantity: "1", price: "3000" } as const;
    expect(fill(ledger, spot).commissionAsset).toBe("ETH");
    ledger.deposit({ asset: "BNB", amount: "0.005", atMs: at });
    const row = fill(ledger, spot);
    const bnb = world.find("spot", "BNBUSDT");
    if (bnb === undefined) throw new Error("no BNBUSDT");
    // 3000 × 0.1 % × 75 % at the price of that moment, cut to 8 digits.
    const expected = (225n * 10n ** 34n) / world.priceAt(bnb, row.timeMs) / 10n ** 10n;
    expect([row.commissionAsset, row.commission / 10n ** 10n]).toEqual(["BNB", expected]);
    expect(fill(ledger, spot).commissionAsset).toBe("ETH");
  });

  test("never in BNB that the trade itself takes", () => {
    const ledger = new Ledger(world, { seed: "a", bnbFees: true });
    ledger.deposit({ asset: "BNB", amount: "1", atMs: at });
    const sale = { market: "spot", symbol: "BNBUSDT", side: "SELL", price: "600" } as const;
    expect(fill(ledger, { ...sale, quantity: "0.4" }).commissionAsset).toBe("BNB");
    expect(fill(ledger, { ...sale, quantity: "0.5995" }).commissionAsset).toBe("USDT");
    ledger.deposit({ asset: "BNB", amount: "1", atMs: at });
    const purchase = { market: "spot", symbol: "SOLBNB", side: "BUY", quantity: "4", price: "0.25" } as const;
    expect(fill(ledger, purchase).commissionAsset).toBe("SOL");
    expect(ledger.balance("spot", "BNB")).toBeGreaterThanOrEqual(0n);
  });

  test("a rebate is negative", () => {
    const ledger = new Ledger(world, { seed: "a", fees: { linear: { maker: "-0.0001", taker: "0.0005" } } });
    const row = fill(ledger, {
      market: "linear",
      symbol: "BTCUSDT",
      side: "BUY",
      quantity: "1",
      price: "100",
      maker: true,
    });
    expect(formatDecimal(row.commission)).toBe("-0.01");
    expect(formatDecimal(ledger.balance("linear", "USDT"))).toBe("0.01");
  });
});

test("time and ids of a symbol only go forward", () => {
  const ledger = new Ledger(world, { seed: "a" });
  const spot = { market: "spot", symbol: "BTCUSDT", side: "BUY", quantity: "1", price: "1" } as const;
  ledger.fill({ ...spot, atMs: nowMs, id: 70 });
  expect(() => ledger.fill({ ...spot, atMs: nowMs - 1 })).toThrow("order of time");
  expect(() => ledger.fill({ ...spot, atMs: nowMs, id: 70 })).toThrow("ids only grow");
  expect(() => ledger.fill({ ...spot, atMs: nowMs, symbol: "NOPE" })).toThrow("no symbol NOPE");
});

test("balances are those of the moment asked for, whatever was asked before", () => {
  const ledger = new Ledger(world, { seed: "a" });
  ledger.deposit({ asset: "USDT", amount: "1", atMs: nowMs });
  ledger.deposit({ asset: "USDT", amount: "2", atMs: nowMs + 10 });
  const held = (atMs: number) => formatDecimal(ledger.balancesAt("spot", atMs).get("USDT") ?? 0n);
  expect([held(nowMs + 10), held(nowMs), held(nowMs - 1), held(nowMs + 9)]).toEqual(["3", "1", "0", "1"]);
  ledger.deposit({ asset: "USDT", amount: "4", atMs: nowMs + 5 });
  expect(held(nowMs + 9)).toBe("5");
});
