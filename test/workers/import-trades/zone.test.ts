import { beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  account,
  type CellSpec,
  deal,
  dealHeadings,
  html,
  position,
  positionHeadings,
} from "../../brokers/metatrader/make.ts";
import { temporaryFolders } from "../../operation/temporary-folder.ts";
import { Importer } from "./importer.ts";

/** The first run loads the whole program, which a busy machine takes its time for. */
setDefaultTimeout(60_000);

const makeFolder = temporaryFolders();
let path = "";
let importer: Importer;
beforeEach(() => {
  const folder = makeFolder();
  path = join(folder, "report.html");
  importer = new Importer(folder, Date.UTC(2026, 1, 9, 10, 30));
});

const importWith = (zone: string) => importer.run("--file", path, "--timezone", zone);
const told = async () =>
  (await importer.stored()).map(({ external_id, status, opened_at, net_pnl }) => [
    external_id,
    status,
    opened_at,
    net_pnl,
  ]);

/** Broker time 2026-01-05 10:00 and 2026-07-06 10:00: winter and summer. */
const days = ["2026.01.05", "2026.07.06"];

describe("a report that is imported with a wrong time zone and then with the right one", () => {
  test.each(["+05:00", "-04:00", "GMT+2/US", "Europe/London"])(
    "positions, first by %s: the times move, and no trade is doubled",
    async (wrong) => {
      const rows = days.map((day, index) =>
        position({ ticket: String(701 + index), opened: `${day} 10:00:00`, closed: `${day} 12:00:00` }),
      );
      writeFileSync(path, html([account("Hedge"), positionHeadings, ...rows]));
      await importWith(wrong);
      const { result } = await importWith("+02:00");
      expect(result.accounts[0]).toMatchObject({ status: "ok", executions_new: 0, trades_opened: 0 });
      expect(await told()).toEqual([
        ["trade:metatrader:forex:EURUSD:701", "closed", "2026-01-05T08:00:00.000Z", "49.3"],
        ["trade:metatrader:forex:EURUSD:702", "closed", "2026-07-06T08:00:00.000Z", "49.3"],
      ]);
      expect((await importWith("+02:00")).result.accounts[0]).toMatchObject({
        trades_revised: 0,
        executions_duplicate: 2,
      });
    },
  );

  /**
   * Deals are executions, which a platform keeps as they came first (the contract: an execution is an immutable fact): the trades made of
   * them keep their times too, and the run says how many are stored otherwise.
   */
  test.each(["+05:00", "-04:00"])("deals, first by %s: none is doubled, and what differs is told", async (wrong) => {
    const rows = days.flatMap((day, index): CellSpec[][] => [
      deal({ deal: String(801 + 2 * index), time: `${day} 10:00:00` }),
      deal({ deal: String(802 + 2 * index), time: `${day} 12:00:00`, type: "sell", direction: "out", profit: "50.00" }),
    ]);
    writeFileSync(path, html([account("Netting"), dealHeadings, ...rows]));
    await importWith(wrong);
    const before = await told();
    expect(before.map(([, status, , net]) => [status, net])).toEqual([
      ["closed", "49.3"],
      ["closed", "49.3"],
    ]);
    const { result } = await importWith("+02:00");
    expect(result.accounts[0]).toMatchObject({ executions_new: 0, executions_duplicate: 4, executions_differing: 4 });
    expect(await told()).toEqual(before);
  });
});
