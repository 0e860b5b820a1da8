import type { RefusedExport } from "./dialect.ts";

const kucoinFilled = "KuCoin > Orders > Spot Orders > Filled Orders (Show Order-Splitting)";

/** Exports that are known and cannot give trades. */
export const refusedExports: readonly RefusedExport[] = [
  {
    id: "okx_funding_history",
    broker: "okx",
    title: "OKX funding account history",
    headers: [["id", "Time", "Type", "Amount", "Before Balance", "After Balance", "Symbol"]],
    lacks: "deposits, withdrawals and rewards of the funding account, without trades",
    instead: "OKX > Assets > Order center > Trading history",
  },
  {
    id: "bybit_funding_log",
    broker: "bybit",
    title: "Bybit funding account log",
    headers: [
      ["Date & Time(UTC)", "Coin", "QTY", "Type", "Account Balance", "Description"],
      ["Type", "Coin", "Amount", "Wallet Balance", "Time(UTC)"],
    ],
    lacks: "deposits, withdrawals and transfers of the funding account, without trades",
    instead:
      "Bybit > Data Export > Account Change Details of the unified trading account (AssetChangeDetails_uta), or the trade histories",
  },
  {
    id: "kucoin_account_history",
    broker: "kucoin",
    title: "KuCoin account history",
    headers: [["UID", "Account Type", "Currency", "Side", "Amount", "Fee", "Time(UTC)", "Remark"]],
    lacks: "changes of balances, which do not say what belongs to one trade",
    instead: kucoinFilled,
  },
  {
    id: "kucoin_transfers",
    broker: "kucoin",
    title: "KuCoin deposits or withdrawals",
    headers: [
      ["UID", "Account Type", "Time(UTC)", "Coin", "Amount", "Fee", "Status", "Remarks"],
      ["coin_type", "type", "add", "hash", "vol", "created_at"],
    ],
    lacks: "no trades in it",
    instead: kucoinFilled,
  },
  {
    id: "kucoin_orders",
    broker: "kucoin",
    title: "KuCoin orders of before 2022",
    headers: [
      ["orderCreatedAt", "id", "symbol", "side", "dealSize", "dealFunds", "averagePrice", "fee", "feeCurrency"],
    ],
    lacks: "when each order was placed, not when it was filled",
    instead: kucoinFilled,
  },
  {
    id: "kucoin_trades_without_fees",
    broker: "kucoin",
    title: "KuCoin trades of 2018",
    headers: [["uid", "symbol", "direction", "deal_price", "amount", "deal_value", "created_at"]],
    lacks: "no fees",
    instead: kucoinFilled,
  },
  {
    id: "kucoin_futures_pnl",
    broker: "kucoin",
    title: "KuCoin futures, realized PNL",
    headers: [
      ["UID", "Symbol", "Close Type", "Realized PNL", "Total Realized PNL", "Total Funding Fees", "Total Trading Fees"],
      ["Contract", "Realized PNL", "Close Time", "PNL Details"],
    ],
    lacks: "neither quantity nor prices",
    instead: "no export of KuCoin futures is known yet; write one of your own as generic",
  },
  {
    id: "kucoin_futures_fills",
    broker: "kucoin",
    title: "KuCoin futures, filled orders",
    headers: [
      ["UID", "Order ID", "Filled Time(UTC)", "Symbol", "Side", "Filled Amount", "Filled Price", "Fee Rate", "Fee"],
    ],
    lacks: "amounts in contracts whose size it does not say",
    instead: "no export of KuCoin futures is known yet; write one of your own as generic",
  },
];
