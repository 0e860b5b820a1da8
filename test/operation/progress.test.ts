import { expect, test } from "bun:test";
import { cutToWidth, openProgress } from "../../src/operation/progress.ts";
import { fakeClock, fakeTerminal } from "./fakes.ts";

const erase = "\r\u001b[K";

test("a word stands for a tenth of a second before the next one takes its place, and is gone at the end", () => {
  const terminal = fakeTerminal({ interactive: true, interactiveError: true });
  const clock = fakeClock();
  const progress = openProgress(terminal, clock);
  progress.update("one");
  clock.advance(99);
  progress.update("two");
  clock.advance(1);
  progress.update("three");
  progress.clear();
  progress.clear();
  progress.update("four");
  expect(terminal.error).toBe(`${erase}one${erase}three${erase}${erase}four`);
  expect(terminal.output).toBe("");
});

test.each([
  ["standard output is a file", { interactive: false, interactiveError: true }],
  ["standard error is a file", { interactive: true, interactiveError: false }],
])("nothing is shown when %s", (_name, changes) => {
  const terminal = fakeTerminal(changes);
  const progress = openProgress(terminal, fakeClock());
  progress.update("one");
  progress.clear();
  expect(terminal.error + terminal.output).toBe("");
});

test("a line never wraps and never breaks", () => {
  const terminal = fakeTerminal({ interactive: true, interactiveError: true, columns: 10 });
  openProgress(terminal, fakeClock()).update("reading\nfutures.csv");
  expect(terminal.error).toBe(`${erase}reading …`);
});

test.each([
  ["plain", 5, "plain"],
  ["plain", 4, "pla…"],
  ["日本語", 6, "日本語"],
  ["日本語", 5, "日本…"],
  ["e\u0301e\u0301e\u0301", 2, "e\u0301…"],
  ["x", 0, ""],
])("%s in %d columns", (text, width, expected) => {
  expect(cutToWidth(text, width)).toBe(expected);
});
