import { expect, test } from "bun:test";
import { readSamples, samplesText } from "./samples-table.ts";

const samples = process.env.AMI_SAMPLES;

const ofSeveral = "csv-crypto/everytrade_binance_transaction-history.csv";
/** Account by account of the file with several: executions, rows that are no execution, rows that were refused. */
const byAccount = (
  [
    ["90000001", 4, 108, 1],
    ["900000010", 4, 124, 7],
    ["90000006", 0, 136, 5],
    ["900000008", 2, 128, 1],
    ["90000002", 1, 131, 7],
    ["90000007", 0, 140, 1],
    ["90000003", 0, 140, 1],
    ["90000004", 2, 136, 1],
    ["900000013", 3, 134, 1],
    ["900000011", 1, 138, 1],
    ["90000009", 1, 136, 1],
    ["900000012", 1, 137, 1],
    ["1065433034", 2, 136, 1],
    ["900000000", 0, 140, 1],
    ["90000014", 0, 140, 1],
    ["900000005", 0, 140, 1],
    ["900000015", 0, 140, 1],
    ["90000016", 0, 140, 1],
  ] as const
).map(([account, executions, skipped, refused]): [string, string, number, number, number, number, number] => [
  `${ofSeveral} of ${account}`,
  "binance_transactions",
  141,
  executions,
  0,
  skipped,
  refused,
]);

/** file, dialect, rows, executions, trades, rows that are no execution, rows that were refused */
const known: [string, string, number, number, number, number, number][] = [
  ["csv-crypto/binance_usdm-futures_position-history.csv", "binance_futures_positions", 3, 0, 2, 1, 0],
  ["csv-crypto/binance_usdm-futures_trade-history_2026.csv", "binance_usdm_trades", 3, 3, 0, 0, 0],
  ["csv-crypto/bybit_derivatives_closed-pnl_2025.csv", "bybit_closed_pnl", 36, 0, 36, 0, 0],
  ["csv-crypto/everytrade_binance_order-history_nested.csv", "binance_spot_orders", 12, 6, 0, 6, 0],
  ["csv-crypto/everytrade_binance_order-history_nested_rejected-rows.csv", "binance_spot_orders", 4, 0, 0, 0, 4],
  ["csv-crypto/everytrade_binance_spot_market-type.csv", "binance_spot_trades", 5, 5, 0, 0, 0],
  ["csv-crypto/everytrade_binance_spot_market-type_rejected-rows.csv", "binance_spot_trades", 1, 0, 0, 0, 1],
  ["csv-crypto/everytrade_binance_spot_pair-side.csv", "binance_spot_trades", 12, 12, 0, 0, 0],
  [ofSeveral, "refused: several_accounts", 0, 0, 0, 0, 0],
  ...byAccount,
  ["csv-crypto/everytrade_bitmex_v001_M.csv", "bitmex_trades", 2, 2, 0, 0, 0],
  ["csv-crypto/everytrade_bitstamp_v001.csv", "bitstamp", 2, 2, 0, 0, 0],
  ["csv-crypto/everytrade_bybit_eu_uta.csv", "bybit_account_log", 22, 11, 0, 1, 0],
  ["csv-crypto/everytrade_coinbase_h3.csv", "coinbase", 7, 2, 0, 4, 1],
  ["csv-crypto/everytrade_huobi_fills.csv", "htx_fills", 2, 2, 0, 0, 0],
  ["csv-crypto/everytrade_kraken_ledgers.csv", "kraken_ledgers", 7, 2, 0, 5, 0],
  ["csv-crypto/everytrade_kraken_trades.csv", "kraken_trades", 4, 2, 0, 0, 2],
  ["csv-crypto/everytrade_kraken_trades_rejected-rows.csv", "kraken_trades", 2, 0, 0, 0, 2],
  ["csv-crypto/everytrade_kucoin_h2.csv", "kucoin_fills", 2, 2, 0, 0, 0],
  ["csv-crypto/everytrade_kucoin_h4.csv", "kucoin_fills", 1, 1, 0, 0, 0],
  ["csv-crypto/everytrade_okx_v2.csv", "okx_trading_history", 4, 2, 0, 0, 0],
  ["csv-crypto/everytrade_okx_v2_2025.csv", "refused: not_importable", 0, 0, 0, 0, 0],
  ["csv-crypto/rotki_coinbasepro.csv", "coinbase_pro_account", 21, 5, 0, 6, 0],
  ["csv-crypto/rotki_cryptocom_trades_list.csv", "cryptocom_app", 48, 13, 0, 32, 0],
  ["csv-stocks/cgt_trading212_2024.csv", "trading_212", 7, 2, 0, 5, 0],
  ["csv-stocks/deltalytix_ninjatrader-performance-sample.csv", "ninjatrader_trades", 2, 0, 2, 0, 0],
  ["csv-stocks/deltalytix_tradovate_performance_real.csv", "tradovate_performance", 273, 0, 273, 0, 0],
  ["csv-stocks/ghostfolio_degiro-export.csv", "degiro_account", 73, 13, 0, 48, 0],
  ["csv-stocks/ghostfolio_etoro-export.csv", "etoro", 28, 9, 0, 19, 0],
  ["csv-stocks/ghostfolio_ibkr-trades-export.csv", "interactive_brokers_flex", 11, 8, 0, 0, 3],
  ["csv-stocks/ghostfolio_xtb-export.csv", "xtb", 46, 14, 0, 30, 2],
  ["csv-stocks/ibkr_activity_trades_2021.csv", "interactive_brokers_activity", 12, 10, 0, 2, 0],
  ["csv-stocks/tradenote_tdameritrade_thinkorswim_account-statement.csv", "thinkorswim", 46, 11, 0, 35, 0],
  ["csv-stocks/tradenote_tradezero.csv", "tradezero", 15, 15, 0, 0, 0],
  ["csv-stocks/tradovate_fills_2021.csv", "tradovate_fills", 2, 2, 0, 0, 0],
  ["ctrader/ctrader_history_lots-in-text.csv", "ctrader", 2, 0, 2, 0, 0],
  ["ctrader/ctrader_history_millis.csv", "ctrader", 2, 0, 2, 0, 0],
  ["ctrader/ctrader_history_utc2_mixed-dates.csv", "ctrader", 2, 0, 0, 0, 2],
  ["metatrader/mt4_detailed-statement_ronnaru_JPY_2020.htm", "metatrader_4_statement", 1921, 0, 1759, 160, 0],
  ["metatrader/mt4_statement_ronnaru_JPY_2019.htm", "metatrader_4_statement", 782, 0, 727, 53, 0],
  ["metatrader/mt5_positions_xauusd_2026.csv", "metatrader_5_history", 345, 0, 345, 0, 0],
  ["metatrader/mt5_report-history_EN_2022.xlsx", "metatrader_5_history", 17, 0, 3, 14, 0],
  ["metatrader/mt5_report-history_FTMO_hedge_2026.html", "metatrader_5_history", 1131, 0, 197, 934, 0],
  ["metatrader/mt5_strategy-tester_exness_GBPUSD_179.html", "metatrader_5_tester", 717, 358, 0, 359, 0],
];

/** Brokers' own files, which are not part of this project: `AMI_SAMPLES` says where they are. scripts/samples-table prints the reasons. */
test.skipIf(samples === undefined)(
  "every file of brokers is read as it is known to be, and every row of it is accounted for",
  async () => {
    const rows = await readSamples(samples ?? "");
    process.stdout.write(samplesText(rows));
    expect(rows.filter(({ missing }) => missing !== 0)).toEqual([]);
    expect(rows.filter(({ skipped, refused, reasons }) => skipped + refused > 0 && reasons.length === 0)).toEqual([]);
    expect(
      rows.map((row) => [row.file, row.dialect, row.rows, row.executions, row.trades, row.skipped, row.refused]),
    ).toEqual(known);
  },
  120_000,
);
