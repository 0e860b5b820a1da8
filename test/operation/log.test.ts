import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LogLevel } from "../../src/context.ts";
import { Failure } from "../../src/errors.ts";
import { journalLineBytesMax, type LogOptions, openLog } from "../../src/operation/log.ts";
import { createRedactor } from "../../src/operation/redaction.ts";
import { fakeClock, fakeTerminal } from "./fakes.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const temporaryFolder = temporaryFolders();

function open(changes: Partial<LogOptions> = {}) {
  const terminal = fakeTerminal();
  const redactor = createRedactor();
  const log = openLog({
    worker: "trade_importer",
    level: "info",
    dir: null,
    style: "json",
    clock: fakeClock(),
    terminal,
    redactor,
    ...changes,
  });
  const lines = () => terminal.error.split("\n").slice(0, -1);
  const objects = (): Record<string, unknown>[] => lines().map((line) => JSON.parse(line));
  return { log, terminal, redactor, lines, objects };
}

test("a line has the plan's form: timestamp, level, worker, event, then the fields in their order", () => {
  const { log, terminal } = open();
  log.info("cycle_completed", {
    trades_fetched: 12,
    errors: 0,
    duration_seconds: 8.4,
    broker: "binance",
    user_ids: [42, 78],
  });
  expect(terminal.error).toBe(
    '{"timestamp":"2026-02-09T10:30:15.123Z","level":"info","worker":"trade_importer","event":"cycle_completed",' +
      '"trades_fetched":12,"errors":0,"duration_seconds":8.4,"broker":"binance","user_ids":[42,78]}\n',
  );
});

test("fields cannot take the place of the four", () => {
  const { log, objects } = open();
  log.info("cycle_completed", { worker: "x", level: "y" });
  expect(objects()[0]).toMatchObject({ worker: "trade_importer", level: "info", worker_: "x", level_: "y" });
});

test.each<[LogLevel, LogLevel[]]>([
  ["debug", ["debug", "info", "warning", "error", "critical"]],
  ["info", ["info", "warning", "error", "critical"]],
  ["warning", ["warning", "error", "critical"]],
  ["error", ["error", "critical"]],
  ["critical", ["critical"]],
])("with level %s, %p are written", (level, expected) => {
  const { log, objects } = open({ level });
  for (const each of ["debug", "info", "warning", "error", "critical"] as const) log[each]("something");
  expect(objects().map((line) => line.level)).toEqual(expected);
});

test("equal lines in a row are all written", () => {
  const { log, lines } = open();
  for (let count = 0; count < 50; count++) log.warning("rate_limited", { broker: "binance" });
  expect(lines()).toHaveLength(50);
});

describe("values", () => {
  function logged(value: unknown): unknown {
    const { log, objects } = open();
    log.info("something", { value });
    return objects()[0]?.value;
  }

  test.each([
    ["bigint", 12345678901234567890n, "12345678901234567890"],
    ["not a number", Number.NaN, "NaN"],
    ["null", null, null],
    ["undefined", undefined, undefined],
    ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["a bad date", new Date(Number.NaN), "Invalid Date"],
    ["an address", new URL("https://a.example/?token=abcdef"), "https://a.example/?token=[redacted]"],
    ["bytes", new Uint8Array(3), "[3 bytes]"],
    ["a map", new Map([["a", 1n]]), { a: "1" }],
    ["a set", new Set([1, 2]), [1, 2]],
    ["a function", () => 1, "[function]"],
    ["a list with holes", [1, undefined, 2], [1, null, 2]],
  ])("%s", (_name, value, expected) => {
    expect(logged(value)).toEqual(expected as never);
  });

  test("an error keeps name, message, stack, cause and what else it carries", () => {
    const cause = Object.assign(new TypeError("connect"), { code: "ECONNREFUSED" });
    const error = new Failure("unavailable", "The platform does not answer.", {
      code: "platform_down",
      hint: "Wait.",
      cause,
    });
    expect(logged(error)).toEqual({
      name: "Failure",
      message: "The platform does not answer.",
      kind: "unavailable",
      detail: { code: "platform_down", hint: "Wait." },
      stack: expect.stringContaining("Failure: The platform does not answer."),
      cause: { name: "TypeError", message: "connect", code: "ECONNREFUSED", stack: expect.any(String) },
    });
  });

  test("several errors in one", () => {
    const value = logged(new AggregateError([new Error("a"), new Error("b")], "both"));
    expect(value).toMatchObject({
      name: "AggregateError",
      message: "both",
      errors: [{ message: "a" }, { message: "b" }],
    });
  });

  test("what refers to itself, lies deep or throws does no harm", () => {
    const self: Record<string, unknown> = { a: 1 };
    self.self = self;
    expect(logged(self)).toEqual({ a: 1, self: "[circular]" });
    const deep = { a: { a: { a: { a: { a: { a: { a: { a: { a: 1 } } } } } } } } };
    expect(JSON.stringify(logged(deep))).toContain("[deeper]");
    const hostile = {
      get bad() {
        throw new Error("no");
      },
    };
    expect(logged(hostile)).toBe("[unreadable: no]");
  });

  test("the same object twice is no cycle", () => {
    const shared = { a: 1 };
    expect(logged([shared, shared])).toEqual([{ a: 1 }, { a: 1 }]);
  });
});

describe("secrets", () => {
  test("are hidden by the field's name, whatever they are", () => {
    const { log, objects } = open();
    log.info("something", {
      api_key: "k",
      nested: { apiSecret: "s", list: [{ password: 1 }] },
      credentials: { a: 1 },
      token: null,
      signature: undefined,
      has_key: true,
    });
    expect(objects()[0]).toMatchObject({
      api_key: "[redacted]",
      nested: { apiSecret: "[redacted]", list: [{ password: "[redacted]" }] },
      credentials: "[redacted]",
      token: null,
      has_key: true,
    });
  });

  test("are hidden by their value, in messages, addresses, causes and the names of fields", () => {
    const { log, redactor, terminal } = open();
    redactor.register(["hunter2hunter2"]);
    log.error("something", {
      message: "binance GET https://api.example/?x=hunter2hunter2 failed",
      error: new Error("hunter2hunter2", { cause: new Error("hunter2hunter2") }),
      hunter2hunter2: 1,
    });
    expect(terminal.error).not.toContain("hunter2hunter2");
    expect(terminal.error).toContain("https://api.example/?x=[redacted] failed");
  });

  test("are hidden in a terminal and in the file, too", () => {
    const dir = temporaryFolder();
    const { log, redactor, terminal } = open({ style: "pretty", dir });
    redactor.register(["hunter2hunter2"]);
    log.error("something", { message: "hunter2hunter2", api_key: "other" });
    const file = readFileSync(join(dir, "trade_importer.log"), "utf8");
    for (const text of [terminal.error, file]) expect(text).not.toMatch(/hunter2|other/);
  });
});

describe("long lines", () => {
  test.each([
    ["a long text", { text: "x".repeat(200_000) }],
    ["a long list", { list: Array.from({ length: 20_000 }, (_, id) => ({ id })) }],
    ["many fields", Object.fromEntries(Array.from({ length: 20_000 }, (_, id) => [`field_${id}`, id]))],
    ["wide characters", { text: "語".repeat(40_000) }],
    ["long names", Object.fromEntries(Array.from({ length: 200 }, (_, id) => [`${id}${"n".repeat(2_000)}`, id]))],
  ])("%s stays below what journald takes whole, and is still JSON", (_name, fields) => {
    const { log, lines, objects } = open({ style: "json" });
    log.info("something", fields);
    expect(Buffer.byteLength(lines()[0] ?? "")).toBeLessThanOrEqual(journalLineBytesMax);
    expect(objects()[0]).toMatchObject({ event: "something", truncated: true });
  });

  test("the file keeps them whole up to a megabyte", () => {
    const dir = temporaryFolder();
    const { log } = open({ dir });
    const results = Array.from({ length: 2_000 }, (_, user_id) => ({
      user_id,
      status: "ok",
      trades: 5,
      duration_ms: 1200,
    }));
    log.info("cycle_report", { per_user_results: results });
    const [line = ""] = readFileSync(join(dir, "trade_importer.log"), "utf8").split("\n");
    expect(JSON.parse(line).per_user_results).toEqual(results);
  });
});

describe("the file", () => {
  const linesOf = (dir: string) => readFileSync(join(dir, "trade_importer.log"), "utf8").split("\n").slice(0, -1);

  test("is made at the first line with its folder, for owner and group, and appended to", () => {
    const dir = join(temporaryFolder(), "var/log");
    const before = process.umask(0o077);
    try {
      const first = open({ dir, invocationId: "abc" });
      expect(() => statSync(dir)).toThrow("ENOENT");
      first.log.info("one");
      first.log.close();
    } finally {
      process.umask(before);
    }
    expect(statSync(join(dir, "trade_importer.log")).mode & 0o777).toBe(0o640);
    const second = open({ dir });
    second.log.info("two");
    second.log.close();
    expect(linesOf(dir).map((line) => JSON.parse(line).event)).toEqual(["one", "two"]);
    expect(JSON.parse(linesOf(dir)[0] ?? "").invocation_id).toBe("abc");
  });

  test("keeps the mode that logrotate gave it", () => {
    const dir = temporaryFolder();
    const path = join(dir, "trade_importer.log");
    writeFileSync(path, "");
    chmodSync(path, 0o600);
    open({ dir }).log.info("one");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("gets the line of a run that goes on while it is rotated away", () => {
    const dir = temporaryFolder();
    const { log } = open({ dir });
    log.info("one");
    renameSync(join(dir, "trade_importer.log"), join(dir, "trade_importer.log.1"));
    log.info("two");
    expect(readFileSync(join(dir, "trade_importer.log.1"), "utf8").match(/"event":"\w+"/g)).toEqual([
      '"event":"one"',
      '"event":"two"',
    ]);
  });

  test("that cannot be written is told once, and the run goes on", () => {
    const dir = temporaryFolder();
    mkdirSync(join(dir, "trade_importer.log"));
    const { log, objects } = open({ dir });
    log.info("one");
    log.info("two");
    expect(objects().map(({ event, level }) => [event, level])).toEqual([
      ["one", "info"],
      ["log_file_unwritable", "warning"],
      ["two", "info"],
    ]);
    expect(objects()[1]).toMatchObject({ path: join(dir, "trade_importer.log"), error: { code: "EISDIR" } });
  });
});

describe("standard error", () => {
  test("as the journal: priorities before the lines", () => {
    const { log, lines } = open({ style: "journal", level: "debug" });
    for (const each of ["debug", "info", "warning", "error", "critical"] as const) log[each]("something");
    expect(lines().map((line) => line.slice(0, 4))).toEqual(["<7>{", "<6>{", "<4>{", "<3>{", "<2>{"]);
  });

  test("as a terminal: short, colored, erasing the progress line", () => {
    const terminal = fakeTerminal({ color: true });
    open({ style: "pretty", terminal }).log.warning("rate_limited", { broker: "binance", note: "two words", n: 3 });
    expect(terminal.error).toStartWith("\r\u001b[K");
    expect(terminal.error).toContain("\u001b[33mwarning");
    expect(Bun.stripANSI(terminal.error).replace(/\d\d:\d\d:\d\d/, "TIME")).toBe(
      '\rTIME warning  rate_limited broker=binance note="two words" n=3\n',
    );
  });

  test("as a terminal without colors", () => {
    const { log, terminal } = open({ style: "pretty" });
    log.info("something", { a: 1 });
    expect(terminal.error.replace("\r\u001b[K", "")).not.toContain("\u001b");
  });

  test("as a terminal: a list is as long as a person reads it", () => {
    const { log, terminal } = open({ style: "pretty" });
    log.info("something", { list: Array.from({ length: 100 }, (_, id) => id) });
    expect(terminal.error).toEndWith('something list=[0,1,2,3,4,5,6,7,8,9,"[90 more]"]\n');
  });

  test("as a terminal: what happened and what to do stand out, stacks stand below", () => {
    const { log, terminal } = open({ style: "pretty" });
    log.error("worker_failed", {
      kind: "settings",
      message: "First.\nSecond.",
      hint: "Mend it.",
      error: new Error("inner"),
    });
    const lines = terminal.error.replace("\r\u001b[K", "").split("\n");
    expect(lines.slice(0, 4)).toEqual([
      expect.stringMatching(/^\S+ error {4}worker_failed kind=settings/),
      "    First.",
      "    Second.",
      "    Mend it.",
    ]);
    expect(lines[4]).toContain("Error: inner");
  });
});
