import { describe, expect, test } from "bun:test";
import { showConfig } from "../../src/workers/config/show.ts";
import { validateConfig } from "../../src/workers/config/validate.ts";
import type { GlobalArgs } from "../../src/workers/worker.ts";
import { fakeTerminal } from "../operation/fakes.ts";

const args: GlobalArgs = { envFile: undefined, json: false, logLevel: undefined, noColor: false, help: false };
const wrong = { TRADE_IMPORTER_BATCH_SIZE: "1000", LOG_LEVEL: "loud", MAX_RETRIE: "1" };

describe("config validate", () => {
  test("lists problems, then warnings, then how many", () => {
    const terminal = fakeTerminal();
    expect(validateConfig(args, { environment: wrong, terminal })).toBe(78);
    expect(terminal.output.split("\n")).toEqual([
      'error    TRADE_IMPORTER_BATCH_SIZE (environment): The value is not valid (was "1000"); expected a whole number from 1 to 100.',
      'error    LOG_LEVEL (environment): The value is not valid (was "loud"); expected DEBUG, INFO, WARNING, ERROR or CRITICAL.',
      "warning  MAX_RETRIE (environment): This variable is not known. Did you mean MAX_RETRIES?",
      "The configuration is not valid (2 problems).",
      "",
    ]);
  });

  test("says in a line when all is well", () => {
    const terminal = fakeTerminal();
    expect(validateConfig(args, { environment: {}, terminal })).toBe(0);
    expect(terminal.output).toBe("The configuration is valid.\n");
  });

  test("with --json is one object", () => {
    const terminal = fakeTerminal();
    expect(validateConfig({ ...args, json: true }, { environment: wrong, terminal })).toBe(78);
    expect(JSON.parse(terminal.output)).toMatchObject({
      valid: false,
      problems: [
        {
          variable: "TRADE_IMPORTER_BATCH_SIZE",
          value: "1000",
          source: "environment",
          expected: "a whole number from 1 to 100",
        },
        { variable: "LOG_LEVEL" },
      ],
      warnings: [{ variable: "MAX_RETRIE", hint: "Did you mean MAX_RETRIES?" }],
    });
  });
});

describe("config show", () => {
  const environment = {
    LARAVEL_API_URL: "https://app.example.com/api",
    LARAVEL_API_KEY: "ami_worker_0123456789abcdef",
    LOG_LEVEL: "ERROR",
  };

  test("has each value and its source, secrets masked", () => {
    const terminal = fakeTerminal({ columns: 120 });
    expect(showConfig({ ...args, logLevel: "debug" }, { environment, terminal })).toBe(0);
    const rows = terminal.output.split("\n").map((line) => line.split(/ {2,}/));
    expect(rows[0]).toEqual(["VARIABLE", "VALUE", "SOURCE"]);
    expect(rows).toContainEqual(["LARAVEL_API_URL", "https://app.example.com/api", "environment"]);
    expect(rows).toContainEqual(["LARAVEL_API_KEY", "****cdef (27 characters)", "environment"]);
    expect(rows).toContainEqual(["LOG_LEVEL", "debug", "--log-level"]);
    expect(rows).toContainEqual(["MAX_RETRIES", "3", "default"]);
    expect(rows).toContainEqual(["SMTP_URL", "-", "default"]);
    expect(terminal.output).not.toContain("0123456789");
  });

  test("with --json is one object", () => {
    const terminal = fakeTerminal();
    expect(showConfig({ ...args, json: true }, { environment, terminal })).toBe(0);
    const shown = JSON.parse(terminal.output);
    expect(shown.valid).toBe(true);
    expect(shown.settings.LARAVEL_API_KEY).toEqual({ value: "****cdef (27 characters)", source: "environment" });
    expect(shown.settings.METRICS_DIR).toEqual({ value: null, source: "default" });
  });

  test("shows what is wrong, too, and where to read on", () => {
    const terminal = fakeTerminal({ columns: 120 });
    expect(showConfig(args, { environment: { LARAVEL_API_URL: environment.LARAVEL_API_URL }, terminal })).toBe(0);
    expect(terminal.output).toMatch(/^LARAVEL_API_KEY +\(missing\)/m);
    expect(terminal.output).toEndWith("\nNot valid: `ami-workers config validate` says why.\n");
  });
});
