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
  const error = { code: "timezone_required", message: "It does not say its zone.", hint: "Give the account one." };
  expect(toFileResult(refused(error), 0)).toMatchObject({
    status: "rejected",
    errors: [{ line: 1, code: "timezone_required", message: "It does not say its zone. Give the account one." }],
  });
  const long = toFileResult(refused({ ...error, hint: "x".repeat(600) }), 0);
  expect(long.errors[0]?.message).toHaveLength(500);
  expect(toFileResult(refused({ code: "unknown_dialect", message: "No format." }), 0).errors[0]?.message).toBe(
    "No format.",
  );
});
