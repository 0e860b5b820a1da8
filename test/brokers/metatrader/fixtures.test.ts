import { describe, expect, test } from "bun:test";
import { accountedFor, cases, goldenOf, readAll } from "./golden.ts";

describe("each report", () => {
  test.each(cases().map(({ name, path, json }) => [name, path, json] as const))(
    "%s gives what is written beside it",
    async (_name, path, json) => {
      expect(await goldenOf(path)).toBe(await Bun.file(json).text());
    },
  );

  test.each(cases().map(({ name, path }) => [name, path] as const))(
    "%s has every row accounted for",
    async (_name, path) => {
      const { report, recognised } = await readAll(path);
      expect(accountedFor(report)).toBe(report.rows);
      expect(report.rows).toBe(recognised.contents.rows);
      expect(report.rejected).toBe(0);
      expect(report.imported).toBeGreaterThan(0);
    },
  );
});
