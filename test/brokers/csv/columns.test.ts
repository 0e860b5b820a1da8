import { describe, expect, test } from "bun:test";
import {
  amountIn,
  amountWithUnit,
  boolean,
  decimal,
  id,
  oneOf,
  optionalDecimal,
  optionalText,
  readEpoch,
  text,
  time,
} from "../../../src/brokers/csv/columns.ts";
import { CellError, type Column, type Reading, RowError } from "../../../src/brokers/csv/dialect.ts";
import { formatDecimal } from "../../../src/executions/decimal.ts";

const point: Reading = { decimalMark: ".", toUtcMs: (wallClockMs) => wallClockMs - 3_600_000 };
const comma: Reading = { ...point, decimalMark: "," };

/** By both ways of reading: the cell alone, and in the middle of a row where its neighbours must not matter. */
function read<T>(column: Column<T>, cell: string, reading: Reading = point): T {
  const attempt = (parse: () => T) => {
    try {
      return { value: parse() };
    } catch (error) {
      return { error };
    }
  };
  const alone = attempt(() => column.parse(cell, reading, "Header"));
  for (const [before, after] of [
    ["1,", ",1"],
    ["9", "9"],
    ["-", "."],
  ] as const) {
    const row = `${before}${cell}${after}`;
    const inRow = attempt(() => {
      if (column.parseAt === undefined) throw new Error("reads no part of a row");
      return column.parseAt(row, before.length, before.length + cell.length, reading);
    });
    if ("value" in alone && "value" in inRow) expect(inRow.value).toEqual(expectedIn(alone.value, before, row) as T);
    else expect(String(inRow.error)).toBe(String(alone.error));
  }
  if ("error" in alone) throw alone.error;
  return alone.value;
}

/** An amount says where in its row it is. */
function expectedIn(value: unknown, before: string, row: string): unknown {
  if (typeof value !== "object" || value === null || !("row" in value)) return value;
  const amount = value as unknown as { start: number; end: number };
  return { ...amount, row, start: amount.start + before.length, end: amount.end + before.length };
}

describe("decimal", () => {
  test.each([
    ["12.5", "12.5"],
    ["-0.00000001", "-0.00000001"],
    ["0", "0"],
    ["-0", "0"],
    ["+5", "5"],
    ["1234567", "1234567"],
    ["4,091", "4091"],
    ["1,234,567.89", "1234567.89"],
    ["1 250.00", "1250"],
    ["1\u00a0240.50", "1240.5"],
    ["1'000.5", "1000.5"],
    ["\u2212" + "3", "-3"],
    ["123456789012345.123456789012345678", "123456789012345.123456789012345678"],
    ["0.100000000000000000000", "0.1"],
    ["1E-8", "0.00000001"],
    ["1.5e+3", "1500"],
    ["0E-8", "0"],
    ["-2.25E1", "-22.5"],
  ])("with a point: %p is %s", (cell, value) => {
    expect(formatDecimal(read(decimal("h"), cell))).toBe(value);
  });

  test.each([
    ["12,5", "12.5"],
    ["-0,25", "-0.25"],
    ["1.500", "1500"],
    ["12.345,60", "12345.6"],
    ["1 250,00", "1250"],
    ["7", "7"],
    ["1,5E-7", "0.00000015"],
    ["0,001", "0.001"],
  ])("with a comma: %p is %s", (cell, value) => {
    expect(formatDecimal(read(decimal("h"), cell, comma))).toBe(value);
  });

  test.each([
    ["", point, "empty"],
    ["abc", point, "not_a_number"],
    ["1.2.3", point, "not_a_number"],
    ["1,5", point, "not_a_number"],
    ["0,091", point, "not_a_number"],
    ["12,34,567", point, "not_a_number"],
    [".5", point, "not_a_number"],
    ["5.", point, "not_a_number"],
    ["-", point, "not_a_number"],
    ["--5", point, "not_a_number"],
    ["1e999", point, "not_a_number"],
    ["NaN", point, "not_a_number"],
    ["Infinity", point, "not_a_number"],
    ["0x10", point, "not_a_number"],
    ["1234567890123456789012345678901", point, "not_a_number"],
    ["0.1234567890123456789", point, "not_a_number"],
    ["12.75", comma, "not_a_number"],
    ["0.5", comma, "not_a_number"],
    ["1,2,3", comma, "not_a_number"],
  ])("refuses %p", (cell, reading, code) => {
    expect(() => read(decimal("h"), cell, reading)).toThrow(expect.objectContaining({ name: "CellError", code }));
  });

  test("says which mark the file has", () => {
    expect(() => read(decimal("h"), "12.75", comma)).toThrow(/decimal mark is ","/);
  });

  test.each(["", "-", "--"])("optional: %p is nothing", (cell) => {
    expect(read(optionalDecimal("h"), cell)).toBeNull();
  });
});

describe("time", () => {
  const formats = [
    ["YYYY-MM-DD hh:mm:ss", "2022-01-20 23:17:49", "2022-01-20T23:17:49.000"],
    ["YYYY-MM-DD hh:mm:ss", "2024-02-29 00:00:00.123456", "2024-02-29T00:00:00.123"],
    ["YYYY-MM-DD hh:mm:ss", "2000-02-29 00:00:00.5", "2000-02-29T00:00:00.500"],
    ["YY-MM-DD hh:mm:ss", "26-03-17 09:34:12", "2026-03-17T09:34:12.000"],
    ["YYYY-MM-DD, hh:mm:ss", "2021-10-06, 09:45:56", "2021-10-06T09:45:56.000"],
    ["DD.MM.YYYY hh:mm:ss", "06.10.2021 09:45:56", "2021-10-06T09:45:56.000"],
    ["M/D/YYYY h:mm:ss A", "1/6/2021 12:05:00 AM", "2021-01-06T00:05:00.000"],
    ["M/D/YYYY h:mm:ss A", "12/31/2021 12:05:00 pm", "2021-12-31T12:05:00.000"],
    ["YYYY-MM-DD", "1999-12-31", "1999-12-31T00:00:00.000"],
    ["iso", "2026-03-01", "2026-03-01T00:00:00.000"],
    ["iso", "2026-03-01T10:00", "2026-03-01T10:00:00.000"],
    ["iso", "2026-03-01 10:00:00", "2026-03-01T10:00:00.000"],
  ] as const;

  test.each(formats)("%s reads %s on the file's clock", (format, cell, wallClock) => {
    const read1 = read(time("h", [format]), cell);
    expect(new Date(read1.utcMs + 3_600_000).toISOString()).toBe(`${wallClock}Z`);
    expect(read1.written).toBe(cell);
    expect(read1.text).toBe(wallClock.replace("T", " ").replace(".000", ""));
  });

  test("one time is one text, however a file writes it and whatever its zone", () => {
    const written = [
      ["YYYY-MM-DD hh:mm:ss", "2026-03-01 14:05:00"],
      ["YY-MM-DD hh:mm:ss", "26-03-01 14:05:00"],
      ["YYYY-MM-DD hh:mm:ss", "2026-03-01 14:05:00.000"],
      ["D.M.YYYY h:mm", "1.3.2026 14:05"],
      ["YYYY-MM-DD h:mm A", "2026-03-01 02:05 PM"],
      ["iso", "2026-03-01T14:05"],
      ["iso", "2026-03-01T14:05:00Z"],
      ["iso", "2026-03-01T15:05:00+01:00"],
    ] as const;
    for (const [format, cell] of written) expect(read(time("h", [format]), cell).text).toBe("2026-03-01 14:05:00");
    expect(readEpoch("1772373900", 1_000).text).toBe("2026-03-01 14:05:00");
    expect(readEpoch("1772373900120", 1).text).toBe("2026-03-01 14:05:00.120");
  });

  test.each([
    ["2026-03-01T10:00:00Z", "2026-03-01T10:00:00.000Z"],
    ["2026-03-01T10:00:00.250Z", "2026-03-01T10:00:00.250Z"],
    ["2026-03-01T10:00:00+02:00", "2026-03-01T08:00:00.000Z"],
    ["2026-03-01 10:00:00.1 -0530", "2026-03-01T15:30:00.100Z"],
    ["2026-03-01T10:00+14", "2026-02-28T20:00:00.000Z"],
    ["2026-03-01 10:00:00 UTC", "2026-03-01T10:00:00.000Z"],
  ])("a time that says its offset needs no clock: %s", (cell, instant) => {
    expect(new Date(read(time("h", ["iso"]), cell).utcMs).toISOString()).toBe(instant);
  });

  test("tries formats in their order, and day and month are where the format says", () => {
    const column = time("h", ["DD/MM/YYYY hh:mm:ss", "YYYY-MM-DD hh:mm:ss"]);
    expect(new Date(read(column, "03/04/2025 01:00:00").utcMs).toISOString()).toBe("2025-04-03T00:00:00.000Z");
    expect(new Date(read(column, "2025-04-03 01:00:00").utcMs).toISOString()).toBe("2025-04-03T00:00:00.000Z");
    expect(() => read(column, "03/13/2025 01:00:00")).toThrow(CellError);
  });

  test.each([
    ["YYYY-MM-DD hh:mm:ss", "2023-02-29 00:00:00"],
    ["YYYY-MM-DD hh:mm:ss", "2023-04-31 00:00:00"],
    ["YYYY-MM-DD hh:mm:ss", "2023-00-10 00:00:00"],
    ["YYYY-MM-DD hh:mm:ss", "2023-13-10 00:00:00"],
    ["YYYY-MM-DD hh:mm:ss", "2023-01-00 00:00:00"],
    ["YYYY-MM-DD hh:mm:ss", "2023-01-10 24:00:00"],
    ["YYYY-MM-DD hh:mm:ss", "2023-01-10 23:60:00"],
    ["YYYY-MM-DD hh:mm:ss", "2023-01-10 23:59:60"],
    ["YYYY-MM-DD hh:mm:ss", "2023-01-10T23:59:59+15:00"],
    ["DD/MM/YYYY hh:mm:ss", "2023-01-10"],
    ["YYYY-MM-DD hh:mm:ss", "2023-1-10 23:59:59"],
    ["YYYY-MM-DD hh:mm:ss", "2023-01-10 23:59:59."],
    ["YYYY-MM-DD hh:mm:ss", "44927.5"],
    ["YYYY-MM-DD hh:mm:ss", ""],
    ["M/D/YYYY h:mm:ss A", "1/6/2021 13:05:00 AM"],
    ["M/D/YYYY h:mm:ss A", "1/6/2021 1:05:00"],
    ["iso", "2026-03-01T10:00:00+15:00"],
    ["iso", "2026-03-01T10"],
    ["iso", "20260301T100000Z"],
    ["iso", "1772359200"],
  ])("%s refuses %p", (format, cell) => {
    expect(() => read(time("h", [format]), cell)).toThrow(expect.objectContaining({ code: "not_a_time" }));
  });

  test.each([
    ["DD/MM/YYYY hh:mm:ss", "2023-01-10 23:59:59", "2023-01-10T22:59:59.000Z"],
    ["M/D/YYYY h:mm:ss A", "2023-01-10 23:59", "2023-01-10T22:59:00.000Z"],
    ["YYYY-MM-DD hh:mm:ss", "2023-01-10T23:59:59Z", "2023-01-10T23:59:59.000Z"],
    ["YYYY-MM-DD hh:mm:ss", "2023-01-10 23:59:59+02:00", "2023-01-10T21:59:59.000Z"],
  ])("%s reads %p too, as spreadsheets and newer exports write it", (format, cell, expected) => {
    const reading = { decimalMark: ".", toUtcMs: (ms: number) => ms - 3_600_000 } as const;
    expect(new Date(time("h", [format]).parse(cell, reading, "h").utcMs).toISOString()).toBe(expected);
  });

  test("agrees with the calendar on every day of two centuries", () => {
    const column = time("h", ["YYYY-MM-DD"]);
    for (let dayMs = Date.UTC(1900, 0, 1); dayMs < Date.UTC(2101, 0, 1); dayMs += 86_400_000) {
      const cell = new Date(dayMs).toISOString().slice(0, 10);
      expect(column.parse(cell, { ...point, toUtcMs: (wallClockMs) => wallClockMs }, "h").utcMs).toBe(dayMs);
    }
  });

  test("counts since 1970 only where they are stated", () => {
    expect(readEpoch("1767225600.5", 1_000).utcMs).toBe(1_767_225_600_500);
    expect(readEpoch("1767225600500", 1).utcMs).toBe(1_767_225_600_500);
    for (const cell of ["", "1e3", "-1", "0x1", "12345678901234"]) expect(() => readEpoch(cell, 1)).toThrow(CellError);
  });
});

describe("text and choices", () => {
  test("one string for equal cells, also when others came between", () => {
    const column = text("h");
    const cells = Array.from({ length: 3_000 }, (_, index) => `SYM${index % 1_500}`);
    expect(cells.map((cell) => read(column, cell))).toEqual(cells);
  });

  test.each(["Ünïcode", "日本", "a b"])("%p stays as it is", (cell) => {
    expect(read(text("h"), cell)).toBe(cell);
    expect(read(id("h"), cell)).toBe(cell);
  });

  test("nothing is an error, or null where it may be missing", () => {
    expect(() => read(text("h"), "")).toThrow(expect.objectContaining({ code: "empty" }));
    expect(() => read(id("h"), "")).toThrow(expect.objectContaining({ code: "empty" }));
    expect(read(optionalText("h"), "")).toBeNull();
    expect(read(optionalText("h"), "-")).toBeNull();
    expect(read(optionalText("h"), "-1")).toBe("-1");
  });

  test("a choice in any case; another one is an error that lists them", () => {
    const side = oneOf("h", { BUY: "buy", SELL: "sell" });
    expect([read(side, "BUY"), read(side, "sell"), read(side, "Buy")]).toEqual(["buy", "sell", "buy"]);
    expect(() => read(side, "HOLD")).toThrow("one of BUY, SELL");
    expect(() => read(side, "BUYS")).toThrow(expect.objectContaining({ code: "unknown_value" }));
    expect(() => read(side, "")).toThrow(expect.objectContaining({ code: "empty" }));
  });

  test.each([
    ["true", true],
    ["FALSE", false],
    ["Y", true],
    ["0", false],
  ])("%p is %p", (cell, value) => {
    expect(read(boolean("h"), cell)).toBe(value);
  });
});

describe("amounts with their unit", () => {
  const amount = (cell: string, units: readonly string[], reading = point) => {
    const { value, unit } = amountIn(read(amountWithUnit("h"), cell, reading), units, "executed");
    return `${formatDecimal(value)} ${unit}`;
  };

  test.each([
    ["299.0TRX", ["TRX"], "299 TRX"],
    ["0.29528919 USDC", ["USDC"], "0.29528919 USDC"],
    ["2,500.0000000000ADA", ["ADA"], "2500 ADA"],
    ["5.11INCH", ["1INCH", "USDT"], "5.1 1INCH"],
    ["50001000SATS", ["1000SATS", "USDT"], "5000 1000SATS"],
    ["10.0419USDT", ["1INCH", "USDT"], "10.0419 USDT"],
    ["0.00001853BNB", ["1INCH", "USDT"], "0.00001853 BNB"],
    ["7123", ["123"], "7 123"],
    ["-0.5USDT", ["USDT"], "-0.5 USDT"],
    ["12", ["USDT"], "12 null"],
    ["1INCH", ["1INCH"], "1 INCH"],
  ])("%s with %p is %s", (cell, units, expected) => {
    expect(amount(cell, units)).toBe(expected);
  });

  test("with a decimal comma", () => {
    expect(amount("1.250,5DOT", ["DOT"], comma)).toBe("1250.5 DOT");
  });

  test.each(["USDT", "1.2.3USDT", "1,5USDT", "5-USDT"])("refuses %p and names the column", (cell) => {
    expect(() => amount(cell, ["USDT"])).toThrow(expect.objectContaining({ name: "RowError", column: "executed" }));
    expect(() => amount(cell, ["USDT"])).toThrow(RowError);
  });
});
