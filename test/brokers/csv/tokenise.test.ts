import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { cellBounds, RowReader, splitRow } from "../../../src/brokers/csv/tokenise.ts";

const comma = { delimiter: ",", inner: "," };

interface Row {
  line: number;
  cells: readonly string[];
  problem?: string;
}

function rowsOf(text: string, { delimiters = comma, newline = "\n", width = 0 } = {}): Row[] {
  const accepts = (cells: readonly string[]) => width === 0 || cells.length === width;
  const reader = new RowReader(delimiters, newline, 1, accepts);
  reader.feed(text, true);
  const rows: Row[] = [];
  while (reader.next()) {
    rows.push({ line: reader.line, cells: reader.cells, ...(reader.problem && { problem: reader.problem }) });
  }
  expect(reader.unread).toBe("");
  return rows;
}

const cellsOf = (text: string, options = {}) => rowsOf(text, options).map(({ cells }) => cells);

describe("rows", () => {
  test.each([
    [
      "a,b\nc,d",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      "a,b\r\nc,d\r\n",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      "a,\n,b\n",
      [
        ["a", ""],
        ["", "b"],
      ],
    ],
    ["\n\na\n", [[""], [""], ["a"]]],
    ['"a,b",c\n', [["a,b", "c"]]],
    ['"a""b",c\n', [['a"b', "c"]]],
    ['"""a""",c\n', [['"a"', "c"]]],
    ['"",c\n', [["", "c"]]],
    [
      'a,""\r\nb,c\n',
      [
        ["a", ""],
        ["b", "c"],
      ],
    ],
    ['"a" ,"b"\n', [["a", "b"]]],
    [' "a", "b"\n', [["a", "b"]]],
    ['5" screen,b\n', [['5" screen', "b"]]],
    [
      '"a\nb",c\nd,e',
      [
        ["a\nb", "c"],
        ["d", "e"],
      ],
    ],
    [
      '"a\r\nb",c\r\nd,e',
      [
        ["a\r\nb", "c"],
        ["d", "e"],
      ],
    ],
    ['a,"b"', [["a", "b"]]],
  ])("%p", (text, cells) => {
    expect(cellsOf(text)).toEqual(cells);
  });

  test("with other delimiters and line ends", () => {
    expect(cellsOf('a;"b;c"\rd;e\r', { delimiters: { delimiter: ";", inner: ";" }, newline: "\r" })).toEqual([
      ["a", "b;c"],
      ["d", "e"],
    ]);
    expect(cellsOf("a\tb, c\n", { delimiters: { delimiter: "\t", inner: "\t" } })).toEqual([["a", "b, c"]]);
    expect(cellsOf("a|b\n", { delimiters: { delimiter: "|", inner: "|" } })).toEqual([["a", "b"]]);
  });
});

describe("what spreadsheets make of rows", () => {
  const row = ["2023-05-04 12:30:11", "DOTBTC", "BUY", "1,500.5", "2,500DOT"];
  test.each([
    ["a row in quotes", '"2023-05-04 12:30:11,DOTBTC,BUY,""1,500.5"",""2,500DOT"""'],
    ["a row in quotes, with empty cells behind it", '"2023-05-04 12:30:11,DOTBTC,BUY,""1,500.5"",""2,500DOT""",,,'],
    ["cells whose quotes were doubled once too often", '2023-05-04 12:30:11,DOTBTC,BUY,""1,500.5"",""2,500DOT""'],
    ["one such cell among plain ones", '2023-05-04 12:30:11,DOTBTC,BUY,"1,500.5",""2,500DOT""'],
  ])("%s", (_name, text) => {
    expect(cellsOf(`${text}\n`)).toEqual([row]);
    expect(cellsOf(`${text}\r\n`)).toEqual([row]);
  });

  test("a row in one cell of a row with another delimiter", () => {
    const delimiters = { delimiter: ";", inner: "," };
    expect(cellsOf('"a,""b,c""";;\na,b;;\n', { delimiters })).toEqual([
      ["a", "b,c"],
      ["a", "b"],
    ]);
  });

  test("one cell without a delimiter in it stays one cell", () => {
    expect(cellsOf('"abc"\n')).toEqual([["abc"]]);
  });
});

describe("quotes that make no sense cost their own line", () => {
  test.each([
    ["text behind a quote", 'a,"b"c\nd,e\n', [1, 2], ["bad_quote", undefined]],
    ["a quote never closed", 'a,"b\nc,d\ne,f\n', [1, 2, 3], ["unclosed_quote", undefined, undefined]],
    ["a quote closed by a later row's", 'a,"b\nc,"d"\ne,f\n', [1, 2, 3], ["bad_quote", undefined, undefined]],
    ["a doubled quote never closed", 'a,""b\nc,d\n', [1, 2], ["bad_quote", undefined]],
  ])("%s", (_name, text, lines, problems) => {
    const rows = rowsOf(text);
    expect(rows.map(({ line }) => line)).toEqual(lines);
    expect(rows.map(({ problem }) => problem)).toEqual(problems);
  });

  test("a stray quote that another one closes shows by the number of cells", () => {
    const rows = rowsOf('a,"b\nc",d,e\nf,g\n', { width: 2 });
    expect(rows).toEqual([
      { line: 1, cells: [], problem: "unclosed_quote" },
      { line: 2, cells: ['c"', "d", "e"] },
      { line: 3, cells: ["f", "g"] },
    ]);
  });

  test("a cell over several lines is bounded", () => {
    const long = `a,"${"x\n".repeat(40_000)}`;
    const rows = rowsOf(`${long}b,c\n`);
    expect(rows[0]).toEqual({ line: 1, cells: [], problem: "unclosed_quote" });
    expect(rows.at(-1)).toEqual({ line: 40_001, cells: ["b", "c"] });
  });
});

describe("text that comes in pieces", () => {
  test("an open quote waits for the next piece", () => {
    const reader = new RowReader(comma, "\n", 5);
    reader.feed('a,b\nc,"d\n', false);
    expect([reader.next(), reader.next(), reader.unread]).toEqual([true, false, 'c,"d\n']);
    reader.feed('e"\nf,g\n', true);
    expect([reader.next(), reader.line, reader.cells]).toEqual([true, 6, ["c", "d\ne"]]);
    expect([reader.next(), reader.line, reader.cells]).toEqual([true, 8, ["f", "g"]]);
    expect(reader.next()).toBe(false);
  });

  test("rows are the same wherever the lines are parted", () => {
    const lines = ["a,b", '"c\n', 'd",e', '"f","g""h"', 'x,"y\n', "z", '"p,""q"""'].map((line) => `${line}\n`);
    const whole = rowsOf(lines.join(""));
    for (let parts = 0; parts < 2 ** (lines.length - 1); parts++) {
      const reader = new RowReader(comma, "\n", 1);
      const rows: Row[] = [];
      let piece = "";
      for (const [index, line] of lines.entries()) {
        piece += line;
        const isLast = index === lines.length - 1;
        if (!isLast && (parts & (1 << index)) === 0) continue;
        reader.feed(piece, isLast);
        piece = "";
        while (reader.next()) {
          rows.push({ line: reader.line, cells: reader.cells, ...(reader.problem && { problem: reader.problem }) });
        }
      }
      expect(rows).toEqual(whole);
    }
  });
});

const cell = fc.string({ unit: fc.constantFrom("a", "1", '"', ",", ";", "\n", " ", "é"), maxLength: 8 });
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

test("whatever is quoted by the rules comes back", () => {
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 6 }), (rows) => {
      // A row that has one cell with a row in it is taken for that row.
      fc.pre(rows.every((row) => row.slice(1).some((text) => text.trim() !== "")));
      const text = rows.map((row) => `${row.map(quoted).join(",")}\n`).join("");
      expect(cellsOf(text)).toEqual(rows);
    }),
  );
});

test("any text at all gives rows, and accounts for each of its lines", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", " "), maxLength: 60 }), (text) => {
      const rows = rowsOf(text);
      const newlines = text.split("\n").length - (text.endsWith("\n") || text === "" ? 1 : 0);
      const last = rows.at(-1);
      expect(last === undefined ? 0 : last.line).toBeLessThanOrEqual(newlines);
      expect(rows.map(({ line }) => line)).toEqual(rows.map(({ line }) => line).toSorted((a, b) => a - b));
    }),
  );
});

test("bounds of a plain row are those of its cells", () => {
  const bounds = new Int32Array(4);
  const row = { text: "x\na,,bc\n", start: 2, end: 7, isPlain: true, cells: [] };
  expect(cellBounds(row, ",", bounds)).toBe(3);
  expect([...bounds]).toEqual([2, 4, 5, 8]);
  expect(cellBounds({ ...row, text: "x\n,,,,,\n" }, ",", bounds)).toBe(0);
});

test("splitRow takes one row apart", () => {
  expect(splitRow('"a\nb",c', comma, "\n")).toEqual(["a\nb", "c"]);
  expect(splitRow('"a', comma, "\n")).toBeNull();
});
