import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RecogniseOptions, readPages, recognise } from "../../../src/brokers/csv/read.ts";
import { createFileReport } from "../../../src/brokers/csv/report.ts";
import { type UnsureTimesOfFile, unsureTimesText } from "../../../src/brokers/csv/unsure-times.ts";
import { Failure } from "../../../src/errors.ts";
import { readAll } from "./golden.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "csv-read-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;

function write(content: string | Uint8Array, name = "file.csv"): string {
  const path = join(mkdtempSync(join(folder, `${files++}-`)), name);
  writeFileSync(path, content);
  return path;
}

const read = (content: string | Uint8Array, options: Partial<RecogniseOptions> = {}) =>
  readAll(write(content), options);

async function failureOf(content: string | Uint8Array, options: Partial<RecogniseOptions> = {}): Promise<Failure> {
  try {
    await read(content, options);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("did not fail");
}

const header = "Time,Symbol,Side,Price,Quantity,Amount,Fee,Realized Profit,Buyer,Maker,Trade ID,Order ID";
const row = (change: Partial<Record<"time" | "price" | "fee" | "side" | "id" | "maker", string>> = {}) => {
  const {
    time = "2026-01-02 03:04:05",
    price = "100",
    fee = "0.1 USDT",
    side = "BUY",
    id = "1",
    maker = "true",
  } = change;
  return `${time},BTCUSDT,${side},${price},2,200,${fee},0,true,${maker},${id},9`;
};
const file = (...rows: string[]) => `${[header, ...rows].join("\n")}\n`;

describe("encodings, delimiters and line ends", () => {
  const text = (delimiter: string, newline: string) =>
    ["Čas,Pár,Strana,Cena,Provedeno,Částka,Poplatek", "24-06-01 07:08:09,BTCEUR,BUY,60000,0.01BTC,600EUR,0.0008BNB", ""]
      .map((line) => line.replaceAll(",", delimiter))
      .join(newline);
  const utf16be = (content: string) => Buffer.from(content, "utf16le").swap16();
  const encodings: [string, (content: string) => Uint8Array][] = [
    ["UTF-8", (content) => Buffer.from(content)],
    ["UTF-8 with byte order mark", (content) => Buffer.from(`\ufeff${content}`)],
    ["UTF-16LE", (content) => Buffer.from(content, "utf16le")],
    ["UTF-16LE with byte order mark", (content) => Buffer.from(`\ufeff${content}`, "utf16le")],
    ["UTF-16BE", utf16be],
    ["UTF-16BE with byte order mark", (content) => utf16be(`\ufeff${content}`)],
  ];
  const all = encodings.flatMap(([encoding, encode]) =>
    [",", ";", "\t", "|"].flatMap((delimiter) =>
      ["\n", "\r\n", "\r"].map((newline) => [encoding, delimiter, newline, encode] as const),
    ),
  );

  test.each(all)("%s, %p, %p", async (encoding, delimiter, newline, encode) => {
    const { recognised, report, executions } = await read(encode(text(delimiter, newline)));
    expect({ encoding: recognised.encoding, delimiter: recognised.delimiter, rows: report.rows }).toEqual({
      encoding,
      delimiter,
      rows: 1,
    });
    expect(executions[0]).toMatchObject({ symbol: "BTCEUR", quantity: "0.01", executedAt: "2024-06-01T07:08:09.000Z" });
  });

  test("Windows-1252 when nothing in it is UTF-8, and says so", async () => {
    const bytes = Buffer.from(file(row({ id: "caf\u00e9" })), "latin1");
    const { recognised, executions } = await read(bytes);
    expect(recognised.encoding).toBe("Windows-1252");
    expect(executions[0]?.externalId).toBe("binance:linear:BTCUSDT:caf\u00e9");
  });

  test.each([
    [
      "UTF-8 with a broken character",
      Buffer.concat([Buffer.from(file(row({ id: "é" }))), Buffer.from([0xc3, 0x28, 10])]),
      3,
    ],
    [
      "UTF-8 that was cut off",
      Buffer.concat([Buffer.from(file(row(), row({ id: "2" }))), Buffer.from([0x41, 0xe2, 0x82])]),
      4,
    ],
    ["bytes of no encoding", Buffer.concat([Buffer.from(file(row())), Buffer.from([0x81, 0xff, 10])]), 3],
    ["a lone surrogate", Buffer.from(`\ufeff${file(row(), "\ud800")}`, "utf16le"), 3],
  ])("%s is an error with its line", async (_name, bytes, line) => {
    const failure = await failureOf(bytes);
    expect(failure.kind).toBe("data");
    expect(failure.detail).toMatchObject({ code: "bad_encoding", subject: `file.csv:${line}` });
  });

  test("UTF-16 cut inside a character is an error", async () => {
    const bytes = Buffer.from(`\ufeff${file(row())}`, "utf16le");
    expect((await failureOf(bytes.subarray(0, bytes.length - 1))).detail.code).toBe("bad_encoding");
  });

  test("a zero byte in text is an error with its line", async () => {
    expect((await failureOf(file(row(), "a\0b"))).detail).toMatchObject({ code: "not_text", subject: "file.csv:3" });
  });

  test("a line without an end is bounded", async () => {
    const failure = await failureOf(`${header}\n${"x".repeat(3_000_000)}`);
    expect(failure.detail.code).toBe("line_too_long");
  });
});

describe("files that are no CSV", () => {
  test.each([
    ["gzip", Bun.gzipSync(Buffer.from(file(row()))), "not_csv", /gzip/],
    ["ZIP", Buffer.from("PK\u0003\u0004 trades.csv"), "not_csv", /ZIP/],
    ["Excel", Buffer.from("PK\u0003\u0004 [Content_Types].xml"), "not_csv", /Excel/],
    ["PDF", Buffer.from("%PDF-1.7\n"), "not_csv", /PDF/],
    ["HTML", Buffer.from("<!DOCTYPE html><html>"), "not_csv", /HTML/],
    ["HTML in UTF-16", Buffer.from("\ufeff<html>", "utf16le"), "not_csv", /HTML/],
    ["nothing", Buffer.from(""), "empty_file", /empty/],
  ])("%s is refused by what it is", async (_name, bytes, code, message) => {
    const failure = await failureOf(bytes);
    expect(failure.kind).toBe("data");
    expect(failure.detail.code).toBe(code);
    expect(failure.message).toMatch(message);
  });

  test("a path that is no file", async () => {
    for (const path of [folder, join(folder, "missing.csv")]) {
      expect(recognise(path, { name: "it" })).rejects.toMatchObject({ kind: "usage", detail: { code: "cannot_open" } });
    }
  });
});

describe("a clock that was changed", () => {
  const paris = (...times: string[]) => {
    const rows = times.map((time) => `${time},BTC/EUR,buy,1,50000`);
    return read(["time,symbol,side,quantity,price", ...rows, ""].join("\n"), { timezone: "Europe/Paris" });
  };

  test("shows an hour twice: the earlier is taken, and the report says so", async () => {
    const { executions, report } = await paris("2025-10-26 01:59:59", "2025-10-26 02:30:00", "2025-10-26 02:30:00");
    expect(executions.map(({ executedAt }) => executedAt)).toEqual([
      "2025-10-25T23:59:59.000Z",
      "2025-10-26T00:30:00.000Z",
      "2025-10-26T00:30:00.000Z",
    ]);
    expect(report.unsureTimes).toEqual({
      zone: "Europe/Paris",
      times: [{ clock: "2025-10-26 02:30:00", kind: "ambiguous" }],
    });
    expect(unsureTimesText(report.unsureTimes as UnsureTimesOfFile)).toBe(
      "The clock of Europe/Paris showed 2025-10-26 02:30:00 twice, and the earlier instant was taken.",
    );
  });

  test("leaves an hour out: the zone may be wrong", async () => {
    const { report } = await paris("2025-03-30 02:15:00.120", "2025-03-30 02:45:00", "2025-10-26 02:00:00");
    expect(unsureTimesText(report.unsureTimes as UnsureTimesOfFile)).toBe(
      "The clock of Europe/Paris showed 2025-10-26 02:00:00 twice, and the earlier instant was taken. " +
        "The clock of Europe/Paris never showed 2025-03-30 02:15:00.120 and 1 more: is --timezone right?",
    );
  });

  test("is nothing to times that say their offset, nor to other hours", async () => {
    const { report } = await paris("2025-10-26T02:30:00+01:00", "2025-10-26 03:00:00");
    expect(report).not.toHaveProperty("unsureTimes");
  });
});

describe("which dialect it is", () => {
  test("an unknown header is shown, with the known ones and what to do", async () => {
    const failure = await failureOf("Order,When,What\n1,2,3\n");
    expect(failure.detail.code).toBe("unknown_dialect");
    expect(failure.message).toContain("Order,When,What");
    expect(failure.detail.hint).toContain("binance_usdm_trades");
    expect(failure.detail.hint).not.toContain("nearly");
    expect(failure.detail.hint).toContain("--map");
    expect(failure.detail.hint).toContain("--dialect");
  });

  test("an unknown header that lacks a little of a known one is told what", async () => {
    const failure = await failureOf(
      "Time,Symbol,Side,Price,Volume,Amount,Fee,Realized Profit,Maker,Trade ID,Order ID\n",
    );
    expect(failure.detail.hint?.split("\n")[0]).toBe(
      "It is nearly binance_usdm_trades (Time, Symbol, Side, Price, Quantity, Amount, Fee, Realized Profit, Maker, Trade ID, Order ID); " +
        'missing, 1 of 11: "Quantity".',
    );
  });

  test.each([
    ["a list of holdings", "Coin,Total,Available,In Order,BTC Value"],
    ["our own names beside foreign ones", "time,symbol,side,quantity,price,status"],
  ])("%s is unknown", async (_name, line) => {
    expect((await failureOf(`${line}\n`)).detail.code).toBe("unknown_dialect");
  });

  test("the header may be preceded by other rows, and names may differ in case and blanks", async () => {
    const lines = ["Report,of,fills", "", ` ${header.toLowerCase().replaceAll(",", " , ")}`, row()];
    const { recognised, report } = await read(`${lines.join("\n")}\n`);
    expect(recognised.headerLine).toBe(3);
    expect(report.imported).toBe(1);
  });

  test("but not by more than thirty", async () => {
    const failure = await failureOf(`${"a,b\n".repeat(30)}${file(row())}`);
    expect(failure.detail.code).toBe("unknown_dialect");
  });

  test("one that is chosen must have its columns", async () => {
    const failure = await failureOf("Time,Symbol,Price\n", { dialect: "binance_usdm_trades" });
    expect(failure.detail.code).toBe("missing_columns");
    expect(failure.message).toContain('"Quantity"');
    expect(failure.message).not.toContain('"Price"');
    expect((await failureOf(file(row()), { dialect: "nonsense" })).detail).toMatchObject({ code: "unknown_dialect" });
  });

  test("one that is chosen wins", async () => {
    const text = "time,symbol,side,quantity,price,status\n2026-01-01T00:00:00Z,ABCUSDT,buy,1,2,ok\n";
    const { recognised, executions } = await read(text, { dialect: "generic", market: "stock", currency: "USD" });
    expect(recognised.dialect).toBe("generic");
    expect(executions[0]).toMatchObject({ market: "stock", symbol: "ABCUSDT" });
  });

  test("a statement without trades has no such section", async () => {
    const failure = await failureOf(
      "Statement,Header,Field Name,Field Value\nStatement,Data,Title,Activity Statement\n",
    );
    expect(failure.detail.code).toBe("section_missing");
  });

  test("a statement's section is found however late it comes", async () => {
    const other = "Open Positions,Data,Summary,Stocks,USD,WIDG,1,1,1\n".repeat(20_000);
    const trades =
      "Trades,Header,DataDiscriminator,Asset Category,Currency,Symbol,Date/Time,Quantity,T. Price,Comm/Fee\n" +
      'Trades,Data,Order,Stocks,USD,WIDG,"2025-01-02, 10:00:00",1,2,-1\n';
    const { recognised, report } = await read(`Statement,Header,Field Name,Field Value\n${other}${trades}`);
    expect(recognised.headerLine).toBe(20_002);
    expect(report.imported).toBe(1);
  });
});

describe("--map", () => {
  const text = "When,What,Way,Size,At\n2026-01-01T00:00:00Z,ABCUSDT,buy,1,2\n";
  const map = ["When=time", "what = symbol", "Way=side", "Size=quantity", "At=price"];

  test("reads their names as ours", async () => {
    const { executions } = await read(text, { map });
    expect(executions[0]).toMatchObject({ symbol: "ABCUSDT", side: "buy", quantity: "1", price: "2" });
  });

  test.each([
    [["When"], "bad_map"],
    [["=time"], "bad_map"],
    [["When=when"], "bad_map"],
    [["When=time", "What=time"], "bad_map"],
    [["When=time", "when=symbol"], "bad_map"],
  ])("refuses %p", async (pairs, code) => {
    expect(await failureOf(text, { map: pairs })).toMatchObject({ kind: "usage", detail: { code } });
  });

  test("names what is missing", async () => {
    const failure = await failureOf(text, { map: [...map.slice(0, 4), "Price=price"] });
    expect(failure.detail.code).toBe("missing_columns");
    expect(failure.message).toContain('"price"');
  });

  test("is not for other dialects", async () => {
    const failure = await failureOf(file(row()), { map: ["Time=time"], dialect: "binance_usdm_trades" });
    expect(failure).toMatchObject({ kind: "usage", detail: { code: "map_not_allowed" } });
  });
});

describe("time zones", () => {
  const generic = (time: string) => `time,symbol,side,quantity,price\n${time},ABCUSDT,buy,1,2\n`;
  const timeOf = async (content: string, options: Partial<RecogniseOptions> = {}) => {
    const { recognised, executions } = await read(content, options);
    return `${executions[0]?.executedAt} by ${recognised.zoneFrom}`;
  };

  test("must be given where neither file nor dialect says one", async () => {
    const failure = await failureOf(generic("2026-01-01 00:00:00"));
    expect(failure.detail.code).toBe("timezone_required");
    expect(failure.detail.hint).toContain("--timezone");
    expect(await timeOf(generic("2026-01-01 00:00:00"), { timezone: "Europe/Paris" })).toBe(
      "2025-12-31T23:00:00.000Z by option",
    );
    expect(await timeOf(generic("2026-01-01 00:00:00Z"))).toBe("2026-01-01T00:00:00.000Z by null");
  });

  test("a first time without one, late in the file, is the error of its row", async () => {
    const rows = Array.from({ length: 300 }, (_, index) => `2026-01-01T00:00:00Z,ABCUSDT,buy,1,${index + 1}`);
    const { report } = await read(
      `${generic("2026-01-01T00:00:00Z")}${rows.join("\n")}\n2026-01-02 00:00:00,ABCUSDT,sell,1,2\n`,
    );
    expect(report).toMatchObject({ imported: 301, rejected: 1 });
    expect(report.problems[0]).toMatchObject({ line: 303, column: "time", code: "timezone_required" });
  });

  test("the header's wins over the file's name, that over the option, that over the dialect's", async () => {
    const spot = (time: string) =>
      `${time},Pair,Side,Price,Executed,Amount,Fee\n2026-07-01 12:00:00,BTCUSDT,BUY,1,1BTC,1USDT,0BNB\n`;
    const named = { name: "Binance-Spot (UTC+3).csv", timezone: "America/New_York" };
    expect(await timeOf(spot("Date(UTC+1)"), named)).toBe("2026-07-01T11:00:00.000Z by header");
    expect(await timeOf(spot("Date(UTC)"), named)).toBe("2026-07-01T12:00:00.000Z by header");
    expect(await timeOf(spot("Time"), named)).toBe("2026-07-01T09:00:00.000Z by name");
    expect(await timeOf(spot("Time"), { ...named, name: "x (UTC--6).csv" })).toBe("2026-07-01T18:00:00.000Z by name");
    expect(await timeOf(spot("Time"), { timezone: "America/New_York" })).toBe("2026-07-01T16:00:00.000Z by option");
    expect(await timeOf(spot("Time"))).toBe("2026-07-01T12:00:00.000Z by dialect");
  });

  test("what is no zone is refused", async () => {
    expect(await failureOf(file(row()), { timezone: "Mars" })).toMatchObject({
      kind: "usage",
      detail: { code: "bad_timezone" },
    });
  });

  test("ids do not depend on it", async () => {
    const ids = async (timezone: string) =>
      (await read(generic("2026-01-01 00:00:00"), { timezone })).executions[0]?.externalId;
    expect(await ids("Europe/Paris")).toBe(await ids("Asia/Tokyo"));
  });
});

describe("rows that cannot be read", () => {
  test.each([
    ["a price", row({ price: "12x" }), "Price", "not_a_number", "12x"],
    ["an empty price", row({ price: "" }), "Price", "empty", ""],
    ["a decimal comma", row({ price: '"1,5"' }), "Price", "not_a_number", "1,5"],
    ["a side", row({ side: "HOLD" }), "Side", "unknown_value", "HOLD"],
    ["a time", row({ time: "02.01.2026 03:04:05" }), "Time", "not_a_time", "02.01.2026 03:04:05"],
    ["a time that never was", row({ time: "2026-02-30 03:04:05" }), "Time", "not_a_time", "2026-02-30 03:04:05"],
    [
      "a time of another century",
      row({ time: "1899-01-02 03:04:05" }),
      "Time",
      "time_out_of_range",
      "1899-01-02 03:04:05",
    ],
    ["a fee without its asset", row({ fee: "0.1" }), "Fee", "unit_missing", "0.1"],
    ["a fee that is no number", row({ fee: "free" }), "Fee", "not_a_number", "free"],
    ["a price below zero", row({ price: "-1" }), "Price", "negative", "-1"],
    ["a flag", row({ maker: "perhaps" }), "Maker", "unknown_value", "perhaps"],
    ["an id that is missing", row({ id: "" }), "Trade ID", "empty", ""],
    ["too few columns", "2026-01-02 03:04:05,BTCUSDT", null, "column_count", null],
    ["too many columns", `${row()},1`, null, "column_count", null],
    ["more than any row has", row({ price: " ".repeat(20_000) }), null, "too_long", null],
    ["an open quote", row().replace("BTCUSDT", '"BTCUSDT'), null, "unclosed_quote", null],
    ["a quote that ends too early", row().replace("BTCUSDT", '"BTC"USDT'), null, "bad_quote", null],
  ])(
    "%s: line, column, value and what was expected; the others are imported",
    async (_name, bad, column, code, said) => {
      const { report, executions } = await read(file(row(), bad, row({ id: "3", time: "2026-01-02 03:04:06" })));
      expect(executions.map(({ externalId }) => externalId)).toEqual([
        "binance:linear:BTCUSDT:1",
        "binance:linear:BTCUSDT:3",
      ]);
      expect(report).toMatchObject({ rows: 3, imported: 2, rejected: 1, truncated: false });
      expect(report.problems).toEqual([{ line: 3, column, code, said, message: expect.any(String) }]);
      if (said) expect(report.problems[0]?.message).toContain(`"${said}"`);
      if (column !== null) expect(report.problems[0]?.message).toMatch(/expected|must|does not/);
    },
  );

  test("blank lines, trailing delimiters and the header again are none", async () => {
    const { report } = await read(`\n${header},,\n\n${row()},,\n ,,,,,,,,,,, \n${header}\n\n`);
    expect(report).toMatchObject({
      rows: 2,
      imported: 1,
      rejected: 0,
      skipped: { "the header again": { count: 1, lines: [6] } },
    });
  });

  test("200 problems are kept, all are counted, the kept ones are the first lines whatever the order of reading", async () => {
    const bad = Array.from({ length: 5_000 }, (_, index) =>
      row({
        time: new Date(1.7e12 - index * 1e6).toISOString().slice(0, 19).replace("T", " "),
        id: String(index),
        price: index % 2 === 0 ? "x" : "1",
      }),
    );
    const { report } = await read(file(...bad));
    expect(report).toMatchObject({ rows: 5_000, imported: 2_500, rejected: 2_500, truncated: true });
    expect(report.problems.map(({ line }) => line)).toEqual(Array.from({ length: 200 }, (_, index) => 2 + index * 2));
  });

  test("lines are counted where cells go over several of them", async () => {
    const { report } = await read(file(row({ id: '"a\nb"' }), row({ price: "x" })));
    expect(report).toMatchObject({ imported: 1, rejected: 1 });
    expect(report.problems[0]?.line).toBe(4);
  });

  test("what a cell said is cut to a readable length", async () => {
    const { report } = await read(file(row({ price: "x".repeat(500) })));
    expect(report.problems[0]?.said).toHaveLength(100);
    expect(report.problems[0]?.message.length).toBeLessThan(200);
  });
});

describe("executions", () => {
  test("two accounts in one file are refused, and named", async () => {
    const failure = await failureOf(`Uid,${header}\n7,${row()}\n8,${row({ id: "2" })}\n7,${row({ id: "3" })}\n`);
    expect(failure.detail).toMatchObject({ code: "several_accounts", subject: "file.csv" });
    expect(failure.message).toBe("file.csv holds 2 accounts: 7 (2 rows), 8 (1 row).");
    expect(failure.detail.hint).toContain("--source-account 7");
    const { report } = await read(`Uid,${header}\n7,${row()}\n8,2026-01-02 03:04:05,short\n7,${row({ id: "2" })}\n`);
    expect(report).toMatchObject({ imported: 2, rejected: 1 });
  });

  test("of several accounts one is taken, and the rows of the others are known to be theirs", async () => {
    const text = `Uid,${header}\n7,${row()}\n8,${row()}\n8,x,${row()}\n,${row({ id: "4" })}\n7,${row({ id: "3" })}\n`;
    const { report, executions } = await read(text, { sourceAccount: "7" });
    expect(executions.map(({ externalId }) => externalId)).toEqual([
      "binance:linear:BTCUSDT:1",
      "binance:linear:BTCUSDT:3",
    ]);
    expect(report.skipped).toEqual({ "of another account": { count: 2, lines: [3, 4] } });
    expect(report.problems).toMatchObject([{ line: 5, column: "Uid", code: "account_missing" }]);
    expect((await read(text, { sourceAccount: "8" })).executions).toHaveLength(1);
  });

  test("an account that no row names is refused, with those that there are", async () => {
    const failure = await failureOf(`Uid,${header}\n7,${row()}\n`, { sourceAccount: "8" });
    expect(failure.detail).toMatchObject({ code: "no_such_source_account" });
    expect(failure.message).toContain('no rows of account "8": it has 7 (1 row)');
    const unnamed = await failureOf(file(row()), { sourceAccount: "8" });
    expect(unnamed.message).toContain("none of its rows names an account");
  });

  test("a column that says another account in each row is no column of accounts", async () => {
    const rows = Array.from({ length: 1_200 }, (_, index) => `u${index},${row({ id: String(index) })}`);
    const failure = await failureOf(`Uid,${header}\n${rows.join("\n")}\n`);
    expect(failure.message).toMatch(/^file\.csv holds more than 1000 accounts: .* and \d+ more\.$/);
  });

  test.each(["1.1E+10", "8,38977E+18"])("an id that a spreadsheet rounded is no id: %s", async (id) => {
    const { report, executions } = await read(file(row({ id: `"${id}"` }), row({ id: "12" })));
    expect(executions).toHaveLength(1);
    expect(report.problems).toMatchObject([{ line: 2, column: "Trade ID", code: "rounded_id", said: id }]);
  });

  test("an id that comes again is one execution, or an error when it says something else", async () => {
    const { report, executions } = await read(file(row(), row(), row({ price: "101" }), row({ id: "2" })));
    expect(executions.map(({ externalId, price }) => `${externalId} ${price}`)).toEqual([
      "binance:linear:BTCUSDT:1 100",
      "binance:linear:BTCUSDT:2 100",
    ]);
    expect(report.skipped).toEqual({ "the same execution again": { count: 1, lines: [3] } });
    expect(report.problems).toMatchObject([{ line: 4, code: "duplicate_id" }]);
  });

  test("identical rows of one minute, whose seconds stand elsewhere in the file, have ids of their own", async () => {
    const fills = [10, 30, 59].map((second) => `,5/6/26 10:00:${second},STOCK,BUY,+5,TO OPEN,ACME,,,STOCK,9,9,MKT`);
    const head = ",Exec Time,Spread,Side,Qty,Pos Effect,Symbol,Exp,Strike,Type,Price,Net Price,Order Type";
    const text = ["Account Statement for X", "", "Account Trade History", head, ...fills, ""].join("\n");
    const { executions } = await read(text, { timezone: "UTC" });
    expect(executions.map(({ externalId }) => externalId?.slice(-2))).toEqual(["-0", "-1", "-2"]);
  });

  test("the account's broker stands in the ids of files that are no broker's own", async () => {
    const text = "time,symbol,side,quantity,price,id\n2026-01-01T00:00:00Z,ABCUSDT,buy,1,2,x1\n";
    expect((await read(text, { broker: "acme" })).executions[0]?.externalId).toBe("acme:spot:ABCUSDT:x1");
    expect((await read(file(row()), { broker: "acme" })).executions[0]?.externalId).toBe("binance:linear:BTCUSDT:1");
  });

  test("the account's market is taken where the file does not say", async () => {
    const spot = "Date(UTC),Pair,Side,Price,Executed,Amount,Fee\n2026-07-01 12:00:00,BTCUSDT,BUY,1,1BTC,1USDT,0BNB\n";
    expect((await read(spot, { market: "margin" })).executions[0]?.market).toBe("margin");
    expect((await read(spot, { market: "linear" })).executions[0]?.market).toBe("spot");
    expect((await read(file(row()), { market: "spot" })).executions[0]?.market).toBe("linear");
  });

  test("the report says their first and last time", async () => {
    const { report } = await read(
      file(row({ time: "2026-01-03 00:00:00", id: "2" }), row({ time: "2026-01-01 00:00:00" })),
    );
    expect(report).toMatchObject({ firstMs: Date.UTC(2026, 0, 1), lastMs: Date.UTC(2026, 0, 3) });
  });

  test("reading stops when it is told to", async () => {
    const path = write(file(row()));
    const recognised = await recognise(path, { name: "file.csv" });
    const pages = readPages(recognised, createFileReport(), AbortSignal.abort(new Error("stop")));
    expect(pages.next()).rejects.toThrow("stop");
  });

  test("a file that became shorter is an error", async () => {
    const path = write(file(row(), row({ id: "2" })));
    const recognised = await recognise(path, { name: "file.csv" });
    writeFileSync(path, file(row()));
    expect(readPages(recognised, createFileReport()).next()).rejects.toMatchObject({
      detail: { code: "file_changed" },
    });
  });
});
