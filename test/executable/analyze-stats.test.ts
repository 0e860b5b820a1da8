import { beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type EmbeddedJournal, openEmbeddedJournal } from "../../src/journal/embedded.ts";
import { servePlatform } from "../contract/platform.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { addTrades } from "../workers/analyze-stats/run.ts";
import { buildMsMax, type Ended, executable, run, start } from "./executable.ts";

const demo = resolve(import.meta.dir, "../../fixtures/demo");
const files = readdirSync(demo).filter((name) => name.endsWith(".csv"));
const key = "a-key-for-tests";
/** Of tests that start the executable several times, on a slow and busy machine. */
const runsMsMax = 120_000;

const makeFolder = temporaryFolders();
let folder = "";
beforeAll(async () => {
  await executable();
}, buildMsMax);
beforeEach(() => {
  folder = makeFolder();
});

interface Result {
  status: string;
  users: { user_id: unknown; status: string; trades: number; statistics?: { currencies: Section[] } }[];
  summary: Record<string, number>;
}

interface Section {
  currency: string;
  periods: { period: string; key: string; metrics: Record<string, unknown> }[];
}

const resultOf = ({ output }: Ended) => JSON.parse(output) as Result;

async function importDemo(): Promise<void> {
  for (const name of files) copyFileSync(join(demo, name), join(folder, name));
  const ended = await run(["import-trades", ...files.flatMap((name) => ["--file", name])], { cwd: folder });
  expect({ code: ended.code, error: ended.code === 0 ? "" : ended.error }).toEqual({ code: 0, error: "" });
}

async function staleUsers(journal: EmbeddedJournal): Promise<unknown[]> {
  const stale: unknown[] = [];
  for await (const { user_id } of journal.users({ stale: true })) stale.push(user_id);
  return stale;
}

describe("alone in a folder, nothing configured", () => {
  test(
    "what was imported has its statistics stored, and the second run finds nothing stale",
    async () => {
      await importDemo();
      const journal = openEmbeddedJournal(join(folder, "data/journal.sqlite"), { clock: { nowMs: Date.now } });
      expect(await staleUsers(journal)).toEqual([1]);
      const first = await run(["analyze-stats", "--json"], { cwd: folder });
      expect({ code: first.code, error: first.code === 0 ? "" : first.error }).toEqual({ code: 0, error: "" });
      expect(resultOf(first)).toMatchObject({ status: "success", users: [{ user_id: 1, status: "ok", trades: 24 }] });
      expect(await staleUsers(journal)).toEqual([]);
      expect(journal.counts().cycles).toBe(2);
      const second = await run(["analyze-stats", "--json"], { cwd: folder });
      expect(second.code).toBe(0);
      expect(resultOf(second).users).toEqual([]);
      journal.close();
    },
    runsMsMax,
  );

  test(
    "the figures are those of the trades: by hand for the statement's five",
    async () => {
      await importDemo();
      const ended = await run(["analyze-stats", "--user", "1", "--json"], { cwd: folder });
      const sections = resultOf(ended).users[0]?.statistics?.currencies ?? [];
      const whole = (currency: string) =>
        sections.find((section) => section.currency === currency)?.periods[0]?.metrics ?? {};
      // AAPL +252.2997702, KO +161.9264896, MSFT +66.7625207, NVDA -55.8288199 and +27.5855900 (by the broker's own Realized P/L).
      expect(whole("USD")).toMatchObject({
        trades: 5,
        wins: 4,
        losses: 1,
        net_pnl: "452.7455507",
        win_rate: "0.8",
        largest_win: "252.2997702",
        profit_factor: "9.10953109",
      });
      expect(whole("USDT")).toMatchObject({ trades: 19, net_pnl: "-57.8518170418" });
    },
    runsMsMax,
  );

  test(
    "for a person: the figures as text, and a page that is whole",
    async () => {
      await importDemo();
      const ended = await run(["analyze-stats", "--user", "1", "--report", "page.html"], { cwd: folder });
      expect(ended.code).toBe(0);
      expect(ended.output).toContain("USD: 5 trades");
      expect(ended.output).toMatch(/net P&L +452\.75 /);
      expect(ended.output).toMatch(/Page: page\.html \(\d+ KiB\)/);
      const page = readFileSync(join(folder, "page.html"), "utf8");
      expect(page).toStartWith("<!doctype html>");
      expect(page).toEndWith("</html>\n");
      expect(page).toContain("+452.75");
      expect(readdirSync(folder).filter((name) => name.includes(".tmp"))).toEqual([]);
    },
    runsMsMax,
  );

  test(
    "a dry run says the same and leaves everything as it was",
    async () => {
      await importDemo();
      const before = readdirSync(folder).sort();
      const dry = await run(["analyze-stats", "--user", "1", "--dry-run", "--report", "page.html"], { cwd: folder });
      expect(dry.code).toBe(0);
      expect(dry.output).toMatch(/The page page\.html \(\d+ KiB\) was not written\.\nDry run: nothing was changed\./);
      expect(readdirSync(folder).sort()).toEqual(before);
      expect(existsSync(join(folder, "data/stats_analyzer.status.json"))).toBeFalse();
      expect(resultOf(await run(["analyze-stats", "--json"], { cwd: folder })).users).toHaveLength(1);
    },
    runsMsMax,
  );

  test(
    "pages: a name that is none, a folder that is missing, users that are several",
    async () => {
      const refused = async (...argv: string[]) => {
        const { code, error } = await run(["analyze-stats", ...argv], { cwd: folder });
        return { code, error };
      };
      expect(await refused("--report", "page.txt")).toMatchObject({
        code: 64,
        error: expect.stringContaining(".html"),
      });
      expect(await refused("--report", "no/page.html")).toMatchObject({
        code: 64,
        error: expect.stringContaining("no folder"),
      });
      expect(await refused("--report", "page.html")).toMatchObject({
        code: 64,
        error: expect.stringContaining("Import trades first"),
      });
      const journal = openEmbeddedJournal(join(folder, "data/journal.sqlite"), { clock: { nowMs: Date.now } });
      for (const id of [7, 8]) await addTrades(journal, id, ["1", "-2", "3"]);
      journal.close();
      expect(await refused("--report", "page.html")).toMatchObject({
        code: 64,
        error: expect.stringContaining("there are 7, 8"),
      });
      writeFileSync(join(folder, "page-7.html"), "old");
      expect((await run(["analyze-stats", "--full", "--report", "page.html"], { cwd: folder })).code).toBe(0);
      expect(
        readdirSync(folder)
          .filter((name) => name.endsWith(".html"))
          .sort(),
      ).toEqual(["page-7.html", "page-8.html"]);
      expect(readFileSync(join(folder, "page-7.html"), "utf8")).toContain("Trading performance");
    },
    runsMsMax,
  );
});

describe("against a platform", () => {
  test(
    "SIGTERM in mid-cycle ends it in good order, and the next run does the rest",
    async () => {
      const journal = openEmbeddedJournal(":memory:", { clock: { nowMs: Date.now } });
      for (let id = 1; id <= 9; id++) await addTrades(journal, id, ["1", "-2", "3"]);
      const slow = { method: "GET", path: "/users/*/trades", delayMs: 600 };
      const platform = servePlatform({ journal, key, faults: [slow] });
      const environment = { LARAVEL_API_URL: platform.url, LARAVEL_API_KEY: key };
      try {
        const { child, ended } = await start(["analyze-stats", "--json"], { cwd: folder, environment });
        const seen = (method: string) => platform.requests.filter((request) => request.method === method).length;
        while (child.exitCode === null && seen("PUT") === 0) await Bun.sleep(5);
        child.kill("SIGTERM");
        const { code, output } = await ended();
        expect(code).toBe(0);
        expect(JSON.parse(output)).toMatchObject({ summary: { failed: 0 } });
        const left = await staleUsers(journal);
        expect(left.length).toBeGreaterThan(0);
        expect(left.length).toBeLessThan(9);
        platform.clearFaults();
        expect((await run(["analyze-stats"], { cwd: folder, environment })).code).toBe(0);
        expect(await staleUsers(journal)).toEqual([]);
      } finally {
        await platform.stop();
        journal.close();
      }
    },
    runsMsMax,
  );
});
