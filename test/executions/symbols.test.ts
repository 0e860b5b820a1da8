import { expect, test } from "bun:test";
import { splitContract, splitSymbol } from "../../src/executions/symbols.ts";

test.each([
  ["BTCUSDT", "BTC", "USDT"],
  ["1INCHUSDT", "1INCH", "USDT"],
  ["1000SATSFDUSD", "1000SATS", "FDUSD"],
  ["BTCBUSD", "BTC", "BUSD"],
  ["BTCTUSD", "BTC", "TUSD"],
  ["LTCBTC", "LTC", "BTC"],
  ["USDTTRY", "USDT", "TRY"],
  ["BNBETH", "BNB", "ETH"],
  ["EURUSDT", "EUR", "USDT"],
  ["BTCEUR", "BTC", "EUR"],
  ["EUR.USD", "EUR", "USD"],
  ["BTC/USDT", "BTC", "USDT"],
  ["BTC-USD", "BTC", "USD"],
  ["EURGBP", "EUR", "GBP"],
])("%s is %s in %s", (symbol, base, quote) => {
  expect(splitSymbol(symbol)).toEqual({ base, quote });
});

test("a unit seen in the row wins over the list", () => {
  expect(splitSymbol("SHIBUSD", { quote: "USD" })).toEqual({ base: "SHIB", quote: "USD" });
  expect(splitSymbol("SHIBUSD")).toEqual({ base: "SHI", quote: "BUSD" });
  expect(splitSymbol("ABCNEWCOIN", { quote: "NEWCOIN" })).toEqual({ base: "ABC", quote: "NEWCOIN" });
  expect(splitSymbol("ABCNEWCOIN", { base: "ABC" })).toEqual({ base: "ABC", quote: "NEWCOIN" });
});

test("a unit that does not fit the symbol is not used", () => {
  expect(splitSymbol("BTCUSDT", { base: "ETH", quote: "BNB" })).toEqual({ base: "BTC", quote: "USDT" });
  expect(splitSymbol("USDT", { quote: "USDT" })).toBeNull();
});

test.each(["", "USDT", "ABCXYZ", "BTC/USDT:USDT", "A B"])("%p is no pair", (symbol) => {
  expect(splitSymbol(symbol)).toBeNull();
});

test.each([
  ["BTCUSDT", { base: "BTC", quote: "USDT", settle: "USDT", kind: "linear", delivery: null }],
  ["ETHUSDT_240628", { base: "ETH", quote: "USDT", settle: "USDT", kind: "linear", delivery: "240628" }],
  ["BTCUSD_PERP", { base: "BTC", quote: "USD", settle: "BTC", kind: "inverse", delivery: null }],
  ["BTCUSD_240628", { base: "BTC", quote: "USD", settle: "BTC", kind: "inverse", delivery: "240628" }],
  ["ABCXYZ", null],
])("contract %s", (symbol, contract) => {
  expect(splitContract(symbol) as unknown).toEqual(contract);
});
