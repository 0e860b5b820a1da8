import type { RefusedExport } from "./dialect.ts";

const kucoinFilled = "KuCoin > Orders > Spot Orders > Filled Orders (Show Order-Splitting)";

const binanceTrades = "Binance > Orders > Spot Order > Trade History";
const mexcTrades = "MEXC > Orders > Spot Orders > Trade History";
const bitgetDetails = "Bitget > Orders > Spot orders > Order details";
const htxTrades = "HTX > Orders > Spot Orders > Trade History";

/** Exports that are known and cannot give trades. */
export const refusedExports: readonly RefusedExport[] = [
  {
    id: "binance_deposits_and_withdrawals",
    broker: "binance",
    title: "Binance deposits or withdrawals",
    headers: [
      ["Date(UTC)", "Coin", "Network", "Amount", "Address", "TXID", "Status"],
      ["Date(UTC)", "Coin", "Amount", "TransactionFee", "Address", "TXID", "SourceAddress", "PaymentID", "Status"],
      ["Date", "Coin", "Amount", "TransactionFee", "Address", "TXID", "SourceAddress", "PaymentID", "Status"],
      ["Time", "Coin", "Network", "Amount", "Address", "TXID", "Status"],
      ["Date(UTC)", "Coin", "Amount", "Status", "Payment Method", "Indicated Amount", "Fee", "Order ID"],
    ],
    lacks: "no trades in it",
    instead: binanceTrades,
  },
  {
    id: "binance_orders_without_fills",
    broker: "binance",
    title: "Binance spot order history",
    headers: ["Date(UTC)", "Time"].flatMap((time) => [
      [
        ...[time, "OrderNo", "Pair", "Side", "Order Price", "Order Amount", "Executed", "Average Price"],
        ...["Trading total", "Status"],
      ],
      [
        ...[time, "OrderNo", "Pair", "Type", "Side", "Order Price", "Order Amount", "AvgTrading Price", "Filled"],
        ...["Total", "status"],
      ],
    ]),
    lacks: "an order history without fees",
    instead: binanceTrades,
  },
  {
    id: "binance_futures_income",
    broker: "binance",
    title: "Binance futures transaction history",
    headers: [["Date(UTC)", "type", "Amount", "Asset", "Symbol", "Transaction ID"]],
    lacks: "profits, fees and funding without the quantities and prices that they come from",
    instead: "Binance > Orders > Futures Order > Trade History, or Position History",
  },
  {
    id: "binance_earnings",
    broker: "binance",
    title: "Binance earn history",
    headers: [["Date(UTC)", "Type", "Product Name", "Coin", "Amount"]],
    lacks: "interest and rewards, without trades",
    instead: binanceTrades,
  },
  {
    id: "bitget_spot_orders",
    broker: "bitget",
    title: "Bitget spot order history",
    headers: [
      [
        ...["Date", "Order Id", "Trading pair", "Base Asset", "Quote Asset", "Direction", "Executed"],
        ...["Average Price", "Trading volume", "Status"],
      ],
    ],
    lacks: "an order history without fees",
    instead: bitgetDetails,
  },
  {
    id: "bitget_spot_transactions",
    broker: "bitget",
    title: "Bitget spot transactions",
    headers: [["order", "Date", "Coin", "Type", "Amount", "Fee", "Available"]],
    lacks: "changes of balances, which do not say what belongs to one trade",
    instead: bitgetDetails,
  },
  {
    id: "bitget_futures_orders",
    broker: "bitget",
    title: "Bitget futures order history",
    headers: [
      ["Date", "Order ID", "Direction", "Coin", "Futures", "Average Price", "Executed", "Realized P/L", "NetProfits"],
    ],
    lacks: "an order history without fees",
    instead:
      "no export of Bitget futures with fees is known yet; connect the account by its API, or write one of your own as generic",
  },
  {
    id: "bitget_futures_transactions",
    broker: "bitget",
    title: "Bitget futures transactions",
    headers: [["Order", "Date", "Coin", "Futures", "Margin Mode", "Type", "Amount", "Fee", "Wallet balance"]],
    lacks: "profits and fees without the quantities and prices that they come from",
    instead:
      "no export of Bitget futures with both is known yet; connect the account by its API, or write one of your own as generic",
  },
  {
    id: "bitget_earn",
    broker: "bitget",
    title: "Bitget on-chain earn",
    headers: [["Reference", "Start time", "Coin", "Type", "Interest coin", "Amount", "Handling fee", "Status"]],
    lacks: "staking, without trades",
    instead: bitgetDetails,
  },
  {
    id: "bitmex_wallet",
    broker: "bitmex",
    title: "BitMEX wallet history",
    headers: [["transactTime", "transactType", "amount", "fee", "address", "transactStatus", "walletBalance"]],
    lacks: "daily sums of profits, without the trades",
    instead: "BitMEX > Account > Order History, Trade History",
  },
  {
    id: "cryptocom_exchange_transfers",
    broker: "cryptocom",
    title: "Crypto.com Exchange deposits or withdrawals",
    headers: [
      ["create_time_utc", "currency", "amount", "fee", "address", "status"],
      ["create_time_utc", "stake_currency", "stake_amount", "interest_currency", "interest_amount", "status"],
      ["create_time_utc", "trade_fee_currency", "trade_fee_amount", "rebate_currency", "rebate_amount", "status"],
    ],
    lacks: "no trades in it",
    instead: "Crypto.com Exchange > Orders > Trade History",
  },
  {
    id: "htx_transfers",
    broker: "htx",
    title: "HTX deposits or withdrawals",
    headers: [
      ["uid", "currency", "tx_hash", "to_address", "amount", "deposit_time"],
      ["uid", "currency", "tx_hash", "to_address", "amount", "fee", "withdraw_time"],
    ],
    lacks: "no trades in it",
    instead: htxTrades,
  },
  {
    id: "mexc_spot_orders",
    broker: "mexc",
    title: "MEXC spot order history",
    headers: [
      ...["Time", "Time(UTC)"].map((time) => [
        ...["Pairs", time, "Type", "Direction", "Average Filled Price", "Filled Quantity", "Order Amount", "Status"],
      ]),
    ],
    lacks: "an order history without fees",
    instead: mexcTrades,
  },
  {
    id: "mexc_transfers",
    broker: "mexc",
    title: "MEXC deposits or withdrawals",
    headers: [
      ["Status", "Time", "Crypto", "Network", "Deposit Amount", "TxID"],
      ["Status", "Time", "Crypto", "Network", "Request Amount", "Withdrawal Address", "TxID"],
    ],
    lacks: "no trades in it",
    instead: mexcTrades,
  },
  {
    id: "mexc_futures_positions",
    broker: "mexc",
    title: "MEXC futures position history",
    headers: [
      [
        "Futures",
        "Open Time(UTC)",
        "Close Time",
        "Avg Entry Price",
        "Avg Close Price",
        "Closing Qty (Cont.)",
        "Realized PNL",
      ],
    ],
    lacks: "quantities in contracts whose size it does not say",
    instead: "MEXC > Orders > Futures Orders > Trade History",
  },
  {
    id: "mexc_futures_capital_flow",
    broker: "mexc",
    title: "MEXC futures capital flow",
    headers: [["Futures Trading Pair", "Crypto", "Fund Type", "Fund Flow Type", "Amount"]],
    lacks: "profits and fees without the quantities and prices that they come from",
    instead: "MEXC > Orders > Futures Orders > Trade History",
  },
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
