import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatDecimal, parseDecimal } from "../../../src/executions/decimal.ts";
import { readAll } from "./golden.ts";

/**
 * Exchanges' own files, which are not part of this project: `AMI_SAMPLES` says where they are. What is expected of each row is worked
 * out here by much simpler means; ids are left out, since the fixtures fix them.
 */
const samples = process.env.AMI_SAMPLES;
const inSamples = test.skipIf(samples === undefined);
const path = (name: string) => join(samples ?? "", "csv-crypto", name);
const linesOf = (name: string) =>
  readFileSync(path(name), "utf8")
    .replace(/^\ufeff/, "")
    .trimEnd()
    .split(/\r?\n/);

const folder = await mkdtemp(join(tmpdir(), "samples-"));
afterAll(() => rm(folder, { recursive: true }));

const short = (text: string) => formatDecimal(parseDecimal(text));
const kept = ["executedAt", "symbol", "side", "quantity", "price", "quoteQuantity", "fee", "feeAsset"] as const;
type Kept = Partial<Record<(typeof kept)[number], string>>;
const only = (execution: Record<string, string>): Kept =>
  Object.fromEntries(kept.flatMap((key) => (execution[key] === undefined ? [] : [[key, execution[key]]])));
const sorted = (rows: readonly Kept[]) => rows.map((row) => JSON.stringify(row)).sort();

/** Rows as JSON, with their keys in one order. */
const same = (made: readonly Record<string, string>[], expected: readonly Record<string, string>[]) =>
  expect(sorted(made.map(only))).toEqual(sorted(expected.map(only)));

describe("each row of the exchanges' samples", () => {
  inSamples("Bitstamp: a fill a row, with its units", async () => {
    const name = "everytrade_bitstamp_v001.csv";
    const [, ...rows] = linesOf(name);
    const expected = rows.map((row) => {
      const [, amount = "", base = "", value = "", quote = "", rate = "", fee = "", feeAsset = "", side = ""] =
        /Main Account,([\d.]+) (\w+),([\d.]+) (\w+),([\d.]+) \w+,([\d.]+) (\w+),(\w+)$/.exec(row) ?? [];
      return {
        executedAt: "2019-02-14T15:32:00.000Z",
        symbol: `${base}/${quote}`,
        side: side.toLowerCase(),
        quantity: short(amount),
        price: short(rate),
        quoteQuantity: short(value),
        fee: short(fee),
        feeAsset,
      };
    });
    const { report, executions } = await readAll(path(name));
    same(executions, expected);
    expect(report).toMatchObject({ rows: rows.length, imported: rows.length, rejected: 0 });
  });

  inSamples("HTX: a fill a row", async () => {
    const name = "everytrade_huobi_fills.csv";
    const [, ...rows] = linesOf(name);
    const expected = rows.map((row) => {
      const [, symbol = "", side = "", , , price = "", volume = "", amount = "", fee = "", coin = "", , , time = ""] =
        row.split(",");
      return {
        executedAt: `${time.replace(" ", "T")}.000Z`,
        symbol,
        side,
        quantity: short(volume),
        price: short(price),
        quoteQuantity: short(amount),
        fee: short(fee),
        feeAsset: coin.toUpperCase(),
      };
    });
    const { report, executions } = await readAll(path(name));
    same(executions, expected);
    expect(report).toMatchObject({ rows: rows.length, imported: rows.length, rejected: 0 });
  });

  inSamples("BitMEX: a fill a row, and no import without the zone of the browser that saved it", async () => {
    const name = "everytrade_bitmex_v001_M.csv";
    const [, ...rows] = linesOf(name);
    const expected = rows.map((row) => {
      const cells = [...row.matchAll(/"([^"]*)"/g)].map(([, cell = ""]) => cell);
      const [time = "", symbol = "", , side = "", quantity = "", price = "", , , fee = ""] = cells;
      return {
        executedAt: new Date(`${time} UTC`).toISOString(),
        symbol,
        side: side.toLowerCase(),
        quantity: short(quantity),
        price: short(price),
        fee: short(`0.${fee.padStart(8, "0")}`),
        feeAsset: "XBT",
      };
    });
    await expect(readAll(path(name))).rejects.toMatchObject({ detail: { code: "timezone_required" } });
    const { report, executions } = await readAll(path(name), { timezone: "UTC" });
    same(executions, expected);
    expect(executions.map(({ market, quoteAsset }) => `${market} ${quoteAsset}`)).toEqual([
      "inverse USD",
      "inverse USD",
    ]);
    expect(report).toMatchObject({ rows: rows.length, imported: rows.length, rejected: 0 });
  });

  inSamples(
    "Binance position history: closed positions, and one whose profit goes another way than its prices",
    async () => {
      const name = "binance_usdm-futures_position-history.csv";
      const [, ...rows] = linesOf(name);
      const { report, trades = [], executions } = await readAll(path(name));
      const closed = rows.map((row) => row.split(",")).filter((cells) => cells.at(-1) === "Closed");
      expect(executions).toEqual([]);
      expect(
        trades.map(({ symbol, direction, quantity, grossPnl, netPnl, origin }) => ({
          symbol,
          direction,
          quantity,
          grossPnl,
          netPnl,
          origin,
        })),
      ).toEqual(
        closed.map(([symbol = "", , side = "", , , , quantity = "", pnl = ""]) => ({
          symbol,
          direction: side.toLowerCase(),
          quantity: short(quantity),
          grossPnl: short(pnl),
          netPnl: short(pnl),
          origin: "broker_reported",
        })),
      );
      expect(trades.map(({ flags }) => flags)).toEqual(["", "pnl_mismatch"]);
      expect(report).toMatchObject({ rows: rows.length, imported: closed.length, rejected: 0 });
    },
  );

  inSamples("Binance order history: the fills below each order", async () => {
    const name = "everytrade_binance_order-history_nested.csv";
    const rows = linesOf(name).slice(1);
    const expected: Record<string, string>[] = [];
    let order: string[] = [];
    for (const row of rows) {
      const cells = row.split(";");
      if (cells[0] !== "") order = cells;
      else if (cells[1] !== "Date(UTC)") {
        const [, time = "", price = "", quantity = "", total = "", charged = ""] = cells;
        const [, fee = "", feeAsset = ""] = /^([\d.]+)(\w+)$/.exec(charged) ?? [];
        expected.push({
          executedAt: `${time.replace(" ", "T")}.000Z`,
          symbol: order[1] ?? "",
          side: (order[2] ?? "").toLowerCase(),
          quantity: short(quantity),
          price: short(price),
          quoteQuantity: short(total),
          fee: short(fee),
          feeAsset,
        });
      }
    }
    const { report, executions } = await readAll(path(name));
    same(executions, expected);
    // The headers of the fills are no rows.
    expect(report).toMatchObject({ rows: expected.length * 2, imported: expected.length, rejected: 0 });
  });

  inSamples("Binance order history: rows of no known side are refused, the order and its fills", async () => {
    const { report, executions } = await readAll(path("everytrade_binance_order-history_nested_rejected-rows.csv"));
    expect(executions).toEqual([]);
    expect(report.problems.map(({ line, code }) => `${line} ${code}`)).toEqual(
      [2, 4, 5, 7].map((line) => `${line} unknown_value`),
    );
  });

  inSamples("Crypto.com App: every row is of a known kind, and each coin's sum is that of its rows", async () => {
    const name = "rotki_cryptocom_trades_list.csv";
    const [, ...rows] = linesOf(name);
    const traded = rows
      .map((row) => row.split(","))
      .filter((cells) =>
        /^(crypto_exchange|viban_purchase|crypto_viban_exchange|crypto_purchase|dust_conversion_\w+|dynamic_coin_swap_(credited|debited)|\S+_commit)$/.test(
          cells[9] ?? "",
        ),
      );
    const { report, executions } = await readAll(path(name));
    expect(report).toMatchObject({ rows: rows.length, imported: traded.length, rejected: 0 });
    // A coin that both sides of are in the file: what came in and went out of CRO.
    const cro = traded
      .filter((cells) => cells[2] === "CRO")
      .reduce((sum, cells) => sum + parseDecimal(cells[3] ?? "0"), 0n);
    const made = executions
      .filter(({ baseAsset }) => baseAsset === "CRO")
      .reduce((sum, { side, quantity = "0" }) => sum + (side === "buy" ? 1n : -1n) * parseDecimal(quantity), 0n);
    expect(formatDecimal(made)).toBe(formatDecimal(cro));
  });
});

describe("Binance transaction history", () => {
  const name = "everytrade_binance_transaction-history.csv";
  const userOf = (row: string) => /\d+/.exec(row)?.[0] ?? "";

  inSamples("rows of several users are not put together: the file is refused", async () => {
    await expect(readAll(path(name))).rejects.toMatchObject({ detail: { code: "several_accounts" } });
  });

  inSamples("each user's rows are all accounted for, and balances change by what the executions say", async () => {
    const [header = "", ...rows] = linesOf(name);
    const totals = { rows: 0, imported: 0, rejected: 0 };
    for (const [user, own] of Map.groupBy(rows, userOf)) {
      const file = join(folder, `${user}.csv`);
      await writeFile(file, `${[header, ...own].join("\n")}\n`);
      const { report, executions } = await readAll(file);
      const skipped = Object.values(report.skipped).reduce((sum, { count }) => sum + count, 0);
      expect({ user, rows: report.rows }).toEqual({ user, rows: own.length });
      expect(report.imported + report.rejected + skipped).toBe(own.length);
      totals.rows += report.rows;
      totals.imported += report.imported;
      totals.rejected += report.rejected;
      // Without refused rows and without money that was paid in, the trade rows of the file are the executions.
      const lines = new Set(
        [...report.problems, ...Object.values(report.skipped)].flatMap((some) =>
          "lines" in some ? some.lines : [some.line],
        ),
      );
      const changes = new Map<string, bigint>();
      for (const [index, row] of own.entries()) {
        if (lines.has(index + 2)) continue;
        const [, , , , coin = "", change = ""] = row.replaceAll('"', "").split(",");
        changes.set(coin, (changes.get(coin) ?? 0n) + parseDecimal(change));
      }
      const made = new Map<string, bigint>();
      const add = (coin: string | undefined, amount: bigint) => {
        if (coin !== undefined) made.set(coin, (made.get(coin) ?? 0n) + amount);
      };
      for (const {
        side,
        quantity = "0",
        quoteQuantity = "0",
        baseAsset,
        quoteAsset,
        fee = "0",
        feeAsset,
      } of executions) {
        const sign = side === "buy" ? 1n : -1n;
        add(baseAsset, sign * parseDecimal(quantity));
        add(quoteAsset, -sign * parseDecimal(quoteQuantity));
        add(feeAsset, -parseDecimal(fee));
      }
      const plain = (sums: Map<string, bigint>) =>
        Object.fromEntries(
          [...sums]
            .filter(([, sum]) => sum !== 0n)
            .map(([coin, sum]) => [coin, formatDecimal(sum)])
            .sort(),
        );
      expect({ user, ...plain(made) }).toEqual({ user, ...plain(changes) });
    }
    expect(totals).toEqual({ rows: rows.length, imported: 80, rejected: 17 });
  });
});
