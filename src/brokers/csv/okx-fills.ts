import { absolute } from "../../executions/decimal.ts";
import { amountIn, amountWithUnit, decimal, id, optionalId, optionalOneOf, text, time } from "./columns.ts";
import { defineDialect, RowError } from "./dialect.ts";
import { instrumentOf } from "./okx.ts";

/**
 * OKEx spot, "Trade history" of 2020: one row a fill, newest first, a byte order mark before each name of the header and each row. An amount below zero is
 * a sale; totals and fees are negative when they were paid and have their unit behind them.
 */
export const okxFills = defineDialect({
  id: "okx_fills",
  broker: "okx",
  title: "OKEx fills of 2020",
  export: "OKEx > Assets > Report center > Trade history (until 2021)",
  markets: ["spot", "margin"],
  layout: { kind: "table" },
  headers: [["Order ID", "Trade ID", "Trade Time", "Pairs", "Amount", "Price", "Total", "taker/maker", "Fee", "unit"]],
  timezone: "UTC",
  statedPnl: null,
  columns: {
    orderId: optionalId("Order ID"),
    id: id("Trade ID"),
    time: time("Trade Time", ["YYYY-MM-DD hh:mm:ss"]),
    symbol: text("Pairs"),
    amount: decimal("Amount"),
    price: decimal("Price"),
    total: amountWithUnit("Total"),
    liquidity: optionalOneOf("taker/maker", { maker: "maker", taker: "taker" }),
    fee: amountWithUnit("Fee"),
    unit: text("unit"),
  },
  timeColumn: "time",
  toExecution(row, settings) {
    const { baseAsset, quoteAsset } = instrumentOf(row.symbol, "symbol");
    if (row.unit.toUpperCase() !== baseAsset) throw new RowError("wrong_unit", `expected ${baseAsset}`, "unit");
    const total = amountIn(row.total, [quoteAsset], "total");
    if (total.unit !== quoteAsset) throw new RowError("wrong_unit", `expected an amount of ${quoteAsset}`, "total");
    const fee = amountIn(row.fee, [baseAsset, quoteAsset], "fee");
    return {
      id: row.id,
      market: settings.market ?? "spot",
      symbol: row.symbol,
      baseAsset,
      quoteAsset,
      side: row.amount < 0n ? "sell" : "buy",
      quantity: absolute(row.amount),
      price: row.price,
      quoteQuantity: absolute(total.value),
      fee: -fee.value,
      feeAsset: fee.unit ?? (row.amount < 0n ? quoteAsset : baseAsset),
      orderId: row.orderId,
      liquidity: row.liquidity,
      executedAtMs: row.time.utcMs,
    };
  },
});
