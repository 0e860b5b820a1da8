import { formatDecimal } from "../../executions/decimal.ts";
import { decimal, money, optionalId, optionalText, text, time } from "./columns.ts";
import { defineDialect, RowError } from "./dialect.ts";
import { futuresContract } from "./futures-contracts.ts";
import { price, tradovateTimes } from "./tradovate.ts";

/**
 * Tradovate, "Performance" and "Position History": one row a pair of fills, in the order of the list; a position can be several. Times are on the
 * user's clock, whose zone stands nowhere. The PnL is before commissions, which are in the fills alone, and rounded to cents: `$(31.25)` is a
 * loss. Prices of bonds are in 32nds.
 */
export const tradovatePerformance = defineDialect({
  id: "tradovate_performance",
  broker: "tradovate",
  title: "Tradovate performance",
  export: "Tradovate > Reports > Performance (or Position History) > Download CSV",
  markets: ["future"],
  layout: { kind: "table" },
  headers: [
    ["symbol", "buyFillId", "sellFillId", "qty", "buyPrice", "sellPrice", "pnl", "boughtTimestamp", "soldTimestamp"],
    ["symbol", "qty", "buyPrice", "sellPrice", "pnl", "boughtTimestamp", "soldTimestamp"],
    [
      ...["Contract", "Buy Fill ID", "Sell Fill ID", "Paired Qty", "Buy Price", "Sell Price", "P/L"],
      ...["Bought Timestamp", "Sold Timestamp"],
    ],
  ],
  timezone: null,
  statedPnl: "gross",
  columns: {
    account: optionalText("Account"),
    symbol: text(["symbol", "Contract"]),
    buyId: optionalId(["buyFillId", "Buy Fill ID"]),
    sellId: optionalId(["sellFillId", "Sell Fill ID"]),
    quantity: decimal(["Paired Qty", "qty"]),
    buyPrice: price(["buyPrice", "Buy Price"]),
    sellPrice: price(["sellPrice", "Sell Price"]),
    pnl: money(["pnl", "P/L"]),
    currency: optionalText("Currency"),
    bought: time(["boughtTimestamp", "Bought Timestamp"], tradovateTimes),
    sold: time(["soldTimestamp", "Sold Timestamp"], tradovateTimes),
  },
  timeColumn: "sold",
  accountColumn: "account",
  toTrade(row, settings) {
    const { bought, sold } = row;
    // Fills of one second: ids count up.
    const buysFirst = bought.utcMs === sold.utcMs ? buyIdIsLower(row) : bought.utcMs < sold.utcMs;
    const contract = futuresContract(row.symbol);
    const currency = row.currency ?? contract?.currency ?? settings.currency ?? "USD";
    return {
      id: row.buyId === null || row.sellId === null ? null : `${row.buyId}-${row.sellId}`,
      identity: [
        ...[row.account ?? "", bought.text, sold.text],
        ...[row.quantity, row.buyPrice, row.sellPrice].map(formatDecimal),
      ],
      market: "future",
      symbol: row.symbol,
      baseAsset: row.symbol,
      quoteAsset: currency,
      direction: buysFirst ? "long" : "short",
      quantity: row.quantity,
      contractSize: contract?.contractSize ?? null,
      entryPrice: buysFirst ? row.buyPrice : row.sellPrice,
      exitPrice: buysFirst ? row.sellPrice : row.buyPrice,
      grossPnl: row.pnl,
      pnlCurrency: currency,
      openedAtMs: Math.min(bought.utcMs, sold.utcMs),
      closedAtMs: Math.max(bought.utcMs, sold.utcMs),
    };
  },
});

function buyIdIsLower({ buyId, sellId }: { buyId: string | null; sellId: string | null }): boolean {
  if (buyId !== null && sellId !== null) return isLower(buyId, sellId);
  throw new RowError("ambiguous_trade", "a position of one second without its fills' ids: which was first is not said");
}

function isLower(a: string, b: string): boolean {
  return a.length === b.length ? a < b : a.length < b.length;
}
