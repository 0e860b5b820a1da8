import { expect, test } from "bun:test";
import fc from "fast-check";
import { diff } from "../../../src/workers/service/diff.ts";

test("shows what changes with a little around it", () => {
  const before = "a\nb\nc\nd\ne\nf\ng\nh\ni\n";
  expect(diff(before, before.replace("e", "E").replace("h\n", ""))).toBe(" b\n c\n d\n-e\n+E\n f\n g\n-h\n i\n");
  expect(diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "0\n2\n3\n4\n5\n6\n7\n8\n0\n")).toBe(
    "-1\n+0\n 2\n 3\n 4\n …\n 6\n 7\n 8\n-9\n+0\n",
  );
});

test("of equal texts is nothing, of a new one all of it", () => {
  expect(diff("a\nb\n", "a\nb\n")).toBe("");
  expect(diff("", "a\nb\n")).toBe("+a\n+b\n");
  expect(diff("a\n", "")).toBe("-a\n");
});

test("leads from the one to the other", () => {
  const text = fc
    .array(fc.constantFrom("a", "b", "c"), { maxLength: 12 })
    .map((lines) => lines.map((l) => `${l}\n`).join(""));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = diff(before, after).split("\n").slice(0, -1);
      const count = (sign: string) => lines.filter((line) => line.startsWith(sign)).length;
      const length = (given: string) => given.split("\n").length - 1;
      expect(length(after) - length(before)).toBe(count("+") - count("-"));
      if (before === after) expect(lines).toEqual([]);
    }),
  );
});
