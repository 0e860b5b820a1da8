import { formatDecimal } from "../../executions/decimal.ts";
import { bybitTimes, contractOf } from "./bybit.ts";
import { decimal, oneOf, optionalId, optionalText, text, time } from "./columns.ts";
import { type Draft, defineDialect } from "./dialect.ts";

/**
 * Bybit derivatives, "Trade History": one row a fill or a funding, newest first, the time before the date and often without seconds.
 * A direction is the side of the order: Long buys. Fees are positive when paid. The PnL is in another export.
 */
export const bybitDerivativesTrades = defineDialect({
  id: "bybit_derivatives_trades",
  broker: "bybit",
  title: "Bybit derivatives trade history",
  export: "Bybit > Orders > Derivatives Orders > Trade History > Export",
  markets: ["linear", "inverse", "option"],
  layout: { kind: "table" },
  headers: [
    [
      ...["Market", "Filled Type", "Filled Quantity", "Filled Price", "Trading Fee", "Direction", "Order Type"],
      ...["Order No.", "Transaction Time(UTC)"],
    ],
  ],
  timezone: "UTC",
  statedPnl: null,
  columns: {
    account: optionalText("Uid"),
    symbol: text("Market"),
    type: oneOf("Filled Type", {
      Trade: "fill",
      Funding: "funding",
      Liquidation: "liquidation",
      BustTrade: "liquidation",
      ADL: "adl",
      AdlTrade: "adl",
      Delivery: "settlement",
      Settle: "settlement",
    }),
    quantity: decimal("Filled Quantity"),
    price: decimal("Filled Price"),
    fee: decimal("Trading Fee"),
    feeAsset: optionalText("feeCoin"),
    side: oneOf("Direction", { Long: "buy", Short: "sell", Buy: "buy", Sell: "sell" }),
    // The export's own spelling.
    id: optionalId(["Trasaction ID", "Transaction ID"]),
    orderId: optionalId("Order No."),
    time: time("Transaction Time(UTC)", bybitTimes),
  },
  timeColumn: "time",
  accountColumn: "account",
  toExecution(row): Draft {
    const contract = contractOf(row.symbol, "symbol");
    const feeAsset = row.feeAsset ?? contract.settleAsset;
    const identity = [row.time.text, row.symbol, row.side, formatDecimal(row.quantity), formatDecimal(row.price)];
    const common = {
      id: row.id,
      identity,
      type: row.type,
      ...contract,
      symbol: row.symbol,
      executedAtMs: row.time.utcMs,
    };
    if (row.type === "funding") return { ...common, side: null, fee: row.fee, feeAsset };
    const { side, quantity, price, fee, orderId } = row;
    return { ...common, side, quantity, price, fee, feeAsset, orderId };
  },
});
