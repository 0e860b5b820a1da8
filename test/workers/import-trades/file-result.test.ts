import { expect, test } from "bun:test";
import { toFileResult } from "../../../src/workers/import-trades/files.ts";
import type { FileOutcome } from "../../../src/workers/import-trades/result.ts";

const refused = (error: FileOutcome["error"]): FileOutcome => ({
  name: "report.html",
  fileId: 1,
  dialect: null,
  title: null,
  facts: {},
  report: null,
  error,
});

test("a refused file's user reads what was wrong and what to do, within the contract's 500 characters", () => {
  const error = { code: "empty_file", message: "It is empty.", hint: "Export it again." };
  expect(toFileResult(refused(error), 0)).toMatchObject({
    status: "rejected",
    errors: [{ line: 1, code: "empty_file", message: "It is empty. Export it again." }],
  });
  const long = toFileResult(refused({ ...error, hint: "x".repeat(600) }), 0);
  expect(long.errors[0]?.message).toHaveLength(500);
  expect(toFileResult(refused({ code: "unknown_dialect", message: "No format." }), 0).errors[0]?.message).toBe(
    "No format.",
  );
});

test.each(["several_accounts", "timezone_required"])("whoever uploads is told of no option: %s", (code) => {
  const error = { code, message: "It cannot be read.", hint: "Give --option." };
  const [told] = toFileResult(refused(error), 0).errors;
  expect(told).toMatchObject({ code });
  expect(told?.message).toMatch(/^It cannot be read\. .*upload it/);
  expect(told?.message).not.toContain("--");
});
