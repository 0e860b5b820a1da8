import { describe, expect, test } from "bun:test";
import { decimal, text, time } from "../../../src/brokers/csv/columns.ts";
import { decimalMarkOf } from "../../../src/brokers/csv/decimal-mark.ts";
import { findHeader, parseRenames } from "../../../src/brokers/csv/detect.ts";
import { type Dialect, defineDialect, skip } from "../../../src/brokers/csv/dialect.ts";
import { nameOf, zoneOf } from "../../../src/brokers/csv/header.ts";

const dialect = (id: string, headers: string[][], change: Partial<Dialect> = {}): Dialect => ({
  ...defineDialect({
    id,
    broker: "acme",
    title: id,
    export: "nowhere",
    markets: ["spot"],
    layout: { kind: "table" },
    headers,
    timezone: "UTC",
    statedPnl: null,
    columns: { time: time("Time", ["iso"]), symbol: text("Symbol"), price: { ...decimal("Price"), optional: true } },
    timeColumn: "time",
    toExecution: () => skip("a test"),
  }),
  ...change,
});

const small = dialect("small", [["Time", "Symbol"]]);
const large = dialect("large", [["Time", "Symbol", "Price"]]);
const other = dialect("other", [["Time", "Symbol", "Note"]]);

const find = (line: string, known: readonly Dialect[]) =>
  findHeader(`${line}\n`, "\n", true, { name: "f.csv", dialect: undefined, renames: new Map(), known })?.dialect.id;

describe("which dialect a header is", () => {
  test("the one whose names it has, whatever else it has", () => {
    expect(find("Symbol,Extra,Time", [small])).toBe("small");
    expect(() => find("Symbol,Extra", [small])).toThrow(/Symbol,Extra/);
  });

  test("the larger of two when one has all names of the other, in any order of the list", () => {
    expect(find("Time,Symbol,Price", [small, large])).toBe("large");
    expect(find("Time,Symbol,Price", [large, small])).toBe("large");
    expect(find("Time,Symbol", [large, small])).toBe("small");
  });

  test("a tie is an error that names both", () => {
    expect(() => find("Time,Symbol,Price,Note", [small, large, other])).toThrow(/large.*other/);
    expect(() => find("Time,Symbol", [small, dialect("twin", [["Symbol", "Time"]])])).toThrow(
      expect.objectContaining({ detail: expect.objectContaining({ code: "ambiguous_dialect" }) }),
    );
  });

  test("a closed one has no other columns", () => {
    const closed = dialect("closed", [["Time", "Symbol"]], { closed: true });
    expect(find("Time,Symbol,Price,,", [closed])).toBe("closed");
    expect(() => find("Time,Symbol,Note", [closed])).toThrow(/No known format/);
  });

  test("any of its generations", () => {
    const both = dialect("both", [
      ["Time", "Symbol", "A"],
      ["Time", "Symbol", "B"],
    ]);
    expect([find("A,Time,Symbol", [both]), find("Symbol;B;Time", [both])]).toEqual(["both", "both"]);
  });
});

test.each([
  [" Date(UTC) ", "date(utc)", "UTC"],
  ["Date(UTC+2)", "date(utc)", "+02:00"],
  ["tradeCreatedAt(UTC+02:00)", "tradecreatedat(utc)", "+02:00"],
  ["Time (GMT-5)", "time(utc)", "-05:00"],
  ["UTC_Time", "utc_time", "UTC"],
  ["create_time_utc", "create_time_utc", "UTC"],
  ["Outcome", "outcome", null],
  ["Time(UTC+15)", "time(utc)", null],
  ["Date  Time", "date time", null],
  ["Price (USD)", "price (usd)", null],
])("the name of %p is %p and its zone %p", (cell, name, zone) => {
  expect([nameOf(cell), zoneOf(cell)]).toEqual([name, zone]);
});

test("renames are compared as names are", () => {
  expect([...parseRenames(["Fill  Time = TIME", "a=b=symbol"])]).toEqual([
    ["fill time", "time"],
    ["a=b", "symbol"],
  ]);
});

test.each<[string[], "." | ","]>([
  [[], "."],
  [["1500", "2"], "."],
  [["12,5"], ","],
  [["0,001"], ","],
  [["0.001"], "."],
  [["1,500"], "."],
  [["1.500"], "."],
  [["1.500", "12,5"], ","],
  [["1,500", "12.5"], "."],
  [["1.234.567"], ","],
  [["1,234,567"], "."],
  [["12.345,60"], ","],
  [["12,345.60"], "."],
  [["1234,567"], ","],
  [["12,5", "12.5"], "."],
  [["12,5 EUR", "0,25BNB"], ","],
  [["abc", "", "-"], "."],
])("the decimal mark of %p is %p", (numbers, mark) => {
  expect(decimalMarkOf(numbers)).toBe(mark);
});
