import { formatDecimal } from "../../executions/decimal.ts";
import { splitSymbol } from "../../executions/symbols.ts";
import { decimal, oneOf, optionalId, optionalOneOf, optionalText, text, time } from "./columns.ts";
import { type Draft, defineDialect, RowError, type Skip, skip } from "./dialect.ts";

/**
 * KuCoin spot and margin, filled orders, in five generations of columns: a row a fill where the export is split, else a row an order. There are
 * no ids of fills. The header says the zone; files of the first years do not, and are in Singapore's (so BittyTax reads them too). Fees are
 * in the quote currency where no column says another.
 */
export const kucoinFills = defineDialect({
  id: "kucoin_fills",
  broker: "kucoin",
  title: "KuCoin filled orders",
  export: "KuCoin > Orders > Spot Orders > Filled Orders (Show Order-Splitting) > Export",
  markets: ["spot", "margin"],
  layout: { kind: "table" },
  headers: [
    [
      "Symbol",
      "Side",
      "Avg. Filled Price",
      "Filled Amount",
      "Filled Volume",
      "Filled Time(UTC)",
      "Fee",
      "Fee Currency",
    ],
    ["Symbol", "Side", "Avg. Filled Price", "Filled Amount", "Filled Volume", "Filled Time", "Fee", "Fee Currency"],
    [
      "Symbol",
      "Side",
      "Filled Price",
      "Filled Amount",
      "Filled Volume",
      "Time Filled(UTC)",
      "Fee",
      "Fee Currency",
      "Tax",
    ],
    ["tradeCreatedAt", "orderId", "symbol", "side", "price", "size", "funds", "fee", "liquidity", "feeCurrency"],
    ["tradeCreatedAt(UTC)", "orderId", "symbol", "side", "price", "size", "funds", "fee", "liquidity", "feeCurrency"],
    ["oid", "symbol", "dealPrice", "dealValue", "amount", "fee", "direction", "createdDate"],
    ["uid", "symbol", "order_type", "price", "amount_coin", "direction", "funds", "fee", "created_at"],
  ],
  timezone: "Asia/Singapore",
  statedPnl: null,
  columns: {
    account: optionalText("UID"),
    orderId: optionalId(["Order ID", "orderId", "oid"]),
    symbol: text("symbol"),
    side: oneOf(["Side", "direction"], { buy: "buy", sell: "sell" }),
    price: decimal(["Avg. Filled Price", "Filled Price", "dealPrice", "price"]),
    quantity: decimal(["Filled Amount", "size", "amount_coin", "amount"]),
    quoteQuantity: decimal(["Filled Volume", "funds", "dealValue"]),
    fee: decimal("fee"),
    feeAsset: optionalText(["Fee Currency", "feeCurrency"]),
    liquidity: optionalOneOf(["Maker/Taker", "liquidity"], { maker: "maker", taker: "taker" }),
    time: time(
      [
        ...["Filled Time(UTC)", "Filled Time", "Time Filled(UTC)", "tradeCreatedAt", "tradeCreatedAt(UTC)"],
        ...["createdDate", "created_at"],
      ],
      ["YYYY-MM-DD hh:mm:ss", "iso", "DD.MM.YYYY hh:mm:ss"],
    ),
  },
  timeColumn: "time",
  accountColumn: "account",
  summaryRow: (cells) => (cells.includes("No matching records found.") ? "the export is empty" : null),
  toExecution(row, settings): Draft | Skip {
    if (row.quantity === 0n) return skip("an order that filled nothing");
    const pair = splitSymbol(row.symbol);
    if (pair === null) throw new RowError("unknown_symbol", "a pair such as BTC-USDT", "symbol");
    const { symbol, side, quantity, price, quoteQuantity, fee, orderId, liquidity } = row;
    return {
      id: null,
      identity: [row.time.text, symbol, side, formatDecimal(price), formatDecimal(quantity), orderId ?? ""],
      market: settings.market ?? "spot",
      symbol,
      baseAsset: pair.base,
      quoteAsset: pair.quote,
      side,
      quantity,
      price,
      quoteQuantity,
      fee,
      feeAsset: row.feeAsset ?? pair.quote,
      orderId,
      liquidity,
      executedAtMs: row.time.utcMs,
    };
  },
});
