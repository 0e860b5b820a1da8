import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { reportLimits } from "../../../src/brokers/metatrader/limits.ts";
import { type ReportOptions, recogniseReport } from "../../../src/brokers/metatrader/report.ts";
import { Failure } from "../../../src/errors.ts";
import { fixtures, plain, readAll, TemporaryFile } from "./golden.ts";
import {
  account,
  deal,
  dealHeadings,
  html,
  position,
  positionHeadings,
  statement,
  ticket,
  ticketHeadings,
  xlsx,
  zip,
} from "./make.ts";

const recognise = async (content: string | Uint8Array, options: Partial<ReportOptions> = {}, name = "report.html") => {
  using file = new TemporaryFile(name, content);
  return await recogniseReport(file.path, { name, timezone: "UTC", ...options });
};

const failure = async (promise: Promise<unknown>): Promise<Failure> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("it did not fail");
};

const history = html([account("Hedge"), positionHeadings, position()]);

describe("encodings", () => {
  const bytes = (text: string, encoding: "utf16le" | "utf8", mark: readonly number[] = []) =>
    Buffer.concat([Buffer.from(mark), Buffer.from(text, encoding)]);
  const swapped = (buffer: Buffer) => Buffer.from(buffer).swap16();

  test.each([
    ["UTF-8", bytes(history, "utf8"), "utf-8"],
    ["UTF-8 with a mark", bytes(history, "utf8", [0xef, 0xbb, 0xbf]), "utf-8"],
    ["UTF-16LE with a mark", bytes(history, "utf16le", [0xff, 0xfe]), "utf-16le"],
    ["UTF-16LE without a mark", bytes(history, "utf16le"), "utf-16le"],
    ["UTF-16BE with a mark", swapped(bytes(`\ufeff${history}`, "utf16le")), "utf-16be"],
    ["UTF-16BE without a mark", swapped(bytes(history, "utf16le")), "utf-16be"],
  ])("%s", async (_name, content, encoding) => {
    using file = new TemporaryFile("report.html", content);
    const { recognised, trades } = await readAll(file.path);
    expect(recognised.encoding).toBe(encoding);
    expect(trades).toHaveLength(1);
  });

  test.each(["1250", "1251", "1252", "1253", "1254", "1255", "1256", "1257", "1258"])(
    "Windows-%s that the page declares",
    async (codePage) => {
      const declared = history.replace("<head>", `<head><meta charset="windows-${codePage}">`);
      // Bytes above 0x7F, each a letter of the code page, and together no UTF-8.
      const letters = Buffer.from([0xe0, 0xe1, 0xea, 0xe8]);
      const [before = "", after = ""] = declared.split("Account:");
      using file = new TemporaryFile("report.html", Buffer.concat([Buffer.from(before), letters, Buffer.from(after)]));
      const { recognised, trades } = await readAll(file.path);
      expect(recognised).toMatchObject({ encoding: `windows-${codePage}`, warnings: [] });
      expect(trades).toHaveLength(1);
    },
  );

  test("a page that says the wrong one is read by its content", async () => {
    const wrong = history.replace("<head>", '<head><meta charset="utf-8">').replace("Account:", "@@");
    const [before = "", after = ""] = wrong.split("@@");
    const cyrillic = Buffer.from([0xd1, 0xf7, 0xe5, 0xf2, 0x20, 0xea, 0xeb, 0xe8, 0xe5, 0xed, 0xf2, 0xe0]);
    using file = new TemporaryFile("report.html", Buffer.concat([Buffer.from(before), cyrillic, Buffer.from(after)]));
    const { recognised } = await readAll(file.path);
    expect(recognised.encoding).toBe("windows-1251");
    expect(recognised.warnings).toHaveLength(1);
  });
});

describe("what is no report", () => {
  test.each([
    ["an empty file", ""],
    ["an empty page", "<html><body></body></html>"],
    [
      "a page with other tables",
      html(
        [
          ["Time", "Pair"],
          ["2026.01.05 10:00:00", "EURUSD"],
        ],
        { generator: "other" },
      ),
    ],
    ["text", "Dear reader,\nnothing here.\n"],
    [
      "another broker's CSV",
      "Date(UTC),Pair,Side,Price,Executed,Amount,Fee\n2026-01-05 10:00:00,BTCUSDT,BUY,1,2,3,4\n",
    ],
    [
      "a CSV that looks a little alike",
      "id,time,side,note\n1,2026-01-05 10:00:00,buy,x\n2,2026-01-05 10:00:00,sell,y\n",
    ],
    ["bytes of any kind", Uint8Array.from({ length: 5_000 }, (_, index) => (index * 7919) % 256)],
    ["a ZIP archive without a sheet", zip({ "readme.txt": "hello" })],
    [
      "a workbook with other rows",
      xlsx({
        rows: [
          ["a", "b"],
          [{ value: "1" }, { value: "2" }],
        ],
      }),
    ],
  ])("%s", async (_name, content) => {
    expect(await recognise(content)).toBeNull();
  });

  test("a page of five thousand other rows is given up early", async () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => [`row ${index}`, "x"]);
    expect(await recognise(html(rows, { generator: "other" }))).toBeNull();
  });
});

describe("what must be said", () => {
  test("the zone, when no report says it", async () => {
    using file = new TemporaryFile("report.html", history);
    const error = await failure(recogniseReport(file.path, { name: "report.html" }));
    expect(error).toMatchObject({ kind: "data", detail: { code: "timezone_required", subject: "report.html" } });
    expect(error.detail.hint).toContain("GMT+2/US");
  });

  test("a zone that is one", async () => {
    expect(await failure(recognise(history, { timezone: "GMT+2/XX" }))).toMatchObject({
      kind: "usage",
      detail: { code: "bad_timezone" },
    });
  });

  test("the currency, where the file has no head", async () => {
    const csv = [position(), position({ ticket: "702" })].map((row) => row.join(",")).join("\n");
    const error = await failure(recognise(csv));
    expect(error).toMatchObject({ kind: "data", detail: { code: "currency_required" } });
    expect(error.detail.hint).toContain("HTML");
    expect(error.detail.hint).toContain("--currency");
    expect(await recognise(csv, { currency: "EUR" })).toMatchObject({ currency: "EUR", kind: "csv" });
  });

  test("the head's currency goes before what the account says", async () => {
    expect(await recognise(history, { currency: "EUR" })).toMatchObject({ currency: "USD" });
  });

  test("a file that is there", async () => {
    expect(
      await failure(recogniseReport("/nowhere/report.html", { name: "report.html", timezone: "UTC" })),
    ).toMatchObject({ kind: "usage", detail: { code: "cannot_open" } });
    expect(await failure(recogniseReport("/tmp", { name: "tmp", timezone: "UTC" }))).toMatchObject({
      kind: "usage",
      detail: { code: "cannot_open" },
    });
  });
});

describe("heads", () => {
  test.each([
    [
      "hedging",
      [account("Hedge"), positionHeadings, position()],
      { accounting: "hedging", unit: "positions", currency: "USD" },
    ],
    [
      "netting with deals",
      [account("Netting"), positionHeadings, position(), dealHeadings, deal()],
      { accounting: "netting", unit: "deals" },
    ],
    ["netting without deals", [account("Netting"), positionHeadings, position()], { unit: "positions" }],
    [
      "not said, positions",
      [account(null), positionHeadings, position(), dealHeadings, deal()],
      { accounting: null, unit: "positions" },
    ],
    ["not said, deals alone", [account(null), dealHeadings, deal()], { accounting: null, unit: "deals" }],
    [
      "cents",
      [account("Hedge", "USC"), positionHeadings, position()],
      { currency: "USC", account: "5551", server: "Test-Server" },
    ],
    // The holder is called EUR: the currency stands before the leverage.
    [
      "a statement",
      [statement("JPY"), ticketHeadings, ticket()],
      { dialect: "metatrader_4_statement", currency: "JPY", account: "42" },
    ],
  ])("%s", async (_name, rows, expected) => {
    expect(await recognise(html(rows))).toMatchObject(expected);
  });

  test("a terminal's report without a trade is one, and empty", async () => {
    const { report, recognised } = await (async () => {
      using file = new TemporaryFile("report.html", html([account("Hedge"), positionHeadings]));
      return await readAll(file.path);
    })();
    expect(recognised.dialect).toBe("metatrader_5_history");
    expect(report).toMatchObject({ rows: 0, imported: 0 });
  });
});

describe("a file that was cut", () => {
  test.each(["mt5-history-chinese-gbk.html", "mt4-statement-russian-1251.htm", "mt5-tester-spanish.html"])(
    "%s, at any byte: never another amount, never a row that is not accounted for",
    async (name) => {
      const whole = await readAll(join(fixtures, name));
      const known = new Map(
        [...whole.trades, ...whole.executions].map((item) => [item.externalId, JSON.stringify(plain(item))]),
      );
      const revisions = new Map(whole.trades.map(({ externalId, revision }) => [externalId, revision]));
      const content = await Bun.file(join(fixtures, name)).bytes();
      let read = 0;
      for (let length = 400; length < content.length - 2; length += 97) {
        using file = new TemporaryFile(name, content.subarray(0, length));
        const recognised = await recogniseReport(file.path, { name, timezone: "GMT+2/EU", currency: "USD" }).catch(
          codeOf,
        );
        if (typeof recognised === "string" || recognised === null) {
          expect(["currency_required", "cut_short", "null"]).toContain(String(recognised));
          continue;
        }
        read++;
        expect(recognised.warnings.join()).toContain("ends before its end");
        const { trades, executions, report } = await readAll(file.path);
        expect(report.rejected).toBeLessThanOrEqual(1);
        for (const item of executions) expect(known.get(item.externalId)).toBe(JSON.stringify(plain(item)));
        // A position that two tickets closed against each other says less when one of them is missing, and a lower revision with it.
        for (const item of trades) {
          const isWhole = item.revision === revisions.get(item.externalId);
          if (isWhole) expect(known.get(item.externalId)).toBe(JSON.stringify(plain(item)));
          else expect(item.revision).toBeLessThan(revisions.get(item.externalId) ?? 0);
        }
      }
      expect(read > 10).toBe(!name.includes("chinese"));
    },
  );

  test("a sheet whose XML was cut is refused", async () => {
    const sheet = '<worksheet><sheetData><row r="1"><c t="inlineStr"><is><t>2026.01.05 10:00:00</t></is></c></row>';
    const content = zip({ "xl/worksheets/sheet1.xml": sheet });
    expect(await failure(recognise(content))).toMatchObject({ kind: "data", detail: { code: "damaged_file" } });
  });

  test("a sheet that was cut is refused", async () => {
    const content = xlsx({ rows: [["Account:", "5 (USD, S, demo, Hedge)"], position()] });
    for (const length of [content.length - 1, content.length - 30, Math.floor(content.length / 2)]) {
      expect(await failure(recognise(content.subarray(0, length)))).toMatchObject({
        kind: "data",
        detail: { code: "damaged_file" },
      });
    }
  });
});

const codeOf = (error: unknown): string => {
  if (error instanceof Failure) return error.detail.code ?? "";
  throw error;
};

describe("a file that means harm", () => {
  const small = {
    ...reportLimits,
    sheetBytesMax: 100_000,
    sharedStringsBytesMax: 50_000,
    rowsMax: 50,
    fileBytesMax: 20_000,
  };

  test("a sheet that unpacks to more than it may", async () => {
    const bomb = xlsx({
      rows: [position()],
      parts: { "xl/worksheets/sheet1.xml": `<worksheet>${" ".repeat(1_000_000)}</worksheet>` },
    });
    expect(bomb.length).toBeLessThan(5_000);
    expect(await failure(recognise(bomb, { limits: small }))).toMatchObject({ detail: { code: "file_too_large" } });
  });

  test("sheets that are small one by one and not together", async () => {
    const sheet = `<worksheet>${"<row/>".repeat(10_000)}</worksheet>`;
    const names = Array.from({ length: 40 }, (_, index) => [`xl/worksheets/sheet${index + 2}.xml`, sheet]);
    const bomb = xlsx({ rows: [position()], parts: Object.fromEntries(names) });
    expect(bomb.length).toBeLessThan(20_000);
    expect(await failure(recognise(bomb, { limits: small }))).toMatchObject({ detail: { code: "file_too_large" } });
  });

  test("a sheet that lies about its size", async () => {
    const parts = { "xl/worksheets/sheet1.xml": `<worksheet>${" ".repeat(1_000_000)}</worksheet>` };
    const bomb = zip(parts, { "xl/worksheets/sheet1.xml": 1_000 });
    expect(await failure(recognise(bomb, { limits: small }))).toMatchObject({ detail: { code: "damaged_file" } });
  });

  test("texts that unpack to more than they may", async () => {
    const bomb = xlsx({
      rows: [position()],
      parts: { "xl/sharedStrings.xml": `<sst><si><t>${"x".repeat(200_000)}</t></si></sst>` },
    });
    expect(await failure(recognise(bomb, { limits: small }))).toMatchObject({ detail: { code: "file_too_large" } });
  });

  test("entities that grow are not expanded", async () => {
    const dtd = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>';
    const sheet = `${dtd}<worksheet><sheetData><row r="1"><c t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>`;
    expect(await recognise(zip({ "xl/worksheets/sheet1.xml": sheet }))).toBeNull();
  });

  test("a workbook of thousands of parts", async () => {
    const parts = Object.fromEntries(Array.from({ length: 2_001 }, (_, index) => [`p${index}`, ""]));
    expect(await failure(recognise(zip(parts)))).toMatchObject({ detail: { code: "damaged_file" } });
  });

  test.each([
    ["tags in tags", `<html>${"<div>".repeat(2_000)}`],
    ["a comment without end", `<html><!--${"x".repeat(5_000_000)}`],
    ["a tag without end", `<html><td title="${"x".repeat(5_000_000)}`],
  ])("%s", async (_name, content) => {
    expect(await failure(recognise(content))).toMatchObject({ kind: "data", detail: { code: "damaged_file" } });
  });

  test("more rows than are kept", async () => {
    const rows = Array.from({ length: 51 }, (_, index) => position({ ticket: String(index) }));
    const page = html([account("Hedge"), positionHeadings, ...rows]);
    expect(await failure(recognise(page, { limits: { ...small, fileBytesMax: 1_000_000 } }))).toMatchObject({
      detail: { code: "too_many_rows" },
    });
  });

  test("a file that is too large", async () => {
    const rows = Array.from({ length: 500 }, (_, index) => position({ ticket: String(index) }));
    const page = html([account("Hedge"), positionHeadings, ...rows]);
    expect(await failure(recognise(page, { limits: { ...small, rowsMax: 1_000 } }))).toMatchObject({
      detail: { code: "file_too_large" },
    });
  });

  test("scripts, styles and hidden cells are nothing", async () => {
    const script = `<script>document.write("<tr><td>${position({ ticket: "999" }).join("</td><td>")}</td></tr>")</script>`;
    const page = history.replace("<table>", `${script}<style>td { content: "<td>" }</style><table>`);
    const recognised = await recognise(page.replace("<td>701</td>", `<td>${script}701</td>`));
    expect(recognised?.contents.closed.map(({ ticket: number }) => number)).toEqual(["701"]);
  });

  test("a script of many megabytes is passed over", async () => {
    const script = `<script>${'var row = "<tr><td>701</td></tr>";'.repeat(500_000)}</script>`;
    const page = history.replace("<table>", `${script}<table>`);
    expect(page.length).toBeGreaterThan(15_000_000);
    expect((await recognise(page))?.contents.closed).toHaveLength(1);
  });

  test("a run that is stopped stops", async () => {
    const stopped = AbortSignal.abort(new Error("stopped"));
    expect(recognise(history, { signal: stopped })).rejects.toThrow("stopped");
  });
});

describe("workbooks", () => {
  const head = ["Account:", null, null, "5551 (USD, Test-Server, demo, Hedge)"];
  const headings = positionHeadings.map((heading) => (typeof heading === "string" ? heading : heading.text));

  test("say the same as the page, in numbers of a sheet", async () => {
    const number = (value: string) => ({ value });
    const row = [
      ...[
        "2026.01.05 10:00:00",
        number("701"),
        "EURUSD",
        "buy",
        "0.10",
        number("1.1000000000000001"),
        number("1.0900000000000001"),
        null,
      ],
      ...["2026.01.05 12:00:00", number("1.105"), number("-0.69999999999999996"), number("0"), number("50")],
    ];
    using sheet = new TemporaryFile("report.xlsx", xlsx({ rows: [head, headings, row] }));
    using page = new TemporaryFile("report.html", history);
    const [fromSheet, fromPage] = [await readAll(sheet.path), await readAll(page.path)];
    expect(fromSheet.trades).toEqual(fromPage.trades);
    expect(fromSheet.recognised).toMatchObject({
      kind: "xlsx",
      currency: "USD",
      account: "5551",
      accounting: "hedging",
    });
  });

  test("that a spreadsheet saved again, with times as numbers and a prefix", async () => {
    const styles =
      '<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy\\.mm\\.dd hh:mm:ss"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>';
    const cells: Parameters<typeof xlsx>[0]["rows"][number] = [...position()].map((text) => ({ inline: text }));
    const rows = [
      head,
      headings,
      [
        { value: "46027.416666666664", style: 1 },
        ...cells.slice(1, 8),
        { value: "46027.5", style: 1 },
        ...cells.slice(9),
      ],
    ];
    using file = new TemporaryFile("report.xlsx", xlsx({ rows, styles, prefix: "x" }));
    const { trades } = await readAll(file.path, { timezone: "UTC" });
    expect(trades.map(plain)).toMatchObject([
      { openedAtMs: "2026-01-05T10:00:00.000Z", closedAtMs: "2026-01-05T12:00:00.000Z", netPnl: "49.3" },
    ]);
  });

  test("of a strategy tester", async () => {
    const rows = [
      ["Expert:", null, null, "Test"],
      ["Symbol:", null, null, "EURUSD"],
      ["Currency:", null, null, "EUR"],
      ["Initial Deposit:", null, null, { value: "1000" }],
      ["Leverage:", null, null, "1:100"],
      dealHeadings.map((heading) => (typeof heading === "string" ? heading : heading.text)),
      deal({ deal: "2" }),
    ];
    expect(await recognise(xlsx({ rows }))).toMatchObject({
      dialect: "metatrader_5_tester",
      currency: "EUR",
      unit: "deals",
    });
  });
});

describe("a test with its profit in pips", () => {
  const tester = (currency: string) =>
    html(
      [
        ["Expert:", "Test"],
        ["Symbol:", "EURUSD"],
        ["Currency:", currency],
        ["Initial Deposit:", "1 000.00"],
        ["Leverage:", "1:100"],
        dealHeadings,
        deal({ deal: "2" }),
      ],
      { generator: "strategy tester" },
    );

  test.each(["profit in pips", "Profit in Pips", "прибыль в пипсах", "ピップス単位の収益", "Pips"])(
    "%s is no currency, and is said",
    async (phrase) => {
      expect(await recognise(tester(phrase))).toMatchObject({
        currency: "PIPS",
        warnings: [expect.stringContaining("no money")],
      });
    },
  );

  test.each(["USD", "USC", "USDT.e", "eur"])("%s is one", async (currency) => {
    expect(await recognise(tester(currency))).toMatchObject({ currency, warnings: [] });
  });
});

describe("CSV", () => {
  test.each([",", ";", "\t", "|"])("with the delimiter %j", async (delimiter) => {
    const csv = [position(), position({ ticket: "702" })].map((row) => row.join(delimiter)).join("\r\n");
    const recognised = await recognise(csv, { currency: "USD" });
    expect(recognised?.contents.closed.map(({ ticket: number }) => number)).toEqual(["701", "702"]);
  });

  test("with a quote that is not closed costs its row", async () => {
    const rows = [deal({ deal: "1", comment: '"open' }), deal({ deal: "2", comment: '"a, b"' }), deal({ deal: "3" })];
    using file = new TemporaryFile("deals.csv", rows.map((row) => row.join(",")).join("\n"));
    const { report, executions } = await readAll(file.path);
    expect(executions.map(({ externalId }) => externalId.split(":").at(-1))).toEqual(["2", "3"]);
    expect(report).toMatchObject({ rows: 3, imported: 2, rejected: 1 });
    expect(report.problems).toMatchObject([{ line: 1, code: "cut_off" }]);
  });
});
