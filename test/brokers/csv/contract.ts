import { describe, expect, test } from "bun:test";
import type { Dialect } from "../../../src/brokers/csv/dialect.ts";
import { mapColumns } from "../../../src/brokers/csv/header.ts";
import { markets } from "../../../src/executions/execution.ts";
import { parseZone } from "../../../src/executions/zone.ts";
import { type Case, goldenOf } from "./golden.ts";

/** What every dialect keeps to. */
export function dialectContract(dialect: Dialect, fixtures: readonly Case[]): void {
  describe(dialect.id, () => {
    test("has names that stand in results", () => {
      expect(dialect.id).toMatch(/^[a-z][a-z0-9_]{2,63}$/);
      expect(dialect.broker).toMatch(/^[a-z][a-z0-9_]{2,31}$/);
      expect(dialect.title).not.toBe("");
      expect(dialect.export).not.toBe("");
    });

    test("has known markets, zone and columns", () => {
      expect(dialect.markets.length).toBeGreaterThan(0);
      expect(markets).toEqual(expect.arrayContaining([...dialect.markets]));
      if (dialect.timezone !== null) expect(parseZone(dialect.timezone).name).toBe(dialect.timezone);
      expect(Object.keys(dialect.columns)).toContain(dialect.timeColumn);
      if (dialect.accountColumn !== undefined) expect(Object.keys(dialect.columns)).toContain(dialect.accountColumn);
    });

    test("makes executions or trades of its rows, in one way", () => {
      const { toExecution, toTrade, groups } = dialect;
      expect([toExecution, toTrade, groups].filter((way) => way !== undefined)).toHaveLength(1);
    });

    test.each(dialect.headers.map((header) => [header.join(","), header] as const))(
      "finds all columns that it needs in %s",
      (_name, header) => {
        const { missing } = mapColumns(dialect, header);
        expect(missing).toEqual([]);
      },
    );

    test.each(fixtures.map((fixture) => [fixture.name, fixture] as const))("reads %s", async (_name, fixture) => {
      expect(await goldenOf(fixture)).toBe(await Bun.file(fixture.json).text());
    });
  });
}
