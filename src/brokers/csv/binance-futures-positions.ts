import { formatDecimal, one } from "../../executions/decimal.ts";
import type { Direction } from "../../executions/execution.ts";
import { splitContract } from "../../executions/symbols.ts";
import { noDataRow } from "./binance.ts";
import { decimal, oneOf, text, time } from "./columns.ts";
import { type ClosedPosition, defineDialect, RowError, type Skip, skip } from "./dialect.ts";
import { contradicts } from "./price-pnl.ts";

/**
 * Binance USD-M futures, "Position History": one row a position, flat to flat, without ids. Its PnL is that of its prices alone: fees and funding
 * are in no column, so that they count as none. Of a position that is not `Closed` yet the row still changes. Times are in the zone chosen at
 * export, which only the file's name says. (Columns and meaning as the published samples of other importers show them.)
 */
export const binanceFuturesPositions = defineDialect({
  id: "binance_futures_positions",
  broker: "binance",
  title: "Binance futures position history",
  export: "Binance > Orders > Futures Order > Position History > Export (better: Trade History, which has the fees)",
  markets: ["linear"],
  layout: { kind: "table" },
  headers: [
    [
      ...["Symbol", "Position Side", "Entry Price", "Avg. Close Price", "Closed Vol.", "Closing PNL"],
      ...["Opened", "Closed", "Status"],
    ],
  ],
  timezone: "UTC",
  timezoneInName: true,
  statedPnl: "gross",
  columns: {
    symbol: text("Symbol"),
    direction: oneOf<Direction>("Position Side", { Long: "long", Short: "short" }),
    entryPrice: decimal("Entry Price"),
    exitPrice: decimal("Avg. Close Price"),
    quantity: decimal("Closed Vol."),
    grossPnl: decimal("Closing PNL"),
    opened: time("Opened", ["YYYY-MM-DD hh:mm:ss", "YY-MM-DD hh:mm:ss"]),
    time: time("Closed", ["YYYY-MM-DD hh:mm:ss", "YY-MM-DD hh:mm:ss"]),
    status: oneOf("Status", { Closed: "closed", Open: "open", "Partially Closed": "open" }),
  },
  timeColumn: "time",
  summaryRow: noDataRow,
  toTrade(row): ClosedPosition | Skip {
    if (row.status === "open") return skip("a position that is still open");
    const { symbol, direction, quantity, entryPrice, exitPrice, grossPnl } = row;
    const contract = splitContract(symbol);
    if (contract === null) throw new RowError("unknown_symbol", "a symbol that ends in a known quote asset", "symbol");
    if (contract.kind === "inverse") {
      throw new RowError("unsupported_market", "a COIN-M position does not say the size of its contracts", "symbol");
    }
    const prices = { market: "linear", direction, quantity, entryPrice, exitPrice, contractSize: one } as const;
    return {
      id: null,
      identity: [row.opened.text, row.time.text, symbol, direction, formatDecimal(quantity), formatDecimal(entryPrice)],
      ...prices,
      symbol,
      baseAsset: contract.base,
      quoteAsset: contract.quote,
      grossPnl,
      pnlCurrency: contract.settle,
      openedAtMs: row.opened.utcMs,
      closedAtMs: row.time.utcMs,
      flags: contradicts(prices, grossPnl) ? ["pnl_mismatch"] : [],
    };
  },
});
