import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { inOrder, overlapOf } from "../../../src/brokers/csv/order.ts";
import { pageRowsMax } from "../../../src/brokers/csv/pages.ts";
import { recognise, sourceOf } from "../../../src/brokers/csv/read.ts";
import { createFileReport } from "../../../src/brokers/csv/report.ts";
import type { Execution } from "../../../src/executions/execution.ts";
import { compareExecutions } from "../../../src/executions/identify.ts";
import { plain } from "./golden.ts";

/** Temporary files of this test, and only of it, lie there. */
let folder: string;
const usualFolder = process.env.TMPDIR;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "csv-order-test-"));
  process.env.TMPDIR = folder;
});
afterAll(() => {
  if (usualFolder === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = usualFolder;
  rmSync(folder, { recursive: true });
});

const sortFolders = () => readdirSync(folder).filter((name) => name.startsWith("ami-workers-sort-"));

let files = 0;

async function read(text: string, rowsMax = 50_000) {
  const path = join(folder, `${files++}.csv`);
  writeFileSync(path, text);
  const recognised = await recognise(path, { name: "f.csv" });
  const report = createFileReport();
  const executions: Execution[] = [];
  const pages: number[] = [];
  await using file = await open(path);
  for await (const page of inOrder(sourceOf(recognised, file), report, undefined, rowsMax)) {
    pages.push(page.executions.length);
    executions.push(...page.executions);
  }
  return { report, executions, pages };
}

const spotHeader = "Date(UTC),Pair,Side,Price,Executed,Amount,Fee";
const spotRow = (seconds: number, side: string, fee: string, quantity = 1) => {
  const time = new Date(Date.UTC(2026, 0, 1) + seconds * 1_000).toISOString().slice(0, 19).replace("T", " ");
  return `${time},BTCUSDT,${side},100,${quantity}BTC,${100 * quantity}USDT,${fee}USDT`;
};

/** Few different values, so that identical rows and equal times are common. */
const rowArbitrary = fc
  .tuple(
    fc.nat({ max: 3 }),
    fc.constantFrom("BUY", "SELL"),
    fc.constantFrom("0", "0.1", "x"),
    fc.integer({ min: 1, max: 2 }),
  )
  .map((values) => spotRow(...values));

describe("whatever the order of a file's rows", () => {
  test("the executions are the same, in the same order, with the same ids", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .array(rowArbitrary, { minLength: 1, maxLength: 40 })
          .chain((rows) => fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length }))),
        async ([rows, shuffled]) => {
          const first = await read([spotHeader, ...rows].join("\n"));
          const second = await read([spotHeader, ...shuffled].join("\n"));
          expect(second.executions.map(plain)).toEqual(first.executions.map(plain));
          const sums = { problems: [], refusals: null };
          expect({ ...second.report, ...sums }).toEqual({ ...first.report, ...sums });
          expect(first.report.rows).toBe(rows.length);
          expect(first.report.rows).toBe(first.report.imported + first.report.rejected);
          expect(first.executions).toEqual(first.executions.toSorted(compareExecutions));
          expect(new Set(first.executions.map(({ externalId }) => externalId)).size).toBe(first.executions.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("identical rows are told apart by their number, beyond ten too", async () => {
    const { executions } = await read(
      [spotHeader, ...Array.from({ length: 12 }, () => spotRow(0, "BUY", "0.1"))].join("\n"),
    );
    const occurrences = executions.map(({ externalId }) => externalId.split("-").at(-1));
    expect(occurrences.map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index));
    expect(executions).toEqual(executions.toSorted(compareExecutions));
  });

  test("a later file that has more rows gives the earlier ones the same ids", async () => {
    const earlier = [spotRow(0, "BUY", "0.1"), spotRow(0, "BUY", "0.1"), spotRow(5, "SELL", "0")];
    const later = [spotRow(9, "BUY", "0"), ...earlier, spotRow(0, "SELL", "0")];
    const ids = async (rows: string[]) =>
      (await read([spotHeader, ...rows].join("\n"))).executions.map(({ externalId }) => externalId);
    expect(await ids(later)).toEqual(expect.arrayContaining(await ids(earlier)));
  });
});

describe("large files", () => {
  const futuresHeader = "Time,Symbol,Side,Price,Quantity,Amount,Fee,Realized Profit,Buyer,Maker,Trade ID,Order ID";
  const count = 6_000;
  const futuresRow = (index: number) => {
    const time = new Date(Date.UTC(2026, 0, 1) + Math.floor(index / 3) * 1_000)
      .toISOString()
      .slice(0, 19)
      .replace("T", " ");
    const quantity = index % 500 === 0 ? '"0.1"' : "0.1";
    const price = index % 1_000 === 7 ? "x" : String(100 + (index % 50));
    const symbol = index % 700 === 3 ? '"BTC\nUSDT"' : "BTCUSDT";
    return `${time},${symbol},BUY,${price},${quantity},10,0.1 USDT,0,true,true,${index},${index % 11}`;
  };
  const ascending = Array.from({ length: count }, (_, index) => futuresRow(index));
  const shuffled = ascending.map((_, index) => ascending[(index * 3_571) % count] ?? "");
  const text = (rows: readonly string[]) => [futuresHeader, ...rows].join("\n");

  const summary = ({ report, executions }: Awaited<ReturnType<typeof read>>) => ({
    executions: executions.map(plain),
    counts: [report.rows, report.imported, report.rejected],
    problems: report.problems.map(({ code, said }) => `${code} ${said}`).sort(),
  });

  test("are the same however they are sorted: in memory, by parts, through files, through files merged in rounds", async () => {
    const expected = summary(await read(text(ascending)));
    expect(expected.counts).toEqual([count, expected.executions.length, count - expected.executions.length]);
    expect(expected.problems.length).toBeGreaterThan(5);
    for (const [rows, rowsMax] of [
      [ascending, 2_500],
      [ascending.toReversed(), 2_500],
      [shuffled, count],
      [shuffled, 1_000],
      [shuffled, 90],
    ] as const) {
      expect(summary(await read(text(rows), rowsMax))).toEqual(expected);
    }
  });

  test("with cells over several lines are the same wherever the blocks end that they are read in", async () => {
    const rows = Array.from({ length: 4_000 }, (_, index) => {
      const time = new Date(Date.UTC(2026, 0, 1) + index * 1_000).toISOString().slice(0, 19).replace("T", " ");
      return `${time},"BTC\n\n${"é".repeat(index % 40)}",BUY,100,1,100,0 USDT,0,true,true,${index},1`;
    });
    const { report } = await read(text(rows));
    // Such a symbol is none, so each row is a problem at the line where it starts.
    expect(report).toMatchObject({ rows: 4_000, rejected: 4_000 });
    expect(report.problems.map(({ line, code }) => `${code} ${line}`)).toEqual(
      Array.from({ length: 200 }, (_, index) => `unknown_symbol ${2 + 3 * index}`),
    );
    const late = await read(text([...rows.slice(0, -1), futuresRow(5_999)]));
    expect(late.executions).toHaveLength(1);
    expect(late.report).toMatchObject({ rows: 4_000, rejected: 3_999 });
  });

  test("come in full pages", async () => {
    const { pages } = await read(text(shuffled), 1_000);
    expect(pages.length).toBeGreaterThan(2);
    expect(pages.slice(0, -1)).toEqual(pages.slice(0, -1).map(() => pageRowsMax));
    expect(pages.at(-1)).toBeLessThanOrEqual(pageRowsMax);
  });

  test("leave no temporary files, even when the reader walks away", async () => {
    const path = join(folder, "away.csv");
    writeFileSync(path, text(shuffled));
    const recognised = await recognise(path, { name: "f.csv" });
    await using file = await open(path);
    for await (const page of inOrder(sourceOf(recognised, file), createFileReport(), undefined, 500)) {
      expect(page.executions.length).toBe(pageRowsMax);
      expect(sortFolders()).toHaveLength(1);
      break;
    }
    expect(sortFolders()).toEqual([]);
    const controller = new AbortController();
    const stopped = (async () => {
      for await (const _ of inOrder(sourceOf(recognised, file), createFileReport(), controller.signal, 500))
        controller.abort(new Error("stop"));
    })();
    expect(stopped).rejects.toThrow("stop");
    await stopped.catch(() => undefined);
    expect(sortFolders()).toEqual([]);
  });

  test("too many rows of one instant are refused", async () => {
    const rows = Array.from({ length: 100_001 }, () => `0,ABCUSDT,buy,1,1`);
    expect(
      read(["time_ms,symbol,side,quantity,price", ...rows.map((row) => row.replace("0", "1767225600000"))].join("\n")),
    ).rejects.toMatchObject({
      detail: { code: "too_many_at_once" },
    });
  });
});

test("the overlap of a file's parts is the most rows that lie between the times of any", () => {
  const part = (minMs: number, maxMs: number, rows: number) => ({
    minMs,
    maxMs,
    rows,
    byteEnd: 0,
    start: { byte: 0, line: 1, mapping: null },
  });
  expect(overlapOf([])).toBe(0);
  expect(overlapOf([part(0, 10, 5), part(11, 20, 5), part(21, 30, 5)])).toBe(5);
  expect(overlapOf([part(0, 10, 5), part(10, 20, 6), part(20, 30, 7)])).toBe(13);
  expect(overlapOf([part(21, 30, 5), part(11, 20, 4), part(0, 100, 1)])).toBe(6);
  expect(overlapOf([part(Infinity, -Infinity, 0), part(0, 1, 3)])).toBe(3);
});
