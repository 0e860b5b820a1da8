import type { RefusedExport } from "./dialect.ts";

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
];
