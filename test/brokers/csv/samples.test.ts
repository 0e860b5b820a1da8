import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { recognise } from "../../../src/brokers/csv/read.ts";
import { formatDecimal, parseDecimal } from "../../../src/executions/decimal.ts";
import { readAll } from "./golden.ts";

/**
 * Brokers' own files, which are not part of this project: `AMI_SAMPLES` says where they are. What is expected of them is worked out
 * here by much simpler means.
 */
const samples = process.env.AMI_SAMPLES;
const inSamples = test.skipIf(samples === undefined);
const path = (name: string) => join(samples ?? "", name);
const linesOf = (name: string) =>
  readFileSync(path(name), "utf8")
    .replace(/^\ufeff/, "")
    .trimEnd()
    .split(/\r?\n/);

/** The shortest text of a number. */
const short = (text: string) => formatDecimal(parseDecimal(text.replaceAll(",", "")));
const times = (a: string, b: string) => formatDecimal((parseDecimal(a) * parseDecimal(b)) / 10n ** 18n);
const rowId = (fields: string[]) => createHash("sha256").update(fields.join("\u001f")).digest("hex").slice(0, 24);
const byTimeAndId = (a: Record<string, string>, b: Record<string, string>) =>
  `${a.executedAt} ${a.side} ${a.externalId}` < `${b.executedAt} ${b.side} ${b.externalId}` ? -1 : 1;

/** Numbers identical rows by their fee, and puts all in order. */
function numbered(executions: Record<string, string>[]): Record<string, string>[] {
  const counts = new Map<string, number>();
  return executions
    .toSorted((a, b) => ((a.feeAsset ?? "") < (b.feeAsset ?? "") ? -1 : 1))
    .map((execution) => {
      const id = execution.externalId ?? "";
      const count = counts.get(id) ?? 0;
      counts.set(id, count + 1);
      return { ...execution, externalId: `${id}-${count}` };
    })
    .sort(byTimeAndId);
}

describe("Binance", () => {
  inSamples("USD-M trade history: each row is an execution", async () => {
    const name = "csv-crypto/binance_usdm-futures_trade-history_2026.csv";
    const [, ...rows] = linesOf(name);
    const expected = rows.map((row) => {
      const [
        ,
        time = "",
        symbol = "",
        side = "",
        price = "",
        quantity = "",
        amount = "",
        fee = "",
        profit = "",
        ,
        maker,
        id,
        order,
      ] = row.split(",");
      const [feeAmount = "", feeAsset = ""] = fee.split(" ");
      const quote = symbol.slice(-4);
      return {
        externalId: `binance:linear:${symbol}:${id}`,
        type: "fill",
        market: "linear",
        symbol,
        baseAsset: symbol.slice(0, -4),
        quoteAsset: quote,
        settleAsset: quote,
        side: side.toLowerCase(),
        quantity: short(quantity),
        price: short(price),
        quoteQuantity: short(amount),
        contractSize: "1",
        fee: short(feeAmount),
        feeAsset,
        feeInQuote: short(feeAmount),
        realizedPnl: short(profit),
        orderId: order,
        liquidity: maker === "true" ? "maker" : "taker",
        executedAt: `20${time.replace(" ", "T")}.000Z`,
      };
    });
    const { report, executions } = await readAll(path(name));
    expect(executions as unknown[]).toEqual(expected.toSorted((a, b) => (a.executedAt < b.executedAt ? -1 : 1)));
    expect(report).toMatchObject({ rows: rows.length, imported: rows.length, rejected: 0, skipped: {} });
  });

  inSamples("spot with a fee coin: each row is an execution", async () => {
    const name = "csv-crypto/everytrade_binance_spot_market-type.csv";
    const [, ...rows] = linesOf(name);
    const expected = rows.map((row) => {
      const [time = "", symbol = "", side = "", price = "", amount = "", total = "", fee = "", feeAsset = ""] =
        row.split(";");
      const quote = symbol.endsWith("USDT") ? "USDT" : "BTC";
      const identity = [time, symbol, side.toLowerCase(), short(price), short(amount), short(total)];
      return {
        externalId: `binance:spot:${symbol}:row-${rowId(identity)}`,
        type: "fill",
        market: "spot",
        symbol,
        baseAsset: symbol.slice(0, -quote.length),
        quoteAsset: quote,
        side: side.toLowerCase(),
        quantity: short(amount),
        price: short(price),
        quoteQuantity: short(total),
        fee: short(fee),
        feeAsset,
        feeInQuote: feeAsset === quote ? short(fee) : times(fee, price),
        executedAt: `${time.replace(" ", "T")}.000Z`,
      };
    });
    const { report, executions } = await readAll(path(name));
    expect(executions).toEqual(numbered(expected));
    expect(report).toMatchObject({ rows: rows.length, imported: rows.length, rejected: 0, skipped: {} });
  });

  inSamples("spot with units, as a spreadsheet left it: each row gives the numbers that a person reads", async () => {
    const name = "csv-crypto/everytrade_binance_spot_pair-side.csv";
    const [, ...rows] = linesOf(name);
    const expected = rows.map((row) => {
      // A person reads past all quotes; a comma between a digit and three digits with a point is no border.
      const cells = row.replaceAll('"', "").split(/(?<!\d),|,(?!\d{3}\.)/);
      const [time = "", symbol = "", side = "", price = "", executed = "", amount = "", fee = ""] = cells;
      const quote = symbol.endsWith("USDT") ? "USDT" : "BTC";
      const base = symbol.slice(0, -quote.length);
      const feeAsset = fee.endsWith("BNB") ? "BNB" : base;
      const [quantity, total, paid] = [
        executed.slice(0, -base.length),
        amount.slice(0, -quote.length),
        fee.slice(0, -feeAsset.length),
      ];
      const identity = [time, symbol, side.toLowerCase(), short(price), short(quantity), short(total)];
      return {
        externalId: `binance:spot:${symbol}:row-${rowId(identity)}`,
        type: "fill",
        market: "spot",
        symbol,
        baseAsset: base,
        quoteAsset: quote,
        side: side.toLowerCase(),
        quantity: short(quantity),
        price: short(price),
        quoteQuantity: short(total),
        fee: short(paid),
        feeAsset,
        ...(feeAsset === base ? { feeInQuote: times(short(paid), short(price)) } : {}),
        executedAt: `${time.replace(" ", "T")}.000Z`,
      };
    });
    const { report, executions } = await readAll(path(name));
    expect(executions as unknown[]).toEqual(numbered(expected));
    expect(report).toMatchObject({ rows: rows.length, imported: rows.length, rejected: 0, skipped: {} });
  });

  inSamples("rows that are to be refused are, each with its reason", async () => {
    const { report, executions } = await readAll(
      path("csv-crypto/everytrade_binance_spot_market-type_rejected-rows.csv"),
    );
    expect(executions).toEqual([]);
    expect(report).toMatchObject({ rows: 1, imported: 0, rejected: 1 });
    expect(report.problems).toMatchObject([{ line: 2, column: "Type", code: "unknown_value" }]);
  });
});

describe("Interactive Brokers", () => {
  inSamples("activity statement: each row is an execution, or known to be none", async () => {
    const name = "csv-stocks/ibkr_activity_trades_2021.csv";
    const rows = linesOf(name).map((line) =>
      [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^",]*))/g)].map((cell) => cell[1] ?? cell[2] ?? ""),
    );
    const orders = rows.filter((cells) => cells[1] === "Data" && cells[2] === "Order");
    const expected = orders.map((cells) => {
      const [
        ,
        ,
        ,
        ,
        currency = "",
        symbol = "",
        time = "",
        signed = "",
        price = "",
        ,
        proceeds = "",
        fee = "",
        ,
        pnl = "",
        ,
        code = "",
      ] = cells;
      const side = signed.startsWith("-") ? "sell" : "buy";
      const quantity = short(signed.replace("-", ""));
      // All of them are in the summer or winter of New York as its clock says.
      const offset = time < "2021-11-07" ? "-04:00" : "-05:00";
      return {
        externalId: `interactive_brokers:stock:${symbol}:row-${rowId([currency, time.replace(", ", " "), side, quantity, short(price)])}`,
        type: code.split(";").includes("L") ? "liquidation" : "fill",
        market: "stock",
        symbol,
        baseAsset: symbol,
        quoteAsset: currency,
        side,
        quantity,
        price: short(price),
        quoteQuantity: short(proceeds.replace("-", "")),
        fee: short(fee.replace("-", "")),
        feeAsset: currency,
        feeInQuote: short(fee.replace("-", "")),
        realizedPnl: short(pnl),
        executedAt: new Date(`${time.replace(", ", "T")}${offset}`).toISOString(),
      };
    });
    const { report, executions } = await readAll(path(name));
    expect(executions).toEqual(numbered(expected));
    const others = rows.length - 1 - orders.length;
    expect(report).toMatchObject({ rows: rows.length - 1, imported: orders.length, rejected: 0 });
    expect(report.skipped).toMatchObject({ "SubTotal row": { count: others } });
  });
});

interface Counts {
  rows: number;
  executions: number;
  trades: number;
  /** Rows known to be no trade. */
  skipped: number;
  /** Rows that could not be read, each with its reason. */
  rejected: number;
}

/** What becomes of every file there is: its dialect and the counts of its rows, or the code that it is refused with. */
const everyFile: readonly (readonly [file: string, outcome: string, counts?: Counts])[] = [
  [
    "csv-crypto/binance_usdm-futures_position-history.csv",
    "binance_futures_positions",
    { rows: 3, executions: 0, trades: 2, skipped: 1, rejected: 0 },
  ],
  [
    "csv-crypto/binance_usdm-futures_trade-history_2026.csv",
    "binance_usdm_trades",
    { rows: 3, executions: 3, trades: 0, skipped: 0, rejected: 0 },
  ],
  [
    "csv-crypto/bybit_derivatives_closed-pnl_2025.csv",
    "bybit_closed_pnl",
    { rows: 36, executions: 0, trades: 36, skipped: 0, rejected: 0 },
  ],
  [
    "csv-crypto/everytrade_binance_order-history_nested.csv",
    "binance_spot_orders",
    { rows: 12, executions: 6, trades: 0, skipped: 6, rejected: 0 },
  ],
  [
    "csv-crypto/everytrade_binance_order-history_nested_rejected-rows.csv",
    "binance_spot_orders",
    { rows: 4, executions: 0, trades: 0, skipped: 0, rejected: 4 },
  ],
  [
    "csv-crypto/everytrade_binance_spot_market-type.csv",
    "binance_spot_trades",
    { rows: 5, executions: 5, trades: 0, skipped: 0, rejected: 0 },
  ],
  [
    "csv-crypto/everytrade_binance_spot_market-type_rejected-rows.csv",
    "binance_spot_trades",
    { rows: 1, executions: 0, trades: 0, skipped: 0, rejected: 1 },
  ],
  [
    "csv-crypto/everytrade_binance_spot_pair-side.csv",
    "binance_spot_trades",
    { rows: 12, executions: 12, trades: 0, skipped: 0, rejected: 0 },
  ],
  ["csv-crypto/everytrade_binance_transaction-history.csv", "several_accounts"],
  [
    "csv-crypto/everytrade_bitmex_v001_M.csv",
    "bitmex_trades",
    { rows: 2, executions: 2, trades: 0, skipped: 0, rejected: 0 },
  ],
  [
    "csv-crypto/everytrade_bitstamp_v001.csv",
    "bitstamp",
    { rows: 2, executions: 2, trades: 0, skipped: 0, rejected: 0 },
  ],
  [
    "csv-crypto/everytrade_bybit_eu_uta.csv",
    "bybit_account_log",
    { rows: 22, executions: 11, trades: 0, skipped: 1, rejected: 0 },
  ],
  ["csv-crypto/everytrade_coinbase_h3.csv", "coinbase", { rows: 7, executions: 2, trades: 0, skipped: 4, rejected: 1 }],
  [
    "csv-crypto/everytrade_huobi_fills.csv",
    "htx_fills",
    { rows: 2, executions: 2, trades: 0, skipped: 0, rejected: 0 },
  ],
  [
    "csv-crypto/everytrade_kraken_ledgers.csv",
    "kraken_ledgers",
    { rows: 7, executions: 2, trades: 0, skipped: 5, rejected: 0 },
  ],
  [
    "csv-crypto/everytrade_kraken_trades.csv",
    "kraken_trades",
    { rows: 4, executions: 2, trades: 0, skipped: 0, rejected: 2 },
  ],
  [
    "csv-crypto/everytrade_kraken_trades_rejected-rows.csv",
    "kraken_trades",
    { rows: 2, executions: 0, trades: 0, skipped: 0, rejected: 2 },
  ],
  [
    "csv-crypto/everytrade_kucoin_h2.csv",
    "kucoin_fills",
    { rows: 2, executions: 2, trades: 0, skipped: 0, rejected: 0 },
  ],
  [
    "csv-crypto/everytrade_kucoin_h4.csv",
    "kucoin_fills",
    { rows: 1, executions: 1, trades: 0, skipped: 0, rejected: 0 },
  ],
  [
    "csv-crypto/everytrade_okx_v2.csv",
    "okx_trading_history",
    { rows: 4, executions: 2, trades: 0, skipped: 0, rejected: 0 },
  ],
  ["csv-crypto/everytrade_okx_v2_2025.csv", "not_importable"],
  [
    "csv-crypto/rotki_coinbasepro.csv",
    "coinbase_pro_account",
    { rows: 21, executions: 5, trades: 0, skipped: 6, rejected: 0 },
  ],
  [
    "csv-crypto/rotki_cryptocom_trades_list.csv",
    "cryptocom_app",
    { rows: 48, executions: 13, trades: 0, skipped: 32, rejected: 0 },
  ],
  ["csv-stocks/cgt_trading212_2024.csv", "trading_212", { rows: 7, executions: 2, trades: 0, skipped: 5, rejected: 0 }],
  [
    "csv-stocks/deltalytix_ninjatrader-performance-sample.csv",
    "ninjatrader_trades",
    { rows: 2, executions: 0, trades: 2, skipped: 0, rejected: 0 },
  ],
  [
    "csv-stocks/deltalytix_tradovate_performance_real.csv",
    "tradovate_performance",
    { rows: 273, executions: 0, trades: 273, skipped: 0, rejected: 0 },
  ],
  [
    "csv-stocks/ghostfolio_degiro-export.csv",
    "degiro_account",
    { rows: 73, executions: 13, trades: 0, skipped: 48, rejected: 0 },
  ],
  ["csv-stocks/ghostfolio_etoro-export.csv", "etoro", { rows: 28, executions: 9, trades: 0, skipped: 19, rejected: 0 }],
  [
    "csv-stocks/ghostfolio_ibkr-trades-export.csv",
    "interactive_brokers_flex",
    { rows: 11, executions: 8, trades: 0, skipped: 0, rejected: 3 },
  ],
  ["csv-stocks/ghostfolio_xtb-export.csv", "xtb", { rows: 46, executions: 11, trades: 0, skipped: 27, rejected: 8 }],
  [
    "csv-stocks/ibkr_activity_trades_2021.csv",
    "interactive_brokers_activity",
    { rows: 12, executions: 10, trades: 0, skipped: 2, rejected: 0 },
  ],
  [
    "csv-stocks/tradenote_tdameritrade_thinkorswim_account-statement.csv",
    "thinkorswim",
    { rows: 46, executions: 11, trades: 0, skipped: 35, rejected: 0 },
  ],
  ["csv-stocks/tradenote_tradezero.csv", "tradezero", { rows: 15, executions: 15, trades: 0, skipped: 0, rejected: 0 }],
  [
    "csv-stocks/tradovate_fills_2021.csv",
    "tradovate_fills",
    { rows: 2, executions: 2, trades: 0, skipped: 0, rejected: 0 },
  ],
  [
    "ctrader/ctrader_history_lots-in-text.csv",
    "ctrader",
    { rows: 2, executions: 0, trades: 2, skipped: 0, rejected: 0 },
  ],
  ["ctrader/ctrader_history_millis.csv", "ctrader", { rows: 2, executions: 0, trades: 2, skipped: 0, rejected: 0 }],
  [
    "ctrader/ctrader_history_utc2_mixed-dates.csv",
    "ctrader",
    { rows: 2, executions: 0, trades: 0, skipped: 0, rejected: 2 },
  ],
];

describe("whatever file it is", () => {
  inSamples("its rows are counted, and what became of them is printed", async () => {
    const printed: string[] = [];
    for (const [name, outcome, counts] of everyFile) {
      const read = await readAll(path(name), { timezone: "UTC" }).catch(
        (error: { detail?: { code?: string } }) => error,
      );
      if (!("report" in read)) {
        printed.push(`${name}: refused, ${read.detail?.code}`);
        expect({ name, outcome: read.detail?.code }).toEqual({ name, outcome });
        continue;
      }
      const { report, executions, trades = [], recognised } = read;
      const reasons = Object.entries(report.skipped).map(([reason, { count }]) => `${count} ${reason}`);
      const problems = report.problems.map(({ line, message }) => `line ${line}: ${message}`);
      const skipped = Object.values(report.skipped).reduce((sum, { count }) => sum + count, 0);
      const found = { rows: report.rows, executions: executions.length, trades: trades.length, skipped };
      printed.push(
        `${name}: ${recognised.dialect}, ${found.rows} rows, ${found.executions} executions, ${found.trades} trades, ${report.rejected} refused`,
        ...[...reasons, ...problems].map((line) => `    ${line}`),
      );
      expect({ name, outcome: recognised.dialect, ...found, rejected: report.rejected }).toEqual({
        name,
        outcome,
        ...(counts as Counts),
      });
      expect(report.imported + skipped + report.rejected).toBe(report.rows);
    }
    process.stdout.write(`${printed.join("\n")}\n`);
  });

  inSamples("it is recognised, or refused with a reason", async () => {
    const folders = ["csv-crypto", "csv-stocks", "ctrader", "metatrader"];
    const names = folders.flatMap((folder) =>
      readdirSync(path(folder))
        .filter((name) => name.endsWith(".csv"))
        .map((name) => join(folder, name)),
    );
    expect(names.length).toBeGreaterThan(25);
    for (const name of names) {
      const outcome = await recognise(path(name), { name, timezone: "UTC" }).then(
        ({ dialect }) => dialect.id,
        (error: { kind?: unknown; detail?: { code?: unknown } }) => `${error.kind} ${error.detail?.code}`,
      );
      expect(outcome).toMatch(/^[a-z0-9_]+$|^data [a-z_]+$/);
    }
  });

  inSamples("files of other kinds are refused by what they are", async () => {
    for (const name of readdirSync(path("metatrader")).filter((file) => /\.(html?|xlsx)$/.test(file))) {
      const file = path(join("metatrader", name));
      expect(recognise(file, { name })).rejects.toMatchObject({ detail: { code: "not_csv" } });
    }
  });
});
