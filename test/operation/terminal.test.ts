import { describe, expect, test } from "bun:test";
import { openTerminal, type Stream } from "../../src/operation/terminal.ts";

function stream(changes: Partial<Stream> = {}) {
  const written: string[] = [];
  const dones: (() => void)[] = [];
  let fail: (error: Error) => void = () => undefined;
  return {
    dones,
    isTTY: true,
    columns: 100,
    write(text: string, done: () => void) {
      written.push(text);
      dones.push(done);
    },
    on(_event: "error", listener: (error: Error) => void) {
      fail = listener;
    },
    ...changes,
    written,
    fail: (error: Error) => fail(error),
  };
}

describe("colors", () => {
  test.each([
    ["in a terminal", {}, true, true, true],
    ["not in a file", {}, true, false, false],
    ["not with --no-color", {}, false, true, false],
    ["not with NO_COLOR", { NO_COLOR: "1" }, true, true, false],
    ["not in a dumb terminal", { TERM: "dumb" }, true, true, false],
    ["in a file with FORCE_COLOR", { FORCE_COLOR: "1" }, true, false, true],
    ["not with FORCE_COLOR=0", { FORCE_COLOR: "0" }, true, false, false],
    ["not with --no-color and FORCE_COLOR", { FORCE_COLOR: "1" }, false, true, false],
  ])("%s", (_name, environment, color, isTTY, expected) => {
    const terminal = openTerminal({ environment, color, output: stream({ isTTY }), error: stream({ isTTY: !isTTY }) });
    expect(terminal.color).toBe(expected);
    expect(terminal.interactive).toBe(isTTY);
    expect(terminal.interactiveError).toBe(!isTTY);
  });
});

test("its width is that of whichever stream has one", () => {
  const open = (output: Stream, error: Stream) => openTerminal({ environment: {}, color: true, output, error }).columns;
  expect(open(stream({ columns: undefined }), stream({ columns: 120 }))).toBe(120);
  expect(open(stream({ columns: 0 }), stream({ columns: undefined }))).toBe(80);
});

test("after the reader has gone nothing more is written, and nothing breaks", () => {
  const output = stream();
  const error = stream();
  const terminal = openTerminal({ environment: {}, color: true, output, error });
  expect(terminal.hasWritten()).toBe(false);
  terminal.write("one");
  output.fail(new Error("EPIPE"));
  terminal.write("two");
  terminal.writeError("three");
  expect(output.written).toEqual(["one"]);
  expect(error.written).toEqual(["three"]);
  expect(terminal.hasWritten()).toBe(true);
});

test("it is flushed when every write has been taken, or nobody takes any more", () => {
  const output = stream();
  const error = stream();
  const terminal = openTerminal({ environment: {}, color: true, output, error });
  expect(terminal.isFlushed()).toBe(true);
  terminal.write("one");
  terminal.writeError("two");
  output.dones[0]?.();
  expect(terminal.isFlushed()).toBe(false);
  error.dones[0]?.();
  expect(terminal.isFlushed()).toBe(true);
  terminal.write("three");
  expect(terminal.isFlushed()).toBe(false);
  output.fail(new Error("EPIPE"));
  expect(terminal.isFlushed()).toBe(true);
});
