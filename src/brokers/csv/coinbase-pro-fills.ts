import { absolute } from "../../executions/decimal.ts";
import { decimal, id, oneOf, optionalText, text, time } from "./columns.ts";
import { defineDialect, RowError } from "./dialect.ts";

/** Coinbase Pro and Exchange, fills: one row a fill. Trade ids count up within a product. Total is signed, size and fee are not. */
export const coinbaseProFills = defineDialect({
  id: "coinbase_pro_fills",
  broker: "coinbase_pro",
  title: "Coinbase Pro fills",
  export: "Coinbase Pro (or Exchange) > Statements > Generate > Fills",
  markets: ["spot"],
  layout: { kind: "table" },
  headers: [
    ["trade id", "product", "side", "created at", "size", "size unit", "price", "fee", "total", "price/fee/total unit"],
  ],
  timezone: "UTC",
  statedPnl: null,
  columns: {
    portfolio: optionalText("portfolio"),
    id: id("trade id"),
    symbol: text("product"),
    side: oneOf("side", { buy: "buy", sell: "sell" }),
    time: time("created at", ["iso"]),
    quantity: decimal("size"),
    baseAsset: text("size unit"),
    price: decimal("price"),
    fee: decimal("fee"),
    quoteAsset: text("price/fee/total unit"),
  },
  timeColumn: "time",
  accountColumn: "portfolio",
  toExecution(row) {
    const { id: tradeId, symbol, side, quantity, baseAsset, price, fee, quoteAsset } = row;
    if (symbol !== `${baseAsset}-${quoteAsset}`) {
      throw new RowError(
        "wrong_unit",
        `expected the units of ${symbol}, found ${baseAsset} and ${quoteAsset}`,
        "symbol",
      );
    }
    return {
      id: tradeId,
      market: "spot",
      symbol,
      baseAsset,
      quoteAsset,
      side,
      quantity: absolute(quantity),
      price,
      fee,
      feeAsset: quoteAsset,
      executedAtMs: row.time.utcMs,
    };
  },
});
