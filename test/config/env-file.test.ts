import { expect, test } from "bun:test";
import { readEnvFile } from "../../src/config/env-file.ts";

function read(text: string) {
  const { entries, problems } = readEnvFile(text);
  return {
    entries: Object.fromEntries([...entries].map(([name, { value, line }]) => [name, [value, line]])),
    problems,
  };
}

test.each([
  ["plain", "A=1\nB=two", { A: ["1", 1], B: ["two", 2] }],
  ["comments and blank lines", "# no\n\nA=1 # yes\n  # B=2\n", { A: ["1", 3] }],
  ["export and blanks", "export A = 1\n  B= 2", { A: ["1", 1], B: ["2", 2] }],
  ["quotes", 'A="x # y"\nB=\'z "q"\'\nC="a\\nb"', { A: ["x # y", 1], B: ['z "q"', 2], C: ["a\nb", 3] }],
  ["a value over several lines", 'A="1\n2\n3"\nB=4', { A: ["1\n2\n3", 1], B: ["4", 4] }],
  ["Windows line ends and a BOM", "\ufeffA=1\r\nB=2\r\n", { A: ["1", 1], B: ["2", 2] }],
  ["an empty value", "A=\nB=''", { A: ["", 1], B: ["", 2] }],
  ["equals signs in the value", "A=base64:AAA==", { A: ["base64:AAA==", 1] }],
])("reads %s", (_name, text, entries) => {
  expect(read(text)).toEqual({ entries: entries as never, problems: [] });
});

test("says which lines it cannot read, and reads the others", () => {
  const text = "A=1\nno sign\n2B=3\nC='open\nD=4";
  expect(read(text)).toEqual({
    entries: { A: ["1", 1], D: ["4", 5] },
    problems: [
      { line: 2, message: "is not NAME=value", severity: "problem" },
      { line: 3, message: "is not NAME=value", severity: "problem" },
      { line: 4, message: "has a quote that is not closed (C)", severity: "problem" },
    ],
  });
});

test("the last of two counts, with a warning", () => {
  expect(read("A=1\nA=2")).toEqual({
    entries: { A: ["2", 2] },
    problems: [{ line: 2, message: "sets A again (first at line 1); this one counts", severity: "warning" }],
  });
});
