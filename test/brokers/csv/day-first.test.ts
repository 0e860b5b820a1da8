import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { dayFirstOf, regionalTime } from "../../../src/brokers/csv/day-first.ts";
import { CellError } from "../../../src/brokers/csv/dialect.ts";
import { recognise } from "../../../src/brokers/csv/read.ts";
import { temporaryFolders } from "../../operation/temporary-folder.ts";

const makeFolder = temporaryFolders();

test.each([
  ["a day above 12 comes first", ["05/06/2026 09:45:59", "16/06/2026 09:45:59"], ".", true],
  ["a day above 12 comes second", ["5/6/2026 9:39", "9/15/2026 9:39"], ".", false],
  ["both: files that were put together", ["16/06/2026 09:45:59", "9/15/2026 9:39"], ".", null],
  ["one of many is spoilt", ["13/13/2026", "9/15/2026", "9/16/2026", "9/17/2026", "9/18/2026"], ".", false],
  ["America writes AM", ["9/5/2026 9:39:00 AM"], ".", false],
  ["and so with zeros", ["09/05/2026 9:39:00 AM"], ".", false],
  ["Australia pads the month alone", ["9/05/2026 9:39:00 AM"], ".", true],
  ["India writes am", ["9/5/2026, 9:39:00 am"], ".", true],
  ["Britain pads both, without AM", ["09/05/2026 09:39:00"], ".", true],
  ["a decimal comma is none of America's", ["9/5/2026 9:39"], ",", true],
  ["nothing shows it", ["9/5/2026 9:39", ""], ".", null],
  ["no date with slashes", ["16.06.2026 09:45:59"], ",", null],
] as const)("%s", (_name, dates, decimalMark, expected) => {
  expect(dayFirstOf(dates, decimalMark)).toBe(expected);
});

test.each([
  [true, "5/6/2026 9:45:59", "2026-06-05T09:45:59.000Z"],
  [false, "5/6/2026 9:45:59", "2026-05-06T09:45:59.000Z"],
  [null, "2026-06-05 09:45", "2026-06-05T09:45:00.000Z"],
] as const)("day first %p: %s", (dayFirst, cell, expected) => {
  const column = regionalTime("h", { rest: [" h:mm:ss"], others: ["D.M.YYYY h:mm:ss"] });
  const reading = { decimalMark: ".", dayFirst, toUtcMs: (ms: number) => ms } as const;
  expect(new Date(column.parse(cell, reading, "h").utcMs).toISOString()).toBe(expected);
  expect(column.utcMsAt?.(cell, 0, cell.length, reading)).toBe(Date.parse(expected));
});

test.each([
  [null, "5/6/2026 9:45:59", "ambiguous_date"],
  [true, "9/15/2026 9:45:59", "not_a_time"],
] as const)("day first %p refuses %s", (dayFirst, cell, code) => {
  const column = regionalTime("h", { rest: [" h:mm:ss"], others: [] });
  const reading = { decimalMark: ".", dayFirst, toUtcMs: (ms: number) => ms } as const;
  const read = () => column.parse(cell, reading, "h");
  expect(read).toThrow(CellError);
  expect(read).toThrow(expect.objectContaining({ code }));
});

test.each(["1/26/2020, 6:32:04 PM", "26/01/2020, 18:32:04", "1/2/2020, 6:32:04"])(
  "the zone of %s is asked for, whichever comes first",
  async (time) => {
    const path = join(makeFolder(), "trades.csv");
    const header = "transactTime,symbol,execType,side,lastQty,lastPx,execCost,execComm,orderID";
    writeFileSync(path, `${header}\n"${time}",XBTUSD,Trade,Buy,100,50000,-200000,150,a\n`);
    await expect(recognise(path, { name: "trades.csv" })).rejects.toMatchObject({
      detail: { code: "timezone_required" },
    });
  },
);
