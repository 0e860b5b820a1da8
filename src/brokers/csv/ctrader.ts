import { type Decimal, formatDecimal } from "../../executions/decimal.ts";
import type { Direction, Market } from "../../executions/execution.ts";
import { splitSymbol } from "../../executions/symbols.ts";
import {
  decimal,
  oneOf,
  optional,
  optionalDecimal,
  optionalId,
  optionalMoney,
  readMoney,
  text,
  time,
} from "./columns.ts";
import { type ClosedPosition, type Column, defineDialect, type HeaderName, RowError, readDecimal } from "./dialect.ts";
import { pnlByPrices } from "./price-pnl.ts";

const formats = [
  ...["DD/MM/YYYY hh:mm:ss", "DD/MM/YYYY hh:mm", "DD.MM.YYYY hh:mm:ss", "DD.MM.YYYY hh:mm"],
  ...["YYYY-MM-DD hh:mm:ss", "YYYY-MM-DD hh:mm"],
] as const;

interface AccountMoney {
  value: Decimal;
  /** Of the account, as the header says it: `Net USD`; null: `Net`. */
  currency: string | null;
}

/**
 * cTrader, "History": one row a closed position or a part of one; its columns are the user's choice. Headers say the zone of times and the currency of the
 * account. Days come first. The quantity has its unit behind it: lots, ounces. Commission and swap are signed: below zero they were paid.
 */
export const ctrader = defineDialect({
  id: "ctrader",
  broker: "ctrader",
  title: "cTrader history",
  export: "cTrader > History > right click > Export to CSV (or Excel, saved as CSV)",
  markets: ["cfd", "forex"],
  layout: { kind: "table" },
  headers: [
    ["Symbol", "Opening Direction", "Opening Time (UTC)", "Closing Time (UTC)", "Entry Price", "Closing Price"],
    ["Symbol", "Opening Direction", "Opening Time", "Closing Time", "Entry Price", "Closing Price"],
  ],
  timezone: null,
  statedPnl: "gross",
  columns: {
    id: optionalId(["ID", "Position ID", "Deal ID"]),
    symbol: text("Symbol"),
    direction: oneOf<Direction>("Opening Direction", { Buy: "long", Sell: "short" }),
    opened: time(["Opening Time (UTC)", "Opening Time"], formats),
    time: time(["Closing Time (UTC)", "Closing Time"], formats),
    entryPrice: decimal("Entry Price"),
    exitPrice: decimal("Closing Price"),
    quantity: optional(quantityColumn()),
    gross: optional(moneyColumn(["Gross", /^Gross\s+\(?([^\s()]+)\)?$/, "Gross Profit"])),
    net: optional(moneyColumn(["Net", /^Net\s+\(?([^\s()]+)\)?$/, "Net Profit"])),
    commission: optionalMoney(["Commission", "Commissions"]),
    swap: optionalMoney(["Swap", "Swaps"]),
    stop: optionalDecimal("Stop Loss"),
    target: optionalDecimal("Take Profit"),
  },
  timeColumn: "time",
  toTrade(row, settings): ClosedPosition {
    const { direction, quantity, entryPrice, exitPrice, symbol } = row;
    if (quantity === null) {
      throw new RowError(
        "quantity_missing",
        "the row does not say how much: show Closing Quantity in cTrader and export again",
        "quantity",
      );
    }
    const fees = -(row.commission ?? 0n);
    const funding = -(row.swap ?? 0n);
    const stated = row.gross === null ? null : row.gross.value;
    const gross = stated ?? (row.net === null ? null : row.net.value + fees + funding);
    if (gross === null) throw new RowError("empty", "the row says neither gross nor net profit", "net");
    if (row.net !== null && stated !== null && row.net.value !== stated - fees - funding) {
      throw new RowError("contradiction", "net is not gross with commission and swap", "net");
    }
    const instrument = instrumentOf(symbol);
    const prices = { ...instrument, direction, quantity, entryPrice, exitPrice };
    const goesOtherWay = gross !== 0n && pnlByPrices(prices) !== 0n && pnlByPrices(prices) < 0n !== gross < 0n;
    return {
      id: null,
      identity: [
        row.id ?? "",
        symbol,
        direction,
        row.opened.text,
        row.time.text,
        formatDecimal(quantity),
        formatDecimal(exitPrice),
      ],
      ...instrument,
      symbol,
      direction,
      quantity,
      entryPrice,
      exitPrice,
      grossPnl: gross,
      fees,
      funding,
      pnlCurrency: row.net?.currency ?? row.gross?.currency ?? settings.currency,
      openedAtMs: row.opened.utcMs,
      closedAtMs: row.time.utcMs,
      initialStop: row.stop === 0n ? null : row.stop,
      takeProfit: row.target === 0n ? null : row.target,
      flags: goesOtherWay ? ["pnl_mismatch"] : [],
    };
  },
});

/** `0.50 Lots`, `1500 Oz`, `10 000`: the number; all rows of a symbol are in one unit. */
function quantityColumn(): Column<Decimal> {
  return {
    header: ["Closing Quantity", "Closing Volume", "Quantity", "Volume"],
    numeric: true,
    parse: (cell, reading) => readDecimal(cell.replace(/\s*[a-zA-Z]+$/, ""), reading),
  };
}

const signs = new Map<string, string>(Object.entries({ $: "USD", "€": "EUR", "£": "GBP", "¥": "JPY" }));

function moneyColumn(header: readonly HeaderName[]): Column<AccountMoney> {
  return {
    header,
    numeric: true,
    parse: (cell, reading, name) => {
      const said = name.trim().split(/[\s()]+/)[1] || null;
      const currency = said === null || said === "Profit" ? null : (signs.get(said) ?? said);
      return { value: readMoney(cell, reading), currency };
    },
  };
}

const currencies = /^(?:USD|EUR|GBP|JPY|CHF|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|TRY|ZAR|MXN|SGD|HKD|CNH|ILS|THB|RUB)$/;

/** Pairs of currencies are forex; all else is a CFD, metals in a currency too. */
function instrumentOf(symbol: string): { market: Market; baseAsset: string | null; quoteAsset: string | null } {
  const plain = symbol.toUpperCase().replaceAll("/", "");
  const [base, quote] = [plain.slice(0, -3), plain.slice(-3)];
  if (plain.length === 6 && currencies.test(quote)) {
    return { market: currencies.test(base) ? "forex" : "cfd", baseAsset: base, quoteAsset: quote };
  }
  const pair = splitSymbol(symbol);
  return {
    market: "cfd",
    baseAsset: pair?.base ?? (symbol.length <= 24 ? symbol : null),
    quoteAsset: pair?.quote ?? null,
  };
}
