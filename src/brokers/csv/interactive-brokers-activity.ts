import { absolute, type Decimal, formatDecimal, one, parseDecimal } from "../../executions/decimal.ts";
import type { ExecutionType, Market } from "../../executions/execution.ts";
import { splitSymbol } from "../../executions/symbols.ts";
import { decimal, oneOf, optionalDecimal, optionalText, text, time } from "./columns.ts";
import { type Column, defineDialect, RowError, readDecimal, skip } from "./dialect.ts";

const feeInCurrency = /^Comm in ([A-Z]{3})$/;

/**
 * Interactive Brokers, Activity Statement as CSV: sections, of which "Trades" has the executions, in the order of their symbols. Its
 * header comes again, with other columns, for each kind of asset. Rows marked Order are the executions; Trade and ClosedLot rows
 * are their details. A quantity below zero is a sale; a fee below zero was paid, in the row's currency. Realized P/L is after
 * the fees of entry and exit. There are no ids.
 *
 * Times are wall-clock times of New York, whatever the exchange: RealTest's manual (mhptrading.com/docs, TLTimeShift) and
 * portfolio-performance/portfolio#4690 say so of the same data in Flex queries; the statement itself says "EST" or "EDT" after
 * WhenGenerated. An account can be set to another zone, so the rule can be overridden.
 */
export const interactiveBrokersActivity = defineDialect({
  id: "interactive_brokers_activity",
  broker: "interactive_brokers",
  title: "Interactive Brokers activity statement",
  export: "Client Portal > Performance & Reports > Statements > Activity > CSV",
  markets: ["stock", "option", "future", "forex", "cfd"],
  layout: { kind: "sections", section: "Trades" },
  headers: [["DataDiscriminator", "Asset Category", "Currency", "Symbol", "Date/Time", "Quantity", "T. Price"]],
  timezone: "America/New_York",
  statedPnl: "net",
  columns: {
    level: oneOf("DataDiscriminator", { Order: "order", Trade: "detail", ClosedLot: "lot" }),
    category: text("Asset Category"),
    currency: text("Currency"),
    account: optionalText("Account"),
    symbol: text("Symbol"),
    // Closed lots have a date alone.
    time: time("Date/Time", ["YYYY-MM-DD, hh:mm:ss", "YYYY-MM-DD hh:mm:ss", "YYYY-MM-DD;hh:mm:ss", "YYYY-MM-DD"]),
    quantity: decimal("Quantity"),
    price: optionalDecimal("T. Price"),
    proceeds: optionalDecimal(["Proceeds", "Notional Value"]),
    fee: feeColumn(),
    realizedPnl: optionalDecimal("Realized P/L"),
    code: optionalText("Code"),
  },
  timeColumn: "time",
  accountColumn: "account",
  gather(section, cell, facts) {
    if (section !== "Financial Instrument Information") return;
    const multiplier = cell("Multiplier");
    if (multiplier === "") return;
    // A symbol that changed stands with its older ones: "META, FB". Options are listed by the exchange's name and ours.
    for (const symbol of [...cell("Symbol").split(","), cell("Description")]) {
      if (symbol.trim() !== "") facts.set(multiplierKey(cell("Asset Category"), symbol.trim()), multiplier);
    }
  },
  toExecution(row, { facts }) {
    if (row.level === "detail") return skip("a detail of an order (Trade)");
    if (row.level === "lot") return skip("a closed lot of an order (ClosedLot)");
    const category = categoryOf(row.category);
    const market = marketOf(category);
    const quantity = absolute(row.quantity);
    const side = row.quantity < 0n ? "sell" : "buy";
    const pair = market === "forex" ? splitSymbol(row.symbol) : null;
    return {
      id: null,
      identity: [
        row.currency,
        row.time.text,
        side,
        formatDecimal(quantity),
        row.price === null ? "" : formatDecimal(row.price),
      ],
      type: typeOf(codesOf(row.code)),
      market,
      symbol: row.symbol,
      baseAsset: pair?.base ?? (market === "option" ? underlyingOf(row.symbol) : null),
      quoteAsset: pair?.quote ?? row.currency,
      side,
      quantity,
      price: row.price,
      quoteQuantity: row.proceeds === null ? null : absolute(row.proceeds),
      contractSize: contractSizeOf(category, row.symbol, facts),
      fee: row.fee === null ? null : row.fee.paid,
      feeAsset: row.fee === null ? null : (row.fee.currency ?? row.currency),
      realizedPnl: row.realizedPnl,
      executedAtMs: row.time.utcMs,
    };
  },
});

interface Fee {
  paid: Decimal;
  /** Null: the row's. */
  currency: string | null;
}

/** `Comm/Fee` in the row's currency; of currency trades `Comm in EUR`, in the account's. */
function feeColumn(): Column<Fee | null> {
  return {
    header: ["Comm/Fee", feeInCurrency],
    optional: true,
    numeric: true,
    parse: (cell, reading, header) => {
      if (cell === "" || cell === "--") return null;
      return { paid: -readDecimal(cell, reading), currency: feeInCurrency.exec(header)?.[1] ?? null };
    },
  };
}

const markets = new Map<string, Market>(
  Object.entries({
    Stocks: "stock",
    "Equity and Index Options": "option",
    "Options On Futures": "option",
    Futures: "future",
    Forex: "forex",
    CFDs: "cfd",
    "Forex CFDs": "cfd",
    Warrants: "stock",
    "Structured Products": "stock",
    "Mutual Funds": "stock",
  }),
);

/** "Stocks - Held with Interactive Brokers (U.K.) Limited carried by …" is "Stocks". */
function categoryOf(text: string): string {
  const end = text.indexOf(" - Held with");
  return end < 0 ? text : text.slice(0, end);
}

function marketOf(category: string): Market {
  const market = markets.get(category);
  if (market !== undefined) return market;
  throw new RowError("unknown_value", `expected one of ${[...markets.keys()].join(", ")}`, "category");
}

function multiplierKey(category: string, symbol: string): string {
  return `multiplier ${categoryOf(category)} ${symbol}`;
}

const shared100 = 100n * one;

/** Options on shares and indexes are on 100 where the statement does not say; of futures it is not known then. */
function contractSizeOf(category: string, symbol: string, facts: ReadonlyMap<string, string>): Decimal | null {
  if (category !== "Futures" && category !== "Equity and Index Options" && category !== "Options On Futures")
    return null;
  const said = facts.get(multiplierKey(category, symbol));
  if (said === undefined) return category === "Equity and Index Options" ? shared100 : null;
  try {
    return parseDecimal(said.replaceAll(",", ""));
  } catch {
    throw new RowError("not_a_number", `the multiplier of ${symbol} is "${said}", not a number`, "symbol");
  }
}

/** "SPY 20MAR26 580 C" is no asset. */
function underlyingOf(symbol: string): string | null {
  const [underlying] = symbol.split(" ");
  return underlying === undefined || underlying === "" ? null : underlying;
}

function codesOf(text: string | null): readonly string[] {
  return text === null ? [] : text.split(";").map((code) => code.trim());
}

/** A: assignment, Ex: exercise, Ep: expired, L: closed by the broker for want of margin, Ca: cancelled afterwards. */
function typeOf(codes: readonly string[]): ExecutionType {
  if (codes.includes("Ca")) {
    throw new RowError("cancelled_trade", "a trade that the broker cancelled (code Ca): enter it by hand", "code");
  }
  if (codes.includes("A") || codes.includes("Ex") || codes.includes("Ep")) return "settlement";
  return codes.includes("L") ? "liquidation" : "fill";
}
