import { describe, expect, test } from "bun:test";
import { type } from "arktype";
import { CoinTrades, Conversions, DustLog, FuturesTrades, Incomes } from "../../../src/brokers/binance/rows.ts";
import {
  fromCoinTrade,
  fromConversion,
  fromDust,
  fromFuturesTrade,
  fromIncome,
  type Named,
} from "../../../src/brokers/binance/to-execution.ts";
import type { MarketSymbol, MarketTable } from "../../../src/brokers/markets-cache.ts";
import { formatDecimal } from "../../../src/executions/decimal.ts";
import type { Execution } from "../../../src/executions/execution.ts";

const symbol = (
  market: Named["market"],
  name: string,
  base: string,
  quote: string,
  more: Partial<MarketSymbol> = {},
): Named => ({
  market,
  symbol: name,
  info: {
    symbol: name,
    base,
    quote,
    settle: null,
    step: null,
    contractSize: null,
    deliveryMs: null,
    listed: true,
    ...more,
  },
});
const table = (...named: Named[]): MarketTable => ({
  market: "spot",
  fetchedAtMs: 0,
  symbols: new Map(named.flatMap(({ symbol: name, info }) => (info === undefined ? [] : [[name, info] as const]))),
});

/** With amounts as text, and without what is null. */
function plain(execution: Execution): Record<string, unknown> {
  const entries = Object.entries(execution).filter(([, value]) => value !== null);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === "bigint" ? formatDecimal(value) : value]),
  );
}

function read<T>(shape: (value: unknown) => T | InstanceType<typeof type.errors>, value: unknown): T {
  const result = shape(value);
  if (result instanceof type.errors) throw new Error(result.summary);
  return result;
}

const coinTrade = {
  ...{
    symbol: "ETHBTC",
    id: 4711,
    orderId: "8389765500000000003",
    orderListId: -1,
    price: "0.05000000",
    qty: "2.00000000",
  },
  ...{
    quoteQty: "0.10000000",
    commission: "0.00200000",
    commissionAsset: "ETH",
    time: 1_699_999_999_001,
    isBuyer: true,
    isMaker: false,
  },
};
const futuresTrade = {
  ...{
    symbol: "BTCUSD_PERP",
    id: 6,
    orderId: 28,
    pair: "BTCUSD",
    side: "SELL",
    price: "40000",
    qty: "3",
    realizedPnl: "0.00012",
    marginAsset: "BTC",
  },
  ...{
    baseQty: "0.0075",
    commission: "-0.000003",
    commissionAsset: "BTC",
    time: 1_699_999_999_002,
    positionSide: "LONG",
    buyer: false,
    maker: true,
  },
};

describe("rows become executions", () => {
  test("of spot, with a fee in the base asset", () => {
    const [row] = read(CoinTrades, [coinTrade]);
    if (row === undefined) throw new Error("no row");
    expect(plain(fromCoinTrade(symbol("spot", "ETHBTC", "ETH", "BTC"), row))).toEqual({
      externalId: "binance:spot:ETHBTC:4711",
      ...{ type: "fill", market: "spot", symbol: "ETHBTC", baseAsset: "ETH", quoteAsset: "BTC", side: "buy" },
      ...{ quantity: "2", price: "0.05", quoteQuantity: "0.1", fee: "0.002", feeAsset: "ETH", feeInQuote: "0.0001" },
      ...{ orderId: "8389765500000000003", liquidity: "taker", executedAtMs: 1_699_999_999_001 },
    });
  });

  test("of COIN-M in hedge mode, where this list writes a rebate as a positive amount", () => {
    const [row] = read(FuturesTrades, [futuresTrade]);
    if (row === undefined) throw new Error("no row");
    const named = symbol("inverse", "BTCUSD_PERP", "BTC", "USD", { settle: "BTC", contractSize: "100" });
    const execution = fromFuturesTrade(named, row, { type: "adl", costIsNegative: true });
    expect(plain(execution)).toEqual({
      externalId: "binance:inverse:BTCUSD_PERP:6",
      ...{
        type: "adl",
        market: "inverse",
        symbol: "BTCUSD_PERP",
        baseAsset: "BTC",
        quoteAsset: "USD",
        settleAsset: "BTC",
      },
      ...{
        side: "sell",
        positionSide: "long",
        quantity: "3",
        price: "40000",
        quoteQuantity: "300",
        contractSize: "100",
      },
      ...{ fee: "0.000003", feeAsset: "BTC", feeInQuote: "0.000003", realizedPnl: "0.00012", orderId: "28" },
      ...{ liquidity: "maker", executedAtMs: 1_699_999_999_002 },
    });
  });

  test("of the income list: what was received is a negative amount", () => {
    const income = {
      symbol: "BTCUSDT",
      incomeType: "FUNDING_FEE",
      income: "0.37",
      asset: "USDT",
      time: 1_700_000_000_000,
      info: "",
      tranId: "8082457372019390060",
      tradeId: "",
    };
    const [row] = read(Incomes, [income]);
    if (row === undefined) throw new Error("no row");
    const named = symbol("linear", "BTCUSDT", "BTC", "USDT", { settle: "USDT", contractSize: "1" });
    expect(plain(fromIncome(named, row, "funding"))).toEqual({
      externalId: "binance:linear:BTCUSDT:funding:8082457372019390060",
      ...{
        type: "funding",
        market: "linear",
        symbol: "BTCUSDT",
        baseAsset: "BTC",
        quoteAsset: "USDT",
        settleAsset: "USDT",
      },
      ...{ contractSize: "1", fee: "-0.37", feeAsset: "USDT", feeInQuote: "-0.37", executedAtMs: 1_700_000_000_000 },
    });
  });

  test.each([
    ["BTC", "USDT", "BTCUSDT", "sell", "0.5", "30000", "60000"],
    ["USDT", "BTC", "BTCUSDT", "buy", "30000", "0.5", "60000"],
    ["SHIB", "LINK", "LINKSHIB", "buy", "30000", "0.5", "60000"],
    ["USDT", "PEPE", "PEPEUSDT", "buy", "30000", "0.5", "60000"],
  ])("of a conversion of %s into %s: %s, %s", (fromAsset, toAsset, name, side, fromAmount, toAmount, price) => {
    const { list } = read(Conversions, {
      list: [
        {
          quoteId: "q",
          orderId: 940_708_407_462_087,
          orderStatus: "SUCCESS",
          fromAsset,
          fromAmount,
          toAsset,
          toAmount,
          ratio: "1",
          inverseRatio: "1",
          createTime: 1_700_000_000_000,
        },
      ],
      moreData: false,
    });
    const [row] = list ?? [];
    if (row === undefined) throw new Error("no row");
    const symbols = table(symbol("spot", "BTCUSDT", "BTC", "USDT"));
    const found = plain(fromConversion(symbols, row));
    expect([found.externalId, found.side, found.price, found.type]).toEqual([
      `binance:spot:${name}:convert:940708407462087`,
      side,
      price,
      "conversion",
    ]);
  });

  test("of dust: the charge comes on top of what was received", () => {
    const log = read(DustLog, {
      total: 1,
      userAssetDribblets: [
        {
          ...{
            operateTime: 1_700_000_000_000,
            transId: 45_178_372_831,
            totalTransferedAmount: "0.0196",
            totalServiceChargeAmount: "0.0004",
          },
          userAssetDribbletDetails: [
            {
              transId: 4,
              serviceChargeAmount: "0.0004",
              amount: "10",
              operateTime: 1_700_000_000_000,
              transferedAmount: "0.0196",
              fromAsset: "XRP",
            },
          ],
        },
      ],
    });
    const [group] = log.userAssetDribblets;
    const [detail] = group?.userAssetDribbletDetails ?? [];
    if (group === undefined || detail === undefined) throw new Error("no row");
    const execution = fromDust(table(), { transId: String(group.transId), operateTime: group.operateTime }, detail);
    if (execution === null) throw new Error("no execution");
    expect(plain(execution)).toEqual({
      externalId: "binance:spot:XRPBNB:dust:45178372831:XRP",
      ...{
        type: "conversion",
        market: "spot",
        symbol: "XRPBNB",
        baseAsset: "XRP",
        quoteAsset: "BNB",
        side: "sell",
        quantity: "10",
      },
      ...{
        price: "0.002",
        quoteQuantity: "0.02",
        fee: "0.0004",
        feeAsset: "BNB",
        feeInQuote: "0.0004",
        orderId: "45178372831",
      },
      executedAtMs: 1_700_000_000_000,
    });
  });
});

describe("refuses", () => {
  test.each([
    ["a price that is a JSON number", { price: 0.05 }, "price must be"],
    ["an amount with an exponent", { qty: "4.5E-7" }, "qty must be"],
    ["a commission that is missing", { commission: undefined }, "commission must be"],
    ["an id that is a float", { id: 1.5 }, "id must be"],
    ["a side that is no flag", { isBuyer: "yes" }, "isBuyer must be"],
  ])("%s", (_name, change, message) => {
    const result = CoinTrades([{ ...coinTrade, ...change }]);
    expect(result instanceof type.errors && result.summary).toContain(message);
  });

  test("a quantity of zero, naming the entry", () => {
    const [row] = read(CoinTrades, [{ ...coinTrade, qty: "0.00000000" }]);
    if (row === undefined) throw new Error("no row");
    expect(() => fromCoinTrade(symbol("spot", "ETHBTC", "ETH", "BTC"), row)).toThrow(
      "Binance's spot entry ETHBTC 4711 cannot be read: the quantity must be above zero.",
    );
  });
});
