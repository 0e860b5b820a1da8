import { describe, expect, test } from "bun:test";
import { Failure } from "../../src/errors.ts";
import { type ArgDefs, parseArguments } from "../../src/workers/arguments.ts";

const definitions = {
  file: { type: "strings", valueHint: "path", description: "Files" },
  account: { type: "string", valueHint: "id", alias: "a", description: "Account" },
  limit: { type: "integer", valueHint: "n", min: 0, max: 100, description: "Limit" },
  lockWait: { type: "integer", valueHint: "seconds", min: 0, max: 60, default: 5, description: "Wait" },
  market: { type: "enum", options: ["spot", "linear"], description: "Market" },
  dryRun: { type: "boolean", description: "Dry" },
} as const satisfies ArgDefs;

const none = { file: [], account: undefined, limit: undefined, lockWait: 5, market: undefined, dryRun: false };

test.each([
  ["nothing", [], {}],
  ["a list, in order", ["--file", "a", "--file=b"], { file: ["a", "b"] }],
  ["kebab-case", ["--dry-run", "--lock-wait", "7"], { dryRun: true, lockWait: 7 }],
  ["a letter", ["-a", "7"], { account: "7" }],
  ["one of several, in any case", ["--market", "SPOT"], { market: "spot" }],
  ["a value that looks like an option, after =", ["--file=--json"], { file: ["--json"] }],
  ["a single dash as a value", ["--file", "-"], { file: ["-"] }],
  ["a switch twice", ["--dry-run", "--dry-run"], { dryRun: true }],
  ["blanks and equals signs", ["--account", "a = b"], { account: "a = b" }],
  ["a lone --", ["--dry-run", "--"], { dryRun: true }],
])("takes %s", (_name, argv, expected) => {
  expect(parseArguments(argv, definitions)).toEqual({ ...none, ...expected } as never);
});

describe("is a usage failure", () => {
  test.each([
    ["an unknown option", ["--limti", "3"], "Unknown option --limti.", "Did you mean --limit?"],
    ["an unknown option with a value", ["--limti=3"], "Unknown option --limti.", "Did you mean --limit?"],
    ["an unknown option like no other", ["--zzzzzz"], "Unknown option --zzzzzz.", "--help lists the options."],
    ["camelCase", ["--dryRun"], "Unknown option --dryRun.", "Did you mean --dry-run?"],
    ["a long option with one dash", ["-limit", "3"], "Unknown option -limit.", "Did you mean --limit?"],
    ["an unknown letter", ["-x"], "Unknown option -x.", "--help lists the options."],
    ["the opposite of a switch", ["--no-dry-run"], "Unknown option --no-dry-run.", "Did you mean --dry-run?"],
    ["a value missing at the end", ["--file"], "--file needs a value.", "Write --file <path>."],
    ["a value missing before an option", ["--file", "--dry-run"], "--file needs a value.", "Write --file <path>."],
    ["an empty value", ["--account="], "--account needs a value.", "Write --account <id>."],
    ["a choice missing", ["--market"], "--market needs a value.", "Write --market <spot|linear>."],
    [
      "a wrong choice",
      ["--market", "spto"],
      '--market cannot be "spto".',
      "It is one of spot, linear. Did you mean spot?",
    ],
    ["words for a number", ["--limit", "many"], '--limit cannot be "many".', "It is a whole number from 0 to 100."],
    ["a fraction", ["--limit", "1.5"], '--limit cannot be "1.5".', "It is a whole number from 0 to 100."],
    ["a number too large", ["--limit", "101"], '--limit cannot be "101".', "It is a whole number from 0 to 100."],
    ["a number too small", ["--limit", "-1"], '--limit cannot be "-1".', "It is a whole number from 0 to 100."],
    ["a switch with a value", ["--dry-run=no"], '--dry-run takes no value (was "no").', "Write --dry-run alone."],
    ["one value twice", ["--account", "1", "-a", "2"], "--account is given twice.", "It takes one value."],
    [
      "something left over",
      ["spot.csv"],
      'Unexpected argument "spot.csv".',
      "--help lists the options. A file is given with --file spot.csv.",
    ],
    [
      "something after --",
      ["--", "--file"],
      'Unexpected argument "--file".',
      "--help lists the options. A file is given with --file --file.",
    ],
    ["a name that every object has", ["--constructor"], "Unknown option --constructor.", "--help lists the options."],
  ])("%s", (_name, argv, message, hint) => {
    try {
      parseArguments(argv, definitions);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      expect([error.kind, error.message, error.detail.hint]).toEqual(["usage", message, hint]);
      return;
    }
    throw new Error("it was taken");
  });
});

describe("a list that may follow its option", () => {
  const withList = {
    ...definitions,
    retry: { type: "list", valueHint: "id", description: "Retry" },
  } as const satisfies ArgDefs;
  test.each([
    ["absent", ["--dry-run"], undefined],
    ["alone", ["--retry", "--dry-run"], []],
    ["with values, up to the next option", ["--retry", "a", "b", "--dry-run"], ["a", "b"]],
    ["with =, and in parts", ["--retry=a", "--dry-run", "--retry", "b"], ["a", "b"]],
    ["after a lone --", ["--retry", "--", "-a"], ["-a"]],
  ])("%s", (_name, argv, expected) => {
    expect(parseArguments(argv, withList).retry).toEqual(expected);
  });

  test("values elsewhere stay a usage failure", () => {
    expect(() => parseArguments(["a", "--retry"], withList)).toThrow("Unexpected argument");
    expect(() => parseArguments(["--retry", "--dry-run", "a"], withList)).toThrow("Unexpected argument");
  });
});
