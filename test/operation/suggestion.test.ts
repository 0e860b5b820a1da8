import { expect, test } from "bun:test";
import { editDistance, suggest } from "../../src/operation/suggestion.ts";

test.each([
  ["", "", 0],
  ["", "abc", 3],
  ["limti", "limit", 1],
  ["kitten", "sitting", 3],
  ["abc", "abc", 0],
])("from %p to %p it is %d", (from, to, distance) => {
  expect(editDistance(from, to)).toBe(distance);
  expect(editDistance(to, from)).toBe(distance);
});

test.each([
  ["fiel", "file"],
  ["acount", "account"],
  ["DRY-RUN", "dry-run"],
  ["js", null],
  ["completely-different", null],
])("%p means %p", (written, meant) => {
  expect(suggest(written, ["file", "account", "dry-run", "json"])).toBe(meant as never);
});
