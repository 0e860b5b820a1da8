import { formatDecimal } from "../../executions/decimal.ts";
import { decimal, money, oneOf, optionalId, optionalMoney, optionalText, text } from "./columns.ts";
import { defineDialect } from "./dialect.ts";
import { futuresContractOf } from "./futures-contracts.ts";
import { ninjaTraderMarketOf, ninjaTraderTime } from "./ninjatrader.ts";

/** NinjaTrader 8, "Executions" saved by the grid's menu: one row a fill. Times are on the computer's clock. Commissions are positive. */
export const ninjaTraderExecutions = defineDialect({
  id: "ninjatrader_executions",
  broker: "ninjatrader",
  title: "NinjaTrader executions",
  export:
    "NinjaTrader > Control Center > Executions (or Account Performance > Executions) > right click > Export > CSV",
  markets: ["future", "stock", "forex"],
  layout: { kind: "table" },
  // People choose the grid's columns.
  headers: [["Instrument", "Action", "Quantity", "Price", "Time", "E/X"]],
  timezone: null,
  statedPnl: null,
  columns: {
    account: optionalText(["Account", "Account display name", "Account name"]),
    symbol: text("Instrument"),
    side: oneOf("Action", { Buy: "buy", Sell: "sell", BuyToCover: "buy", SellShort: "sell" }),
    quantity: decimal("Quantity"),
    price: money("Price"),
    time: ninjaTraderTime("Time"),
    id: optionalId("ID"),
    orderId: optionalId("Order ID"),
    commission: optionalMoney("Commission"),
  },
  timeColumn: "time",
  accountColumn: "account",
  toExecution(row, settings) {
    const { symbol, side, quantity, price, orderId, commission } = row;
    const market = settings.market ?? ninjaTraderMarketOf(symbol);
    const contract = market === "future" ? futuresContractOf(symbol, "symbol") : null;
    const currency = contract?.currency ?? settings.currency;
    return {
      id: row.id,
      identity: [row.account ?? "", row.time.text, symbol, side, formatDecimal(quantity), formatDecimal(price)],
      market,
      symbol,
      quoteAsset: currency,
      side,
      quantity,
      price,
      contractSize: contract?.contractSize ?? null,
      fee: commission,
      feeAsset: commission === null ? null : currency,
      orderId,
      executedAtMs: row.time.utcMs,
    };
  },
});
