import { absolute, type Decimal, formatDecimal, one } from "../../executions/decimal.ts";
import type { ExecutionType, Market } from "../../executions/execution.ts";
import { splitSymbol } from "../../executions/symbols.ts";
import { priceOfBond } from "./bond-price.ts";
import { decimal, oneOf, optionalDecimal, optionalId, optionalText, time } from "./columns.ts";
import { type Draft, defineDialect, RowError, type Skip, skip } from "./dialect.ts";

/** Date and time have a separator that the query chooses, and each its own format. */
const dates = ["YYYYMMDD", "YYYY-MM-DD", "MM/DD/YYYY", "MM/DD/YY"] as const;
const separators = [";", ",", " ", ", "] as const;
const clocks = ["hhmmss", "hh:mm:ss"] as const;
const formats = [
  ...dates.flatMap((date) => separators.flatMap((separator) => clocks.map((clock) => date + separator + clock))),
  ...dates,
];

const categories = new Map<string, Market>(
  Object.entries({
    STK: "stock",
    ETF: "stock",
    WAR: "stock",
    FUND: "stock",
    BOND: "stock",
    BILL: "stock",
    OPT: "option",
    FOP: "option",
    FSOPT: "option",
    FUT: "future",
    CASH: "forex",
    CFD: "cfd",
    CRYPTO: "spot",
  }),
);

/**
 * Interactive Brokers, Flex Query of trades as CSV. The user chooses its columns and how dates are written, so that little can be relied on: symbol,
 * side or signed quantity, price and currency must be there. Without a time of day the order within a day is not known. Commissions below zero
 * were paid. A query of several sections has them one below the other, with or without rows that say where each begins. Prices of bonds are percent.
 * FifoPnlRealized is after the fees of entry and exit. Times are New York's, unless the account is set to another zone.
 */
export const interactiveBrokersFlex = defineDialect({
  id: "interactive_brokers_flex",
  broker: "interactive_brokers",
  title: "Interactive Brokers Flex query of trades",
  export: "Client Portal > Performance & Reports > Flex Queries > Trades, Executions > CSV",
  markets: ["stock", "option", "future", "forex", "cfd", "spot"],
  layout: {
    kind: "stacked",
    headerHas: ["ClientAccountID", "CurrencyPrimary"],
    controls: ["BOF", "BOA", "BOS", "EOS", "EOA", "EOF", "MSG"],
  },
  headers: [
    ["Buy/Sell", "TradeDate", "Quantity", "TradePrice", "CurrencyPrimary"],
    ["Buy/Sell", "DateTime", "Quantity", "TradePrice", "CurrencyPrimary"],
    ["Buy/Sell", "Date/Time", "Quantity", "TradePrice", "CurrencyPrimary"],
    ["Buy/Sell", "DateTime", "Quantity", "Price", "CurrencyPrimary"],
    ["Buy/Sell", "Date/Time", "Quantity", "Price", "CurrencyPrimary"],
  ],
  timezone: "America/New_York",
  statedPnl: "net",
  columns: {
    account: optionalText(["ClientAccountID", "AccountId"]),
    level: optionalText("LevelOfDetail"),
    category: optionalText(["AssetClass", "AssetCategory"]),
    symbol: optionalText("Symbol"),
    isin: optionalText("ISIN"),
    underlying: optionalText("UnderlyingSymbol"),
    multiplier: optionalDecimal("Multiplier"),
    currency: optionalText("CurrencyPrimary"),
    id: optionalId(["IBExecID", "TradeID", "TransactionID"]),
    orderId: optionalId("IBOrderID"),
    time: { ...time(["DateTime", "Date/Time", "TradeDate"], formats), goesOn: ["TradeDate", "TradeTime"] },
    side: oneOf("Buy/Sell", {
      BUY: "buy",
      SELL: "sell",
      "BUY (Ca.)": "cancelled",
      "SELL (Ca.)": "cancelled",
    }),
    quantity: decimal("Quantity"),
    price: decimal(["TradePrice", "Price"]),
    money: optionalDecimal(["TradeMoney", "Proceeds"]),
    fee: optionalDecimal(["IBCommission", "Commission"]),
    feeAsset: optionalText(["IBCommissionCurrency", "CommissionCurrency"]),
    taxes: optionalDecimal("Taxes"),
    realizedPnl: optionalDecimal(["FifoPnlRealized", "RealizedPnl"]),
    codes: optionalText(["Notes/Codes", "Code"]),
    kind: optionalText("TransactionType"),
  },
  timeColumn: "time",
  accountColumn: "account",
  toExecution(row): Draft | Skip {
    if (row.level !== null && !/^(execution|trade)$/i.test(row.level))
      return skip(`not an execution but ${row.level}: the query needs executions`);
    if (row.side === "cancelled") {
      throw new RowError("cancelled_trade", "a trade that the broker cancelled: enter it by hand", "side");
    }
    const { side, currency } = row;
    const quantity = absolute(row.quantity);
    const symbol = row.symbol ?? row.isin;
    if (symbol === null) {
      throw new RowError("symbol_missing", "the row says neither Symbol nor ISIN: add Symbol to the query", "symbol");
    }
    const market = marketOf(row.category, symbol);
    const price = isBond(row.category) ? priceOfBond(row.price) : row.price;
    const pair = market === "forex" || market === "spot" ? splitSymbol(symbol) : null;
    const feeAsset = row.feeAsset ?? currency;
    // Stamp duties are in the currency of the trade.
    const taxes = feeAsset === currency ? (row.taxes ?? 0n) : 0n;
    return {
      id: row.id,
      identity: [row.time.text, symbol, side, formatDecimal(quantity), formatDecimal(row.price)],
      type: typeOf(row.codes, row.kind),
      market,
      symbol,
      baseAsset: pair?.base ?? (market === "option" ? row.underlying : null),
      quoteAsset: pair?.quote ?? currency,
      side,
      quantity,
      price,
      quoteQuantity: row.money === null ? null : absolute(row.money),
      contractSize: contractSizeOf(market, row.multiplier),
      fee: row.fee === null ? null : -(row.fee + taxes),
      feeAsset: row.fee === null ? null : feeAsset,
      realizedPnl: row.realizedPnl,
      orderId: row.orderId,
      executedAtMs: row.time.utcMs,
    };
  },
});

function isBond(category: string | null): boolean {
  return category !== null && /^(?:BOND|BILL)$/i.test(category);
}

/** Without the column, an ISIN or a ticker is a share; a pair is a currency's. */
function marketOf(category: string | null, symbol: string): Market {
  if (category === null) return /^[A-Z]{3}\.[A-Z]{3}$/.test(symbol) ? "forex" : "stock";
  const market = categories.get(category.toUpperCase());
  if (market !== undefined) return market;
  throw new RowError("unknown_value", `expected one of ${[...categories.keys()].join(", ")}`, "category");
}

const hundred = 100n * one;

function contractSizeOf(market: Market, multiplier: Decimal | null): Decimal | null {
  if (market === "option") return multiplier ?? hundred;
  return market === "future" ? multiplier : null;
}

/** As in an activity statement; "BookTrade" and "FracShare" are no trades on an exchange, but trades. */
function typeOf(codes: string | null, kind: string | null): ExecutionType {
  const list = (codes ?? "").split(";").map((code) => code.trim());
  if (list.includes("Ca")) {
    throw new RowError("cancelled_trade", "a trade that the broker cancelled (code Ca): enter it by hand", "codes");
  }
  if (list.includes("A") || list.includes("Ex") || list.includes("Ep")) return "settlement";
  if (kind !== null && /assignment|exercise|expiration/i.test(kind)) return "settlement";
  return list.includes("L") ? "liquidation" : "fill";
}
