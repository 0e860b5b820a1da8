import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createFileReport } from "../../src/brokers/csv/report.ts";
import { type OpenOptions, openBrokerFile } from "../../src/brokers/files.ts";
import { formatDecimal } from "../../src/executions/decimal.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { type SheetCell, type WorkbookSpec, xlsx } from "./metatrader/make.ts";

const makeFolder = temporaryFolders();

async function readWorkbook(spec: WorkbookSpec, options: Partial<OpenOptions> = {}) {
  const path = join(makeFolder(), "export.xlsx");
  writeFileSync(path, xlsx(spec));
  const file = await openBrokerFile(path, { name: "export.xlsx", ...options });
  const report = createFileReport();
  const executions: string[] = [];
  for await (const page of file.pages(report, new AbortController().signal)) {
    for (const { executedAtMs, side, symbol, quantity, price } of page.executions) {
      const time = new Date(executedAtMs).toISOString();
      executions.push(
        [time, side, symbol, formatDecimal(quantity ?? 0n), price === null ? "" : formatDecimal(price)].join(" "),
      );
    }
  }
  return { file, report, executions };
}

const number = (value: string, style?: number): SheetCell => (style === undefined ? { value } : { value, style });
/** Style 1: a date with its time of day; style 2: a date; style 3: a time of day. */
const styles =
  '<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/><xf numFmtId="14"/><xf numFmtId="20"/></cellXfs></styleSheet>';

const futures = ["Time", "Symbol", "Side", "Price", "Quantity", "Amount", "Fee", "Realized Profit"];
const futuresHeader = [...futures, "Buyer", "Maker", "Trade ID", "Order ID"];
const fill = (time: SheetCell, side: string, id: string): SheetCell[] => [
  ...[time, "BTCUSDT", side, number("100.5"), number("0.5"), number("50.25"), "0.05 USDT", number("0")],
  ...["TRUE", "FALSE", number(id), number("7")],
];

/** The header and rows of another sheet, as a part of the archive. */
const otherSheet = (cells: readonly string[]) =>
  `<worksheet><sheetData><row r="1">${cells
    .map((cell) => `<c t="inlineStr"><is><t>${cell}</t></is></c>`)
    .join("")}</row></sheetData></worksheet>`;

describe("an export in a workbook", () => {
  test("saved by a spreadsheet: times as numbers of days, and as texts", async () => {
    const rows = [
      futuresHeader,
      fill(number("46024.127835648148", 1), "BUY", "11"),
      fill("2026-01-03 03:04:05", "SELL", "12"),
    ];
    const { file, report, executions } = await readWorkbook({ rows, styles });
    expect(file.format.id).toBe("binance_usdm_trades");
    expect(file.facts).toMatchObject({ encoding: "XLSX", sheet: "1" });
    expect(report).toMatchObject({ rows: 2, imported: 2, rejected: 0 });
    expect(executions).toEqual([
      "2026-01-02T03:04:05.000Z buy BTCUSDT 0.5 100.5",
      "2026-01-03T03:04:05.000Z sell BTCUSDT 0.5 100.5",
    ]);
  });

  test("a date and a time of day in two columns", async () => {
    const header = [
      ...["Datum", "Tijd", "Product", "ISIN", "Beurs", "Uitvoeringsplaats", "Aantal", "Koers", "", "Lokale waarde", ""],
      ...["Waarde EUR", "Wisselkoers", "AutoFX Kosten", "Transactiekosten en/of kosten van derden EUR", "Totaal EUR"],
      "Order ID",
    ];
    const row = [
      ...[number("46024", 2), number("0.37777777777777777", 3), "ACME", "NL0000000001", "EAM", "XAMS", number("3")],
      ...[number("97.93"), "EUR", number("-293.79"), "EUR", number("-293.79"), null, number("0"), number("-2")],
      ...[number("-295.79"), "5e1f0c2a"],
    ];
    const { executions } = await readWorkbook({ rows: [header, row], styles });
    expect(executions).toEqual(["2026-01-02T08:04:00.000Z buy NL0000000001 3 97.93"]);
  });

  test("the sheet that is an export is found among others, and lines are its row numbers", async () => {
    const header = ["ID", "Type", "Time", "Comment", "Symbol", "Amount"];
    const rows: SheetCell[][] = [
      ["Account", "12345678"],
      [],
      ["CASH OPERATION HISTORY"],
      header,
      [number("700000001"), "Stock purchase", number("46024.5", 1), "OPEN BUY 2 @ 250.60", "ACME.DE", number("-501.2")],
      [number("700000002"), "Stock sale", "yesterday", "CLOSE BUY 2 @ 250.60", "ACME.DE", number("501.2")],
    ];
    const parts = { "xl/worksheets/sheet2.xml": otherSheet(["Position", "Symbol", "Gross P/L"]) };
    const { file, report, executions } = await readWorkbook({ rows, styles, parts }, { timezone: "UTC" });
    expect(file.facts).toMatchObject({ sheet: "1 of 2" });
    expect(executions).toEqual(["2026-01-02T12:00:00.000Z buy ACME.DE 2 250.6"]);
    expect(report.problems).toMatchObject([{ line: 6, column: "Time", code: "not_a_time" }]);
  });

  test("two sheets that are exports are refused: rows of one would be lost", async () => {
    const parts = { "xl/worksheets/sheet2.xml": otherSheet(futuresHeader) };
    const opened = readWorkbook({ rows: [futuresHeader, fill("2026-01-03 03:04:05", "BUY", "1")], parts });
    await expect(opened).rejects.toMatchObject({ detail: { code: "several_sheets" } });
  });

  test("no sheet that is one: the header that nothing knows, or what to export instead", async () => {
    const unknown = readWorkbook({
      rows: [
        ["Alpha", "Beta"],
        ["1", "2"],
      ],
    });
    await expect(unknown).rejects.toMatchObject({ detail: { code: "unknown_dialect" } });
    const deposits = ["Date(UTC)", "Coin", "Network", "Amount", "Address", "TXID", "Status"];
    const parts = { "xl/worksheets/sheet2.xml": otherSheet(deposits) };
    const refused = readWorkbook({ rows: [["Alpha", "Beta"]], parts });
    await expect(refused).rejects.toMatchObject({ detail: { code: "not_importable" } });
  });

  test("what is wrong with the export is said", async () => {
    const header = ["ID", "Type", "Time", "Comment", "Symbol", "Amount"];
    const row = ["1", "Stock purchase", "2026-01-02 12:00:00", "OPEN BUY 2 @ 250.60", "ACME.DE", "-501.2"];
    await expect(readWorkbook({ rows: [header, row] })).rejects.toMatchObject({
      detail: { code: "timezone_required" },
    });
  });

  test("places of rows beyond a sheet are not followed", async () => {
    const cells = futuresHeader.map((name) => `<c t="inlineStr"><is><t>${name}</t></is></c>`).join("");
    const sheet = `<worksheet><sheetData><row r="4000000000">${cells}</row></sheetData></worksheet>`;
    const { report } = await readWorkbook({ rows: [["Alpha"]], parts: { "xl/worksheets/sheet2.xml": sheet } });
    expect(report.rows).toBe(0);
  });
});
