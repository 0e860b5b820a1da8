import { one } from "../../executions/decimal.ts";
import { splitContract } from "../../executions/symbols.ts";
import { noDataRow } from "./binance.ts";
import { amountIn, amountWithUnit, boolean, decimal, id, oneOf, optionalText, text, time } from "./columns.ts";
import { defineDialect, RowError } from "./dialect.ts";

/**
 * Binance USD-M futures, "Trade History": one row a fill, newest first, seconds, two-digit years in newer exports. Trade ids
 * count up and are unique per symbol only. A fee is positive when it was paid. Realized Profit is before fees and funding. The
 * file does not say which side of a hedge a fill belongs to. Times are in the zone chosen at export, which only the file's name says.
 */
export const binanceUsdmTrades = defineDialect({
  id: "binance_usdm_trades",
  broker: "binance",
  title: "Binance USD-M futures trade history",
  export: "Binance > Orders > Futures Order > Trade History > Export",
  markets: ["linear"],
  layout: { kind: "table" },
  headers: [
    [
      ...["Time", "Symbol", "Side", "Price", "Quantity", "Amount", "Fee", "Realized Profit", "Maker"],
      ...["Trade ID", "Order ID"],
    ],
  ],
  timezone: "UTC",
  timezoneInName: true,
  statedPnl: "gross",
  columns: {
    account: optionalText("Uid"),
    time: time("Time", ["YYYY-MM-DD hh:mm:ss", "YY-MM-DD hh:mm:ss"]),
    symbol: text("Symbol"),
    side: oneOf("Side", { BUY: "buy", SELL: "sell" }),
    price: decimal("Price"),
    quantity: decimal("Quantity"),
    quoteQuantity: decimal("Amount"),
    fee: amountWithUnit("Fee"),
    realizedPnl: decimal("Realized Profit"),
    maker: boolean("Maker"),
    id: id("Trade ID"),
    orderId: id("Order ID"),
  },
  timeColumn: "time",
  accountColumn: "account",
  summaryRow: noDataRow,
  toExecution(row) {
    const contract = contractOf(row.symbol);
    const fee = amountIn(row.fee, [contract.settle], "fee");
    if (fee.unit === null && fee.value !== 0n) {
      throw new RowError("unit_missing", "the fee does not say its asset", "fee");
    }
    return {
      id: row.id,
      market: "linear",
      symbol: row.symbol,
      baseAsset: contract.base,
      quoteAsset: contract.quote,
      settleAsset: contract.settle,
      side: row.side,
      quantity: row.quantity,
      price: row.price,
      quoteQuantity: row.quoteQuantity,
      contractSize: one,
      fee: fee.value,
      feeAsset: fee.unit ?? contract.settle,
      realizedPnl: row.realizedPnl,
      orderId: row.orderId,
      liquidity: row.maker ? "maker" : "taker",
      executedAtMs: row.time.utcMs,
    };
  },
});

interface LinearContract {
  base: string;
  quote: string;
  settle: string;
}

const contracts = new Map<string, LinearContract>();
const contractsMax = 10_000;

function contractOf(symbol: string): LinearContract {
  const known = contracts.get(symbol);
  if (known !== undefined) return known;
  const contract = splitContract(symbol);
  if (contract === null) throw new RowError("unknown_symbol", "a symbol that ends in a known quote asset", "symbol");
  if (contract.kind === "inverse") {
    throw new RowError("unsupported_market", "COIN-M contracts are not of this export", "symbol");
  }
  if (contracts.size >= contractsMax) contracts.clear();
  contracts.set(symbol, contract);
  return contract;
}
