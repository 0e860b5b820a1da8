import type { Random } from "../../venues/random.ts";

/** Changes a text; the same text where there is nothing of its kind to change. */
export type TextMutation = (text: string, random: Random) => string;

const delimiters = [",", ";", "\t", "|"];
const numberPattern = /-?\d+(?:[.,]\d+)*/g;
const datePattern = /\b(\d{1,4})([-/.])(\d{1,2})([-/.])(\d{1,4})\b/g;

const numbers = [
  ...["0", "-0", "-1", "+1", "", ".", "-", "1.", ".5", "1e400", "1E99", "1e-99", "1.5E-8", "NaN", "Infinity", "0x10"],
  ...[
    "9".repeat(30),
    "9".repeat(31),
    `0.${"0".repeat(17)}1`,
    `0.${"0".repeat(18)}1`,
    `${"9".repeat(29)}.${"9".repeat(18)}`,
  ],
  ...[
    "1,234,567.89",
    "1.234.567,89",
    "1 234,5",
    "1'234.5",
    "12,34,567.8",
    "1,2,3",
    "(12.5)",
    "12.5-",
    "−5",
    "١٢٣",
    "½",
  ],
  ...["999999999999999", "9007199254740993", "0000001", "1_000", "$5", "5 USD", "5%", "--5", "5e", "1".repeat(400)],
];

const words = [
  ...[
    "",
    " ",
    "\u00a0",
    "null",
    "N/A",
    "-",
    "–",
    '"',
    '""',
    "'",
    "\u0000",
    "\u202e",
    "\ud800",
    "\ufeff",
    "\u2028",
    "💥",
  ],
  ...[
    "BUY",
    "SELL",
    "buy",
    "Sell",
    "HOLD",
    "USDT",
    "BTC",
    "BTCUSDT",
    "true",
    "Total",
    "Header",
    "Data",
    "=1+1",
    "\\",
    "%s",
  ],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "<script>",
    "&amp;",
    "\r",
    "\n",
    "a\nb",
    "x".repeat(70),
  ],
];

const dates = [
  ...["0000-00-00", "2026-02-30", "2026-13-01", "9999-12-31", "1969-12-31", "1970-01-01", "275760-09-13", "20260101"],
  ...[
    "2026-03-29 02:30:00",
    "2026-10-25 02:30:00",
    "31/12/2026",
    "12/31/2026",
    "2026-01-01T00:00:00Z",
    "24:00:00",
    "25:61:61",
  ],
  ...[
    "2026-01-01 24:00:00",
    "2026-01-01 23:59:60",
    "1767225600000",
    "1767225600",
    "-1",
    "Feb 29 2025",
    "2026.01.01 00:00",
  ],
];

export const textMutations: Record<string, TextMutation> = {
  "cut short": (text, random) => text.slice(0, random.integer(0, text.length)),
  "end cut off": (text, random) => text.slice(0, Math.max(0, text.length - random.integer(1, 40))),
  "beginning cut off": (text, random) => text.slice(random.integer(1, Math.min(text.length, 400))),
  "column renamed": (text, random) => inRow(text, random, 3, (cells) => replaceAt(cells, random, renamed(random))),
  "column removed": (text, random) => columnwise(text, random, (cells, at) => cells.toSpliced(at, 1)),
  "column twice": (text, random) => columnwise(text, random, (cells, at) => cells.toSpliced(at, 0, cells[at] ?? "")),
  "columns swapped": (text, random) =>
    columnwise(text, random, (cells, at) => cells.toSpliced(at, 1).toSpliced(at + 1, 0, cells[at] ?? "")),
  "column emptied": (text, random) => columnwise(text, random, (cells, at) => cells.with(at, "")),
  "day and month swapped": (text, random) => {
    const all = random.chance(0.5);
    return text.replace(datePattern, (whole, a: string, s: string, b: string, t: string, c: string) => {
      if (!all && random.chance(0.8)) return whole;
      return a.length === 4 ? `${a}${s}${c}${t}${b}` : `${b}${s}${a}${t}${c}`;
    });
  },
  "a date replaced": (text, random) => replaceOne(text, random, datePattern, () => random.pick(dates)),
  "a number replaced": (text, random) => replaceOne(text, random, numberPattern, () => random.pick(numbers)),
  "many numbers replaced": (text, random) =>
    text.replace(numberPattern, (number) => (random.chance(0.03) ? random.pick(numbers) : number)),
  "a digit changed": (text, random) => replaceOne(text, random, /\d/g, () => String(random.integer(0, 9))),
  "a sign changed": (text, random) =>
    replaceOne(text, random, numberPattern, (number) => (number.startsWith("-") ? number.slice(1) : `-${number}`)),
  "decimal marks swapped": (text, random) => {
    const all = random.chance(0.5);
    const other = (mark: string) => (mark === "." ? "," : ".");
    return text.replace(/(?<=\d)[.,](?=\d)/g, (mark) => (all || random.chance(0.2) ? other(mark) : mark));
  },
  "thousands separated": (text, random) => {
    const separator = random.pick([",", ".", " ", "'", "\u202f"]);
    return text.replace(/(?<!\d)\d{4,9}(?=\.)/g, (number) => number.replace(/\B(?=(\d{3})+$)/g, separator));
  },
  "other delimiter": (text, random) => text.replaceAll(delimiterOf(text), random.pick(delimiters)),
  "some other delimiters": (text, random) => {
    const own = delimiterOf(text);
    const other = random.pick(delimiters);
    return text.split(own).reduce((all, part) => `${all}${random.chance(0.1) ? other : own}${part}`);
  },
  "rows twice": (text, random) => linewise(text, random, (lines, at) => lines.toSpliced(at, 0, lines[at] ?? "")),
  "rows many times": (text, random) =>
    linewise(text, random, (lines, at) =>
      lines.toSpliced(at, 0, ...Array(random.integer(2, 60)).fill(lines[at] ?? "")),
    ),
  "rows removed": (text, random) => linewise(text, random, (lines, at) => lines.toSpliced(at, random.integer(1, 5))),
  "rows in another order": (text, random) =>
    linewise(text, random, (lines) => {
      const [first = "", ...rest] = lines;
      return [
        first,
        ...rest
          .map((line) => ({ line, at: random.next() }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ line }) => line),
      ];
    }),
  "header again": (text, random) => linewise(text, random, (lines, at) => lines.toSpliced(at, 0, lines[0] ?? "")),
  "blank rows": (text, random) =>
    linewise(text, random, (lines, at) => lines.toSpliced(at, 0, "", " ", delimiterOf(text))),
  "lines joined": (text, random) =>
    linewise(text, random, (lines, at) => lines.toSpliced(at, 2, lines.slice(at, at + 2).join(""))),
  "other line ends": (text, random) =>
    text.replaceAll(/\r\n|\r|\n/g, random.pick(["\r\n", "\r", "\n", "\n\r", "\u2028", ""])),
  "mixed line ends": (text, random) => text.replaceAll(/\r\n|\r|\n/g, () => random.pick(["\r\n", "\r", "\n"])),
  "a cell replaced": (text, random) => inRow(text, random, 0, (cells) => replaceAt(cells, random, random.pick(words))),
  "a cell from another place": (text, random) =>
    inRow(text, random, 0, (cells) => replaceAt(cells, random, random.pick(cells))),
  "a cell very long": (text, random) =>
    inRow(text, random, 0, (cells) =>
      replaceAt(cells, random, random.pick(["x", '"', "9", "é", " "]).repeat(random.integer(100, 60_000))),
    ),
  "a cell quoted": (text, random) =>
    inRow(text, random, 0, (cells) => replaceAt(cells, random, `"${random.pick(cells)}"`)),
  "more cells": (text, random) =>
    inRow(text, random, 0, (cells) => [...cells, ...Array(random.integer(1, 1_500)).fill("1")]),
  "a stray quote": (text, random) => insert(text, random, random.pick(['"', '""', ',"', '",', '"\n'])),
  "a word put in": (text, random) => insert(text, random, random.pick(words)),
  "a number put in": (text, random) => insert(text, random, random.pick(numbers)),
  "a part removed": (text, random) => {
    const at = random.integer(0, text.length);
    return text.slice(0, at) + text.slice(at + random.integer(1, 60));
  },
  "a part twice": (text, random) => {
    const at = random.integer(0, text.length);
    return insert(text, random, text.slice(at, at + random.integer(1, 400)));
  },
  "other case": (text, random) => (random.chance(0.5) ? text.toUpperCase() : text.toLowerCase()),
  "years moved": (text, random) =>
    text.replaceAll(/\b20\d\d\b/g, random.pick(["1999", "2000", "2099", "2100", "0001", "1970", "26"])),
  "zone written": (text, random) =>
    text.replaceAll(
      /(?<=\d\d:\d\d:\d\d)(?!\d)/g,
      random.pick(["Z", "+02:00", "-2359", " UTC", "+99:99", ".123", ".1234567", " PM"]),
    ),
};

/** Of the fullest line among the first. */
export function delimiterOf(text: string): string {
  const lines = text.slice(0, 4_000).split(/\r?\n|\r/, 30);
  const counts = delimiters.map((delimiter) => ({
    delimiter,
    count: Math.max(...lines.map((line) => line.split(delimiter).length)),
  }));
  return counts.toSorted((a, b) => b.count - a.count)[0]?.delimiter ?? ",";
}

function linewise(text: string, random: Random, change: (lines: string[], at: number) => string[]): string {
  const newline = text.includes("\r\n") ? "\r\n" : text.includes("\n") ? "\n" : "\r";
  const lines = text.split(newline);
  return change(lines, random.integer(0, lines.length - 1)).join(newline);
}

/** `first`: one of so many first rows; 0: any row. */
function inRow(text: string, random: Random, first: number, change: (cells: string[]) => string[]): string {
  const delimiter = delimiterOf(text);
  return linewise(text, random, (lines, at) => {
    const index = first === 0 ? at : Math.min(at, random.integer(0, first - 1));
    return lines.with(index, change((lines[index] ?? "").split(delimiter)).join(delimiter));
  });
}

function columnwise(text: string, random: Random, change: (cells: string[], at: number) => string[]): string {
  const delimiter = delimiterOf(text);
  return linewise(text, random, (lines) => {
    const width = Math.max(...lines.slice(0, 50).map((line) => line.split(delimiter).length));
    const at = random.integer(0, width - 1);
    return lines.map((line) => {
      const cells = line.split(delimiter);
      return at < cells.length ? change(cells, at).join(delimiter) : line;
    });
  });
}

function replaceAt(cells: string[], random: Random, text: string): string[] {
  return cells.with(random.integer(0, cells.length - 1), text);
}

function renamed(random: Random): string {
  return random.pick([
    "",
    "Price",
    "Datum",
    "Time(UTC+25)",
    "Date(UTC-6)",
    "Fee Coin",
    "__proto__",
    "Menge",
    "×",
    " price ",
    "Symbol",
  ]);
}

function replaceOne(text: string, random: Random, pattern: RegExp, change: (found: string) => string): string {
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return text;
  const { 0: whole, index } = random.pick(found);
  return text.slice(0, index) + change(whole) + text.slice(index + whole.length);
}

function insert(text: string, random: Random, piece: string): string {
  const at = random.integer(0, text.length);
  return text.slice(0, at) + piece + text.slice(at);
}
