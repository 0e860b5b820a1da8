import { describe, expect, test } from "bun:test";
import { parseDecimal } from "../../src/executions/decimal.ts";
import { type Draft, normalise } from "../../src/executions/normalise.ts";

const draft = (change: Partial<Draft> = {}): Draft => ({
  id: "1",
  market: "spot",
  symbol: "BTCUSDT",
  side: "buy",
  quantity: parseDecimal("2"),
  price: parseDecimal("100.5"),
  executedAtMs: Date.UTC(2026, 0, 1),
  ...change,
});

const made = (change: Partial<Draft> = {}) => normalise(draft(change), "b:spot:BTCUSDT:1");

describe("assets", () => {
  test.each<[Partial<Draft>, (string | null)[]]>([
    [{}, ["BTC", "USDT", null]],
    [{ market: "linear" }, ["BTC", "USDT", "USDT"]],
    [{ market: "linear", symbol: "ETHUSDT_240628" }, ["ETH", "USDT", "USDT"]],
    [{ market: "inverse", symbol: "BTCUSD_PERP" }, ["BTC", "USD", "BTC"]],
    [{ market: "linear", settleAsset: "BNB" }, ["BTC", "USDT", "BNB"]],
    [{ market: "forex", symbol: "EUR.USD" }, ["EUR", "USD", null]],
    [{ market: "stock", symbol: "AAPL", quoteAsset: "USD" }, ["AAPL", "USD", null]],
    [{ market: "option", symbol: "SPY 20MAR26 580 C WITH A LONG NAME", quoteAsset: "USD" }, [null, "USD", null]],
    [{ market: "margin", symbol: "WHATEVER", quoteAssetElse: "EUR" }, [null, "EUR", null]],
    [{ quoteAssetElse: "EUR" }, ["BTC", "USDT", null]],
    [{ baseAsset: "A", quoteAsset: "B" }, ["A", "B", null]],
    [{ market: "linear", baseAsset: "A", quoteAsset: "B" }, ["A", "B", "B"]],
  ])("of %p are %p", (change, assets) => {
    const { baseAsset, quoteAsset, settleAsset } = made(change);
    expect([baseAsset, quoteAsset, settleAsset]).toEqual(assets);
  });
});

describe("the fee in the currency of the PnL", () => {
  test.each<[string, Partial<Draft>, string | null]>([
    ["in the quote asset it is itself", { fee: parseDecimal("0.3"), feeAsset: "USDT" }, "0.3"],
    ["in the base asset at the price", { fee: parseDecimal("0.002"), feeAsset: "BTC" }, "0.201"],
    ["in a third asset not known", { fee: parseDecimal("0.1"), feeAsset: "BNB" }, null],
    ["nothing is nothing in any asset", { fee: 0n, feeAsset: "BNB" }, "0"],
    [
      "in the base asset not known when PnL is paid in a third",
      { market: "linear", settleAsset: "BNB", fee: 1n, feeAsset: "BTC" },
      null,
    ],
    ["without its asset not known", { fee: parseDecimal("1") }, null],
    ["without a fee none", {}, null],
    ["a rebate stays one", { fee: parseDecimal("-0.002"), feeAsset: "BTC" }, "-0.201"],
    ["said by the source it stays", { fee: 1n, feeAsset: "BNB", feeInQuote: parseDecimal("7") }, "7"],
    [
      "of an inverse contract in what it settles in",
      { market: "inverse", symbol: "BTCUSD_PERP", fee: parseDecimal("0.1"), feeAsset: "BTC" },
      "0.1",
    ],
    [
      "of an inverse contract not in dollars",
      { market: "inverse", symbol: "BTCUSD_PERP", fee: parseDecimal("0.1"), feeAsset: "USD" },
      null,
    ],
  ])("%s", (_name, change, expected) => {
    expect(made(change).feeInQuote).toBe(expected === null ? null : parseDecimal(expected));
  });

  test("is rounded half to even at the eighteenth digit", () => {
    const fee = parseDecimal("0.000000000000000001");
    expect(made({ fee, feeAsset: "BTC", price: parseDecimal("0.5") }).feeInQuote).toBe(0n);
    expect(made({ fee, feeAsset: "BTC", price: parseDecimal("1.5") }).feeInQuote).toBe(2n);
  });
});

describe("what cannot be an execution", () => {
  test.each<[string, Partial<Draft>, string, keyof Draft]>([
    ["no quantity", { quantity: null }, "not_positive", "quantity"],
    ["a quantity of nothing", { quantity: 0n }, "not_positive", "quantity"],
    ["less than nothing", { quantity: -1n }, "not_positive", "quantity"],
    ["no price", { price: null }, "empty", "price"],
    ["a price below zero", { price: -1n }, "negative", "price"],
    ["no side", { side: null }, "empty", "side"],
    ["no symbol", { symbol: "" }, "empty", "symbol"],
    ["a symbol that is too long", { symbol: "S".repeat(65) }, "too_long", "symbol"],
    ["an asset that is too long", { baseAsset: "A".repeat(25), quoteAsset: "B" }, "too_long", "baseAsset"],
    ["an order id that is too long", { orderId: "1".repeat(129) }, "too_long", "orderId"],
    ["a time before 2000", { executedAtMs: Date.UTC(1999, 11, 31) }, "time_out_of_range", "executedAtMs"],
    ["a time after 2099", { executedAtMs: Date.UTC(2100, 0, 1) }, "time_out_of_range", "executedAtMs"],
    ["no time", { executedAtMs: Number.NaN }, "time_out_of_range", "executedAtMs"],
    ["an amount that nobody has", { quantity: parseDecimal(`1${"0".repeat(24)}`) }, "too_large", "quantity"],
    [
      "a worth that nobody has",
      { quantity: parseDecimal(`9${"0".repeat(16)}`), price: parseDecimal(`2${"0".repeat(7)}`) },
      "too_large",
      "quantity",
    ],
    [
      "a worth in coins that nobody has",
      { market: "inverse", symbol: "BTCUSD_PERP", quantity: parseDecimal("10000000"), price: 1n },
      "too_large",
      "quantity",
    ],
    [
      "a fee that is too large in the quote asset",
      { fee: 10n ** 40n, feeAsset: "BTC", price: 10n ** 40n },
      "too_large",
      "fee",
    ],
    ["funding without an amount", { type: "funding", side: null }, "empty", "fee"],
  ])("%s", (_name, change, code, field) => {
    expect(() => made(change)).toThrow(expect.objectContaining({ name: "NormaliseError", code, field }));
  });

  test.each<[string, Partial<Draft>]>([
    ["a future below zero, as crude oil was", { market: "future", symbol: "CLK0", quoteAsset: "USD", price: -37n }],
    ["an option that expired at zero", { type: "settlement", market: "option", quoteAsset: "USD", price: 0n }],
    ["a transfer without a price", { type: "transfer", price: null }],
    ["many of a coin that is worth nothing", { quantity: parseDecimal("900000000000000"), price: 1n }],
    ["funding", { type: "funding", side: null, quantity: null, price: null, fee: 1n, feeAsset: "USDT" }],
  ])("but %s can", (_name, change) => {
    expect(made(change).type).toBe(change.type ?? "fill");
  });
});

test("what is not known is null, the rest as it was said", () => {
  expect(made({ orderId: "7", liquidity: "maker", realizedPnl: 5n })).toEqual({
    externalId: "b:spot:BTCUSDT:1",
    type: "fill",
    market: "spot",
    symbol: "BTCUSDT",
    baseAsset: "BTC",
    quoteAsset: "USDT",
    settleAsset: null,
    side: "buy",
    positionSide: null,
    quantity: parseDecimal("2"),
    price: parseDecimal("100.5"),
    quoteQuantity: null,
    contractSize: null,
    fee: null,
    feeAsset: null,
    feeInQuote: null,
    realizedPnl: 5n,
    orderId: "7",
    liquidity: "maker",
    executedAtMs: Date.UTC(2026, 0, 1),
  });
});
