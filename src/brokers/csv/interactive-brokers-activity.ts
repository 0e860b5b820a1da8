import { absolute, type Decimal, formatDecimal, one, parseDecimal } from "../../executions/decimal.ts";
import type { ExecutionType } from "../../executions/execution.ts";
import { splitSymbol } from "../../executions/symbols.ts";
import { priceOfBond } from "./bond-price.ts";
import { decimal, oneOf, optionalDecimal, optionalText, text, time } from "./columns.ts";
import { type Column, defineDialect, RowError, readDecimal, skip } from "./dialect.ts";
import { type Assets, categories, names } from "./interactive-brokers-languages.ts";

/** Of currency trades: in the account's currency. */
const feeInCurrency =
  /^(?:Comm?\.?|Prov\.?|Provision|Comisión|Tarifa|Corr\.?|Комиссия|佣金)(?: (?:in|en|em|в))? ([A-Z]{3})$/;

/**
 * Interactive Brokers, Activity Statement as CSV: sections, of which "Trades" has the executions, in the order of their symbols. Its
 * header comes again, with other columns, for each kind of asset. Rows marked Order are the executions; Trade and ClosedLot rows
 * are their details; where a statement has Trade rows alone, they are. A quantity below zero is a sale; a fee below zero was paid, in the row's currency. Realized P/L is after
 * the fees of entry and exit. There are no ids. Names of sections, columns and kinds of assets are in the user's language; what a row is, is not.
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
  layout: { kind: "sections", section: "Trades", translated: names.section },
  headers: names.headers,
  timezone: "America/New_York",
  statedPnl: "net",
  columns: {
    level: oneOf("DataDiscriminator", { Order: "order", Trade: "detail", ClosedLot: "lot" }),
    category: text(names.category),
    currency: text(names.currency),
    account: optionalText(names.account),
    symbol: text(names.symbol),
    // Closed lots have a date alone.
    time: time(names.time, ["YYYY-MM-DD, hh:mm:ss", "YYYY-MM-DD hh:mm:ss", "YYYY-MM-DD;hh:mm:ss", "YYYY-MM-DD"]),
    quantity: decimal(names.quantity),
    price: optionalDecimal(names.price),
    proceeds: optionalDecimal(names.proceeds),
    fee: feeColumn(),
    realizedPnl: optionalDecimal(names.realizedPnl),
    code: optionalText(names.code),
  },
  timeColumn: "time",
  accountColumn: "account",
  gather(_section, cell, facts) {
    const said = (of: readonly string[]) => of.map(cell).find((found) => found !== "") ?? "";
    // The section of instruments alone has this column.
    const multiplier = said(names.multiplier);
    if (multiplier === "") return;
    const assets = categories.get(categoryOf(said(names.category)));
    // A symbol that changed stands with its older ones: "META, FB". Options are listed by the exchange's name and ours.
    for (const symbol of [...said(names.symbol).split(","), said(names.description)]) {
      if (assets !== undefined && symbol.trim() !== "") facts.set(multiplierKey(assets, symbol.trim()), multiplier);
    }
  },
  gatherRow(cells, facts) {
    if (cells[2]?.trim() === "Order") facts.set(hasOrders, "");
  },
  toExecution(row, { facts }) {
    if (row.level === "detail" && facts.has(hasOrders)) return skip("a detail of an order (Trade)");
    if (row.level === "lot") return skip("a closed lot of an order (ClosedLot)");
    const assets = assetsOf(row.category);
    const { market } = assets;
    const price = assets.kind === "bonds" && row.price !== null ? priceOfBond(row.price) : row.price;
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
      price,
      quoteQuantity: row.proceeds === null ? null : absolute(row.proceeds),
      contractSize: contractSizeOf(assets, row.symbol, facts),
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
    header: [...names.fee, feeInCurrency],
    optional: true,
    numeric: true,
    parse: (cell, reading, header) => {
      if (cell === "" || cell === "--") return null;
      return { paid: -readDecimal(cell, reading), currency: feeInCurrency.exec(header)?.[1] ?? null };
    },
  };
}

/** A fact, beside those of multipliers. */
const hasOrders = "orders";

/** "Stocks - Held with Interactive Brokers (U.K.) Limited carried by …" is "Stocks", in any language. */
function categoryOf(text: string): string {
  const end = text.indexOf(" - ");
  return (end < 0 ? text : text.slice(0, end)).trim().toLowerCase();
}

function assetsOf(text: string): Assets {
  const found = categories.get(categoryOf(text));
  if (found !== undefined) return found;
  const known = [...categories.values()].flatMap(({ english }) => english ?? []);
  const message = `expected one of ${known.join(", ")}, or what these are called in a language of the statements`;
  throw new RowError("unknown_value", message, "category");
}

function multiplierKey({ kind }: Assets, symbol: string): string {
  return `multiplier ${kind} ${symbol}`;
}

const shared100 = 100n * one;

/** Options on shares and indexes are on 100 where the statement does not say; of futures it is not known then. */
function contractSizeOf(assets: Assets, symbol: string, facts: ReadonlyMap<string, string>): Decimal | null {
  if (assets.market !== "future" && assets.market !== "option") return null;
  const said = facts.get(multiplierKey(assets, symbol));
  if (said === undefined) return assets.kind === "options" ? shared100 : null;
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
